"""The billing of a month: the runs, a draft with what to mend, its issue, one bill, a credit note."""

from datetime import date
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done, is_htmx
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page, shown
from blueprints.staff.billing import blueprint
from blueprints.staff.billing.forms import IssueForm, PrepareForm, credit_form
from domain.calendar import add_months
from domain.errors import NotFound
from domain.french import format_euros, month_title, plural
from domain.permissions import Permission
from queries import billing as billing_queries
from queries import invoice_reminders as reminder_queries
from queries import payments as payment_queries
from queries.billing import Bill
from queries.late_changes import late_changes
from services import billing, credit_notes

MANAGE = Permission.BILLING_MANAGE
_MONTHS_BACK = 12
_ABSENCE = "Absence justifiée après la facture"


@blueprint.get("")
@staff(Permission.PAYMENTS_RECORD)
def index() -> Response:
    return _runs(PrepareForm())


@blueprint.post("/preparer")
@staff(MANAGE)
def prepare() -> Response:
    again = {one.month for one in billing_queries.runs()}
    form = PrepareForm().offer(payment_queries.regies(), [*_months(), *sorted(again - set(_months()))])
    run_id = attempt(
        form, lambda: billing.ask(form.regie.data, form.month.data, author(), now()), to_come="month"
    )
    if run_id is NOT_DONE:
        return _runs(form)
    if billing_queries.run(run_id).is_preparing:
        return done(url_for(".show", run_id=run_id), "La préparation est demandée.")
    return done(url_for(".show", run_id=run_id), "Le brouillon est prêt. Relisez-le avant d’émettre.")


@blueprint.get("/<int:run_id>")
@staff(Permission.PAYMENTS_RECORD)
def show(run_id: int) -> Response:
    """A draft with what to look at, or an issued month; `q` searches the bills."""
    words = request.args.get("q", "")[:100]
    bills, count = billing_queries.bills(run_id, words)
    return answer(
        "staff/billing/run.html",
        "staff/billing/_bills.html",
        run=billing_queries.run(run_id),
        findings=billing_queries.findings(run_id),
        bills=bills,
        count=count,
        words=words,
        may_manage=current_user.may(MANAGE),
    )


@blueprint.get("/<int:run_id>/preparation")
@staff(Permission.PAYMENTS_RECORD)
def preparation(run_id: int) -> Response:
    """Asked again and again by the page of a month in preparation: its state, then the page of the draft."""
    run, page = billing_queries.run(run_id), url_for(".show", run_id=run_id)
    if not is_htmx():
        response = redirect(page, code=303)
    elif run.is_preparing:
        response = make_response(render_template("staff/billing/_preparing.html", run=run))
    else:
        response = make_response("", 200, {"HX-Redirect": page})
    response.vary.add("HX-Request")
    return response


@blueprint.route("/<int:run_id>/emettre", methods=["GET", "POST"])
@staff(MANAGE)
def issue(run_id: int) -> Response:
    """Say what will happen, then do it."""
    run, form = billing_queries.run(run_id), IssueForm()
    back = url_for(".show", run_id=run_id)
    if run.is_issued:
        flash("Ce mois est déjà émis.")
        return redirect(back, code=303)
    if run.is_preparing:
        flash("Ce brouillon se prépare encore.")
        return redirect(back, code=303)
    sent = attempt(form, lambda: billing.issue(run_id, author(), now()))
    if sent is not NOT_DONE:
        return done(back, "Les factures sont émises. Les familles sont prévenues par mail.")
    heading = f"Émettre {month_title(run.month.year, run.month.month).lower()}"
    bills = plural(run.bills, "facture", "factures")
    intro = f"{run.regie}, {bills}, {format_euros(run.total_cents)} au total."
    notes = ["Une facture émise ne change plus. Une erreur se corrige ensuite par un avoir."]
    return form_page(form, heading, (back, "Brouillon"), submit=f"Émettre {bills}", intro=intro, notes=notes)


@blueprint.get("/factures/<int:invoice_id>")
@staff(Permission.PAYMENTS_RECORD)
def bill(invoice_id: int) -> Response:
    found = billing_queries.bill(invoice_id)
    reminders = reminder_queries.sent(invoice_id)
    return answer(
        "staff/billing/bill.html", bill=found, reminders=reminders, may_manage=current_user.may(MANAGE)
    )


@blueprint.route("/factures/<int:invoice_id>/avoir", methods=["GET", "POST"])
@staff(MANAGE)
def credit(invoice_id: int) -> Response:
    """Take back a part of an issued bill; `ligne` proposes the whole of one line, contested with reason."""
    found = billing_queries.bill(invoice_id)
    if not found.is_creditable:
        raise NotFound
    form = credit_form(found.lines)(data=_of_line(found) if request.method == "GET" else None)
    note_id = attempt(
        form,
        lambda: credit_notes.credit(invoice_id, form.cents(), form.reason.data, author(), now()),
        no_reason="reason",
    )
    if note_id is not NOT_DONE:
        return done(url_for(".bill", invoice_id=note_id), "L’avoir est émis. La famille est prévenue.")
    back = (url_for(".bill", invoice_id=invoice_id), f"Facture {found.reference}")
    return form_page(form, f"Avoir sur {found.reference}", back, submit="Émettre l’avoir")


def _of_line(found: Bill) -> dict[str, Any]:
    """The form of a credit note of the line that the address names, if it names one."""
    line = next((one for one in found.lines if str(one.line_id) == request.args.get("ligne")), None)
    if line is None:
        return {}
    late = next((one for one in late_changes(found.invoice_id) if one.line_id == line.line_id), None)
    cents, why = (line.left_cents, "Contestation acceptée") if late is None else (late.over_cents, _ABSENCE)
    return {f"line_{line.line_id}": abs(cents), "reason": f"{why}, {line.label}"[:300]}


def _runs(form: PrepareForm) -> Response:
    regies = payment_queries.regies()
    form.offer(regies, _months())
    return shown(
        form,
        "staff/billing/index.html",
        runs=billing_queries.runs(),
        regies=regies,
        may_manage=current_user.may(MANAGE),
        late_changes=late_changes() if current_user.may(MANAGE) else (),
    )


def _months() -> list[date]:
    """Last month first, then this one, then those before."""
    this = today().replace(day=1)
    past = [date(*add_months(this.year, this.month, -back), 1) for back in range(1, _MONTHS_BACK)]
    return [past[0], this, *past[1:]]
