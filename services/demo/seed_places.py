"""Groups and waiting lists of the demonstration: two groups at Saint-Géry, a full Wednesday, a place offered
to the main family (R11, R18)."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain import references
from domain.calendar import paris_now
from domain.enums import BookingState, LineAction, LineState
from models import Activity, Booking, BookingRequest, BookingRequestLine, ChildGroup, Enrolment, Opening
from queries.rules import rule_set
from services import booking_life, places, waiting_lists
from services.booking_life import Actor
from services.demo import families, town
from services.demo.seed_people import Family
from services.demo.seed_town import Place
from services.places import LimitKey

CENTRE = town.FACILITIES[1].name
# As the enrolments at the centre name them, with their ages.
GROUPS = (("3-5 ans", 3, 5), ("6-11 ans", 6, 11))
PLACES = {"3-5 ans": 10, "6-11 ans": 14}
SOON, FAR = timedelta(days=16), timedelta(days=45)


def write_places(session: Session, households: list[Family], facilities: list[Place], now: datetime) -> None:
    """After the bookings: their groups, the places of each, and who waits."""
    wednesdays = next(
        place for place in facilities if place.facility.name == CENTRE and place.spec.days == "wednesday"
    )
    groups = {spec[0]: _write_group(session, wednesdays, *spec) for spec in GROUPS}
    session.execute(
        update(Activity).where(Activity.id == wednesdays.activity.id).values(has_waiting_list=True)
    )
    today = paris_now(now).date()
    limits = {LimitKey(groups[name], 0): count for name, count in PLACES.items()}
    to_come = {day: opening_id for day, opening_id in wednesdays.openings.items() if day >= today}
    places.lock(session, list(to_come.values()))
    for opening_id in to_come.values():
        _limit(session, opening_id, limits)
    big = LimitKey(groups["6-11 ans"], 0)
    soon = [opening_id for day, opening_id in to_come.items() if today + SOON <= day <= today + FAR]
    for opening_id, waiting in zip(soon[:2], (3, 1), strict=False):
        _fill(session, opening_id, big, limits)
        for who in list(_who_may_wait(session, households, opening_id, big))[:waiting]:
            _ask(session, who, wednesdays, opening_id, big, now)
    if len(soon) > 1:  # somebody gave a place back: it is offered to the main family
        _limit(session, soon[1], limits)
        waiting_lists.serve(session, [soon[1]], now)


def _write_group(session: Session, place: Place, name: str, first: int, last: int) -> int:
    group = ChildGroup(
        facility_id=place.facility.id, name=name, first_age=first, last_age=last, position=first
    )
    session.add(group)
    session.flush()
    enrolled = (Enrolment.facility_id == place.facility.id, Enrolment.group_name == name)
    session.execute(update(Enrolment).where(*enrolled).values(group_id=group.id, group_name=""))
    children = select(Enrolment.child_id).where(Enrolment.group_id == group.id)
    activities = select(Activity.id).where(Activity.facility_id == place.facility.id)
    session.execute(
        update(Booking)
        .where(Booking.activity_id.in_(activities), Booking.child_id.in_(children))
        .values(group_id=group.id)
    )
    return group.id


def _limit(session: Session, opening_id: int, limits: dict[LimitKey, int]) -> None:
    """These places, or as many as are taken already."""
    taken = {one.key: one.booked for one in places.set_limits(session, [opening_id], limits)}
    if taken:
        places.set_limits(session, [opening_id], limits | taken)


def _fill(session: Session, opening_id: int, key: LimitKey, limits: dict[LimitKey, int]) -> None:
    """Leave the group no free place that day."""
    _limit(session, opening_id, limits | {key: 0})


def _who_may_wait(
    session: Session, households: list[Family], opening_id: int, key: LimitKey
) -> Iterator[tuple[Family, int]]:
    """The children of the group who are not there that day, those of the main family first."""
    there = set(session.scalars(select(Booking.child_id).where(Booking.opening_id == opening_id)))
    of_group = set(session.scalars(select(Enrolment.child_id).where(Enrolment.group_id == key.group_id)))
    for family in sorted(households, key=lambda one: one.spec.name != families.MAIN_FAMILY):
        yield from ((family, child_id) for child_id in family.child_ids if child_id in of_group - there)


def _ask(
    session: Session, who: tuple[Family, int], place: Place, opening_id: int, key: LimitKey, now: datetime
) -> None:
    """A request of yesterday that waits."""
    family, child_id = who
    asked_at, presence = now - timedelta(hours=20), place.presence_types[0]
    opening = session.get_one(Opening, opening_id)
    rules = rule_set([place.activity.id], [presence.id], family.household.id, opening.day, opening.day)
    price = rules.price(presence.id, opening.day, child_id)
    request = BookingRequest(
        reference=references.make_reference(secrets.token_bytes(8)),
        household_id=family.household.id,
        author_user_id=family.author.user.id,
        author_name=family.author.name,
        channel=family.author.channel,
        created_at=asked_at,
    )
    booking = Booking(
        household_id=family.household.id,
        child_id=child_id,
        opening_id=opening_id,
        activity_id=place.activity.id,
        presence_type_id=presence.id,
        group_id=key.group_id,
        day=opening.day,
        state=BookingState.WAITING,
        price_cents=price.cents,
        created_at=asked_at,
        updated_at=asked_at,
    )
    session.add(request)
    actor = Actor(family.author.user.id, family.author.name, family.author.channel)
    booking_life.begin(session, [booking], actor, asked_at)
    places.wait(session, opening_id)
    session.add(
        BookingRequestLine(
            request_id=request.id,
            booking_id=booking.id,
            child_id=child_id,
            facility_id=place.facility.id,
            opening_id=opening_id,
            presence_type_id=presence.id,
            day=opening.day,
            action=LineAction.BOOK,
            state=LineState.WAITING,
            price_cents=price.cents,
            explanation=list(price.explanation),
        )
    )
    session.flush()
