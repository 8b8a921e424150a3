"""The demonstration: alive on any day, coherent, and never in a real town's data."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from domain.calendar import paris_now
from domain.enums import (
    BookingState,
    ChangeState,
    DocumentState,
    EnrolmentState,
    FileSection,
    LineAction,
    LineState,
    Outcome,
    StaffRole,
)
from domain.family_file import CONTROL_TIME
from domain.workflow import PLACE_HOLDING_STATES
from models import (
    Activity,
    Attendance,
    Authorisation,
    Booking,
    BookingRequestLine,
    Certification,
    ChangeLine,
    ChangeRequest,
    Child,
    CustodyCalendar,
    Document,
    DocumentPage,
    EnrolmentRequest,
    Guardian,
    Household,
    HouseholdChild,
    MedicalRecord,
    Opening,
    PresenceType,
    Resource,
    RulebookVersion,
    RuleFact,
    Schooling,
    StaffMember,
)
from queries.rules import RuleSet, rule_set
from services import demo, rulebooks
from services.demo import seed_rules
from tests.books import assert_history_explains
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
        *(
            pytest.param(datetime(*day, 8, tzinfo=UTC), marks=pytest.mark.load)
            for day in (
                (2027, 2, 10),  # winter holidays
                (2027, 7, 20),  # summer
                (2027, 9, 1),  # first day of a school year
                (2028, 8, 20),  # past the last published calendar
            )
        ),
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
    assert len(waiting_changes(world)) == 4
    late = {request.section for request in waiting_changes(world) if request.due_at < moment}
    assert late == {FileSection.HOUSEHOLD_ADDRESS, FileSection.CHILD_MEDICAL}
    assert len(documents_in(world, DocumentState.SUBMITTED)) == 5


def waiting_changes(world: World) -> list[ChangeRequest]:
    waiting = select(ChangeLine.request_id).where(ChangeLine.state == ChangeState.PENDING)
    return world.all(select(ChangeRequest).where(ChangeRequest.id.in_(waiting)))


def documents_in(world: World, state: DocumentState) -> list[Document]:
    return world.all(select(Document).where(Document.state == state, Document.file_key.is_not(None)))


def test_its_counters_are_its_bookings_and_every_booking_has_its_request(make, world: World) -> None:
    make(datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert_history_explains(world)

    with world.app.app_context():
        from extensions import db

        counted = dict(
            db.session.execute(
                select(Booking.opening_id, func.count())
                .where(Booking.state.in_(PLACE_HOLDING_STATES))
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


def test_an_enrolment_waits_for_the_service(make, world: World) -> None:
    make(datetime(2026, 11, 23, 8, tzinfo=UTC))
    request = world.one(EnrolmentRequest)
    assert request.state is EnrolmentState.PENDING
    assert "Fiche d’inscription signée" in " ".join(request.unmet)


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


@pytest.mark.load  # the whole demonstration, made once more
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


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_each_activity_has_its_limit(world: World) -> None:
    rules = rules_of(world, household_named(world, "SOLIGNAC"))

    def answers(rule_name: str, day: str, until: str, _: Outcome) -> tuple[str, str, Outcome]:
        ask = partial(rules.decide, activity_id(world, rule_name), LineAction.BOOK, date.fromisoformat(day))
        minute_later = datetime.fromisoformat(f"{until}+00:00") + timedelta(minutes=1)
        return day, f"{ask(MONDAY).until:%Y-%m-%d %H:%M}", ask(minute_later).outcome

    assert {name: answers(name, *expected) for name, expected in LIMITS.items()} == LIMITS


@pytest.mark.load  # the whole demonstration, made once more
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


@pytest.mark.load  # the whole demonstration, made once more
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


def test_the_printed_sign_ins_open_their_spaces(make, app, client, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "STAFF_NEED_CODES", False)  # as in every demonstration
    make(datetime(2026, 11, 23, 8, tzinfo=UTC))

    homes = ("/accueil", "/accueil", "/gestion", "/gestion")
    for (_, email, password), home in zip(demo.SIGN_INS, homes, strict=True):
        answer = client.submit("/", {"email": email, "password": password}, follow=True)
        assert answer.request.path == home
        client.submit(home, {}, form="/deconnexion", follow=True)


# --- The family file of the demonstration -------------------------------------------------------------------


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_each_child_has_its_answers_and_some_have_sealed_health(world: World) -> None:
    answered = {one.child_id for one in world.all(Authorisation)}

    assert answered == {one.id for one in world.all(Child)}
    health = {one.child_id: one.content for one in world.all(MedicalRecord)}
    assert len(health) == 6
    assert "Arachides" in health[child_named(world, "Léo")]


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_the_agent_reads_health_and_the_administrator_does_not(world: World) -> None:
    rights = {one.role: one.can_read_medical for one in world.all(StaffMember)}

    assert rights == {
        StaffRole.RECEPTION: True,
        StaffRole.ADMINISTRATOR: False,
        StaffRole.DIRECTOR: False,
    }


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_most_files_are_confirmed_and_one_no_longer_is(world: World) -> None:
    given = world.all(Certification)
    today = paris_now(MONDAY).date()

    assert 30 <= sum(one.valid_until >= today for one in given) < 40
    assert [one.valid_until for one in given if one.valid_until < today] == [date(2026, 8, 31)]


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_documents_have_their_pages_and_a_refusal_has_its_reason(world: World) -> None:
    waiting, refused = (
        documents_in(world, DocumentState.SUBMITTED),
        documents_in(world, DocumentState.REFUSED),
    )
    pages = {one.document_id for one in world.all(DocumentPage)}

    assert {one.id for one in (*waiting, *refused)} <= pages
    assert [one.reason for one in refused] == ["L’attestation est au nom de Marie. Envoyez celle de Léo."]
    assert all(one.due_at - one.submitted_at == CONTROL_TIME for one in waiting)


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_a_refused_change_is_told_with_its_reason(world: World) -> None:
    refused = world.one(select(ChangeLine).where(ChangeLine.state == ChangeState.REFUSED))

    assert (refused.subject_id, refused.field) == (child_named(world, "Marie"), "last_name")
    assert "acte de naissance" in refused.reason


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_every_name_leads_to_its_file(world: World) -> None:
    """Those who fetch children too (R03)."""
    household = household_named(world, "SOLIGNAC")
    adults = world.all(select(Guardian).where(Guardian.last_name == "SOLIGNAC"))

    assert {"claire", "paul", "marie", "leo"} <= set(household.search_text.split())
    assert all(one.user_id is not None for one in adults)


def test_it_has_its_own_folder_database_and_keys_whatever_the_town_uses(tmp_path: Path) -> None:
    town = {
        "PORTAIL_INSTANCE": str(tmp_path),
        "DATABASE_URL": "postgresql://portail@localhost/portail",
        "PORTAIL_KEYS": str(tmp_path / "town_keys"),
        "PORTAIL_CLAMD": "/run/clamav/clamd.ctl",
    }

    settings = config.load({**town, "PORTAIL_DEMO": "1"})

    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path / 'demo' / 'portail.db'}"
    assert settings["SEALING_KEYS"] == tmp_path / "demo" / "sealing_keys"
    assert settings["CLAMD"] == ""
    assert config.load(town)["SQLALCHEMY_DATABASE_URI"].startswith("postgresql+psycopg://")
    assert config.load(town)["SEALING_KEYS"] == tmp_path / "town_keys"


@pytest.mark.load  # the whole demonstration, made once more
@pytest.mark.usefixtures("on_monday")
def test_its_past_days_are_marked_but_two(world: World) -> None:
    today = paris_now(MONDAY).date()
    past = select(Booking).where(Booking.day < today, Booking.state == BookingState.ACCEPTED)
    marked = {row.booking_id for row in world.all(Attendance)}
    assert sum(one.id not in marked for one in world.all(past)) == 2
