"""Batches of direct debits: the list, a new one, its file, its money, what the bank sent back (R46)."""

from datetime import date

from flask import current_app, request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page, shown
from blueprints.staff.debits import blueprint
from blueprints.staff.debits.forms import BatchForm, ReasonForm, RejectForm, SettleForm
from blueprints.staff.payments.forms import new_key
from domain.calendar import ONE_DAY
from domain.direct_debits import banking_day_from
from domain.errors import Refused
from domain.french import format_day, format_euros
from domain.permissions import Permission
from queries import direct_debits as debit_queries
from services import direct_debits
from services.direct_debits import Preparing

RECORD = Permission.PAYMENTS_RECORD


@blueprint.get("")
@staff(RECORD)
def index() -> Response:
    return answer(
        "staff/debits/index.html",
        regies=debit_queries.regies(),
        batches=debit_queries.batches(),
        waiting=debit_queries.waiting_mandates(),
    )


@blueprint.route("/regies/<int:regie_id>/nouveau", methods=["GET", "POST"])
@staff(RECORD)
def new(regie_id: int) -> Response:
    """The day is chosen first (GET), then the bills: all that can be debited on it are ticked."""
    regie = debit_queries.regie(regie_id)
    day, problem = _day(regie_id)
    found = debit_queries.candidates(regie_id, day, today(), regie.notice_days) if not problem else []
    taken = [one for one in found if not one.reason]
    start = {"invoices": [one.invoice_id for one in taken], "submission_key": new_key()}
    form = BatchForm(data=start if request.method == "GET" else None).offer(taken)
    made = attempt(
        form, lambda: direct_debits.prepare(_preparing(form, regie_id, day), author(), now()),
        no_bill="invoices",
    )  # fmt: skip
    if made is not NOT_DONE:
        said = "Le lot est préparé. Relisez-le, puis prenez le fichier pour la banque."
        return done(url_for(".show", batch_id=made), said)
    left_out = [one for one in found if one.reason and one.mandate_id]
    return shown(
        form, "staff/debits/new.html", regie=regie, day=day, problem=problem, taken=taken, left_out=left_out,
        without=sum(1 for one in found if one.reason and not one.mandate_id),
    )  # fmt: skip


@blueprint.get("/<int:batch_id>")
@staff(RECORD)
def show(batch_id: int) -> Response:
    batch, debits = debit_queries.batch(batch_id)
    return answer("staff/debits/show.html", batch=batch, debits=debits, today=today())


@blueprint.post("/<int:batch_id>/fichier")
@staff(RECORD)
def take_file(batch_id: int) -> Response:
    """The file for the bank: each taking is an act of its own, since it holds the accounts of families."""
    file = direct_debits.take_file(batch_id, author(), now())
    response = current_app.response_class(file.content, mimetype="application/xml")
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/<int:batch_id>/encaisser", methods=["GET", "POST"])
@staff(RECORD)
def settle(batch_id: int) -> Response:
    batch, debits = debit_queries.batch(batch_id)
    start = {"settled_on": batch.collection_day}
    form = SettleForm(data=start if request.method == "GET" else None)
    settled = attempt(
        form, lambda: direct_debits.settle(batch_id, form.settled_on.data, author(), now()), day="settled_on"
    )
    back = url_for(".show", batch_id=batch_id)
    if settled is not NOT_DONE:
        return done(back, "Le lot est encaissé. Ses factures sont réglées.")
    expected = format_euros(sum(one.amount_cents for one in debits if one.state == "planned"))
    intro = (
        f"{batch.regie}, prélèvements du {format_day(batch.collection_day, year=True)}. Attendu sur le "
        f"compte\u00a0: {expected}. Entrez d’abord les rejets déjà connus\u00a0; ceux qui viennent après se "
        "signalent aussi."
    )
    return form_page(form, "Encaisser le lot", (back, "Lot"), submit="Encaisser le lot", intro=intro)


@blueprint.route("/<int:batch_id>/abandonner", methods=["GET", "POST"])
@staff(RECORD)
def abandon(batch_id: int) -> Response:
    batch, _ = debit_queries.batch(batch_id)
    form = ReasonForm()
    given_up = attempt(
        form, lambda: direct_debits.abandon(batch_id, form.reason.data, author(), now()), no_reason="reason"
    )
    back = url_for(".show", batch_id=batch_id)
    if given_up is not NOT_DONE:
        return done(back, "Le lot est abandonné. Ses factures peuvent entrer dans un autre lot.")
    sent = (
        " Assurez-vous que la banque n’a pas pris le fichier\u00a0: les familles seraient prélevées quand "
        "même."
        if batch.number
        else ""
    )
    intro = f"{batch.regie}, prélèvements du {format_day(batch.collection_day, year=True)}.{sent}"
    heading = "Abandonner le lot"
    return form_page(form, heading, (back, "Lot"), submit=heading, intro=intro)


@blueprint.route("/rejets/<int:debit_id>", methods=["GET", "POST"])
@staff(RECORD)
def reject(debit_id: int) -> Response:
    found = debit_queries.debit(debit_id)
    form = RejectForm(data={"rejected_on": today()} if request.method == "GET" else None)
    rejected = attempt(
        form,
        lambda: direct_debits.reject(debit_id, form.code.data, form.rejected_on.data, author(), now()),
        code="code",
        day="rejected_on",
    )
    back = url_for(".show", batch_id=found.batch_id)
    if rejected is not NOT_DONE:
        ended = " Son mandat a pris fin avec ce motif." if rejected else ""
        return done(back, f"Le rejet est enregistré. La facture est de nouveau à régler.{ended}")
    intro = (
        f"Foyer {found.household}, facture {found.reference}, {format_euros(found.amount_cents)}. La famille "
        "lira le motif."
    )
    heading = "Signaler un rejet"
    return form_page(form, heading, (back, "Lot"), submit="Enregistrer le rejet", intro=intro)


def _day(regie_id: int) -> tuple[date, str]:
    """The day that was asked for, with what is wrong with it; else the one announced on the most bills, or
    the next one on which families can be told in time."""
    text = request.args.get("jour", "")
    if not text:
        return debit_queries.proposed_day(regie_id, today()), ""
    try:
        day = date.fromisoformat(text)
        direct_debits.check_day(day, today())
    except ValueError:
        return banking_day_from(today() + ONE_DAY), "Indiquez un jour, par exemple 01/02/2027."
    except Refused as refusal:
        return day, refusal.message
    return day, ""


def _preparing(form: BatchForm, regie_id: int, day: date) -> Preparing:
    return Preparing(
        regie_id=regie_id,
        collection_day=day,
        invoice_ids=frozenset(form.invoices.data),
        submission_key=form.submission_key.data,
    )
