"""The versions of the règlement as the service reads, checks and compares them (R14, R15)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, or_, select

from domain.enums import ActivityKind
from domain.errors import NotFound
from domain.rulebook.history import VersionState, state_of
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.wording.legal_text import legal_text, lexicon_of
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Section
from extensions import db
from models import Activity, Facility, PresenceType, RulebookVersion
from queries import calendar, rules

WEEKS = 12
UNREADABLE = "Ce règlement ne peut plus être lu. Importez-en une version corrigée."


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list; the draft has no days."""

    id: int
    name: str
    state: VersionState
    valid_from: date | None
    valid_to: date | None
    author_name: str
    updated_at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class VersionText:
    """A version and what its file says."""

    line: VersionLine
    text: str


@dataclass(frozen=True, slots=True)
class ActivityName:
    """An activity of the règlement: its key, and how the file calls it."""

    name: str
    label: str


_COLUMNS = (
    RulebookVersion.id,
    RulebookVersion.name,
    RulebookVersion.is_draft,
    RulebookVersion.valid_from,
    RulebookVersion.valid_to,
    RulebookVersion.author_name,
    RulebookVersion.updated_at,
    RulebookVersion.fingerprint,
)


def versions(today: date) -> tuple[VersionLine, ...]:
    """Every version, the draft first, then the newest."""
    rows = db.session.execute(
        select(*_COLUMNS).order_by(RulebookVersion.is_draft.desc(), RulebookVersion.valid_from.desc())
    )
    return tuple(_line(row, today) for row in rows)


def version(version_id: int, today: date) -> VersionText:
    """Raises NotFound."""
    row = db.session.execute(
        select(*_COLUMNS, RulebookVersion.text).where(RulebookVersion.id == version_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return VersionText(_line(row, today), row.text)


def draft(today: date) -> VersionText | None:
    row = db.session.execute(
        select(*_COLUMNS, RulebookVersion.text).where(RulebookVersion.is_draft)
    ).one_or_none()
    return None if row is None else VersionText(_line(row, today), row.text)


def in_force(day: date) -> VersionText | None:
    """The version in force on a day."""
    row = db.session.execute(
        select(*_COLUMNS, RulebookVersion.text).where(
            RulebookVersion.valid_from <= day,
            or_(RulebookVersion.valid_to.is_(None), RulebookVersion.valid_to >= day),
        )
    ).one_or_none()
    return None if row is None else VersionText(_line(row, day), row.text)


def first_day_after(day: date) -> date | None:
    """When the first published version that starts after `day` starts."""
    return db.session.scalar(
        select(func.min(RulebookVersion.valid_from)).where(RulebookVersion.valid_from > day)
    )


def _line(row: Row, today: date) -> VersionLine:
    return VersionLine(
        row.id,
        row.name,
        VersionState.DRAFT if row.is_draft else state_of(row.valid_from, row.valid_to, today),
        row.valid_from,
        row.valid_to,
        row.author_name,
        row.updated_at,
        row.fingerprint,
    )


# --- What a version says ------------------------------------------------------------------------------------


def written(line: VersionLine) -> Rulebook:
    """The version as its file has it. Raises NotFound when this program cannot read it."""
    found = rules.stored_book(line.id, line.fingerprint)
    if found is None:
        raise NotFound(UNREADABLE)
    return found


def book(line: VersionLine, first: date, last: date) -> Rulebook:
    """The version on the town's own calendar. Raises NotFound."""
    return rules.on_calendar(written(line), calendar.town_calendar(first - rules.LOOK_BACK, last))


def text_of(line: VersionLine) -> tuple[Section, ...]:
    """The version as a text that families read, each sentence tied to its rule. Raises NotFound."""
    return legal_text(written(line), words())


def lexicon(line: VersionLine) -> Lexicon:
    """How the names of a version are called. Raises NotFound."""
    return lexicon_of(written(line), words())


def activities(found: Rulebook) -> tuple[ActivityName, ...]:
    """Those of the file."""
    return tuple(ActivityName(name, one.label) for name, one in found.activities.items())


def left_out(ruled: Collection[str]) -> tuple[str, ...]:
    """The portal's activities that are not among those with rules: nobody could book them online."""
    return tuple(
        db.session.scalars(
            select(Activity.name)
            .join(Facility, Facility.id == Activity.facility_id)
            .where(Activity.is_active, Facility.is_active, Activity.rule_name.not_in(ruled))
            .order_by(Facility.position, Activity.position)
        )
    )


def words() -> Mapping[str, str]:
    """How the portal calls the words of the règlement: its presence types."""
    return dict(db.session.execute(select(PresenceType.rule_name, PresenceType.name)).all())


@dataclass(frozen=True, slots=True)
class PortalActivity:
    """An activity of the portal that the règlement may rule."""

    id: int
    name: str
    facility: str
    kind: ActivityKind
    rule_name: str


def portal_activities() -> tuple[PortalActivity, ...]:
    """Those that are offered to families, by structure."""
    rows = db.session.execute(
        select(Activity.id, Activity.name, Facility.name, Activity.kind, Activity.rule_name)
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Activity.is_active, Facility.is_active)
        .order_by(Facility.position, Facility.name, Activity.position, Activity.id)
    )
    return tuple(PortalActivity(*row) for row in rows)


def book_of(tree: Mapping[str, Any]) -> Rulebook:
    """A règlement that is no version, read from its tree. Raises NotFound when it cannot be read."""
    found, _faults = rules.read_tree(dict(tree))
    if found is None:
        raise NotFound(UNREADABLE)
    return found
