"""Who belongs to which household: an adult of several, a child of two, what each of them may read (R01, R02).

Each public function is one act of an agent, in the journal of the household from whose file it was done.
Nobody is written twice: the person stays one, with one login.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.errors import NotFound, Refused
from domain.french import NBSP, plural
from domain.workflow import ACTIVE_STATES
from models import (
    Booking,
    BookingDraft,
    BookingDraftLine,
    Child,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
)
from services import custody, households, name_index, records
from services.accounts import Author
from services.transaction import write_transaction

MOST_HOMES = 2


@dataclass(frozen=True, slots=True)
class Link:
    """What an adult is in a household: a step-parent is no legal guardian."""

    relationship: str = ""
    is_legal_guardian: bool = True


@dataclass(frozen=True, slots=True)
class Place(Link):
    """The same, and whether the adult's contact is hidden from who does not keep family files."""

    has_secret_contact: bool = False


# --- Adults -----------------------------------------------------------------------------------------------


def link_adult(household_id: int, guardian_id: int, link: Link, *, author: Author, now: datetime) -> None:
    """Make a known adult belong to one more household. Raises NotFound, Refused `already`."""
    with write_transaction() as session:
        _lock(session, household_id)
        guardian = session.get(Guardian, guardian_id, with_for_update=True)
        if guardian is None or guardian.merged_into_id is not None:
            raise NotFound
        if session.get(HouseholdGuardian, (household_id, guardian_id)) is not None:
            raise Refused("already", f"{_name(guardian)} est déjà un adulte de ce foyer.")
        last = session.scalar(
            select(func.max(HouseholdGuardian.position)).where(HouseholdGuardian.household_id == household_id)
        )
        session.add(
            HouseholdGuardian(
                household_id=household_id, guardian_id=guardian_id, position=(last or 0) + 1, **asdict(link)
            )
        )
        after = {"name": _name(guardian), **asdict(link)}
        records.tell(session, "guardian.linked", guardian, household_id, author=author, now=now, after=after)
        name_index.rewrite(session, [household_id])


def unlink_adult(household_id: int, guardian_id: int, *, author: Author, now: datetime) -> None:
    """Take an adult out of a household, for its portal too. Raises NotFound, Refused `last_household`."""
    with write_transaction() as session:
        row = _adult(session, household_id, guardian_id)
        guardian = session.get_one(Guardian, guardian_id)
        others = select(HouseholdGuardian.household_id).where(
            HouseholdGuardian.guardian_id == guardian_id, HouseholdGuardian.household_id != household_id
        )
        if session.scalar(others.limit(1)) is None:
            raise Refused(
                "last_household",
                f"C’est le seul foyer de {_name(guardian)}{NBSP}: suspendez plutôt son accès au portail.",
            )
        before = {"name": _name(guardian), **asdict(households.read(Link, row))}
        records.tell(
            session, "guardian.unlinked", guardian, household_id, author=author, now=now, before=before
        )
        session.delete(row)
        name_index.rewrite(session, [household_id])


def set_place(
    household_id: int, guardian_id: int, place: Place, *, seen: str, author: Author, now: datetime
) -> None:
    """Change what the adult is in this household, and whether its contact is secret everywhere.

    Raises NotFound, Stale.
    """
    with write_transaction() as session:
        row = _adult(session, household_id, guardian_id)
        guardian = session.get_one(Guardian, guardian_id, with_for_update=True)
        current = Place(row.relationship, row.is_legal_guardian, guardian.has_secret_contact)
        households.refuse_stale(current, seen)
        former = asdict(current)
        changes = {name: value for name, value in asdict(place).items() if value != former[name]}
        if not changes:
            return
        row.relationship, row.is_legal_guardian = place.relationship, place.is_legal_guardian
        guardian.has_secret_contact = place.has_secret_contact
        records.tell(
            session,
            "guardian.place_changed",
            guardian,
            household_id,
            author=author,
            now=now,
            before={name: former[name] for name in changes},
            after=changes,
        )


# --- Children ---------------------------------------------------------------------------------------------


def link_child(household_id: int, child_id: int, *, author: Author, now: datetime) -> None:
    """Make a known child live in a second household. Raises NotFound, Refused `already`, `two_households`."""
    with write_transaction() as session:
        _lock(session, household_id)
        child = session.get(Child, child_id, with_for_update=True)
        if child is None or child.merged_into_id is not None:
            raise NotFound
        homes = _homes(session, child_id)
        if household_id in homes:
            raise Refused("already", f"{child.first_name} est déjà un enfant de ce foyer.")
        if len(homes) >= MOST_HOMES:
            raise Refused(
                "two_households",
                f"{child.first_name} est déjà rattaché à deux foyers{NBSP}: détachez l’enfant de l’un d’eux.",
            )
        session.add(HouseholdChild(household_id=household_id, child_id=child_id))
        records.tell(
            session, "child.linked", child, household_id, author=author, now=now, after={"name": _name(child)}
        )
        name_index.rewrite(session, [household_id])


def unlink_child(household_id: int, child_id: int, *, author: Author, now: datetime) -> None:
    """Take a child out of one of its two households. Raises NotFound, Refused `last_household`, `booked`,
    `custody` when the household still has something to do with it.
    """
    with write_transaction() as session:
        row = _child(session, household_id, child_id)
        child = session.get_one(Child, child_id)
        today = paris_now(now).date()
        if _homes(session, child_id) == {household_id}:
            raise Refused("last_household", f"C’est le seul foyer de {child.first_name}.")
        booked = _bookings_to_come(session, household_id, child_id, today)
        if booked:
            days = plural(booked, "réservation à venir", "réservations à venir")
            raise Refused("booked", f"Ce foyer a encore {days} pour l’enfant{NBSP}: annulez-les d’abord.")
        if custody.names_household(session, child_id, household_id, today):
            raise Refused(
                "custody", f"Le calendrier de garde parle encore de ce foyer{NBSP}: arrêtez-le d’abord."
            )
        _forget_wishes(session, household_id, child_id)
        records.tell(
            session,
            "child.unlinked",
            child,
            household_id,
            author=author,
            now=now,
            before={"name": _name(child)},
        )
        session.delete(row)
        name_index.rewrite(session, [household_id])


def restrict_child(
    household_id: int, child_id: int, is_restricted: bool, reason: str, *, author: Author, now: datetime
) -> int:
    """Decide whether a household reads of a child its name alone (security 1.3). Returns how many bookings to
    come it made for the child: they stand. Raises NotFound, Refused `reason_missing`, `last_household`.
    """
    with write_transaction() as session:
        row = _child(session, household_id, child_id)
        child = session.get_one(Child, child_id)
        if is_restricted and not reason.strip():
            raise Refused("reason_missing", "Indiquez pourquoi l’accès est limité.")
        if is_restricted and _homes(session, child_id) == {household_id}:
            raise Refused("last_household", f"C’est le seul foyer de {child.first_name}.")
        if row.is_restricted != is_restricted:
            row.is_restricted = is_restricted
            action = "child.restricted" if is_restricted else "child.unrestricted"
            after = {"is_restricted": is_restricted, "reason": reason.strip()}
            before = {"is_restricted": not is_restricted}
            records.tell(
                session, action, child, household_id, author=author, now=now, before=before, after=after
            )
            name_index.rewrite(session, [household_id])
        if is_restricted:
            _forget_wishes(session, household_id, child_id)
        return _bookings_to_come(session, household_id, child_id, paris_now(now).date())


# --- What every act shares ----------------------------------------------------------------------------------


def _lock(session: Session, household_id: int) -> None:
    household = session.get(Household, household_id, with_for_update=True)
    if household is None or household.merged_into_id is not None:
        raise NotFound


def _adult(session: Session, household_id: int, guardian_id: int) -> HouseholdGuardian:
    row = session.get(HouseholdGuardian, (household_id, guardian_id), with_for_update=True)
    if row is None:
        raise NotFound
    return row


def _child(session: Session, household_id: int, child_id: int) -> HouseholdChild:
    """The place of the child in the household, the child itself locked. Raises NotFound."""
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())
    row = session.get(HouseholdChild, (household_id, child_id))
    if row is None:
        raise NotFound
    return row


def _homes(session: Session, child_id: int) -> set[int]:
    return set(
        session.scalars(select(HouseholdChild.household_id).where(HouseholdChild.child_id == child_id))
    )


def _bookings_to_come(session: Session, household_id: int, child_id: int, today: date) -> int:
    return session.scalar(
        select(func.count())
        .select_from(Booking)
        .where(
            Booking.household_id == household_id,
            Booking.child_id == child_id,
            Booking.day >= today,
            Booking.state.in_(ACTIVE_STATES),
        )
    )


def _forget_wishes(session: Session, household_id: int, child_id: int) -> None:
    """Days that an adult of the household touched and did not validate."""
    drafts = select(BookingDraft.id).where(
        BookingDraft.household_id == household_id, BookingDraft.submitted_at.is_(None)
    )
    session.execute(
        delete(BookingDraftLine).where(
            BookingDraftLine.draft_id.in_(drafts), BookingDraftLine.child_id == child_id
        )
    )


def _name(person: Guardian | Child) -> str:
    return f"{person.first_name} {person.last_name}"
