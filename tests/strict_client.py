"""The test client of every view test: each HTML answer it receives obeys `tests.strict_html`.

    client.sign_in(user)
    client.get("/accueil")
    assert "Léo" in client.page.get_text()
    answer = client.submit("/mon-compte", {"email": "x@example.org"}, form="#compte")

`submit` behaves as a browser would: it reads the page, keeps what the form already holds (the real
CSRF token included), refuses fields that the form does not have, and sends it.
"""

from collections.abc import Mapping
from typing import Any

import flask
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blueprints.shared import sessions as browser_sessions
from domain.enums import SessionKind
from models import User
from services import sessions
from services.transaction import write_transaction
from tests import strict_html

Value = Any  # text, a list of texts, or (stream, file name); None leaves the field out
HTMX = {"HX-Request": "true"}


class StrictClient(FlaskClient):
    """`page` is the tree of the last HTML answer, page or fragment; `carrier` the element of the former
    page that the last htmx request came from.

    `excused` holds names of rules that one test may set aside (say why there), for example
    « apostrophe » when a family typed a straight one. `reads_pages` is False for the tests that open
    hundreds of addresses and look at the status alone.
    """

    page: BeautifulSoup
    carrier: Tag
    reads_pages = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.excused: set[str] = set()

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        response = super().open(*arguments, **options)
        is_page = response.mimetype == "text/html" and not 300 <= response.status_code < 400
        if self.reads_pages and is_page and response.data:
            self._check(response)
        return response

    def _check(self, response: TestResponse) -> None:
        text, request = response.text, response.request
        self.page, errors = strict_html.parse(text)
        answer = strict_html.Answer(
            address=request.full_path.rstrip("?"),
            text=text,
            soup=self.page,
            parse_errors=errors,
            is_page=strict_html.is_whole_page(text),
            asked_by_htmx=request.headers.get("HX-Request") == "true",
            signed_in=self.is_signed_in(),
            method=request.method,
            status=response.status_code,
            headers=response.headers,
        )
        strict_html.check(answer, self.excused)

    # Session

    def sign_in(self, user: User, kind: SessionKind = SessionKind.FULL) -> None:
        """Open a session of `user` and put its cookie in this browser, as the sign-in page does."""
        app = self.application
        with app.app_context(), write_transaction() as session:
            token = sessions.open_session(session, user.id, user.kind, app.config["CLOCK"].now(), kind)
        with app.test_request_context(environ_overrides=self.environ_base):
            browser_sessions.start(token)
            response = app.response_class()
            app.session_interface.save_session(app, flask.session, response)
        cookie = response.headers["Set-Cookie"].partition(";")[0].partition("=")
        self.set_cookie(cookie[0], cookie[2])

    def is_signed_in(self) -> bool:
        """Whether the cookie of this browser carries a session token, alive or not."""
        app = self.application
        cookie = self.get_cookie(app.config["SESSION_COOKIE_NAME"])
        if cookie is None or not cookie.value:
            return False
        return "_user_id" in app.session_interface.get_signing_serializer(app).loads(cookie.value)

    # Reading and submitting

    def get_htmx(self, address: str, **headers: str) -> TestResponse:
        """What htmx receives when it asks for `address`."""
        return self.get(address, headers=HTMX | headers)

    def follow_htmx(self, page: str, link: str) -> TestResponse:
        """Open `page` and follow the one link (a CSS selector) that carries hx-get, as htmx does."""
        self.get(page, follow_redirects=True)
        found = [tag for tag in self.page.select(link) if tag.has_attr("hx-get")]
        if len(found) != 1:
            raise AssertionError(f"{page}: {len(found)} elements {link!r} with hx-get.")
        self.carrier = found[0]
        return self.get_htmx(found[0]["hx-get"], Referer=f"http://localhost{page}")

    def submit(
        self,
        page: str,
        data: Mapping[str, Value] | None = None,
        *,
        form: str | None = None,
        button: tuple[str, str] | None = None,
        htmx: bool = False,
        follow: bool = False,
        forged: Mapping[str, Value] | None = None,
    ) -> TestResponse:
        """Open `page`, fill a form with `data`, send it.

        `form`: a CSS selector or the form's action; not needed when <main> holds a single POST form.
        `button`: name and value of the button pressed; needed when several buttons have a name.
        `htmx`: send what htmx would send; the form or the button must carry hx-post or hx-get.
        `forged`: values that no browser would send, added without any check.
        `follow`: after a redirection, read the page it leads to and return that answer.
        """
        self.get(page, follow_redirects=True)
        chosen = _find_form(self.page, form)
        pressed = _find_button(self.page, chosen, button)
        values = _filled(chosen, self.page, data or {})
        if pressed is not None and pressed.get("name"):
            values.setdefault(pressed["name"], []).append(pressed.get("value", ""))
        values |= {name: _as_list(value) for name, value in (forged or {}).items()}
        return self._send(chosen, pressed, values, page, htmx=htmx, follow=follow)

    def _send(
        self, form: Tag, pressed: Tag | None, values: dict, page: str, *, htmx: bool, follow: bool
    ) -> TestResponse:
        address = (pressed is not None and pressed.get("formaction")) or form["action"]
        method = str(form.get("method") or "get").lower()
        headers = {"Referer": f"http://localhost{page}"}
        if htmx:
            carrier = pressed if pressed is not None and pressed.has_attr(f"hx-{method}") else form
            if not carrier.has_attr(f"hx-{method}"):
                raise AssertionError(f"{page}: neither the form nor the button has hx-{method}.")
            self.carrier = carrier
            address, headers = carrier[f"hx-{method}"], headers | HTMX
        payload = {"query_string" if method == "get" else "data": values}
        response = self.open(address, method=method.upper(), headers=headers, **payload)
        if follow and 300 <= response.status_code < 400:
            if response.status_code != 303:
                raise AssertionError(f"{address}: a form is answered by 303, not {response.status_code}.")
            return self.get(response.location, follow_redirects=True)
        return response


# --- Forms as a browser reads them --------------------------------------------------------------


def _find_form(page: BeautifulSoup, wanted: str | None) -> Tag:
    if wanted is None:
        forms = page.select('main form[method="post"]')
    elif wanted.startswith("/"):
        forms = [form for form in page.find_all("form") if form.get("action") == wanted]
    else:
        forms = page.select(wanted)
    if len(forms) != 1:
        known = [form.get("action") for form in page.find_all("form")]
        raise AssertionError(f"{len(forms)} forms for {wanted!r}; the page has {known}.")
    return forms[0]


def form_elements(page: BeautifulSoup, form: Tag, *names: str) -> list[Tag]:
    """The controls of a form, also those outside of it that name it."""
    owned = page.find_all(names, attrs={"form": form["id"]}) if form.get("id") else []
    return [tag for tag in form.find_all(names) if not tag.has_attr("form")] + owned


def _find_button(page: BeautifulSoup, form: Tag, wanted: tuple[str, str] | None) -> Tag | None:
    buttons = [tag for tag in form_elements(page, form, "button") if tag.get("type", "submit") == "submit"]
    pressable = [tag for tag in buttons if not tag.has_attr("disabled")]
    if wanted is None:
        if len([tag for tag in pressable if tag.get("name")]) > 1:
            raise AssertionError(f"Several named buttons, choose one: {_named(pressable)}.")
        return pressable[0] if pressable else None
    for tag in pressable:
        if (tag.get("name"), tag.get("value", "")) == wanted:
            return tag
    raise AssertionError(f"No button {wanted} that can be pressed; the form has {_named(pressable)}.")


def _named(buttons: list[Tag]) -> list[tuple[str | None, str | None]]:
    return [(button.get("name"), button.get("value")) for button in buttons]


def _filled(form: Tag, page: BeautifulSoup, data: Mapping[str, Value]) -> dict[str, list[Any]]:
    """What the form sends once `data` was typed, ticked or chosen."""
    controls: dict[str, list[Tag]] = {}
    for tag in form_elements(page, form, "input", "select", "textarea"):
        if tag.get("name") and not tag.has_attr("disabled") and tag.get("type") not in ("submit", "button"):
            controls.setdefault(tag["name"], []).append(tag)
    unknown = set(data) - set(controls)
    if unknown:
        raise AssertionError(f"The form has no field {sorted(unknown)}; it has {sorted(controls)}.")
    values = {}
    for name, tags in controls.items():
        found = _as_list(data[name]) if name in data else [value for tag in tags for value in _present(tag)]
        if name in data:
            _refuse_unoffered(name, tags, found)
        if found:
            values[name] = found
    return values


def _as_list(value: Value) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _present(tag: Tag) -> list[str]:
    """The value that a control holds before anybody touches it."""
    if tag.name == "textarea":
        return [tag.get_text().removeprefix("\n")]
    if tag.name == "select":
        options = tag.find_all("option")
        chosen = [option for option in options if option.has_attr("selected")]
        if not chosen and not tag.has_attr("multiple"):
            chosen = options[:1]
        return [_option_value(option) for option in chosen]
    kind = tag.get("type", "text")
    if kind in ("checkbox", "radio"):
        return [tag.get("value", "on")] if tag.has_attr("checked") else []
    return [] if kind == "file" else [tag.get("value", "")]


def _option_value(option: Tag) -> str:
    return option["value"] if option.has_attr("value") else option.get_text().strip()


def _refuse_unoffered(name: str, tags: list[Tag], values: list[Any]) -> None:
    """A closed question takes only the answers it offers; anything else is for `forged`."""
    if tags[0].name == "select":
        offered = {_option_value(option) for tag in tags for option in tag.find_all("option")}
    elif tags[0].get("type") in ("checkbox", "radio"):
        offered = {tag.get("value", "on") for tag in tags}
    else:
        return
    if set(values) - offered:
        raise AssertionError(f"{name} offers {sorted(offered)}, not {values}.")
