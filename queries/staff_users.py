"""The agents of the portal, their roles and structures."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from domain.enums import AccountStatus, StaffRole
from domain.errors import NotFound
from extensions import db
from models import Facility, SecondFactor, StaffFacility, StaffMember, User


@dataclass(frozen=True, slots=True)
class Colleague:
    """`facilities` are (id, name) of the structures of a limited role; `has_code`: a second factor."""

    user_id: int
    first_name: str
    last_name: str
    email: str
    role: StaffRole
    status: AccountStatus
    can_read_medical: bool
    has_code: bool
    facilities: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


_MEMBERS = (
    select(
        StaffMember.id,
        StaffMember.user_id,
        StaffMember.first_name,
        StaffMember.last_name,
        User.email,
        StaffMember.role,
        User.status,
        StaffMember.can_read_medical,
        SecondFactor.user_id.is_not(None),
    )
    .join(User, User.id == StaffMember.user_id)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    .order_by(StaffMember.last_name, StaffMember.first_name, StaffMember.id)
)


def colleagues() -> tuple[Colleague, ...]:
    """Every agent by name. Two statements."""
    facilities = defaultdict(list)
    for row in db.session.execute(
        select(StaffFacility.staff_id, Facility.id, Facility.name)
        .join(Facility, Facility.id == StaffFacility.facility_id)
        .order_by(Facility.position, Facility.name)
    ):
        facilities[row.staff_id].append((row.id, row.name))
    return tuple(
        Colleague(*values, tuple(facilities[staff_id])) for staff_id, *values in db.session.execute(_MEMBERS)
    )


def colleague(user_id: int) -> Colleague:
    """Raises NotFound for an account that is not an agent's."""
    found = next((one for one in colleagues() if one.user_id == user_id), None)
    if found is None:
        raise NotFound
    return found


def facility_choices() -> tuple[tuple[int, str], ...]:
    """(id, name) of the structures in use."""
    rows = db.session.execute(
        select(Facility.id, Facility.name)
        .where(Facility.is_active)
        .order_by(Facility.position, Facility.name)
    )
    return tuple(rows)
