"""The cash desk: the account of a household, a payment entered or taken back, the day, what is owed."""

from datetime import date

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.payments import blueprint
from blueprints.staff.payments.forms import BounceForm, CancelForm, ConfirmForm, PaymentForm, new_key
from domain.enums import PaymentMethod
from domain.errors import NotFound
from domain.french import NBSP, format_day, format_euros
from domain.labels import label
from domain.permissions import Permission
from queries import invoice_reminders as reminder_queries
from queries import payments as payment_queries
from queries.payments import Account
from services import payments
from services.payments import Received

RECORD = Permission.PAYMENTS_RECORD


@blueprint.get("")
@staff(RECORD)
def day() -> Response:
    """What was received on a day, by régie and means: the end of the day at the desk."""
    report = payment_queries.day_report(_wanted_day())
    return answer("staff/payments/day.html", report=report, today=today())


@blueprint.get("/impayes")
@staff(RECORD)
def outstanding() -> Response:
    """Who owes what, by age, with the last reminder of each household."""
    debtors = payment_queries.outstanding(today())
    return answer("staff/payments/outstanding.html", debtors=debtors, reminders=reminder_queries.last_sent())


@blueprint.get("/foyers/<int:household_id>")
@staff(RECORD)
def account(household_id: int) -> Response:
    found = payment_queries.account(household_id)
    return answer("staff/payments/account.html", account=found, today=today())


@blueprint.route("/foyers/<int:household_id>/nouveau", methods=["GET", "POST"])
@staff(RECORD)
def new(household_id: int) -> Response:
    found = payment_queries.account(household_id)
    start = {"submission_key": new_key(), "received_on": today()}
    form = PaymentForm(data=start if request.method == "GET" else None)
    form.offer(payment_queries.regies(), found.open_bills)
    made = attempt(
        form,
        lambda: payments.receive(_received(form, household_id), author(), now()),
        amount="amount",
        future="received_on",
    )
    back = url_for(".account", household_id=household_id)
    if made is not NOT_DONE:
        return done(back, _said(made))
    heading = f"Règlement du foyer {found.name}"
    return form_page(form, heading, (back, "Compte du foyer"), submit="Enregistrer", intro=_owed(found))


@blueprint.route("/<int:payment_id>/annuler", methods=["GET", "POST"])
@staff(RECORD)
def cancel(payment_id: int) -> Response:
    found = payment_queries.payment(payment_id)
    form = CancelForm()
    made = attempt(
        form,
        lambda: payments.cancel(payment_id, form.reason.data, author(), now()),
        no_reason="reason",
    )
    back = url_for(".account", household_id=found.household_id)
    if made is not NOT_DONE:
        return done(back, "Le règlement est annulé. Ce qu’il payait est de nouveau à régler.")
    intro = (
        f"{format_euros(found.amount_cents)} reçus le {format_day(found.received_on, year=True)} du foyer "
        f"{found.household}. Le règlement reste visible, marqué annulé, avec ce motif."
    )
    return form_page(
        form, "Annuler un règlement", (back, "Compte du foyer"), submit="Annuler ce règlement", intro=intro
    )


@blueprint.route("/<int:payment_id>/rejet", methods=["GET", "POST"])
@staff(RECORD)
def bounce(payment_id: int) -> Response:
    """The bank sent back a cheque or a direct debit: the debt opens again (R45, R46)."""
    found = payment_queries.payment(payment_id)
    form = BounceForm()
    made = attempt(
        form, lambda: payments.bounce(payment_id, form.reason.data, author(), now()), no_reason="reason"
    )
    back = url_for(".account", household_id=found.household_id)
    if made is not NOT_DONE:
        return done(back, "Le rejet est enregistré. Ce que ce règlement payait est de nouveau à régler.")
    intro = (
        f"{format_euros(found.amount_cents)}, {label(found.method).lower()}, reçus le "
        f"{format_day(found.received_on, year=True)} du foyer {found.household}. La famille est prévenue par "
        "mail, avec ce motif."
    )
    return form_page(
        form, "Rejet par la banque", (back, "Compte du foyer"), submit="Enregistrer ce rejet", intro=intro
    )


@blueprint.post("/foyers/<int:household_id>/avances")
@staff(RECORD)
def spend(household_id: int) -> Response:
    """Pay the open bills with what the household paid in advance."""
    spent = payments.spend(household_id, author(), now())
    said = (
        f"{format_euros(spent)} d’avance paient les factures à régler." if spent else "Rien n’est d’avance."
    )
    return done(url_for(".account", household_id=household_id), said)


@blueprint.route("/foyers/<int:household_id>/tresor/<int:invoice_id>", methods=["GET", "POST"])
@staff(RECORD)
def confirm(household_id: int, invoice_id: int) -> Response:
    """« Soldée »: the Treasury said that it received what was left of a bill (S58, S111)."""
    found = payment_queries.account(household_id)
    bill = next((one for one in found.bills if one.invoice_id == invoice_id), None)
    if bill is None:
        raise NotFound
    form = ConfirmForm(data={"submission_key": new_key()} if request.method == "GET" else None)
    made = attempt(
        form,
        lambda: payments.confirm(
            invoice_id, form.confirmed_on.data, form.submission_key.data, author(), now()
        ),
        too_early="confirmed_on",
        future="confirmed_on",
    )
    back = url_for(".account", household_id=household_id)
    if made is not NOT_DONE:
        return done(back, f"La facture {bill.reference} est soldée.")
    stands = f"il reste {format_euros(bill.left_cents)}" if bill.is_open else "elle est payée en ligne"
    intro = f"Facture {bill.reference} du foyer {found.name}{NBSP}: {stands}."
    heading = "Confirmation du Trésor public"
    return form_page(form, heading, (back, "Compte du foyer"), submit="La facture est soldée", intro=intro)


def _wanted_day() -> date:
    try:
        return date.fromisoformat(request.args.get("jour", ""))
    except ValueError:
        return today()


def _received(form: PaymentForm, household_id: int) -> Received:
    return Received(
        form.regie.data,
        household_id,
        PaymentMethod(form.method.data),
        form.amount.data,
        form.received_on.data,
        form.reference.data,
        form.submission_key.data,
        form.bill_ids,
    )


def _owed(found: Account) -> str:
    if not found.left_cents:
        return "Ce foyer ne doit rien. Ce règlement paiera la prochaine facture."
    return f"Ce foyer doit {format_euros(found.left_cents)}."


def _said(payment_id: int) -> str:
    found = payment_queries.payment(payment_id)
    said = f"{format_euros(found.amount_cents)} enregistrés."
    if found.advance_cents:
        said += f" {format_euros(found.advance_cents)} paieront la prochaine facture."
    return said
