"""Static files under a content hash: cached for ever, compressed once, served by WhiteNoise.

Every URL is `/static/<hash>/<path>`, one hash for the whole folder, so that a relative address in a
style sheet (`../vendor/font.woff2`) needs no rewriting. A new version of any file changes every URL.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

from flask import Flask, current_app
from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CACHE_CONTROL = "public, max-age=31536000, immutable"
# WhiteNoise answers before the application: these files get their own safe headers.
SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}

_HASH_LENGTH = 12
# A server still running the previous version reads its copy until it is restarted.
_KEPT_VERSIONS = 2
_ABANDONED_AFTER = 3600  # seconds
_UNFINISHED = ".unfinished-"


class MissingAsset(LookupError):
    """A template names a static file that does not exist: a bug, shown at the first rendering."""


@dataclass(frozen=True, slots=True)
class PreparedFiles:
    """A copy of the static folder, ready to be served: its hash, where it is, what it holds."""

    digest: str
    folder: Path
    paths: frozenset[str]

    @property
    def prefix(self) -> str:
        return f"/static/{self.digest}/"

    def url(self, path: str) -> str:
        """Address of a file by its path in the static folder. Raises MissingAsset."""
        if path not in self.paths:
            raise MissingAsset(f"There is no static file {path!r}.")
        return self.prefix + path


def prepare(static_dir: Path, cache_dir: Path) -> PreparedFiles:
    """Copy `static_dir` to `cache_dir/<hash>/` with .gz and .br variants, unless it is already there.

    The copy appears whole, so an interrupted start or several workers at once do no harm. Older
    copies are removed, but for the one of the previous version.
    """
    paths = tuple(_paths(static_dir))
    digest = _digest(static_dir, paths)
    folder = cache_dir / digest
    if folder.is_dir():
        os.utime(folder)  # the copy in use is the newest
    else:
        _build(static_dir, paths, folder)
        _remove_old_copies(cache_dir)
    return PreparedFiles(digest, folder, frozenset(paths))


def wrap(
    wsgi_app: "WSGIApplication", prepared: PreparedFiles, headers: Mapping[str, str] = SAFE_HEADERS
) -> "WSGIApplication":
    """Answer the prepared files with `headers` and a year of cache, hand everything else to `wsgi_app`."""

    def add_headers(answer: Headers, _path: str, _url: str) -> None:
        for name, value in headers.items():
            answer[name] = value
        answer["Cache-Control"] = CACHE_CONTROL

    return WhiteNoise(
        wsgi_app,
        root=str(prepared.folder),
        prefix=prepared.prefix,
        max_age=None,
        allow_all_origins=False,
        add_headers_function=add_headers,
    )


def prepare_for(app: Flask) -> PreparedFiles:
    """`prepare` the application's `static/` folder; the copies live in its instance folder."""
    return prepare(Path(app.root_path) / "static", Path(app.instance_path) / "static")


def init_app(app: Flask, headers: Mapping[str, str] = SAFE_HEADERS) -> None:
    """Serve the application's `static/` folder, and let its templates name the files."""
    prepared = app.extensions["static_files"] = prepare_for(app)
    app.wsgi_app = wrap(app.wsgi_app, prepared, headers)  # type: ignore[method-assign]


def asset_url(path: str) -> str:
    """Address of a file of the current application: `asset_url("css/portail.css")`. Raises MissingAsset."""
    prepared: PreparedFiles = current_app.extensions["static_files"]
    return prepared.url(path)


def _paths(static_dir: Path) -> Iterator[str]:
    """Paths below `static_dir` with forward slashes, in order; hidden files are nobody's business."""
    for path in sorted(static_dir.rglob("*")):
        relative = path.relative_to(static_dir)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix()


def _digest(static_dir: Path, paths: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = (static_dir / path).read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_HASH_LENGTH]


def _build(static_dir: Path, paths: tuple[str, ...], folder: Path) -> None:
    from whitenoise.compress import Compressor

    compressor = Compressor(quiet=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        for path in paths:
            copy = unfinished / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(static_dir / path, copy)
            if compressor.should_compress(path):
                compressor.compress(str(copy))
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not folder.is_dir():  # else another worker was faster
            raise


def _remove_old_copies(cache_dir: Path) -> None:
    ages = {path: _modified(path) for path in cache_dir.iterdir()}
    finished = [path for path in ages if not path.name.startswith(_UNFINISHED)]
    finished.sort(key=ages.__getitem__, reverse=True)
    limit = time.time() - _ABANDONED_AFTER
    abandoned = [path for path in ages if path.name.startswith(_UNFINISHED) and ages[path] < limit]
    for path in finished[_KEPT_VERSIONS:] + abandoned:
        shutil.rmtree(path, ignore_errors=True)


def _modified(path: Path) -> float:
    """Seconds since the epoch; 0 when another worker has just removed or renamed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0
