"""What an import of families compares a file with (R07): the households that the file may speak of."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from domain.enums import ChoiceList
from domain.family_import import Existing, ImportLine, KnownAdult, KnownChild, KnownHousehold, child_key
from domain.french import NBSP
from domain.people import fold
from extensions import db
from models import (
    Child,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    ListChoice,
    QuotientFamilial,
    SchoolClass,
    Schooling,
    User,
)

_HOUSEHOLD = (
    "name",
    "address",
    "address_extra",
    "postcode",
    "city",
    "residency",
    "social_fund",
    "beneficiary_number",
)
_ADULT = ("first_name", "last_name", "email", "mobile_phone", "home_phone", "work_phone")
_CHILD = ("first_name", "last_name", "birth_date", "sex", "diet")


def schools() -> dict[str, int]:
    """Active structures by folded name. One statement."""
    rows = db.session.execute(select(Facility.name, Facility.id).where(Facility.is_active))
    return {fold(name): facility_id for name, facility_id in rows}


def diets() -> dict[str, str]:
    """Diets of the town's list by folded label. One statement."""
    rows = db.session.scalars(
        select(ListChoice.label).where(ListChoice.kind == ChoiceList.DIET, ListChoice.is_active)
    )
    return {fold(label): label for label in rows}


def existing(lines: Sequence[ImportLine]) -> Existing:
    """The households with the keys of the file or with one of its children, and the holders of its addresses.

    A key whose file was merged leads to the one that was kept. Nine statements at most.
    """
    keys = _keys({line.key for line in lines})
    sought = {child_key(line.child) for line in lines}
    by_child = _households_of(sought)
    ids = {found.kept_id for found in keys} | by_child
    return Existing(_households(ids, keys), _holders({
        adult["email"] for line in lines for adult in line.adults if "email" in adult
    }))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Key:
    key: str
    household_id: int
    kept_id: int


def _keys(wanted: Collection[str]) -> list[_Key]:
    rows = db.session.execute(
        select(Household.import_key, Household.id, Household.merged_into_id).where(
            Household.import_key.in_(wanted)
        )
    )
    return [_Key(key, household_id, merged or household_id) for key, household_id, merged in rows]


def _households_of(children: Collection[tuple[str, date]]) -> set[int]:
    rows = db.session.execute(
        select(HouseholdChild.household_id, Child.first_name, Child.last_name, Child.birth_date)
        .join(Child, Child.id == HouseholdChild.child_id)
        .join(Household, Household.id == HouseholdChild.household_id)
        .where(
            Child.birth_date.in_({birth for _, birth in children}),
            Child.merged_into_id.is_(None),
            Household.merged_into_id.is_(None),
        )
    )
    return {
        household_id
        for household_id, first_name, last_name, birth in rows
        if (fold(f"{first_name} {last_name}"), birth) in children
    }


def _households(ids: Collection[int], keys: Iterable[_Key]) -> tuple[KnownHousehold, ...]:
    adults, children, quotients = _adults(ids), _children(ids), _quotients(ids)
    rows = {row.id: row for row in db.session.scalars(select(Household).where(Household.id.in_(ids)))}
    key_of: dict[int, list[str]] = defaultdict(list)
    for found in keys:
        key_of[found.kept_id].append(found.key)
    return tuple(
        KnownHousehold(
            household_id,
            row.number,
            key,
            _values(row, _HOUSEHOLD),
            tuple(adults[household_id]),
            tuple(children[household_id]),
            quotients[household_id],
        )
        for household_id, row in rows.items()
        for key in key_of.get(household_id) or [row.import_key]
    )


def _adults(ids: Collection[int]) -> Mapping[int, list[KnownAdult]]:
    found: dict[int, list[KnownAdult]] = defaultdict(list)
    rows = db.session.execute(
        select(HouseholdGuardian.household_id, Guardian)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(HouseholdGuardian.household_id.in_(ids), Guardian.merged_into_id.is_(None))
        .order_by(HouseholdGuardian.position)
    )
    for household_id, adult in rows:
        known = KnownAdult(adult.id, _values(adult, _ADULT), adult.user_id is not None)
        found[household_id].append(known)
    return found


def _children(ids: Collection[int]) -> Mapping[int, list[KnownChild]]:
    found: dict[int, list[KnownChild]] = defaultdict(list)
    rows = db.session.execute(
        select(HouseholdChild.household_id, Child)
        .join(Child, Child.id == HouseholdChild.child_id)
        .where(HouseholdChild.household_id.in_(ids), Child.merged_into_id.is_(None))
    ).all()
    schoolings = _schoolings({child.id for _, child in rows})
    for household_id, child in rows:
        found[household_id].append(KnownChild(child.id, _values(child, _CHILD), schoolings[child.id]))
    return found


def _schoolings(children: Collection[int]) -> Mapping[int, dict[int, Mapping[str, Any]]]:
    found: dict[int, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    rows = db.session.execute(
        select(
            Schooling.child_id,
            Schooling.school_year,
            Schooling.facility_id,
            Schooling.level,
            SchoolClass.name,
        )
        .outerjoin(SchoolClass, SchoolClass.id == Schooling.class_id)
        .where(Schooling.child_id.in_(children))
    )
    for child_id, year, facility_id, level, class_name in rows:
        found[child_id][year] = {
            "school_year": year, "school": facility_id, "level": level, "class_name": class_name or ""
        }  # fmt: skip
    return found


def _quotients(ids: Collection[int]) -> Mapping[int, dict[date, int]]:
    found: dict[int, dict[date, int]] = defaultdict(dict)
    rows = db.session.execute(
        select(QuotientFamilial.household_id, QuotientFamilial.valid_from, QuotientFamilial.value_hundredths)
        .where(QuotientFamilial.household_id.in_(ids))
        .order_by(QuotientFamilial.id)
    )
    for household_id, valid_from, value in rows:
        found[household_id][valid_from] = value
    return found


def _holders(emails: Collection[str]) -> dict[str, tuple[int | None, str]]:
    """Adults first; an address that only signs in is a colleague's, or a merged person's."""
    accounts = db.session.scalars(select(User.email).where(User.email.in_(emails)))
    found: dict[str, tuple[int | None, str]] = dict.fromkeys(
        accounts, (None, "quelqu’un d’autre qui se connecte au portail")
    )
    rows = db.session.execute(
        select(Guardian.email, Guardian.id, Guardian.first_name, Guardian.last_name, Household.number)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .join(Household, Household.id == HouseholdGuardian.household_id)
        .where(
            Guardian.email.in_(emails),
            or_(Guardian.merged_into_id.is_(None), Guardian.user_id.is_not(None)),
        )
    )
    for email, guardian_id, first_name, last_name, number in rows:
        found[email] = (guardian_id, f"{first_name} {last_name} (dossier n°{NBSP}{number})")
    return found


def _values(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
