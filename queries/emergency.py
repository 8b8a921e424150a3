"""Whom to call for a child (R33): its parents with their telephones, the home where it is that day first."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from models import Guardian, HouseholdChild, HouseholdGuardian
from queries.reading import among, read


@dataclass(frozen=True, slots=True)
class Contact:
    """An adult to call; `is_hidden`: its telephones are confidential, the service has them."""

    name: str
    relationship: str
    phones: tuple[str, ...]
    is_hidden: bool

    @property
    def words(self) -> str:
        """« Claire SOLIGNAC, mère, 06 12 34 56 78 »."""
        told = "coordonnées confidentielles" if self.is_hidden else ", ".join(self.phones) or "sans téléphone"
        return ", ".join(part for part in (self.name, self.relationship, told) if part)


_ADULTS = (
    select(
        HouseholdChild.child_id,
        HouseholdChild.household_id,
        Guardian.id,
        Guardian.first_name,
        Guardian.last_name,
        HouseholdGuardian.relationship,
        Guardian.mobile_phone,
        Guardian.home_phone,
        Guardian.work_phone,
        Guardian.has_secret_contact,
    )
    .join(HouseholdGuardian, HouseholdGuardian.household_id == HouseholdChild.household_id)
    .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
    .where(among(HouseholdChild.child_id, "children"), HouseholdChild.is_restricted.is_(False))
    .order_by(HouseholdGuardian.position, Guardian.id)
)


def contacts(homes: Mapping[int, int], *, sees_secrets: bool) -> dict[int, tuple[Contact, ...]]:
    """The adults of each child; `homes` gives the household that booked its day. A household that a decision
    of justice keeps away is left out. One statement."""
    rows = sorted(
        read(_ADULTS, {"children": list(homes)}), key=lambda row: row.household_id != homes[row.child_id]
    )
    found: dict[int, dict[int, Contact]] = defaultdict(dict)
    for row in rows:
        hidden = row.has_secret_contact and not sees_secrets
        phones = (row.mobile_phone, row.home_phone, row.work_phone)
        contact = Contact(
            f"{row.first_name} {row.last_name}",
            row.relationship,
            () if hidden else tuple(phone for phone in phones if phone),
            hidden,
        )
        found[row.child_id].setdefault(row.id, contact)
    return {child_id: tuple(own.values()) for child_id, own in found.items()}
