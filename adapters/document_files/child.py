"""The process that opens files of families: it limits itself, decodes, answers by a pipe, ends.

No word of a file reaches the answer but pictures and PDFs made here. It reads packed files and writes
b"ok", the PDF, the thumbnail and the pages (a logo: the picture, its width and height), or one word of
`REFUSALS`.
"""

import resource
import sys

MEMORY_BYTES = 1024**3
CPU_SECONDS = 15
REFUSALS = frozenset(
    {
        "empty",
        "blank",
        "unknown_kind",
        "unreadable",
        "too_many_pixels",
        "too_many_pages",
        "protected",
        "too_big",
        "too_heavy",
    }
)


def limit_itself() -> None:
    """Before anything is decoded: no more memory, time, file or core than this."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def answer(question: bytes, makes_logo: bool = False) -> bytes:
    """What the server reads."""
    from adapters.document_files import pack, unpack
    from adapters.document_files.refusal import FileRefused

    make = _logo if makes_logo else _document
    try:
        return pack([b"ok", *make(unpack(question))])
    except FileRefused as refusal:
        return pack([refusal.code.encode("ascii")])


def _document(files: list[bytes]) -> list[bytes]:
    from adapters.document_files.safe_pdf import document_of

    pdf, thumbnail, pages = document_of(files)
    return [pdf, thumbnail, *pages]


def _logo(files: list[bytes]) -> list[bytes]:
    from adapters.document_files.logo import logo_of

    picture, *size = logo_of(files[0])
    return [picture, *(str(side).encode("ascii") for side in size)]


if __name__ == "__main__":
    limit_itself()
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read(), sys.argv[1:] == ["logo"]))
