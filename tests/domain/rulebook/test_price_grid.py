# ruff: noqa: E501  a rule a line reads better than folded
"""The grid of prices: at each bound and around it, and the same prices as questions give."""

from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BusinessError
from domain.rulebook import questions
from domain.rulebook.price_grid import first_days, price_grid, trials_of
from domain.rulebook.scenario import Question
from tests.domain.rulebook.changed import CASES, side, text_of
from tests.domain.rulebook.helpers import rulebook_of

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"
NAMES = sorted(path.name.removesuffix(".reglement.yaml") for path in CASES.glob("*.reglement.yaml"))
PRICED = [name for name in NAMES if "\n    tarif:" in text_of(name)]


def asked(book, name, facts, extras=(), day=None):
    fields = {
        "activity": name,
        "day": day,
        "now": None,
        "channel": None,
        "triggered": extras,
        "booked_at": None,
    }
    return questions.answer(book, Question("", "prix", fields, facts, None, 1))


def cantine(tariff, facts="{}", more=""):
    return rulebook_of(f"""
        faits: {facts}
        {more}
        activites:
          cantine: {{nom: Cantine, tarif: {{arrondi: {CENTS}, {tariff}}}}}
        """)


def prices(book, **options):
    return {tuple(row.facts.values()): row.amount for row in price_grid(book, "cantine", **options).rows}


@pytest.mark.parametrize("name", PRICED)
def test_each_row_is_the_answer_to_its_question(name):
    book = side(text_of(name)).book
    for key, activity in book.activities.items():
        rows = price_grid(book, key).rows if activity.tariff is not None else ()
        for row in rows:
            closed = (
                row.since is not None and activity.opening is not None and row.since not in activity.opening
            )
            if closed or (len(rows) > 300 and hash(str(row.facts)) % 7):
                continue
            found = asked(book, key, dict(row.facts), row.extras, row.since)
            if row.amount is None:
                assert (found.missing_fact or found.problem) == (row.missing or row.problem)
            else:
                assert (found.answer["prix"], found.problem) == (row.amount, "")


ON_QUOTIENT = (
    "B-saffre",
    "B-hauterives",
    "B-fay-aux-loges",
    "B-roncq",
    "B-sene",
    "B-nalliers",
    "B-montech",
    "B-groix",
)


@cache
def tried(name):
    """Each priced activity of a case with a day of its first version, all its trials that ask the quotient."""
    book = side(text_of(name)).book
    found = []
    for key, activity in book.activities.items():
        if activity.tariff is not None:
            day = next(iter(first_days(activity.tariff, book)), None)
            trials = trials_of([book], key, day, {"taux": Decimal("0.004")}, (), of_that_day=False)
            rows = [one for one in trials.run() if "quotient" in one.facts]
            found += [(book, key, day, trials, rows)] if rows else []
    return found


@pytest.mark.parametrize("name", ON_QUOTIENT)
@settings(max_examples=40, deadline=None)
@given(quotient=st.decimals(0, 2500, places=2), choice=st.randoms(use_true_random=False))
def test_no_bound_is_forgotten_between_two_tries(name, quotient, choice):
    """Any quotient costs what both ends of its stretch cost, or something between them on a slope."""
    book, key, day, trials, found = choice.choice(tried(name))
    stretch = next(one for one in trials.stretches("quotient") if quotient in one.interval)
    example = choice.choice(found)
    alike = {**example.facts, "quotient": None}
    ends = [
        one.answers[0].amount
        for one in found
        if one.facts["quotient"] in stretch.tries and {**one.facts, "quotient": None} == alike
    ]
    answer = asked(book, key, {**example.facts, "quotient": quotient}, (), day).answer
    if stretch.interval.high is not None and None not in ends and ends:
        assert min(ends) <= answer["prix"] <= max(ends)


def test_a_price_changes_at_the_very_cent_where_a_bracket_ends():
    book = cantine(
        "prix: {table: {selon: quotient, trous: refuser, lignes: ["
        "{quotient: {a: 700}, valeur: 2}, {quotient: {plus_de: 700, moins_de: 900}, valeur: 3},"
        "{quotient: {de: 900}, valeur: 4}, {quotient: inconnu, valeur: 5}]}}"
    )
    assert prices(book) == {
        (Decimal(quotient),): amount
        for quotient, amount in (
            ("0", 2), ("699.99", 2), ("700", 2), ("700.01", 3), ("899.99", 3), ("900", 4), ("900.01", 4),
        )
    } | {(None,): 5}  # fmt: skip


def test_a_slope_is_tried_where_it_meets_its_floor_and_its_ceiling():
    book = cantine("prix: {taux: 0.0036, sur: quotient, constante: 0, plancher: 2.60, plafond: 4.50}")
    tried = [row.facts["quotient"] for row in price_grid(book, "cantine").rows]
    assert {Decimal("722.22"), Decimal("722.23"), Decimal("1250"), Decimal("1250.01")} <= set(tried)
    same = cantine('prix: "min(4.50, max(2.60, 0.0036 * quotient))"')
    assert [row.facts["quotient"] for row in price_grid(same, "cantine").rows] == tried


def test_one_to_four_children_and_no_fourth_child_of_two():
    book = cantine('prix: "4 - 0.5 * (rang - 1) - 0.1 * enfants"', "{rang: nombre, enfants: nombre}")
    rows = price_grid(book, "cantine").rows
    assert sorted((row.facts["enfants"], row.facts["rang"]) for row in rows) == [
        (children, rank) for children in range(1, 5) for rank in range(1, children + 1)
    ]


def test_a_choice_is_tried_whole_and_only_where_it_is_read():
    book = cantine(
        "prix: {cas: [{si: {residence: hors_commune}, valeur: 6}], sinon: {table: {selon: formule, lignes: ["
        "{formule: repas, valeur: 3}, {formule: pique_nique, valeur: 2}]}}}",
        "{residence: [commune, hors_commune], formule: [repas, pique_nique], pai: oui_non}",
    )
    assert prices(book) == {("commune", "repas"): 3, ("commune", "pique_nique"): 2, ("hors_commune",): 6}
    assert prices(book, facts={"residence": "commune", "formule": "repas"}) == {("commune", "repas"): 3}


def test_a_fact_without_end_is_named_not_guessed():
    book = cantine("prix: revenus / 100", "{revenus: nombre}")
    grid = price_grid(book, "cantine")
    assert [(row.amount, row.missing) for row in grid.rows] == [(None, "revenus")]
    assert grid.missing == ("revenus",)
    assert prices(book, facts={"revenus": Decimal(300)}) == {(Decimal(300),): 3}


def test_what_only_counts_units_is_priced_for_one():
    book = cantine("prix: 2.50, quantite: demi_heures", "{demi_heures: nombre}")
    assert prices(book) == {(Decimal(1),): Decimal("2.50")}


def late(minutes, size, counted="commencees"):
    fee = f"{{minutes: '{minutes}', de: {size}, compte: {counted}, tolerance: 0}}"
    found = prices(cantine(f"prix: 10, quantite: {{tranches: {fee}}}", "{depart: heure}"))
    return {f"{int(minute) // 60:02}:{int(minute) % 60:02}": amount for (minute,), amount in found.items()}


def test_a_late_fee_is_tried_at_the_minutes_at_which_its_slices_begin():
    quarters = late("max(0, depart - 1110)", 15)
    assert list(quarters) == [
        "18:29", "18:30", "18:31", "18:44", "18:45", "18:46", "18:59", "19:00", "19:01", "19:14", "19:15", "19:16",
    ]  # fmt: skip
    said = [quarters[minute] for minute in ("18:30", "18:31", "18:45", "18:46", "19:16")]
    assert said == [0, 10, 10, 20, 40]
    whole = late("depart - 1110", 30, "completes")
    assert (whole["18:59"], whole["19:00"], whole["19:30"]) == (0, 10, 20)


def test_slices_counted_down_to_an_hour_are_tried_near_that_hour():
    found = late("max(0, 510 - depart)", 30)
    assert (found["08:30"], found["08:29"], found["07:59"]) == (0, 10, 20)
    assert min(found) > "06:00"


def test_a_computed_quotient_is_tried_itself_instead_of_incomes():
    book = cantine(
        "prix: {table: {selon: communal, trous: refuser, lignes: [{communal: {a: 500}, valeur: 2}, {communal: {plus_de: 500}, valeur: 4}]}}",
        "{revenus: nombre, parts: nombre}",
        "montants: {communal: revenus / 12 / parts}",
    )
    grid = price_grid(book, "cantine")
    assert grid.axis == ("communal",)
    assert {row.facts["communal"]: row.amount for row in grid.rows} == {
        Decimal(0): 2, Decimal("499.99"): 2, Decimal(500): 2, Decimal("500.01"): 4,
    }  # fmt: skip


def test_a_word_deduced_from_bounds_is_tried_at_these_bounds():
    book = cantine(
        "prix: {table: {selon: tranche, lignes: [{tranche: basse, valeur: 2}, {tranche: haute, valeur: 4}]}}",
        "{tranche: {valeurs: [basse, haute], deduit: [{si: {quotient: {a: 500}}, valeur: basse}], sinon: haute}}",
    )
    found = prices(book)
    assert (found[Decimal(500),], found[Decimal("500.01"),]) == (2, 4)


def test_each_dated_version_is_shown_or_the_one_of_a_day():
    book = side(text_of("B-hauterives")).book
    grid = price_grid(book, "periscolaire")
    assert list(dict.fromkeys((row.since, row.version) for row in grid.rows)) == [
        (date(2024, 1, 1), "janvier à août 2024"),
        (date(2024, 9, 1), "depuis septembre 2024"),
    ]
    rows = price_grid(book, "periscolaire", day=date(2024, 3, 5)).rows
    assert {row.version for row in rows} == {"janvier à août 2024"}


def test_the_facts_of_a_day_are_tried_or_are_those_of_the_day_asked_for():
    book = cantine("prix: {cas: [{si: {jour: mercredi}, valeur: 5}], sinon: 3}")
    assert prices(book)["mercredi",] == 5
    assert prices(book)["lundi",] == 3
    assert prices(book, day=date(2026, 9, 16)) == {(): 5}


def test_what_a_late_act_adds_is_a_row_of_its_own():
    book = rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver]
                canaux: tous
                etapes: [{{jusqu_a: {{forme: semaine, jour: mardi, semaines_avant: 1, heure: "12:00", limite: incluse}}, effet: libre}}]
                ensuite: {{effet: supplement, supplements: [tardif]}}
            tarif:
              prix: 3
              ajustements: [{{nom: tardif, si: delai, operation: ajouter, valeur: 2, portee: unite}}]
              arrondi: {CENTS}
        """)
    assert [(row.extras, row.amount) for row in price_grid(book, "cantine").rows] == [
        ((), 3),
        (("tardif",), 5),
    ]


def test_a_quotient_is_rounded_as_the_rulebook_says():
    policy = "quotient: {inconnu: refuser, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: non_prevu, arrondi: {au: 1, vers: inferieur}}"
    book = cantine(
        "prix: {table: {selon: quotient, trous: refuser, lignes: [{quotient: {a: 700}, valeur: 2}, {quotient: {plus_de: 700}, valeur: 4}]}}",
        more=policy,
    )
    rows = {row.facts["quotient"]: row for row in price_grid(book, "cantine").rows}
    assert rows[Decimal("700.01")].amount == 2
    assert "quotient est inconnu" in rows[None].problem


def test_the_activity_itself_is_known():
    book = cantine("prix: {cas: [{si: {activite: cantine}, valeur: 3}], sinon: 9}")
    assert prices(book) == {(): 3}


def test_a_closed_weekday_is_not_tried():
    text = """
        activites:
          cantine:
            nom: Cantine
            ouverture: {{jours: [lundi, mardi], ecole: oui, vacances: non, feries: non{more}}}
            tarif: {{prix: {{cas: [{{si: {{jour: lundi}}, valeur: 3}}], sinon: 4}}, arrondi: {cents}}}
        """
    weekly = rulebook_of(text.format(more="", cents=CENTS))
    assert prices(weekly) == {("lundi",): 3, ("mardi",): 4}
    once_more = rulebook_of(text.format(more=", ouvertures: [2026-09-16]", cents=CENTS))
    assert len(prices(once_more)) == 7


def test_a_grid_says_why_it_cannot_be_made():
    book = rulebook_of("activites: {cantine: {nom: Cantine}}")
    with pytest.raises(BusinessError, match="n’a pas de tarif"):
        price_grid(book, "cantine")
    facts = ", ".join(f"f{number}: oui_non" for number in range(16))
    tests = ", ".join(f"{{si: {{f{number}: inconnu}}, valeur: 1}}" for number in range(16))
    many = cantine(f"prix: {{cas: [{tests}], sinon: 2}}", f"{{{facts}}}")
    with pytest.raises(BusinessError, match="Trop de cas"):
        price_grid(many, "cantine")


def test_dates_of_names_and_of_totals_are_shown_too():
    book = rulebook_of(f"""
        montants:
          base:
            versions:
              - {{nom: ancien, du: 2025-09-01, au: 2026-08-31, regle: "3"}}
              - {{nom: nouveau, du: 2026-09-01, regle: "4"}}
        activites:
          cantine:
            nom: Cantine
            tarif: {{versions: [{{nom: seul, du: 2026-01-01, regle: {{prix: base, arrondi: {CENTS}}}}}]}}
          garderie: {{nom: Garderie, tarif: {{prix: 2, arrondi: {CENTS}}}}}
        cumuls:
          - versions:
              - nom: forfait
                du: 2026-09-01
                regle: {{nom: forfait, periode: mois, par: enfant, activites: [garderie], effet: plafond, valeur: 30, arrondi: {{au: 0.01, vers: plus_proche}}}}
        """)
    assert [(row.since, row.amount) for row in price_grid(book, "cantine").rows] == [
        (date(2026, 1, 1), 3),
        (date(2026, 9, 1), 4),
    ]
    grid = price_grid(book, "garderie")
    assert [row.amount for row in grid.rows] == [2]
    assert "forfait" in grid.provisional[date(2026, 9, 1)]
