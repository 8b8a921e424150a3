"""Merging duplicates: everything moves, nothing is lost, both histories are read (R03)."""

import json
from datetime import date

import pytest
from sqlalchemy import func, select

from domain.enums import (
    AccountStatus,
    BookingState,
    ChangeState,
    Channel,
    CustodySplit,
    FileSection,
    SchoolLevel,
    SubjectKind,
    SwapState,
)
from domain.errors import NotFound, Refused, Stale
from domain.merging import KEPT, OTHER, MergeKind
from extensions import db
from models import (
    Attendance,
    AuditEvent,
    Authorisation,
    AuthorisationType,
    AuthorisedPerson,
    Booking,
    BookingReminder,
    ChangeLine,
    ChangeRequest,
    Child,
    CustodyCalendar,
    CustodyException,
    CustodySwap,
    Enrolment,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Invoice,
    InvoiceLine,
    MedicalRecord,
    Opening,
    Payment,
    QuotientFamilial,
    RuleFact,
    Schooling,
    User,
)
from queries import household_history, households
from queries import merges as merge_queries
from services import households as household_services
from services import merges
from services.accounts import Author
from tests.factories import weekdays
from tests.statements import recorded

TODAY = date(2027, 1, 12)


@pytest.fixture
def agent(world):
    return Author(world.staff().id)


@pytest.fixture
def merge(world, agent):
    def run(kind: MergeKind, kept, other, **answers: str) -> None:
        with world.app.app_context():
            seen = merges.fingerprint(merge_queries.compare(kind, kept.id, other.id))
            merges.merge(kind, kept.id, other.id, answers, seen=seen, author=agent, now=world.now)

    return run


def compare(world, kind: MergeKind, kept, other):
    with world.app.app_context():
        return merge_queries.compare(kind, kept.id, other.id)


def counters_equal_rows(world) -> bool:
    bookings = world.all(Booking)
    held = (BookingState.PENDING, BookingState.ACCEPTED)
    return all(
        (opening.booked, opening.waiting)
        == (
            sum(one.opening_id == opening.id and one.state in held for one in bookings),
            sum(one.opening_id == opening.id and one.state is BookingState.WAITING for one in bookings),
        )
        for opening in world.all(Opening)
    )


# --- Households -------------------------------------------------------------------------------------------


@pytest.fixture
def two_households(world):
    kept, other = world.household("BENOÎT", city="Cahors"), world.household("BENOIT", city="Pradines")
    world.guardian(kept, "Claire"), world.guardian(other, "Marc")
    world.child(kept, "Léo"), world.child(other, "Zoé")
    return kept, other


def test_everything_of_the_other_file_joins_the_kept_one(world, merge, two_households):
    kept, other = two_households
    canteen = world.canteen(weekdays(date(2027, 1, 18), date(2027, 1, 22)))
    zoe = next(one for one in world.all(Child) if one.first_name == "Zoé")
    world.booking(other, zoe, canteen.openings[0], canteen.meal)
    world.quotient(other, 622)
    merge(MergeKind.HOUSEHOLD, kept, other)
    assert {one.household_id for one in world.all(HouseholdChild)} == {kept.id}
    assert sorted(one.position for one in world.all(HouseholdGuardian)) == [1, 2]
    assert world.one(Booking).household_id == kept.id
    assert world.one(QuotientFamilial).household_id == kept.id
    assert counters_equal_rows(world)
    merged = next(one for one in world.all(Household) if one.id == other.id)
    assert merged.merged_into_id == kept.id


def test_the_values_are_those_that_were_chosen(world, merge, two_households):
    kept, other = two_households
    merge(MergeKind.HOUSEHOLD, kept, other, address=OTHER, name=KEPT)
    row = next(one for one in world.all(Household) if one.id == kept.id)
    assert (row.name, row.city) == ("BENOÎT", "Pradines")
    assert row.search_text == "benoit claire marc leo zoe"
    assert world.one(FormerAddress).city == "Cahors"


def test_two_sets_of_quotients_do_not_mix(world, merge, two_households):
    kept, other = two_households
    mine, theirs = world.quotient(kept, 500), world.quotient(other, 900)
    assert "quotient" in compare(world, MergeKind.HOUSEHOLD, kept, other).conflicts[0]
    merge(MergeKind.HOUSEHOLD, kept, other)
    assert {one.id: one.household_id for one in world.all(QuotientFamilial)} == {
        mine.id: kept.id,
        theirs.id: other.id,
    }


def test_a_fact_of_the_rules_has_one_value(world, merge, two_households):
    kept, other = two_households
    mine = world.rule_fact(kept, "agent_communal", "oui")
    world.rule_fact(other, "agent_communal", "non"), world.rule_fact(other, "hors_quotient", "oui")
    assert "agent communal" in compare(world, MergeKind.HOUSEHOLD, kept, other).conflicts[0].lower()
    merge(MergeKind.HOUSEHOLD, kept, other)
    facts = {one.name: (one.value, one.household_id) for one in world.all(RuleFact)}
    assert facts == {"agent_communal": (mine.value, kept.id), "hors_quotient": ("oui", kept.id)}
    event = next(one for one in world.all(AuditEvent) if one.action == "household.merged")
    assert event.before["left"]["rule_fact"][0]["value"] == "non"


def test_a_child_of_both_files_stands_once(world, merge, two_households):
    kept, other = two_households
    leo = next(one for one in world.all(Child) if one.first_name == "Léo")
    world.add(HouseholdChild(household_id=other.id, child_id=leo.id))
    merge(MergeKind.HOUSEHOLD, kept, other)
    assert [one.household_id for one in world.all(HouseholdChild) if one.child_id == leo.id] == [kept.id]


@pytest.mark.parametrize("is_other_restricted", [True, False])
def test_a_limited_access_to_a_child_is_never_opened(world, merge, two_households, is_other_restricted):
    kept, other = two_households
    child, elsewhere = world.child(kept, "Ana"), world.household("TIERS")
    (mine,) = [one for one in world.all(HouseholdChild) if one.child_id == child.id]
    world.share(child, other, is_restricted=is_other_restricted), world.share(child, elsewhere)
    mine.is_restricted = not is_other_restricted
    world.add(mine)
    assert "limité" in compare(world, MergeKind.HOUSEHOLD, kept, other).conflicts[0]
    merge(MergeKind.HOUSEHOLD, kept, other)
    found = {
        one.household_id: one.is_restricted for one in world.all(HouseholdChild) if one.child_id == child.id
    }
    assert found == {kept.id: True, elsewhere.id: False}


def test_the_journal_keeps_a_calendar_between_the_two_files(world, merge, two_households):
    kept, other = two_households
    leo = next(one for one in world.all(Child) if one.first_name == "Léo")
    world.share(leo, other), calendar(world, leo, kept, other)
    merge(MergeKind.HOUSEHOLD, kept, other)
    assert world.all(CustodyCalendar) == []
    event = next(one for one in world.all(AuditEvent) if one.action == "household.merged")
    assert event.before["left"]["custody_calendar"][0]["child_id"] == leo.id


def test_a_swap_between_the_two_files_ends_and_the_same_reminder_is_one(world, merge, two_households):
    kept, other = two_households
    leo = next(one for one in world.all(Child) if one.first_name == "Léo")
    facility, parent = world.facility("Une école"), world.user()
    world.share(leo, other)
    swap = world.add(
        CustodySwap(
            child_id=leo.id, household_id=kept.id, to_household_id=other.id, given_first=TODAY,
            given_last=TODAY, state=SwapState.ACCEPTED, author_user_id=parent.id, author_name="Claire",
            submission_key="k", created_at=world.now,
        )
    )  # fmt: skip
    given = world.add(
        CustodyException(
            child_id=leo.id, household_id=other.id, first_day=TODAY, last_day=TODAY, swap_id=swap.id
        )
    )
    for one in (kept, other):
        world.add(
            BookingReminder(household_id=one.id, facility_id=facility.id, week=TODAY, sent_at=world.now)
        )
    merge(MergeKind.HOUSEHOLD, kept, other)
    assert world.all(CustodySwap) == []
    assert world.one(CustodyException).id == given.id
    assert world.one(BookingReminder).household_id == kept.id


def calendar(world, child, even, odd, first: date = date(2026, 9, 1)) -> CustodyCalendar:
    return world.add(
        CustodyCalendar(
            child_id=child.id, valid_from=first, even_household_id=even.id, odd_household_id=odd.id,
            holiday_split=CustodySplit.WEEKS, summer_split=CustodySplit.WEEKS,
        )
    )  # fmt: skip


def test_both_histories_are_read_in_the_kept_file(world, merge, agent, two_households):
    kept, other = two_households
    with world.app.app_context():
        for household, city in ((kept, "Mercuès"), (other, "Lalbenque")):
            identity = household_services.read(household_services.Identity, household)
            household_services.update_household(
                household.id,
                household_services.Identity(**{**_values(identity), "city": city}),
                seen=household_services.fingerprint(identity),
                author=agent,
                now=world.now,
            )
    merge(MergeKind.HOUSEHOLD, kept, other)
    with world.app.app_context():
        file = households.household_file(kept.id, facility_ids=None, today=TODAY)
        events = household_history.events(file)
    assert [one.title for one in events].count("Dossiers fusionnés") == 1
    told = {change.after for one in events for change in one.changes}
    assert {"Mercuès", "Lalbenque"} <= told
    acts = [one for one in world.all(AuditEvent) if one.action.startswith("household.merged")]
    assert {one.household_id for one in acts} == {kept.id, other.id}
    for one in acts:
        assert (one.after["kept_id"], one.after["merged_id"]) == (kept.id, other.id)


def _values(identity) -> dict:
    return {name: getattr(identity, name) for name in identity.__dataclass_fields__}


def test_the_bills_and_the_money_of_both_files_are_one_account(world, merge, two_households):
    kept, other = two_households
    regie, january = world.regie(), date(2027, 1, 1)
    lines = [{"label": "Repas du 4 janvier", "amount_cents": 320, "child_id": world.child(other).id}]
    bill = world.invoice(regie, other, january, lines)
    world.payment(regie, other, 500)
    merge(MergeKind.HOUSEHOLD, kept, other)
    moved = world.one(select(Invoice))
    assert (moved.household_id, moved.reference, moved.total_cents) == (kept.id, bill.reference, 320)
    assert moved.recipient_name == bill.recipient_name  # the paper stays what the family received
    assert world.one(select(Payment)).household_id == kept.id


def test_a_file_merged_twice_leads_to_the_last_one(world, merge, two_households):
    kept, other = two_households
    third = world.household("BENOIST")
    merge(MergeKind.HOUSEHOLD, other, third)
    merge(MergeKind.HOUSEHOLD, kept, other)
    with world.app.app_context():
        assert merge_queries.kept_household(third.id) == kept.id


# --- Adults -----------------------------------------------------------------------------------------------


@pytest.fixture
def two_adults(world):
    first, second = world.household("ROUX"), world.household("BLANC")
    kept = world.guardian(first, "Benoît", mobile_phone="06 11 11 11 11")
    other = world.guardian(second, "Benoit", last_name="ROUX", profession="Boulanger")
    return kept, other


def test_an_adult_of_two_files_is_one_person(world, merge, two_adults):
    kept, other = two_adults
    merge(MergeKind.ADULT, kept, other, profession=OTHER)
    assert {one.guardian_id for one in world.all(HouseholdGuardian)} == {kept.id}
    row = next(one for one in world.all(Guardian) if one.id == kept.id)
    assert (row.mobile_phone, row.profession) == ("06 11 11 11 11", "Boulanger")


def test_of_two_accesses_one_stays_and_the_other_is_suspended(world, merge, two_adults):
    kept, other = two_adults
    users = [world.user(email="a@example.org"), world.user(email="b@example.org")]
    give_access(world, kept, users[0])
    give_access(world, other, users[1])
    with pytest.raises(Refused, match="accès"):
        merge(MergeKind.ADULT, kept, other)
    merge(MergeKind.ADULT, kept, other, access=OTHER)
    row = next(one for one in world.all(Guardian) if one.id == kept.id)
    assert (row.user_id, row.email) == (users[1].id, "b@example.org")
    status = {one.id: one.status for one in world.all(User)}
    assert (status[users[0].id], status[users[1].id]) == (AccountStatus.SUSPENDED, AccountStatus.ACTIVE)


def test_the_only_access_goes_with_the_person(world, merge, two_adults):
    kept, other = two_adults
    user = world.user(email="b@example.org")
    give_access(world, other, user)
    merge(MergeKind.ADULT, kept, other)
    row = next(one for one in world.all(Guardian) if one.id == kept.id)
    assert (row.user_id, row.email) == (user.id, "b@example.org")


def give_access(world, guardian, user) -> None:
    with world.app.app_context(), merges.write_transaction() as session:
        row = session.get_one(Guardian, guardian.id)
        row.user_id, row.email = user.id, user.email


# --- Children ---------------------------------------------------------------------------------------------


@pytest.fixture
def two_children(world):
    household = world.household("ROUX")
    return world.child(household, "Benoît"), world.child(household, "Benoit")


def test_a_day_booked_twice_gives_one_place_back(world, merge, two_children):
    kept, other = two_children
    household = world.one(Household)
    canteen = world.canteen(weekdays(date(2027, 1, 18), date(2027, 1, 22)), capacity=10)
    both, theirs = canteen.openings[0], canteen.openings[1]
    world.booking(household, kept, both, canteen.meal, BookingState.PENDING)
    world.booking(household, other, both, canteen.meal)
    world.booking(household, other, theirs, canteen.meal, BookingState.WAITING)
    assert "réservé deux fois" in compare(world, MergeKind.CHILD, kept, other).conflicts[0]
    merge(MergeKind.CHILD, kept, other)
    bookings = world.all(Booking)
    assert {one.child_id for one in bookings} == {kept.id}
    assert sorted(one.state for one in bookings if one.opening_id == both.id) == ["accepted", "cancelled"]
    assert counters_equal_rows(world)


def test_a_day_marked_and_billed_twice_keeps_its_bills_and_one_mark(world, merge, two_children):
    kept, other = two_children
    household, regie = world.one(Household), world.regie()
    canteen = world.canteen([date(2027, 1, 11)])
    for child in two_children:
        booking = world.booking(household, child, canteen.openings[0], canteen.meal)
        world.attendance(booking)
        lines = [{"label": "Repas du 11 janvier", "amount_cents": 320, "child_id": child.id}]
        world.invoice(regie, household, date(2027, 1, 1), lines)
    merge(MergeKind.CHILD, kept, other)
    assert [mark.child_id for mark in world.all(Attendance)] == [kept.id]
    assert [line.child_id for line in world.all(InvoiceLine)] == [kept.id, kept.id]


def test_the_same_school_year_is_the_kept_ones(world, merge, two_children):
    kept, other = two_children
    school = world.facility()
    for child, level, year in (
        (kept, SchoolLevel.CP, 2026),
        (other, SchoolLevel.CE1, 2026),
        (other, SchoolLevel.GS, 2025),
    ):
        world.add(Schooling(child_id=child.id, school_year=year, facility_id=school.id, level=level))
    assert "2026-2027" in compare(world, MergeKind.CHILD, kept, other).conflicts[0]
    merge(MergeKind.CHILD, kept, other)
    assert {one.school_year: one.level for one in world.all(Schooling)} == {2026: "CP", 2025: "GS"}
    assert {one.child_id for one in world.all(Schooling)} == {kept.id}
    (event,) = [one for one in world.all(AuditEvent) if one.action == "child.merged"]
    assert event.before["left"]["schooling"][0]["level"] == "CE1"


def test_a_household_limited_for_one_sheet_is_limited_for_both(world, merge, two_children):
    kept, other = two_children
    elsewhere = world.household("TIERS")
    world.share(kept, elsewhere), world.share(other, elsewhere, is_restricted=True)
    assert "limité" in compare(world, MergeKind.CHILD, kept, other).conflicts[0]
    merge(MergeKind.CHILD, kept, other)
    (link,) = [one for one in world.all(HouseholdChild) if one.household_id == elsewhere.id]
    assert (link.child_id, link.is_restricted) == (kept.id, True)


def test_the_custody_of_the_kept_child_counts_alone(world, merge, two_children):
    kept, other = two_children
    first, second = world.one(Household), world.household("TIERS")
    world.share(kept, second), world.share(other, second)
    mine = calendar(world, kept, first, second)
    calendar(world, other, second, first, date(2026, 11, 2))
    for child, day in ((kept, 4), (other, 4), (other, 20)):
        day = date(2027, 1, day)
        world.add(CustodyException(child_id=child.id, household_id=first.id, first_day=day, last_day=day))
    assert "calendrier de garde" in compare(world, MergeKind.CHILD, kept, other).conflicts[0]
    merge(MergeKind.CHILD, kept, other)
    assert world.one(CustodyCalendar).id == mine.id
    assert [one.first_day.day for one in world.all(CustodyException)] == [4, 20]
    event = next(one for one in world.all(AuditEvent) if one.action == "child.merged")
    assert (
        len(event.before["left"]["custody_calendar"]) == len(event.before["left"]["custody_exception"]) == 1
    )


def test_no_allergy_is_lost_and_none_is_told_in_the_journal(world, merge, two_children):
    kept, other = two_children
    for child, allergy in ((kept, "Arachide"), (other, "Œuf")):
        world.add(
            MedicalRecord(
                child_id=child.id, content=json.dumps({"food_allergies": allergy}), updated_at=world.now
            )
        )
    merge(MergeKind.CHILD, kept, other)
    record = world.one(MedicalRecord)
    assert record.child_id == kept.id
    assert json.loads(record.content) == {"food_allergies": "Arachide ; Œuf"}
    assert "Œuf" not in str([one.before for one in world.all(AuditEvent)])


def test_a_refusal_to_be_photographed_wins(world, merge, two_children):
    kept, other = two_children
    question = world.add(AuthorisationType(name="Photo"))
    for child, is_allowed in ((kept, True), (other, False)):
        world.add(
            Authorisation(
                child_id=child.id,
                type_id=question.id,
                is_allowed=is_allowed,
                author_name="C",
                given_at=world.now,
            )
        )
    merge(MergeKind.CHILD, kept, other)
    (current,) = [one for one in world.all(Authorisation) if one.ended_at is None]
    assert (current.child_id, current.is_allowed) == (kept.id, False)


def test_people_enrolments_and_pending_changes_follow(world, merge, two_children):
    kept, other = two_children
    household, user = world.one(Household), world.user()
    place = world.facility()
    world.enrol(kept, place), world.enrol(other, place)
    world.add(AuthorisedPerson(child_id=other.id, first_name="Nadia", last_name="BENALI"))
    for number, (child, wanted) in enumerate(((kept, "Ben"), (other, "Benny"))):
        request = world.add(
            ChangeRequest(
                reference=f"C-{number}", household_id=household.id, child_id=child.id,
                section=FileSection.CHILD_IDENTITY, author_user_id=user.id, author_name="C",
                channel=Channel.PORTAL, submission_key=str(number), created_at=world.now, due_at=world.now,
            )
        )  # fmt: skip
        world.add(
            ChangeLine(
                request_id=request.id, subject_kind=SubjectKind.CHILD, subject_id=child.id,
                field="first_name", wanted_value=wanted, state=ChangeState.PENDING,
            )
        )  # fmt: skip
    merge(MergeKind.CHILD, kept, other)
    assert world.one(Enrolment).child_id == kept.id
    assert world.one(AuthorisedPerson).child_id == kept.id
    lines = {one.wanted_value: (one.subject_id, one.state) for one in world.all(ChangeLine)}
    assert lines == {"Ben": (kept.id, ChangeState.PENDING), "Benny": (kept.id, ChangeState.REPLACED)}
    assert world.one(Household).search_text == "roux benoit benali nadia"


def test_a_declared_allergy_is_not_dropped_by_a_merge(world, merge, two_children):
    kept, other = two_children
    household, user = world.one(Household), world.user()
    for child, allergy in ((kept, "Lait"), (other, "Arachide")):
        wanted = {"food_allergies": (None, allergy)}
        world.change(household, user, FileSection.CHILD_MEDICAL, wanted, child=child, is_safety=True)
    with pytest.raises(Refused) as refusal:
        merge(MergeKind.CHILD, kept, other)
    assert refusal.value.code == "waiting"
    assert {one.state for one in world.all(ChangeLine)} == {ChangeState.PENDING}


# --- What every merge obeys -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(MergeKind))
def test_no_column_of_the_schema_keeps_naming_the_duplicate(world, merge, kind):
    """Also columns that are added later: each foreign key is moved, or listed as one that stays."""
    first, second = world.household("ROUX"), world.household("ROUX")
    pairs = {
        MergeKind.HOUSEHOLD: (first, second),
        MergeKind.ADULT: (world.guardian(first), world.guardian(second)),
        MergeKind.CHILD: (world.child(first), world.child(second)),
    }
    kept, other = pairs[kind]
    merge(kind, kept, other)
    with world.app.app_context():
        for table, column in merges.references(merge_queries.TABLES[kind].__tablename__):
            query = select(func.count()).select_from(table).where(table.c[column] == other.id)
            assert db.session.scalar(query) == 0, f"{table.name}.{column}"


def test_what_changed_since_the_page_was_shown_stops_the_merge(world, agent, two_households):
    kept, other = two_households
    with world.app.app_context(), pytest.raises(Stale):
        merges.merge(MergeKind.HOUSEHOLD, kept.id, other.id, {}, seen="old", author=agent, now=world.now)
    assert {one.merged_into_id for one in world.all(Household)} == {None}


def test_a_merged_file_is_not_merged_again(world, merge, two_households):
    kept, other = two_households
    merge(MergeKind.HOUSEHOLD, kept, other)
    with pytest.raises(NotFound):
        merge(MergeKind.HOUSEHOLD, kept, other)


@pytest.mark.parametrize(("kind", "table"), [(MergeKind.HOUSEHOLD, "household"), (MergeKind.CHILD, "child")])
def test_the_booked_days_are_held_before_who_booked_them(world, agent, kind, table):
    """As a validation does: the other order would be a deadlock."""
    with world.app.app_context(), recorded() as sent, pytest.raises(NotFound):
        merges.merge(kind, 987654, 987655, {}, seen="", author=agent, now=world.now)
    tables = [sentence.partition("FROM ")[2].split()[0] for sentence in sent]
    assert tables[:2] == ["opening", table]
