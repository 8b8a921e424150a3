"""The browsers that an account was already open in: a signed cookie, no trace on the server (security S07).

It lets nobody in. It only spares its owner the mail that a sign-in from elsewhere brings.
"""

from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

COOKIE = "appareil"
LIFE = timedelta(days=400)  # no browser keeps a cookie longer
MOST_ACCOUNTS = 10  # of a family's computer


def knows(user_id: int) -> bool:
    """Whether this browser was signed in to the account before."""
    return user_id in _accounts()


def remember(response: Response, user_id: int) -> Response:
    """Put the account in the cookie of `response`, the latest first."""
    others = [one for one in _accounts() if one != user_id]
    response.set_cookie(
        COOKIE,
        _signer().dumps([user_id, *others][:MOST_ACCOUNTS]),
        max_age=LIFE,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def _accounts() -> list[int]:
    try:
        found = _signer().loads(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return []
    return found if isinstance(found, list) else []


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known browsers")
