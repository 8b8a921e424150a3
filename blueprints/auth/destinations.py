"""Where a visitor was going before signing in (S25): only ever a page of ours (security T11)."""

from urllib.parse import quote, unquote, urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

# Pages that make no sense right after signing in.
_NOT_AFTER = frozenset({"auth.sign_in", "auth.sign_out", "auth.choose_password"})


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


def _is_page(path: str) -> bool:
    try:
        endpoint, _ = current_app.url_map.bind("portail.invalid").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    return endpoint not in _NOT_AFTER
