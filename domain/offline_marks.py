"""Marks that a phone made without a network (R31): when they were made, and how two that differ are told."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from domain.calendar import paris_now
from domain.enums import AttendanceMark
from domain.french import NBSP, format_clock, format_moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(NamedTuple):
    """When a mark was made; `is_sure` is False when the phone cannot tell: `at` is then its reception."""

    at: datetime
    is_sure: bool


class Note(NamedTuple):
    """A mark as it is told: who noted what, when; `mark` None: the mark was taken back, nobody knows when."""

    mark: AttendanceMark | None
    name: str
    at: datetime | None


def microseconds(moment: datetime) -> int:
    """Since 1970, to the last digit that a database keeps."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """Undo `microseconds`. Raises OverflowError beyond the calendar."""
    return _EPOCH + timedelta(microseconds=count)


def moment_of(phone_at: datetime, sent_at: datetime, received_at: datetime, day: date) -> Moment:
    """When a mark of the list of `day` was made: the time that the clock of the phone counted between the
    mark (`phone_at`) and its sending (`sent_at`) is taken off the reception. Whatever time that clock shows,
    this holds; one that was set in between leads before the day of the list or after the reception.
    """
    at = received_at - (sent_at - phone_at)
    is_sure = at <= received_at and paris_now(at).date() >= day
    return Moment(at, True) if is_sure else Moment(received_at, False)


def conflict_words(met: Note, made: Note, *, is_clock_sure: bool, day: date) -> str:
    """« à 16 h 02 Agnès MARTIN a noté présent ; à 16 h 05, hors ligne, Karim SAÏD a noté absent »."""
    if met.mark is None or met.at is None:
        first = "le pointage a été retiré entre-temps"
    else:
        first = f"{_when(met.at, day)} {met.name} a noté {_WORDS[met.mark]}"
    return f"{first}{NBSP}; {made_words(made, is_clock_sure=is_clock_sure, day=day)}"


def made_words(made: Note, *, is_clock_sure: bool, day: date) -> str:
    """« à 16 h 05, hors ligne, Karim SAÏD a noté absent »; the reception where the clock is not sure."""
    when = _when(made.at, day)
    told = f"{when}, hors ligne," if is_clock_sure else f"hors ligne, à une heure inconnue, reçu {when},"
    return f"{told} {made.name} a noté {_WORDS[made.mark]}"


_WORDS = {AttendanceMark.PRESENT: "présent", AttendanceMark.ABSENT: "absent"}


def _when(moment: datetime, day: date) -> str:
    """The clock of Paris on the day of the list, with the day on another."""
    local = paris_now(moment)
    if local.date() == day:
        return f"à {format_clock(local.hour, local.minute)}"
    return f"le {format_moment(moment)}"
