from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.clock import FixedClock, SystemClock


def test_the_system_clock_gives_an_aware_utc_instant():
    before = datetime.now(UTC)
    given = SystemClock().now()
    assert given.tzinfo is UTC
    assert before <= given <= datetime.now(UTC)


def test_a_fixed_clock_stands_still_until_it_is_moved():
    clock = FixedClock(datetime(2027, 1, 12, 10, 0, tzinfo=ZoneInfo("Europe/Paris")))
    assert clock.now() == clock.now() == datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
    assert clock.now().tzinfo is UTC

    clock.advance(days=1, minutes=5)
    assert clock.now() == datetime(2027, 1, 13, 9, 5, tzinfo=UTC)

    clock.move_to(datetime(2027, 7, 1, tzinfo=UTC))
    assert clock.now() == datetime(2027, 7, 1, tzinfo=UTC)


def test_a_fixed_clock_refuses_an_instant_without_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        FixedClock(datetime(2027, 1, 12))  # noqa: DTZ001 - the mistake under test
