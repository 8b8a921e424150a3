"""The default week: which days it wants, what it proposes, what it never touches (R21)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.default_week import (
    Changes,
    DefaultWeek,
    Known,
    Plan,
    Presence,
    WeekDay,
    changes,
    clashes,
    default_week,
    from_tree,
    is_in,
    to_tree,
)
from domain.enums import WeekParity

ALL, EVEN, ODD = WeekParity.ALL, WeekParity.EVEN, WeekParity.ODD
LEO, MARIE = 1, 2
CANTEEN, CARE = 10, 20
MEAL, BASKET, EVENING = 11, 12, 21
LEOS_MEAL = Presence(LEO, CANTEEN, MEAL)
NOTHING = DefaultWeek(frozenset())

dates = st.dates(date(2020, 1, 1), date(2035, 12, 31))
presences = st.sampled_from(
    [
        Presence(child, activity, presence_type)
        for child in (LEO, MARIE)
        for activity, presence_type in ((CANTEEN, MEAL), (CANTEEN, BASKET), (CARE, EVENING))
    ]
)
week_days = st.builds(WeekDay, presences, st.integers(0, 6), st.sampled_from(WeekParity))
weeks = st.lists(week_days, max_size=8).map(default_week).filter(lambda week: not clashes(week))
known_days = st.lists(
    st.builds(
        Known,
        st.sampled_from([LEO, MARIE]),
        st.sampled_from([CANTEEN, CARE]),
        st.dates(date(2026, 12, 14), date(2027, 1, 24)),
        st.sampled_from([None, MEAL, BASKET, EVENING]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda known: known[:3],
)


# --- Weeks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "parity"),
    [
        (date(2026, 12, 21), EVEN),  # week 52
        (date(2026, 12, 28), ODD),  # week 53
        (date(2027, 1, 3), ODD),  # its Sunday, in the next year
        (date(2027, 1, 4), ODD),  # week 1: two odd weeks in a row
        (date(2027, 1, 11), EVEN),
        (date(2027, 12, 31), EVEN),  # week 52 of a year without a week 53
        (date(2028, 1, 3), ODD),
    ],
)
def test_the_parity_of_weeks_over_the_change_of_year(day, parity):
    assert is_in(parity, day)
    assert is_in(ALL, day)
    assert not is_in(ODD if parity is EVEN else EVEN, day)


@given(dates)
def test_a_week_is_even_or_odd_from_monday_to_sunday(day):
    monday = day - timedelta(days=day.weekday())
    assert is_in(EVEN, day) is not is_in(ODD, day)
    assert is_in(EVEN, day) is is_in(EVEN, monday)


@given(dates)
def test_parity_turns_each_week_except_after_a_week_53(day):
    turns = is_in(EVEN, day) is not is_in(EVEN, day + timedelta(days=7))
    assert turns is (day.isocalendar().week != 53)


def test_every_week_takes_the_place_of_even_and_odd():
    monday = [WeekDay(LEOS_MEAL, 0, parity) for parity in (EVEN, ODD)]
    assert default_week(monday).days == {WeekDay(LEOS_MEAL, 0, ALL)}
    assert default_week([WeekDay(LEOS_MEAL, 0, ALL), monday[0]]).days == {WeekDay(LEOS_MEAL, 0, ALL)}


@given(st.lists(week_days, max_size=8), dates, presences)
def test_saying_a_week_shorter_changes_no_day(days, day, presence):
    wanted = any(one.presence == presence and one.covers(day) for one in days)
    assert any(one.presence == presence and one.covers(day) for one in default_week(days).days) is wanted


def test_two_presences_of_one_activity_on_one_day_clash():
    other = Presence(LEO, CANTEEN, BASKET)
    assert clashes(default_week([WeekDay(LEOS_MEAL, 0, ALL), WeekDay(other, 0, EVEN)]))
    assert not clashes(default_week([WeekDay(LEOS_MEAL, 0, ODD), WeekDay(other, 0, EVEN)]))
    assert not clashes(default_week([WeekDay(LEOS_MEAL, 0, ALL), WeekDay(other, 1, ALL)]))


@given(weeks, dates, st.booleans())
def test_a_plan_is_read_as_it_was_written(week, day, drops):
    plan = Plan(week, day, day + timedelta(days=30), drops)
    assert from_tree(to_tree(plan)) == plan


# --- Changes ------------------------------------------------------------------------------------------------

MONDAY, TUESDAY = date(2027, 2, 1), date(2027, 2, 2)
MONDAYS = default_week([WeekDay(LEOS_MEAL, 0, ALL)])


@pytest.mark.parametrize(
    ("known", "name"),
    [
        (Known(LEO, CANTEEN, MONDAY), "added"),
        (Known(LEO, CANTEEN, MONDAY, MEAL), "kept"),
        (Known(LEO, CANTEEN, MONDAY, BASKET), "other"),
        (Known(LEO, CANTEEN, MONDAY, was_given_up=True), "given_up"),
        (Known(LEO, CANTEEN, MONDAY, is_chosen=True), "chosen"),
        (Known(LEO, CANTEEN, TUESDAY, MEAL), "outside"),
        (Known(LEO, CANTEEN, TUESDAY), None),
        (Known(LEO, CANTEEN, TUESDAY, MEAL, is_chosen=True), None),
        (Known(MARIE, CANTEEN, TUESDAY, MEAL), None),
        (Known(LEO, CARE, TUESDAY, EVENING), None),
    ],
)
def test_what_becomes_of_a_day(known, name):
    found = changes(MONDAYS, NOTHING, [known])
    assert [one for one in Changes.__slots__ if getattr(found, one)] == ([name] if name else [])


def test_a_week_without_what_it_had_still_proposes_to_take_it_away():
    """A child taken out of the week: the days that the former week booked are shown."""
    known = Known(LEO, CANTEEN, MONDAY, MEAL)
    assert changes(NOTHING, MONDAYS, [known]).outside == (known,)


def applied(found: Changes, week: DefaultWeek, days: list[Known]) -> list[Known]:
    """The days once everything is done: what is added is booked, what was outside is gone."""
    return [
        known._replace(booked_type_id=week.wanted(*known[:3]))
        if known in found.added
        else known._replace(booked_type_id=None)
        if known in found.outside
        else known
        for known in days
    ]


@given(weeks, weeks, known_days)
def test_applying_twice_changes_nothing_more(week, former, days):
    done = applied(changes(week, former, days), week, days)
    again = changes(week, week, done)
    assert again.added == again.outside == ()


@given(weeks, weeks, known_days)
def test_only_booked_days_outside_the_week_are_proposed_to_go(week, former, days):
    found = changes(week, former, days)
    for known in found.outside:
        assert known.booked_type_id is not None
        assert week.wanted(*known[:3]) is None
        assert known[:2] in week.pairs() | former.pairs()
    for known in found.added:
        assert week.wanted(*known[:3]) is not None
        assert known.booked_type_id is None
        assert not known.was_given_up


@given(weeks, weeks, known_days)
def test_each_day_is_in_one_list_at_most(week, former, days):
    found = changes(week, former, days)
    listed = [known for name in Changes.__slots__ for known in getattr(found, name)]
    assert len(listed) == len(set(listed)) <= len(days)
