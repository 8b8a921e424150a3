"""Levels and school years: what the yearly promotion proposes (R04)."""

from datetime import date

import pytest

from domain.enums import SchoolLevel
from domain.schooling import next_level, school_year_days, school_year_of, school_year_words

LADDER = ["TPS", "PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2"]


@pytest.mark.parametrize(("level", "following"), list(zip(LADDER, [*LADDER[1:], None], strict=True)))
def test_each_level_leads_to_the_next_and_cm2_to_the_college(level, following):
    assert next_level(SchoolLevel(level)) == following


def test_a_pupil_of_an_ulis_stays_there():
    assert next_level(SchoolLevel.ULIS) is SchoolLevel.ULIS


@pytest.mark.parametrize("level", SchoolLevel)
def test_who_is_held_back_keeps_the_level(level):
    assert next_level(level, is_held_back=True) is level


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 8, 31), 2025), (date(2026, 9, 1), 2026), (date(2027, 8, 31), 2026)]
)
def test_a_school_year_goes_from_september_to_august(day, year):
    assert school_year_of(day) == year
    first, last = school_year_days(year)
    assert first <= day <= last
    assert school_year_words(year) == f"{year}-{year + 1}"
