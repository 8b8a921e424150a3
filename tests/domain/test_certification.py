"""When a family confirms its file (R05)."""

from datetime import date

import pytest

from domain.certification import AnnualDay, annual_day, is_due, season
from domain.errors import Refused

SEPTEMBER = AnnualDay(1, 9)
TODAY = date(2027, 1, 12)


@pytest.mark.parametrize(("typed", "read"), [("01/09", "01/09"), ("1/9", "01/09"), (" 28/02 ", "28/02")])
def test_a_day_of_each_year(typed, read):
    assert str(annual_day(typed)) == read


@pytest.mark.parametrize("typed", ["", "31/02", "29/02", "0/5", "12/13", "septembre", "01/09/2026"])
def test_what_is_no_day_of_each_year_is_refused(typed):
    with pytest.raises(Refused, match="par exemple 01/09"):
        annual_day(typed)


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 8, 31), date(2025, 9, 1), date(2026, 8, 31)),
        (date(2026, 9, 1), date(2026, 9, 1), date(2027, 8, 31)),
        (TODAY, date(2026, 9, 1), date(2027, 8, 31)),
    ],
)
def test_the_year_of_certification_begins_on_the_towns_day(today, first, last):
    assert season(today, SEPTEMBER) == (first, last)


@pytest.mark.parametrize(
    ("opened_on", "certified_until", "due"),
    [
        (date(2025, 3, 1), None, True),
        (date(2026, 8, 31), None, True),
        (date(2026, 9, 1), None, False),  # the service opened it with the family this year
        (date(2025, 3, 1), date(2027, 8, 31), False),
        (date(2025, 3, 1), TODAY, False),
        (date(2025, 3, 1), date(2027, 1, 11), True),
        (date(2026, 9, 1), date(2027, 1, 11), False),
    ],
)
def test_when_a_file_is_to_be_confirmed(opened_on, certified_until, due):
    assert is_due(opened_on, certified_until, TODAY, SEPTEMBER) is due
