"""Structures, activities, presence types and periods as staff see them (S107)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from domain.clock_time import ClockTime
from domain.enums import ActivityKind, FacilityKind, LineAction, PlacesMode, ValidationMode
from domain.errors import NotFound
from domain.french import span_words
from extensions import db
from models import Activity, BookingPeriod, ChildGroup, Facility, Opening, PresenceType
from queries import rulebooks


@dataclass(frozen=True, slots=True)
class FacilityRow:
    """A line of the list; `incomplete` counts the activities that families cannot book yet."""

    id: int
    name: str
    kind: FacilityKind
    validation_mode: ValidationMode
    is_active: bool
    activities: tuple[str, ...]
    incomplete: int


@dataclass(frozen=True, slots=True)
class PeriodRow:
    id: int
    name: str
    first_day: date
    last_day: date
    opens_at: datetime
    closes_at: datetime | None
    openings: int
    places_mode: PlacesMode
    allotted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """`missing` says in French what an activity still lacks before families can book it."""

    id: int
    name: str
    kind: ActivityKind
    is_active: bool
    openings: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FacilitySheet:
    id: int
    name: str
    kind: FacilityKind
    address: str
    phone: str
    email: str
    opening_hours: str
    validation_mode: ValidationMode
    position: int
    is_active: bool
    activities: tuple[ActivityRow, ...]
    periods: tuple[PeriodRow, ...]
    groups: tuple["GroupRow", ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of children of a facility; ages in completed years, both included."""

    id: int
    facility_id: int
    name: str
    first_age: int | None
    last_age: int | None
    children_per_adult: int | None
    position: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class PresenceTypeRow:
    id: int
    activity_id: int
    name: str
    short_name: str
    parts: int
    rule_name: str
    position: int
    is_active: bool
    hours: str


@dataclass(frozen=True, slots=True)
class ActivitySheet:
    id: int
    facility_id: int
    facility_name: str
    name: str
    kind: ActivityKind
    has_waiting_list: bool
    waiting_places: int | None
    offer_hours: int
    last_places_threshold: int
    position: int
    is_active: bool
    regie_id: int | None
    is_care: bool
    product_code: str
    children_per_adult: int | None
    is_declared: bool
    presence_types: tuple[PresenceTypeRow, ...]
    openings: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PresenceTypeSheet:
    """A presence type with where it belongs; `rule_name` is its formula in the règlement."""

    id: int
    name: str
    short_name: str
    parts: int
    rule_name: str
    position: int
    is_active: bool
    activity_id: int
    activity_name: str
    facility_name: str
    starts_minute: int | None
    ends_minute: int | None

    @property
    def starts_at(self) -> str:
        """« 08:30 », empty until the service gives it."""
        return "" if self.starts_minute is None else str(ClockTime(self.starts_minute))

    @property
    def ends_at(self) -> str:
        return "" if self.ends_minute is None else str(ClockTime(self.ends_minute))


@dataclass(frozen=True, slots=True)
class PeriodSheet:
    id: int
    facility_id: int
    facility_name: str
    name: str
    first_day: date
    last_day: date
    opens_at: datetime
    closes_at: datetime | None
    places_mode: PlacesMode


def facilities() -> tuple[FacilityRow, ...]:
    """Every facility in its order, the inactive ones last."""
    missing = _missing()
    activities = defaultdict(list)
    for row in db.session.execute(
        select(Activity.id, Activity.facility_id, Activity.name)
        .where(Activity.is_active)
        .order_by(Activity.position, Activity.id)
    ):
        activities[row.facility_id].append((row.name, bool(missing.get(row.id))))
    rows = db.session.scalars(
        select(Facility).order_by(Facility.is_active.desc(), Facility.position, Facility.name)
    )
    return tuple(
        FacilityRow(
            row.id,
            row.name,
            row.kind,
            row.validation_mode,
            row.is_active,
            tuple(name for name, _ in activities[row.id]),
            sum(lacks for _, lacks in activities[row.id]),
        )
        for row in rows
    )


def facility(facility_id: int) -> FacilitySheet:
    """A facility with its activities and periods. Raises NotFound."""
    row = db.session.get(Facility, facility_id)
    if row is None:
        raise NotFound
    return FacilitySheet(
        row.id,
        row.name,
        row.kind,
        row.address,
        row.phone,
        row.email,
        row.opening_hours,
        row.validation_mode,
        row.position,
        row.is_active,
        _activities(facility_id),
        periods(facility_id),
        groups(facility_id),
    )


_GROUP = select(
    ChildGroup.id,
    ChildGroup.facility_id,
    ChildGroup.name,
    ChildGroup.first_age,
    ChildGroup.last_age,
    ChildGroup.children_per_adult,
    ChildGroup.position,
    ChildGroup.is_active,
)


def groups(facility_id: int) -> tuple[GroupRow, ...]:
    """The groups of a facility in their order, those of former days last (R11)."""
    rows = db.session.execute(
        _GROUP.where(ChildGroup.facility_id == facility_id).order_by(
            ChildGroup.is_active.desc(), ChildGroup.position, ChildGroup.name
        )
    )
    return tuple(GroupRow(*row) for row in rows)


def group(group_id: int) -> GroupRow:
    """Raises NotFound."""
    row = db.session.execute(_GROUP.where(ChildGroup.id == group_id)).one_or_none()
    if row is None:
        raise NotFound
    return GroupRow(*row)


def _activities(facility_id: int) -> tuple[ActivityRow, ...]:
    missing, counts = _missing(), _opening_counts()
    rows = db.session.scalars(
        select(Activity)
        .where(Activity.facility_id == facility_id)
        .order_by(Activity.is_active.desc(), Activity.position, Activity.id)
    )
    return tuple(
        ActivityRow(row.id, row.name, row.kind, row.is_active, counts.get(row.id, 0), missing[row.id])
        for row in rows
    )


def periods(facility_id: int) -> tuple[PeriodRow, ...]:
    """The booking periods of a facility, the latest first."""
    rows = db.session.execute(
        select(BookingPeriod, func.count(Opening.id).label("openings"))
        .outerjoin(Opening, Opening.period_id == BookingPeriod.id)
        .where(BookingPeriod.facility_id == facility_id)
        .group_by(BookingPeriod.id)
        .order_by(BookingPeriod.first_day.desc(), BookingPeriod.id)
    )
    return tuple(
        PeriodRow(
            row.id,
            row.name,
            row.first_day,
            row.last_day,
            row.opens_at,
            row.closes_at,
            int(openings),
            row.places_mode,
            row.allotted_at,
        )
        for row, openings in rows
    )


def activity(activity_id: int) -> ActivitySheet:
    """An activity with its presence types. Raises NotFound."""
    found = db.session.execute(
        select(Activity, Facility.name.label("facility_name"))
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Activity.id == activity_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    row, facility_name = found
    return ActivitySheet(
        row.id,
        row.facility_id,
        facility_name,
        row.name,
        row.kind,
        row.has_waiting_list,
        row.waiting_places,
        row.offer_hours,
        row.last_places_threshold,
        row.position,
        row.is_active,
        row.regie_id,
        row.is_care,
        row.product_code,
        row.children_per_adult,
        row.is_declared,
        _presence_types(activity_id),
        _opening_counts().get(activity_id, 0),
        _missing()[activity_id],
    )


def _presence_types(activity_id: int) -> tuple[PresenceTypeRow, ...]:
    rows = db.session.scalars(
        select(PresenceType)
        .where(PresenceType.activity_id == activity_id)
        .order_by(PresenceType.is_active.desc(), PresenceType.position, PresenceType.id)
    )
    return tuple(
        PresenceTypeRow(
            row.id,
            row.activity_id,
            row.name,
            row.short_name,
            row.parts,
            row.rule_name,
            row.position,
            row.is_active,
            span_words(row.starts_minute, row.ends_minute),
        )
        for row in rows
    )


def presence_type(presence_type_id: int) -> PresenceTypeSheet:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            PresenceType.id,
            PresenceType.name,
            PresenceType.short_name,
            PresenceType.parts,
            PresenceType.rule_name,
            PresenceType.position,
            PresenceType.is_active,
            PresenceType.activity_id,
            Activity.name.label("activity_name"),
            Facility.name.label("facility_name"),
            PresenceType.starts_minute,
            PresenceType.ends_minute,
        )
        .join(Activity, Activity.id == PresenceType.activity_id)
        .join(Facility, Facility.id == Activity.facility_id)
        .where(PresenceType.id == presence_type_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return PresenceTypeSheet(*row)


def period(period_id: int) -> PeriodSheet:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            BookingPeriod.id,
            BookingPeriod.facility_id,
            Facility.name.label("facility_name"),
            BookingPeriod.name,
            BookingPeriod.first_day,
            BookingPeriod.last_day,
            BookingPeriod.opens_at,
            BookingPeriod.closes_at,
            BookingPeriod.places_mode,
        )
        .join(Facility, Facility.id == BookingPeriod.facility_id)
        .where(BookingPeriod.id == period_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return PeriodSheet(*row)


# --- What an activity lacks ---------------------------------------------------------------------


def _missing() -> Mapping[int, tuple[str, ...]]:
    """By activity, what families would stumble upon: no presence type, no price, no rule, no opening."""
    written, counts = rulebooks.ruled(), _opening_counts()
    presences: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in db.session.execute(
        select(PresenceType.activity_id, PresenceType.name, PresenceType.rule_name)
        .where(PresenceType.is_active)
        .order_by(PresenceType.id)
    ):
        presences[row.activity_id].append((row.name, row.rule_name))
    return {
        row.id: tuple(
            _lacks(
                presences[row.id],
                written.get(row.rule_name, rulebooks.NOTHING_WRITTEN),
                counts.get(row.id, 0),
            )
        )
        for row in db.session.execute(select(Activity.id, Activity.rule_name))
    }


def _lacks(presences: list[tuple[str, str]], rules: rulebooks.Ruled, openings: int) -> list[str]:
    found = [] if presences else ["un type de présence"]
    found += [f"le tarif de «\u00a0{name}\u00a0»" for name, formula in presences if not rules.prices(formula)]
    if LineAction.BOOK not in rules.actions:
        found.append("le délai de réservation")
    if LineAction.CANCEL not in rules.actions:
        found.append("le délai d’annulation")
    if not openings:
        found.append("des jours d’ouverture")
    return found


def _opening_counts() -> Mapping[int, int]:
    rows = db.session.execute(select(Opening.activity_id, func.count()).group_by(Opening.activity_id))
    return dict(rows.all())
