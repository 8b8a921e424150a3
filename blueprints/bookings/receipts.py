"""The receipt of a request, at the address of its reference (S99, S103)."""

from flask import render_template
from werkzeug.wrappers import Response

from blueprints.bookings.acting import acting, step
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.time import now
from queries import households, receipts
from queries.family import every_child_of
from services import printed_receipts


@step("/demandes/<reference>", "GET")
def receipt(reference: str) -> str:
    found = receipts.receipt(reference, acting().household_ids, now())
    cards = {card.child_id: card for card in every_child_of(acting().household_ids)}
    is_told = not acting().by_agent or households.is_told_by_mail(acting().household_ids[0])
    return render_template("bookings/request.html", receipt=found, cards=cards, is_told=is_told)


@step("/demandes/<reference>/imprimer", "GET")
def print_receipt(reference: str) -> Response:
    """The same on paper: a family keeps it, an agent hands it over the counter (S116)."""
    content = printed_receipts.confirmation(reference, acting().household_ids, now())
    return sealed_pdf(content, f"demande-{reference.lower()}.pdf")
