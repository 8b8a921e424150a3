"""What arrives is text: a NUL character, which no keyboard types, never reaches a page nor the database."""

from flask import Flask, abort, request

NUL = "\0"


def init_app(app: Flask) -> None:
    app.before_request(_refuse_nul)


def _refuse_nul() -> None:
    """PostgreSQL fails on it, SQLite keeps it unseen: 404 in an address, 400 in what is sent."""
    if NUL in request.path:
        abort(404)
    sent = (text for name, values in request.form.lists() for text in (name, *values))
    if b"%00" in request.query_string or any(NUL in text for text in sent):
        abort(400)
