"""The receipt of a request, at the address of its reference (S99, S103)."""

from flask import render_template
from flask_login import current_user

from blueprints.bookings import blueprint
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from queries import receipts
from queries.family import every_child_of


@blueprint.get("/reservations/demandes/<reference>")
@parent
def receipt(reference: str) -> str:
    found = receipts.receipt(reference, current_user.household_ids, now())
    cards = {card.child_id: card for card in every_child_of(current_user.household_ids)}
    return render_template("bookings/request.html", receipt=found, cards=cards)
