"""How a view answers: a page, or the fragment of it that htmx asked for."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response


def is_htmx() -> bool:
    """True when htmx wants a fragment; a page restored from history wants the whole page."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def answer(page: str, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Render `fragment` for htmx when there is one, else the whole `page`."""
    template = fragment if fragment and is_htmx() else page
    response = make_response(render_template(template, **context), status)
    if fragment:
        response.vary.add("HX-Request")
    return response


def done(address: str, message: str | None = None) -> Response:
    """After a plain POST: 303 to `address`, with a sentence shown there."""
    if message:
        flash(message, "ok")
    return redirect(address, code=303)
