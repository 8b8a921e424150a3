"""Files of families, made harmless: decoded in a process of their own, re-encoded or rebuilt as one PDF.

What a family sends is never opened in the process of the server. `make_safe` hands the bytes by a pipe to
`adapters.document_files.child`, which limits its own memory and time before it decodes anything; a bomb ends
that process and nothing else (security T16 to T18, T35).
"""

import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TIME_OUT_SECONDS = 30
WAIT_SECONDS = 20
SIDE_BY_SIDE = 2  # in one process of the server: more would cost its machine too much memory
_LENGTH = struct.Struct(">I")
_turns = threading.BoundedSemaphore(SIDE_BY_SIDE)


class UnsafeFile(ValueError):
    """A file is refused. `code` is one of `REFUSALS` of the child, or `busy`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class SafeDocument:
    """One PDF, a JPEG of each page, and a small one of the first page."""

    pdf: bytes
    pages: tuple[bytes, ...]
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class SafeLogo:
    """A small PNG and its size in pixels."""

    png: bytes
    width: int
    height: int


def make_safe(files: Sequence[bytes]) -> SafeDocument:
    """Join pictures and PDFs, in their order, in one harmless PDF.

    Raises UnsafeFile: nothing of the files may be kept then.
    """
    pdf, thumbnail, *pages = _made(files)
    return SafeDocument(pdf, tuple(pages), thumbnail)


def make_logo(content: bytes) -> SafeLogo:
    """A PNG, JPEG or WebP as a small harmless PNG (R59). Raises UnsafeFile."""
    picture, width, height = _made([content], "logo")
    return SafeLogo(picture, int(width), int(height))


def _made(files: Sequence[bytes], *arguments: str) -> list[bytes]:
    """What the child answers. Raises UnsafeFile."""
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise UnsafeFile("busy")
    try:
        code, answer = _ask_child(pack(files), *arguments)
    finally:
        _turns.release()
    if code != 0:  # killed by its limits, or by a fault of a decoder
        raise UnsafeFile("too_heavy")
    verdict, *parts = unpack(answer)
    if verdict != b"ok":
        raise UnsafeFile(verdict.decode("ascii"))
    return parts


def _ask_child(question: bytes, *arguments: str) -> tuple[int, bytes]:
    command = [sys.executable, "-m", "adapters.document_files.child", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  our own module, no word of the sender
            command, input=question, capture_output=True, timeout=TIME_OUT_SECONDS, cwd=ROOT,
            env={"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, b""
    return done.returncode, done.stdout


def pack(parts: Sequence[bytes]) -> bytes:
    """Several byte strings as one: each after its length."""
    return b"".join(piece for part in parts for piece in (_LENGTH.pack(len(part)), part))


def unpack(packed: bytes) -> list[bytes]:
    """Undo `pack`."""
    parts, at = [], 0
    while at < len(packed):
        (length,) = _LENGTH.unpack_from(packed, at)
        at += _LENGTH.size
        parts.append(packed[at : at + length])
        at += length
    return parts
