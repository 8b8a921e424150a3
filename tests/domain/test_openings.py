"""Which days a pattern of weekdays opens (S107)."""

from datetime import date

import pytest

from domain.calendar import SchoolHoliday, TownCalendar
from domain.openings import OpeningPattern, SchoolTime, days_between, opening_days

# The Mondays to Fridays around the winter holidays of zone C and Easter Monday.
CALENDAR = TownCalendar(
    {date(2027, 3, 29): "Lundi de Pâques"},
    (SchoolHoliday(date(2027, 2, 6), date(2027, 2, 21), "Vacances d’hiver"),),
)
FIRST, LAST = date(2027, 2, 1), date(2027, 3, 31)


def opened(weekdays=(0,), skip_public=True, school_time=SchoolTime.ALWAYS):
    pattern = OpeningPattern(frozenset(weekdays), skip_public, school_time)
    return opening_days(pattern, FIRST, LAST, CALENDAR)


def test_both_ends_count():
    assert list(days_between(date(2027, 2, 1), date(2027, 2, 3)))[-1] == date(2027, 2, 3)
    assert list(days_between(date(2027, 2, 2), date(2027, 2, 1))) == []


@pytest.mark.parametrize(
    ("school_time", "expected"),
    [
        (SchoolTime.OUTSIDE, [(2, 1), (2, 22), (3, 1), (3, 8), (3, 15), (3, 22)]),
        (SchoolTime.ONLY, [(2, 8), (2, 15)]),
        (SchoolTime.ALWAYS, [(2, 1), (2, 8), (2, 15), (2, 22), (3, 1), (3, 8), (3, 15), (3, 22)]),
    ],
)
def test_a_pattern_follows_the_school_holidays_as_asked(school_time, expected):
    assert opened(school_time=school_time) == [date(2027, month, day) for month, day in expected]


def test_public_holidays_stay_when_nobody_takes_them_out():
    assert date(2027, 3, 29) in opened(skip_public=False)
    assert date(2027, 3, 29) not in opened()


def test_no_weekday_opens_no_day():
    assert opened(weekdays=()) == []
