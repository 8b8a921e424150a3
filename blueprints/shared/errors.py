"""What a visitor reads when something is refused, missing or broken.

Business refusals say what to do (422, 409). An unexpected failure (500) and a database or a store of files
that cannot be used now (503: disk full, lock held too long, server restarting) get a reference number that
stands in the log too, on a page that needs neither the database nor the session.
"""

import secrets
from typing import Any

from flask import Flask, current_app, render_template, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as HTTPNotFound

from blueprints.shared import kept_forms
from blueprints.shared.answers import is_htmx
from blueprints.shared.guards import PUBLIC, page_of_the_form, sign_in_first
from domain.errors import BusinessError, NotFound, Stale

SENTENCES = {
    400: "La demande est incomplète\u00a0: rechargez la page et recommencez, rien n’a été enregistré.",
    403: "Votre rôle ne permet pas cette action. Adressez-vous à l’administrateur du portail.",
    404: "Cette page n’existe pas ou ne vous concerne pas.",
    405: "Cette page n’existe pas ou ne vous concerne pas.",
    409: "Cette page a changé entre-temps\u00a0: rechargez-la pour voir la situation actuelle.",
    413: "Le fichier ou le texte envoyé est trop volumineux\u00a0: réduisez-le et recommencez.",
    429: "Trop d’essais en peu de temps\u00a0: patientez quelques minutes avant de recommencer.",
}

RETRY_SECONDS = 120


def _refusal(message: str, status: int, page: str | None = None) -> Any:
    """`page` is the address of the page to go back to, on screens without JavaScript."""
    if is_htmx():
        headers = {"HX-Retarget": "#alertes", "HX-Reswap": "innerHTML"}
        return render_template("errors/_refusal.html", message=message), status, headers
    return render_template("errors/refusal.html", message=message, page=page), status


def _business_error(error: BusinessError) -> Any:
    if isinstance(error, NotFound):
        return _http_error(HTTPNotFound())
    return _refusal(error.message, 409 if isinstance(error, Stale) else 422)


def _csrf_error(_error: CSRFError) -> Any:
    """A token dies with its session: whoever is signed out signs in and finds the page again (S25)."""
    view = current_app.view_functions.get(request.endpoint or "")
    if not current_user.is_authenticated and getattr(view, "guard", PUBLIC) != PUBLIC:
        return sign_in_first()
    if kept_forms.is_kept() and not current_user.is_staff:
        return kept_forms.back_to_the_form()
    return _refusal(
        "La page était ouverte depuis trop longtemps\u00a0: rechargez-la et recommencez, "
        "rien n’a été enregistré.",
        400,
        page_of_the_form(),
    )


def _http_error(error: HTTPException) -> Any:
    if error.code not in SENTENCES:
        return error
    if is_htmx():
        return _refusal(SENTENCES[error.code], error.code)
    return render_template(f"errors/{404 if error.code == 405 else error.code}.html"), error.code


def _unexpected(error: Exception) -> Any:
    if isinstance(error, HTTPException):
        return _http_error(error)
    return _failure(500)


def _unavailable(_error: Exception) -> Any:
    page, status = _failure(503)
    return page, status, {"Retry-After": RETRY_SECONDS}


def _failure(status: int) -> tuple[str, int]:
    reference = secrets.token_hex(4).upper()
    current_app.logger.exception("Failure %s, reference %s, page %s", status, reference, request.endpoint)
    # Not render_template: the context of a page reads the database, which may be what just failed.
    page = current_app.jinja_env.get_template(f"errors/{status}.html")
    return page.render(reference=reference), status


def init_app(app: Flask, failures: tuple[type[Exception], ...]) -> None:
    """`failures` is what the database and the store of files raise when they cannot be used now."""
    app.register_error_handler(BusinessError, _business_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    if not app.testing:
        for failure in failures:
            app.register_error_handler(failure, _unavailable)
        app.register_error_handler(Exception, _unexpected)
