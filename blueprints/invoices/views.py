"""The bills of a family, one of them, its PDF, and what the month costs so far."""

from collections.abc import Sequence
from datetime import date

from flask import render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.invoices import blueprint
from blueprints.invoices.online import new_key
from blueprints.shared.addresses import month_or_404
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import parent
from blueprints.shared.time import now, today
from queries import direct_debits, family_money, invoices, online_payments
from queries.online_payments import Running
from queries.payments import Bill
from queries.planning import neighbours
from queries.provisional_month import provisional_month
from services import printed_invoices


@blueprint.get("")
@parent
def index() -> str:
    """Every bill, what is left to pay in all, and the money beside them (S54, R46)."""
    bills = invoices.family_bills(current_user.household_ids)
    every = [bill for one in bills.households for bill in one.bills]
    running = _running(current_user.household_ids, every)
    beside = family_money.beside(current_user.household_ids)
    return render_template(
        "invoices/index.html",
        bills=bills,
        running=running,
        beside=beside,
        direct_debit=direct_debits.is_offered(current_user.household_ids),
        today=today(),
        new_key=new_key,
    )


@blueprint.get("/<int:invoice_id>")
@parent
def bill(invoice_id: int) -> str:
    """A bill that can be worked out by hand, without its PDF (S55, R43)."""
    page = invoices.bill_page(invoice_id, current_user.household_ids)
    running = _running([page.household_id], [page.bill]).get(invoice_id)
    bounced = family_money.bounced_since(page)
    return render_template(
        "invoices/bill.html", page=page, running=running, bounced=bounced, today=today(), new_key=new_key
    )


@blueprint.get("/<int:invoice_id>/pdf")
@parent
def pdf(invoice_id: int) -> Response:
    """The same on paper (S56)."""
    page = invoices.bill_page(invoice_id, current_user.household_ids)
    return sealed_pdf(printed_invoices.printed(page), f"{page.bill.reference.lower()}.pdf")


@blueprint.get("/mois/<month>")
@parent
def month(month: str) -> str:
    """What a month costs so far, each line with its arithmetic, before any bill (R22, R43)."""
    year, number = month_or_404(month)
    previous, following = neighbours(year, number)
    found = provisional_month(current_user.household_ids, date(year, number, 1), now())
    return render_template("invoices/month.html", month=found, previous=previous, following=following)


def _running(household_ids: Sequence[int], bills: Sequence[Bill]) -> dict[int, Running]:
    """By bill, the online payment that has no answer; nothing is read where no bill is being paid."""
    return online_payments.running(household_ids) if any(bill.is_paying for bill in bills) else {}
