"""ClamAV, when the town runs it (security T35): each file is shown to `clamd` before it is decoded."""

import socket
import struct
from collections.abc import Iterable

_CHUNK = 64 * 1024
TIME_OUT_SECONDS = 20
ANSWER_BYTES = 4096


class AntivirusAway(OSError):
    """It is configured but does not answer, or not as expected: nothing may be taken meanwhile."""


def infected(contents: Iterable[bytes], address: str) -> bool:
    """True when `clamd` finds something in one of them.

    `address` is the path of its socket, or « host:port ». Raises AntivirusAway.
    """
    return any(_is_infected(content, address) for content in contents)


def _is_infected(content: bytes, address: str) -> bool:
    try:
        with _connect(address) as link:
            link.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                chunk = content[start : start + _CHUNK]
                link.sendall(struct.pack(">I", len(chunk)) + chunk)
            link.sendall(struct.pack(">I", 0))
            answer = link.recv(ANSWER_BYTES).strip(b"\0\r\n ")
    except (OSError, ValueError) as error:
        raise AntivirusAway(f"clamd at {address}: {error}") from error
    if answer.endswith(b"FOUND"):
        return True
    if answer != b"stream: OK":
        raise AntivirusAway(f"clamd at {address} answered {answer!r}")
    return False


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if not host:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(TIME_OUT_SECONDS)
        try:
            link.connect(address)
        except OSError:
            link.close()
            raise
        return link
    return socket.create_connection((host, int(port)), TIME_OUT_SECONDS)
