"""The calendar of a town: weeks, months, school years, days without school (S78, S82, S84, R10)."""

import calendar as stdlib_calendar
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import calendar
from domain.errors import BusinessError

ALL_SAINTS = calendar.SchoolHoliday(date(2025, 10, 18), date(2025, 11, 2), "Vacances de la Toussaint")
TOWN = calendar.TownCalendar(
    public_holidays={date(2025, 11, 11): "Armistice 1918"},
    school_holidays=(ALL_SAINTS,),
)


def test_january_2021_starts_on_a_friday():
    weeks = calendar.month_weeks(2021, 1)
    assert weeks[0] == tuple(date(2020, 12, 28) + timedelta(days=offset) for offset in range(7))
    assert weeks[0].index(date(2021, 1, 1)) == calendar.FRIDAY
    assert len(weeks) == 5


def test_a_february_of_four_weeks_and_an_august_of_six():
    assert len(calendar.month_weeks(2021, 2)) == 4
    assert len(calendar.month_weeks(2027, 8)) == 6


@given(st.integers(1900, 2199), st.integers(1, 12))
def test_weeks_are_whole_and_cover_the_month_once(year, month):
    weeks = calendar.month_weeks(year, month)
    days = [day for week in weeks for day in week]
    assert all(len(week) == 7 and week[0].weekday() == calendar.MONDAY for week in weeks)
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))
    assert all(any(day.month == month for day in week) for week in weeks)
    assert [day.day for day in days if (day.year, day.month) == (year, month)] == list(
        range(1, stdlib_calendar.monthrange(year, month)[1] + 1)
    )


def test_columns_are_monday_to_friday_and_a_week_end_day_only_when_it_opens():
    assert calendar.open_weekdays([]) == (0, 1, 2, 3, 4)
    assert calendar.open_weekdays([date(2027, 2, 6)]) == (
        0,
        1,
        2,
        3,
        4,
        calendar.SATURDAY,
    )
    assert calendar.open_weekdays([date(2027, 2, 7)]) == (
        0,
        1,
        2,
        3,
        4,
        calendar.SUNDAY,
    )


@pytest.mark.parametrize(
    ("day", "school_day"),
    [
        (date(2025, 10, 16), True),
        (date(2025, 10, 15), False),  # Wednesday
        (date(2025, 10, 17), True),  # last day before the holidays
        (date(2025, 10, 20), False),
        (date(2025, 11, 3), True),
        (date(2025, 11, 11), False),  # public holiday
    ],
)
def test_school_days(day, school_day):
    assert TOWN.is_school_day(day) is school_day


def test_a_town_with_school_on_wednesday():
    wednesday = date(2025, 10, 15)
    assert TOWN.is_school_day(wednesday, weekdays=frozenset(range(5)))
    five_days = calendar.TownCalendar({}, (), school_weekdays=frozenset(range(5)))
    assert five_days.is_school_day(wednesday)


def test_holidays_have_labels_and_both_ends_are_included():
    assert TOWN.public_holiday(date(2025, 11, 11)) == "Armistice 1918"
    assert TOWN.public_holiday(date(2025, 11, 12)) is None
    assert TOWN.school_holiday(ALL_SAINTS.first_day) == "Vacances de la Toussaint"
    assert TOWN.school_holiday(ALL_SAINTS.last_day) == "Vacances de la Toussaint"
    assert TOWN.school_holiday(date(2025, 10, 17)) is None
    assert TOWN.school_holiday(date(2025, 11, 3)) is None


def test_school_year():
    assert calendar.school_year(date(2026, 8, 31)) == (
        date(2025, 9, 1),
        date(2026, 8, 31),
    )
    assert calendar.school_year(date(2026, 9, 1)) == (
        date(2026, 9, 1),
        date(2027, 8, 31),
    )


def test_months_roll_over_years_both_ways():
    assert calendar.add_months(2026, 12, 1) == (2027, 1)
    assert calendar.add_months(2027, 1, -1) == (2026, 12)
    assert calendar.add_months(2027, 1, -25) == (2024, 12)


@given(st.integers(2000, 2100), st.integers(1, 12))
def test_a_month_survives_its_address(year, month):
    assert calendar.parse_month(calendar.month_slug(year, month)) == (year, month)


@pytest.mark.parametrize(
    "text",
    [
        "2027-13",
        "2027-00",
        "2027-2",
        "27-02",
        "",
        "2027-02-01",
        "1850-01",
        "1999-12",
        "2101-01",
        "２０２７-02",
    ],
)
def test_an_impossible_month_is_refused_with_a_sentence(text):
    with pytest.raises(BusinessError, match="Choisissez un mois") as refusal:
        calendar.parse_month(text)
    assert refusal.value.code == "bad_month"


def test_paris_clock_and_utc():
    moment = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert calendar.paris_now(moment).hour == 2
    assert calendar.as_utc(calendar.paris_now(moment)) == moment
    with pytest.raises(ValueError, match="aware"):
        calendar.paris_now(moment.replace(tzinfo=None))
