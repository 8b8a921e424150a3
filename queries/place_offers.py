"""The places that came free and are held for the children of a family until they answer (R18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, bindparam, select

from domain.enums import BookingState
from domain.errors import NotFound
from domain.french import NBSP
from models import Activity, Booking, Child, Facility, PresenceType
from queries.place_columns import waiting_rank
from queries.reading import read


@dataclass(frozen=True, slots=True)
class PlaceOffer:
    """A place held for a child until `expires_at` (None once it is not); `rank` is the one of a child that
    waits."""

    booking_id: int
    state: BookingState
    expires_at: datetime | None
    day: date
    price_cents: int | None
    rank: int | None
    child_id: int
    first_name: str
    activity: str
    presence: str
    facility: str
    facility_phone: str

    def is_open(self, now: datetime) -> bool:
        return self.state is BookingState.OFFERED and now < self.expires_at

    @property
    def what_became_of_it(self) -> str:
        """Where the booking stands when there is nothing to answer (any more)."""
        return _NOW[self.state]


_NOW = {
    BookingState.ACCEPTED: f"Cette place est prise{NBSP}: le jour est réservé.",
    BookingState.PENDING: f"Cette place est demandée{NBSP}: la structure doit encore valider.",
    BookingState.OFFERED: f"Le délai pour répondre est passé{NBSP}: la place va à l’enfant suivant.",
    BookingState.WAITING: "Aucune place n’est proposée pour le moment. Un mail vous préviendra.",
    BookingState.REQUESTED: "Aucune place n’est proposée pour le moment. Un mail vous préviendra.",
    BookingState.REFUSED: f"Le délai pour répondre est passé{NBSP}: la place est allée à l’enfant suivant.",
    BookingState.CANCELLED: f"Cette place a été laissée{NBSP}: rien n’est réservé.",
}
_HOUSEHOLDS = bindparam("households", expanding=True)


def _offers(*columns: object) -> Select:
    return (
        select(
            Booking.id,
            Booking.state,
            Booking.offer_expires_at,
            Booking.day,
            Booking.price_cents,
            waiting_rank(),
            Booking.child_id,
            Child.first_name,
            Activity.name.label("activity"),
            PresenceType.name.label("presence"),
            Facility.name.label("facility"),
            Facility.phone,
        )
        .join(Child, Child.id == Booking.child_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .join(PresenceType, PresenceType.id == Booking.presence_type_id)
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Booking.household_id.in_(_HOUSEHOLDS), *columns)
    )


_ONE = _offers(Booking.id == bindparam("booking_id"))
_OPEN = _offers(Booking.state == BookingState.OFFERED, Booking.offer_expires_at > bindparam("now")).order_by(
    Booking.offer_expires_at, Booking.day, Booking.id
)


def open_offers(household_ids: Sequence[int], now: datetime) -> tuple[PlaceOffer, ...]:
    """The offers to answer, the most urgent first. One statement."""
    return tuple(PlaceOffer(*row) for row in read(_OPEN, {"households": household_ids, "now": now}))


def offer(booking_id: int, household_ids: Sequence[int]) -> PlaceOffer:
    """One booking of these households as an offer, whether or not a place is held. Raises NotFound."""
    row = read(_ONE, {"households": household_ids, "booking_id": booking_id}).one_or_none()
    if row is None:
        raise NotFound
    return PlaceOffer(*row)
