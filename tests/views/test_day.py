"""The day on screen and in files: structures, adults and children, late events, whom to call (R33, R35)."""

import io
from datetime import date, datetime, timedelta

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from domain.calendar import midday
from domain.enums import AbsenceState, ActivityKind, AttendanceMark, BookingState, Channel, StaffRole
from domain.journal import action_words
from models import (
    Absence,
    Activity,
    Attendance,
    AuditEvent,
    Booking,
    BookingEvent,
    Child,
    ChildGroup,
    MealCount,
    PresenceType,
    Staffing,
)
from services.medical_readings import READ
from services.transaction import write_transaction
from tests import statements
from tests.school_family import SchoolFamily
from tests.views.reading import text

TUESDAY = date(2027, 1, 12)  # today
MOST_STATEMENTS = 17


@pytest.fixture
def family(world):
    family = SchoolFamily(world)
    family.bookings = [family.book(child, TUESDAY) for child in (family.marie, family.leo)]
    return family


def change(world, table, row, **columns) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(table).where(table.id == row.id).values(**columns))


def place(family) -> str:
    return f"/gestion/structures/{family.canteen.facility.id}"


def away(world, booking: Booking, declared_at: datetime | None = None) -> None:
    world.add(
        Absence(
            booking_id=booking.id,
            state=AbsenceState.DECLARED,
            author_name="Claire",
            declared_at=declared_at or world.now,
        )
    )


def paper(response) -> str:
    pages = pypdfium2.PdfDocument(response.data)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())


# --- The structures of a day --------------------------------------------------------------------


def test_the_structures_of_the_day(client, world, family):
    change(world, Activity, family.canteen.activity, children_per_adult=1)
    world.add(Staffing(activity_id=family.canteen.activity.id, day=TUESDAY, adults=1))
    elsewhere = world.canteen([TUESDAY], name="École Hugo")
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get("/gestion/journee")
    said = text(client)
    assert "Écoles de Cahors Cantine : il manque 1 adulte Cantine 2 enfants" in said
    assert "École Hugo Cantine 0 enfant" in said

    away(world, family.bookings[0])
    for role in (StaffRole.LEADER, StaffRole.DIRECTOR):
        client.sign_in(world.staff(role, [family.canteen.facility]))
        client.get("/gestion/journee")
        said = text(client)
        assert "il manque" not in said
        assert "1 absence Cantine 1 enfant" in said
        assert "École Hugo" not in said
        for page in ("consignes", "urgence", "listes/presents.pdf"):
            assert client.get(f"/gestion/structures/{elsewhere.facility.id}/{page}").status_code == 404
    client.get("/gestion/journee?jour=2027-01-13")
    assert "Aucune activité n’ouvre ce jour-là." in text(client)


def test_an_animator_has_no_telephones_of_days_long_over(client, world, family):
    """The sheet of whom to call is for the days around today; a director keeps it."""
    for role, status in ((StaffRole.LEADER, 404), (StaffRole.DIRECTOR, 200)):
        client.sign_in(world.staff(role, [family.canteen.facility]))
        for page in ("urgence", "listes/urgence.pdf"):
            assert client.get(f"{place(family)}/{page}?jour=2026-12-01").status_code == status
            assert client.get(f"{place(family)}/{page}").status_code == 200
        client.get(f"{place(family)}/consignes?jour=2026-12-01")
        assert ("Urgence" in text(client)) is (status == 200)


# --- Adults and children ------------------------------------------------------------------------


def test_the_ratio_is_set_in_the_forms_and_told_in_words(client, world, family):
    client.sign_in(world.staff())
    activity = family.canteen.activity
    edit = f"/gestion/structures/activites/{activity.id}/modifier"
    client.submit(edit, {"children_per_adult": "1"}, follow=True)
    assert "un adulte pour 1 enfant" in text(client)
    client.get(f"{place(family)}/consignes")
    assert "Cantine 2 enfants, 2 adultes au moins (un pour 1) adultes adultes à indiquer" in text(client)

    field = f"adultes_{activity.id}_0"
    form = "form[action*='/encadrement']"
    client.submit(f"{place(family)}/consignes", {field: "1"}, form=form, follow=True)
    assert "il manque 1 adulte" in text(client)
    client.submit(f"{place(family)}/consignes", {field: "2"}, form=form, follow=True)
    assert "encadrement suffisant" in text(client)
    client.submit(f"{place(family)}/consignes", {field: "beaucoup"}, form=form)
    assert "Indiquez un nombre entier entre 0 et 200." in text(client)
    assert world.one(Staffing).adults == 2
    client.submit(f"{place(family)}/consignes", {field: ""}, form=form, follow=True)
    assert world.all(Staffing) == []
    actions = [event.action for event in world.all(select(AuditEvent).order_by(AuditEvent.id))]
    assert actions[-3:] == ["staffing.created", "staffing.updated", "staffing.deleted"]
    assert action_words(actions[-1]) == "Suppression\u00a0: encadrement d’un jour"


def test_a_group_may_have_a_ratio_of_its_own(client, world, family):
    change(world, Activity, family.canteen.activity, children_per_adult=14)
    small = world.group(family.canteen.facility, "Les petits", children_per_adult=1)
    change(world, Booking, family.bookings[0], group_id=small.id)
    client.sign_in(world.staff(StaffRole.LEADER, [family.canteen.facility]))
    fields = {f"adultes_{family.canteen.activity.id}_{small.id}": "0"}
    client.submit(f"{place(family)}/consignes", fields, form="form[action*='/encadrement']", follow=True)
    said = text(client)
    assert "Cantine, Les petits 1 enfant, 1 adulte au moins (un pour 1) adultes il manque 1 adulte" in said
    assert "Cantine, Sans groupe 1 enfant, 1 adulte au moins (un pour 14) adultes adultes à indiquer" in said
    assert world.one(Staffing).group_id == small.id
    assert world.one(select(ChildGroup)).children_per_adult == 1


def test_the_ratio_holds_at_the_fullest_moment(client, world, family):
    """Two are booked from 12 h to 14 h; one leaves at 12 h 30, then a third comes whom nobody expected."""
    canteen = family.canteen
    change(world, Activity, canteen.activity, children_per_adult=2)
    change(world, PresenceType, canteen.meal, starts_minute=720, ends_minute=840)
    client.sign_in(world.staff())
    page = f"{place(family)}/consignes"
    client.get(page)
    assert "au plus fort, 12 h : 2 enfants, 1 adulte au moins (un pour 2)" in text(client)

    left = world.attendance(family.bookings[0], left_minute=750)
    third = world.child(family.household, "Nino")
    (opening,) = [one for one in canteen.openings if one.day == TUESDAY]
    came = world.presence(opening, family.household, third, canteen.meal, arrived_minute=760)
    client.get(page)
    assert "au plus fort, 12 h : 2 enfants (3 dans la journée), 1 adulte au moins" in text(client)
    change(world, Attendance, left, left_minute=770)
    client.get(page)
    assert "au plus fort, 12 h 40 : 3 enfants, 2 adultes au moins" in text(client)
    change(world, Attendance, came, mark=AttendanceMark.ABSENT, arrived_minute=None)
    change(world, Attendance, left, mark=AttendanceMark.ABSENT)
    client.get(page)
    assert "au plus fort, 12 h : 1 enfant, 1 adulte au moins" in text(client)


def test_nobody_is_asked_where_no_ratio_is_set(client, world, family):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(f"{place(family)}/consignes")
    assert "Encadrement" not in text(client)


# --- Late events --------------------------------------------------------------------------------


def test_what_changed_since_the_last_count(client, world, family):
    """Booked, cancelled and absent after the count are told; what the count knew is not."""
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    step = world.step(kitchen, 0, 8 * 60)
    counted = world.now - timedelta(hours=2)
    world.add(
        MealCount(kitchen_id=kitchen.id, step_id=step.id, step_name="Le matin", day=TUESDAY, taken_at=counted)
    )
    before = counted - timedelta(days=3)
    nino, tom = (world.child(family.household, name) for name in ("Nino", "Tom"))
    gone = family.book(nino, TUESDAY, BookingState.CANCELLED)
    family.book(tom, TUESDAY)
    for booking in (*family.bookings, gone):
        change(world, Booking, booking, created_at=before)
        world.add(event(booking, before, BookingState.ACCEPTED))
    world.add(event(gone, world.now, BookingState.CANCELLED))
    away(world, family.bookings[0])
    away(world, family.bookings[1], before)
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(f"{place(family)}/consignes")

    rows = [one.get_text(" ", strip=True) for one in client.page.select("#changements ~ ul li")]
    assert sorted(row.split()[1] + " " + row.split()[-1] for row in rows) == [
        "Marie absent",
        "Nino annulé",
        "Tom réservé",
    ]
    assert "Depuis le dernier relevé de la cuisine" in text(client)


def event(booking: Booking, at: datetime, state: BookingState) -> BookingEvent:
    return BookingEvent(
        booking_id=booking.id,
        household_id=booking.household_id,
        at=at,
        state=state,
        channel=Channel.PORTAL,
    )


def test_without_a_count_the_morning_begins_at_midnight(client, world, family):
    for booking in family.bookings:
        change(world, Booking, booking, created_at=midday(TUESDAY) - timedelta(days=1))
    away(world, family.bookings[0])
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(f"{place(family)}/consignes")
    assert "Depuis ce matin SOLIGNAC Marie Cantine, mardi 12 janvier, 10 h absent" in text(client)


# --- Whom to call -------------------------------------------------------------------------------


def test_the_emergency_sheet(client, world, family):
    world.pick_up(family.leo, is_emergency_contact=True)
    paul = world.guardian(
        family.household, "Paul", mobile_phone="06 11 22 33 44", work_phone="05 65 00 00 01"
    )
    hidden = world.guardian(family.household, "Zoé", mobile_phone="06 99 99 99 99", has_secret_contact=True)
    away(world, family.bookings[0])
    tom = world.child(family.household, "Tom")
    unexpected = family.book(tom, TUESDAY, BookingState.CANCELLED)
    world.attendance(unexpected)
    kept_away = world.household("DURAND")
    world.guardian(kept_away, "Luc", mobile_phone="06 55 55 55 55")
    world.share(family.leo, kept_away, is_restricted=True)
    world.health(family.leo, food_allergies="arachide")
    client.sign_in(world.staff(StaffRole.LEADER, [family.canteen.facility], can_read_medical=True))

    client.get(f"{place(family)}/urgence")

    said = text(client)
    assert "Marie" not in said  # it stays away
    assert "SOLIGNAC Léo CE2 Cantine, Repas enfant" in said
    assert "SOLIGNAC Tom sans groupe Cantine, non prévu" in said
    assert "Nadia BENALI, grand-mère 06 12 34 56 78" in said
    assert f"Paul {paul.last_name} 06 11 22 33 44 05 65 00 00 01" in said
    assert "06 99 99 99 99" not in said
    assert f"Zoé {hidden.last_name} coordonnées confidentielles, demandez au service" in said
    assert "06 55 55 55 55" not in said
    assert "arachide" not in said
    assert world.all(select(AuditEvent).where(AuditEvent.action == READ)) == []
    client.submit(f"{place(family)}/urgence", form="#enfants form")
    assert "arachide" in text(client)
    readings = world.all(select(AuditEvent).where(AuditEvent.action == READ))
    assert {one.object_id for one in readings} == {family.leo.id, tom.id}
    assert readings[0].after == {"place": "la fiche d’urgence du 12/01/2027, Écoles de Cahors"}


def test_the_office_sees_confidential_telephones(client, world, family):
    world.guardian(family.household, "Zoé", mobile_phone="06 99 99 99 99", has_secret_contact=True)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(f"{place(family)}/urgence")
    assert "06 99 99 99 99" in text(client)


# --- Files --------------------------------------------------------------------------------------


def rows(response) -> list[list]:
    assert response.status_code == 200
    return CalamineWorkbook.from_filelike(io.BytesIO(response.data)).get_sheet_by_index(0).to_python()


def test_lists_open_in_a_spreadsheet_and_start_no_formula(client, world, family):
    """R33: what a family typed stays a text, whatever it begins with."""
    change(world, Child, family.leo, diet="=1+1", diet_note="@SUM(A1)", first_name="+Léo")
    world.pick_up(family.leo, first_name="-cmd", is_emergency_contact=True)
    client.sign_in(world.staff(StaffRole.RECEPTION))

    present = rows(client.get(f"{place(family)}/listes/presents.xlsx"))
    diets = rows(client.get(f"{place(family)}/listes/regimes.xlsx"))
    called = rows(client.get(f"{place(family)}/listes/urgence.xlsx"))

    assert present[0] == ["Nom", "Prénom", "Classe", "Présence", "Régime", "Peuvent venir le chercher"]
    assert [row[1] for row in present[1:]] == ["+Léo", "Marie"]
    assert [row[4] for row in diets[1:]] == ["=1+1 (@SUM(A1))"]
    assert called[1][5] == "-cmd BENALI, grand-mère, 06 12 34 56 78"
    assert called[1][4].startswith("Claire SOLIGNAC")


def test_lists_on_paper(client, world, family):
    change(world, Child, family.leo, diet="Sans porc")
    client.sign_in(world.staff(StaffRole.RECEPTION))
    said = paper(client.get(f"{place(family)}/listes/presents.pdf"))
    assert "Enfants attendus, Écoles de Cahors" in said
    assert "Mardi 12 janvier 2027, 2" in said
    assert "Sans porc" in said
    assert "Léo" in paper(client.get(f"{place(family)}/listes/regimes.pdf"))
    world.pick_up(family.leo, is_emergency_contact=True)
    called = client.get(f"{place(family)}/listes/urgence.pdf")
    lines = pypdfium2.PdfDocument(called.data)[0].get_textpage().get_text_range().splitlines()
    assert any("06 12 34 56 78" in line.replace("\u00a0", " ") for line in lines)  # not cut
    empty = client.get(f"{place(family)}/listes/presents.pdf?jour=2027-01-13")
    assert "Aucun enfant n’est concerné ce jour-là." in paper(empty)


def test_the_list_of_allergies_is_an_act_of_who_has_the_right(client, world, family):
    world.health(family.leo, food_allergies="arachide")
    address = f"{place(family)}/consignes"
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(address)
    assert not client.page.select("form[action*='listes/sante']")
    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))

    made = client.submit(address, form="form[action*='sante.xlsx']")
    printed = client.submit(address, form="form[action*='sante.pdf']")

    assert [row[1] for row in rows(made)[1:]] == ["Léo"]
    assert "arachide" in rows(made)[1][3]
    assert "arachide" in paper(printed)
    readings = world.all(select(AuditEvent).where(AuditEvent.action == READ))
    assert len(readings) == 4  # two children, two files
    assert readings[0].after == {"place": "la liste des allergies du 12/01/2027, Écoles de Cahors"}


def test_the_day_asks_a_fixed_number_of_questions(client, world, family):
    evening = world.activity(family.canteen.facility, "Garderie", ActivityKind.EVENING, position=1)
    stay = world.presence_type(evening, "Soir")
    (opening,) = world.openings(evening, family.canteen.period, [TUESDAY])
    for number in range(20):
        child = world.child(family.household, f"Enfant {number}")
        world.guardian(family.household, f"Adulte {number}")
        family.book(child, TUESDAY)
        world.booking(family.household, child, opening, stay)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    pages = ("/gestion/journee", f"{place(family)}/urgence", f"{place(family)}/listes/urgence.xlsx")
    for page in pages:
        client.get(page)
        with statements.at_most(MOST_STATEMENTS):
            client.get(page)
    assert world.all(select(Attendance).where(Attendance.mark == AttendanceMark.PRESENT)) == []
