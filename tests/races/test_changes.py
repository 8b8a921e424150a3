"""Agents who answer one case at the same moment, families who send one form twice (S35 to S37)."""

import threading
from collections import Counter

import pytest
from sqlalchemy import select, update

from domain import change_rules
from domain.enums import ChangeState, FileSection, SubjectKind
from domain.errors import Stale
from models import AuditEvent, ChangeLine, ChangeRequest, Household, OutgoingMail
from services import change_requests
from services.accounts import Author
from services.change_requests import deciding
from tests.change_bench import ACCEPT, REFUSE, Bench
from tests.races.test_places import all_at_once

pytestmark = pytest.mark.race

AGENTS = 4
ADDRESS = FileSection.HOUSEHOLD_ADDRESS


@pytest.fixture
def bench(world):
    return Bench(world)


def answers(bench, states):
    """One act for each agent, about the only line; each has the official value on screen."""
    line = bench.lines()[0]
    current = {line.id: change_rules.fingerprint("Cahors")}
    agents = [bench.world.staff().id for _ in states]

    def act(agent, state):
        return lambda: change_requests.decide(
            line.request_id,
            {line.id: state},
            {line.id: f"Agent {agent}."},
            current=current,
            author=Author(agent),
            now=bench.world.now,
        )

    return [act(agent, state) for agent, state in zip(agents, states, strict=True)]


def decisions(bench):
    told = select(AuditEvent).where(AuditEvent.action.in_(["change.accepted", "change.refused"]))
    return bench.world.all(told)


def test_of_agents_who_answer_one_case_one_wins(bench):
    bench.declare(ADDRESS, city="Pradines")
    states = [ACCEPT, REFUSE] * (AGENTS // 2)
    outcomes = all_at_once(bench.app, answers(bench, states))
    kinds = Counter(type(one) for one in outcomes)
    assert kinds == {change_requests.Decided: 1, Stale: AGENTS - 1}, outcomes
    (line,) = bench.lines()
    winner = next(place for place, one in enumerate(outcomes) if not isinstance(one, Stale))
    assert line.state is states[winner]
    assert bench.world.one(Household).city == ("Pradines" if line.state is ACCEPT else "Cahors")
    assert len(decisions(bench)) == len(bench.world.all(OutgoingMail)) == 1


def test_without_the_condition_they_all_answer(bench, monkeypatch):
    """The control: agents who read that the line waits, then write; the family gets several answers."""
    bench.declare(ADDRESS, city="Pradines")
    everybody_has_read = threading.Barrier(AGENTS)
    acts = answers(bench, [REFUSE] * AGENTS)

    def trusting(session, line_id, state, user_id, now, reason=""):
        session.execute(
            update(ChangeLine)
            .where(ChangeLine.id == line_id)
            .values(state=state, decided_at=now, decided_by_user_id=user_id, reason=reason)
        )

    def having_read(act):
        def run():
            assert [line.state for line in bench.lines()] == [ChangeState.PENDING]
            everybody_has_read.wait(timeout=30)
            return act()

        return run

    monkeypatch.setattr(deciding, "end_line", trusting)
    outcomes = all_at_once(bench.app, [having_read(act) for act in acts])
    assert not [one for one in outcomes if isinstance(one, BaseException)], outcomes
    assert len(decisions(bench)) == len(bench.world.all(OutgoingMail)) == AGENTS


def test_an_answer_and_a_withdrawal_are_not_both_done(bench):
    bench.declare(ADDRESS, city="Pradines")
    (line,) = bench.lines()
    now, home_id, user_id = bench.world.now, bench.home.id, bench.user.id

    def withdraw():
        change_requests.withdraw(line.id, household_id=home_id, author=Author(user_id), now=now)

    outcomes = all_at_once(bench.app, [withdraw, *answers(bench, [ACCEPT])])
    assert Counter(isinstance(one, Stale) for one in outcomes) == {True: 1, False: 1}, outcomes
    accepted = bench.states() == [ACCEPT]
    assert bench.world.one(Household).city == ("Pradines" if accepted else "Cahors")


def declaring(bench, value, key):
    home, user, now = bench.home.id, bench.user.id, bench.world.now
    return lambda: change_requests.declare(
        SubjectKind.HOUSEHOLD,
        home,
        ADDRESS,
        {"city": value},
        seen={"city": "Cahors"},
        household_id=home,
        author=Author(user),
        author_name="Claire SOLIGNAC",
        submission_key=key,
        now=now,
    )


def test_one_form_sent_many_times_at_once_is_one_request(bench):
    outcomes = all_at_once(bench.app, [declaring(bench, "Pradines", "one")] * 5)
    assert {one.reference for one in outcomes} == {bench.world.one(ChangeRequest).reference}
    assert bench.states() == [ChangeState.PENDING]


def test_forms_sent_at_once_leave_one_value_that_waits(bench):
    values = [f"Ville {number}" for number in range(5)]
    acts = [declaring(bench, value, value) for value in values]
    outcomes = all_at_once(bench.app, acts)
    assert not [one for one in outcomes if isinstance(one, BaseException)], outcomes
    assert Counter(bench.states()) == {ChangeState.PENDING: 1, ChangeState.REPLACED: 4}
    assert sorted(line.wanted_value for line in bench.lines()) == values


def test_an_agent_at_the_counter_and_an_answer_lose_nothing(bench):
    """One of the two has the official value of before: it is told, or it was first."""
    bench.declare(ADDRESS, city="Pradines")
    home, now, agent = bench.home.id, bench.world.now, bench.agent.id

    def record():
        return change_requests.record(
            SubjectKind.HOUSEHOLD,
            home,
            ADDRESS,
            {"city": "Mercuès"},
            seen={"city": "Cahors"},
            household_id=home,
            author=Author(agent),
            author_name="Agnès MARTIN",
            submission_key="counter",
            now=now,
        )

    outcomes = all_at_once(bench.app, [record, *answers(bench, [ACCEPT])])
    assert Counter(isinstance(one, Stale) for one in outcomes) == {True: 1, False: 1}, outcomes
    recorded = not isinstance(outcomes[0], Stale)
    assert bench.world.one(Household).city == ("Mercuès" if recorded else "Pradines")
