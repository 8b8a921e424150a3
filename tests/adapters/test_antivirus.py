"""What a town's own antivirus says is obeyed; when it says nothing, nothing is taken (T35)."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.antivirus import AntivirusAway, infected
from domain.enums import DocumentOwner
from domain.errors import Refused
from models import Document, DocumentCategory
from services.documents import Upload
from tests.document_files import send

# The harmless text that every antivirus finds, in two pieces so that none finds it here.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Daemon(socketserver.StreamRequestHandler):
    """clamd as its protocol describes it: INSTREAM, pieces after their lengths, zero ends."""

    answers: bytes | None = None

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack(">I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
        found = b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"
        self.wfile.write((self.answers or found) + b"\0")


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


@pytest.fixture(params=["unix", "tcp"])
def clamd(request, tmp_path: Path) -> Iterator[str]:
    """The address of a small fake daemon."""
    if request.param == "unix":
        server, address = UnixServer(str(tmp_path / "clamd"), Daemon), str(tmp_path / "clamd")
    else:
        server = TcpServer(("127.0.0.1", 0), Daemon)
        address = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


def test_it_is_asked_about_every_file(clamd):
    assert not infected([b"bonjour", b"x" * 200_000], clamd)
    assert infected([b"bonjour", EICAR], clamd)


def test_another_answer_is_no_permission(clamd, monkeypatch):
    monkeypatch.setattr(Daemon, "answers", b"INSTREAM size limit exceeded. ERROR")
    with pytest.raises(AntivirusAway):
        infected([b"bonjour"], clamd)


@pytest.fixture
def refused(world, monkeypatch):
    def code(address: str, content: bytes) -> str:
        monkeypatch.setitem(world.app.config, "CLAMD", address)
        home = world.add(DocumentCategory(name=address, owner=DocumentOwner.HOUSEHOLD))
        with pytest.raises(Refused) as refusal:
            send(world, world.household(), home, files=(Upload(content, "a.pdf"),), key=address)
        assert world.all(Document) == []
        return refusal.value.code

    return code


def test_a_family_is_told(clamd, refused):
    assert refused(clamd, b"%PDF-" + EICAR) == "infected"


def test_without_answer_nothing_is_taken(refused, tmp_path):
    assert refused(str(tmp_path / "nobody"), b"%PDF-") == "antivirus"
    assert refused("127.0.0.1:9", b"%PDF-") == "antivirus"
