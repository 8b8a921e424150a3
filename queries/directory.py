"""The town's structures as anybody may read them (S18)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from domain.settings import phone_href
from extensions import db
from models import Facility


@dataclass(frozen=True, slots=True)
class FacilitySheet:
    """A structure in use; what the service did not fill is empty. Opening hours may hold line breaks."""

    name: str
    address: str
    phone: str
    email: str
    opening_hours: str

    @property
    def phone_href(self) -> str:
        return phone_href(self.phone)


_SHEETS = (
    select(Facility.name, Facility.address, Facility.phone, Facility.email, Facility.opening_hours)
    .where(Facility.is_active)
    .order_by(Facility.position, Facility.name)
)


def facility_sheets() -> Sequence[FacilitySheet]:
    """The structures in use, in the order chosen by the service. One statement."""
    return [FacilitySheet(*row) for row in db.session.execute(_SHEETS)]
