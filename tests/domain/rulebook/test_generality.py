# ruff: noqa: E501  a rule a line reads better than folded
"""The engine serves any organiser: it names none, guesses nothing, and every amount can be computed again."""

import re
import unicodedata
from decimal import Decimal
from pathlib import Path

from domain.rulebook.prices import Operation
from tests.domain.rulebook.helpers import ask, rulebook_of

ROOT = Path(__file__).parents[3]
CENTS = "{au: 0.01, vers: plus_proche, apres: [chaque_ajustement, total]}"


def plain(text):
    without_accents = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in without_accents if not unicodedata.combining(c)))


def test_the_domain_names_no_organiser():
    cases = (ROOT / "tests" / "cases").glob("*.reglement.yaml")
    names = {plain(path.name.split(".")[0].split("--")[0][2:]).strip() for path in cases}
    assert len(names) > 80
    texts = {
        path.name: f" {plain(path.read_text(encoding='utf-8'))} " for path in (ROOT / "domain").rglob("*.py")
    }
    assert [(name, file) for file, text in texts.items() for name in names if f" {name} " in text] == []


def test_the_steps_of_a_price_compute_again_to_its_amount():
    book = rulebook_of(f"""
        faits: {{rang: nombre, exterieur: oui_non}}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: {{taux: 0.0036, sur: quotient, constante: 0, plancher: 2.60, plafond: 4.50}}
              ajustements:
                - {{nom: troisieme, si: {{rang: {{de: 3}}}}, operation: multiplier, valeur: 0.5, portee: unite}}
                - {{nom: hors, si: {{exterieur: oui}}, operation: ajouter, valeur: 1.25, portee: unite}}
              arrondi: {CENTS}
        """)
    for quotient in ("0", "722.22", "1000", "1249.99", "99999"):
        facts = f"{{quotient: {quotient}, rang: 3, exterieur: oui}}"
        (found,) = ask(book, f"- {{question: prix, activite: cantine, faits: {facts}}}")
        steps = {step.text.split()[0]: step for step in found.trace.steps}
        amount = max(Decimal("2.60"), min(Decimal("4.50"), Decimal("0.0036") * Decimal(quotient)))
        for name, operation in (("troisieme", Operation.MULTIPLY), ("hors", Operation.ADD)):
            inputs = dict(steps[name].inputs)
            assert inputs["avant"] == amount
            amount = operation.apply(amount, inputs["valeur"])
            assert abs(steps[name].result - amount) <= Decimal("0.005")
            amount = steps[name].result
        assert found.answer["prix"] == amount


def test_what_is_missing_is_named_and_what_is_unforeseen_is_said():
    book = rulebook_of(f"""
        faits: {{residence: [commune, exterieur]}}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix:
                cas: [{{si: {{residence: commune}}, valeur: 3}}]
                sinon: null
              arrondi: {CENTS}
        """)
    nobody, unknown, other, deadline = ask(
        book,
        """
        - {question: prix, activite: cantine}
        - {question: prix, activite: cantine, faits: {residence: inconnu}}
        - {question: prix, activite: cantine, faits: {residence: exterieur}}
        - {question: limite, activite: cantine, action: reserver, jour: 2026-10-01}
        """,
    )
    assert nobody.missing_fact == "residence"
    assert "ne prévoit pas ce cas" in unknown.problem
    assert "aucun cas ne correspond" in other.problem
    assert deadline.problem == "activites.cantine n’a pas de délais."
    assert all(one.answer == {} for one in (nobody, unknown, other, deadline))


def test_a_limit_and_the_refusal_agree_at_each_minute_around_it():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver]
                canaux: tous
                etapes:
                  - jusqu_a: {forme: heures_avant, heures: 24, heure_de_reference: "02:30", compte: {base: tous, sans_feries: non, sans_vacances: non}, limite: exclue}
                    effet: libre
                ensuite: refus
        """)  # fmt: skip
    for day, limit, before, after in (
        ("2026-03-29", "2026-03-28 02:30", "2026-03-28 02:29", "2026-03-28 02:30"),
        ("2026-10-25", "2026-10-24 03:30", "2026-10-24 03:29", "2026-10-24 03:30"),
        ("2028-03-01", "2028-02-29 02:30", "2028-02-29 02:29", "2028-02-29 02:30"),
    ):
        asked = f"activite: cantine, action: reserver, jour: {day}"
        said, free, late = ask(
            book,
            f"""
            - {{question: limite, {asked}}}
            - {{question: permis, {asked}, a: {before}}}
            - {{question: permis, {asked}, a: {after}}}
            """,
        )
        assert (said.answer["limite"], free.answer["permis"], late.answer["permis"]) == (limit, True, False)


def test_a_condition_asks_only_for_what_could_change_it():
    book = rulebook_of("""
        faits: {x: oui_non, y: oui_non}
        conditions:
          l_un: {si: {ou: [{x: oui}, {y: oui}]}, sinon: Non.}
          les_deux: {si: {x: oui, y: oui}, sinon: Non.}
          aucun: {si: {non: [{x: oui}, {y: oui}]}, sinon: Non.}
        activites: {c: {nom: C}}
        """)
    for name, known, expected in (
        ("l_un", "y: oui", True),
        ("l_un", "y: non", "x"),
        ("l_un", "y: oui, x: inconnu", True),
        ("les_deux", "y: non", False),
        ("les_deux", "y: oui", "x"),
        ("aucun", "y: oui", False),
        ("aucun", "y: non", "x"),
    ):
        (found,) = ask(book, f"- {{question: fait, fait: {name}, faits: {{{known}}}}}")
        assert (found.missing_fact or found.answer["valeur"]) == expected, (name, known)


def test_born_on_29_february_an_age_and_a_date_agree():
    book = rulebook_of("""
        faits: {naissance: date}
        montants: {age: "annees_revolues(naissance, date)"}
        dates: {trois_ans: {depuis: naissance, annees: 3}}
        activites: {c: {nom: C}}
        """)
    day = "faits: {naissance: 2024-02-29}"
    age, before, date_ = ask(
        book,
        f"""
        - {{question: fait, fait: age, jour: 2027-02-28, {day}}}
        - {{question: fait, fait: age, jour: 2027-02-27, {day}}}
        - {{question: fait, fait: trois_ans, {day}}}
        """,
    )
    assert (age.answer["valeur"], before.answer["valeur"]) == (3, 2)
    assert date_.answer["valeur"].isoformat() == "2027-02-28"
