"""Facts that the service states: dated, of the family or of one child, the former value kept."""

from datetime import date

import pytest

from domain.enums import Channel
from domain.errors import NotFound, Refused
from models import AuditEvent, RuleFact
from services import rule_facts
from services.accounts import Author
from services.rule_facts import Statement

START = date(2027, 1, 12)


@pytest.fixture
def family(world):
    household = world.household()
    return household, world.child(household)


@pytest.fixture
def state(world, family):
    agent = world.staff()

    def state(value, valid_from=START, valid_to=None, child_id=None, name="agent"):
        said = Statement(name, value, valid_from, valid_to)
        with world.app.app_context():
            rule_facts.state(
                family[0].id, child_id, said, author=Author(agent.id, Channel.PHONE), now=world.now
            )

    return state


def held(world):
    rows = sorted(world.all(RuleFact), key=lambda row: (row.name, row.child_id or 0, row.valid_from))
    return [(row.value, row.valid_from, row.valid_to) for row in rows]


def test_a_new_value_ends_the_former_one_the_day_before(world, state):
    state("oui")
    state("non", date(2027, 3, 1))
    assert held(world) == [("oui", START, date(2027, 2, 28)), ("non", date(2027, 3, 1), None)]


def test_a_value_stops_before_the_one_that_is_already_known(world, state):
    state("non", date(2027, 3, 1))
    state("oui", valid_to=date(2027, 6, 30))
    assert held(world) == [("oui", START, date(2027, 2, 28)), ("non", date(2027, 3, 1), None)]


def test_a_value_of_the_same_day_takes_the_place_of_a_slip(world, state):
    state("oui")
    state("non")
    assert held(world) == [("non", START, None)]


def test_an_ended_value_stays_as_it_was(world, state):
    state("oui", date(2026, 9, 1), date(2026, 12, 31))
    state("non")
    assert held(world)[0] == ("oui", date(2026, 9, 1), date(2026, 12, 31))


def test_a_child_and_its_family_have_each_their_own(world, family, state):
    state("oui")
    state("non", child_id=family[1].id)
    assert held(world) == [("oui", START, None), ("non", START, None)]


def test_the_journal_says_what_was_and_how_it_was_told(world, family, state):
    state("oui", date(2026, 9, 1))
    state("non")
    event = max(world.all(AuditEvent), key=lambda one: one.id)
    assert (event.action, event.channel, event.household_id) == (
        "rule_fact.stated",
        Channel.PHONE,
        family[0].id,
    )
    assert event.before["fact_value"] == "oui"
    assert event.after["fact_value"] == "non"


def test_an_end_before_the_start_is_refused(world, state):
    with pytest.raises(Refused):
        state("oui", valid_to=date(2027, 1, 11))
    assert held(world) == []


def test_another_familys_child_is_not_found(world, state):
    stranger = world.child(world.household("MARTY"))
    with pytest.raises(NotFound):
        state("oui", child_id=stranger.id)
    assert held(world) == []
