"""The receipt of a request, at the address of its reference (S99, S103)."""

from flask import render_template

from blueprints.bookings.acting import acting, step
from blueprints.shared.time import now
from queries import receipts
from queries.family import every_child_of


@step("/demandes/<reference>", "GET")
def receipt(reference: str) -> str:
    found = receipts.receipt(reference, acting().household_ids, now())
    cards = {card.child_id: card for card in every_child_of(acting().household_ids)}
    return render_template("bookings/request.html", receipt=found, cards=cards)
