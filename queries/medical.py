"""Health of children, and who read it (S44, S115). Only `services.medical_readings` asks for the content."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select

from domain.enums import ChangeState, FileSection, SubjectKind
from domain.family_file import fields_of, value_in_words
from extensions import db
from models import AuditEvent, ChangeLine, Child, MedicalRecord, StaffMember

READ = "medical.read"
REGISTER_LENGTH = 50


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One field in words, known or not; `declared` is what the family wrote since, None for no change."""

    label: str
    value: str
    is_known: bool
    declared: str | None
    is_safety: bool


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a child's health; empty when nobody wrote anything."""

    lines: tuple[HealthLine, ...]


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One reading of the register: who, when, where in the portal."""

    at: datetime
    reader: str
    place: str


_FIELDS = fields_of(FileSection.CHILD_MEDICAL)
_RECORDS = select(MedicalRecord.child_id, MedicalRecord.content).where(
    MedicalRecord.child_id.in_(bindparam("children", expanding=True))
)
_DECLARED = select(ChangeLine.subject_id, ChangeLine.field, ChangeLine.wanted_value).where(
    ChangeLine.subject_kind == SubjectKind.CHILD,
    ChangeLine.subject_id.in_(bindparam("children", expanding=True)),
    ChangeLine.field.in_([field.name for field in _FIELDS]),
    ChangeLine.state == ChangeState.PENDING,
)
_REGISTER = (
    select(AuditEvent.at, AuditEvent.after, StaffMember.first_name, StaffMember.last_name)
    .outerjoin(StaffMember, StaffMember.user_id == AuditEvent.actor_user_id)
    .where(
        AuditEvent.object_type == "child",
        AuditEvent.object_id.in_(
            select(Child.id).where(
                or_(Child.id == bindparam("child_id"), Child.merged_into_id == bindparam("child_id"))
            )
        ),
        AuditEvent.action == READ,
    )
    .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    .limit(REGISTER_LENGTH)
)


def health_of(child_ids: Collection[int]) -> dict[int, Health]:
    """The filled fields of each child, those that the family declared since beside them. Two statements."""
    children = {"children": list(child_ids)}
    records = {row.child_id: json.loads(row.content) for row in db.session.execute(_RECORDS, children)}
    declared: dict[int, dict[str, str | None]] = {}
    for row in db.session.execute(_DECLARED, children):
        declared.setdefault(row.subject_id, {})[row.field] = row.wanted_value
    return {
        child_id: _health(records.get(child_id, {}), declared.get(child_id, {})) for child_id in child_ids
    }


def _health(record: dict[str, str | None], declared: dict[str, str | None]) -> Health:
    return Health(
        tuple(
            HealthLine(
                field.label,
                value_in_words(field, record.get(field.name)),
                bool(record.get(field.name)),
                value_in_words(field, declared[field.name]) if field.name in declared else None,
                field.is_safety,
            )
            for field in _FIELDS
            if record.get(field.name) or field.name in declared
        )
    )


def readings_of(child_id: int) -> tuple[ReadingLine, ...]:
    """Who read the health of a child, the last first; for the family too. One statement."""
    return tuple(
        ReadingLine(row.at, f"{row.first_name} {row.last_name}".strip(), (row.after or {}).get("place", ""))
        for row in db.session.execute(_REGISTER, {"child_id": child_id})
    )
