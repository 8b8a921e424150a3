"""Where a visitor was going before signing in (S25): only ever a page of ours (security T11)."""

from urllib.parse import quote, unquote, urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

# Pages that make no sense right after signing in.
_NOT_AFTER = frozenset(
    {"auth.sign_in", "auth.sign_out", "auth.choose_password", "auth.code", "auth.recovery_code"}
)

_OF_A_REQUEST = frozenset(
    f"{blueprint}.{step}"
    for blueprint in ("bookings", "staff_bookings")
    for step in ("child", "place", "planning", "recap")
)


def safe_destination(wanted: str | None) -> str | None:
    """`wanted` as an address that can be redirected to, None when it is not a page of this portal.

    Only a path that our own map of addresses knows for GET passes: no other host, no scheme, no
    « // », no backslash, no control character, encoded or not.
    """
    if not wanted or not wanted.isprintable() or "\\" in wanted:
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not path.startswith("/") or "//" in path or "\\" in path:
        return None
    if not path.isprintable() or not _is_page(path):
        return None
    return quote(path) + (f"?{quote(parts.query, safe='=&%+')}" if parts.query else "")


def goes_on(wanted: str | None) -> str | None:
    """What signing in leads back to: "request" for an unfinished request, which waits on the server, "page"
    for any other page of ours, None for nothing."""
    destination = safe_destination(wanted)
    if destination is None:
        return None
    return "request" if _endpoint(unquote(urlsplit(destination).path)) in _OF_A_REQUEST else "page"


def _is_page(path: str) -> bool:
    endpoint = _endpoint(path)
    return endpoint is not None and endpoint not in _NOT_AFTER


def _endpoint(path: str) -> str | None:
    try:
        return current_app.url_map.bind("portail.invalid").match(path, method="GET")[0]
    except (HTTPException, RequestRedirect):
        return None
