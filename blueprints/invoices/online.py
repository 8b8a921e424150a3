"""« Payer en ligne »: the way to the payment service and back (S57, S60, R45).

The page of a payment is found by its secret key alone, because the browser may come back without its session.
Nothing that arrives in an address or from the service decides anything: `services.online_payments` asks.
"""

import secrets

from flask import current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.invoices import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.guards import parent, public
from blueprints.shared.network import network
from blueprints.shared.pace import Pace
from blueprints.shared.time import now
from domain.errors import Refused
from domain.throttle import PAYMENT_CHECKS_BY_KEY, PAYMENT_MISSES_BY_NETWORK
from queries import online_payments as payment_queries
from services import online_payments
from services.accounts import Author
from services.online_payments import Source

_MISSES, _CHECKS = Pace(PAYMENT_MISSES_BY_NETWORK), Pace(PAYMENT_CHECKS_BY_KEY)

_LONGEST_NUMBER = 9


def new_key() -> str:
    """What tells one showing of a « Payer » button from another, and then opens the page of its payment."""
    return secrets.token_urlsafe(24)


@blueprint.post("/payer")
@parent
def pay() -> Response:
    """Begin to pay bills, then leave for the payment page."""
    begun = online_payments.begin(
        Author(current_user.user_id),
        current_user.household_ids,
        _invoices(),
        request.form.get("key", ""),
        now(),
    )
    return redirect(begun.page or url_for(".payment", key=begun.key), code=303)


@blueprint.get("/paiements/<key>")
@public
def payment(key: str) -> Response:
    """Where a payment stands; a receipt once it is paid. Whoever holds the address reads it."""
    return _shown(key)


@blueprint.post("/paiements/<key>/verifier")
@public
def check_payment(key: str) -> Response:
    """Ask the payment service now."""
    found = payment_queries.attempt(key)
    if _CHECKS.is_over(key, now()):
        return _shown(key, "Vous venez de vérifier. Patientez une minute avant de recommencer.")
    _CHECKS.count(key, now())
    try:
        online_payments.resolve(found.online_id, now(), Source.RETURN)
    except Refused as refusal:
        return _shown(key, refusal.message)
    return _shown(key)


@blueprint.route("/paiements/<key>/retour", methods=["GET", "POST"])
@public
def payment_return(key: str) -> Response:
    """Where the payment service sends the browser, by GET or by POST; what it says there is not read. The
    page that it leads to asks once by itself."""
    return redirect(url_for(".payment", key=key, retour=1), code=303)


@blueprint.post("/paiements/avis")
@public
def payment_notified() -> Response:
    """The service says that it knows something of an operation. Always 200, at once: the worker asks."""
    moment = now()
    if not _MISSES.is_over(network(), moment) and not online_payments.hear(_operation(), moment):
        _MISSES.count(network(), moment)
    return current_app.response_class("", mimetype="text/plain")


def _operation() -> str:
    return (request.form.get("idop") or request.form.get("idOp") or "")[:64]


def _shown(key: str, message: str = "") -> Response:
    return answer(
        "invoices/payment.html",
        "invoices/_payment.html",
        attempt=payment_queries.attempt(key),
        message=message,
        asks_alone="retour" in request.args,
        now=now(),
        page_of=online_payments.page_of,
    )


def _invoices() -> set[int]:
    numbers = request.form.getlist("invoice")
    return {int(number) for number in numbers if number.isdecimal() and len(number) <= _LONGEST_NUMBER}
