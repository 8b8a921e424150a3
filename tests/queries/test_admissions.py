"""The enrolment part of the règlement for one family: windows, conditions, papers, what the file says."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.enums import Channel, FacilityKind, LineAction, LineState, Residency, SchoolLevel
from domain.rulebook.admissions import Supplied, in_words
from models import Household, Schooling
from queries.booking_days import judge, rules_for, touched
from queries.rules import rule_set
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, Bench

RESIDENTS_FIRST = datetime(2027, 1, 11, 19, tzinfo=UTC)  # 20 h in Paris
OTHERS_FROM = datetime(2027, 1, 18, 19, tzinfo=UTC)
CLOSES = datetime(2027, 1, 31, 23, tzinfo=UTC)  # midnight in Paris
INSTANT = timedelta(microseconds=1)


def window(opens, who=None, **more):
    rule = {"ouvre": opens, "ferme": "2027-01-31 24:00", "limite": "exclue", "canaux": ["portail", "guichet"]}
    return rule | ({"si": {"residence": who}} if who else {}) | more


WINDOWS = [window("2027-01-11 20:00", "commune"), window("2027-01-18 20:00", "hors_commune")]


@pytest.fixture
def bench(world):
    return Bench(world)


def rule(bench, enrolment, *, facts=None, **sections):
    """Give the canteen an enrolment part, and what it reads."""
    tree = bench.world.rulebook
    tree["activites"][bench.canteen.activity.rule_name]["inscription"] = enrolment
    tree["faits"] |= facts or {}
    for name, value in sections.items():
        tree[name] = tree.get(name, {}) | value
    bench.world.write_rulebook()


def admission(bench, now=RESIDENTS_FIRST, *, home=None, child=None, supplied=(), channel=Channel.PORTAL):
    activity_id = bench.canteen.activity.id
    rules = bench.read(lambda: rule_set([activity_id], [], (home or bench.home).id, MONDAY, MONDAY))
    return rules.admission(activity_id, (child or bench.leo).id, MONDAY, now, supplied, channel)


def non_resident(bench):
    """A family from elsewhere, with one child enrolled in the same school."""
    home = bench.world.household("MARTIN", residency=Residency.NON_RESIDENT)
    child = bench.world.child(home, "Zoé")
    return home, child


def test_without_enrolment_part_the_service_decides_alone(bench):
    found = admission(bench)
    assert not found.is_ruled
    assert not found.refusals
    assert not found.is_complete


def test_residents_enrol_first_at_the_very_instant(bench):
    rule(bench, {"fenetres": WINDOWS})
    before = admission(bench, RESIDENTS_FIRST - INSTANT)
    assert before.refusals == (
        "Les inscriptions ouvrent le lundi 11\xa0janvier, 20\xa0h pour les familles de la commune.",
    )
    opened = admission(bench, RESIDENTS_FIRST)
    assert opened.is_complete
    assert opened.window.sentence == "Inscriptions ouvertes jusqu’au dimanche 31\xa0janvier inclus."
    home, child = non_resident(bench)
    assert admission(bench, OTHERS_FROM - INSTANT, home=home, child=child).refusals == (
        "Les inscriptions ouvrent le lundi 18\xa0janvier, 20\xa0h pour les familles hors commune.",
    )
    assert admission(bench, OTHERS_FROM, home=home, child=child).is_complete


def test_a_window_that_is_over_says_since_when(bench):
    rule(bench, {"fenetres": WINDOWS})
    assert admission(bench, CLOSES - INSTANT).is_complete
    assert admission(bench, CLOSES).refusals == (
        "Les inscriptions sont closes depuis le dimanche 31\xa0janvier, 24\xa0h"
        " pour les familles de la commune.",
    )


def test_a_channel_and_a_public_that_no_window_names_are_refused_in_words(bench):
    rule(bench, {"fenetres": WINDOWS[:1]})
    assert admission(bench, channel=Channel.PHONE).refusals == (
        "Ces inscriptions se font par un autre moyen\xa0: guichet et portail.",
    )
    home, child = non_resident(bench)
    assert admission(bench, home=home, child=child).refusals == (
        "Aucune inscription n’est prévue pour les familles hors commune.",
    )


CONDITIONS = {
    "trois_ans": {"si": {"age": {"de": "3"}}, "sinon": "L’enfant doit avoir trois ans."},
    "a_jour": {"si": {"impaye": "non"}, "sinon": "Une facture reste à payer."},
}


def test_a_condition_that_is_not_met_refuses_with_its_sentence_and_a_missing_fact_does_not(bench):
    facts = {"age": "nombre", "impaye": {"type": "oui_non", "nom": "facture impayée"}}
    rule(bench, {"conditions": ["trois_ans", "a_jour"]}, facts=facts, conditions=CONDITIONS)
    found = admission(bench)
    assert not found.refusals
    assert not found.is_complete
    assert in_words(found.to_check) == "À vérifier\xa0: facture impayée."
    young = bench.world.child(bench.home, "Ana", birth_date=date(2024, 6, 1))
    assert admission(bench, child=young).refusals == ("L’enfant doit avoir trois ans.",)
    bench.world.rule_fact(bench.home, "impaye", "oui")
    assert admission(bench).refusals == ("Une facture reste à payer.",)


def test_a_window_that_reads_a_missing_fact_is_left_to_the_service(bench):
    windows = [window("2027-01-11 20:00", si={"agent": "oui"})]
    rule(bench, {"fenetres": windows}, facts={"agent": {"type": "oui_non", "nom": "agent de la commune"}})
    found = admission(bench)
    assert not found.refusals
    assert found.to_check == ("agent de la commune",)


PAPERS = {"pieces": [{"nom": "justificatif de domicile", "age_maximum_mois": "3"}, {"nom": "assurance"}]}


DECEMBER = date(2026, 12, 1)


def supplied(category, dated=None, until=None, *, is_checked=True):
    return Supplied(category, dated, until, is_checked)


INSURANCE = supplied("Assurance")


@pytest.mark.parametrize(
    ("given", "lacking", "to_check"),
    [
        ((), 2, ()),
        ((INSURANCE, supplied("Justificatif de Domicile", DECEMBER)), 0, ()),
        ((INSURANCE, supplied("justificatif de domicile", date(2026, 1, 1))), 1, ()),
        (
            (INSURANCE, supplied("justificatif de domicile")),
            0,
            ("la date de «\xa0justificatif de domicile\xa0»",),
        ),
        (
            (
                supplied("assurance", is_checked=False),
                supplied("justificatif de domicile", DECEMBER),
            ),
            0,
            ("«\xa0assurance\xa0», en cours de contrôle",),
        ),
    ],
)
def test_papers_are_known_by_the_name_of_their_category(bench, given, lacking, to_check):
    rule(bench, PAPERS)
    found = admission(bench, supplied=given)
    assert (len(found.papers), found.to_check) == (lacking, to_check)
    assert found.is_complete is not bool(lacking or to_check)
    assert not found.refusals


def test_what_lacks_of_a_paper_is_said(bench):
    rule(bench, PAPERS)
    old = admission(bench, supplied=[supplied("justificatif de domicile", date(2026, 1, 1))])
    assert [paper.sentence for paper in old.papers] == [
        "La pièce «\xa0justificatif de domicile\xa0» date de plus de 3 mois.",
        "Il manque la pièce «\xa0assurance\xa0».",
    ]


FILE_CONDITIONS = {
    "ici": {"si": {"ecole": "ecole_zola"}, "sinon": "L’enfant doit aller à l’école Zola."},
    "petit": {"si": {"niveau": "maternelle"}, "sinon": "Réservé aux maternelles."},
    "frere": {"si": {"fratrie": "oui"}, "sinon": "Un frère ou une sœur doit être inscrit."},
}


def test_the_file_gives_school_level_and_siblings(bench):
    rule(
        bench,
        {"conditions": list(FILE_CONDITIONS)},
        facts={
            "ecole": ["ecole_zola", "ecole_hugo"],
            "niveau": ["maternelle", "elementaire"],
            "fratrie": "oui_non",
        },
        conditions=FILE_CONDITIONS,
    )
    assert admission(bench).to_check == ("école", "niveau")
    assert admission(bench).refusals == ("Un frère ou une sœur doit être inscrit.",)
    school = bench.world.facility("École Zola", kind=FacilityKind.SCHOOL)
    bench.world.add(
        Schooling(child_id=bench.leo.id, facility_id=school.id, school_year=2026, level=SchoolLevel.CE1)
    )
    bench.other_child()
    assert admission(bench).refusals == ("Réservé aux maternelles.",)


# --- The same windows for the days of a named period --------------------------------------------------------


def by_period(bench):
    period = {"periodes": {"fevrier": {"du": "2027-02-01", "au": "2027-02-05"}}}
    rule(bench, {"fenetres": [one | {"periode": "fevrier"} for one in WINDOWS]}, calendrier=period)


def verdict(bench, now, day=MONDAY):
    """What the wizard of Claire says of booking a day."""
    key = bench.start()

    def read():
        found = touched(key, bench.claire.id, bench.meal_id, day).day
        rules = rules_for([found], bench.home.id, day, day, [bench.meal_id])
        return judge(found, LineAction.BOOK, bench.meal_id, rules, now)

    return bench.read(read)


@pytest.fixture
def outsider(world):
    """A family from another town."""
    bench = Bench(world)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Household, bench.home.id).residency = Residency.NON_RESIDENT
    return bench


def test_days_of_a_named_period_open_to_residents_first(outsider):
    by_period(outsider)
    early = verdict(outsider, OTHERS_FROM - INSTANT)
    assert early.state is LineState.REFUSED
    assert early.sentence == (
        "Les inscriptions ouvrent le lundi 18\xa0janvier, 20\xa0h pour les familles hors commune."
    )
    assert verdict(outsider, OTHERS_FROM).state is LineState.ACCEPTED


def test_a_resident_books_a_week_before(bench):
    by_period(bench)
    assert verdict(bench, RESIDENTS_FIRST - INSTANT).state is LineState.REFUSED
    assert verdict(bench, RESIDENTS_FIRST).state is LineState.ACCEPTED


def test_windows_without_period_do_not_close_the_days(outsider):
    rule(outsider, {"fenetres": WINDOWS})
    assert verdict(outsider, RESIDENTS_FIRST).state is LineState.ACCEPTED


def test_days_out_of_the_named_period_are_not_held(outsider):
    by_period(outsider)
    assert verdict(outsider, RESIDENTS_FIRST, date(2027, 3, 1)).state is LineState.ACCEPTED


def test_a_day_that_is_booked_already_is_not_held_by_the_window(outsider):
    by_period(outsider)
    outsider.world.booking(outsider.home, outsider.leo, outsider.opening(MONDAY), outsider.canteen.meal)
    assert verdict(outsider, RESIDENTS_FIRST).code == "already_booked"
