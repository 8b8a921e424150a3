"""The stand-in over HTTP: the web service at /tpa/services/securite, the page at /tpa/paiementws.web."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from simulator.payfip import pages, soap
from simulator.payfip.service import Fault, Service

LOOPBACK = "127.0.0.1"
SERVICE, PAGE = "/tpa/services/securite", "/tpa/paiementws.web"
LONGEST_BODY = 100_000


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path != PAGE:
            self._say(404, pages.message_page("Cette page n’existe pas."))
            return
        try:
            operation = self.server.service.open(self._operation())
        except Fault as fault:
            self._say(200, pages.message_page(f"{fault} ({fault.code})."))
            return
        self._say(200, pages.payment_page(operation))

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LONGEST_BODY))
        path = urlsplit(self.path).path
        if path == SERVICE:
            self._answer_call(body)
        elif path == PAGE:
            self._decide(parse_qs(body.decode(), keep_blank_values=True))
        else:
            self._say(404, "")

    def _answer_call(self, body: bytes) -> None:
        if self.server.service.is_down:
            self._say(502, "<html><body>Bad Gateway</body></html>")
            return
        try:
            status, envelope = soap.answer(self.server.service, body)
        except (ElementTree.ParseError, LookupError):
            self._say(400, "")
            return
        self._say(status, envelope, "text/xml")

    def _decide(self, form: dict[str, list[str]]) -> None:
        result = form.get("resultat", [""])[0][:4]
        if not result:
            self._say(200, pages.message_page("Fermez cet onglet : le portail n’est pas averti."))
            return
        try:
            operation = self.server.service.decide(
                self._operation(),
                result,
                delay=min(float(form.get("delai", ["0"])[0]), 600),
                notices=min(int(form.get("avis", ["1"])[0]), 5),
            )
        except Fault as fault:
            self._say(200, pages.message_page(f"{fault} ({fault.code})."))
            return
        self.send_response(303)
        self.send_header("Location", operation.order["urlredirect"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _operation(self) -> str:
        return parse_qs(urlsplit(self.path).query).get("idop", [""])[0]

    def _say(self, status: int, text: str, kind: str = "text/html") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Silent: the demonstration's terminal is the portal's."""


class Server(ThreadingHTTPServer):
    """Listens on the loopback address only. `with Server(service, port) as server:` serves in a thread."""

    daemon_threads = True

    def __init__(self, service: Service, port: int = 0) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.service = service

    @property
    def base(self) -> str:
        """What the portal calls the address of the payment service."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/tpa"

    def __enter__(self) -> "Server":
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
