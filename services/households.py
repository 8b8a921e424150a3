"""The family file as the service keeps it: created, completed, nothing lost (S01, S06, S115).

Each public function is one act of an agent. What changed is in the journal with its former value, its
author and the channel through which the family spoke, filed under the household so that the family can
read it too. `seen` is the `fingerprint` of what the agent had on screen: a colleague's change in between
raises Stale instead of being overwritten.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.calendar import midday, paris_now
from domain.enums import BookingState, DocumentOwner, DocumentState, Residency
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from domain.people import fold
from models import (
    Activity,
    Booking,
    Child,
    Document,
    DocumentCategory,
    Enrolment,
    Facility,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Opening,
    QuotientFamilial,
    User,
)
from queries.place_columns import IS_ENROLLED
from services import audit, child_groups, name_index, records
from services.accounts import Author
from services.transaction import write_transaction

FIRST_NUMBER = 1001
NUMBER_TRIES = 5
SOURCE_LENGTH = 80
ADDRESS = ("address", "address_extra", "postcode", "city")
ONE_DAY = timedelta(days=1)
COUNTING = (DocumentState.ACCEPTED, DocumentState.EXPIRED)
# What a category of documents may not concern, by « the receipt is about one child ».
REFUSED_OWNER = {True: DocumentOwner.HOUSEHOLD, False: DocumentOwner.CHILD}
ACTIVE_BOOKINGS = (BookingState.PENDING, BookingState.ACCEPTED, BookingState.WAITING)


@dataclass(frozen=True, slots=True)
class Identity:
    """The household itself."""

    name: str
    residency: Residency
    address: str = ""
    address_extra: str = ""
    postcode: str = ""
    city: str = ""
    family_situation: str = ""


@dataclass(frozen=True, slots=True)
class Adult:
    """A legal guardian. Without e-mail the file exists, but no access can be opened (S04)."""

    first_name: str
    last_name: str
    email: str = ""
    mobile_phone: str = ""
    home_phone: str = ""
    work_phone: str = ""
    workplace: str = ""


@dataclass(frozen=True, slots=True)
class ChildIdentity:
    first_name: str
    last_name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class Placement:
    """A child may book in a facility between two days, both included; `group_name` is the class or group.
    With `activity_id`, in that activity alone; `group_id` names those whose places it takes (R11)."""

    facility_id: int
    first_day: date
    last_day: date
    group_name: str = ""
    activity_id: int | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewChild:
    identity: ChildIdentity
    placements: tuple[Placement, ...] = ()


@dataclass(frozen=True, slots=True)
class Quotient:
    """`value_hundredths` of quotient (622,50 is 62250); `valid_to` is None while no end is known."""

    value_hundredths: int
    valid_from: date
    source: str
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A document that the service has seen; `child_id` when it concerns one child."""

    category_id: int
    child_id: int | None
    received_on: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class NewHousehold:
    identity: Identity
    adults: tuple[Adult, ...]
    children: tuple[NewChild, ...] = ()
    quotient: Quotient | None = None


Values = TypeVar("Values")


class Duplicates(Refused):
    """The family seems to have a file already. `found`: (household id, its number, name of the person)."""

    def __init__(self, found: Sequence[tuple[int, int, str]]) -> None:
        super().__init__(
            "duplicate",
            "Cette famille a peut-être déjà un dossier. Ouvrez-le pour vérifier, ou cochez "
            f"«{NBSP}Créer quand même{NBSP}» s’il s’agit d’autres personnes.",
        )
        self.found = tuple(found)


class EmailUsed(Refused):
    """`email` is somebody else's; one address is one person's, so that it can become an access (S05)."""

    def __init__(self, email: str, holder: str) -> None:
        super().__init__(
            "email_used",
            f"L’adresse {email} est déjà celle de {holder}. Chaque adulte a la sienne : "
            "indiquez-en une autre, ou laissez la case vide.",
        )
        self.email = email


def fingerprint(values: Any) -> str:
    """What an agent had on screen, in short; see `seen`."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def read(kind: type[Values], row: Any) -> Values:
    """The values of `kind` that `row` holds under the same names."""
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})


# --- The household ----------------------------------------------------------------------------------------


def create_household(
    new: NewHousehold, *, author: Author, now: datetime, despite_duplicates: bool = False
) -> int:
    """Create a family file with its adults, children, enrolments and quotient (S01). Returns its id.

    Raises Duplicates when an adult has the name of a known one, or a child the name and birth date, unless
    `despite_duplicates` (this also stops a double click); Refused `email_used`, `dates`, `overlap`.
    """
    with write_transaction() as session:
        if not despite_duplicates:
            _refuse_duplicates(session, new)
        household = _numbered_household(session, new.identity, now)
        after = {"number": household.number, **asdict(new.identity)}
        _record(session, "household.created", household, household.id, author, now, after=after)
        for adult in new.adults:
            _add_adult(session, household.id, adult, author, now)
        for child in new.children:
            _add_child(session, household.id, child, author, now)
        if new.quotient:
            open_quotient(session, household.id, new.quotient, author, now)
        name_index.rewrite(session, [household.id])
        return household.id


def update_household(
    household_id: int, identity: Identity, *, seen: str, author: Author, now: datetime
) -> None:
    """Change the household's own fields. Raises NotFound, Stale."""
    with write_transaction() as session:
        household = _household(session, household_id)
        former = read(Identity, household)
        if _change(session, "household.updated", household, identity, seen, household_id, author, now):
            _keep_former_address(session, household, former, paris_now(now).date())
            name_index.rewrite(session, [household_id])


def set_address(session: Session, household: Household, values: Mapping[str, str], today: date) -> None:
    """Give the household the parts of its address in `values`, from today on; where it lived before is kept.

    Inside the caller's transaction; the journal is the caller's.
    """
    former = read(Identity, household)
    for name, value in values.items():
        setattr(household, name, value)
    _keep_former_address(session, household, former, today)


def _keep_former_address(session: Session, household: Household, former: Identity, today: date) -> None:
    """Write where the household lived until yesterday; what is corrected the same day never counted."""
    lived = {name: getattr(former, name) for name in ADDRESS}
    stays = all(getattr(household, name) == getattr(former, name) for name in (*ADDRESS, "residency"))
    if stays or not any(lived.values()):
        return
    yesterday = today - ONE_DAY
    if household.address_since is None or household.address_since <= yesterday:
        session.add(
            FormerAddress(
                household_id=household.id,
                residency=former.residency,
                valid_from=household.address_since,
                valid_to=yesterday,
                **lived,
            )
        )
    household.address_since = today


def names_changed(session: Session, person: Guardian | Child) -> None:
    """Rewrite what the search reads of every household of somebody whose name changed.

    Inside the caller's transaction.
    """
    table, column = (
        (HouseholdGuardian, HouseholdGuardian.guardian_id)
        if isinstance(person, Guardian)
        else (HouseholdChild, HouseholdChild.child_id)
    )
    name_index.rewrite(session, session.scalars(select(table.household_id).where(column == person.id)))


def _household(session: Session, household_id: int) -> Household:
    household = session.get(Household, household_id, with_for_update=True)
    if household is None:
        raise NotFound
    return household


def _numbered_household(session: Session, identity: Identity, now: datetime) -> Household:
    """Insert with the next number; on PostgreSQL the slower of two agents meets the unique key: once more."""
    for _ in range(NUMBER_TRIES):
        number = (session.scalar(select(func.max(Household.number))) or FIRST_NUMBER - 1) + 1
        household = Household(number=number, created_at=now, **asdict(identity))
        try:
            with session.begin_nested():
                session.add(household)
        except IntegrityError:
            continue
        return household
    raise Refused("busy", "Plusieurs dossiers se créent en même temps : recommencez dans un instant.")


def _refuse_duplicates(session: Session, new: NewHousehold) -> None:
    adults = {fold(f"{adult.first_name} {adult.last_name}") for adult in new.adults}
    children = {
        (fold(f"{child.identity.first_name} {child.identity.last_name}"), child.identity.birth_date)
        for child in new.children
    }
    candidates = or_(
        *(
            and_(*(Household.search_text.contains(word, autoescape=True) for word in name.split()))
            for name in adults | {name for name, _ in children}
        )
    )
    known_adults = session.execute(
        select(Household.id, Household.number, Guardian.first_name, Guardian.last_name)
        .join(HouseholdGuardian, HouseholdGuardian.household_id == Household.id)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(candidates)
    )
    known_children = session.execute(
        select(Household.id, Household.number, Child.first_name, Child.last_name, Child.birth_date)
        .join(HouseholdChild, HouseholdChild.household_id == Household.id)
        .join(Child, Child.id == HouseholdChild.child_id)
        .where(candidates)
    )
    found = [
        (household_id, number, f"{first_name} {last_name}")
        for household_id, number, first_name, last_name in known_adults
        if fold(f"{first_name} {last_name}") in adults
    ] + [
        (household_id, number, f"{first_name} {last_name}")
        for household_id, number, first_name, last_name, birth_date in known_children
        if (fold(f"{first_name} {last_name}"), birth_date) in children
    ]
    if found:
        raise Duplicates(found)


# --- Adults -----------------------------------------------------------------------------------------------


def add_adult(household_id: int, adult: Adult, *, author: Author, now: datetime) -> int:
    """Add an adult to the household. Returns its id. Raises NotFound, Refused `email_used`."""
    with write_transaction() as session:
        _household(session, household_id)
        guardian_id = _add_adult(session, household_id, adult, author, now)
        name_index.rewrite(session, [household_id])
        return guardian_id


def update_adult(
    household_id: int, guardian_id: int, adult: Adult, *, seen: str, author: Author, now: datetime
) -> None:
    """Change an adult. An address that signs in is not changed here: `services.accounts` has it proven.

    Raises NotFound, Stale, Refused `email_used`, `email_signs_in`.
    """
    with write_transaction() as session:
        guardian = session.scalar(
            select(Guardian)
            .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
            .where(Guardian.id == guardian_id, HouseholdGuardian.household_id == household_id)
            .with_for_update(of=Guardian)
        )
        if guardian is None:
            raise NotFound
        if adult.email != guardian.email:
            if guardian.user_id is not None:
                raise Refused(
                    "email_signs_in",
                    f"Cette adresse sert à se connecter au portail{NBSP}: la personne la change elle-même "
                    "dans son compte. Tant que l’accès n’est pas activé, renvoyez le mail d’activation à "
                    "la bonne adresse.",
                )
            _refuse_used_email(session, adult.email)
        if not _change(session, "guardian.updated", guardian, adult, seen, household_id, author, now):
            return
        households = select(HouseholdGuardian.household_id).where(
            HouseholdGuardian.guardian_id == guardian_id
        )
        name_index.rewrite(session, session.scalars(households))


def _add_adult(session: Session, household_id: int, adult: Adult, author: Author, now: datetime) -> int:
    _refuse_used_email(session, adult.email)
    guardian = Guardian(**asdict(adult))
    session.add(guardian)
    session.flush()
    present = session.scalar(
        select(func.max(HouseholdGuardian.position)).where(HouseholdGuardian.household_id == household_id)
    )
    session.add(
        HouseholdGuardian(household_id=household_id, guardian_id=guardian.id, position=(present or 0) + 1)
    )
    _record(session, "guardian.added", guardian, household_id, author, now, after=asdict(adult))
    return guardian.id


def _refuse_used_email(session: Session, email: str) -> None:
    if not email:
        return
    session.flush()
    holder = session.execute(
        select(Guardian.first_name, Guardian.last_name, Household.number)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .join(Household, Household.id == HouseholdGuardian.household_id)
        .where(Guardian.email == email)
        .order_by(Household.number)
        .limit(1)
    ).one_or_none()
    if holder is not None:
        name = f"{holder.first_name} {holder.last_name} (dossier n°{NBSP}{holder.number})"
        raise EmailUsed(email, name)
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise EmailUsed(email, "quelqu’un d’autre qui se connecte au portail")


# --- Children and their enrolments ------------------------------------------------------------------------


def add_child(household_id: int, child: NewChild, *, author: Author, now: datetime) -> int:
    """Add a child with its enrolments. Returns its id. Raises NotFound, Refused `dates`, `overlap`."""
    with write_transaction() as session:
        _household(session, household_id)
        child_id = _add_child(session, household_id, child, author, now)
        name_index.rewrite(session, [household_id])
        return child_id


def update_child(
    household_id: int, child_id: int, identity: ChildIdentity, *, seen: str, author: Author, now: datetime
) -> None:
    """Change a child's name or birth date. Raises NotFound, Stale."""
    with write_transaction() as session:
        child = _child(session, household_id, child_id)
        if not _change(session, "child.updated", child, identity, seen, household_id, author, now):
            return
        households = select(HouseholdChild.household_id).where(HouseholdChild.child_id == child_id)
        name_index.rewrite(session, session.scalars(households))


def add_enrolment(
    household_id: int, child_id: int, placement: Placement, *, author: Author, now: datetime
) -> int:
    """Enrol a child in a facility, or in one activity of it, in the group of its age unless the placement
    names one. Returns the id. Raises NotFound, Refused `dates`, `activity`, `overlap`, `wrong_group`."""
    with write_transaction() as session:
        _child(session, household_id, child_id)
        return place(session, household_id, child_id, placement, author, now)


def update_enrolment(
    household_id: int, enrolment_id: int, placement: Placement, *, seen: str, author: Author, now: datetime
) -> int:
    """Change an enrolment. Returns how many bookings, from tomorrow on, no enrolment of the child covers any
    more: this act does not cancel them. Raises NotFound, Stale, Refused `dates`, `overlap`, `group_full`.
    """
    with write_transaction() as session:
        enrolment = session.get(Enrolment, enrolment_id, with_for_update=True)
        if enrolment is None:
            raise NotFound
        facility_ids = {enrolment.facility_id, placement.facility_id}
        child_groups.hold(session, enrolment.child_id, facility_ids, now)
        _child(session, household_id, enrolment.child_id)
        check_placement(session, enrolment.child_id, placement, but=enrolment_id)
        _change(session, "enrolment.updated", enrolment, placement, seen, household_id, author, now)
        session.flush()
        for facility_id in sorted(facility_ids):
            child_groups.follow(session, enrolment.child_id, facility_id, now)
        return _bookings_without_enrolment(session, enrolment.child_id, paris_now(now).date())


def _child(session: Session, household_id: int, child_id: int) -> Child:
    child = session.scalar(
        select(Child)
        .join(HouseholdChild, HouseholdChild.child_id == Child.id)
        .where(Child.id == child_id, HouseholdChild.household_id == household_id)
        .with_for_update(of=Child, key_share=True)  # a booking of the child may be written meanwhile
    )
    if child is None:
        raise NotFound
    return child


def _add_child(session: Session, household_id: int, new: NewChild, author: Author, now: datetime) -> int:
    child = Child(**asdict(new.identity))
    session.add(child)
    session.flush()
    session.add(HouseholdChild(household_id=household_id, child_id=child.id))
    _record(session, "child.added", child, household_id, author, now, after=asdict(new.identity))
    for placement in new.placements:
        place(session, household_id, child.id, placement, author, now)
    return child.id


def place(
    session: Session, household_id: int, child_id: int, placement: Placement, author: Author, now: datetime
) -> int:
    """Enrol a child whose row the caller holds. Returns the id. Raises as `add_enrolment`."""
    check_placement(session, child_id, placement)
    if placement.group_id is None:
        group_id = child_groups.of_age(session, placement.facility_id, child_id, placement.first_day)
        placement = replace(placement, group_id=group_id)
    enrolment = Enrolment(child_id=child_id, **asdict(placement))
    session.add(enrolment)
    session.flush()
    after = {"child_id": child_id, **asdict(placement)}
    _record(session, "enrolment.added", enrolment, household_id, author, now, after=after)
    return enrolment.id


def check_placement(session: Session, child_id: int, placement: Placement, but: int | None = None) -> None:
    """Raises NotFound, Refused `dates`, `activity`, `wrong_group`, `overlap` (with an enrolment other than
    `but`)."""
    _check_order(placement.first_day, placement.last_day)
    facility = session.get(Facility, placement.facility_id)
    if facility is None:
        raise NotFound
    if placement.activity_id is not None:
        activity = session.get(Activity, placement.activity_id)
        if activity is None or activity.facility_id != facility.id:
            said = f"Cette activité n’est pas de cette structure{NBSP}: choisissez-en une autre."
            raise Refused("activity", said)
    child_groups.check(session, placement.facility_id, placement.group_id)
    other = session.scalar(
        select(Enrolment)
        .where(
            Enrolment.child_id == child_id,
            Enrolment.facility_id == placement.facility_id,
            or_(Enrolment.activity_id.is_(None), Enrolment.activity_id == placement.activity_id),
            Enrolment.first_day <= placement.last_day,
            Enrolment.last_day >= placement.first_day,
            Enrolment.id != (but or 0),
        )
        .limit(1)
    )
    if other is not None:
        where = "cette activité" if other.activity_id else "cette structure"
        raise Refused(
            "overlap",
            f"L’enfant est déjà inscrit dans {where} ({facility.name}) du {other.first_day:%d/%m/%Y} "
            f"au {other.last_day:%d/%m/%Y}{NBSP}: modifiez cette inscription, ou choisissez d’autres dates.",
        )


def _bookings_without_enrolment(session: Session, child_id: int, today: date) -> int:
    return session.scalar(
        select(func.count())
        .select_from(Booking)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Activity, Activity.id == Opening.activity_id)
        .where(
            Booking.child_id == child_id,
            Booking.day > today,
            Booking.state.in_(ACTIVE_BOOKINGS),
            ~IS_ENROLLED,
        )
    )


# --- Quotient familial ------------------------------------------------------------------------------------


def add_quotient(household_id: int, quotient: Quotient, *, author: Author, now: datetime) -> None:
    """Add a dated quotient. The former one ends the day before, a later one ends this one: nothing is
    overwritten (R41). Raises NotFound, Refused `dates`.
    """
    with write_transaction() as session:
        _household(session, household_id)
        open_quotient(session, household_id, quotient, author, now)


def open_quotient(
    session: Session,
    household_id: int,
    quotient: Quotient,
    author: Author,
    now: datetime,
    document_id: int | None = None,
) -> None:
    """`add_quotient` inside the caller's transaction; `document_id` is its proof (S65). Raises Refused."""
    if quotient.valid_to is not None:
        _check_order(quotient.valid_from, quotient.valid_to)
    rows = session.scalars(
        select(QuotientFamilial).where(
            QuotientFamilial.household_id == household_id,
            or_(QuotientFamilial.valid_to.is_(None), QuotientFamilial.valid_to >= quotient.valid_from),
        )
    ).all()
    before = None
    for row in rows:
        if row.valid_from <= quotient.valid_from:
            before = {"value_hundredths": row.value_hundredths, "valid_from": row.valid_from}
            # Same first day: the former value, a slip, ends before it begins and never counts.
            row.valid_to = quotient.valid_from - ONE_DAY
    later = [row.valid_from - ONE_DAY for row in rows if row.valid_from > quotient.valid_from]
    valid_to = min((day for day in (quotient.valid_to, *later) if day is not None), default=None)
    new = QuotientFamilial(
        household_id=household_id,
        document_id=document_id,
        created_at=now,
        **{**asdict(quotient), "valid_to": valid_to},
    )
    session.add(new)
    session.flush()
    after = {**asdict(quotient), "valid_to": valid_to}
    _record(session, "quotient_familial.added", new, household_id, author, now, before=before, after=after)


# --- Documents --------------------------------------------------------------------------------------------


def receive_documents(
    household_id: int, receipts: Sequence[Receipt], *, author: Author, now: datetime
) -> None:
    """Note the documents that the service has seen today or before. Raises NotFound, Refused `dates`."""
    with write_transaction() as session:
        _household(session, household_id)
        for receipt in receipts:
            _receive(session, household_id, receipt, author, now)


def withdraw_document(household_id: int, document_id: int, *, author: Author, now: datetime) -> None:
    """Take back a paper noted by mistake: it no longer counts, the row stays. Raises NotFound, also for a
    document that has a file.
    """
    with write_transaction() as session:
        row = session.get(Document, document_id, with_for_update=True)
        if row is None or row.household_id != household_id or row.file_key or row.state not in COUNTING:
            raise NotFound
        before = {"state": row.state, "category_id": row.category_id, "child_id": row.child_id}
        row.state = DocumentState.WITHDRAWN
        after = {"state": row.state}
        _record(session, "document.withdrawn", row, household_id, author, now, before=before, after=after)


def _receive(session: Session, household_id: int, receipt: Receipt, author: Author, now: datetime) -> None:
    category = session.get(DocumentCategory, receipt.category_id)
    if category is None or category.owner is REFUSED_OWNER[receipt.child_id is not None]:
        raise NotFound
    if receipt.child_id is not None:
        _child(session, household_id, receipt.child_id)
    if receipt.received_on > paris_now(now).date():
        raise Refused("dates", "Indiquez un jour de réception qui n’est pas dans le futur.")
    if receipt.valid_until is not None:
        _check_order(receipt.received_on, receipt.valid_until)
    seen_at = min(midday(receipt.received_on), now)
    row = Document(
        household_id=household_id,
        category_id=receipt.category_id,
        child_id=receipt.child_id,
        state=DocumentState.ACCEPTED,
        sender_name="Le service",
        channel=author.channel,
        submitted_at=seen_at,
        due_at=seen_at,
        valid_until=receipt.valid_until,
        decided_at=now,
        decided_by_user_id=author.user_id,
    )
    session.add(row)
    session.flush()
    _record(session, "document.received", row, household_id, author, now, after=asdict(receipt))


# --- What every act shares --------------------------------------------------------------------------------


def _check_order(first_day: date, last_day: date) -> None:
    if last_day < first_day:
        raise Refused("dates", "Indiquez une date de fin qui suit la date de début.")


def refuse_stale(current: Any, seen: str) -> None:
    """Raise Stale when the agent had other values on screen."""
    if fingerprint(current) != seen:
        raise Stale(
            f"Ce dossier vient d’être modifié par quelqu’un d’autre. Voici les valeurs actuelles{NBSP}: "
            "refaites votre changement si c’est encore utile."
        )


def _change(
    session: Session,
    action: str,
    row: Any,
    wanted: Values,
    seen: str,
    household_id: int,
    author: Author,
    now: datetime,
) -> bool:
    """Give `row` the values of `wanted`; only what differs is written and told in the journal.

    False when nothing did.
    """
    current = read(type(wanted), row)
    refuse_stale(current, seen)
    former = asdict(current)
    changes = {name: value for name, value in asdict(wanted).items() if value != former[name]}
    if not changes:
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    before = {name: former[name] for name in changes}
    _record(session, action, row, household_id, author, now, before=before, after=changes)
    return True


def _record(
    session: Session,
    action: str,
    row: Any,
    household_id: int,
    author: Author,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type=row.__tablename__,
        object_id=row.id,
        household_id=household_id,
        before=records.plain(before) if before else None,
        after=records.plain(after) if after else None,
    )
