"""Real rules of French communes: every worked example of the collected cases, run as data (R13, R14)."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from domain.calendar import PARIS, SchoolHoliday, TownCalendar
from domain.deadlines import ClockTime, decide, ladder_from_data, limit_of
from domain.enums import LineAction, Outcome

CASES = yaml.safe_load((Path(__file__).parent / "reglements" / "deadlines.yaml").read_text(encoding="utf-8"))
EXAMPLES = [
    pytest.param(case, example, id=f"{case['id']}-{number}")
    for case in CASES
    for number, example in enumerate(case["worked_examples"], start=1)
]
PLAIN_WEEK = date(2025, 9, 15)  # a week of school, far from holidays
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def test_every_example_is_run():
    assert len(CASES) == 14
    assert len(EXAMPLES) >= 45


@pytest.mark.parametrize(("case", "example"), EXAMPLES)
def test_worked_example(case, example):
    given, expect = dict(example["given"]), dict(example["expect"])
    calendar = TownCalendar({}, _school_holidays(given))
    if "cancel" in given:
        _check_cancellations(case, given, expect, calendar)
        return
    day = _service_day(given)
    if "now" in given:
        _check_allowed(case, given, expect, day, calendar)
        return
    limit = _limit(_ladder(case, given), day, calendar)
    for key, value in expect.items():
        _EXPECTATIONS[key](limit, value)


def _check_cancellations(case, given, expect, calendar):
    """A-mametz: one call at the start of the week, several days to cancel."""
    ladder = ladder_from_data(case["ladders"]["cantine, annulation dans la semaine"])
    now = datetime.combine(PLAIN_WEEK, datetime.min.time(), PARIS) + timedelta(hours=8, minutes=59)
    outcomes = {
        weekday: decide(ladder, LineAction.CANCEL, _weekday(weekday), now, calendar).outcome
        for weekday in given["cancel"]
    }
    assert [weekday for weekday, outcome in outcomes.items() if outcome is Outcome.FREE] == expect[
        "cancelled"
    ]
    assert [weekday for weekday, outcome in outcomes.items() if outcome is Outcome.REFUSE] == expect["due"]


def _check_allowed(case, given, expect, day, calendar):
    now = datetime.fromisoformat(given["now"]).replace(tzinfo=PARIS)
    action = LineAction(given.get("action", "book"))
    expected = {given.get("activity"): expect["allowed"]} if "allowed" in expect else expect
    for activity, allowed in expected.items():
        ladder = ladder_from_data(_ladder(case, {"activity": activity} if activity else given))
        assert (decide(ladder, action, day, now, calendar).outcome is Outcome.FREE) is allowed


def _ladder(case, given):
    ladders = case["ladders"]
    return ladders[given.get("activity") or next(iter(ladders))]


def _limit(data, day, calendar):
    (stage,) = ladder_from_data(data).stages
    return limit_of(stage.until, day, calendar).astimezone(PARIS).replace(tzinfo=None)


def _school_holidays(given):
    if "school_holidays" in given:
        first, last = map(date.fromisoformat, given["school_holidays"])
        return (SchoolHoliday(first, last, "Vacances"),)
    return (SchoolHoliday(date(2025, 10, 18), date(2025, 11, 2), "Vacances de la Toussaint"),)


def _service_day(given):
    if "service_date" in given:
        return date.fromisoformat(given["service_date"])
    if "holiday_first_day" in given:
        return date.fromisoformat(given["holiday_first_day"])
    if "service_weekday" in given:
        return _weekday(given["service_weekday"])
    assert given["service"] == "first school day after holidays"
    return date(2025, 11, 3)


def _weekday(name):
    return PLAIN_WEEK + timedelta(days=WEEKDAYS.index(name))


def _check_deadline(limit, text):
    day, time = text.split("T")
    assert limit == datetime.fromisoformat(day) + timedelta(minutes=ClockTime.parse(time).minutes)


def _check_weekday(limit, name):
    assert WEEKDAYS[(limit - timedelta(minutes=1)).weekday()] == name


def _check_time(limit, time):
    assert limit.strftime("%H:%M") == time


def _check_date(limit, day):
    assert limit.date() == date.fromisoformat(day)


def _check_last_school_day(limit, words):
    assert words == "last school day before the holidays"
    assert limit.date() == date(2025, 10, 17)


_EXPECTATIONS = {
    "deadline": _check_deadline,
    "deadline_weekday": _check_weekday,
    "time": _check_time,
    "deadline_date": _check_date,
    "deadline_day": _check_last_school_day,
}
