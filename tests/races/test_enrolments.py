"""Agents who answer one enrolment request at once, a form that is sent several times at once (R17)."""

from collections import Counter

import pytest

from domain.errors import Refused, Stale
from models import Enrolment, EnrolmentRequest, OutgoingMail
from services import accounts, enrolments
from services.booking_drafts import Author
from services.enrolments import Terms, Wish
from tests.races.test_places import all_at_once
from tests.services.test_enrolments import YEAR, Bench

pytestmark = pytest.mark.race

AGENTS = 4


@pytest.fixture
def bench(world):
    return Bench(world)


def test_of_agents_who_answer_one_request_one_wins(bench):
    reference, now = bench.ask(), bench.world.now

    def act(agent_id, accepts):
        by = {"facility_ids": None, "author": accounts.Author(agent_id), "now": now}
        if accepts:
            return lambda: enrolments.accept(reference, Terms(*YEAR), **by)
        return lambda: enrolments.refuse(reference, "Complet.", **by)

    acts = [act(bench.world.staff().id, place % 2 == 0) for place in range(AGENTS)]
    outcomes = all_at_once(bench.app, acts)
    kinds = Counter(type(one) for one in outcomes)
    assert kinds == {type(None): 1, Stale: AGENTS - 1}, outcomes
    accepted = outcomes.index(None) % 2 == 0
    assert len(bench.world.all(Enrolment)) == (1 if accepted else 0)
    assert len(bench.world.all(OutgoingMail)) == 1


@pytest.mark.parametrize("keys", [["same"] * 4, ["a", "b", "c", "d"]])
def test_forms_sent_at_once_make_one_request(bench, keys):
    author, now = Author(bench.claire.id, (bench.home.id,)), bench.world.now
    wish = Wish(bench.leo.id, bench.workshop.id, *YEAR)

    def act(key):
        return lambda: enrolments.ask(
            author, wish, submission_key=key, author_name="Claire SOLIGNAC", now=now
        )

    outcomes = all_at_once(bench.app, [act(key) for key in keys])
    request = bench.world.one(EnrolmentRequest)
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert len(refused) == (0 if len(set(keys)) == 1 else len(keys) - 1), outcomes
    assert [one for one in outcomes if one not in refused] == [request.reference] * (len(keys) - len(refused))
