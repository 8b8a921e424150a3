"""« Pointage » on a phone: one tap a child, with and without JavaScript (R30)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import AttendanceMark, BookingState, RunState, StaffRole
from models import Attendance, BillingRun, Booking
from services.transaction import write_transaction
from tests import statements
from tests.school_family import SchoolFamily, words
from tests.swap import assert_swap_equals_reload
from tests.views.reading import text

MONDAY, TUESDAY, THURSDAY = date(2027, 1, 11), date(2027, 1, 12), date(2027, 1, 14)
POST_FORM = 'main form[method="post"]'
MOST_STATEMENTS = 16
MOST_BYTES_A_CHILD = 1100


@pytest.fixture
def family(world):
    family = SchoolFamily(world)
    family.book(family.leo, TUESDAY)
    family.book(family.marie, TUESDAY)
    return family


@pytest.fixture
def agent(client, world, family):
    user = world.staff(StaffRole.DIRECTOR, [family.canteen.facility])
    client.sign_in(user)
    return user


def address(family, day=TUESDAY):
    return f"/gestion/pointage/{family.canteen.activity.id}/{day}"


def tap(client, family, child, mark, **options):
    button = ("marque", f"{child.id}:{mark}")
    return client.submit(address(family), form="#pointage", button=button, **options)


def marks(world):
    return {row.child_id: row.mark for row in world.all(Attendance)}


def pressed(client):
    return [one["aria-label"] for one in client.page.select('#pointage [aria-pressed="true"]')]


@pytest.mark.usefixtures("agent")
def test_one_tap_a_child_without_javascript(client, world, family):
    tap(client, family, family.leo, "present", follow=True)
    assert pressed(client) == ["Présent, SOLIGNAC Léo"]
    assert words(client.page.find(id="compte")).startswith("1 enfant à pointer 1 présent · 0 absent")

    tap(client, family, family.leo, "absent", follow=True)
    assert pressed(client) == ["Absent, SOLIGNAC Léo"]
    assert marks(world) == {family.leo.id: AttendanceMark.ABSENT}


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("mark", ["present", "absent"])
def test_the_swapped_row_and_counts_are_those_of_the_page_read_afresh(client, family, mark):
    button = ("marque", f"{family.leo.id}:{mark}")
    assert_swap_equals_reload(client, address(family), form="#pointage", button=button)
    assert_swap_equals_reload(client, address(family), form="#pointage", button=button)
    last = ("marque", f"{family.marie.id}:present")
    assert_swap_equals_reload(client, address(family), form="#pointage", button=last)
    assert "Tout est pointé" in text(client)


@pytest.mark.usefixtures("agent")
def test_the_rest_in_one_tap(client, world, family):
    tap(client, family, family.leo, "absent")
    client.submit(address(family), form="#compte form", follow=True)
    assert "1 enfant pointé." in text(client)
    assert marks(world) == {
        family.leo.id: AttendanceMark.ABSENT,
        family.marie.id: AttendanceMark.PRESENT,
    }


@pytest.mark.usefixtures("agent")
def test_the_list_says_diet_health_and_what_waits(client, world, family):
    world.health(family.leo, food_allergies="arachide")
    family.book(world.child(family.household, "Tom"), TUESDAY, BookingState.PENDING)
    client.get(address(family))
    assert "fiche santé" in words(client.page.find(id=f"enfant-{family.leo.id}"))
    assert "fiche santé" not in words(client.page.find(id=f"enfant-{family.marie.id}"))
    assert "arachide" not in text(client)
    titles = [words(one) for one in client.page.select("#pointage h2")]
    assert titles == ["CE2", "Demandes en attente de réponse"]


@pytest.mark.usefixtures("agent")
def test_times_and_a_note_then_the_mark_taken_back(client, world, family):
    page = f"{address(family)}/enfants/{family.leo.id}"
    world.pick_up(family.leo)
    client.get(page)
    assert "Peuvent venir le chercher : Nadia BENALI." in text(client)

    late = {"arrivee": "16 h 30", "depart": "8:05"}
    answer = client.submit(page, late, form=page)
    assert answer.status_code == 422
    assert "Le départ ne peut pas précéder l’arrivée" in text(client)
    client.submit(
        page, {"arrivee": "8 h 05", "depart": "16:30", "remarque": "tousse"}, form=page, follow=True
    )

    assert "8 h 05 – 16 h 30 · tousse" in words(client.page.find(id=f"enfant-{family.leo.id}"))
    client.submit(page, form=f"{page}/retirer", follow=True)
    assert "Léo : le pointage est retiré." in text(client)
    assert marks(world) == {}


@pytest.mark.usefixtures("agent")
def test_an_unexpected_child_is_chosen_among_those_enrolled(client, world, family):
    tom = world.child(family.household, "Tom")
    world.enrol(tom, family.canteen.facility)
    world.child(family.household, "Zoé")
    page = f"{address(family)}/enfant-non-prevu"
    answer = client.submit(page, form=POST_FORM, forged={"enfant": "", "presence": ""})
    assert answer.status_code == 422
    assert "Zoé" not in text(client)

    client.submit(page, {"enfant": str(tom.id)}, form=POST_FORM, follow=True)

    assert "Enfants non prévus" in text(client)
    assert world.one(select(Attendance)).child_id == tom.id


def test_reception_finds_every_child_of_the_town(client, world, family):
    other = world.household("MARTY", search_text="marty zoe")
    zoe = world.child(other, "Zoé")
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(f"{address(family)}/enfant-non-prevu?q=zoe marty")
    assert [one["value"] for one in client.page.select('input[name="enfant"]')] == [str(zoe.id)]


@pytest.mark.usefixtures("agent")
def test_a_day_to_come_or_billed_is_read_only(client, world, family):
    family.book(family.leo, THURSDAY)
    client.get(address(family, THURSDAY))
    assert "Ce jour n’est pas encore là" in text(client)
    assert client.page.select("#pointage button") == []

    client.get(address(family))
    regie = world.regie("Régie", family.canteen.activity)
    world.add(
        BillingRun(
            regie_id=regie.id,
            month=date(2027, 1, 1),
            state=RunState.ISSUED,
            author_name="Agnès",
            drafted_at=world.now,
            issued_at=world.now,
        )
    )
    button = {"marque": f"{family.leo.id}:present"}
    token = client.page.select_one('#pointage input[name="csrf_token"]')["value"]
    answer = client.post(address(family), data=button | {"csrf_token": token})
    assert answer.status_code == 422
    assert "Les factures de janvier 2027 sont émises" in text(client)
    client.get(address(family))
    assert "le pointage ne change plus" in text(client)


@pytest.mark.usefixtures("agent")
def test_a_booking_that_ended_meanwhile_is_stale(client, world, family):
    client.get(address(family))
    token = client.page.select_one('#pointage input[name="csrf_token"]')["value"]
    with world.app.app_context(), write_transaction() as session:
        for booking in session.scalars(select(Booking).where(Booking.child_id == family.leo.id)):
            booking.state = BookingState.CANCELLED
    button = {"marque": f"{family.leo.id}:present", "csrf_token": token}
    answer = client.post(address(family), data=button)
    assert answer.status_code == 409
    assert "n’est plus attendu" in text(client)


def test_another_structure_and_closed_days_lead_nowhere(client, world, family):
    client.sign_in(world.staff(StaffRole.DIRECTOR, [world.facility("ALSH")]))
    assert client.get(address(family)).status_code == 404
    client.sign_in(world.staff(StaffRole.RECEPTION))
    assert client.get(address(family, date(2027, 1, 16))).status_code == 404
    assert client.get(f"/gestion/pointage/{family.canteen.activity.id}/demain").status_code == 404


@pytest.mark.usefixtures("agent")
def test_the_way_there_and_what_was_forgotten(client, family):
    family.book(family.leo, MONDAY)
    client.get("/gestion")
    assert "2 enfants à pointer aujourd’hui" in text(client)
    client.get(f"/gestion/structures/{family.canteen.facility.id}/consignes?jour={TUESDAY}")
    assert client.page.select_one('a[href^="/gestion/pointage"]')
    client.get("/gestion/pointage")
    assert "2 enfants attendus, 2 à pointer" in text(client)
    assert "lundi 11 janvier, Cantine" in text(client)


@pytest.mark.usefixtures("agent")
def test_a_hundred_children_weigh_and_ask_no_more_than_two(client, world, family):
    with statements.at_most(MOST_STATEMENTS):
        light = len(client.get(address(family)).data)
    for number in range(20):
        family.book(world.child(family.household, f"Enfant {number}"), TUESDAY)
    with statements.at_most(MOST_STATEMENTS):
        heavy = len(client.get(address(family)).data)
    assert (heavy - light) / 20 <= MOST_BYTES_A_CHILD
