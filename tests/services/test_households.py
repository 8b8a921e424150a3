"""The family file: created whole, searched, changed with a trace, never overwritten (S01, S05, S06, S115)."""

from datetime import date

import pytest

from domain.enums import Channel, DocumentOwner, DocumentState, Residency
from domain.errors import NotFound, Refused, Stale
from models import (
    AuditEvent,
    Child,
    Document,
    DocumentCategory,
    Enrolment,
    Guardian,
    Household,
    HouseholdGuardian,
    QuotientFamilial,
)
from services import households
from services.accounts import Author
from tests.factories import World

IDENTITY = households.Identity(name="Benoît-Lebrun", residency=Residency.RESIDENT, city="Cahors")
CLAIRE = households.Adult(first_name="Claire", last_name="Benoît", email="claire@example.org")
LEO = households.ChildIdentity("Léo", "Benoît-Lebrun", date(2019, 5, 4))
YEAR = (date(2026, 9, 1), date(2027, 8, 31))


@pytest.fixture
def agent(world: World) -> Author:
    return Author(world.staff().id, Channel.PHONE)


@pytest.fixture(autouse=True)
def _context(app):
    with app.app_context():
        yield


def create(world: World, agent: Author, **parts) -> int:
    values = {"identity": IDENTITY, "adults": (CLAIRE,)}
    return households.create_household(households.NewHousehold(**values | parts), author=agent, now=world.now)


def seen_of(kind: type, row) -> str:
    return households.fingerprint(households.read(kind, row))


def test_create_writes_the_whole_file_and_its_journal(world: World, agent: Author) -> None:
    facility = world.facility()
    child = households.NewChild(LEO, (households.Placement(facility.id, *YEAR, "CE1"),))
    quotient = households.Quotient(62250, date(2027, 1, 1), "Attestation CAF")

    household_id = create(world, agent, children=(child,), quotient=quotient)

    household = world.one(Household)
    assert (household.id, household.name, household.number) == (household_id, "Benoît-Lebrun", 1001)
    assert household.search_text == "benoit lebrun claire leo"
    assert world.one(Guardian).email == "claire@example.org"
    assert world.one(Child).birth_date == date(2019, 5, 4)
    assert (world.one(Enrolment).group_name, world.one(Enrolment).facility_id) == ("CE1", facility.id)
    assert world.one(QuotientFamilial).value_hundredths == 62250
    events = world.all(AuditEvent)
    assert {event.action for event in events} == {
        "household.created",
        "guardian.added",
        "child.added",
        "enrolment.added",
        "quotient_familial.added",
    }
    for event in events:
        assert (event.actor_user_id, event.channel) == (agent.user_id, Channel.PHONE)
        assert event.household_id == household_id


def test_numbers_follow_the_highest(world: World, agent: Author) -> None:
    world.household(number=2041)

    create(world, agent)

    assert {household.number for household in world.all(Household)} == {2041, 2042}


@pytest.mark.parametrize(
    "again",
    [
        {"adults": (households.Adult("CLAIRE", "BENOIT"),)},
        {
            "adults": (households.Adult("Paul", "Durand"),),
            "children": (
                households.NewChild(households.ChildIdentity("Leo", "Benoit Lebrun", LEO.birth_date)),
            ),
        },
    ],
)
def test_a_family_that_has_a_file_is_not_created_twice(world: World, agent: Author, again: dict) -> None:
    first = create(world, agent, children=(households.NewChild(LEO),))

    with pytest.raises(households.Duplicates) as refusal:
        create(world, agent, **again)

    assert [found[0] for found in refusal.value.found] == [first]
    assert len(world.all(Household)) == 1


def test_namesakes_can_be_created_on_purpose(world: World, agent: Author) -> None:
    create(world, agent)
    other = households.Adult("Claire", "Benoît", email="autre@example.org")

    households.create_household(
        households.NewHousehold(IDENTITY, (other,)), author=agent, now=world.now, despite_duplicates=True
    )

    assert len(world.all(Household)) == 2


def test_a_child_of_the_same_name_born_another_day_is_another_child(world: World, agent: Author) -> None:
    create(world, agent, children=(households.NewChild(LEO),))
    cousin = households.ChildIdentity("Léo", "Benoît-Lebrun", date(2020, 1, 1))

    create(
        world,
        agent,
        adults=(households.Adult("Anne", "Benoît"),),
        children=(households.NewChild(cousin),),
    )

    assert len(world.all(Household)) == 2


def test_a_refused_creation_leaves_nothing(world: World, agent: Author) -> None:
    create(world, agent)
    twin_mail = households.Adult("Paul", "Durand", email="claire@example.org")

    with pytest.raises(households.EmailUsed) as refusal:
        create(world, agent, adults=(twin_mail,))

    assert "Claire Benoît" in refusal.value.message
    assert len(world.all(Household)) == len(world.all(Guardian)) == 1


def test_the_address_of_an_agent_is_not_free_for_a_parent(world: World, agent: Author) -> None:
    world.user("agnes@example.org")

    with pytest.raises(households.EmailUsed):
        create(world, agent, adults=(households.Adult("Agnès", "Roux", email="agnes@example.org"),))


def test_two_adults_of_one_family_do_not_share_an_address(world: World, agent: Author) -> None:
    with pytest.raises(households.EmailUsed):
        create(world, agent, adults=(CLAIRE, households.Adult("Paul", "Durand", email=CLAIRE.email)))


def test_an_update_tells_only_what_changed(world: World, agent: Author) -> None:
    household = world.household(name="SOLIGNAC", city="Cahors")
    identity = households.read(households.Identity, household)
    moved = households.Identity(
        name="SOLIGNAC",
        residency=Residency.NON_RESIDENT,
        address=identity.address,
        postcode="46090",
        city="Pradines",
    )

    households.update_household(
        household.id, moved, seen=households.fingerprint(identity), author=agent, now=world.now
    )

    event = world.one(AuditEvent)
    assert event.before == {"residency": "resident", "postcode": "46000", "city": "Cahors"}
    assert event.after == {"residency": "non_resident", "postcode": "46090", "city": "Pradines"}
    assert (event.action, event.household_id, event.channel) == (
        "household.updated",
        household.id,
        Channel.PHONE,
    )
    assert world.one(Household).city == "Pradines"


def test_an_update_that_changes_nothing_is_not_told(world: World, agent: Author) -> None:
    household = world.household()
    identity = households.read(households.Identity, household)

    households.update_household(
        household.id, identity, seen=households.fingerprint(identity), author=agent, now=world.now
    )

    assert world.all(AuditEvent) == []


def test_a_colleague_s_change_is_not_overwritten(world: World, agent: Author) -> None:
    household = world.household()
    identity = households.read(households.Identity, household)
    seen = households.fingerprint(identity)
    first = households.Identity(name="SOLIGNAC", residency=Residency.RESIDENT, city="Pradines")
    households.update_household(household.id, first, seen=seen, author=agent, now=world.now)

    with pytest.raises(Stale):
        households.update_household(household.id, identity, seen=seen, author=agent, now=world.now)

    assert world.one(Household).city == "Pradines"


def test_adults_are_added_after_the_others(world: World, agent: Author) -> None:
    household_id = create(world, agent)

    households.add_adult(household_id, households.Adult("Paul", "Durand"), author=agent, now=world.now)

    assert [row.position for row in world.all(HouseholdGuardian)] == [1, 2]
    assert world.one(Household).search_text == "benoit lebrun claire durand paul"


def test_an_address_that_signs_in_is_not_changed_with_the_file(world: World, agent: Author) -> None:
    household = world.household()
    world.parent(household, email="claire@example.org")
    guardian = world.one(Guardian)
    changed = households.Adult("Claire", "SOLIGNAC", email="autre@example.org")

    with pytest.raises(Refused) as refusal:
        households.update_adult(
            household.id,
            guardian.id,
            changed,
            seen=seen_of(households.Adult, guardian),
            author=agent,
            now=world.now,
        )

    assert refusal.value.code == "email_signs_in"


def test_people_of_another_household_are_not_found(world: World, agent: Author) -> None:
    mine, theirs = world.household(), world.household("ROUX")
    guardian, child = world.guardian(theirs), world.child(theirs)
    enrolment = world.enrol(child, world.facility())
    act = {"author": agent, "now": world.now}

    with pytest.raises(NotFound):
        households.update_adult(mine.id, guardian.id, CLAIRE, seen="", **act)
    with pytest.raises(NotFound):
        households.update_child(mine.id, child.id, LEO, seen="", **act)
    with pytest.raises(NotFound):
        households.update_enrolment(mine.id, enrolment.id, households.Placement(1, *YEAR), seen="", **act)


def test_a_child_is_not_enrolled_twice_in_a_facility(world: World, agent: Author) -> None:
    household = world.household()
    child, facility = world.child(household), world.facility()
    world.enrol(child, facility)
    placement = households.Placement(facility.id, date(2027, 8, 1), date(2028, 7, 31))

    with pytest.raises(Refused) as refusal:
        households.add_enrolment(household.id, child.id, placement, author=agent, now=world.now)

    assert refusal.value.code == "overlap"
    assert facility.name in refusal.value.message


def test_shortening_an_enrolment_counts_the_bookings_left_behind(world: World, agent: Author) -> None:
    days = [date(2027, 1, 12), date(2027, 1, 19), date(2027, 2, 2), date(2027, 3, 2)]
    canteen = world.canteen(days)
    household = world.household()
    child = world.child(household)
    enrolment = world.enrol(child, canteen.facility)
    for opening in canteen.openings:
        world.booking(household, child, opening, canteen.meal)
    shorter = households.Placement(canteen.facility.id, date(2026, 9, 1), date(2027, 1, 31))

    left = households.update_enrolment(
        household.id,
        enrolment.id,
        shorter,
        seen=seen_of(households.Placement, enrolment),
        author=agent,
        now=world.now,
    )

    assert left == 2
    assert world.one(Enrolment).last_day == date(2027, 1, 31)


def quotient_lines(world: World) -> list[tuple[int, date, date | None]]:
    rows = sorted(world.all(QuotientFamilial), key=lambda row: row.id)
    return [(row.value_hundredths, row.valid_from, row.valid_to) for row in rows]


def test_a_new_quotient_closes_the_former(world: World, agent: Author) -> None:
    household = world.household()
    world.quotient(household, 600, valid_from=date(2026, 1, 1))

    households.add_quotient(
        household.id,
        households.Quotient(71050, date(2027, 1, 1), "Attestation CAF"),
        author=agent,
        now=world.now,
    )

    assert quotient_lines(world) == [
        (60000, date(2026, 1, 1), date(2026, 12, 31)),
        (71050, date(2027, 1, 1), None),
    ]
    event = world.one(AuditEvent)
    assert event.before == {"value_hundredths": 60000, "valid_from": "2026-01-01"}
    assert event.after["value_hundredths"] == 71050


def test_an_earlier_quotient_ends_where_a_later_one_begins(world: World, agent: Author) -> None:
    household = world.household()
    world.quotient(household, 600, valid_from=date(2027, 6, 1))

    households.add_quotient(
        household.id, households.Quotient(50000, date(2027, 1, 1), "CAF"), author=agent, now=world.now
    )

    assert quotient_lines(world) == [
        (60000, date(2027, 6, 1), None),
        (50000, date(2027, 1, 1), date(2027, 5, 31)),
    ]


def test_a_correction_of_the_same_day_replaces_the_slip_but_keeps_it(world: World, agent: Author) -> None:
    household = world.household()
    world.quotient(household, 6000, valid_from=date(2027, 1, 1))

    households.add_quotient(
        household.id, households.Quotient(60000, date(2027, 1, 1), "CAF"), author=agent, now=world.now
    )

    assert quotient_lines(world) == [
        (600000, date(2027, 1, 1), date(2026, 12, 31)),
        (60000, date(2027, 1, 1), None),
    ]


def test_documents_are_noted_and_taken_back(world: World, agent: Author) -> None:
    household = world.household()
    child = world.child(household)
    home = world.add(DocumentCategory(name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD))
    insurance = world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD))
    today = date(2027, 1, 12)
    receipts = [
        households.Receipt(home.id, None, today),
        households.Receipt(insurance.id, child.id, today, date(2027, 8, 31)),
    ]

    households.receive_documents(household.id, receipts, author=agent, now=world.now)
    noted = {row.category_id: row for row in world.all(Document)}
    households.withdraw_document(household.id, noted[home.id].id, author=agent, now=world.now)

    assert noted[insurance.id].valid_until == date(2027, 8, 31)
    assert {row.category_id: row.state for row in world.all(Document)} == {
        home.id: DocumentState.WITHDRAWN,
        insurance.id: DocumentState.ACCEPTED,
    }
    assert [event.action for event in world.all(AuditEvent)] == [
        "document.received",
        "document.received",
        "document.withdrawn",
    ]


def test_a_document_cannot_be_received_tomorrow_nor_for_another_family(world: World, agent: Author) -> None:
    household, other = world.household(), world.household("ROUX")
    insurance = world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD))
    child, stranger = world.child(household), world.child(other)
    act = {"author": agent, "now": world.now}

    with pytest.raises(Refused):
        households.receive_documents(
            household.id, [households.Receipt(insurance.id, child.id, date(2027, 1, 13))], **act
        )
    with pytest.raises(NotFound):
        households.receive_documents(
            household.id, [households.Receipt(insurance.id, stranger.id, date(2027, 1, 12))], **act
        )
    assert world.all(Document) == []
