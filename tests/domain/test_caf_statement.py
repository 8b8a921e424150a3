"""What the CAF counts: natures of days, caps of a Wednesday, brackets of the quotient (R49)."""

from datetime import date

import pytest

from domain.caf_statement import (
    Brackets,
    Nature,
    Slot,
    age_on,
    counted,
    nature_of,
    read_brackets,
    written_brackets,
)
from domain.calendar import SchoolHoliday, TownCalendar
from domain.enums import ActivityKind
from domain.errors import Refused
from domain.reporting_periods import offered_periods, read_period

CALENDAR = TownCalendar(
    {},
    (
        SchoolHoliday(date(2026, 7, 4), date(2026, 8, 31), "Vacances d’été"),
        SchoolHoliday(date(2026, 12, 19), date(2027, 1, 3), "Vacances de Noël"),
    ),
)


@pytest.mark.parametrize(
    ("kind", "day", "nature"),
    [
        (ActivityKind.MORNING, date(2026, 12, 7), Nature.MORNING),
        (ActivityKind.MEAL, date(2026, 12, 7), Nature.MIDDAY),
        (ActivityKind.EVENING, date(2026, 12, 7), Nature.EVENING),
        (ActivityKind.DAY, date(2026, 12, 9), Nature.WEDNESDAY),
        (ActivityKind.MEAL, date(2026, 12, 9), Nature.WEDNESDAY),
        (ActivityKind.DAY, date(2026, 12, 12), Nature.WEEKEND),
        (ActivityKind.DAY, date(2026, 12, 7), None),
        (ActivityKind.DAY, date(2026, 12, 23), Nature.SHORT_HOLIDAY),
        (ActivityKind.MORNING, date(2026, 12, 21), Nature.SHORT_HOLIDAY),
        (ActivityKind.DAY, date(2026, 7, 4), Nature.SUMMER),
        (ActivityKind.DAY, date(2026, 8, 31), Nature.SUMMER),
    ],
)
def test_the_day_and_the_activity_say_the_nature(kind, day, nature):
    assert nature_of(kind, day, CALENDAR) is nature


def slot(parts: int, minutes: int | None) -> Slot:
    return Slot(1, "Mercredis", "Centre", ActivityKind.DAY, True, "Journée", parts, minutes)


@pytest.mark.parametrize(
    ("slots", "minutes"),
    [
        ([slot(7, 660)], 540),
        ([slot(7, 500)], 500),
        ([slot(1, 270)], 240),
        ([slot(3, 330)], 240),  # a morning and its meal are a half-day
        ([slot(5, 600)], 480),  # two half-days without a meal
        ([slot(1, 270), slot(6, 390)], 540),  # a whole day in two slots
        ([slot(2, 120)], 120),
        ([], 0),
    ],
)
def test_a_wednesday_is_capped_and_no_other_day(slots, minutes):
    assert counted(Nature.WEDNESDAY, slots) == minutes
    assert counted(Nature.SUMMER, slots) == sum(one.minutes for one in slots)


def test_a_child_is_six_on_its_birthday():
    assert [age_on(date(2020, 12, 10), date(2026, 12, day)) for day in (9, 10)] == [5, 6]


def test_brackets_are_typed_in_any_order_and_read_back():
    brackets = read_brackets("700 ; 400;622,50")
    assert brackets.text.replace("\u00a0", " ") == "400 ; 622,50 ; 700"
    assert [brackets.rank(value) for value in (None, 39999, 40000, 62250, 70000)] == [-1, 0, 1, 2, 3]
    assert [brackets.name(rank) for rank in brackets.ranks] == [
        "sans quotient",
        "moins de 400",
        "de 400 à moins de 622,50",
        "de 622,50 à moins de 700",
        "700 et plus",
    ]
    assert Brackets().name(0) == "avec un quotient"


@pytest.mark.parametrize(
    "typed", ["beaucoup", "0", "-4", "4,123", "123456", "²", " ".join(map(str, range(1, 14)))]
)
def test_what_is_no_bracket_is_refused(typed):
    with pytest.raises(Refused, match="Écrivez le début"):
        read_brackets(typed)


def test_the_brackets_of_the_town_are_those_of_most_tables():
    wide = [
        {"quotient": {"moins_de": "370"}},
        {"quotient": {"de": "370", "moins_de": "500"}},
        {"quotient": "inconnu"},
    ]
    narrow = [{"quotient": {"a": "700"}}, {"quotient": {"plus_de": "700"}}]
    tree = {"activites": {"a": {"lignes": wide}, "b": {"lignes": narrow}, "c": {"x": {"lignes": wide}}}}
    assert written_brackets(tree) == Brackets((37000, 50000))
    assert written_brackets({"b": narrow}) == Brackets((70001,))
    assert written_brackets({}) == Brackets()


def test_periods_are_months_quarters_and_years():
    assert [(one.first, one.last) for one in map(read_period, ("2026", "2026-T4", "2028-02"))] == [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 10, 1), date(2026, 12, 31)),
        (date(2028, 2, 1), date(2028, 2, 29)),
    ]
    assert [read_period(bad) for bad in ("", "2026-13", "2026-T5", "1999", "2026-1")] == [None] * 5
    offered = offered_periods(date(2026, 11, 30))
    assert offered["Trimestres"][0].name == "4e trimestre 2027"
    assert offered["Années"][-1].name == "Année 2023"
