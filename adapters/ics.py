"""School holidays from the ICS files of the Éducation nationale (R10): Corsica, overseas, later years.

What these files hold, seen in the published ones:
- DTEND is the morning when classes begin again: the last day without school is the day before;
- DTSTART is usually the first day without school, but some files give the day of departure « après
  la classe »: a Friday, or an hour of that afternoon;
- instants in place of dates are midnights of the territory written in UTC;
- rows for teachers, rows that only mark the start of summer or the return, rows of no length;
- a file of several zones cuts one holiday into pieces;
- apostrophes replaced by question marks, periods that end before they begin or last for months.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.holidays import Period, typographic
from domain.calendar import FRIDAY
from domain.errors import Refused
from domain.french import format_day

if TYPE_CHECKING:
    from icalendar import Event

MAX_BYTES = 512 * 1024
_LONGEST = timedelta(days=100)
_ONE_DAY = timedelta(days=1)
_ONE_WEEK = timedelta(days=7)
_HALF_DAY = timedelta(hours=12)
# What a broken file makes the library, or the reading of its values, raise.
_PARSER_ERRORS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)

# Rows that are no holiday of pupils (« rentree » is also in « prerentree »).
_SKIPPED = ("enseignant", "rentree", "debut des vacances")
_ZONE_SUFFIX = re.compile(r"\s+-\s+(zones?\b|corse\b).*$", re.IGNORECASE)
_ZONES = re.compile(r"\b(?i:zones?)\s+([ABC](?:\s*[/,]?\s*[ABC])*)\b")
_BROKEN_APOSTROPHE = re.compile(r"(?<=[^\W\d])\?(?=[^\W\d])")


def parse_school_holidays(content: bytes) -> list[Period]:
    """(first day, last day, label) of each holiday of the file, in order, both days without school.

    The summer that only has a start row is left out: its end is in next year's file, or staff type it.
    Raises Refused, with a sentence that says what to do, when the file is too big, is no calendar,
    mixes zones, holds a period with impossible dates, or holds no holiday at all.
    """
    if len(content) > MAX_BYTES:
        raise Refused(
            "ics_too_big", "Ce fichier dépasse 512\u00a0ko\u00a0: ce n’est pas un calendrier scolaire."
        )
    try:
        events = [event for event in _events(content) if _is_holiday(event)]
        _refuse_mixed_zones(events)
        periods = sorted({_period(event) for event in events})
    except _PARSER_ERRORS as error:
        raise _unreadable() from error
    if not any("vacances" in label.lower() for _, _, label in periods):
        raise Refused(
            "ics_no_holiday",
            "Ce fichier ne contient aucune période de vacances. Prenez le calendrier scolaire de votre zone "
            "sur le site de l’Éducation nationale.",
        )
    return periods


def _events(content: bytes) -> "list[Event]":
    from icalendar import Calendar

    calendars = Calendar.from_ical(_text(content), multiple=True)
    if not calendars:
        raise _unreadable()
    return [event for calendar in calendars for event in calendar.walk("VEVENT")]


def _unreadable() -> Refused:
    return Refused(
        "ics_unreadable", "Ce fichier n’est pas un calendrier ICS lisible. Téléchargez-le de nouveau."
    )


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _title(event: "Event") -> str:
    return str(event.get("SUMMARY") or event.get("DESCRIPTION") or "").strip()


def _is_holiday(event: "Event") -> bool:
    """A row with a length that concerns pupils."""
    title = unicodedata.normalize("NFKD", _title(event)).encode("ascii", "ignore").decode().lower()
    if not title or any(word in title for word in _SKIPPED):
        return False
    start, end = event.get("DTSTART"), event.get("DTEND")
    return start is not None and end is not None and end.dt != start.dt


def _refuse_mixed_zones(events: "Iterable[Event]") -> None:
    """A file of zone A may say « Zones A/B/C » on Christmas: mixed means that no zone is in every row."""
    named = []
    for event in events:
        letters = "".join(_ZONES.findall(f"{event.get('SUMMARY', '')} {event.get('LOCATION', '')}"))
        if letters:
            named.append({letter for letter in letters if letter in "ABC"})
    if named and not set.intersection(*named):
        raise Refused(
            "ics_mixed_zones",
            "Ce fichier mélange plusieurs zones\u00a0: prenez celui qui ne contient que la vôtre.",
        )


def _period(event: "Event") -> Period:
    label = _label(_title(event))
    start, back_to_school = _day(event["DTSTART"].dt), _day(event["DTEND"].dt)
    if not start < back_to_school <= start + _LONGEST:
        raise Refused(
            "ics_impossible_period",
            f"«\u00a0{label}\u00a0» irait du {format_day(start, year=True)} "
            f"au {format_day(back_to_school, year=True)}\u00a0: corrigez ces dates dans le fichier "
            "(il s’ouvre avec un éditeur de texte), ou retirez-en cette période et saisissez-la.",
        )
    last_day = back_to_school - _ONE_DAY
    left_after_class = start.weekday() == FRIDAY and last_day - start >= _ONE_WEEK
    return start + _ONE_DAY if left_after_class else start, last_day, label


def _day(value: date | datetime) -> date:
    """The day that a date or an instant means.

    An instant is the midnight of a territory seen from its own or another zone, or an afternoon
    « après la classe »: the nearest midnight is right for all of them, from Polynesia to New Caledonia.
    """
    return (value + _HALF_DAY).date() if isinstance(value, datetime) else value


def _label(title: str) -> str:
    text = _BROKEN_APOSTROPHE.sub("’", _ZONE_SUFFIX.sub("", title))
    return typographic(" ".join(text.split()))
