"""The billing of a month: the runs, a draft with what to mend, its issue, one bill, a credit note."""

from collections.abc import Sequence
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
from domain.french import enumerate_fr, format_euros, month_title, plural
from domain.permissions import Permission
from queries import billing as billing_queries
from queries import invoice_reminders as reminder_queries
from queries import payments as payment_queries
from queries.billing import Line
from queries.late_changes import late_bills, late_changes
from services import billing, credit_notes

MANAGE = Permission.BILLING_MANAGE
_MONTHS_BACK = 12
_ABSENCE = "Absence justifiée après la facture"
_CREDIT_INTRO = (
    "La facture émise ne change pas\u00a0: l’avoir rend à la famille ce que vous indiquez, et un mail la "
    "prévient."
)
_NAMED_INTRO = " Pour rendre d’autres lignes, choisissez «\u00a0Faire un avoir\u00a0» sur la facture."


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
    """Take back a part of an issued bill. Each `ligne` of the address is proposed, and no other: what an
    absence that was justified leaves too much, or the whole of a line that was contested with reason."""
    found = billing_queries.bill(invoice_id)
    if not found.is_creditable:
        raise NotFound
    asked = request.args.getlist("ligne")
    named = [one for one in found.lines if str(one.line_id) in asked and one.left_cents]
    start = _proposed(found.invoice_id, named) if request.method == "GET" else None
    form = credit_form(named or found.lines)(data=start)
    note_id = attempt(
        form,
        lambda: credit_notes.credit(invoice_id, form.cents(), form.reason.data, author(), now()),
        no_reason="reason",
    )
    if note_id is not NOT_DONE:
        return done(url_for(".bill", invoice_id=note_id), "L’avoir est émis. La famille est prévenue.")
    back = (url_for(".bill", invoice_id=invoice_id), f"Facture {found.reference}")
    return form_page(
        form,
        f"Avoir sur {found.reference}",
        back,
        intro=_CREDIT_INTRO + (_NAMED_INTRO if named else ""),
        submit="Émettre l’avoir",
    )


def _proposed(invoice_id: int, named: Sequence[Line]) -> dict[str, Any]:
    """The form of a credit note of the lines that the address names; empty where it names none."""
    over = {one.line_id: one.over_cents for one in late_changes(invoice_id)} if named else {}
    cents = {f"line_{one.line_id}": abs(over.get(one.line_id, one.left_cents)) for one in named}
    whys = (
        (_ABSENCE, [one.label for one in named if one.line_id in over]),
        ("Contestation acceptée", [one.label for one in named if one.line_id not in over]),
    )
    reason = ". ".join(f"{why}, {enumerate_fr(labels)}" for why, labels in whys if labels)
    return cents | ({"reason": reason[:300]} if reason else {})


def _runs(form: PrepareForm) -> Response:
    regies = payment_queries.regies()
    form.offer(regies, _months())
    return shown(
        form,
        "staff/billing/index.html",
        runs=billing_queries.runs(),
        regies=regies,
        may_manage=current_user.may(MANAGE),
        late_bills=late_bills() if current_user.may(MANAGE) else (),
    )


def _months() -> list[date]:
    """Last month first, then this one, then those before."""
    this = today().replace(day=1)
    past = [date(*add_months(this.year, this.month, -back), 1) for back in range(1, _MONTHS_BACK)]
    return [past[0], this, *past[1:]]
