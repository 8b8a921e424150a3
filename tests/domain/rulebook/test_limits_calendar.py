# ruff: noqa: E501  a rule a line reads better than folded
"""The calendar of limits says, day by day, what a question about one day answers."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

import pytest

from domain.calendar import TownCalendar
from domain.rulebook import questions
from domain.rulebook.ladders import ANY_CHANNEL
from domain.rulebook.limits_calendar import limits_calendar
from domain.rulebook.plain_data import moment_text
from domain.rulebook.scenario import Question
from tests.domain.rulebook.changed import CASES, side, text_of
from tests.domain.rulebook.helpers import rulebook_of

NAMES = sorted(path.name.removesuffix(".reglement.yaml") for path in CASES.glob("*.reglement.yaml"))
MONDAY = date(2026, 9, 14)
EVE = 'jusqu_a: {forme: jours_avant, jours: 1, compte: {base: BASE, sans_feries: non, sans_vacances: non}, francs: non, heure: "10:00", limite: incluse}'


def service_days(activity, count=12):
    days = (date(2025, 9, 1) + timedelta(days=number) for number in range(400))
    return list(islice((day for day in days if activity.opening is None or day in activity.opening), count))


def asked(book, name, row, channel):
    fields = {"activity": name, "action": row.action, "day": row.day, "channel": channel, "now": None}
    return questions.answer(book, Question("", "limite", fields, {}, None, 1))


@pytest.mark.parametrize("name", NAMES)
def test_each_row_is_the_answer_to_its_question(name):
    book = side(text_of(name)).book
    for key, activity in book.activities.items():
        dated = activity.ladders is not None and activity.ladders.changes
        rows = [] if dated else limits_calendar(book, key, service_days(activity))
        for row in (row for row in rows if row.certain):
            for channel in row.channels:
                found = asked(book, key, row, "fax" if channel == ANY_CHANNEL else channel)
                if row.problem:
                    assert found.problem == row.problem
                    continue
                said = [
                    (stage["jusqu_a"], stage["effet"], stage["en_clair"]) for stage in found.answer["etapes"]
                ]
                assert said == [
                    (moment_text(one.limit), one.answer.outcome.value, one.words) for one in row.stages
                ]
                assert found.answer["ensuite"] == row.otherwise.outcome.value


def town(base, more=""):
    return rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            ouverture: {{jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}}
            delais:
              - {{actions: [reserver], canaux: [guichet], etapes: [{{{EVE.replace("BASE", base)}, effet: libre}}], ensuite: refus}}
              {more}
        """)


def test_a_channel_that_a_rule_takes_is_not_shown_again_and_the_others_are():
    everybody = f"- {{actions: [reserver], canaux: tous, etapes: [{{{EVE.replace('BASE', 'tous')}, effet: libre}}], ensuite: sur_demande}}"
    rows = limits_calendar(town("tous", everybody), "cantine", [MONDAY])
    assert [(row.channels, row.otherwise.outcome.value) for row in rows] == [
        (("guichet",), "refus"),
        ((ANY_CHANNEL,), "sur_demande"),
    ]
    (row,) = limits_calendar(town("tous"), "cantine", [MONDAY])
    assert row.channels == ("guichet",)
    assert [(one.words, one.since, one.rule) for one in row.stages] == [
        ("jusqu’au dimanche 13\u00a0septembre, 10\u00a0h", None, "activites.cantine.delais[1].etapes[1]")
    ]


def test_the_town_gives_its_own_calendar_and_its_own_days():
    book = town("ouverture")
    strike = date(2026, 9, 11)
    (usual,) = limits_calendar(book, "cantine", [MONDAY])
    (closed,) = limits_calendar(book, "cantine", [MONDAY], open_days={date(2026, 9, 10), MONDAY})
    assert "vendredi 11\u00a0septembre" in usual.stages[0].words
    assert "jeudi 10\u00a0septembre" in closed.stages[0].words
    no_feast = replace(book.almanac, town=TownCalendar({}, (), frozenset(), frozenset({0, 1, 3, 4})))
    school = town("ecole")
    (row,) = limits_calendar(school, "cantine", [strike], almanac=no_feast)
    assert "jeudi 10\u00a0septembre" in row.stages[0].words


def test_a_rule_for_some_families_is_uncertain_until_their_fact_is_known():
    text = f"""
        faits: {{residence: [commune, hors_commune]}}
        activites:
          cantine:
            nom: Cantine
            delais:
              - {{actions: [reserver], canaux: tous, si: {{residence: hors_commune}}, etapes: [], ensuite: refus}}
              - {{actions: [reserver], canaux: tous, etapes: [{{{EVE.replace("BASE", "tous")}, effet: libre}}], ensuite: refus}}
        """
    book = rulebook_of(text)
    assert [row.certain for row in limits_calendar(book, "cantine", [MONDAY])] == [False, True]
    rows = limits_calendar(book, "cantine", [MONDAY], facts={"residence": "commune"})
    assert [(row.certain, len(row.stages)) for row in rows] == [(True, 1)]
    rows = limits_calendar(book, "cantine", [MONDAY], facts={"residence": "hors_commune"})
    assert [(row.certain, len(row.stages)) for row in rows] == [(True, 0)]


def test_a_rule_that_cannot_answer_says_why():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver]
                canaux: tous
                etapes:
                  - jusqu_a: {forme: selon_le_jour, limite: exclue, entrees: [{pour: mardi, jour: vendredi, semaines_avant: 1, heure: "09:00"}]}
                    effet: libre
                ensuite: refus
        """)
    (row,) = limits_calendar(book, "cantine", [MONDAY])
    assert row.stages == ()
    assert "ne dit rien de ce jour de la semaine" in row.problem
