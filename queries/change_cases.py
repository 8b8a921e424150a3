"""A declared change as the service decides it: of each field the three values, in words (S34 to S37)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select

from domain import change_rules
from domain.enums import ChangeState, FileSection, SubjectKind
from domain.errors import NotFound
from extensions import db
from models import ChangeLine, ChangeRequest, StaffMember
from queries import change_names, file_values


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A field: what the family saw, what is official now, what it wants, in words. In a conflict the three
    differ. `current` is what a decision gives back to `services.change_requests.decide`.
    """

    line_id: int
    field: str
    label: str
    seen: str
    official: str
    wanted: str
    state: ChangeState
    is_safety: bool
    is_conflict: bool
    reason: str
    decided_at: datetime | None
    decided_by: str
    current: str

    @property
    def is_pending(self) -> bool:
        return self.state is ChangeState.PENDING


@dataclass(frozen=True, slots=True)
class Case:
    """The lines of one request, answered or not."""

    lines: tuple[CaseLine, ...]


_LINES = (
    select(
        ChangeLine.id,
        ChangeLine.subject_kind,
        ChangeLine.subject_id,
        ChangeLine.field,
        ChangeLine.is_safety,
        ChangeLine.seen_value,
        ChangeLine.wanted_value,
        ChangeLine.state,
        ChangeLine.reason,
        ChangeLine.decided_at,
        StaffMember.first_name,
        StaffMember.last_name,
    )
    .outerjoin(StaffMember, StaffMember.user_id == ChangeLine.decided_by_user_id)
    .order_by(ChangeLine.id)
)


def case(request_id: int, *, may_read_medical: bool) -> Case:
    """One case. Raises NotFound, also for health that the reader may not read. Three to seven statements."""
    section = db.session.scalar(select(ChangeRequest.section).where(ChangeRequest.id == request_id))
    if section is None or (section is FileSection.CHILD_MEDICAL and not may_read_medical):
        raise NotFound
    lines = db.session.execute(_LINES.where(ChangeLine.request_id == request_id)).all()
    official = _official(lines)
    names = change_names.authorisation_names({line.field for line in lines})
    return Case(tuple(_case_line(line, official, names) for line in lines))


Official = Mapping[SubjectKind, Mapping[int, Mapping[str, str | None]]]


def _official(lines: Collection[Row]) -> Official:
    """What stands now of every subject of the lines."""
    subjects: dict[SubjectKind, set[int]] = {}
    for line in lines:
        subjects.setdefault(line.subject_kind, set()).add(line.subject_id)
    fields = {line.field for line in lines}
    return {kind: file_values.official_of(kind, ids, fields) for kind, ids in subjects.items()}


def _case_line(line: Row, official: Official, names: Mapping[str, str]) -> CaseLine:
    stands = official[line.subject_kind][line.subject_id].get(line.field)
    in_words = [
        change_names.words(line.subject_kind, line.field, value)
        for value in (line.seen_value, stands, line.wanted_value)
    ]
    return CaseLine(
        line.id,
        line.field,
        change_names.label(line.subject_kind, line.field, names),
        *in_words,
        state=line.state,
        is_safety=line.is_safety,
        is_conflict=line.state is ChangeState.PENDING
        and change_rules.is_conflict(line.wanted_value, seen=line.seen_value, official=stands),
        reason=line.reason,
        decided_at=line.decided_at,
        decided_by=f"{line.first_name} {line.last_name}" if line.last_name else "",
        current=change_rules.fingerprint(stands),
    )
