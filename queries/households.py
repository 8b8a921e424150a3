"""The family files as the service reads them: search, one file with everything in it.

`facility_ids` limits what is found to the households of children enrolled in those facilities today or
later; None sees every household (S108, S114).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from domain.calendar import paris_now
from domain.enums import AccountStatus, DocumentOwner, Residency
from domain.errors import NotFound
from domain.french import NBSP, format_number
from domain.people import fold, normalise_email
from extensions import db
from models import (
    Activity,
    AuthorisedPerson,
    Child,
    ChildGroup,
    Document,
    DocumentCategory,
    Enrolment,
    Facility,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    QuotientFamilial,
    SecondFactor,
    User,
)
from queries.family import COUNTING_DOCUMENTS, ChildCard, HouseholdName, every_child_of

PAGE_SIZE = 25
_NUMBER = re.compile(r"(?:n\W*)?([0-9]{1,6})", re.IGNORECASE)
_PHONE = re.compile(r"0[0-9]{9}")
_BENEFICIARY = re.compile(r"[0-9][0-9\s]{4,18}[0-9A-Za-z]?")

Scope = Collection[int] | None


# --- Search -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AdultName:
    name: str
    status: AccountStatus


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    household_id: int
    number: int
    name: str
    city: str
    adults: tuple[AdultName, ...]
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search; `number` from 1 to `pages`, `count` households in all."""

    households: tuple[HouseholdRow, ...]
    count: int
    number: int
    pages: int


_ADULT_NAMES = (
    select(HouseholdGuardian.household_id, Guardian.first_name, Guardian.last_name, User.status)
    .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
    .outerjoin(User, User.id == Guardian.user_id)
    .where(
        HouseholdGuardian.household_id.in_(bindparam("households", expanding=True)),
        Guardian.merged_into_id.is_(None),
    )
    .order_by(HouseholdGuardian.position, Guardian.id)
)
_CHILD_NAMES = (
    select(HouseholdChild.household_id, Child.first_name)
    .join(Child, Child.id == HouseholdChild.child_id)
    .where(
        HouseholdChild.household_id.in_(bindparam("households", expanding=True)),
        Child.merged_into_id.is_(None),
    )
    .order_by(Child.birth_date, Child.id)
)


_TOWN = case(
    (
        Household.id.in_(
            select(HouseholdGuardian.household_id)
            .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
            .where(Guardian.has_secret_contact)
        ),
        "",
    ),
    else_=Household.city,
).label("city")


def search(
    text: str,
    *,
    facility_ids: Scope,
    today: date,
    access: AccountStatus | None = None,
    page: int = 1,
    sees_secrets: bool = False,
) -> Page:
    """Households found by a number, an e-mail, a phone, or names of the household, its adults and its
    children, whatever accents, case and hyphens (R03); `access` keeps those with an adult in that state,
    CLOSED those in which nobody has an access. A page outside of the list gives the nearest. Four statements.

    Without `sees_secrets` a confidential contact is neither looked for nor told by the town of its household.
    """
    wanted = and_(_visible(facility_ids, today), _matches(text, sees_secrets), _has_access(access))
    count = db.session.scalar(select(func.count()).select_from(Household).where(wanted))
    pages = max(1, ceil(count / PAGE_SIZE))
    number = min(max(page, 1), pages)
    rows = db.session.execute(
        select(Household.id, Household.number, Household.name, Household.city if sees_secrets else _TOWN)
        .where(wanted)
        .order_by(Household.search_text, Household.name, Household.number)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    members = {"households": [row.id for row in rows]}
    adults = _grouped(db.session.execute(_ADULT_NAMES, members))
    names = _CHILD_NAMES if facility_ids is None else _CHILD_NAMES.where(_attends(facility_ids, today))
    children = _grouped(db.session.execute(names, members))
    return Page(
        tuple(
            HouseholdRow(
                *row,
                adults=tuple(
                    AdultName(f"{one.first_name} {one.last_name}", one.status or AccountStatus.CLOSED)
                    for one in adults.get(row.id, ())
                ),
                children=tuple(one.first_name for one in children.get(row.id, ())),
            )
            for row in rows
        ),
        count,
        number,
        pages,
    )


def count(*, facility_ids: Scope, today: date, access: AccountStatus) -> int:
    """How many households have an adult whose access is in that state. One statement."""
    wanted = and_(_visible(facility_ids, today), _has_access(access))
    return db.session.scalar(select(func.count()).select_from(Household).where(wanted))


def _visible(facility_ids: Scope, today: date) -> ColumnElement[bool]:
    """A file merged into another is out of every list: the one that was kept holds everything. So is one that
    was erased."""
    stands = Household.merged_into_id.is_(None) & Household.erased_at.is_(None)
    if facility_ids is None:
        return stands
    return stands & Household.id.in_(
        select(HouseholdChild.household_id)
        .join(Child, Child.id == HouseholdChild.child_id)
        .where(_attends(facility_ids, today))
    )


def _attends(facility_ids: Collection[int], today: date) -> ColumnElement[bool]:
    """The child of the statement is enrolled in one of these facilities, today or later."""
    return exists().where(
        Enrolment.child_id == Child.id,
        Enrolment.facility_id.in_(facility_ids),
        Enrolment.last_day >= today,
    )


def _matches(text: str, sees_secrets: bool) -> ColumnElement[bool]:
    text = text.strip()
    if not text:
        return true()
    if "@" in text:
        address = normalise_email(text) or text.casefold()
        found = Guardian.email.contains(address, autoescape=True)
        return Household.id.in_(_of_adults(and_(found, _may_be_seen(sees_secrets))))
    if number := _NUMBER.fullmatch(text):
        merged = aliased(Household)
        return or_(
            Household.number == int(number[1]),
            Household.beneficiary_number == number[1],
            Household.id.in_(select(merged.merged_into_id).where(merged.number == int(number[1]))),
        )
    digits = re.sub(r"[\s.\-/]", "", text).replace("+33", "0", 1)
    if _PHONE.fullmatch(digits):
        return Household.id.in_(_with_phone(digits, sees_secrets))
    if _BENEFICIARY.fullmatch(text):
        return func.upper(func.replace(Household.beneficiary_number, " ", "")) == digits.upper()
    words = fold(text).split() or [text]  # signs alone are nobody's name
    return and_(*(Household.search_text.contains(word, autoescape=True) for word in words))


def _may_be_seen(sees_secrets: bool) -> ColumnElement[bool]:
    return true() if sees_secrets else Guardian.has_secret_contact.is_(False)


def _of_adults(condition: ColumnElement[bool]) -> Any:
    return (
        select(HouseholdGuardian.household_id)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(condition)
    )


def _with_phone(digits: str, sees_secrets: bool) -> Any:
    """Households of an adult with this number, or of a child whom somebody with this number may fetch."""
    own = (Guardian.mobile_phone, Guardian.home_phone, Guardian.work_phone)
    fetching = (
        select(HouseholdChild.household_id)
        .join(AuthorisedPerson, AuthorisedPerson.child_id == HouseholdChild.child_id)
        .where(func.replace(AuthorisedPerson.phone, " ", "") == digits, ~HouseholdChild.is_restricted)
    )
    found = or_(*(func.replace(phone, " ", "") == digits for phone in own))
    return _of_adults(and_(found, _may_be_seen(sees_secrets))).union(fetching)


def _has_access(access: AccountStatus | None) -> ColumnElement[bool]:
    if access is None:
        return true()
    if access is AccountStatus.CLOSED:
        return Household.id.not_in(_of_adults(Guardian.user_id.is_not(None)))
    return Household.id.in_(_of_adults(Guardian.user_id.in_(select(User.id).where(User.status == access))))


def _grouped(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


# --- One file ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AdultFile:
    """An adult; `user_id` None and `status` CLOSED while no access was opened. `is_hidden`: the contact is
    secret, so it is empty here."""

    guardian_id: int
    first_name: str
    last_name: str
    email: str
    mobile_phone: str
    home_phone: str
    work_phone: str
    workplace: str
    user_id: int | None
    status: AccountStatus
    has_code: bool
    verified_at: datetime | None
    relationship: str
    is_legal_guardian: bool
    has_secret_contact: bool
    is_hidden: bool = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def phones(self) -> tuple[tuple[str, str], ...]:
        """(« Mobile », number) of the phones that are known."""
        known = (
            ("Mobile", self.mobile_phone),
            ("Domicile", self.home_phone),
            ("Travail", self.work_phone),
        )
        return tuple((label, number) for label, number in known if number)


@dataclass(frozen=True, slots=True)
class EnrolmentLine:
    """Both days are included; `is_over` when the last one has passed. `activity` is the only one that it
    opens (empty, and no id: all those of the structure)."""

    enrolment_id: int
    facility_id: int
    facility: str
    group_name: str
    first_day: date
    last_day: date
    is_over: bool
    activity_id: int | None
    activity: str
    group_id: int | None
    group: str


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group that a child may be placed in; `label` names its facility too."""

    group_id: int
    label: str


@dataclass(frozen=True, slots=True)
class ChildFile:
    """`is_restricted`: this household reads the child's name only; `elsewhere`: (id, name) of its other
    home."""

    card: ChildCard
    enrolments: tuple[EnrolmentLine, ...]
    is_restricted: bool = False
    elsewhere: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """The household, its adults in their order, its children with their enrolments, the newest first."""

    household_id: int
    number: int
    name: str
    address: str
    address_extra: str
    postcode: str
    city: str
    family_situation: str
    residency: Residency
    created_at: datetime
    adults: tuple[AdultFile, ...]
    children: tuple[ChildFile, ...]

    def adult(self, guardian_id: int) -> AdultFile:
        """Raises NotFound for somebody else's."""
        return _one(one for one in self.adults if one.guardian_id == guardian_id)

    def child(self, child_id: int) -> ChildFile:
        """Raises NotFound for somebody else's."""
        return _one(one for one in self.children if one.card.child_id == child_id)

    def enrolment(self, enrolment_id: int) -> tuple[ChildFile, EnrolmentLine]:
        """The enrolment and whose it is. Raises NotFound for somebody else's."""
        return _one(
            (child, one)
            for child in self.children
            for one in child.enrolments
            if one.enrolment_id == enrolment_id
        )


def _one(found: Iterable[Any]) -> Any:
    first = next(iter(found), None)
    if first is None:
        raise NotFound
    return first


_ADULTS = (
    select(
        Guardian.id,
        Guardian.first_name,
        Guardian.last_name,
        Guardian.email,
        Guardian.mobile_phone,
        Guardian.home_phone,
        Guardian.work_phone,
        Guardian.workplace,
        Guardian.user_id,
        func.coalesce(User.status, AccountStatus.CLOSED).label("status"),
        SecondFactor.user_id.is_not(None),
        User.email_verified_at,
        HouseholdGuardian.relationship,
        HouseholdGuardian.is_legal_guardian,
        Guardian.has_secret_contact,
    )
    .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
    .outerjoin(User, User.id == Guardian.user_id)
    .outerjoin(SecondFactor, SecondFactor.user_id == Guardian.user_id)
    .where(HouseholdGuardian.household_id == bindparam("household_id"))
    .order_by(HouseholdGuardian.position, Guardian.id)
)
_ENROLMENTS = (
    select(
        Enrolment.id,
        Enrolment.child_id,
        Enrolment.facility_id,
        Facility.name,
        Enrolment.group_name,
        Enrolment.first_day,
        Enrolment.last_day,
        Enrolment.activity_id,
        func.coalesce(Activity.name, "").label("activity"),
        Enrolment.group_id,
        func.coalesce(ChildGroup.name, "").label("group"),
    )
    .join(Facility, Facility.id == Enrolment.facility_id)
    .outerjoin(Activity, Activity.id == Enrolment.activity_id)
    .outerjoin(ChildGroup, ChildGroup.id == Enrolment.group_id)
    .where(Enrolment.child_id.in_(bindparam("children", expanding=True)))
    .order_by(Enrolment.last_day.desc(), Facility.position, Facility.name)
)


_HOMES = (
    select(
        HouseholdChild.child_id, HouseholdChild.is_restricted, Household.id, Household.name, Household.number
    )
    .join(Household, Household.id == HouseholdChild.household_id)
    .where(HouseholdChild.child_id.in_(bindparam("children", expanding=True)))
    .order_by(Household.number)
)
_NO_ADDRESS = {"address": "", "address_extra": "", "postcode": "", "city": ""}
_NO_CONTACT = {"email": "", "mobile_phone": "", "home_phone": "", "work_phone": "", "workplace": ""}


def household_name(household_id: int, *, facility_ids: Scope, today: date) -> HouseholdName:
    """The name alone of a household. One statement. Raises NotFound for one that is out of sight."""
    row = db.session.execute(
        select(Household.id, Household.name, Household.number).where(
            Household.id == household_id, _visible(facility_ids, today)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return HouseholdName(*row)


def is_told_by_mail(household_id: int) -> bool:
    """True when an adult of the household has an access that receives mails. One statement."""
    return db.session.scalar(
        select(
            exists().where(
                HouseholdGuardian.household_id == household_id,
                HouseholdGuardian.guardian_id == Guardian.id,
                Guardian.user_id == User.id,
                User.status == AccountStatus.ACTIVE,
                User.email_verified_at.is_not(None),
            )
        )
    )


def household_file(
    household_id: int, *, facility_ids: Scope, today: date, sees_secrets: bool = False
) -> HouseholdFile:
    """One household. Five statements. Raises NotFound for one that is out of sight.

    With `facility_ids`, of its children those alone who are enrolled there.

    Without `sees_secrets` an adult whose contact is confidential has none here, nor has its household an
    address (security 1.3).
    """
    row = db.session.execute(
        select(
            Household.id,
            Household.number,
            Household.name,
            Household.address,
            Household.address_extra,
            Household.postcode,
            Household.city,
            Household.family_situation,
            Household.residency,
            Household.created_at,
        ).where(Household.id == household_id, _visible(facility_ids, today))
    ).one_or_none()
    if row is None:
        raise NotFound
    adults = [AdultFile(*one) for one in db.session.execute(_ADULTS, {"household_id": household_id})]
    cards = every_child_of([household_id])
    enrolments: dict[int, list[EnrolmentLine]] = {}
    for one in db.session.execute(_ENROLMENTS, {"children": [card.child_id for card in cards]}):
        line = EnrolmentLine(
            one.id,
            one.facility_id,
            one.name,
            one.group_name,
            one.first_day,
            one.last_day,
            one.last_day < today,
            one.activity_id,
            one.activity,
            one.group_id,
            one.group,
        )
        enrolments.setdefault(one.child_id, []).append(line)
    if facility_ids is not None:
        attending = {
            child_id
            for child_id, lines in enrolments.items()
            if any(line.facility_id in facility_ids and not line.is_over for line in lines)
        }
        cards = tuple(card for card in cards if card.child_id in attending)
    homes: dict[int, list[Any]] = {}
    for one in db.session.execute(_HOMES, {"children": [card.child_id for card in cards]}):
        homes.setdefault(one.child_id, []).append(one)
    found = HouseholdFile(
        *row,
        adults=tuple(adults),
        children=tuple(
            _child_file(card, enrolments.get(card.child_id, ()), homes[card.child_id], household_id)
            for card in cards
        ),
    )
    return found if sees_secrets else _without_secrets(found)


def _child_file(
    card: ChildCard, enrolments: Sequence[EnrolmentLine], homes: Sequence[Any], household_id: int
) -> ChildFile:
    return ChildFile(
        card,
        tuple(enrolments),
        is_restricted=any(home.is_restricted for home in homes if home.id == household_id),
        elsewhere=tuple(
            (home.id, f"{home.name} n°{NBSP}{home.number}") for home in homes if home.id != household_id
        ),
    )


def _without_secrets(found: HouseholdFile) -> HouseholdFile:
    if not any(adult.has_secret_contact for adult in found.adults):
        return found
    adults = tuple(
        replace(adult, is_hidden=True, **_NO_CONTACT) if adult.has_secret_contact else adult
        for adult in found.adults
    )
    return replace(found, adults=adults, **_NO_ADDRESS)


@dataclass(frozen=True, slots=True)
class FormerAddressLine:
    """Where the household lived, both days included; `valid_from` None when nobody knows."""

    address: str
    address_extra: str
    postcode: str
    city: str
    residency: Residency
    valid_from: date | None
    valid_to: date


_FORMER_ADDRESSES = (
    select(
        FormerAddress.address,
        FormerAddress.address_extra,
        FormerAddress.postcode,
        FormerAddress.city,
        FormerAddress.residency,
        FormerAddress.valid_from,
        FormerAddress.valid_to,
    )
    .where(FormerAddress.household_id == bindparam("household_id"))
    .order_by(FormerAddress.valid_to.desc(), FormerAddress.id.desc())
)


def former_addresses(household_id: int) -> tuple[FormerAddressLine, ...]:
    """Where the household lived before, the last first. One statement."""
    rows = db.session.execute(_FORMER_ADDRESSES, {"household_id": household_id})
    return tuple(FormerAddressLine(*row) for row in rows)


# --- What only the service reads of a file ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuotientLine:
    """`is_current` today; `is_replaced` when a correction took its place before it ever counted."""

    value_hundredths: int
    valid_from: date
    valid_to: date | None
    source: str
    created_at: datetime
    is_current: bool
    is_replaced: bool

    @property
    def value(self) -> str:
        return quotient_text(self.value_hundredths)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """Where a document stands for one owner; `document_id` is None while it was never received."""

    category_id: int
    category: str
    is_required: bool
    child_id: int | None
    owner: str
    document_id: int | None
    received_on: date | None
    valid_until: date | None
    is_expired: bool
    is_paper: bool  # seen at the counter, no file

    @property
    def key(self) -> str:
        """Names the line in forms: « 3-12 », « 3-foyer »."""
        return f"{self.category_id}-{self.child_id or 'foyer'}"


def quotient_text(value_hundredths: int) -> str:
    """« 622,50 », « 1 234 »."""
    whole, rest = divmod(value_hundredths, 100)
    return f"{format_number(whole)},{rest:02d}" if rest else format_number(whole)


_QUOTIENTS = (
    select(
        QuotientFamilial.value_hundredths,
        QuotientFamilial.valid_from,
        QuotientFamilial.valid_to,
        QuotientFamilial.source,
        QuotientFamilial.created_at,
    )
    .where(QuotientFamilial.household_id == bindparam("household_id"))
    .order_by(QuotientFamilial.valid_from.desc(), QuotientFamilial.id.desc())
)
_DOCUMENTS = (
    select(
        DocumentCategory.id,
        DocumentCategory.name,
        DocumentCategory.is_required,
        DocumentCategory.owner,
        Document.id.label("document_id"),
        Document.file_key,
        Document.child_id,
        Document.submitted_at,
        Document.valid_until,
    )
    .outerjoin(
        Document,
        and_(
            Document.category_id == DocumentCategory.id,
            Document.household_id == bindparam("household_id"),
            Document.state.in_(COUNTING_DOCUMENTS),
        ),
    )
    .where(DocumentCategory.is_active)
    .order_by(
        DocumentCategory.position,
        DocumentCategory.name,
        Document.submitted_at.desc(),
        Document.id.desc(),
    )
)


def quotients(household_id: int, today: date) -> tuple[QuotientLine, ...]:
    """Every quotient ever noted, the newest first. One statement."""
    lines = []
    for row in db.session.execute(_QUOTIENTS, {"household_id": household_id}):
        replaced = row.valid_to is not None and row.valid_to < row.valid_from
        current = not replaced and row.valid_from <= today and (row.valid_to is None or today <= row.valid_to)
        lines.append(QuotientLine(*row, is_current=current, is_replaced=replaced))
    return tuple(lines)


def documents(household: HouseholdFile, today: date) -> tuple[DocumentLine, ...]:
    """The documents that the town asks for, one line for each owner, with the last one. One statement."""
    rows = db.session.execute(_DOCUMENTS, {"household_id": household.household_id}).all()
    newest: dict[tuple[int, int | None], Any] = {}
    for row in rows:  # the newest of an owner comes first
        newest.setdefault((row.id, row.child_id), row)
    children = [(child.card.child_id, child.card.first_name) for child in household.children]
    return tuple(
        _document(category, child_id, owner, newest.get((category.id, child_id)), today)
        for category in {row.id: row for row in rows}.values()
        for child_id, owner in (
            children if category.owner is DocumentOwner.CHILD else [(None, f"Famille {household.name}")]
        )
    )


def _document(category: Any, child_id: int | None, owner: str, newest: Any, today: date) -> DocumentLine:
    line = (category.id, category.name, category.is_required, child_id, owner)
    if newest is None or newest.document_id is None:
        return DocumentLine(*line, None, None, None, False, False)
    received_on, until = paris_now(newest.submitted_at).date(), newest.valid_until
    return DocumentLine(
        *line,
        newest.document_id,
        received_on,
        until,
        until is not None and until < today,
        not newest.file_key,
    )


@dataclass(frozen=True, slots=True)
class FacilityName:
    facility_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ActivityName:
    activity_id: int
    name: str
    facility: str


def activities() -> Sequence[ActivityName]:
    """The active activities of the active facilities, in their order. One statement."""
    rows = db.session.execute(
        select(Activity.id, Activity.name, Facility.name)
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Activity.is_active, Facility.is_active)
        .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
    )
    return tuple(ActivityName(*row) for row in rows)


def groups(keep_id: int | None = None) -> Sequence[GroupName]:
    """The groups that a child may be placed in, with their facility; `keep_id` stays offered. One
    statement."""
    rows = db.session.execute(
        select(ChildGroup.id, Facility.name.label("facility"), ChildGroup.name)
        .join(Facility, Facility.id == ChildGroup.facility_id)
        .where(or_(ChildGroup.id == keep_id, ChildGroup.is_active & Facility.is_active))
        .order_by(Facility.position, Facility.name, ChildGroup.position, ChildGroup.name)
    )
    return tuple(GroupName(row.id, f"{row.facility} · {row.name}") for row in rows)


def facilities(facility_ids: Scope = None) -> Sequence[FacilityName]:
    """The active facilities that may be chosen, in their order. One statement."""
    statement = (
        select(Facility.id, Facility.name)
        .where(Facility.is_active)
        .order_by(Facility.position, Facility.name)
    )
    if facility_ids is not None:
        statement = statement.where(Facility.id.in_(facility_ids))
    return tuple(FacilityName(*row) for row in db.session.execute(statement))
