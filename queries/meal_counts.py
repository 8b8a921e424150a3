"""The meals of a kitchen (R32, S117): of the bookings as they are, and as each step of production had them.

A meal is an expected booking whose presence holds the part « repas » of the day, of a child whose family did
not say that it stays away. The diet is the accepted one. Whoever came without being expected eats too: these
meals are counted apart (`Meals.unexpected`), because no step of production knew of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
    union_all,
)

from domain.capacity import DayPart
from domain.enums import AttendanceMark
from domain.errors import NotFound
from domain.french import format_clock
from domain.meal_counts import (
    LATE,
    Counts,
    Portion,
    by_diet,
    difference_words,
    step_moment,
    step_words,
    together,
)
from domain.people import fold
from domain.workflow import EXPECTED_STATES
from models import (
    Absence,
    Activity,
    Attendance,
    Booking,
    Child,
    ChildGroup,
    Enrolment,
    Facility,
    Kitchen,
    MealCount,
    MealCountLine,
    Opening,
    PresenceType,
    ProductionStep,
    SchoolClass,
    Schooling,
)
from queries.day_sheets import ORDINARY
from queries.reading import among, read

Scope = Collection[int] | None

# --- Kitchens ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """A step of production; `minute` of the clock of Paris."""

    step_id: int
    kitchen_id: int
    name: str
    days_before: int
    minute: int
    is_active: bool

    @property
    def words(self) -> str:
        return step_words(self.days_before, format_clock(*divmod(self.minute, 60)))


@dataclass(frozen=True, slots=True)
class ServedActivity:
    """An activity of which a kitchen cooks the meals."""

    activity_id: int
    activity: str
    facility_id: int
    facility: str


@dataclass(frozen=True, slots=True)
class KitchenSheet:
    """A kitchen as an agent sees it: of a scoped agent, only the activities of its own structures.
    `serves_others`: it also cooks for structures out of sight."""

    kitchen_id: int
    name: str
    position: int
    is_active: bool
    activities: tuple[ServedActivity, ...]
    steps: tuple[Step, ...]
    serves_others: bool

    @property
    def facilities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.facility for one in self.activities))


_KITCHENS = select(Kitchen.id, Kitchen.name, Kitchen.position, Kitchen.is_active).order_by(
    Kitchen.is_active.desc(), Kitchen.position, Kitchen.name
)
_SERVED = (
    select(
        Activity.kitchen_id,
        Activity.id,
        Activity.name,
        Facility.id.label("facility_id"),
        Facility.name.label("facility"),
    )
    .join(Facility, Facility.id == Activity.facility_id)
    .where(Activity.kitchen_id.is_not(None))
    .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
)
_STEPS = select(
    ProductionStep.id,
    ProductionStep.kitchen_id,
    ProductionStep.name,
    ProductionStep.days_before,
    ProductionStep.minute,
    ProductionStep.is_active,
).order_by(ProductionStep.days_before.desc(), ProductionStep.minute)


def kitchens(scope: Scope) -> tuple[KitchenSheet, ...]:
    """The kitchens in their order, those of former days last; of a scoped agent, those that cook for its
    structures. Three statements."""
    served: dict[int, list[Any]] = defaultdict(list)
    for row in read(_SERVED, {}):
        served[row.kitchen_id].append(row)
    steps: dict[int, list[Step]] = defaultdict(list)
    for row in read(_STEPS, {}):
        steps[row.kitchen_id].append(Step(*row))
    found = []
    for row in read(_KITCHENS, {}):
        seen = [one for one in served[row.id] if scope is None or one.facility_id in scope]
        if seen or scope is None:
            activities = tuple(ServedActivity(*one[1:]) for one in seen)
            others = len(seen) < len(served[row.id])
            found.append(KitchenSheet(*row, activities, tuple(steps[row.id]), others))
    return tuple(found)


def kitchen(kitchen_id: int, scope: Scope) -> KitchenSheet:
    """One kitchen. Three statements. Raises NotFound: unknown, or out of sight."""
    for one in kitchens(scope):
        if one.kitchen_id == kitchen_id:
            return one
    raise NotFound


@dataclass(frozen=True, slots=True)
class Cookable:
    """An activity that a kitchen may serve, with the one that does; empty for nobody."""

    activity_id: int
    activity: str
    facility: str
    kitchen_id: int | None
    kitchen: str


_COOKABLE = (
    select(Activity.id, Activity.name, Facility.name, Kitchen.id, func.coalesce(Kitchen.name, ""))
    .join(Facility, Facility.id == Activity.facility_id)
    .outerjoin(Kitchen, Kitchen.id == Activity.kitchen_id)
    .where(or_(Activity.is_active, Kitchen.id.is_not(None)))
    .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
)


def cookable() -> tuple[Cookable, ...]:
    """Every activity in its order. One statement."""
    return tuple(Cookable(*row) for row in read(_COOKABLE, {}))


def step(step_id: int) -> Step:
    """One statement. Raises NotFound."""
    row = read(_STEPS.where(ProductionStep.id == bindparam("step_id")), {"step_id": step_id}).one_or_none()
    if row is None:
        raise NotFound
    return Step(*row)


# --- What the bookings say --------------------------------------------------------------------------------

_IS_MEAL = PresenceType.parts.bitwise_and(int(DayPart.MEAL)) != 0
_STAYS_AWAY = exists().where(Absence.booking_id == Booking.id).correlate(Booking)
_FIRST_MONTH = 9  # of a school year
Source = type[Booking] | type[Attendance]


def _class_name(of: Source) -> ColumnElement[str]:
    """The group of the enrolment in the whole structure comes before that of one activity; then the class."""
    group = (
        select(func.coalesce(ChildGroup.name, Enrolment.group_name))
        .select_from(Enrolment)
        .outerjoin(ChildGroup, ChildGroup.id == Enrolment.group_id)
        .where(
            Enrolment.child_id == of.child_id,
            Enrolment.facility_id == Activity.facility_id,
            Enrolment.first_day <= of.day,
            Enrolment.last_day >= of.day,
        )
        .order_by(Enrolment.activity_id.is_(None).desc(), Enrolment.id.desc())
        .limit(1)
        .correlate(of, Activity)
        .scalar_subquery()
    )
    year = cast(extract("year", of.day), Integer) - case(
        (extract("month", of.day) < _FIRST_MONTH, literal(1)), else_=literal(0)
    )
    room = (
        select(SchoolClass.name)
        .join(Schooling, Schooling.class_id == SchoolClass.id)
        .where(Schooling.child_id == of.child_id, Schooling.school_year == year)
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )
    return func.coalesce(func.nullif(group, ""), room, "")


def _counted(of: Source, *is_one: ColumnElement[bool]) -> Select:
    """How many rows of the table are meals, by day and portion."""
    meals = (
        select(of.day, of.activity_id, _class_name(of).label("class_name"), Child.diet)
        .join(Activity, Activity.id == of.activity_id)
        .join(PresenceType, PresenceType.id == of.presence_type_id)
        .join(Child, Child.id == of.child_id)
        .where(
            among(of.activity_id, "activities"),
            of.day.between(bindparam("first"), bindparam("last")),
            _IS_MEAL,
            *is_one,
        )
        .subquery()
    )
    by = (meals.c.day, meals.c.activity_id, meals.c.class_name, meals.c.diet)
    return select(*by, func.count()).group_by(*by)


_IS_EXPECTED = exists().where(
    Booking.opening_id == Attendance.opening_id,
    Booking.child_id == Attendance.child_id,
    Booking.state.in_(EXPECTED_STATES),
    ~_STAYS_AWAY,
)
_COUNTED = _counted(Booking, Booking.state.in_(EXPECTED_STATES), ~_STAYS_AWAY)
_UNEXPECTED = _counted(
    Attendance,
    Attendance.booking_id.is_(None),
    Attendance.mark == AttendanceMark.PRESENT,
    ~_IS_EXPECTED.correlate(Attendance),
)


_NOW = union_all(
    _COUNTED.add_columns(literal(False).label("unexpected")),
    _UNEXPECTED.add_columns(literal(True).label("unexpected")),
)


class Meals(NamedTuple):
    """The meals of a day as things are: those of the bookings, those of the children whom nobody expected."""

    booked: Counts
    unexpected: Counts

    def of(self, activity_id: int) -> "Meals":
        return Meals(_of(self.booked, activity_id), _of(self.unexpected, activity_id))

    @property
    def every(self) -> Counts:
        return together(self.booked, self.unexpected)

    def since(self, before: Counts) -> str:
        return difference_words(before, self.booked, self.unexpected)


def _of(counts: Counts, activity_id: int) -> dict[Portion, int]:
    return {portion: meals for portion, meals in counts.items() if portion.activity_id == activity_id}


def counted(activity_ids: Collection[int], first: date, last: date) -> dict[date, Counts]:
    """The meals booked between two days, both included, for the days that have some. One statement."""
    found: dict[date, dict[Portion, int]] = defaultdict(dict)
    params = {"activities": list(activity_ids), "first": first, "last": last}
    for day, activity_id, class_name, diet, meals in read(_COUNTED, params):
        found[day][Portion(activity_id, class_name, diet)] = meals
    return dict(found)


def eaten(activity_ids: Collection[int], first: date, last: date) -> dict[date, Meals]:
    """The meals of the bookings, and those of the children whom the team marked present though nobody
    expected them, for the days that have some. One statement."""
    found: dict[date, Meals] = defaultdict(lambda: Meals({}, {}))
    params = {"activities": list(activity_ids), "first": first, "last": last}
    for day, activity_id, class_name, diet, meals, unexpected in read(_NOW, params):
        found[day][bool(unexpected)][Portion(activity_id, class_name, diet)] = meals
    return dict(found)


_OPEN = (
    select(Opening.day)
    .where(
        among(Opening.activity_id, "activities"), Opening.day.between(bindparam("first"), bindparam("last"))
    )
    .distinct()
    .order_by(Opening.day)
)


def open_days(activity_ids: Collection[int], first: date, last: date) -> tuple[date, ...]:
    """The days on which one of these activities takes place, closed ones included. One statement."""
    params = {"activities": list(activity_ids), "first": first, "last": last}
    return tuple(read(_OPEN, params).scalars())


_STEPS_TAKEN = select(MealCount.step_id, MealCount.day).where(
    MealCount.kitchen_id == bindparam("kitchen_id"),
    MealCount.day.between(bindparam("first"), bindparam("last")),
)


def taken_steps(kitchen_id: int, first: date, last: date) -> frozenset[tuple[int, date]]:
    """(step, day) of the counts that were taken. One statement."""
    params = {"kitchen_id": kitchen_id, "first": first, "last": last}
    return frozenset((step_id, day) for step_id, day in read(_STEPS_TAKEN, params))


# --- What a kitchen reads ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClassRow:
    """The meals of a class, by the diets of its site in their order."""

    name: str
    meals: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Site:
    """An activity of a structure on a day; `since` says what changed since the count that is shown, or
    since the last one; `unexpected` of its meals are of children whom nobody expected."""

    served: ServedActivity
    diets: tuple[str, ...]
    rows: tuple[ClassRow, ...]
    totals: tuple[int, ...]
    total: int
    unexpected: int
    since: str

    @property
    def heads(self) -> tuple[tuple[str, str], ...]:
        """The heads of its table, with their looks."""
        diets = [(diet or ORDINARY, "num") for diet in self.diets]
        return ("Classe", ""), *diets, ("Total", "num")


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of a day. `taken_at` is None while it was not taken, `is_late` when the portal took it after its
    hour; `meals` then and `since` are of the activities in sight."""

    step_id: int
    name: str
    moment: datetime | None
    taken_at: datetime | None
    is_late: bool
    meals: int
    since: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class KitchenDay:
    """The count of a day by site, and what each step had; `is_open`: an activity takes place. `shown`: the
    step whose count it is, None for the meals of now, of which `unexpected` are of children whom nobody
    expected."""

    day: date
    is_open: bool
    total: int
    unexpected: int
    diets: tuple[tuple[str, int], ...]
    sites: tuple[Site, ...]
    steps: tuple[Taken, ...]
    shown: Taken | None

    @property
    def last(self) -> Taken | None:
        """The last count that was taken."""
        taken = [one for one in self.steps if one.taken_at]
        return max(taken, key=lambda one: one.taken_at) if taken else None


_TAKEN = (
    select(
        MealCount.id,
        MealCount.day,
        MealCount.step_id,
        MealCount.step_name,
        MealCount.taken_at,
        MealCountLine.activity_id,
        MealCountLine.class_name,
        MealCountLine.diet,
        MealCountLine.meals,
    )
    .outerjoin(MealCountLine, MealCountLine.count_id == MealCount.id)
    .where(
        MealCount.kitchen_id == bindparam("kitchen_id"),
        MealCount.day.between(bindparam("first"), bindparam("last")),
    )
    .order_by(MealCount.taken_at, MealCount.id)
)


@dataclass(slots=True)
class _Frozen:
    step_id: int
    step_name: str
    taken_at: datetime
    counts: dict[Portion, int]


def kitchen_days(
    sheet: KitchenSheet, days: Sequence[date], now: datetime, step_id: int | None = None
) -> tuple[KitchenDay, ...]:
    """What a kitchen cooks on days in their order, for the activities of `sheet`; `step_id` shows the count
    that a step took, where it took one. Three statements."""
    served = {one.activity_id: one for one in sheet.activities}
    span = (days[0], days[-1])
    eaten_on, opened = eaten(served, *span), set(open_days(served, *span))
    frozen: dict[date, dict[int, _Frozen]] = defaultdict(dict)
    params = {"kitchen_id": sheet.kitchen_id, "first": days[0], "last": days[-1]}
    for row in read(_TAKEN, params):
        one = frozen[row.day].setdefault(row.id, _Frozen(row.step_id, row.step_name, row.taken_at, {}))
        if row.activity_id in served:
            one.counts[Portion(row.activity_id, row.class_name, row.diet)] = row.meals
    found = []
    for day in days:
        taken = tuple(frozen[day].values())
        meals = eaten_on.get(day, Meals({}, {}))
        steps = tuple(_steps(sheet.steps, day, meals, taken, now))
        found.append(_day(sheet, day, day in opened, meals, taken, steps, step_id))
    return tuple(found)


def _day(
    sheet: KitchenSheet,
    day: date,
    is_open: bool,
    meals: Meals,
    taken: Sequence[_Frozen],
    steps: Sequence[Taken],
    step_id: int | None,
) -> KitchenDay:
    asked = next((one for one in taken if one.step_id == step_id), None)
    since = asked or (taken[-1] if taken else None)
    diets = by_diet(asked.counts if asked else meals.every)
    return KitchenDay(
        day,
        is_open or bool(meals.every),
        sum(diets.values()),
        0 if asked else sum(meals.unexpected.values()),
        tuple(diets.items()),
        tuple(_sites(sheet.activities, meals, since, asked)),
        tuple(steps) if is_open or taken else (),
        next((one for one in steps if asked and one.step_id == step_id), None),
    )


def _sites(
    served: Iterable[ServedActivity], meals: Meals, since: _Frozen | None, asked: _Frozen | None
) -> Iterable[Site]:
    """The sites with meals now or then; their tables are those of `asked`, or of now."""
    for one in served:
        now = meals.of(one.activity_id)
        before = _of(since.counts, one.activity_id) if since else {}
        if not now.every and not before:
            continue
        mine = before if asked else now.every
        diets = tuple(by_diet(mine))
        names = sorted({portion.class_name for portion in mine}, key=lambda name: (not name, fold(name)))
        rows = tuple(_class_row(one.activity_id, name, diets, mine) for name in names)
        totals = tuple(sum(row.meals[place] for row in rows) for place in range(len(diets)))
        came = 0 if asked else sum(now.unexpected.values())
        yield Site(one, diets, rows, totals, sum(totals), came, now.since(before) if since else "")


def _class_row(activity_id: int, name: str, diets: Sequence[str], counts: Counts) -> ClassRow:
    meals = tuple(counts.get(Portion(activity_id, name, diet), 0) for diet in diets)
    return ClassRow(name, meals, sum(meals))


def _steps(
    steps: Sequence[Step], day: date, meals: Meals, taken: Sequence[_Frozen], now: datetime
) -> Iterable[Taken]:
    """The steps in their order, those of former days that were taken first."""
    known: Mapping[int, Step] = {one.step_id: one for one in steps}
    of_step = {one.step_id: one for one in taken}
    for one in taken:
        if not known[one.step_id].is_active:
            yield _taken(known[one.step_id], None, one, meals, now)
    for one in steps:
        if one.is_active:
            moment = step_moment(day, one.days_before, one.minute)
            yield _taken(one, moment, of_step.get(one.step_id), meals, now)


def _taken(step: Step, moment: datetime | None, found: _Frozen | None, meals: Meals, now: datetime) -> Taken:
    if found is None:
        is_due = moment is not None and moment <= now
        return Taken(step.step_id, step.name, moment, None, False, 0, "", is_due)
    late = moment is not None and found.taken_at - moment > LATE
    return Taken(
        step.step_id,
        found.step_name,
        moment,
        found.taken_at,
        late,
        sum(found.counts.values()),
        meals.since(found.counts),
        True,
    )
