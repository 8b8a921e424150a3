"""Declared changes as the service reads them: the queue, a case, the alerts (S34, S37, S52, S109)."""

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


def cases(bench, may_read_medical=False):
    with bench.app.app_context():
        return change_cases.pending_cases(bench.world.now, may_read_medical=may_read_medical)


def case(bench, may_read_medical=False):
    with bench.app.app_context():
        request_id = bench.world.all(ChangeRequest)[-1].id
        return change_cases.case(request_id, bench.world.now, may_read_medical=may_read_medical)


def alerts(bench, health=True):
    with bench.app.app_context():
        found = change_cases.safety_alerts([bench.leo.id], health=health)[bench.leo.id]
    return [(alert.label, alert.words, alert.note) for alert in found]


def test_the_first_due_comes_first_and_a_late_one_is_told(bench):
    bench.declare(ADDRESS, city="Pradines", address="5 quai Valentré")
    bench.wait(hours=1)
    bench.declare(CONTACT, workplace="Cahors")
    bench.wait(hours=47)
    assert [row.is_late for row in cases(bench)] == [False, False]
    bench.wait(minutes=1)
    first, second = cases(bench)
    assert (first.title, first.person, first.lines, first.is_late) == ("Adresse du foyer", "", 2, True)
    assert (second.title, second.person, second.lines, second.is_late) == (
        "Coordonnées",
        "Claire SOLIGNAC",
        1,
        False,
    )
    assert (first.household_number, first.household_name) == (bench.home.number, "SOLIGNAC")
    with bench.app.app_context():
        counts = change_cases.counts(bench.world.now, may_read_medical=False)
    assert (counts.waiting, counts.late) == (2, 1)


def test_what_has_its_answer_leaves_the_queue(bench):
    bench.declare(CONTACT, workplace="Cahors", mobile_phone="06 12 34 56 78")
    first, second = bench.lines()
    bench.decide({first.id: ACCEPT})
    assert cases(bench)[0].lines == 1
    bench.decide({second.id: REFUSE}, {second.id: "Illisible."})
    assert cases(bench) == ()
    answered = case(bench)
    assert not answered.is_open
    assert answered.lines[1].reason == "Illisible."
    assert answered.lines[1].decided_by == "Agnès MARTIN"


def test_health_is_for_who_may_read_it(bench):
    bench.declare(MEDICAL, food_allergies="arachide")
    assert cases(bench) == ()
    (row,) = cases(bench, may_read_medical=True)
    assert (row.person, row.child_id, row.has_safety) == ("Léo SOLIGNAC", bench.leo.id, True)
    with pytest.raises(NotFound):
        case(bench)
    assert case(bench, may_read_medical=True).lines[0].wanted == "arachide"
    with bench.app.app_context():
        assert change_cases.counts(bench.world.now, may_read_medical=False).waiting == 0
        assert change_cases.counts(bench.world.now, may_read_medical=True).waiting == 1
    with bench.app.app_context(), pytest.raises(NotFound):
        change_cases.case(999, bench.world.now, may_read_medical=True)


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
    assert not case(bench).has_conflict


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


def test_what_is_declared_of_safety_is_known_at_once(bench):
    alone = bench.question("Partir seul", is_safety=True)
    photo = bench.question("Photo")
    row = bench.known_person(NADIA)
    bench.declare(MEDICAL, food_allergies="arachide", doctor_name="Dr Roux")
    bench.answer({(alone.id, None): False, (photo.id, None): False})
    bench.person(row.id, None)
    note = "déclaré, contrôle en cours"
    assert alerts(bench) == [
        ("Allergies alimentaires", "arachide", note),
        ("Partir seul", "Non", note),
        ("Personne autorisée", "Nadia BENALI\u00a0: ne vient plus chercher l’enfant", note),
    ]
    assert [label for label, _, _ in alerts(bench, health=False)] == ["Partir seul", "Personne autorisée"]
    bench.accept_all()
    assert alerts(bench) == [("Allergies alimentaires", "arachide", ""), ("Partir seul", "Non", "")]
    assert alerts(bench, health=False) == [("Partir seul", "Non", "")]


def test_no_pai_and_what_was_refused_warn_of_nothing(bench):
    bench.declare(MEDICAL, has_pai="non", food_allergies="arachide")
    has_pai = next(line for line in bench.lines() if line.field == "has_pai")
    allergy = next(line for line in bench.lines() if line.field == "food_allergies")
    bench.decide({has_pai.id: ACCEPT, allergy.id: REFUSE}, {allergy.id: "À préciser."}, may_read_medical=True)
    assert alerts(bench) == []


def test_statements_do_not_grow_with_the_queue(bench):
    for number in range(12):
        other = Bench(bench.world)
        other.declare(ADDRESS, city=f"Ville {number}")
    with bench.app.app_context():
        with at_most(1):
            assert len(change_cases.pending_cases(bench.world.now, may_read_medical=False)) == 12
        with at_most(1):
            change_cases.counts(bench.world.now, may_read_medical=False)
        with at_most(7):
            change_cases.safety_alerts(range(1, 20), health=True)
