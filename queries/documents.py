"""Supporting documents as families read them: the tree by owner, what is missing, what stops a booking.

A family reads the documents of its households, and those that the other household of a child sent about the
child unless they are private (security 1.3). What it is only known by name for stays out (`members_of`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, and_, bindparam, or_, select

from domain import documents as rules
from domain.calendar import paris_now
from domain.documents import SERVING, Sent, Standing
from domain.enums import (
    AbsenceState,
    BookingState,
    DocumentEffect,
    DocumentOwner,
    DocumentState,
)
from domain.errors import NotFound
from extensions import db
from models import (
    Absence,
    Activity,
    Booking,
    Child,
    Document,
    DocumentCategory,
    DocumentCategoryFacility,
    DocumentPage,
    Enrolment,
    Facility,
)
from queries.family import ChildCard, HouseholdName, Members

_HOUSEHOLDS = bindparam("households", expanding=True)
_CHILDREN = bindparam("children", expanding=True)

_CATEGORIES = (
    select(DocumentCategory, DocumentCategoryFacility.facility_id, Facility.name.label("facility"))
    .outerjoin(DocumentCategoryFacility, DocumentCategoryFacility.category_id == DocumentCategory.id)
    .outerjoin(Facility, Facility.id == DocumentCategoryFacility.facility_id)
    .order_by(DocumentCategory.position, DocumentCategory.name, Facility.position, Facility.name)
)
_VISIBLE = or_(
    Document.household_id.in_(_HOUSEHOLDS),
    Document.child_id.in_(_CHILDREN) & Document.is_private.is_(False),
)
# A child whom the household only knows by name: what it had sent about the child is not read any more.
_ABOUT_KNOWN = or_(Document.child_id.is_(None), Document.child_id.in_(_CHILDREN))
_READABLE = and_(_VISIBLE, _ABOUT_KNOWN, Document.state != DocumentState.WITHDRAWN)
_DOCUMENTS = select(Document).where(_READABLE)
# Categories and documents in one statement: the home page counts them. A category comes once for each pair.
_TREE = (
    _CATEGORIES.add_columns(Document)
    .outerjoin(Document, and_(Document.category_id == DocumentCategory.id, _READABLE))
    .where(DocumentCategory.is_active)
    .order_by(Document.submitted_at.desc(), Document.id.desc())
)
_ENROLMENTS = (
    select(Enrolment.child_id, Enrolment.facility_id)
    .where(Enrolment.child_id.in_(_CHILDREN), Enrolment.last_day >= bindparam("today"))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Category:
    """A document that the town asks for; `facilities`: (id, name) of those that need it, none for all."""

    category_id: int
    name: str
    description: str
    owner: DocumentOwner
    effect: DocumentEffect
    max_age_months: int | None
    gates_booking: bool
    is_medical: bool
    is_required: bool
    is_active: bool
    facilities: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """The household or one child: whom a document is about. `words`: « la famille SOLIGNAC », « Léo »."""

    household_id: int
    child_id: int | None
    words: str

    @property
    def key(self) -> str:
        return f"enfant-{self.child_id}" if self.child_id else f"foyer-{self.household_id}"


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document of the family. `is_own`: sent for a household of the reader, who may take it back."""

    document_id: int
    state: Standing
    submitted_at: datetime
    valid_until: date | None
    reason: str
    file_name: str
    page_count: int
    has_file: bool
    is_private: bool
    is_own: bool

    @property
    def may_be_withdrawn(self) -> bool:
        return self.is_own and self.has_file and self.state is Standing.SUBMITTED


@dataclass(frozen=True, slots=True)
class Item:
    """A category for one owner: where it stands, and its documents, the newest first.

    `is_needed`: asked of this owner. `is_covered`: the household's one counts for this child.
    """

    category: Category
    owner: Owner
    standing: Standing
    is_needed: bool
    is_covered: bool
    documents: tuple[DocumentRow, ...]

    @property
    def is_missing(self) -> bool:
        return self.is_needed and not self.is_covered and self.standing not in SERVING


@dataclass(frozen=True, slots=True)
class Branch:
    """One owner of the tree. `card`: the child, None for a household (S63)."""

    owner: Owner
    title: str
    card: ChildCard | None
    items: tuple[Item, ...]

    @property
    def missing(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.is_missing)


def tree(members: Members, today: date) -> tuple[Branch, ...]:
    """Every household, then every child, with what the town asks of each. One statement, two when a category
    is for some structures only.
    """
    households = [one.household_id for one in members.households]
    children = [child.child_id for child in members.children]
    rows = db.session.execute(_TREE, {"households": households, "children": children}).all()
    categories = _gathered(row[:3] for row in rows)
    sent = list({row[3].id: row[3] for row in rows if row[3] is not None}.values())
    places = _places(categories, children, today)
    return tuple(
        [_household_branch(one, categories, sent, places, today) for one in members.households]
        + [_child_branch(child, members, categories, sent, places, today) for child in members.children]
    )


def missing(members: Members, today: date) -> tuple[Item, ...]:
    """What the family has to send, in the order of the tree (S26). As many statements as `tree`."""
    return tuple(item for branch in tree(members, today) for item in branch.missing)


def all_categories() -> tuple[Category, ...]:
    """Every category in its order, used or not. One statement."""
    return _gathered(tuple(row) for row in db.session.execute(_CATEGORIES))


def _gathered(rows: Iterable[tuple[DocumentCategory, int | None, str | None]]) -> tuple[Category, ...]:
    """Each category once, with its structures."""
    found: dict[int, tuple[DocumentCategory, dict[int, str]]] = {}
    for row, facility_id, facility in rows:
        _, facilities = found.setdefault(row.id, (row, {}))
        if facility_id is not None:
            facilities[facility_id] = facility
    return tuple(_category(row, facilities.items()) for row, facilities in found.values())


def _category(row: DocumentCategory, facilities: Iterable[tuple[int, str]]) -> Category:
    return Category(
        row.id, row.name, row.description, row.owner, row.effect, row.max_age_months, row.gates_booking,
        row.is_medical, row.is_required, row.is_active, tuple(facilities),
    )  # fmt: skip


Places = Mapping[int, frozenset[int]]  # the structures of each child


def _places(categories: Iterable[Category], children: Sequence[int], today: date) -> Places:
    if not any(category.facilities for category in categories):
        return {}
    found: dict[int, set[int]] = {}
    for row in db.session.execute(_ENROLMENTS, {"children": children, "today": today}):
        found.setdefault(row.child_id, set()).add(row.facility_id)
    return {child_id: frozenset(facilities) for child_id, facilities in found.items()}


def _is_for(category: Category, children: Iterable[int], places: Places) -> bool:
    """Asked of these children: of all, or of those of some structures (S75). An absence is nobody's duty."""
    if not category.is_required or category.effect is DocumentEffect.ABSENCE:
        return False
    needed_at = {facility_id for facility_id, _ in category.facilities}
    return not needed_at or any(needed_at & places.get(child_id, frozenset()) for child_id in children)


def _household_branch(
    household: HouseholdName,
    categories: Sequence[Category],
    sent: Sequence[Document],
    places: Places,
    today: date,
) -> Branch:
    owner = Owner(household.household_id, None, f"la famille {household.name}")
    items = []
    for category in categories:
        if category.owner is DocumentOwner.CHILD:
            continue
        own = _documents_of(category, owner, sent)
        is_covered = category.owner is DocumentOwner.EITHER and _covers_children(
            category, household, sent, today
        )
        needed = _is_for(category, household.child_ids, places)
        items.append(_item(category, owner, own, needed, is_covered, {household.household_id}, today))
    return Branch(owner, f"Foyer {household.name}", None, tuple(items))


def _covers_children(
    category: Category, household: HouseholdName, sent: Sequence[Document], today: date
) -> bool:
    """True when each child has its own: then the household's is not needed any more (S68)."""
    return bool(household.child_ids) and all(
        standing(_documents_of(category, Owner(household.household_id, child_id, ""), sent), today) in SERVING
        for child_id in household.child_ids
        if child_id is not None
    )


def _child_branch(
    child: ChildCard,
    members: Members,
    categories: Sequence[Category],
    sent: Sequence[Document],
    places: Places,
    today: date,
) -> Branch:
    homes = [one for one in members.households if child.child_id in one.child_ids]
    owner = Owner(homes[0].household_id, child.child_id, child.first_name)
    items = []
    for category in categories:
        if category.owner is DocumentOwner.HOUSEHOLD:
            continue
        own = _documents_of(category, owner, sent)
        either = category.owner is DocumentOwner.EITHER
        is_covered = either and any(
            standing(_documents_of(category, Owner(one.household_id, None, ""), sent), today) in SERVING
            for one in homes
        )
        needed = not either and _is_for(category, [child.child_id], places)
        own_homes = {one.household_id for one in members.households}
        items.append(_item(category, owner, own, needed, is_covered, own_homes, today))
    return Branch(owner, child.first_name, child, tuple(items))


def _documents_of(category: Category, owner: Owner, sent: Iterable[Document]) -> list[Document]:
    return [
        document
        for document in sent
        if document.category_id == category.category_id
        and document.child_id == owner.child_id
        and (owner.child_id is not None or document.household_id == owner.household_id)
    ]


def standing(documents: Iterable[Document], today: date) -> Standing:
    return rules.standing([Sent(one.state, one.valid_until) for one in documents], today)


def _item(
    category: Category,
    owner: Owner,
    documents: Sequence[Document],
    is_needed: bool,
    is_covered: bool,
    own_households: Collection[int],
    today: date,
) -> Item:
    return Item(
        category,
        owner,
        standing(documents, today),
        is_needed,
        is_covered,
        tuple(_row(one, own_households, today) for one in documents),
    )


def _row(document: Document, own_households: Collection[int], today: date) -> DocumentRow:
    return DocumentRow(
        document_id=document.id,
        state=standing([document], today),
        submitted_at=document.submitted_at,
        valid_until=document.valid_until,
        reason=document.reason,
        file_name=document.file_name,
        page_count=document.page_count,
        has_file=document.file_key is not None,
        is_private=document.is_private,
        is_own=document.household_id in own_households,
    )


# --- One document -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AbsenceDay:
    """A booked day that a document was sent for (S69)."""

    day: date
    activities: tuple[str, ...]
    state: AbsenceState


@dataclass(frozen=True, slots=True)
class OwnDocument:
    """A document that the family may read, with whom it is about; `due_at` while it waits."""

    category: Category
    owner: Owner
    row: DocumentRow
    issued_on: date | None
    is_too_old: bool
    due_at: datetime
    file_key: str
    is_about_a_child: bool
    absence_days: tuple[AbsenceDay, ...]


def own_document(document_id: int, members: Members, today: date) -> OwnDocument:
    """Raises NotFound for what is not the family's to read, or has no file. Three statements."""
    document = _visible(document_id, members)
    homes = {one.household_id: f"la famille {one.name}" for one in members.households}
    names = {child.child_id: child.first_name for child in members.children}
    words = names[document.child_id] if document.child_id is not None else homes[document.household_id]
    found = next(one for one in all_categories() if one.category_id == document.category_id)
    return OwnDocument(
        category=found,
        owner=Owner(document.household_id, document.child_id, words),
        row=_row(document, homes.keys(), today),
        issued_on=document.issued_on,
        is_too_old=rules.is_too_old(
            document.issued_on, found.max_age_months, paris_now(document.submitted_at).date()
        ),
        due_at=document.due_at,
        file_key=document.file_key,
        is_about_a_child=document.child_id is not None,
        absence_days=absence_days(document) if document.household_id in homes else (),
    )


def own_thumbnail(document_id: int, members: Members) -> str:
    """The key of the small picture of its first page. Raises NotFound. Two statements."""
    return page_key(_visible(document_id, members).id, 0)


def _visible(document_id: int, members: Members) -> Document:
    family = {
        "households": [one.household_id for one in members.households],
        "children": [child.child_id for child in members.children],
    }
    document = db.session.scalars(_DOCUMENTS.where(Document.id == document_id), family).one_or_none()
    if document is None or document.file_key is None:
        raise NotFound
    return document


def page_key(document_id: int, number: int) -> str:
    """The key of the picture of a page, from 1; 0 is the thumbnail. Raises NotFound. One statement."""
    key = db.session.scalar(
        select(DocumentPage.file_key).where(
            DocumentPage.document_id == document_id, DocumentPage.number == number
        )
    )
    if key is None:
        raise NotFound
    return key


def absence_days(document: Document) -> tuple[AbsenceDay, ...]:
    """The days that a proof of absence is about, with their activities. One statement."""
    if document.absence_kind is None:
        return ()
    days: dict[date, list[Row]] = {}
    for row in db.session.execute(
        select(Booking.day, Activity.name, Absence.state)
        .join(Booking, Booking.id == Absence.booking_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Absence.document_id == document.id)
        .order_by(Booking.day, Activity.position)
    ):
        days.setdefault(row.day, []).append(row)
    return tuple(
        AbsenceDay(day, tuple(row.name for row in rows), rows[0].state) for day, rows in days.items()
    )


# --- Sending ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookedDay:
    """A day on which a child is expected, and where. `is_justified`: needs no proof any more."""

    day: date
    activities: tuple[str, ...]
    is_justified: bool


def category(category_id: int, *, about_a_child: bool) -> Category:
    """A category that families may send for a household, or for a child. Raises NotFound. One statement."""
    unfit = DocumentOwner.HOUSEHOLD if about_a_child else DocumentOwner.CHILD
    for one in all_categories():
        if one.category_id == category_id and one.is_active and one.owner is not unfit:
            return one
    raise NotFound


def booked_days(child_id: int, household_id: int, today: date) -> tuple[BookedDay, ...]:
    """The booked days around today that a proof of absence may concern (S69): today and those to come, then
    the past ones from the nearest. One statement."""
    rows = db.session.execute(
        select(Booking.day, Activity.name, Absence.state)
        .join(Activity, Activity.id == Booking.activity_id)
        .outerjoin(Absence, Absence.booking_id == Booking.id)
        .where(
            Booking.child_id == child_id,
            Booking.household_id == household_id,
            Booking.state == BookingState.ACCEPTED,
            Booking.day.between(today - rules.ABSENCE_SPAN, today + rules.ABSENCE_SPAN),
        )
        .order_by(Booking.day, Activity.position, Activity.name)
    ).all()
    days: dict[date, list[Row]] = {}
    for row in rows:
        days.setdefault(row.day, []).append(row)
    return tuple(
        BookedDay(
            day,
            tuple(row.name for row in booked),
            all(row.state is AbsenceState.JUSTIFIED for row in booked),
        )
        for day, booked in sorted(days.items(), key=lambda one: (one[0] < today, abs((one[0] - today).days)))
    )


# --- What stops a booking -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lacking:
    """A document without which a day cannot be booked; `child` is empty for the household's."""

    category_id: int
    name: str
    child_id: int | None
    child: str


def lacking(household_id: int, pairs: Collection[tuple[int, int]], today: date) -> tuple[Lacking, ...]:
    """What must be sent before these (child, structure) are booked (S75). A document sent and not decided yet
    counts as there: the family has done its part. One statement when no category gates bookings, else three.
    """
    gating = [one for one in all_categories() if one.is_active and one.gates_booking]
    if not gating or not pairs:
        return ()
    children = sorted({child_id for child_id, _ in pairs})
    names = dict(db.session.execute(select(Child.id, Child.first_name).where(Child.id.in_(children))).all())
    sent = db.session.scalars(
        select(Document)
        .where(
            or_(Document.household_id == household_id, Document.child_id.in_(children)),
            Document.state != DocumentState.WITHDRAWN,
        )
        .order_by(Document.submitted_at.desc(), Document.id.desc())
    ).all()
    found = {}
    for category in gating:
        for child_id, facility_id in sorted(pairs):
            needed_at = dict(category.facilities)
            if needed_at and facility_id not in needed_at:
                continue
            if not _is_there(category, household_id, child_id, sent, today):
                whose = child_id if category.owner is DocumentOwner.CHILD else None
                found[category.category_id, whose] = Lacking(
                    category.category_id, category.name, whose, names[child_id] if whose else ""
                )
    return tuple(found.values())


def _is_there(
    category: Category, household_id: int, child_id: int, sent: Sequence[Document], today: date
) -> bool:
    owners = []
    if category.owner is not DocumentOwner.CHILD:
        owners.append(Owner(household_id, None, ""))
    if category.owner is not DocumentOwner.HOUSEHOLD:
        owners.append(Owner(household_id, child_id, ""))
    return any(standing(_documents_of(category, owner, sent), today) in SERVING for owner in owners)
