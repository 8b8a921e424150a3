"""What surrounds a declared change on the desk: whose it is, the papers that came with it, its effect on the
price (S34, S35). The values themselves are in `queries.change_cases`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select

from domain.enums import Channel, DocumentState, FileSection, Residency, SubjectKind
from domain.errors import NotFound
from domain.family_file import SECTION_SUBJECTS
from domain.people import fold
from domain.references import normalise_reference
from extensions import db
from models import (
    AuditEvent,
    ChangeLine,
    ChangeRequest,
    Child,
    Document,
    DocumentCategory,
    Guardian,
    Household,
    StaffMember,
)
from queries.change_cases import Case

MOST_PAPERS = 5
MOST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class Head:
    """A change without its values. `person`: first name of the child or adult, empty for the household."""

    request_id: int
    reference: str
    section: FileSection
    household_id: int
    household: str
    household_number: int
    residency: Residency
    child_id: int | None
    guardian_id: int | None
    person: str
    author: str
    channel: Channel
    created_at: datetime
    due_at: datetime

    @property
    def is_health(self) -> bool:
        return self.section is FileSection.CHILD_MEDICAL


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the same family or child that waits, or was accepted."""

    document_id: int
    category: str
    submitted_at: datetime
    state: DocumentState


_HEAD = (
    select(
        ChangeRequest.id,
        ChangeRequest.reference,
        ChangeRequest.section,
        Household.id.label("household_id"),
        Household.name,
        Household.number,
        Household.residency,
        ChangeRequest.child_id,
        ChangeRequest.guardian_id,
        func.coalesce(Child.first_name, Guardian.first_name, "").label("person"),
        ChangeRequest.author_name,
        ChangeRequest.channel,
        ChangeRequest.created_at,
        ChangeRequest.due_at,
    )
    .join(Household, Household.id == ChangeRequest.household_id)
    .outerjoin(Child, Child.id == ChangeRequest.child_id)
    .outerjoin(Guardian, Guardian.id == ChangeRequest.guardian_id)
)
_PAPERS = (
    select(Document.id, DocumentCategory.name, Document.submitted_at, Document.state)
    .join(DocumentCategory, DocumentCategory.id == Document.category_id)
    .where(
        Document.file_key.is_not(None),
        Document.state.in_((DocumentState.SUBMITTED, DocumentState.ACCEPTED)),
    )
    .order_by(Document.submitted_at.desc(), Document.id.desc())
    .limit(MOST_PAPERS)
)


def head(reference: str) -> Head:
    """The change under a reference. One statement. Raises NotFound."""
    row = db.session.execute(
        _HEAD.where(ChangeRequest.reference == normalise_reference(reference))
    ).one_or_none()
    if row is None:
        raise NotFound
    return Head(*row)


def line_ids(request_id: int) -> tuple[int, ...]:
    """The fields of a change. One statement."""
    return tuple(db.session.scalars(select(ChangeLine.id).where(ChangeLine.request_id == request_id)))


def papers(change: Head) -> tuple[Paper, ...]:
    """The documents that may prove the change: those on the health of the child for its health, else those of
    the household or of the child. One statement."""
    about = [Document.household_id == change.household_id]
    about.append(DocumentCategory.is_medical.is_(change.is_health))
    if SECTION_SUBJECTS[change.section] is SubjectKind.CHILD:
        about.append(or_(Document.child_id == change.child_id, Document.child_id.is_(None)))
    else:
        about.append(Document.child_id.is_(None))
    return tuple(Paper(*row) for row in db.session.execute(_PAPERS.where(*about)))


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who gave a field the value that stands, and when."""

    author: str
    at: datetime


_EVENTS = (
    select(AuditEvent.at, AuditEvent.after, StaffMember.first_name, StaffMember.last_name)
    .outerjoin(StaffMember, StaffMember.user_id == AuditEvent.actor_user_id)
    .where(AuditEvent.object_type == bindparam("kind"), AuditEvent.object_id == bindparam("id"))
    .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    .limit(MOST_EVENTS)
)


def last_changes(change: Head, case: Case) -> dict[str, LastChange]:
    """Who changed the fields of a conflict since the family saw them, as the journal tells (S37).

    One statement, none without conflict.
    """
    fields = {line.field for line in case.lines if line.is_conflict}
    if not fields:
        return {}
    owners = ((SubjectKind.CHILD, change.child_id), (SubjectKind.GUARDIAN, change.guardian_id))
    kind, owner_id = next((one for one in owners if one[1]), (SubjectKind.HOUSEHOLD, change.household_id))
    found: dict[str, LastChange] = {}
    for row in db.session.execute(_EVENTS, {"kind": kind.value, "id": owner_id}):
        author = f"{row.first_name} {row.last_name}" if row.last_name else "la famille"
        for field in fields & (row.after or {}).keys() - found.keys():
            found[field] = LastChange(author, row.at)
    return found


def residency_warning(residency: Residency, town_address: str, postcode: str | None, city: str | None) -> str:
    """What a new postcode or city (None: unchanged) changes to the price, as the town's own address tells."""
    if (postcode is None and city is None) or not town_address:
        return ""
    known = f" {fold(town_address)} "
    is_inside = all(f" {fold(part)} " in known for part in (postcode, city) if part)
    if residency is Residency.RESIDENT and not is_inside:
        return "Hors de la commune : tarif extérieur à vérifier"
    if residency is Residency.NON_RESIDENT and is_inside:
        return "Dans la commune : tarif des résidents à vérifier"
    return ""
