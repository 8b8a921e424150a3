"""Online payments as the service follows them: what waits, what is to be checked, what was decided (R45)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.payments import blueprint
from blueprints.staff.payments.forms import DecideForm
from domain.french import NBSP, format_euros
from domain.labels import label
from domain.permissions import Permission
from queries import online_payments as payment_queries
from services import online_payments
from services.online_payments import Source

RECORD = Permission.PAYMENTS_RECORD


@blueprint.get("/en-ligne")
@staff(RECORD)
def online() -> Response:
    return answer(
        "staff/payments/online.html",
        waiting=payment_queries.waiting(),
        ended=payment_queries.ended(),
    )


@blueprint.post("/en-ligne/<int:online_id>/verifier")
@staff(RECORD)
def check_online(online_id: int) -> Response:
    """Ask the payment service now."""
    state = online_payments.resolve(online_id, now(), Source.AGENT, author())
    return done(url_for(".online"), f"Le service de paiement a répondu{NBSP}: {label(state).lower()}.")


@blueprint.route("/en-ligne/<int:online_id>/decider", methods=["GET", "POST"])
@staff(RECORD)
def decide_online(online_id: int) -> Response:
    """Say what became of a payment « à vérifier », with the reason."""
    found = payment_queries.attempt_of(online_id)
    form = DecideForm(data={"amount": found.heard_cents} if request.method == "GET" else None)
    decided = attempt(
        form,
        lambda: online_payments.decide(
            online_id, form.method, form.amount.data or 0, form.reason.data, author(), now()
        ),
        no_reason="reason",
        amount="amount",
    )
    back = url_for(".online")
    if decided is not NOT_DONE:
        return done(back, "Votre décision est enregistrée, les factures suivent.")
    intro = (
        f"{format_euros(found.amount_cents)} demandés au foyer {found.household}, référence {found.refdet}. "
        f"{found.problem}"
    )
    return form_page(
        form, "Paiement à vérifier", (back, "Paiements en ligne"), submit="Enregistrer", intro=intro
    )
