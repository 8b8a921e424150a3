"""Money given back to a family, and taken back when it was a mistake (R46)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.payments import blueprint
from blueprints.staff.payments.forms import CancelRefundForm, RefundForm, new_key
from domain.enums import PaymentMethod
from domain.french import format_day, format_euros
from domain.permissions import Permission
from queries import payments as payment_queries
from services import refunds
from services.refunds import Giving

RECORD = Permission.PAYMENTS_RECORD


@blueprint.route("/<int:payment_id>/rembourser", methods=["GET", "POST"])
@staff(RECORD)
def refund(payment_id: int) -> Response:
    """Give back what no bill needs of a payment: all of it is proposed."""
    found = payment_queries.payment(payment_id)
    start = {"amount": found.advance_cents, "refunded_on": today(), "submission_key": new_key()}
    form = RefundForm(data=start if request.method == "GET" else None)
    made = attempt(
        form,
        lambda: refunds.refund(_giving(form, payment_id), author(), now()),
        amount="amount",
        day="refunded_on",
        no_reason="reason",
        method="method",
    )
    back = url_for(".account", household_id=found.household_id)
    if made is not NOT_DONE:
        return done(back, "Le remboursement est enregistré. La famille le voit avec ses factures.")
    intro = (
        f"Foyer {found.household}, {found.regie}. Reçu le {format_day(found.received_on, year=True)}, "
        f"dont {format_euros(found.advance_cents)} d’avance."
    )
    heading = "Rembourser une avance"
    return form_page(
        form, heading, (back, "Compte du foyer"), submit="Enregistrer le remboursement", intro=intro
    )


@blueprint.route("/remboursements/<int:refund_id>/annuler", methods=["GET", "POST"])
@staff(RECORD)
def cancel_refund(refund_id: int) -> Response:
    found = payment_queries.refund(refund_id)
    form = CancelRefundForm()
    made = attempt(
        form, lambda: refunds.cancel(refund_id, form.reason.data, author(), now()), no_reason="reason"
    )
    back = url_for(".account", household_id=found.household_id)
    if made is not NOT_DONE:
        return done(back, "Le remboursement est annulé. La somme est de nouveau d’avance.")
    intro = (
        f"{format_euros(found.amount_cents)} rendus le {format_day(found.refunded_on, year=True)} au foyer "
        f"{found.household}. Le remboursement reste visible, marqué annulé, avec ce motif."
    )
    heading = "Annuler un remboursement"
    return form_page(form, heading, (back, "Compte du foyer"), submit="Annuler ce remboursement", intro=intro)


def _giving(form: RefundForm, payment_id: int) -> Giving:
    return Giving(
        payment_id,
        form.amount.data,
        PaymentMethod(form.method.data),
        form.refunded_on.data,
        form.reason.data,
        form.reference.data,
        form.submission_key.data,
    )
