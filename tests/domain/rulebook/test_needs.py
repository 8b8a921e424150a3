# ruff: noqa: E501  a rule a line reads better than folded
"""What a rule may read, known without computing it, against what it does read."""

import pytest

from domain.rulebook import needs, questions
from domain.rulebook.facts import DAY, MOMENT, Context
from tests.cases.test_cases import SCENARIOS, opened
from tests.domain.rulebook.helpers import rulebook_of

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"


@pytest.fixture
def reads(monkeypatch):
    """Every fact that any context looks at from now on."""
    seen = set()
    look = Context.fact

    def spy(self, name, path):
        seen.add(name)
        return look(self, name, path)

    monkeypatch.setattr(Context, "fact", spy)
    return seen


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name.removesuffix(".scenario.yaml"))
def test_no_real_rule_reads_a_fact_that_was_not_foreseen(path, reads):
    book, scenario = opened(path)
    for question in scenario.questions:
        reads.clear()
        questions.answer(book, question)
        asked = question.asked.get("activity")
        rules = book.activities[asked] if asked else book.activities
        if question.kind == "fait":
            rules = book.named.get(question.asked["fact"])
        foreseen = needs.facts_read((rules, book.totals, book.billing), book)
        assert reads - foreseen - {DAY, MOMENT, question.asked.get("fact")} == set(), question.name


def test_names_are_followed_to_the_facts_behind_them():
    book = rulebook_of(f"""
        faits:
          revenus: nombre
          parts: nombre
          autre: oui_non
          tranche: {{valeurs: [basse, haute], deduit: [{{si: {{communal: {{a: 400}}}}, valeur: basse}}], sinon: haute}}
        montants: {{communal: revenus / 12 / parts}}
        activites:
          cantine:
            nom: Cantine
            tarif: {{prix: {{table: {{selon: tranche, lignes: [{{tranche: basse, valeur: 2}}, {{tranche: haute, valeur: 4}}]}}}}, arrondi: {CENTS}}}
        """)
    tariff = book.activities["cantine"].tariff
    assert needs.facts_read(tariff, book) == {"tranche", "communal", "revenus", "parts"}
    assert needs.facts_read(tariff, book, stop={"communal"}) == {"tranche", "communal"}
    assert needs.facts_to_give(tariff, book) == {"revenus", "parts"}
    assert needs.read_in_order(tariff, book)[0] == "tranche"


def test_what_a_day_carries_is_not_to_be_given():
    book = rulebook_of(f"""
        faits: {{rang: nombre}}
        activites:
          cantine:
            nom: Cantine
            tarif: {{prix: {{cas: [{{si: {{jour: lundi, rang: {{de: 2}}}}, valeur: 2}}], sinon: 3}}, arrondi: {CENTS}}}
        """)
    tariff = book.activities["cantine"].tariff
    assert needs.facts_read(tariff, book) == {"jour", "rang"}
    assert needs.facts_to_give(tariff, book) == {"rang"}


def test_what_an_act_a_date_and_a_shared_custody_read_is_foreseen():
    custody = "quotient: {inconnu: refuser, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: POLICY, arrondi: null}"
    text = f"""
        faits: {{naissance: date, qui: [pere, mere]}}
        dates: {{admis_le: {{depuis: naissance, annees: 3}}}}
        conditions: {{trois_ans: {{si: {{admis_le: {{a: 2026-09-01}}}}, sinon: "Trop jeune."}}}}
        {custody}
        activites:
          cantine:
            nom: Cantine
            delais: [{{actions: [reserver], canaux: [portail], etapes: [], ensuite: refus}}]
            inscription: {{conditions: [trois_ans], fenetres: [{{ouvre: 2026-05-01 08:00, ferme: null, canaux: [guichet]}}]}}
            tarif: {{prix: quotient / 100, arrondi: {CENTS}}}
          garderie:
            nom: Garderie
            delais: [{{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}}]
            tarif: {{prix: 2, arrondi: {CENTS}}}
        facturation: {{payeur: qui}}
        """
    book = rulebook_of(text.replace("POLICY", "celui_du_parent"))
    cantine, garderie = book.activities["cantine"], book.activities["garderie"]
    assert needs.facts_read(cantine.ladders, book) == {"canal"}
    assert needs.facts_read(garderie.ladders, book) == set()
    assert needs.facts_read(cantine.enrolment, book) == {"canal", "trois_ans", "admis_le", "naissance"}
    assert needs.facts_read(cantine.tariff, book) == {"quotient", "parent"}
    assert needs.facts_read(garderie.tariff, book) == set()
    assert needs.facts_read(book.billing, book) == {"qui"}
    assert needs.facts_read(cantine.tariff, rulebook_of(text.replace("POLICY", "le_plus_bas"))) == {
        "quotient"
    }


def test_marks_of_hours_are_those_of_slots_and_slices():
    book = rulebook_of(f"""
        faits: {{arrivee: heure, depart: heure, minutes: nombre}}
        activites:
          matin:
            nom: Matin
            tarif:
              prix: {{creneaux: {{arrivee: arrivee, depart: depart + 0 * minutes, liste: [{{de: "07:30", a: "08:00", valeur: 1.15}}]}}}}
              quantite: {{tranches: {{minutes: minutes, de: 15, compte: commencees, tolerance: 0}}}}
              arrondi: {CENTS}
        """)
    tariff = book.activities["matin"].tariff
    assert needs.marks_of("arrivee", tariff, book).bounds == (450, 480)
    assert needs.marks_of("depart", tariff, book).bounds == ()
    assert needs.marks_of("minutes", tariff, book).bounds == (15,)


def test_marks_say_where_a_rule_looks():
    book = rulebook_of(f"""
        faits: {{rang: nombre}}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: {{courbe: {{sur: quotient, points: [[400, 1.20], [900, 2.70]], au_dela: plat}}}}
              ajustements:
                - {{nom: fratrie, si: {{rang: {{de: 3}}}}, operation: multiplier, valeur: 0.5, portee: unite}}
                - {{nom: sans, si: {{quotient: inconnu}}, operation: fixer, valeur: 5, portee: unite}}
              arrondi: {CENTS}
        """)
    tariff = book.activities["cantine"].tariff
    quotient, rank = (needs.marks_of(name, tariff, book) for name in ("quotient", "rang"))
    assert (quotient.bounds, quotient.unknown, quotient.slopes) == ((400, 900), True, True)
    assert (rank.bounds, rank.unknown, rank.slopes) == ((3,), False, False)
