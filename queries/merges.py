"""What an agent compares before two files become one (R03): candidates, values side by side, what moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from domain.enums import AccountStatus
from domain.errors import NotFound
from domain.french import format_date, format_day, plural
from domain.labels import label
from domain.merging import CHOICES, Choice, MergeKind, suggested
from domain.rulebook.wording.french_names import readable
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import (
    Activity,
    AuthorisedPerson,
    Booking,
    Certification,
    ChangeRequest,
    Child,
    ConsentAnswer,
    CustodyCalendar,
    Document,
    Enrolment,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    MedicalRecord,
    OutgoingMail,
    QuotientFamilial,
    RuleFact,
    Schooling,
    User,
)

TABLES: dict[MergeKind, type] = {
    MergeKind.HOUSEHOLD: Household,
    MergeKind.ADULT: Guardian,
    MergeKind.CHILD: Child,
}
_MOVING: dict[MergeKind, tuple[tuple[Any, str, str], ...]] = {
    MergeKind.HOUSEHOLD: (
        (HouseholdGuardian.household_id, "adulte", "adultes"),
        (HouseholdChild.household_id, "enfant", "enfants"),
        (Booking.household_id, "réservation", "réservations"),
        (Document.household_id, "document", "documents"),
        (ChangeRequest.household_id, "changement déclaré", "changements déclarés"),
        (QuotientFamilial.household_id, "quotient", "quotients"),
        (FormerAddress.household_id, "ancienne adresse", "anciennes adresses"),
        (RuleFact.household_id, "information pour le règlement", "informations pour le règlement"),
        (Certification.household_id, "confirmation du dossier", "confirmations du dossier"),
        (OutgoingMail.household_id, "mail", "mails"),
    ),
    MergeKind.ADULT: (
        (HouseholdGuardian.guardian_id, "foyer", "foyers"),
        (ChangeRequest.guardian_id, "changement déclaré", "changements déclarés"),
        (ConsentAnswer.guardian_id, "texte accepté ou refusé", "textes acceptés ou refusés"),
    ),
    MergeKind.CHILD: (
        (HouseholdChild.child_id, "foyer", "foyers"),
        (Booking.child_id, "réservation", "réservations"),
        (Enrolment.child_id, "inscription", "inscriptions"),
        (Schooling.child_id, "année d’école", "années d’école"),
        (Document.child_id, "document", "documents"),
        (ChangeRequest.child_id, "changement déclaré", "changements déclarés"),
        (AuthorisedPerson.child_id, "personne autorisée", "personnes autorisées"),
        (RuleFact.child_id, "information pour le règlement", "informations pour le règlement"),
    ),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody, or a file, that may be the same; `detail` helps to tell."""

    id: int
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Line:
    """One choice in words; nothing to choose when both say the same."""

    choice: Choice
    kept: str
    other: str
    suggested: str

    @property
    def differs(self) -> bool:
        return self.kept != self.other


@dataclass(frozen=True, slots=True)
class Access:
    """The portal access of one of the two adults."""

    user_id: int
    email: str
    status: AccountStatus


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rows side by side. `moving`: « 3 réservations »; `conflicts`: what cannot be in both, and what
    becomes of it; `accesses`: of the kept one and the other, when both have one.
    """

    kind: MergeKind
    kept_id: int
    other_id: int
    kept_name: str
    other_name: str
    lines: tuple[Line, ...]
    moving: tuple[str, ...]
    conflicts: tuple[str, ...]
    accesses: tuple[Access, Access] | None


# --- Candidates -----------------------------------------------------------------------------------


def subject_name(kind: MergeKind, household_id: int, subject_id: int) -> str:
    """Who is merged, if it is this file or somebody in it. Raises NotFound."""
    if kind is MergeKind.HOUSEHOLD:
        if subject_id != household_id:
            raise NotFound
    elif subject_id not in _members(kind, [household_id]):
        raise NotFound
    return _name(kind, _row(kind, subject_id))


def candidates(kind: MergeKind, household_ids: Sequence[int], but: int) -> tuple[Candidate, ...]:
    """The files found by a search, or the people in them."""
    if kind is MergeKind.HOUSEHOLD:
        rows = db.session.scalars(
            select(Household).where(Household.id.in_(household_ids)).order_by(Household.search_text)
        )
        return tuple(Candidate(one.id, _name(kind, one), one.city) for one in rows if one.id != but)
    found = _members(kind, household_ids)
    table = TABLES[kind]
    rows = db.session.scalars(select(table).where(table.id.in_(found)).order_by(table.last_name, table.id))
    return tuple(
        Candidate(one.id, _name(kind, one), f"dossier {', '.join(map(str, found[one.id]))}")
        for one in rows
        if one.id != but
    )


def _members(kind: MergeKind, household_ids: Sequence[int]) -> dict[int, list[int]]:
    """By id of person, the numbers of its files."""
    link, column = (
        (HouseholdGuardian, HouseholdGuardian.guardian_id)
        if kind is MergeKind.ADULT
        else (HouseholdChild, HouseholdChild.child_id)
    )
    found: dict[int, list[int]] = {}
    rows = db.session.execute(
        select(column, Household.number)
        .join(Household, Household.id == link.household_id)
        .where(link.household_id.in_(household_ids))
        .order_by(Household.number)
    )
    for person_id, number in rows:
        found.setdefault(person_id, []).append(number)
    return found


def kept_household(household_id: int) -> int | None:
    """Where a merged file lives now; None for any other."""
    return db.session.scalar(select(Household.merged_into_id).where(Household.id == household_id))


# --- Comparison -----------------------------------------------------------------------------------


def compare(kind: MergeKind, kept_id: int, other_id: int) -> Comparison:
    """Raises NotFound for rows that are not there, the same twice, or merged already."""
    kept, other = _row(kind, kept_id), _row(kind, other_id)
    if kept_id == other_id:
        raise NotFound
    return Comparison(
        kind,
        kept_id,
        other_id,
        _name(kind, kept),
        _name(kind, other),
        tuple(_line(choice, kept, other) for choice in CHOICES[kind]),
        tuple(_moving(kind, kept_id, other_id)),
        tuple(_conflicts(kind, kept_id, other_id)),
        _accesses(kept, other) if kind is MergeKind.ADULT else None,
    )


def _row(kind: MergeKind, row_id: int) -> Any:
    row = db.session.get(TABLES[kind], row_id)
    if row is None or row.merged_into_id is not None:
        raise NotFound
    return row


def _name(kind: MergeKind, row: Any) -> str:
    if kind is MergeKind.HOUSEHOLD:
        return f"{row.name}, dossier {row.number}"
    born = f", {format_date(row.birth_date)}" if kind is MergeKind.CHILD else ""
    return f"{row.first_name} {row.last_name}{born}"


def _line(choice: Choice, kept: Any, other: Any) -> Line:
    values = [[getattr(row, name) for name in choice.names] for row in (kept, other)]
    return Line(choice, *(_words(choice, found) for found in values), suggested(*values))


def _words(choice: Choice, values: Sequence[Any]) -> str:
    if choice.key == "iban":
        return f"•••• {values[0][-4:]}" if values[0] else ""
    return (" " if choice.key == "name" else ", ").join(_word(value) for value in values if value)


def _word(value: Any) -> str:
    if isinstance(value, date):
        return format_date(value)
    return label(value) if isinstance(value, StrEnum) else str(value)


def _moving(kind: MergeKind, kept_id: int, other_id: int) -> list[str]:
    said = []
    stay = kind is MergeKind.HOUSEHOLD and both_have_quotients(kept_id, other_id)
    for column, singular, many in _MOVING[kind]:
        if stay and column.class_ is QuotientFamilial:
            continue
        count = db.session.scalar(select(func.count()).select_from(column.class_).where(column == other_id))
        if count:
            said.append(plural(count, singular, many))
    return said


def _conflicts(kind: MergeKind, kept_id: int, other_id: int) -> list[str]:
    if kind is MergeKind.ADULT:
        return []
    if kind is MergeKind.HOUSEHOLD:
        return (
            [
                "Les deux dossiers ont un quotient\u00a0: ceux du dossier gardé comptent, ceux de l’autre "
                "restent dans l’historique."
            ]
            if both_have_quotients(kept_id, other_id)
            else []
        ) + _said_of_both("household_id", "child_id", kept_id, other_id)
    said = _said_of_both("child_id", "household_id", kept_id, other_id)
    said += [
        f"{name}, {format_day(day)}\u00a0: réservé deux fois, une réservation est annulée et sa place rendue."
        for day, name in double_bookings(kept_id, other_id)
    ]
    years = select(Schooling.school_year).where(Schooling.child_id == kept_id)
    said += [
        f"{year}-{year + 1}\u00a0: les deux fiches ont une école, celle de la fiche gardée reste."
        for year in db.session.scalars(
            select(Schooling.school_year)
            .where(Schooling.child_id == other_id, Schooling.school_year.in_(years))
            .order_by(Schooling.school_year)
        )
    ]
    calendars = select(CustodyCalendar.child_id).where(CustodyCalendar.child_id.in_([kept_id, other_id]))
    if len(set(db.session.scalars(calendars))) > 1:
        said.append("Les deux fiches ont un calendrier de garde\u00a0: celui de la fiche gardée reste.")
    sheets = select(func.count()).select_from(MedicalRecord)
    if db.session.scalar(sheets.where(MedicalRecord.child_id.in_([kept_id, other_id]))) == 2:
        said.append("Les deux fiches sanitaires sont réunies\u00a0: rien de ce qui y est écrit n’est perdu.")
    return said


def _restricted(owner: str, key: str, kept_id: int, other_id: int) -> list[str]:
    """A child that stands in a household twice, once by its name alone."""
    mine, theirs = HouseholdChild, aliased(HouseholdChild)
    both = select(Child.first_name, Household.name).where(
        getattr(mine, owner) == kept_id,
        getattr(theirs, owner) == other_id,
        getattr(mine, key) == getattr(theirs, key),
        mine.is_restricted != theirs.is_restricted,
        Child.id == mine.child_id,
        Household.id == mine.household_id,
    )
    return [
        f"L’accès de la famille {row.name} à la fiche de {row.first_name} est limité d’un seul des deux "
        "côtés\u00a0: il reste limité."
        for row in db.session.execute(both.order_by(Child.first_name, Household.name))
    ]


def _said_of_both(owner: str, key: str, kept_id: int, other_id: int) -> list[str]:
    return _restricted(owner, key, kept_id, other_id) + _facts(owner, key, kept_id, other_id)


def _facts(owner: str, key: str, kept_id: int, other_id: int) -> list[str]:
    """What the règlement reads of both: two values of one day would make two prices."""
    mine, theirs = RuleFact, aliased(RuleFact)
    both = select(mine.name).where(
        getattr(mine, owner) == kept_id,
        getattr(theirs, owner) == other_id,
        getattr(mine, key).is_not_distinct_from(getattr(theirs, key)),
        mine.name == theirs.name,
    )
    return [
        f"«\u00a0{readable(name)}\u00a0»\u00a0: les deux ont une réponse, celle de la fiche gardée reste."
        for name in db.session.scalars(both.distinct().order_by(mine.name))
    ]


def both_have_quotients(kept_id: int, other_id: int) -> bool:
    """Two sets of dated quotients would make two prices of one day: the other's stay with the duplicate."""
    owners = select(QuotientFamilial.household_id).where(
        QuotientFamilial.household_id.in_([kept_id, other_id])
    )
    return len(set(db.session.scalars(owners))) > 1


def double_bookings(kept_id: int, other_id: int) -> list[tuple[date, str]]:
    """(day, activity) of the days that both children have booked."""
    theirs = aliased(Booking)
    query = (
        select(Booking.day, Activity.name)
        .join(theirs, theirs.opening_id == Booking.opening_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(
            Booking.child_id == kept_id,
            theirs.child_id == other_id,
            Booking.state.in_(ACTIVE_STATES),
            theirs.state.in_(ACTIVE_STATES),
        )
        .order_by(Booking.day)
    )
    return [(day, name) for day, name in db.session.execute(query)]


def _accesses(kept: Guardian, other: Guardian) -> tuple[Access, Access] | None:
    users = [db.session.get(User, row.user_id) if row.user_id else None for row in (kept, other)]
    if None in users:
        return None
    first, second = (Access(user.id, user.email, user.status) for user in users if user is not None)
    return first, second
