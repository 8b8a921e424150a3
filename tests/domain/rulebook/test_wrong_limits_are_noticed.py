"""The proof by a second opinion would notice: an oracle, or an engine, that is wrong on purpose differs."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from domain.rulebook import cutoffs, days
from tests import oracle
from tests.domain.rulebook.test_limits_against_oracle import EVERY_DAY, FORMS, disagreements, town
from tests.oracle.limits import Oracle


def differ_somewhere(judge):
    """Whether some form shows a difference, in a zone where the true oracle shows none."""
    return any(disagreements(form, judge.town.zone, judge, EVERY_DAY[:400]) for form in FORMS.values())


class CountsPublicHolidays(Oracle):
    def counts(self, counted_days, day):
        return super().counts({**counted_days, "sans_feries": "non"}, day)


class CountsSchoolHolidays(Oracle):
    def counts(self, counted_days, day):
        return super().counts({**counted_days, "sans_vacances": "non"}, day)


class ForgetsClosures(Oracle):
    def counts(self, counted_days, day):
        return super().counts({**counted_days, "fermetures": ()}, day)


class ForgetsClearDays(Oracle):
    def days_before(self, day, form):
        return super().days_before(day, {**form, "francs": "non"})


class CountsTheServiceDay(Oracle):
    def nth_before(self, day, n, counted_days):
        return super().nth_before(day, max(n - 1, 0), counted_days)


class CountsEveryHour(Oracle):
    def counts_everything(self, counted_days):
        return True


class TakesTheWeekAfter(Oracle):
    def in_week(self, day, weekday, weeks):
        return super().in_week(day, weekday, max(weeks - 1, 0))


class KnowsMonthsOfThirtyDaysOnly(Oracle):
    def day_of_month(self, year, month, wanted):
        return min(wanted, 28 if month == 2 else 30)


class ForgetsTheLeapDay(Oracle):
    def day_of_month(self, year, month, wanted):
        return super().day_of_month(2023, month, wanted)


class StaysInWinterTime(Oracle):
    def is_summer(self, moment):
        return False


class TakesTheFirstPass(Oracle):
    def instant(self, day, minutes):
        return super().instant(day, minutes) - timedelta(hours=self.shown_twice(day, minutes))

    def shown_twice(self, day, minutes):
        late = super().instant(day, minutes)
        return self.shown(late) == self.shown(late - timedelta(hours=1))


class TakesTheLatest(Oracle):
    def extreme(self, form, day):
        return super().extreme({"la_plus_tard_de": next(iter(form.values()))}, day)


class ForgetsExceptions(Oracle):
    def holds(self, condition, day):
        return False


class StaysOnAClosedDay(Oracle):
    def moved(self, place, form):
        return place


class MovesTheOtherWay(Oracle):
    def moved(self, place, form):
        other = {"jour_precedent": "jour_suivant", "jour_suivant": "jour_precedent"}
        return super().moved(place, {**form, "si_ferme": other.get(form.get("si_ferme"), "garder")})


class AlwaysIncludesTheLimit(Oracle):
    def word(self, form, day):
        return "incluse"


class StartsHolidaysOneDayLate(Oracle):
    def start(self, anchor, day):
        return super().start(anchor, day) + timedelta(days=anchor == "debut_des_vacances")


@pytest.mark.parametrize("wrong", Oracle.__subclasses__())
def test_a_second_opinion_that_is_wrong_is_noticed(wrong):
    assert differ_somewhere(wrong(town("zone_b")))


def one_day_more(day, n, *others):
    return days.walk(day, -n - 1, *others)


def on_the_28th(year, month, day_of_month):
    return date(year, month, min(day_of_month, 28))


def at_the_first_pass(self, day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=self.minutes)


@pytest.mark.parametrize(
    ("owner", "name", "wrong"),
    [
        (cutoffs, "count_back", one_day_more),
        (cutoffs, "clamped", on_the_28th),
        (cutoffs, "walk", lambda day, *others: day),
        (cutoffs, "_in_week", lambda day, *others: (day, others[-1])),
        (days.Days, "_in_base", lambda *given: True),
        (cutoffs.ClockTime, "on", at_the_first_pass),
    ],
)
def test_an_engine_that_is_wrong_is_noticed(monkeypatch, owner, name, wrong):
    monkeypatch.setattr(owner, name, wrong)
    assert differ_somewhere(Oracle(town("zone_b")))


def test_the_second_opinion_shares_no_code_with_the_engine():
    sources = [Path(path) for path in Path(oracle.__file__).parent.glob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sources]
    imported = {
        name
        for tree in trees
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {name for name in imported if not name.startswith("tests.oracle")} == {
        "bisect", "calendar", "dataclasses", "datetime", "functools", "typing",
    }  # fmt: skip
