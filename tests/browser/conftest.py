"""A real server, a real Chromium: what a person sees, on the database of the test.

    page = visit(user=claire, width=360)          # or scripts=False
    page.goto("/planning")

The application under test answers from threads of this process, with the fixed clock. Whatever page a test
opens, these fail it when it ends: a message in the console, a violation of the security policy, an error of a
script, a request to another host. A test that provokes a refusal says so: `visit.expects(422)`.
"""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    sync_playwright,
)
from werkzeug.serving import WSGIRequestHandler, make_server

from domain.enums import SessionKind
from models import User
from tests.conftest import missing_tool

PHONE, DESK = 360, 1280
HEIGHTS = {320: 568, PHONE: 740, DESK: 900}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE_MS = 10_000
HERE = Path(__file__).parent
FAILED_LOAD = re.compile(r"Failed to load resource: (?:the server responded with a status of )?([\w:]+)")
HTMX_ERROR = re.compile(r"Response Status Error Code \d+ from|htmx:(afterRequest|sendError)")
# Chromium's own remark on the header of the sign-out, whatever the page.
REMARK = "Clear-Site-Data header on "


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs Chromium."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(_application: Flask) -> Iterator[str]:
    """The address of the application, served by threads of this process."""
    quiet = type(
        "Quiet", (WSGIRequestHandler,), {"log_request": lambda *_: None, "protocol_version": "HTTP/1.1"}
    )
    running = make_server("127.0.0.1", 0, _application, threaded=True, request_handler=quiet)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.port}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Callable[..., Browser]:
    """Start Chromium, with Playwright's options if a test needs others than all the others."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing_tool("Browser tests need Chromium: apt-get install chromium")
    return lambda **options: playwright.chromium.launch(executable_path=path, args=ARGUMENTS, **options)


@pytest.fixture(scope="session")
def chromium(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


class Visitors:
    """Opens browsers of visitors; remembers what none of their pages may do."""

    def __init__(self, app: Flask, server: str, browser: Browser) -> None:
        self.app, self.server, self.browser = app, server, browser
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []
        self._expected: set[str] = set()
        self.hosts = {urlsplit(server).netloc}  # a test that leaves the portal adds where it goes

    def __call__(
        self,
        user: User | None = None,
        width: int = PHONE,
        *,
        scripts: bool = True,
        browser: Browser | None = None,
        kind: SessionKind = SessionKind.FULL,
    ) -> Page:
        """A page of a new browser session, signed in as `user` if given, not yet anywhere."""
        context = (browser or self.browser).new_context(
            base_url=self.server,
            viewport={"width": width, "height": HEIGHTS[width]},
            has_touch=width <= PHONE,
            java_script_enabled=scripts,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.faults.append(f"Error of a script: {error.error}"))
        context.on("request", self._on_request)
        if user is not None:
            self.sign_in(context, user, kind)
        return context.new_page()

    def sign_in(self, context: BrowserContext, user: User, kind: SessionKind) -> None:
        """Give this browser a session, without the sign-in page."""
        client, name = self.app.test_client(), self.app.config["SESSION_COOKIE_NAME"]
        client.sign_in(user, kind)
        context.add_cookies([{"name": name, "value": client.get_cookie(name).value, "url": self.server}])

    def expects(self, *failures: int | str) -> None:
        """This test provokes these statuses or `net::` errors, which the browser writes in the console."""
        self._expected |= {str(failure) for failure in failures}

    def _on_console(self, message: ConsoleMessage) -> None:
        failed = FAILED_LOAD.match(message.text)
        is_expected = (
            failed[1] in self._expected if failed else self._expected and HTMX_ERROR.match(message.text)
        )
        if not is_expected and not message.text.startswith(REMARK):
            self.faults.append(
                f"{message.page.url if message.page else ''}: console {message.type}: {message.text}"
            )

    def _on_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in self.hosts:
            self.faults.append(f"Request to another host: {request.url}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture
def visit(app: Flask, server: str, chromium: Browser) -> Iterator[Visitors]:
    visitors = Visitors(app, server, chromium)
    yield visitors
    visitors.close()
    assert visitors.faults == []
