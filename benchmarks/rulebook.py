"""What a règlement costs, in times of the same arithmetic written by hand in bare Python.

    .venv/bin/python -m benchmarks.rulebook

The engine reads its rules, explains each answer and says it in French; the lower bound has the figures of
this one town in its code and says nothing. Both run in turns and must agree to the cent and to the minute.
"""

import statistics
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import click

from adapters import rulebook_files
from benchmarks.report import tell
from domain.rulebook import questions, rulebook, scenario
from domain.rulebook.tree import Faults

TEXT = """
reglement: {nom: Commune mesurée}
calendrier: {jours_d_ecole: [lundi, mardi, jeudi, vendredi], jours_feries: metropole, vacances: zone_b}
faits: {residence: [commune, exterieur], rang: nombre}
activites:
  cantine:
    nom: Cantine
    ouverture: {jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}
    delais:
      - actions: [reserver, annuler]
        canaux: tous
        etapes:
          - jusqu_a:
              forme: jours_avant
              jours: 2
              compte: {base: ecole, sans_feries: oui, sans_vacances: oui}
              francs: non
              heure: "10:00"
              limite: incluse
            effet: libre
        ensuite: refus
    tarif:
      prix:
        table:
          selon: [residence, quotient]
          trous: refuser
          lignes:
            - {residence: commune, quotient: {moins_de: 400}, valeur: 1.20}
            - {residence: commune, quotient: {de: 400, moins_de: 640}, valeur: 2.35}
            - {residence: commune, quotient: {de: 640, moins_de: 900}, valeur: 3.15}
            - {residence: commune, quotient: {de: 900, moins_de: 1400}, valeur: 4.05}
            - {residence: commune, quotient: {de: 1400}, valeur: 4.85}
            - {residence: commune, quotient: inconnu, valeur: 4.85}
            - {residence: exterieur, quotient: tous, valeur: 6.50}
      ajustements:
        - {nom: fratrie, si: {rang: {de: 3}}, operation: multiplier, valeur: 0.80, portee: unite}
      arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
  soir:
    nom: Garderie du soir
    ouverture: {jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}
    tarif:
      prix: {taux: 0.0021, sur: quotient, constante: 0, plancher: 0.90, plafond: 2.80}
      arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
cumuls:
  - nom: plafond du mois
    periode: mois
    par: enfant
    activites: [soir]
    effet: plafond
    valeur: 24
    arrondi: {au: 0.01, vers: plus_proche}
"""
ROUNDS = 9
FAMILIES, LINES = 2000, 60
CHILDREN, OFFERS = 2, 2
MOST_LIMITS, MOST_PRICES, MOST_BILLS = 8, 140, 140
FIRST_DAY, LAST_DAY = date(2026, 9, 1), date(2027, 7, 2)
PARIS = ZoneInfo("Europe/Paris")
Work = Callable[[], Any]


def book() -> rulebook.Rulebook:
    faults = Faults()
    found = rulebook.read(rulebook_files.parse(TEXT, faults), rulebook_files, faults)
    if found is None:
        raise RuntimeError([str(fault) for fault in faults.errors])
    return found


def question(rules: rulebook.Rulebook, text: str) -> scenario.Question:
    """A question as a scenario writes it; its facts and its day are replaced from one call to the next."""
    faults = Faults()
    found = scenario.read(rulebook_files.parse(f"questions: [{text}]", faults), rules, faults)
    if found is None or faults.errors:
        raise RuntimeError([str(fault) for fault in faults.errors])
    return found.questions[0]


def answered(rules: rulebook.Rulebook, asked: scenario.Question) -> dict[str, Any]:
    result = questions.answer(rules, asked)
    if result.problem:
        raise RuntimeError(result.problem)
    return result.answer


# --- A year of limits of one activity


def limits_by_rules(rules: rulebook.Rulebook, days: list[date]) -> list[str]:
    asked = question(rules, f"{{question: limite, activite: cantine, action: reserver, jour: {days[0]}}}")
    return [answered(rules, replace(asked, asked={**asked.asked, "day": day}))["limite"] for day in days]


def limits_by_hand(closed: frozenset[date], days: list[date]) -> list[str]:
    found = []
    for day in days:
        left = 2
        while left:
            day -= timedelta(days=1)
            left -= day.weekday() in (0, 1, 3, 4) and day not in closed
        limit = datetime(day.year, day.month, day.day, 10, tzinfo=PARIS).astimezone(UTC)
        found.append(f"{limit.astimezone(PARIS):%Y-%m-%d %H:%M}")
    return found


# --- The price of sixty presences

QUOTIENTS = [Decimal(205 + 29 * index) for index in range(LINES)]
BOUNDS, CENTS = (400, 640, 900, 1400), (120, 235, 315, 405, 485)


def prices_by_rules(rules: rulebook.Rulebook, days: list[date]) -> list[Decimal]:
    asked = question(
        rules, f"{{question: prix, activite: cantine, jour: {days[0]}, faits: {{residence: commune}}}}"
    )
    found = []
    for index, (day, quotient) in enumerate(zip(days, QUOTIENTS, strict=True)):
        facts = {**asked.facts, "rang": Decimal(index % 4), "quotient": quotient}
        found.append(answered(rules, replace(asked, asked={**asked.asked, "day": day}, facts=facts))["prix"])
    return found


def prices_by_hand(days: list[date]) -> list[Decimal]:
    return [
        Decimal(meal_cents(quotient, index % 4)) / 100
        for index, (_, quotient) in enumerate(zip(days, QUOTIENTS, strict=True))
    ]


def meal_cents(quotient: Decimal, rank: int) -> int:
    cents = CENTS[bisect_right(BOUNDS, quotient)]
    return (cents * 80 + 50) // 100 if rank >= 3 else cents


# --- The month of two thousand families


def quotient_of(family: int) -> Decimal:
    return Decimal(200 + family % 1500)


def bills_by_rules(rules: rulebook.Rulebook, days: list[date]) -> list[Decimal]:
    jours = f"[{', '.join(map(str, days))}]"
    presences = ", ".join(
        f"{{activite: {activity}, enfant: {child}, jours: {jours}}}"
        for child in ("Lou", "Noé")
        for activity in ("cantine", "soir")
    )
    asked = question(
        rules, f"{{question: facture, faits: {{residence: commune, rang: 1}}, presences: [{presences}]}}"
    )
    facts = [{**asked.facts, "quotient": quotient_of(family)} for family in range(FAMILIES)]
    return [answered(rules, replace(asked, facts=one))["total"] for one in facts]


def bills_by_hand(days: list[date]) -> list[Decimal]:
    totals = []
    for family in range(FAMILIES):
        quotient, cents = quotient_of(family), 0
        for _child in range(CHILDREN):
            evenings = 0
            for _day in days:
                cents += meal_cents(quotient, 1)
                evenings += min(max(int(quotient * 21 + 50) // 100, 90), 280)
            cents += min(evenings, 2400)
        totals.append(Decimal(cents) / 100)
    return totals


# --- In turns


def compare(by_rules: Work, by_hand: Work, rounds: int) -> tuple[float, float, float]:
    """Median CPU seconds of each, and the median of the ratios of neighbours."""
    costs: list[tuple[float, float]] = []
    for _ in range(rounds):
        first, rules = timed(by_rules)
        second, hand = timed(by_hand)
        if first != second:
            raise RuntimeError(f"the rules and the arithmetic differ: {first[:3]}… {second[:3]}…")
        costs.append((rules, hand))
    ratio = statistics.median(rules / hand for rules, hand in costs)
    return *(statistics.median(found) for found in zip(*costs, strict=True)), ratio


def timed(work: Work) -> tuple[Any, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def main() -> None:
    rules = book()
    opening, calendar = rules.activities["cantine"].opening, rules.almanac.town
    span = (FIRST_DAY + timedelta(days=offset) for offset in range((LAST_DAY - FIRST_DAY).days + 1))
    days = [day for day in span if day in opening]
    closed = frozenset(calendar.public_holidays) | frozenset(
        holiday.first_day + timedelta(days=offset)
        for holiday in calendar.school_holidays
        for offset in range((holiday.last_day - holiday.first_day).days + 1)
    )
    month = days[: LINES // (CHILDREN * OFFERS)]
    parts = (
        (f"a year of limits ({len(days)} days)", MOST_LIMITS, ROUNDS,
         lambda: limits_by_rules(rules, days), lambda: limits_by_hand(closed, days)),
        (f"the price of {LINES} presences", MOST_PRICES, ROUNDS,
         lambda: prices_by_rules(rules, days[:LINES]), lambda: prices_by_hand(days[:LINES])),
        (f"the month of {FAMILIES} families", MOST_BILLS, 3,
         lambda: bills_by_rules(rules, month), lambda: bills_by_hand(month)),
    )  # fmt: skip
    for name, most, rounds, by_rules, by_hand in parts:
        engine, hand, ratio = compare(by_rules, by_hand, rounds)
        click.echo(f"{name}: {engine * 1000:.2f} ms by the rules, {hand * 1000:.2f} ms by hand")
        tell(f"{name} / by hand", ratio, most)


if __name__ == "__main__":
    main()
