"""The day of a structure (R33, R35); the health of its children only by an act that the journal keeps."""

from collections.abc import Mapping
from datetime import date

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import asked_day, now, today
from blueprints.staff.acts import NOT_DONE, attempt, author
from blueprints.staff.day_sheets import blueprint
from blueprints.staff.day_sheets.forms import StaffingForm
from blueprints.staff.family_files.exports import sent
from domain.calendar import ONE_DAY
from domain.errors import NotFound
from domain.french import format_date
from domain.permissions import Permission, reads_phones
from queries import day_sheets, emergency, late_events, menus, staffing
from queries.day_sheets import DaySheet
from queries.emergency import Contact
from queries.medical import Health
from services import day_lists, medical_readings
from services import staffing as staffing_service
from services.day_lists import DayList
from services.medical_readings import Reading
from services.printed_meal_counts import ListKind


@blueprint.get("/journee")
@staff(Permission.DAY_READ)
def index() -> Response:
    """The structures of a day: who comes, where an adult is missing."""
    day, scope = asked_day(), current_user.facility_ids
    short: dict[int, list[str]] = {}
    for one in staffing.posts_of_day(day, scope):
        if one.is_short:
            short.setdefault(one.facility_id, []).append(f"{one.name}\u00a0: {one.words}")
    return answer(
        "staff/day_sheets/index.html",
        day=day,
        today=today(),
        facilities=day_sheets.facilities_of_day(day, scope),
        short=short,
        before=day - ONE_DAY,
        after=day + ONE_DAY,
        reads_phones=_reads_phones(),
    )


@blueprint.get("/structures/<int:facility_id>/consignes")
@staff(Permission.DAY_READ)
def show(facility_id: int) -> Response:
    return _page(_sheet(facility_id))


@blueprint.post("/structures/<int:facility_id>/consignes/sante")
@staff(Permission.MEDICAL_READ)
def health(facility_id: int) -> Response:
    """« Afficher »: the health of every child of the sheet, one reading in the journal for each (S44)."""
    sheet = _sheet(facility_id)
    return _page(sheet, _read_health(sheet, "les consignes"))


@blueprint.post("/structures/<int:facility_id>/encadrement")
@staff(Permission.ATTENDANCE_MARK)
def note_adults(facility_id: int) -> Response:
    """How many adults look after each activity or group of the day (R35)."""
    sheet = _sheet(facility_id)
    form = _staffing_form(sheet)

    def act() -> bool:
        staffing_service.record(
            facility_id,
            sheet.day,
            form.adults(),
            scope=current_user.facility_ids,
            author=author(),
            now=now(),
        )
        return True

    if attempt(form, act) is NOT_DONE:
        return _page(sheet, form=form)
    back = url_for("staff_day_sheets.show", facility_id=facility_id, jour=sheet.day, _anchor="encadrement")
    return done(back, "L’encadrement est noté.")


@blueprint.get("/structures/<int:facility_id>/urgence")
@staff(Permission.DAY_READ)
def emergency_sheet(facility_id: int) -> Response:
    """Whom to call for each child who is there, to print before going out."""
    return _emergency_page(_sheet(facility_id, is_emergency=True))


@blueprint.post("/structures/<int:facility_id>/urgence/sante")
@staff(Permission.MEDICAL_READ)
def emergency_health(facility_id: int) -> Response:
    sheet = _sheet(facility_id, is_emergency=True)
    return _emergency_page(sheet, _read_health(sheet, "la fiche d’urgence"))


@blueprint.get(
    "/structures/<int:facility_id>/listes/<any(presents, regimes, urgence):name>.<any(pdf, xlsx):kind>"
)
@staff(Permission.DAY_READ)
def list_file(facility_id: int, name: str, kind: str) -> Response:
    """A list of the day to print or to work with, health left out."""
    what = DayList(name)
    sheet = _sheet(facility_id, is_emergency=what is DayList.EMERGENCY)
    contacts = _contacts(sheet) if what is DayList.EMERGENCY else {}
    return sent(day_lists.download(what, ListKind(kind), sheet, contacts))


@blueprint.post("/structures/<int:facility_id>/listes/sante.<any(pdf, xlsx):kind>")
@staff(Permission.MEDICAL_READ)
def health_file(facility_id: int, kind: str) -> Response:
    """Allergies and health of the children of the day, each reading noted (S44)."""
    sheet = _sheet(facility_id)
    return sent(day_lists.health(ListKind(kind), sheet, _read_health(sheet, "la liste des allergies")))


def _sheet(facility_id: int, *, is_emergency: bool = False) -> DaySheet:
    """Raises NotFound, for the telephones of a day that the agent has no use for too."""
    if is_emergency and not _reads_phones():
        raise NotFound
    return day_sheets.day_sheet(
        facility_id,
        asked_day(),
        scope=current_user.facility_ids,
        now=now(),
        activity_id=_activity(),
        is_emergency=is_emergency,
    )


def _reads_phones() -> bool:
    return reads_phones(current_user.may, asked_day(), today())


def _activity() -> int | None:
    return request.args.get("activite", type=row_number)


def _read_health(sheet: DaySheet, place: str) -> Mapping[int, Health]:
    reading = Reading(current_user.user_id, f"{place} du {format_date(sheet.day)}, {sheet.facility}")
    return medical_readings.read([one.child_id for one in sheet.children], reading, now=now())


def _contacts(sheet: DaySheet) -> Mapping[int, tuple[Contact, ...]]:
    homes = {one.child_id: one.household_id for one in sheet.children}
    return emergency.contacts(homes, sees_secrets=current_user.may(Permission.FAMILIES_WRITE))


def _staffing_form(sheet: DaySheet) -> StaffingForm:
    return StaffingForm.of(staffing.posts_of_day(sheet.day, [sheet.facility_id]))


def _page(
    sheet: DaySheet, shown: Mapping[int, Health] | None = None, form: StaffingForm | None = None
) -> Response:
    return answer(
        "staff/day_sheets/show.html",
        "staff/day_sheets/_children.html",
        status=422 if form is not None else 200,
        sheet=sheet,
        health=shown,
        chosen=_activity(),
        address=_addresses(sheet),
        before=sheet.day - ONE_DAY,
        after=sheet.day + ONE_DAY,
        reads_phones=_reads_phones(),
        form=form or _staffing_form(sheet),
        late=late_events.late_events(sheet.facility_id, sheet.day),
        dishes=menus.of_day(sheet.facility_id, sheet.day),
    )


def _emergency_page(sheet: DaySheet, shown: Mapping[int, Health] | None = None) -> Response:
    return answer(
        "staff/day_sheets/emergency.html",
        "staff/day_sheets/_emergency.html",
        sheet=sheet,
        contacts=_contacts(sheet),
        health=shown,
        chosen=_activity(),
        address=_addresses(sheet),
    )


def _addresses(sheet: DaySheet):
    """The address of a page of this structure, on this day unless told otherwise."""

    def address(
        endpoint: str = "show", *, day: date | None = sheet.day, activity_id: int | None = None, **values: str
    ) -> str:
        return url_for(
            f"staff_day_sheets.{endpoint}",
            facility_id=sheet.facility_id,
            jour=day,
            activite=activity_id,
            **values,
        )

    return address
