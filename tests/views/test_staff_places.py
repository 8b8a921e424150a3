"""Groups and parts of the day on screen: given for one day or for many, seen in the month (R11)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.capacity import DayPart
from domain.enums import BookingState, LineState
from models import Activity, BookingRequest, BookingRequestLine, ChildGroup, Enrolment, Opening, PlaceLimit
from tests.factories import weekdays
from tests.views.reading import text

HOME = "/gestion/structures"
JANUARY = weekdays(date(2027, 1, 18), date(2027, 1, 29))


@pytest.fixture
def school(world, client):
    """A canteen on JANUARY, 10 places a day, that also has mornings; the agent is signed in."""
    client.sign_in(world.staff())
    made = world.canteen(JANUARY, capacity=10)
    world.presence_type(made.activity, "Matin", parts=int(DayPart.MORNING))
    return made


def test_a_group_is_made_changed_and_shown_with_its_ages(client, world, school):
    page = f"{HOME}/{school.facility.id}"
    client.submit(f"{page}/groupes/nouveau", {"name": "Petits", "first_age": "3", "last_age": "5"})
    group = world.one(ChildGroup)
    client.get(page)
    assert "De 3 à 5 ans" in text(client)
    refused = client.submit(f"{HOME}/groupes/{group.id}/modifier", {"last_age": "2"})
    assert refused.status_code == 422
    assert "âge maximal" in text(client)
    client.submit(f"{HOME}/groupes/{group.id}/modifier", {"last_age": ""})
    client.get(page)
    assert "À partir de 3 ans" in text(client)


def test_places_of_groups_and_parts_are_given_for_a_day_and_seen_in_the_month(client, world, school):
    group = world.group(school.facility, "Petits")
    home = world.household()
    child = world.child(home)
    world.enrol(child, school.facility, group_id=group.id)
    world.booking(home, child, school.openings[0], school.meal, group_id=group.id)
    page = f"{HOME}/ouvertures/{school.openings[0].id}"
    fields = {"capacity": "10", f"limit_{group.id}_0": "1", "limit_0_4": "6"}
    answer = client.submit(page, fields, form=f"{page}/places")
    assert answer.status_code == 303
    assert [(one.group_id, one.part, one.capacity, one.booked) for one in world.all(PlaceLimit)] == [
        (group.id, 0, 1, 1),
        (None, 4, 6, 1),
    ]
    client.get(f"{HOME}/activites/{school.activity.id}/ouvertures/2027-01")
    assert "Petits : 1 sur 1" in text(client)
    assert "après-midi : 1 sur 6" in text(client)
    assert "Complet : Petits" in text(client)
    refused = client.submit(page, {f"limit_{group.id}_0": "0"}, form=f"{page}/places")
    assert refused.status_code == 422
    assert "lun. 18 janv., Petits (1 place prise)" in text(client)


def test_places_of_groups_are_given_for_a_stretch(client, world, school):
    group = world.group(school.facility, "Petits")
    client.submit(
        f"{HOME}/activites/{school.activity.id}/ouvertures/places",
        {"first": "2027-01-18", "last": "2027-01-22", "capacity": "10", f"limit_{group.id}_0": "4"},
    )
    assert {one.capacity for one in world.all(PlaceLimit)} == {4}
    limited = sorted(one.day for one in world.all(Opening) if one.has_limits)
    assert limited == [day for day in JANUARY if day <= date(2027, 1, 22)]


def test_the_waiting_list_of_an_activity_is_set_on_its_page(client, world, school):
    page = f"{HOME}/activites/{school.activity.id}"
    client.submit(f"{page}/modifier", {"has_waiting_list": "y", "waiting_places": "5", "offer_hours": "48"})
    row = world.one(Activity)
    assert (row.has_waiting_list, row.waiting_places, row.offer_hours) == (True, 5, 48)
    client.get(page)
    assert "oui, 5 enfants au plus" in text(client)
    assert "48 heures" in text(client)


def test_a_child_is_placed_in_a_group_by_its_enrolment(client, world, school):
    group = world.group(school.facility, "Petits")
    other = world.group(world.facility("Ailleurs"), "Moyens")
    home = world.household()
    child = world.child(home)
    enrolment = world.enrol(child, school.facility)
    page = f"/gestion/familles/{home.id}/inscriptions/{enrolment.id}/modifier"
    assert client.submit(page, {"group_id": str(other.id)}).status_code == 422
    assert "Ce groupe n’est pas de cette structure" in text(client)
    client.submit(page, {"group_id": str(group.id)})
    assert world.one(select(Enrolment)).group_id == group.id
    client.get(f"/gestion/familles/{home.id}/enfants/{child.id}")
    assert "Petits" in text(client)


def test_an_offered_line_is_told_to_the_service_and_not_decided(client, world, school):
    home = world.household()
    parent, child = world.parent(home), world.child(home)
    booking = world.booking(home, child, school.openings[0], school.meal, BookingState.OFFERED)
    request = world.add(
        BookingRequest(
            reference="R-AAAA-AAAA",
            household_id=home.id,
            author_user_id=parent.id,
            author_name="Claire SOLIGNAC",
            channel="portal",
            created_at=world.now,
        )
    )
    world.add(
        BookingRequestLine(
            request_id=request.id,
            booking_id=booking.id,
            child_id=child.id,
            facility_id=school.facility.id,
            opening_id=school.openings[0].id,
            presence_type_id=school.meal.id,
            day=school.openings[0].day,
            action="book",
            state=LineState.WAITING,
            price_cents=320,
        )
    )
    client.get("/gestion/demandes/R-AAAA-AAAA")
    assert "place proposée à la famille jusqu’au mercredi 13 janvier" in text(client)
    assert not client.page.select('input[name="lines"]')
