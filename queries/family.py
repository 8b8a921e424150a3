"""The file of a family as the family reads it (S30, S39, S42): of another adult, only the name."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Row, and_, bindparam, exists, func, or_, select, text

from domain.calendar import paris_now
from domain.enums import AccountKind, Channel, DocumentState, Residency
from domain.errors import NotFound
from domain.french import NBSP, format_number
from domain.ledger import OPEN_STATES
from domain.people import child_marks
from extensions import db
from models import (
    Activity,
    AuditEvent,
    Booking,
    Child,
    Enrolment,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Invoice,
    QuotientFamilial,
    User,
)
from queries.custody import has_custody

HISTORY_LENGTH = 20
FILE_OBJECTS = (
    "certification", "consent_answer", "observation",
    "household", "guardian", "child", "enrolment", "quotient_familial", "document",
    "custody_calendar", "custody_exception", "custody_swap", "schooling",
    "document_receipt",  # what the journal called a paper seen at the counter until version 0003
)  # fmt: skip
# Acts about the file that leave it as it is: declarations have a place of their own, readings their register.
NO_CHANGE = (
    "observation.ended",
    "change.declared", "change.withdrawn", "change.refused",
    "medical.read", "document.read", "document.end_seen",
)  # fmt: skip
COUNTING_DOCUMENTS = (DocumentState.ACCEPTED, DocumentState.EXPIRED)

_HOUSEHOLDS = bindparam("households", expanding=True)
_CHILD_COLUMNS = (Child.id, Child.first_name, Child.last_name, Child.birth_date)
_EVERY_CHILD = (
    select(*_CHILD_COLUMNS)
    .join(HouseholdChild, HouseholdChild.child_id == Child.id)
    .where(HouseholdChild.household_id.in_(_HOUSEHOLDS))
    .distinct()
    .order_by(Child.birth_date, Child.id)
)
_BY_ID = (
    select(*_CHILD_COLUMNS)
    .where(Child.id.in_(bindparam("children", expanding=True)))
    .order_by(Child.birth_date, Child.id)
)
_CHILDREN = _EVERY_CHILD.where(HouseholdChild.is_restricted.is_(False))
_MEMBERS = (
    select(
        Household.id.label("household_id"),
        Household.name,
        Household.number,
        *_CHILD_COLUMNS,
        has_custody(Child.id).label("has_custody"),
        exists()
        .where(Booking.household_id == Household.id, text("booking.state = 'offered'"))
        .label("has_offers"),
        exists()
        .where(Invoice.household_id == Household.id, Invoice.state.in_(OPEN_STATES))
        .label("has_debts"),
    )
    .outerjoin(
        HouseholdChild,
        and_(HouseholdChild.household_id == Household.id, HouseholdChild.is_restricted.is_(False)),
    )
    .outerjoin(Child, Child.id == HouseholdChild.child_id)
    .where(Household.id.in_(_HOUSEHOLDS))
    .order_by(Child.birth_date, Child.id, Household.id)
)


# --- The children and their households ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChildCard:
    """A child with the mark and the colour (1 to 6) that stand for it on every page (S80)."""

    child_id: int
    first_name: str
    last_name: str
    birth_date: date
    mark: str
    colour: int


@dataclass(frozen=True, slots=True)
class HouseholdName:
    household_id: int
    name: str
    number: int
    child_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Members:
    """The households of a signed-in adult and all their children. `has_custody`: one of them lives in two
    households by turns; `has_offers`: a place is held for one of them; `has_debts`: a bill is
    not paid."""

    households: tuple[HouseholdName, ...]
    children: tuple[ChildCard, ...]
    has_custody: bool
    has_offers: bool
    has_debts: bool


def children_of(household_ids: Sequence[int]) -> tuple[ChildCard, ...]:
    """The children of the households, the eldest first, without those whom they only know by name
    (`children_by_name`): everything about a child starts here. One statement."""
    return _cards(db.session.execute(_CHILDREN, {"households": household_ids}))


def every_child_of(household_ids: Sequence[int]) -> tuple[ChildCard, ...]:
    """The same with those whom the households only know by name: for what they asked or owe, and for the
    service. One statement."""
    return _cards(db.session.execute(_EVERY_CHILD, {"households": household_ids}))


def cards_of(household_ids: Sequence[int], child_ids: Collection[int]) -> tuple[ChildCard, ...]:
    """`every_child_of` the households, then those of `child_ids` who are no longer theirs. Two statements at
    most."""
    own = every_child_of(household_ids)
    gone = set(child_ids) - {card.child_id for card in own}
    return (*own, *_cards(db.session.execute(_BY_ID, {"children": sorted(gone)}))) if gone else own


def members_of(household_ids: Sequence[int]) -> Members:
    """The households, in the order of their numbers, and their children, the eldest first. One statement."""
    rows = db.session.execute(_MEMBERS, {"households": household_ids}).all()
    own: dict[int, set[int]] = {}
    for row in rows:
        own.setdefault(row.household_id, set()).add(row.id)
    households = {row.household_id: HouseholdName(*row[:3], frozenset(own[row.household_id])) for row in rows}
    children = {row.id: tuple(row[3:-3]) for row in rows if row.id is not None}
    return Members(
        tuple(sorted(households.values(), key=lambda one: one.number)),
        _cards(children.values()),
        any(row.has_custody for row in rows),
        any(row.has_offers for row in rows),
        any(row.has_debts for row in rows),
    )


_BY_NAME = (
    select(Child.first_name, Child.last_name)
    .join(HouseholdChild, HouseholdChild.child_id == Child.id)
    .where(
        HouseholdChild.household_id.in_(_HOUSEHOLDS),
        HouseholdChild.is_restricted,
        Child.id.not_in(
            select(HouseholdChild.child_id).where(
                HouseholdChild.household_id.in_(_HOUSEHOLDS), HouseholdChild.is_restricted.is_(False)
            )
        ),
    )
    .distinct()
    .order_by(Child.last_name, Child.first_name)
)
_OTHER_ADULTS = (
    select(Guardian.first_name, Guardian.last_name)
    .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
    .join(HouseholdChild, HouseholdChild.household_id == HouseholdGuardian.household_id)
    .where(
        HouseholdChild.child_id == bindparam("child_id"),
        HouseholdChild.household_id.not_in(_HOUSEHOLDS),
        HouseholdGuardian.is_legal_guardian,
    )
    .distinct()
    .order_by(Guardian.last_name, Guardian.first_name)
)


_HOMES = (
    select(HouseholdChild.child_id, Household.name, Household.number)
    .join(Household, Household.id == HouseholdChild.household_id)
    .where(HouseholdChild.household_id.in_(_HOUSEHOLDS), HouseholdChild.is_restricted.is_(False))
    .order_by(Household.number.desc())
)


def homes_of_children(household_ids: Sequence[int]) -> dict[int, str]:
    """In which of the adult's households each child is, when the adult has several; else nothing needs
    saying. One statement at most."""
    if len(household_ids) < 2:
        return {}
    rows = db.session.execute(_HOMES, {"households": household_ids})
    return {row.child_id: household_words(row.name, row.number) for row in rows}


def household_words(name: str, number: int) -> str:
    """« famille SOLIGNAC (dossier n° 1001) »."""
    return f"famille {name} (dossier n°{NBSP}{number})"


def children_by_name(household_ids: Sequence[int]) -> tuple[str, ...]:
    """The children of whom the households read nothing but the name (security 1.3). One statement."""
    rows = db.session.execute(_BY_NAME, {"households": household_ids})
    return tuple(f"{row.first_name} {row.last_name}" for row in rows)


def adults_elsewhere(child_id: int, household_ids: Sequence[int]) -> tuple[str, ...]:
    """The names alone of the legal guardians in the child's other household (security 1.3). One statement."""
    rows = db.session.execute(_OTHER_ADULTS, {"child_id": child_id, "households": household_ids})
    return tuple(f"{row.first_name} {row.last_name}" for row in rows)


def _cards(rows: Iterable[tuple[int, str, str, date]]) -> tuple[ChildCard, ...]:
    rows = tuple(rows)
    marks = child_marks([row[:3] for row in rows])
    return tuple(ChildCard(*row, mark=marks[row[0]].initials, colour=marks[row[0]].colour) for row in rows)


# --- Mon foyer ------------------------------------------------------------------------------------

_HOUSEHOLD_COLUMNS = (
    Household.id,
    Household.name,
    Household.number,
    Household.address,
    Household.address_extra,
    Household.postcode,
    Household.city,
    Household.family_situation,
    Household.residency,
)
_HOUSEHOLD = select(*_HOUSEHOLD_COLUMNS).where(Household.id.in_(_HOUSEHOLDS)).order_by(Household.number)
_ADULTS = (
    select(HouseholdGuardian.household_id, Guardian.id, Guardian.first_name, Guardian.last_name)
    .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
    .where(HouseholdGuardian.household_id.in_(_HOUSEHOLDS))
    .order_by(HouseholdGuardian.position, Guardian.id)
)
_QUOTIENTS = (
    select(
        QuotientFamilial.household_id,
        QuotientFamilial.value_hundredths,
        QuotientFamilial.valid_from,
        QuotientFamilial.valid_to,
    )
    .where(
        QuotientFamilial.household_id.in_(_HOUSEHOLDS),
        or_(QuotientFamilial.valid_to.is_(None), QuotientFamilial.valid_to >= bindparam("today")),
    )
    .order_by(QuotientFamilial.valid_from.desc(), QuotientFamilial.id.desc())
)
_HISTORY = (
    select(
        AuditEvent.household_id,
        AuditEvent.at,
        AuditEvent.channel,
        AuditEvent.object_type,
        AuditEvent.actor_user_id,
        User.kind,
        Guardian.first_name,
        Guardian.last_name,
    )
    .outerjoin(User, User.id == AuditEvent.actor_user_id)
    .outerjoin(Guardian, Guardian.user_id == AuditEvent.actor_user_id)
    .where(
        AuditEvent.household_id.in_(_HOUSEHOLDS),
        AuditEvent.object_type.in_(FILE_OBJECTS),
        AuditEvent.action.not_in(NO_CHANGE),
    )
    .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    .limit(HISTORY_LENGTH)
)


@dataclass(frozen=True, slots=True)
class Quotient:
    """A quotient familial in hundredths; `valid_to` is None while no end is known."""

    value_hundredths: int
    valid_from: date
    valid_to: date | None

    @property
    def text(self) -> str:
        """« 622,5 »"""
        return format_number(Decimal(self.value_hundredths) / 100)


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the file's history (S06). Of another adult only name and day are told (security 1.3)."""

    day: date
    subject: str
    author: str
    channel: Channel | None
    verb: str


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """What the service holds on one household; of the other adults the name only (security 1.3)."""

    household_id: int
    name: str
    number: int
    address: str
    address_extra: str
    postcode: str
    city: str
    family_situation: str
    residency: Residency
    adults: tuple[str, ...]
    quotients: tuple[Quotient, ...]
    history: tuple[Change, ...]


_VERBS = {"certification": "Noté", "consent_answer": "Noté", "observation": "Consulté"}
_SUBJECTS = {
    "observation": "Votre espace, vu comme vous le voyez",
    "certification": "Dossier confirmé exact",
    "consent_answer": "Réponse à un texte à accepter",
    "household": "Informations du foyer",
    "guardian": "Coordonnées d’un adulte",
    "child": "Fiche d’un enfant",
    "enrolment": "Inscription d’un enfant dans une structure",
    "quotient_familial": "Quotient familial",
    "custody_calendar": "Calendrier de garde",
    "custody_exception": "Calendrier de garde",
    "custody_swap": "Échange de jours de garde",
    "schooling": "Scolarité d’un enfant",
    "document": "Document justificatif",
    "document_receipt": "Document justificatif",
}


def household_files(household_ids: Sequence[int], user_id: int, today: date) -> tuple[HouseholdFile, ...]:
    """The files of the adult's households: quotients in force or to come, last changes. Four statements."""
    family = {"households": household_ids}
    adults = _by_household(db.session.execute(_ADULTS, family))
    quotients = _by_household(db.session.execute(_QUOTIENTS, {**family, "today": today}))
    changes = _by_household(db.session.execute(_HISTORY, family))
    return tuple(
        HouseholdFile(
            *row,
            adults=tuple(f"{one.first_name} {one.last_name}" for one in adults.get(row.id, ())),
            quotients=tuple(Quotient(*one[1:]) for one in quotients.get(row.id, ())),
            history=tuple(_change(one, user_id) for one in changes.get(row.id, ())),
        )
        for row in db.session.execute(_HOUSEHOLD, family)
    )


def _by_household(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.household_id, []).append(row)
    return found


def _change(row: Row, user_id: int) -> Change:
    subject, verb = _SUBJECTS[row.object_type], _VERBS.get(row.object_type, "Modifié")
    day = paris_now(row.at).date()
    if row.actor_user_id == user_id:
        return Change(day, subject, "vous", row.channel, verb)
    if row.kind is AccountKind.FAMILY:
        return Change(day, subject, f"{row.first_name} {row.last_name}", None, verb)
    return Change(day, subject, "le service", row.channel, verb)


def household_name(household_id: int) -> str:
    """The name of a household; empty for an unknown one. One statement."""
    return db.session.scalar(select(Household.name).where(Household.id == household_id)) or ""


# --- Mes enfants ----------------------------------------------------------------------------------

_ENROLMENTS = (
    select(
        Facility.name,
        Enrolment.group_name,
        Enrolment.first_day,
        Enrolment.last_day,
        func.coalesce(Activity.name, ""),
        Enrolment.child_id,
    )
    .join(Facility, Facility.id == Enrolment.facility_id)
    .outerjoin(Activity, Activity.id == Enrolment.activity_id)
    .where(
        Enrolment.child_id.in_(bindparam("children", expanding=True)),
        Enrolment.last_day >= bindparam("today"),
    )
    .order_by(Enrolment.first_day, Facility.position, Facility.name)
)


@dataclass(frozen=True, slots=True)
class EnrolmentLine:
    """A child may book in this structure between two days, both included; `group` is its class, `activity`
    the only one that it may book (empty: all of them)."""

    facility: str
    group: str
    first_day: date
    last_day: date
    activity: str = ""


@dataclass(frozen=True, slots=True)
class ChildSummary:
    child: ChildCard
    enrolments: tuple[EnrolmentLine, ...]


def children_with_enrolments(household_ids: Sequence[int], today: date) -> tuple[ChildSummary, ...]:
    """Every child with its enrolments in force or to come. Two statements."""
    children = children_of(household_ids)
    rows = db.session.execute(
        _ENROLMENTS, {"children": [child.child_id for child in children], "today": today}
    ).all()
    return tuple(
        ChildSummary(child, tuple(EnrolmentLine(*row[:5]) for row in rows if row.child_id == child.child_id))
        for child in children
    )


def child_sheet(household_ids: Sequence[int], child_id: int, today: date) -> ChildSummary:
    """One child of the households. Two statements. Raises NotFound for anybody else's child (S42)."""
    for summary in children_with_enrolments(household_ids, today):
        if summary.child.child_id == child_id:
            return summary
    raise NotFound


_HOME = (
    select(Child.first_name, HouseholdChild.household_id)
    .join(HouseholdChild, HouseholdChild.child_id == Child.id)
    .where(
        Child.id == bindparam("child_id"),
        HouseholdChild.household_id.in_(_HOUSEHOLDS),
        HouseholdChild.is_restricted.is_(False),
    )
    .order_by(HouseholdChild.household_id)
    .limit(1)
)


def child_and_home(household_ids: Sequence[int], child_id: int) -> tuple[str, int]:
    """The child's first name and the household of theirs in which it lives. One statement.

    Raises NotFound for anybody else's child, and for one whom they only know by name (S42).
    """
    row = db.session.execute(_HOME, {"child_id": child_id, "households": household_ids}).one_or_none()
    if row is None:
        raise NotFound
    return row.first_name, row.household_id
