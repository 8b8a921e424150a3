"""The only place that asks the system what time it is.

The application carries one clock in `app.config["CLOCK"]`; tests put a `FixedClock` there.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


def now() -> datetime:
    """The present instant read from the system, aware, in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """The clock of a real town."""

    def now(self) -> datetime:
        return now()


class FixedClock:
    """A clock that stands still until it is moved. Takes aware instants of any zone, gives UTC."""

    def __init__(self, moment: datetime) -> None:
        self.move_to(moment)

    def now(self) -> datetime:
        return self._moment

    def move_to(self, moment: datetime) -> None:
        """Raises ValueError for an instant without time zone."""
        if moment.tzinfo is None:
            raise ValueError("A clock needs an instant with its time zone.")
        self._moment = moment.astimezone(UTC)

    def advance(self, **duration: float) -> None:
        """Move forward by the arguments of `timedelta`: `clock.advance(hours=2)`."""
        self._moment += timedelta(**duration)
