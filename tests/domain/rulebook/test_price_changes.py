# ruff: noqa: E501  a rule a line reads better than folded
"""Prices compared through time, with what late acts add, and totals over a period."""

from datetime import date
from decimal import Decimal

from domain.rulebook.price_changes import price_changes, total_changes
from tests.domain.rulebook.helpers import rulebook_of

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"
WEEK = 'jusqu_a: {forme: semaine, jour: mardi, semaines_avant: 1, heure: "12:00", limite: incluse}'


def late(price, extra, asked="[tardif]", more=""):
    """A canteen whose late bookings cost more."""
    return rulebook_of(f"""
        faits: {{formule: [repas, pai]}}
        activites:
          cantine:
            nom: Cantine
            delais:
              - {{actions: [reserver], canaux: tous, etapes: [{{{WEEK}, effet: libre}}], ensuite: {{effet: supplement, supplements: {asked}}}}}
            tarif:
              prix: {{table: {{selon: formule, lignes: [{{formule: repas, valeur: {price}}}, {{formule: pai, valeur: 1}}]}}}}
              ajustements:
                - {{nom: tardif, si: delai, operation: {extra}, portee: unite}}
                - {{nom: sans_appel, si: delai, operation: ajouter, valeur: 5, portee: unite}}
              arrondi: {CENTS}
        {more}
        """)


def found(old, new, *days):
    return [
        (
            one.extras,
            dict(one.facts),
            one.old.low,
            one.new.low,
            one.difference.low,
        )
        for one in price_changes(old, new, "cantine", *days).changes
    ]


def test_a_dearer_late_booking_is_said_for_late_bookings_only():
    assert found(late(3, "ajouter, valeur: 2"), late(3, "ajouter, valeur: 3")) == [(("tardif",), {}, 3, 4, 1)]


def test_a_change_that_a_late_booking_only_repeats_is_said_once():
    assert found(late(3, "ajouter, valeur: 2"), late(4, "ajouter, valeur: 2")) == [
        ((), {"formule": ("repas",)}, 3, 4, 1)
    ]


def test_a_change_that_a_late_booking_doubles_is_said_too():
    assert found(late(3, "multiplier, valeur: 2"), late(4, "multiplier, valeur: 2")) == [
        ((), {"formule": ("repas",)}, 3, 4, 1),
        (("tardif",), {"formule": ("repas",)}, 6, 8, 2),
    ]


def test_a_supplement_that_only_one_version_asks_for_is_no_price_of_the_other():
    old, new = late(3, "ajouter, valeur: 2"), late(4, "ajouter, valeur: 2", "[tardif, sans_appel]")
    assert {extras for extras, *_ in found(old, new)} == {()}


def dated(*versions, name=""):
    rules = "\n".join(
        f"              - {{nom: v{number}, du: {start}{', au: ' + end if end else ''}, regle: {{prix: {price}, arrondi: {CENTS}}}}}"
        for number, (start, end, price) in enumerate(versions)
    )
    return rulebook_of(
        f"activites:\n  cantine:\n    nom: Cantine\n    tarif:\n      versions:\n{rules}\n{name}"
    )


OLD = dated(("2026-01-01", "2026-08-31", "3"), ("2026-09-01", "", "4"))
NEW = dated(("2026-01-01", "2026-06-30", "3"), ("2026-07-01", "", "5"))


def periods(old, new, first=None, last=None):
    return [
        (one.since, one.until, one.old.low, one.new.low)
        for one in price_changes(old, new, "cantine", first, last).changes
    ]


def test_each_change_has_its_days():
    assert periods(OLD, NEW) == [
        (date(2026, 7, 1), date(2026, 8, 31), 3, 5),
        (date(2026, 9, 1), None, 4, 5),
    ]
    assert periods(OLD, OLD) == []
    assert periods(OLD, dated(("2026-01-01", "", "3"))) == [(date(2026, 9, 1), None, 4, 3)]


def test_only_the_days_asked_for_are_compared():
    assert periods(OLD, NEW, date(2026, 3, 1), date(2026, 6, 30)) == []
    assert periods(OLD, NEW, date(2026, 3, 1), date(2026, 7, 1)) == [(date(2026, 7, 1), None, 3, 5)]
    assert periods(OLD, NEW, date(2026, 7, 1), date(2026, 8, 31)) == [(None, None, 3, 5)]
    assert periods(OLD, NEW, date(2026, 10, 1)) == [(None, None, 4, 5)]
    assert periods(OLD, NEW, date(2026, 8, 1)) == [
        (date(2026, 8, 1), date(2026, 8, 31), 3, 5),
        (date(2026, 9, 1), None, 4, 5),
    ]


def test_a_day_without_tariff_on_one_side_is_not_compared():
    assert periods(OLD, dated(("2026-10-01", "", "6"))) == [(date(2026, 10, 1), None, 4, 6)]
    undated = rulebook_of(f"activites: {{cantine: {{nom: Cantine, tarif: {{prix: 4, arrondi: {CENTS}}}}}}}")
    assert periods(OLD, undated) == [(date(2026, 1, 1), date(2026, 8, 31), 3, 4)]


def test_a_name_that_changes_with_time_changes_the_price():
    def named(price):
        return rulebook_of(f"""
            montants:
              base: {{versions: [{{nom: a, du: 2025-09-01, au: 2026-08-31, regle: "3"}}, {{nom: b, du: 2026-09-01, regle: "{price}"}}]}}
            activites: {{cantine: {{nom: Cantine, tarif: {{prix: base, arrondi: {CENTS}}}}}}}
            """)

    assert periods(named(4), named(5)) == [(date(2026, 9, 1), None, 4, 5)]


def total(name, rule):
    return rulebook_of(f"""
        faits: {{mode: [carte, ticket]}}
        activites: {{cantine: {{nom: Cantine, tarif: {{prix: 3, arrondi: {CENTS}}}}}}}
        cumuls: [{{nom: {name}, periode: mois, par: enfant, activites: [cantine], effet: plafond, arrondi: {{au: 0.01, vers: plus_proche}}, {rule}}}]
        """)


def totals(old, new):
    return [
        (pair.label, one.facts, one.old and one.old.low, one.new and one.new.low)
        for pair in total_changes(old, new)
        for one in pair.changes
    ]


def test_a_total_is_compared_by_name_for_those_it_applies_to():
    old, new = (
        total("carte", "valeur: 30, si: {mode: carte}"),
        total("carte", "valeur: 35, si: {mode: carte}"),
    )
    assert totals(old, new) == [("carte", {"mode": ("carte",)}, 30, 35)]
    assert totals(old, total("autre", "valeur: 35")) == []
    assert totals(old, total("carte", "valeur: 30")) == [("carte", {"mode": ("ticket",)}, None, 30)]
    assert totals(old, old) == []


def test_a_total_is_rounded_as_it_says():
    third = total("carte", "valeur: 10 / 3")
    assert totals(third, total("carte", "valeur: 3.33")) == []
    assert totals(third, total("carte", "valeur: 3.34")) == [("carte", {}, Decimal("3.33"), Decimal("3.34"))]


def test_the_extent_goes_from_the_greatest_fall_to_the_greatest_rise():
    def bracket(low, high):
        return rulebook_of(f"""
            faits: {{formule: [repas, pai]}}
            activites:
              cantine:
                nom: Cantine
                tarif: {{prix: {{table: {{selon: formule, lignes: [{{formule: repas, valeur: {low}}}, {{formule: pai, valeur: {high}}}]}}}}, arrondi: {CENTS}}}
            """)

    extent = price_changes(bracket(3, 2), bracket(4, 1), "cantine").extent
    assert (extent.low, extent.high) == (-1, 1)
    assert price_changes(bracket(3, 2), bracket(3, 2), "cantine").extent is None
