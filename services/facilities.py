"""Structures, their activities, presence types and booking periods, entered on screen (S106, S107)."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.capacity import FULL_DAY
from domain.enums import ActivityKind, FacilityKind, PlacesMode, ValidationMode
from domain.errors import Refused
from domain.french import format_day, plural
from domain.rulebook.rule_names import rule_name
from domain.workflow import ACTIVE_STATES
from models import Activity, Allotment, Booking, BookingPeriod, ChildGroup, Facility, Opening, PresenceType
from services import places, records
from services.accounts import Author
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class FacilityData:
    """What is typed of a facility; the validation mode is changed apart (`set_validation_mode`)."""

    name: str
    kind: FacilityKind
    address: str = ""
    phone: str = ""
    email: str = ""
    opening_hours: str = ""
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class ActivityData:
    """What is typed of an activity; `waiting_places` None for a waiting list without end, `offer_hours` to
    answer when a place comes free (R18), `regie_id` None until somebody bills it (R42), `is_care` when it
    counts for the tax credit (R44), `product_code` of the town's accounts, `children_per_adult` None where
    no ratio is asked (R35), `is_declared` to the State, so that its hours count for the CAF (R49)."""

    name: str
    kind: ActivityKind
    has_waiting_list: bool = False
    waiting_places: int | None = None
    offer_hours: int = 24
    last_places_threshold: int = 3
    position: int = 0
    is_active: bool = True
    regie_id: int | None = None
    is_care: bool = True
    product_code: str = ""
    children_per_adult: int | None = None
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class PresenceTypeData:
    """What is typed of a presence type; `parts` adds `domain.capacity.DayPart` (R11); its hours are both
    known, in minutes from midnight, or both None."""

    name: str
    short_name: str
    parts: int = int(FULL_DAY)
    starts_minute: int | None = None
    ends_minute: int | None = None
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class GroupData:
    """What is typed of a group of children who share places; ages in completed years, both included;
    `children_per_adult` None for the ratio of the activity (R35)."""

    name: str
    first_age: int | None = None
    last_age: int | None = None
    children_per_adult: int | None = None
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class PeriodData:
    """What is typed of a booking period; both days are included, instants are aware."""

    name: str
    first_day: date
    last_day: date
    opens_at: datetime
    closes_at: datetime | None = None
    places_mode: PlacesMode = PlacesMode.FIRST_COME


_FACILITY_TAKEN = Refused("name_taken", "Une autre structure porte déjà ce nom. Choisissez un autre nom.")
_ACTIVITY_TAKEN = Refused(
    "name_taken", "Une activité de cette structure porte déjà ce nom. Choisissez un autre nom."
)
_PRESENCE_TAKEN = Refused(
    "name_taken", "Un type de présence de cette activité porte déjà ce nom. Choisissez un autre nom."
)

_GROUP_TAKEN = Refused(
    "name_taken", "Un groupe de cette structure porte déjà ce nom. Choisissez un autre nom."
)


# --- Facilities ---------------------------------------------------------------------------------


def create_facility(data: FacilityData, mode: ValidationMode, *, author: Author, now: datetime) -> int:
    """Add a facility and return its id. Raises Refused `name_taken`."""
    with write_transaction() as session:
        row = Facility(**asdict(data), validation_mode=mode)
        return records.add(session, row, author=author, now=now, taken=_FACILITY_TAKEN)


def update_facility(facility_id: int, data: FacilityData, *, author: Author, now: datetime) -> None:
    """Change what is typed of a facility. Raises Refused `name_taken`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, Facility, facility_id)
        records.change(session, row, asdict(data), author=author, now=now, taken=_FACILITY_TAKEN)


def set_validation_mode(facility_id: int, mode: ValidationMode, *, author: Author, now: datetime) -> bool:
    """Who accepts the requests to come (S106); those already made keep their state. False without change."""
    with write_transaction() as session:
        row = records.get(session, Facility, facility_id)
        return records.change(session, row, {"validation_mode": mode}, author=author, now=now)


# --- Activities and presence types --------------------------------------------------------------


def create_activity(facility_id: int, data: ActivityData, *, author: Author, now: datetime) -> int:
    """Add an activity and return its id. Raises Refused `name_taken`, NotFound."""
    with write_transaction() as session:
        records.get(session, Facility, facility_id)
        taken = set(session.scalars(select(Activity.rule_name)))
        row = Activity(facility_id=facility_id, rule_name=rule_name(data.name, taken), **_activity(data))
        return records.add(session, row, author=author, now=now, taken=_ACTIVITY_TAKEN)


def update_activity(activity_id: int, data: ActivityData, *, author: Author, now: datetime) -> None:
    """Change what is typed of an activity. Raises Refused `name_taken`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, Activity, activity_id)
        records.change(session, row, _activity(data), author=author, now=now, taken=_ACTIVITY_TAKEN)


def _activity(data: ActivityData) -> dict[str, Any]:
    """A meal is no care, whatever is ticked (CGI 200 quater B)."""
    return asdict(data) | {"is_care": data.is_care and data.kind is not ActivityKind.MEAL}


def create_presence_type(activity_id: int, data: PresenceTypeData, *, author: Author, now: datetime) -> int:
    """Add a presence type and return its id. Raises Refused `name_taken`, NotFound."""
    with write_transaction() as session:
        records.get(session, Activity, activity_id)
        taken = set(
            session.scalars(select(PresenceType.rule_name).where(PresenceType.activity_id == activity_id))
        )
        row = PresenceType(activity_id=activity_id, rule_name=rule_name(data.name, taken), **asdict(data))
        return records.add(session, row, author=author, now=now, taken=_PRESENCE_TAKEN)


def update_presence_type(
    presence_type_id: int, data: PresenceTypeData, *, author: Author, now: datetime
) -> None:
    """Change what is typed of a presence type.

    Raises Refused `name_taken`, `parts_counted` when a day to come counts its places by part with such a
    booking, NotFound.
    """
    with write_transaction() as session:
        row = records.get(session, PresenceType, presence_type_id)
        if row.parts != data.parts:
            _refuse_counted_parts(session, row, paris_now(now).date())
        records.change(session, row, asdict(data), author=author, now=now, taken=_PRESENCE_TAKEN)


def _refuse_counted_parts(session: Session, row: PresenceType, today: date) -> None:
    """The counters of a day know only the parts that its bookings have."""
    to_come = (Opening.activity_id == row.activity_id, Opening.day >= today)
    places.lock(session, select(Opening.id).where(*to_come))
    day = session.scalar(
        select(func.min(Opening.day))
        .join(Booking, Booking.opening_id == Opening.id)
        .where(
            *to_come,
            Opening.has_limits,
            Booking.presence_type_id == row.id,
            Booking.state.in_(ACTIVE_STATES),
        )
    )
    if day is not None:
        raise Refused(
            "parts_counted",
            f"Des enfants ont déjà réservé, à partir du {format_day(day)}, des jours où les places se "
            "comptent par groupe ou par partie de journée. Créez plutôt un autre type de présence.",
        )


# --- Groups -------------------------------------------------------------------------------------


def create_group(facility_id: int, data: GroupData, *, author: Author, now: datetime) -> int:
    """Add a group of children and return its id (R11). Raises Refused `name_taken`, `ages_order`,
    NotFound."""
    _check_ages(data)
    with write_transaction() as session:
        records.get(session, Facility, facility_id)
        row = ChildGroup(facility_id=facility_id, **asdict(data))
        return records.add(session, row, author=author, now=now, taken=_GROUP_TAKEN)


def update_group(group_id: int, data: GroupData, *, author: Author, now: datetime) -> None:
    """Change what is typed of a group; children stay where they are. Raises as `create_group`."""
    _check_ages(data)
    with write_transaction() as session:
        row = records.get(session, ChildGroup, group_id)
        records.change(session, row, asdict(data), author=author, now=now, taken=_GROUP_TAKEN)


def _check_ages(data: GroupData) -> None:
    if data.first_age is not None and data.last_age is not None and data.last_age < data.first_age:
        raise Refused("ages_order", "Indiquez un âge maximal au moins égal à l’âge minimal.")


# --- Booking periods ----------------------------------------------------------------------------


def create_period(facility_id: int, data: PeriodData, *, author: Author, now: datetime) -> int:
    """Add a booking period and return its id. Raises Refused `days_order`, `window_order` or
    `closing_missing`, NotFound."""
    _check_order(data)
    with write_transaction() as session:
        records.get(session, Facility, facility_id)
        return records.add(
            session, BookingPeriod(facility_id=facility_id, **asdict(data)), author=author, now=now
        )


def update_period(period_id: int, data: PeriodData, *, author: Author, now: datetime) -> None:
    """Change a period. Raises Refused `days_order`, `window_order`, `closing_missing`, `openings_outside`,
    `mode_fixed` when families have asked for days by the other mode, `allotting` once its places are given;
    NotFound.
    """
    _check_order(data)
    with write_transaction() as session:
        row = records.get(session, BookingPeriod, period_id)
        _refuse_openings_outside(session, period_id, data)
        _refuse_another_mode(session, row, data)
        records.change(session, row, asdict(data), author=author, now=now)


def delete_period(period_id: int, *, author: Author, now: datetime) -> None:
    """Remove a period without openings. Raises Refused `has_openings`, `allotted`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, BookingPeriod, period_id)
        if session.scalar(select(Allotment.id).where(Allotment.period_id == period_id).limit(1)):
            raise Refused(
                "allotted",
                "Les places de cette période ont été attribuées\u00a0: gardez-la, "
                "les familles y lisent leur réponse.",
            )
        count = session.scalar(select(func.count()).where(Opening.period_id == period_id))
        if count:
            raise Refused(
                "has_openings",
                f"Cette période contient {plural(count, 'jour d’ouverture', 'jours d’ouverture')}\u00a0: "
                "retirez d’abord ces ouvertures, ou gardez la période.",
            )
        records.remove(session, row, author=author, now=now)


def _check_order(data: PeriodData) -> None:
    if data.last_day < data.first_day:
        raise Refused(
            "days_order",
            "Le dernier jour est avant le premier\u00a0: choisissez un dernier jour plus tardif.",
        )
    if data.closes_at is not None and data.closes_at <= data.opens_at:
        raise Refused(
            "window_order",
            "La fin des réservations est avant leur ouverture\u00a0: choisissez un moment plus tardif.",
        )
    if data.places_mode is PlacesMode.ALLOTMENT and data.closes_at is None:
        raise Refused(
            "closing_missing",
            "Les vœux ont une fin\u00a0: indiquez le jour à partir duquel les places sont attribuées.",
        )


def _refuse_another_mode(session: Session, row: BookingPeriod, data: PeriodData) -> None:
    window = (row.places_mode, row.opens_at, row.closes_at)
    if (data.places_mode, data.opens_at, data.closes_at) != window and session.scalar(
        select(exists().where(Allotment.period_id == row.id))
    ):
        raise Refused(
            "allotting",
            "Les places de cette période sont attribuées\u00a0: ses dates de réservation ne changent plus.",
        )
    asked = exists().where(
        Booking.opening_id == Opening.id, Opening.period_id == row.id, Booking.state.in_(ACTIVE_STATES)
    )
    if data.places_mode is not row.places_mode and session.scalar(select(asked)):
        raise Refused(
            "mode_fixed",
            "Des familles ont déjà demandé des jours de cette période\u00a0: gardez la même façon de donner "
            "les places.",
        )


def _refuse_openings_outside(session: Session, period_id: int, data: PeriodData) -> None:
    first, last = session.execute(
        select(func.min(Opening.day), func.max(Opening.day)).where(Opening.period_id == period_id)
    ).one()
    if first is not None and (first < data.first_day or data.last_day < last):
        raise Refused(
            "openings_outside",
            f"Cette période a des ouvertures du {format_day(first, year=True)} au "
            f"{format_day(last, year=True)}\u00a0: gardez ces jours dans la période, ou retirez d’abord "
            "les ouvertures.",
        )
