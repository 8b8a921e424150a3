"""Clock times of limits, to the end of the day and through both clock changes."""

from datetime import UTC, date, datetime

import pytest

from domain.clock_time import ClockTime
from domain.errors import RuleError


@pytest.mark.parametrize(
    ("text", "minutes"), [("00:00", 0), ("00:59", 59), ("08:30", 510), ("23:59", 1439), ("24:00", 1440)]
)
def test_a_time_is_read_and_written(text, minutes):
    assert ClockTime.parse(text).minutes == minutes
    assert str(ClockTime(minutes)) == text


@pytest.mark.parametrize("text", ["24:01", "25:00", "10:60", "10:99", "8:30", "08:3", "8h30", "", "08:30:00"])
def test_what_is_no_time(text):
    with pytest.raises(RuleError) as error:
        ClockTime.parse(text)
    assert error.value.code == "bad_time"
    assert error.value.reason == "une heure entre 00:00 et 24:00 est attendue, par exemple 08:30."


@pytest.mark.parametrize(
    ("day", "text", "instant"),
    [
        (date(2027, 1, 14), "10:00", (2027, 1, 14, 9)),
        (date(2027, 7, 14), "10:00", (2027, 7, 14, 8)),
        (date(2027, 1, 14), "24:00", (2027, 1, 14, 23)),
        (date(2027, 3, 28), "02:30", (2027, 3, 28, 1, 30)),  # does not exist: an hour later
        (date(2027, 10, 31), "02:30", (2027, 10, 31, 1, 30)),  # exists twice: the second
        (date(2027, 3, 28), "24:00", (2027, 3, 28, 22)),
    ],
)
def test_the_instant_of_a_time(day, text, instant):
    assert ClockTime.parse(text).on(day) == datetime(*instant, tzinfo=UTC)
