"""How long to wait before trying again: pure computations on counters kept in a table (S24).

A delay never locks for good, and a clock that jumps back never makes it longer than its full length.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
_PREFIX = {4: 24, 6: 64}


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` events in any `period`."""

    limit: int
    period: timedelta


SIGN_IN_BY_NETWORK = Window(30, timedelta(minutes=10))
PROVISIONAL_BY_ACCOUNT = Window(3, timedelta(hours=1))
PROVISIONAL_BY_NETWORK = Window(10, timedelta(hours=1))
UPLOADS_BY_HOUSEHOLD = Window(20, timedelta(hours=1))
UPLOADS_BY_NETWORK = Window(200, timedelta(hours=1))
MESSAGES_BY_HOUSEHOLD = Window(20, timedelta(hours=1))
MESSAGES_BY_NETWORK = Window(200, timedelta(hours=1))
FEED_BY_ADDRESS = Window(60, timedelta(hours=1))
FEED_MISSES_BY_NETWORK = Window(30, timedelta(minutes=10))
PAYMENT_MISSES_BY_NETWORK = Window(60, timedelta(minutes=10))
PAYMENT_CHECKS_BY_KEY = Window(4, timedelta(minutes=1))


def account_delay(failures: int) -> timedelta:
    """Delay after so many failures in a row: none before the fifth, then 30 s doubling up to 15 min."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    # The exponent is capped because thousands of hostile tries are ordinary.
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures - FREE_FAILURES, 10))


def account_wait(failures: int, last_failure: datetime | None, now: datetime) -> timedelta:
    """What is left of the delay at `now`; zero when a try is allowed."""
    if last_failure is None:
        return timedelta(0)
    delay = account_delay(failures)
    return min(delay, max(timedelta(0), last_failure + delay - now))


def window_wait(window: Window, instants: Iterable[datetime], now: datetime) -> timedelta:
    """How long until one more event fits in the window; zero when it does now.

    Instants after `now` (the clock jumped back) count as just happened.
    """
    recent = sorted(min(instant, now) for instant in instants if now - instant < window.period)
    if len(recent) < window.limit:
        return timedelta(0)
    return recent[-window.limit] + window.period - now


def network_of(address: str) -> str:
    """The network that shares a counter: « 192.0.2.0/24 », « 2001:db8::/64 »; "" if unreadable."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network(f"{ip}/{_PREFIX[ip.version]}", strict=False))
