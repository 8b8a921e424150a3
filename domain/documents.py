"""Rules of supporting documents: until when one serves, when it is too old, what a family may send."""

import calendar
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain.calendar import add_months, school_year
from domain.enums import DocumentState, DocumentValidity

FILE_BYTES = 12 * 1024 * 1024
FILES_AT_ONCE = 10
SENDING_BYTES = 24 * 1024 * 1024  # all the pages of one document
HOUSEHOLD_BYTES = 100 * 1024 * 1024
HOUSEHOLD_FILES = 200
REMINDER = timedelta(days=30)  # before the end (S72)
SENDING_TIME = timedelta(days=1)  # longer than any sending: a file without row is then an orphan
ABSENCE_SPAN = timedelta(days=60)  # around today: the booked days that a proof of absence may concern
NAME_LENGTH = 160
_SUMMER = (7, 8)


class Standing(StrEnum):
    """Where an expected document stands for one owner (S72)."""

    MISSING = "missing"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"


SERVING = frozenset({Standing.SUBMITTED, Standing.ACCEPTED})  # a document sent counts until it is decided


@dataclass(frozen=True, slots=True)
class Sent:
    """What the standing depends on, of one document."""

    state: DocumentState
    valid_until: date | None


def standing(documents: Sequence[Sent], today: date) -> Standing:
    """Of the documents of one owner, the newest first: the best that serves, else what became of the last."""
    states = [_state_on(document, today) for document in documents]
    for served in (Standing.ACCEPTED, Standing.SUBMITTED):
        if served in states:
            return served
    return next((state for state in states if state is not Standing.MISSING), Standing.MISSING)


def _state_on(document: Sent, today: date) -> Standing:
    if document.state is DocumentState.WITHDRAWN:
        return Standing.MISSING
    if document.state is DocumentState.ACCEPTED and is_over(document.valid_until, today):
        return Standing.EXPIRED
    return Standing(document.state.value)


def is_over(valid_until: date | None, today: date) -> bool:
    return valid_until is not None and valid_until < today


def valid_until(validity: DocumentValidity, months: int | None, day: date) -> date | None:
    """The last day on which a document serves, None without end. `day` is the one written on it, else the one
    of its sending. In July and August, the school year meant is the one that begins.
    """
    match validity:
        case DocumentValidity.MONTHS:
            return months_after(day, months or 0)
        case DocumentValidity.SCHOOL_YEAR:
            last = school_year(day)[1]
            return last.replace(year=last.year + 1) if day.month in _SUMMER else last
        case DocumentValidity.CALENDAR_YEAR:
            return date(day.year, 12, 31)
    return None


def is_too_old(issued_on: date | None, max_age_months: int | None, today: date) -> bool:
    """Older than the town takes (S64): a warning to the family, a flag for the service, never a refusal."""
    if issued_on is None or max_age_months is None:
        return False
    return months_after(issued_on, max_age_months) < today


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = add_months(day.year, day.month, months)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def shown_name(name: str) -> str:
    """The name that readers get: no folder, no control or invisible character, always .pdf."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    clean = "".join(character for character in base if character.isprintable()).strip()
    stem, dot, suffix = clean.rpartition(".")
    stem = (stem if dot and len(suffix) <= 5 else clean).strip(". ") or "document"
    return stem[: NAME_LENGTH - 4] + ".pdf"
