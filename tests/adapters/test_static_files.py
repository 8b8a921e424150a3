import gzip
import os
import re
import shutil
from pathlib import Path
from urllib.parse import urljoin

import brotli
import pytest
from flask import Flask
from werkzeug.test import Client

from adapters import static_files
from adapters.static_files import MissingAsset, asset_url, prepare, wrap

STYLE = "@font-face { src: url(../vendor/font.woff2) }\n" + "p { margin: 0 }\n" * 100
FONT = os.urandom(3000)


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    for path, content in {
        "css/portail.css": STYLE.encode(),
        "vendor/font.woff2": FONT,
        ".hidden": b"x",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "instance" / "static"


def application(_environ, start_response):
    start_response("404 NOT FOUND", [("Content-Type", "text/plain")])
    return [b"from the application"]


def visit(prepared, url, encodings=""):
    return Client(wrap(application, prepared)).get(url, headers={"Accept-Encoding": encodings}, buffered=True)


def test_a_file_is_cached_for_a_year_under_the_hash_of_the_folder(static_dir, cache_dir):
    prepared = prepare(static_dir, cache_dir)
    url = prepared.url("css/portail.css")
    assert re.fullmatch(r"/static/[0-9a-f]{12}/css/portail\.css", url)

    answer = visit(prepared, url)
    assert answer.status_code == 200
    assert answer.get_data(as_text=True) == STYLE
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "text/css"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(("encoding", "decode"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_text_is_sent_compressed_to_those_who_can_read_it(static_dir, cache_dir, encoding, decode):
    prepared = prepare(static_dir, cache_dir)
    answer = visit(prepared, prepared.url("css/portail.css"), encoding)
    assert answer.headers["Content-Encoding"] == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert len(answer.data) < len(STYLE) / 5
    assert decode(answer.data).decode() == STYLE


def test_a_font_is_not_compressed_again(static_dir, cache_dir):
    prepared = prepare(static_dir, cache_dir)
    answer = visit(prepared, prepared.url("vendor/font.woff2"), "gzip, br")
    assert "Content-Encoding" not in answer.headers
    assert answer.data == FONT


def test_a_relative_address_in_a_style_sheet_finds_its_file(static_dir, cache_dir):
    prepared = prepare(static_dir, cache_dir)
    [relative] = re.findall(r"url\((.*?)\)", STYLE)
    font = visit(prepared, urljoin(prepared.url("css/portail.css"), relative))
    assert (font.status_code, font.data) == (200, FONT)


def test_any_change_changes_every_address(static_dir, cache_dir):
    before = prepare(static_dir, cache_dir).url("vendor/font.woff2")
    (static_dir / "css/portail.css").write_text(STYLE + "/* */")
    changed = prepare(static_dir, cache_dir).url("vendor/font.woff2")
    (static_dir / "css/portail.css").rename(static_dir / "css/autre.css")
    renamed = prepare(static_dir, cache_dir).url("vendor/font.woff2")
    assert len({before, changed, renamed}) == 3


def test_the_same_folder_has_the_same_hash_on_every_machine(static_dir, tmp_path):
    first, second = prepare(static_dir, tmp_path / "a"), prepare(static_dir, tmp_path / "b")
    assert first.digest == second.digest


def test_what_is_not_a_static_file_goes_to_the_application(static_dir, cache_dir):
    prepared = prepare(static_dir, cache_dir)
    for url in (
        "/",
        "/static/css/portail.css",
        f"{prepared.prefix}../secret_key",
        f"{prepared.prefix}.hidden",
    ):
        assert visit(prepared, url).data == b"from the application", url


def test_a_prepared_folder_is_not_prepared_again(static_dir, cache_dir, monkeypatch):
    prepare(static_dir, cache_dir)
    monkeypatch.setattr(static_files, "_build", lambda *_: pytest.fail("compressed twice"))
    prepare(static_dir, cache_dir)


def test_only_the_previous_version_is_kept_beside_the_current_one(static_dir, cache_dir):
    versions = []
    for number in range(4):
        (static_dir / "css/portail.css").write_text(f"p {{ margin: {number}px }}")
        versions.append(prepare(static_dir, cache_dir))
        os.utime(versions[-1].folder, (number, number))  # their real ages may be equal to the clock
    assert {path.name for path in cache_dir.iterdir()} == {version.digest for version in versions[-2:]}


def test_an_interrupted_start_leaves_nothing_half_done_and_is_cleaned_up(static_dir, cache_dir, monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare(static_dir, cache_dir)
    [unfinished] = cache_dir.iterdir()
    os.utime(unfinished, (0, 0))

    prepared = prepare(static_dir, cache_dir)
    assert visit(prepared, prepared.url("css/portail.css")).status_code == 200
    assert list(cache_dir.iterdir()) == [prepared.folder]


def test_a_full_disk_stops_the_start_and_leaves_nothing(static_dir, cache_dir, monkeypatch):
    def full_disk(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full_disk)
    with pytest.raises(OSError, match="No space left"):
        prepare(static_dir, cache_dir)
    assert list(cache_dir.iterdir()) == []


def test_a_slower_worker_takes_the_copy_of_the_faster_one(static_dir, cache_dir, monkeypatch):
    copy = shutil.copyfile

    def copy_once_the_other_is_done(source, target):
        monkeypatch.setattr(shutil, "copyfile", copy)
        prepare(static_dir, cache_dir)
        return copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", copy_once_the_other_is_done)
    prepared = prepare(static_dir, cache_dir)
    assert list(cache_dir.iterdir()) == [prepared.folder]
    assert visit(prepared, prepared.url("css/portail.css")).status_code == 200


def test_a_template_that_names_a_missing_file_fails(static_dir, tmp_path):
    app = Flask(
        "portail", root_path=str(static_dir.parent), static_folder=None, instance_path=str(tmp_path / "i")
    )
    static_files.init_app(app)
    app.jinja_env.globals["asset"] = asset_url
    with app.app_context():
        good, wrong = (
            app.jinja_env.from_string(f"{{{{ asset('css/{name}.css') }}}}") for name in ("portail", "portial")
        )
        assert app.test_client().get(good.render(), buffered=True).status_code == 200
        with pytest.raises(MissingAsset, match=r"css/portial\.css"):
            wrong.render()
