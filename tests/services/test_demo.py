"""The demonstration: alive on any day, coherent, and never in a real town's data."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from domain.calendar import paris_now
from domain.enums import BookingState, LineAction, LineState, Outcome
from models import (
    Activity,
    Booking,
    BookingRequestLine,
    Child,
    CustodyCalendar,
    Household,
    HouseholdChild,
    Opening,
    PresenceType,
    Resource,
    RulebookVersion,
    RuleFact,
    Schooling,
)
from queries.rules import RuleSet, rule_set
from services import demo, rulebooks
from services.demo import seed_rules
from tests.factories import World


@pytest.fixture
def make(app: Flask, tmp_path: Path):
    def fill(moment: datetime) -> None:
        app.config["CLOCK"].move_to(moment)
        with app.app_context():
            demo.ensure(moment, tmp_path)

    return fill


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 8, tzinfo=UTC),
        datetime(2027, 2, 10, 8, tzinfo=UTC),  # winter holidays
        datetime(2027, 7, 20, 8, tzinfo=UTC),  # summer
        datetime(2027, 9, 1, 8, tzinfo=UTC),  # first day of a school year
        datetime(2028, 8, 20, 8, tzinfo=UTC),  # past the last published calendar
    ],
    ids=lambda moment: moment.date().isoformat(),
)
def test_it_is_alive_on_any_day(make, world: World, moment: datetime) -> None:
    make(moment)

    assert len(world.all(Household)) == 40
    assert 60 <= len(world.all(Child)) <= 80
    assert len(world.all(Schooling)) == len(world.all(Child))
    shared = world.one(CustodyCalendar)
    assert len(world.all(select(HouseholdChild).where(HouseholdChild.child_id == shared.child_id))) == 2
    today = paris_now(moment).date()
    assert world.all(select(Opening).where(Opening.day > today))
    assert not world.all(select(Booking).where(Booking.price_cents.is_(None)))
    assert world.all(select(BookingRequestLine).where(BookingRequestLine.state == LineState.PENDING)) or (
        today.month in (7, 8)
    )


def test_its_counters_are_its_bookings_and_every_booking_has_its_request(make, world: World) -> None:
    make(datetime(2026, 11, 23, 8, tzinfo=UTC))

    with world.app.app_context():
        from extensions import db

        counted = dict(
            db.session.execute(
                select(Booking.opening_id, func.count())
                .where(Booking.state.in_((BookingState.ACCEPTED, BookingState.PENDING)))
                .group_by(Booking.opening_id)
            ).all()
        )
        unexplained = db.session.scalar(
            select(func.count())
            .select_from(Booking)
            .where(~select(BookingRequestLine.id).where(BookingRequestLine.booking_id == Booking.id).exists())
        )
    openings = world.all(Opening)
    assert all(opening.booked == counted.get(opening.id, 0) for opening in openings)
    assert any(opening.waiting for opening in openings)
    assert unexplained == 0


# --- The règlement of the demonstration ---------------------------------------------------------------------

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def on_monday(make, app: Flask):
    make(MONDAY)
    with app.app_context():
        yield


def household_named(world: World, name: str) -> Household:
    return world.one(select(Household).where(Household.name == name))


def rules_of(world: World, household: Household) -> RuleSet:
    activity_ids = [activity.id for activity in world.all(Activity)]
    type_ids = [one.id for one in world.all(PresenceType)]
    return rule_set(activity_ids, type_ids, household.id, date(2026, 9, 1), date(2027, 9, 30))


def activity_id(world: World, rule_name: str) -> int:
    return world.one(select(Activity).where(Activity.rule_name == rule_name)).id


def type_id(world: World, rule_name: str, formula: str) -> int:
    wanted = (PresenceType.activity_id == activity_id(world, rule_name), PresenceType.rule_name == formula)
    return world.one(select(PresenceType).where(*wanted)).id


def child_named(world: World, first_name: str) -> int:
    wanted = (Child.first_name == first_name, Child.last_name == "SOLIGNAC")
    return world.one(select(Child).where(*wanted)).id


def test_its_rulebook_reads_without_fault_or_doubt() -> None:
    assert rulebooks.check(seed_rules.TEXT.read_text(encoding="utf-8")).warnings == ()


@pytest.mark.usefixtures("on_monday")
def test_it_has_a_version_in_force_one_to_come_and_a_draft(world: World) -> None:
    versions = world.all(RulebookVersion)

    assert {(one.valid_from, one.valid_to, one.is_draft) for one in versions} == {
        (date(2026, 9, 1), date(2027, 8, 31), False),
        (date(2027, 9, 1), None, False),
        (None, None, True),
    }
    assert len({one.fingerprint for one in versions}) == 3
    assert world.one(Resource).size_bytes > 10_000


# Of each activity: a day, its limit (UTC), and what the règlement answers a minute later.
LIMITS = {
    "restaurant_scolaire": ("2027-01-14", "2027-01-12 08:00", Outcome.REFUSE),
    "garderie_matin": ("2027-01-12", "2027-01-08 11:00", Outcome.EXTRA),
    "garderie_soir": ("2027-01-12", "2027-01-08 11:00", Outcome.REFUSE),
    "saint_gery_mercredis": ("2027-01-20", "2027-01-14 11:00", Outcome.ON_REQUEST),
    "saint_gery_vacances": ("2027-02-08", "2027-01-23 23:00", Outcome.ON_REQUEST),
    "labastide_mercredis": ("2027-01-20", "2027-01-17 22:59", Outcome.REFUSE),
    "labastide_vacances": ("2027-02-08", "2027-02-05 22:59", Outcome.REFUSE),
}


@pytest.mark.usefixtures("on_monday")
def test_each_activity_has_its_limit(world: World) -> None:
    rules = rules_of(world, household_named(world, "SOLIGNAC"))

    def answers(rule_name: str, day: str, until: str, _: Outcome) -> tuple[str, str, Outcome]:
        ask = partial(rules.decide, activity_id(world, rule_name), LineAction.BOOK, date.fromisoformat(day))
        minute_later = datetime.fromisoformat(f"{until}+00:00") + timedelta(minutes=1)
        return day, f"{ask(MONDAY).until:%Y-%m-%d %H:%M}", ask(minute_later).outcome

    assert {name: answers(name, *expected) for name, expected in LIMITS.items()} == LIMITS


@pytest.mark.usefixtures("on_monday")
def test_it_shows_what_the_engine_can_do(world: World) -> None:
    rules = rules_of(world, household_named(world, "SOLIGNAC"))
    marie, leo = child_named(world, "Marie"), child_named(world, "Léo")
    tuesday, wednesday = date(2026, 11, 24), date(2026, 12, 9)
    wednesdays = type_id(world, "saint_gery_mercredis", "journee")
    meal = type_id(world, "restaurant_scolaire", "repas")

    late = rules.decide(activity_id(world, "garderie_matin"), LineAction.BOOK, tuesday, MONDAY)
    morning = rules.price(type_id(world, "garderie_matin", "matin"), tuesday, marie, MONDAY, late.extras)
    evening = rules.price(type_id(world, "garderie_soir", "soir"), tuesday, marie)

    assert (late.outcome, morning.cents) == (Outcome.EXTRA, 110 + 100)
    assert (evening.cents, evening.provisional) == (145, True)
    assert [rules.price(wednesdays, wednesday, child).cents for child in (marie, leo)] == [887, 887 - 40]
    assert [rules.price(meal, day, marie).cents for day in (tuesday, date(2027, 9, 2))] == [235, 235 + 10]


@pytest.mark.usefixtures("on_monday")
def test_who_works_in_the_town_pays_as_its_families_do(world: World) -> None:
    """Saffré: two euros more for who neither lives nor works there; the service states it."""

    def prices(household_id: int) -> set[int]:
        wanted = (Booking.household_id == household_id, Booking.presence_type_id == half_day)
        return {booking.price_cents for booking in world.all(select(Booking).where(*wanted))}

    half_day = type_id(world, "labastide_mercredis", "demi_journee")
    stated = {fact.household_id: fact.value for fact in world.all(RuleFact)}
    works_here = [household_id for household_id, value in stated.items() if value == "oui"]
    elsewhere = [household_id for household_id, value in stated.items() if value == "non"]

    assert len(works_here) == 1
    assert prices(works_here[0]) <= SAFFRE_HALF_DAY
    assert {cents - 200 for one in elsewhere for cents in prices(one)} <= SAFFRE_HALF_DAY


SAFFRE_HALF_DAY = {635, 660, 700, 770, 835, 915, 980, 1055, 1120, 1195, 1260, 1365, 1425, 1510}


def test_the_printed_sign_ins_open_their_spaces(make, client) -> None:
    make(datetime(2026, 11, 23, 8, tzinfo=UTC))

    for (_, email, password), home in zip(demo.SIGN_INS, ("/accueil", "/gestion", "/gestion"), strict=True):
        answer = client.submit("/", {"email": email, "password": password}, follow=True)
        assert answer.request.path == home
        client.submit(home, {}, form="/deconnexion", follow=True)


def test_it_has_its_own_folder_and_database_whatever_the_town_uses(tmp_path: Path) -> None:
    town = {"PORTAIL_INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://portail@localhost/portail"}

    settings = config.load({**town, "PORTAIL_DEMO": "1"})

    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path / 'demo' / 'portail.db'}"
    assert config.load(town)["SQLALCHEMY_DATABASE_URI"].startswith("postgresql+psycopg://")
