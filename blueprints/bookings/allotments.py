"""How the places of a period were given, as each family reads it of its own wishes (R17)."""

from flask import render_template
from flask_login import current_user

from blueprints.bookings import blueprint
from blueprints.shared.guards import parent
from queries import allotments


@blueprint.get("/reservations/attributions/<int:period_id>")
@parent
def allotment(period_id: int) -> str:
    result = allotments.own_result(period_id, current_user.household_ids)
    return render_template("bookings/allotment.html", result=result)
