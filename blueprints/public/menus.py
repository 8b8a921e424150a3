"""The menus of the canteen, for everybody: one week, from today on, of the structures chosen (R34)."""

from flask import request
from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.converters import row_number
from blueprints.shared.guards import public
from blueprints.shared.time import today
from domain.calendar import WORKING_WEEK
from queries import menus

THIS, NEXT = "actuelle", "suivante"


@blueprint.get("/menus")
@public
def canteen_menus() -> Response:
    """What the canteens serve this week or the next, with the allergens; on a week-end, the next."""
    asked = request.args.get("semaine")
    week = asked if asked in (THIS, NEXT) else THIS if today().weekday() in WORKING_WEEK else NEXT
    kitchens, monday = menus.published(today()), menus.public_weeks(today())[week == NEXT]
    eaters = tuple(dict.fromkeys(eater for one in kitchens for eater in one.eaters))
    wanted = request.args.get("structure", type=row_number)
    chosen = next((one for one in eaters if one.facility_id == wanted), None)
    return answer(
        "public/menus.html",
        kitchens=[one.in_week(monday) for one in kitchens if chosen is None or chosen in one.eaters],
        week=week,
        eaters=eaters,
        chosen=chosen,
        today=today(),
    )
