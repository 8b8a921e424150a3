"""Texts to accept: what an adult still has to answer, what it answered, who answered what (R06)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import Row, bindparam, func, or_, select, true

from domain.enums import Channel
from domain.errors import NotFound
from extensions import db
from models import Consent, ConsentAnswer, ConsentVersion, Guardian, Household, HouseholdGuardian

PAGE_LENGTH = 50

# --- An adult and its texts ---------------------------------------------------------------------

_TEXTS = (
    select(
        HouseholdGuardian.guardian_id,
        Consent.id.label("consent_id"),
        Consent.name,
        Consent.is_required,
        Consent.is_active,
        ConsentVersion.id.label("text_id"),
        ConsentVersion.number,
        ConsentVersion.published_at,
        ConsentAnswer.is_accepted,
        ConsentAnswer.answered_at,
        ConsentAnswer.channel,
    )
    .select_from(HouseholdGuardian)
    .join(Consent, true())
    .join(ConsentVersion, ConsentVersion.consent_id == Consent.id)
    .outerjoin(
        ConsentAnswer,
        (ConsentAnswer.version_id == ConsentVersion.id)
        & (ConsentAnswer.guardian_id == HouseholdGuardian.guardian_id),
    )
    .where(
        HouseholdGuardian.guardian_id.in_(bindparam("guardians", expanding=True)),
        or_(Consent.is_active, ConsentAnswer.id.is_not(None)),
    )
    .order_by(Consent.position, Consent.name, ConsentVersion.number.desc(), ConsentAnswer.id.desc())
)


@dataclass(frozen=True, slots=True)
class AdultText:
    """One version of a text as it stands for one adult; `is_accepted` None while there is no answer.

    `is_last`: the version in force, the only one that is still answered.
    """

    guardian_id: int
    consent_id: int
    text_id: int
    name: str
    number: int
    published_at: datetime
    is_required: bool
    is_last: bool
    is_accepted: bool | None
    answered_at: datetime | None
    channel: Channel | None

    @property
    def is_waiting(self) -> bool:
        """True when the adult is asked: no answer, or a refusal of what became required."""
        return self.is_last and (self.is_accepted is None or (self.is_required and not self.is_accepted))


def texts_of(guardian_ids: Sequence[int]) -> tuple[AdultText, ...]:
    """The texts of some adults: in force, and the former ones that they answered. One statement."""
    found: dict[tuple[int, int], AdultText] = {}
    seen: set[tuple[int, int]] = set()
    for row in db.session.execute(_TEXTS, {"guardians": list(guardian_ids)}):
        key = (row.guardian_id, row.text_id)
        if key not in found:  # the newest answer comes first
            newest = (row.guardian_id, row.consent_id) not in seen
            seen.add((row.guardian_id, row.consent_id))
            found[key] = _adult_text(row, is_last=newest and row.is_active)
    return tuple(one for one in found.values() if one.is_last or one.is_accepted is not None)


def _adult_text(row: Row, *, is_last: bool) -> AdultText:
    return AdultText(
        row.guardian_id,
        row.consent_id,
        row.text_id,
        row.name,
        row.number,
        row.published_at,
        row.is_required,
        is_last,
        row.is_accepted,
        row.answered_at,
        row.channel,
    )


def waiting_texts(guardian_id: int | None) -> tuple[AdultText, ...]:
    """What the adult still has to answer. One statement; none for an account without adult."""
    if guardian_id is None:
        return ()
    return tuple(one for one in texts_of([guardian_id]) if one.is_waiting)


def texts_waiting_for_all(guardian_ids: Sequence[int]) -> tuple[AdultText, ...]:
    """The texts that every one of these adults still has to answer, each once. One statement; none for
    nobody."""
    if not guardian_ids:
        return ()
    waiting: dict[int, list[AdultText]] = {}
    for one in texts_of(guardian_ids):
        if one.is_waiting:
            waiting.setdefault(one.text_id, []).append(one)
    return tuple(found[0] for found in waiting.values() if len(found) == len(guardian_ids))


def text_of(guardian_id: int | None, text_id: int) -> tuple[AdultText, str]:
    """One text that concerns the adult, and its words. Two statements. Raises NotFound."""
    found = [one for one in texts_of([guardian_id] if guardian_id else []) if one.text_id == text_id]
    if not found:
        raise NotFound
    return found[0], db.session.scalar(select(ConsentVersion.text).where(ConsentVersion.id == text_id)) or ""


# --- The service --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A text of the town with its version in force."""

    id: int
    name: str
    is_required: bool
    position: int
    is_active: bool
    text_id: int
    number: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A published version and how many adults answered it."""

    text_id: int
    number: int
    published_at: datetime
    text: str
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """The answer of an adult, with a file that the adult is in."""

    adult: str
    household_id: int
    household: str
    number: int
    is_accepted: bool
    answered_at: datetime
    channel: Channel


@dataclass(frozen=True, slots=True)
class AnswersPage:
    answers: tuple[AnswerRow, ...]
    page: int
    pages: int


_LAST_NUMBER = (
    select(ConsentVersion.consent_id, func.max(ConsentVersion.number).label("number"))
    .group_by(ConsentVersion.consent_id)
    .subquery()
)
_CONSENTS = (
    select(
        Consent.id,
        Consent.name,
        Consent.is_required,
        Consent.position,
        Consent.is_active,
        ConsentVersion.id.label("text_id"),
        ConsentVersion.number,
        ConsentVersion.published_at,
    )
    .join(_LAST_NUMBER, _LAST_NUMBER.c.consent_id == Consent.id)
    .join(
        ConsentVersion,
        (ConsentVersion.consent_id == Consent.id) & (ConsentVersion.number == _LAST_NUMBER.c.number),
    )
    .order_by(Consent.position, Consent.name)
)
# The last answer of each adult to each version: an older one counts no more.
_LAST_ANSWER = (
    select(func.max(ConsentAnswer.id).label("id"))
    .group_by(ConsentAnswer.version_id, ConsentAnswer.guardian_id)
    .subquery()
)


def consents() -> tuple[ConsentRow, ...]:
    """Every text to accept in its order, withdrawn ones too. One statement."""
    return tuple(ConsentRow(*row) for row in db.session.execute(_CONSENTS))


def consent(consent_id: int) -> ConsentRow:
    """Raises NotFound."""
    row = db.session.execute(_CONSENTS.where(Consent.id == consent_id)).one_or_none()
    if row is None:
        raise NotFound
    return ConsentRow(*row)


def versions(consent_id: int) -> tuple[VersionRow, ...]:
    """The versions of a text, the newest first, with their counts. One statement."""
    counted = (
        select(ConsentAnswer.version_id, ConsentAnswer.is_accepted, func.count().label("adults"))
        .join(_LAST_ANSWER, _LAST_ANSWER.c.id == ConsentAnswer.id)
        .group_by(ConsentAnswer.version_id, ConsentAnswer.is_accepted)
        .subquery()
    )
    rows = db.session.execute(
        select(ConsentVersion, counted.c.is_accepted, counted.c.adults)
        .outerjoin(counted, counted.c.version_id == ConsentVersion.id)
        .where(ConsentVersion.consent_id == consent_id)
        .order_by(ConsentVersion.number.desc())
    ).all()
    counts = {(row[0].id, row.is_accepted): row.adults for row in rows}
    return tuple(
        VersionRow(
            one.id,
            one.number,
            one.published_at,
            one.text,
            counts.get((one.id, True), 0),
            counts.get((one.id, False), 0),
        )
        for one in dict.fromkeys(row[0] for row in rows)
    )


def answers(text_id: int, page: int) -> AnswersPage:
    """Who answered a version, by name. Two statements."""
    home = (
        select(HouseholdGuardian.guardian_id, func.min(HouseholdGuardian.household_id).label("household_id"))
        .group_by(HouseholdGuardian.guardian_id)
        .subquery()
    )
    listed = (
        select(
            Guardian.first_name,
            Guardian.last_name,
            Household.id,
            Household.name,
            Household.number,
            ConsentAnswer.is_accepted,
            ConsentAnswer.answered_at,
            ConsentAnswer.channel,
        )
        .join(_LAST_ANSWER, _LAST_ANSWER.c.id == ConsentAnswer.id)
        .join(Guardian, Guardian.id == ConsentAnswer.guardian_id)
        .join(home, home.c.guardian_id == Guardian.id)
        .join(Household, Household.id == home.c.household_id)
        .where(ConsentAnswer.version_id == text_id)
    )
    count = db.session.scalar(select(func.count()).select_from(listed.subquery())) or 0
    pages = max(1, ceil(count / PAGE_LENGTH))
    page = min(max(1, page), pages)
    ordered = listed.order_by(Guardian.last_name, Guardian.first_name, Guardian.id)
    rows = db.session.execute(ordered.limit(PAGE_LENGTH).offset((page - 1) * PAGE_LENGTH))
    return AnswersPage(tuple(AnswerRow(f"{row[0]} {row[1]}", *row[2:]) for row in rows), page, pages)
