"""Deposit slips: what waits and the list, a new one, one of them, its PDF (R46)."""

from collections.abc import Mapping

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.deposits import blueprint
from blueprints.staff.deposits.forms import DepositForm
from blueprints.staff.payments.forms import new_key
from domain.enums import PaymentMethod
from domain.french import format_euros, plural
from domain.labels import label
from domain.permissions import Permission
from queries import deposit_slips as slip_queries
from services import deposit_slips, printed_deposit_slips
from services.deposit_slips import Deposit

RECORD = Permission.PAYMENTS_RECORD
WORDS: Mapping[PaymentMethod, str] = {  # of the addresses
    PaymentMethod.CASH: "especes",
    PaymentMethod.CHEQUE: "cheques",
    PaymentMethod.CESU: "cesu",
    PaymentMethod.ANCV: "ancv",
}
METHODS = {word: method for method, word in WORDS.items()}


@blueprint.get("")
@staff(RECORD)
def index() -> Response:
    return answer(
        "staff/deposits/index.html",
        waiting=slip_queries.waiting(),
        slips=slip_queries.slips(),
        words=WORDS,
        today=today(),
    )


@blueprint.route(
    "/regies/<int:regie_id>/<any(especes,cheques,cesu,ancv):means>/nouveau", methods=["GET", "POST"]
)
@staff(RECORD)
def new(regie_id: int, means: str) -> Response:
    """Everything that waits is ticked: most slips take it all."""
    regie, method = slip_queries.regie_name(regie_id), METHODS[means]
    items = slip_queries.to_deposit(regie_id, method)
    if request.method == "GET" and not items:
        flash("Rien n’attend d’être déposé de cette façon.")
        return redirect(url_for(".index"), code=303)
    start = {
        "payments": [item.payment_id for item in items],
        "deposited_on": today(),
        "submission_key": new_key(),
    }
    form = DepositForm(data=start if request.method == "GET" else None).offer(items)
    made = attempt(
        form,
        lambda: deposit_slips.deposit(_deposit(form, regie_id, method), author(), now()),
        no_payment="payments",
        future="deposited_on",
        too_early="deposited_on",
    )
    if made is not NOT_DONE:
        return done(url_for(".show", slip_id=made), "Le bordereau est fait. Ses règlements sont verrouillés.")
    heading = f"Bordereau de versement, {label(method).lower()}"
    total = format_euros(sum(item.amount_cents for item in items))
    intro = f"{regie}. {plural(len(items), 'règlement attend', 'règlements attendent')}, {total}."
    back = (url_for(".index"), "Bordereaux")
    return form_page(form, heading, back, submit="Faire le bordereau", intro=intro)


@blueprint.get("/<int:slip_id>")
@staff(RECORD)
def show(slip_id: int) -> Response:
    slip, items = slip_queries.slip(slip_id)
    return answer("staff/deposits/show.html", slip=slip, items=items)


@blueprint.get("/<int:slip_id>/pdf")
@staff(RECORD)
def pdf(slip_id: int) -> Response:
    slip, items = slip_queries.slip(slip_id)
    name = f"bordereau-{slip.year}-{slip.number}.pdf"
    return sealed_pdf(printed_deposit_slips.printed(slip, items), name)


def _deposit(form: DepositForm, regie_id: int, method: PaymentMethod) -> Deposit:
    return Deposit(
        regie_id,
        method,
        frozenset(form.payments.data),
        form.deposited_on.data,
        form.reference.data,
        form.submission_key.data,
    )
