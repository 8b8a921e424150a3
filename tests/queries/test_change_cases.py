"""A declared change as the service decides it: three values in words, answers, health apart (S34 to S37)."""

import pytest

from domain import change_rules
from domain.enums import FileSection
from domain.errors import NotFound
from domain.family_file import Person
from models import ChangeRequest, Household
from queries import change_cases
from tests.change_bench import ACCEPT, REFUSE, Bench
from tests.statements import at_most

ADDRESS, CONTACT, MEDICAL = (
    FileSection.HOUSEHOLD_ADDRESS,
    FileSection.ADULT_CONTACT,
    FileSection.CHILD_MEDICAL,
)
NADIA = Person("Nadia", "BENALI", "grand-mère")


@pytest.fixture
def bench(world):
    return Bench(world)


def case(bench, may_read_medical=False):
    with bench.app.app_context():
        request_id = bench.world.all(ChangeRequest)[-1].id
        return change_cases.case(request_id, may_read_medical=may_read_medical)


def test_each_line_tells_its_answer(bench):
    bench.declare(CONTACT, workplace="Cahors", mobile_phone="06 12 34 56 78")
    first, second = bench.lines()
    assert [line.is_pending for line in case(bench).lines] == [True, True]
    bench.decide({second.id: REFUSE}, {second.id: "Illisible."})
    waiting, refused = case(bench).lines
    assert (waiting.is_pending, waiting.decided_by, waiting.decided_at) == (True, "", None)
    assert (refused.is_pending, refused.reason, refused.decided_by) == (False, "Illisible.", "Agnès MARTIN")
    assert refused.decided_at == bench.world.now


def test_health_is_for_who_may_read_it(bench):
    bench.declare(MEDICAL, food_allergies="arachide")
    with pytest.raises(NotFound):
        case(bench)
    (line,) = case(bench, may_read_medical=True).lines
    assert (line.wanted, line.is_safety) == ("arachide", True)
    with bench.app.app_context(), pytest.raises(NotFound):
        change_cases.case(999, may_read_medical=True)


def test_a_conflict_shows_three_values(bench):
    bench.declare(ADDRESS, city="Pradines", postcode="46090")
    bench.set(Household, bench.home.id, city="Mercuès")
    lines = {line.field: line for line in case(bench).lines}
    city = lines["city"]
    assert (city.seen, city.official, city.wanted) == ("Cahors", "Mercuès", "Pradines")
    assert city.is_conflict
    assert city.current == change_rules.fingerprint("Mercuès")
    assert not lines["postcode"].is_conflict
    bench.decide({city.line_id: ACCEPT}, current={city.line_id: city.current})
    assert not any(line.is_conflict for line in case(bench).lines)


def test_people_and_answers_in_words(bench):
    alone = bench.question("Partir seul", is_per_facility=True)
    place = bench.world.facility("Centre Bleu")
    bench.answer({(alone.id, place.id): False})
    (line,) = case(bench).lines
    assert (line.label, line.seen, line.official, line.wanted) == (
        "Partir seul (Centre Bleu)",
        "pas de réponse",
        "pas de réponse",
        "Non",
    )
    row = bench.known_person(NADIA)
    bench.person(row.id, None)
    (line,) = case(bench).lines
    assert (line.label, line.official, line.wanted) == (
        "Personne autorisée",
        "Nadia BENALI, grand-mère, vient chercher",
        "personne",
    )


def test_statements_do_not_grow_with_the_lines(bench):
    alone = bench.question("Partir seul", is_per_facility=True)
    places = [bench.world.facility(f"Centre {number}") for number in range(8)]
    bench.answer({(alone.id, place.id): False for place in places})
    request_id = bench.world.one(ChangeRequest).id
    with bench.app.app_context(), at_most(7):
        assert len(change_cases.case(request_id, may_read_medical=False).lines) == 8
