"""The sheet of a structure on a day; the health of its children only by an act that the journal keeps."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import asked_day, now
from blueprints.staff.day_sheets import blueprint
from domain.french import format_date
from domain.permissions import Permission
from queries import day_sheets
from queries.day_sheets import DaySheet
from queries.medical import Health
from services import medical_readings
from services.medical_readings import Reading


@blueprint.get("/<int:facility_id>/consignes")
@staff(Permission.FAMILIES_READ)
def show(facility_id: int) -> Response:
    return _page(_sheet(facility_id))


@blueprint.post("/<int:facility_id>/consignes/sante")
@staff(Permission.MEDICAL_READ)
def health(facility_id: int) -> Response:
    """« Afficher »: the health of every child of the sheet, one reading in the journal for each (S44)."""
    sheet = _sheet(facility_id)
    reading = Reading(current_user.user_id, f"les consignes du {format_date(sheet.day)}, {sheet.facility}")
    shown = medical_readings.read([one.child_id for one in sheet.children], reading, now=now())
    return _page(sheet, shown)


def _sheet(facility_id: int) -> DaySheet:
    return day_sheets.day_sheet(
        facility_id, asked_day(), scope=current_user.facility_ids, now=now(), activity_id=_activity()
    )


def _activity() -> int | None:
    return request.args.get("activite", type=row_number)


def _page(sheet: DaySheet, shown: Mapping[int, Health] | None = None) -> Response:
    def address(endpoint: str = "show", *, day: date = sheet.day, activity_id: int | None = None) -> str:
        return url_for(
            f"staff_day_sheets.{endpoint}", facility_id=sheet.facility_id, jour=day, activite=activity_id
        )

    return answer(
        "staff/day_sheets/show.html",
        "staff/day_sheets/_children.html",
        sheet=sheet,
        health=shown,
        chosen=_activity(),
        address=address,
        before=sheet.day - timedelta(days=1),
        after=sheet.day + timedelta(days=1),
    )
