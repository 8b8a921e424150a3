# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Totals over a period: which presences they gather, whose facts they read, and whom they are shared between."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.french import NBSP
from domain.rulebook.totals import split
from tests.domain.rulebook.helpers import ask, check, rulebook_of

CENT = "{au: 0.01, vers: plus_proche}"
CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"


def book_of(total, price="{cas: [{si: {regime: occasionnel}, valeur: 5.20}], sinon: 0}"):
    return rulebook_of(
        f"""
        faits: {{regime: [forfait, demi_forfait, occasionnel], adhesion_payee: oui_non}}
        activites:
          repas: {{nom: Repas, tarif: {{prix: "{price}", arrondi: {CENTS}}}}}
        cumuls:
          - {{nom: le cumul, arrondi: {CENT}, activites: [repas], {total}}}
        """.replace('"{', "{").replace('}"', "}")
    )


def test_a_condition_on_presences_gathers_those_that_meet_it():
    book = book_of(
        "periode: mois, par: enfant, si: {regime: [forfait, demi_forfait]}, effet: remplace, "
        "valeur: {cas: [{si: {regime: forfait}, valeur: 60}], sinon: 32}"
    )
    half = "{activite: repas, jours: [2026-09-01, 2026-09-03], faits: {regime: demi_forfait}}"
    before = "{activite: repas, jours: [2026-08-31, 2026-09-02], faits: {regime: occasionnel}}"
    after = "{activite: repas, jours: [2026-09-21], faits: {regime: occasionnel}}"
    check(
        book,
        f"""
        - {{nom: fin occasionnelle, question: facture, presences: [{half}, {after}], attendu: {{total: 37.20}}}}
        - {{nom: début occasionnel, question: facture, presences: [{half}, {before}], attendu: {{total: 42.40}}}}
        - {{nom: rien, question: facture, presences: [{after}], attendu: {{total: 5.20}}}}
        - {{nom: vide, question: facture, presences: [], attendu: {{total: 0.00}}}}
        """,
    )


def test_presences_that_disagree_are_not_settled_by_chance():
    text = "periode: annee_civile, par: famille, effet: ajoute, valeur: {cas: [{si: {mois: {de: 7}}, valeur: 4.25}], sinon: 8.50}"
    bill = "- {nom: N, question: facture, faits: {regime: forfait}, presences: [{activite: repas, jours: [2026-03-03, 2026-10-01]}]"
    (open_,) = ask(book_of(text), bill + "}")
    assert "8,5 selon une présence, 4,25 selon une autre" in open_.problem
    check(book_of(text + ", faits_de: premiere"), bill + ", attendu: {total: 8.50}}")
    check(book_of(text + ", faits_de: derniere"), bill + ", attendu: {total: 4.25}}")


def test_a_condition_on_the_number_is_asked_of_the_group():
    book = book_of("periode: mois, par: enfant, si: {nombre: {de: 2}}, effet: plafond, valeur: 7")
    facts = "faits: {regime: occasionnel}"
    check(
        book,
        f"""
        - {{nom: un, question: facture, {facts}, presences: [{{activite: repas, jours: [2026-09-01]}}], attendu: {{total: 5.20}}}}
        - {{nom: deux, question: facture, {facts}, presences: [{{activite: repas, jours: [2026-09-01, 2026-09-03]}}], attendu: {{total: 7.00}}}}
        """,
    )


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("", "{Lou: 10.40, Sam: 5.20, famille: -5.60}"),
        (", partage: au_prorata", "{Lou: 6.67, Sam: 3.33}"),
        (", partage: parts_egales", "{Lou: 7.60, Sam: 2.40}"),
    ],
)
def test_a_total_of_the_family_is_shared_between_its_children(share, expected):
    book = book_of("periode: mois, par: famille, effet: plafond, valeur: 10" + share)
    lou = "{activite: repas, enfant: Lou, jours: [2026-09-01, 2026-09-03]}"
    sam = "{activite: repas, enfant: Sam, jours: [2026-09-01]}"
    check(
        book,
        f"""
        - {{nom: N, question: facture, faits: {{regime: occasionnel}}, presences: [{lou}, {sam}], attendu: {{total: 10.00, par_enfant: {expected}}}}}
        """,
    )


@given(st.integers(-100000, 100000), st.lists(st.integers(1, 5000), min_size=1, max_size=6))
def test_shares_add_up_and_are_fair_to_the_cent(cents, weights):
    amount, weights = Decimal(cents) / 100, [Decimal(weight) for weight in weights]
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / sum(weights)) <= Decimal("0.01")


def test_a_price_is_provisional_only_when_a_total_may_change_it():
    book = book_of(
        "periode: annee_civile, par: famille, si: {adhesion_payee: non}, effet: ajoute, valeur: 8.50"
    )
    check(
        book,
        """
        - {nom: payée, question: prix, activite: repas, faits: {regime: occasionnel, adhesion_payee: oui}, attendu: {prix: 5.20, provisoire: non}}
        - {nom: due, question: prix, activite: repas, faits: {regime: occasionnel, adhesion_payee: non}, attendu: {provisoire: oui}}
        - {nom: non dit, question: prix, activite: repas, faits: {regime: occasionnel}, attendu: {provisoire: oui}}
        """,
    )


def test_the_steps_of_an_adjusted_presence_are_true_additions():
    book = rulebook_of(f"""
        faits: {{retard: entier}}
        activites:
          soir:
            nom: Soir
            tarif:
              prix: 1.3
              ajustements: [{{nom: retard, si: {{retard: {{de: 1}}}}, operation: ajouter, valeur: retard * 10.005, portee: presence}}]
              arrondi: {CENTS}
        """)
    (found,) = ask(book, "- {question: prix, activite: soir, faits: {retard: 1}}")
    said = [step.text.replace(NBSP, " ") for step in found.trace.steps]
    assert said[0] == "1,3 × 1 = 1,3"
    assert said[2:] == ["retard : ajouter 10,005, 1,3 → 11,305", "arrondi : 11,305 → 11,31"]
