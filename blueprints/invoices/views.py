"""The bills of a family, one of them, its PDF, and what the month costs so far."""

from datetime import date

from flask import render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.invoices import blueprint
from blueprints.shared.addresses import month_or_404
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import parent
from blueprints.shared.time import now, today
from queries import family_money, invoices
from queries.planning import neighbours
from queries.provisional_month import provisional_month
from services import printed_invoices


@blueprint.get("")
@parent
def index() -> str:
    """Every bill, what is left to pay in all, and the money beside them (S54, R46)."""
    bills = invoices.family_bills(current_user.household_ids)
    beside = family_money.beside(current_user.household_ids)
    return render_template("invoices/index.html", bills=bills, beside=beside, today=today())


@blueprint.get("/<int:invoice_id>")
@parent
def bill(invoice_id: int) -> str:
    """A bill that can be worked out by hand, without its PDF (S55, R43)."""
    page = invoices.bill_page(invoice_id, current_user.household_ids)
    bounced = family_money.bounced_since(page)
    return render_template("invoices/bill.html", page=page, bounced=bounced, today=today())


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
