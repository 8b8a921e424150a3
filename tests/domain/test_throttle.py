"""Delays after failures: they grow, they stop growing, they end (S24)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.throttle import (
    LONGEST_DELAY,
    PROVISIONAL_BY_ACCOUNT,
    PROVISIONAL_BY_NETWORK,
    SIGN_IN_BY_NETWORK,
    Window,
    account_delay,
    account_wait,
    network_of,
    window_wait,
)

NOW = datetime(2027, 1, 14, 9, tzinfo=UTC)
NONE = timedelta(0)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (11, 900), (100_000, 900)],
)
def test_the_delay_doubles_from_the_fifth_failure_up_to_a_quarter_of_an_hour(failures, seconds):
    assert account_delay(failures) == timedelta(seconds=seconds)


def test_thousands_of_tries_are_counted_without_huge_numbers():
    assert account_delay(10**9) == LONGEST_DELAY


def test_what_is_left_to_wait():
    assert account_wait(6, NOW, NOW) == timedelta(seconds=60)
    assert account_wait(6, NOW, NOW + timedelta(seconds=59)) == timedelta(seconds=1)
    assert account_wait(6, NOW, NOW + timedelta(seconds=60)) == NONE
    assert account_wait(4, NOW, NOW) == NONE
    assert account_wait(0, None, NOW) == NONE


@given(st.integers(0, 10_000), st.timedeltas(timedelta(days=-30), timedelta(days=30)))
def test_nobody_waits_longer_than_a_quarter_of_an_hour_even_when_the_clock_jumps(failures, since):
    assert NONE <= account_wait(failures, NOW, NOW + since) <= LONGEST_DELAY


def test_a_window_lets_its_limit_through_then_opens_as_the_oldest_leaves():
    instants = [NOW - timedelta(minutes=minutes) for minutes in (50, 30, 10)]
    assert window_wait(PROVISIONAL_BY_ACCOUNT, instants[:2], NOW) == NONE
    assert window_wait(PROVISIONAL_BY_ACCOUNT, instants, NOW) == timedelta(minutes=10)
    assert window_wait(PROVISIONAL_BY_ACCOUNT, instants, NOW + timedelta(minutes=10)) == NONE
    # The one that is exactly as old as the period has left; a clock in UTC reads as one of Paris.
    assert window_wait(Window(1, timedelta(hours=1)), [NOW - timedelta(hours=1)], NOW) == NONE
    crowd = [NOW - timedelta(seconds=second) for second in range(60)]
    assert window_wait(SIGN_IN_BY_NETWORK, crowd, NOW) == timedelta(minutes=10, seconds=-29)


@given(st.lists(st.timedeltas(timedelta(days=-1), timedelta(days=1)), max_size=8), st.integers(1, 4))
def test_after_the_wait_the_window_is_open_and_the_wait_is_never_longer_than_the_period(offsets, limit):
    window = Window(limit, timedelta(hours=1))
    past = [min(NOW, NOW + offset) for offset in offsets]
    wait = window_wait(window, past, NOW)
    assert NONE <= wait <= window.period
    assert window_wait(window, past, NOW + wait) == NONE
    assert NONE <= window_wait(window, [NOW + offset for offset in offsets], NOW) <= window.period


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_neighbours_share_a_counter(address, network):
    assert network_of(address) == network


def test_the_three_windows():
    assert Window(30, timedelta(minutes=10)) == SIGN_IN_BY_NETWORK
    assert Window(3, timedelta(hours=1)) == PROVISIONAL_BY_ACCOUNT
    assert Window(10, timedelta(hours=1)) == PROVISIONAL_BY_NETWORK
