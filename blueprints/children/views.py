"""The children of the household and their sheets."""

from flask import render_template
from flask_login import current_user

from blueprints.children import blueprint
from blueprints.shared.guards import parent
from blueprints.shared.time import today
from domain.people import age
from queries import custody, family, planning


@blueprint.get("")
@parent
def index() -> str:
    children = family.children_with_enrolments(current_user.household_ids, today())
    by_name = family.children_by_name(current_user.household_ids)
    return render_template("children/index.html", children=children, by_name=by_name, today=today(), age=age)


@blueprint.get("/<int:child_id>")
@parent
def sheet(child_id: int) -> str:
    summary = family.child_sheet(current_user.household_ids, child_id, today())
    upcoming = planning.next_bookings(current_user.household_ids, summary.child, today())
    return render_template(
        "children/sheet.html",
        summary=summary,
        upcoming=upcoming,
        adults_elsewhere=family.adults_elsewhere(child_id, current_user.household_ids),
        stays=custody.family_stays(child_id, current_user.household_ids, today()),
        today=today(),
        age=age,
    )
