"""Where a child lives on a day: a table worked out by hand for 2026 to 2028, an oracle, and what always
holds."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import FRIDAY, SchoolHoliday
from domain.custody import Calendar, Custody, Exceptional, Stay, after
from domain.enums import CustodySplit

EVEN, ODD = 10, 20
WEEKS, HALVES, FORTNIGHTS = CustodySplit
ONE_DAY = timedelta(days=1)
ORDINARY = Calendar(date(2025, 9, 1), None, EVEN, ODD, FRIDAY, WEEKS, WEEKS)
SHARED = replace(ORDINARY, holiday_split=HALVES, summer_split=FORTNIGHTS)
WINTER_2026 = SchoolHoliday(date(2026, 2, 14), date(2026, 3, 1), "Vacances d’hiver")  # 16 days
BRIDGE_2026 = SchoolHoliday(date(2026, 5, 14), date(2026, 5, 17), "Pont de l’Ascension")
SUMMER_2026 = SchoolHoliday(date(2026, 7, 4), date(2026, 8, 31), "Vacances d’été")  # 59 days
CHRISTMAS_2026 = SchoolHoliday(date(2026, 12, 19), date(2027, 1, 3), "Vacances de Noël")
SPRING_2027 = SchoolHoliday(date(2027, 4, 3), date(2027, 4, 19), "Vacances de printemps")  # 17 days
SUMMER_2027 = SchoolHoliday(date(2027, 7, 3), date(2027, 8, 31), "Vacances d’été")
SUMMER_2028 = SchoolHoliday(date(2028, 7, 8), date(2028, 8, 31), "Vacances d’été")
HOLIDAYS = (
    WINTER_2026, BRIDGE_2026, SUMMER_2026, CHRISTMAS_2026, SPRING_2027, SUMMER_2027, SUMMER_2028,
)  # fmt: skip


def home(calendar: Calendar, day: date) -> int | None:
    found = Custody((calendar,), (), HOLIDAYS).home(day)
    return found and found.household_id


# --- Worked out with a printed calendar: first and last day of each stay ----------------------------------

ORDINARY_STAYS = [
    ("2025-12-26", "2026-01-01", EVEN),  # week 52 begins its turn on its Friday
    ("2026-01-02", "2026-01-08", ODD),
    ("2026-01-09", "2026-01-15", EVEN),
    ("2026-12-18", "2026-12-24", ODD),
    ("2026-12-25", "2026-12-31", EVEN),
    ("2027-01-01", "2027-01-14", ODD),  # weeks 53 and 1: fourteen days
    ("2027-01-15", "2027-01-21", EVEN),
    ("2027-12-31", "2028-01-06", EVEN),
    ("2028-01-07", "2028-01-13", ODD),
    ("2028-02-25", "2028-03-02", EVEN),  # over 29 February
    ("2028-12-29", "2028-12-31", EVEN),
]
SHARED_STAYS = [
    ("2026-02-14", "2026-02-21", EVEN),  # an even year: the first half to the even household
    ("2026-02-22", "2026-03-01", ODD),
    ("2026-03-02", "2026-03-05", ODD),  # week 9 answers again
    ("2026-05-08", "2026-05-14", ODD),  # a bridge is not shared
    ("2026-05-15", "2026-05-21", EVEN),
    ("2026-07-03", "2026-07-03", ODD),
    ("2026-07-04", "2026-07-17", EVEN),
    ("2026-07-18", "2026-07-31", ODD),
    ("2026-08-01", "2026-08-14", EVEN),
    ("2026-08-15", "2026-08-28", ODD),
    ("2026-08-29", "2026-08-31", EVEN),  # the last fortnight is short
    ("2026-09-01", "2026-09-03", ODD),
    ("2026-12-19", "2026-12-26", EVEN),  # the year of its first day counts
    ("2026-12-27", "2027-01-03", ODD),
    ("2027-04-03", "2027-04-11", ODD),  # an odd year, and the first half has the odd day
    ("2027-04-12", "2027-04-19", EVEN),
    ("2027-07-03", "2027-07-16", ODD),
    ("2027-07-17", "2027-07-30", EVEN),
    ("2027-08-28", "2027-08-31", ODD),
    ("2028-07-08", "2028-07-21", EVEN),
    ("2028-08-19", "2028-08-31", ODD),
]


@pytest.mark.parametrize(
    ("calendar", "first", "last", "expected"),
    [(ORDINARY, *stay) for stay in ORDINARY_STAYS] + [(SHARED, *stay) for stay in SHARED_STAYS],
)
def test_the_stays_of_2026_to_2028(calendar, first, last, expected):
    days = days_between(date.fromisoformat(first), date.fromisoformat(last))
    assert {home(calendar, day) for day in days} == {expected}


# --- An oracle that walks through the days ----------------------------------------------------------------


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def week_of(day: date) -> int:
    """The ISO week, counted in Thursdays."""
    thursday = day + timedelta(days=3 - day.weekday())
    return sum(one.weekday() == 3 for one in days_between(date(thursday.year, 1, 1), thursday))


def walk(weekday: int, holiday_split: CustodySplit, summer_split: CustodySplit) -> dict[date, int]:
    """House by day: the child moves on the handover day, then holidays are laid over it."""
    found: dict[date, int] = {}
    house = None
    for day in days_between(date(2025, 12, 1), date(2028, 12, 31)):
        if day.weekday() == weekday:
            house = ODD if week_of(day) in range(1, 54, 2) else EVEN
        found[day] = house
    for holiday in (WINTER_2026, CHRISTMAS_2026, SPRING_2027):
        lay(found, holiday, holiday_split)
    for holiday in (SUMMER_2026, SUMMER_2027, SUMMER_2028):
        lay(found, holiday, summer_split)
    return found


def lay(found: dict[date, int], holiday: SchoolHoliday, split: CustodySplit) -> None:
    turns = cycle((EVEN, ODD) if holiday.first_day.year in (2026, 2028) else (ODD, EVEN))
    left = days_between(holiday.first_day, holiday.last_day)
    size = {WEEKS: 0, HALVES: len(left) - len(left) // 2, FORTNIGHTS: 14}[split]
    while left and size:
        house = next(turns)
        for day in left[:size]:
            found[day] = house
        left = left[size:]


@pytest.mark.parametrize("weekday", range(7))
def test_every_day_of_three_years_agrees_with_the_oracle(weekday):
    for holiday_split, summer_split in product(CustodySplit, CustodySplit):
        calendar = replace(
            ORDINARY, handover_weekday=weekday, holiday_split=holiday_split, summer_split=summer_split
        )
        expected = walk(weekday, holiday_split, summer_split)
        days = days_between(date(2026, 1, 1), date(2028, 12, 31))
        assert [day for day in days if home(calendar, day) != expected[day]] == []


# --- What always holds ------------------------------------------------------------------------------------

days = st.dates(date(2026, 1, 1), date(2028, 12, 31))
calendars = st.builds(
    Calendar,
    st.just(date(2026, 1, 1)),
    st.none(),
    st.just(EVEN),
    st.just(ODD),
    st.integers(0, 6),
    st.sampled_from(CustodySplit),
    st.sampled_from(CustodySplit),
)


@given(calendars, days)
def test_a_day_is_in_one_of_the_two_and_swapping_them_swaps_every_day(calendar, day):
    swapped = replace(calendar, even_household_id=ODD, odd_household_id=EVEN)
    assert {home(calendar, day), home(swapped, day)} == {EVEN, ODD}


@given(calendars, days)
def test_outside_of_holidays_the_child_moves_on_the_handover_day_alone(calendar, day):
    eve = day - ONE_DAY
    if eve.year < 2026 or any(one.first_day <= day <= one.last_day + ONE_DAY for one in HOLIDAYS):
        return
    if home(calendar, eve) != home(calendar, day):
        assert day.weekday() == calendar.handover_weekday


@given(calendars, st.sampled_from([WINTER_2026, CHRISTMAS_2026, SPRING_2027]))
def test_halves_differ_by_one_day_at_most(calendar, holiday):
    calendar = replace(calendar, holiday_split=HALVES)
    homes = [home(calendar, day) for day in days_between(holiday.first_day, holiday.last_day)]
    assert abs(homes.count(EVEN) - homes.count(ODD)) <= 1
    assert sum(one != following for one, following in zip(homes, homes[1:], strict=False)) == 1


@given(calendars, days, days, st.sampled_from([EVEN, ODD, 30]))
def test_an_exception_changes_its_days_and_no_other(calendar, one, other, household):
    first, last = sorted((one, other))
    custody = Custody((calendar,), (Exceptional(household, first, last, "Mariage"),), HOLIDAYS)
    assert {custody.home(day).household_id for day in (first, last)} == {household}
    assert custody.home(first).why == "Mariage"
    plain = Custody((calendar,), (), HOLIDAYS)
    for day in (first - ONE_DAY, last + ONE_DAY):
        assert custody.home(day) == plain.home(day)


@given(days, st.integers(0, 90))
def test_stays_cover_each_day_once_in_order(first, length):
    last = first + timedelta(days=length)
    custody = Custody((SHARED,), (), HOLIDAYS)
    stays = custody.stays(first, last)
    told = [day for stay in stays for day in days_between(stay.first_day, stay.last_day)]
    assert told == days_between(first, last)
    assert all(
        custody.home(day).household_id == stay.household_id
        for stay in stays
        for day in days_between(stay.first_day, stay.last_day)
    )


# --- From a day to a day ------------------------------------------------------------------------------------


def test_nobody_knows_before_the_first_calendar_nor_after_its_end():
    calendar = replace(ORDINARY, valid_from=date(2027, 1, 4), valid_to=date(2027, 1, 10))
    assert home(calendar, date(2027, 1, 3)) is None
    assert home(calendar, date(2027, 1, 4)) == ODD
    assert home(calendar, date(2027, 1, 10)) == ODD
    assert home(calendar, date(2027, 1, 11)) is None


def test_a_new_calendar_answers_from_its_first_day():
    former = replace(ORDINARY, valid_to=date(2027, 1, 19))
    new = replace(ORDINARY, valid_from=date(2027, 1, 20), even_household_id=ODD, odd_household_id=EVEN)
    custody = Custody((former, new), (), ())
    assert custody.home(date(2027, 1, 19)).household_id == EVEN
    assert custody.home(date(2027, 1, 20)).household_id == ODD


def test_an_exception_counts_without_calendar():
    custody = Custody((), (Exceptional(ODD, date(2027, 1, 4), date(2027, 1, 5)),), ())
    assert custody.home(date(2027, 1, 3)) is None
    assert custody.home(date(2027, 1, 5)).household_id == ODD
    assert custody.home(date(2027, 1, 5)).why == "jours à part"


def test_a_new_calendar_ends_on_the_eve_of_a_later_one():
    later = replace(ORDINARY, valid_from=date(2027, 9, 1))
    assert after((ORDINARY, later), date(2027, 1, 4)) == date(2027, 8, 31)
    assert after((ORDINARY,), date(2027, 1, 4)) is None


def test_the_reasons_are_said():
    custody = Custody((SHARED,), (), HOLIDAYS)
    assert custody.stays(date(2027, 4, 1), date(2027, 4, 23)) == (
        Stay(EVEN, date(2027, 4, 1), date(2027, 4, 1), "semaine 12, paire"),
        Stay(ODD, date(2027, 4, 2), date(2027, 4, 2), "semaine 13, impaire"),
        Stay(ODD, date(2027, 4, 3), date(2027, 4, 11), "Vacances de printemps, 1re moitié"),
        Stay(EVEN, date(2027, 4, 12), date(2027, 4, 19), "Vacances de printemps, 2e moitié"),
        Stay(ODD, date(2027, 4, 20), date(2027, 4, 22), "semaine 15, impaire"),
        Stay(EVEN, date(2027, 4, 23), date(2027, 4, 23), "semaine 16, paire"),
    )
    assert custody.home(date(2026, 7, 18)).why == "Vacances d’été, 2e quinzaine"
