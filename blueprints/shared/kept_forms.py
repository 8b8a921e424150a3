"""What was typed in a form of the family file outlives an expired session (S25, security S16).

It waits in a cookie of fifteen minutes that only the portal can open. The form shows it again once its owner
has signed in; whoever else signs in there finds nothing, because `form_state` is sealed for one person.
"""

import base64
import json
import zlib

from flask import current_app, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from adapters.sealing import SealBroken
from blueprints.shared import form_state
from domain.errors import Refused

COOKIE = "saisie"
LIFE_SECONDS = 900
LONGEST = 3800  # a browser drops a longer cookie
FORMS = frozenset(
    {
        "household.edit",
        "household.edit_account",
        "children.edit",
        "children.add_person",
        "children.edit_person",
        "children.edit_addition",
        "children.authorisations",
    }
)


def is_kept() -> bool:
    """Whether the form that is being sent is one whose typing is kept."""
    return request.method == "POST" and request.endpoint in FORMS


def keep(response: Response) -> Response:
    """Put what was typed in the cookie of `response`; a text too long for a cookie is given up."""
    typed = {name: values for name, values in request.form.lists() if name != "csrf_token"}
    packed = zlib.compress(json.dumps(typed).encode())
    sealed = base64.urlsafe_b64encode(current_app.extensions["sealer"].seal(packed, _place())).decode()
    if len(sealed) <= LONGEST:
        response.set_cookie(
            COOKIE,
            sealed,
            max_age=LIFE_SECONDS,
            path=request.path,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def back_to_the_form() -> Response:
    """The page of the form again, with what was typed."""
    return keep(redirect(request.path, 303))


def kept(place: str) -> MultiDict | None:
    """What this person typed in the form of this page before the session ended; None without. `place` is the
    form's own, for `form_state`."""
    sealed = request.cookies.get(COOKIE)
    if sealed is None or request.method == "POST":
        return None
    try:
        packed = current_app.extensions["sealer"].open(base64.urlsafe_b64decode(sealed), _place())
    except (SealBroken, ValueError):
        return None
    listed = json.loads(zlib.decompress(packed))
    typed = MultiDict((name, value) for name, values in listed.items() for value in values)
    try:
        form_state.opened(place, typed.get("etat"))
    except Refused:  # somebody else signed in
        return None
    return typed


def forget(response: Response) -> Response:
    """Shown once: the cookie goes."""
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path=request.path)
    return response


def _place() -> str:
    return f"kept:{request.path}"
