"""Where the children of two households live, as staff and parents read it (R02)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Integer, String, bindparam, cast, exists, literal, null, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from domain import calendar as days
from domain.custody import Calendar, Custody, Exceptional, Stay
from domain.enums import CustodySplit
from extensions import db
from models import (
    Child,
    CustodyCalendar,
    CustodyException,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    SchoolHoliday,
)
from queries import town
from queries.reading import fingerprint_of, read

PREVIEW_WEEKS = 8
_CHILD = CustodyCalendar.child_id == bindparam("child_id")
_CALENDARS = (
    select(
        CustodyCalendar.valid_from,
        CustodyCalendar.valid_to,
        CustodyCalendar.even_household_id,
        CustodyCalendar.odd_household_id,
        CustodyCalendar.handover_weekday,
        CustodyCalendar.holiday_split,
        CustodyCalendar.summer_split,
    )
    .where(_CHILD)
    .order_by(CustodyCalendar.valid_from)
)
_EXCEPTIONS = (
    select(
        CustodyException.household_id,
        CustodyException.first_day,
        CustodyException.last_day,
        CustodyException.reason,
        CustodyException.id,
    )
    .where(CustodyException.child_id == bindparam("child_id"))
    .order_by(CustodyException.first_day)
)
_HOLIDAYS = select(SchoolHoliday.first_day, SchoolHoliday.last_day, SchoolHoliday.label).where(
    SchoolHoliday.zone == bindparam("zone"),
    SchoolHoliday.first_day <= bindparam("last"),
    SchoolHoliday.last_day >= bindparam("first"),
)
_HOMES = (
    select(Household.id, Household.name, Household.number)
    .join(HouseholdChild, HouseholdChild.household_id == Household.id)
    .where(HouseholdChild.child_id == bindparam("child_id"))
    .order_by(Household.number)
)
_ADULTS = (
    select(HouseholdGuardian.household_id, Guardian.first_name)
    .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
    .where(HouseholdGuardian.household_id.in_(bindparam("households", expanding=True)))
    .order_by(HouseholdGuardian.position, Guardian.id)
)


def custody(child_id: int, first: date, last: date) -> Custody:
    """What decides where the child lives between two days, both included. Four statements."""
    child = {"child_id": child_id}
    holidays = {"zone": town.settings().school_zone, "first": first, "last": last}
    return Custody(
        tuple(Calendar(*row) for row in db.session.execute(_CALENDARS, child)),
        tuple(Exceptional(*row[:4]) for row in db.session.execute(_EXCEPTIONS, child)),
        tuple(days.SchoolHoliday(*row) for row in db.session.execute(_HOLIDAYS, holidays)),
    )


def household_on(child_id: int, wanted: Collection[date]) -> dict[date, int | None]:
    """The household in which the child lives on each of these days; None where nothing says it, as for a
    child of a single household. Four statements, none for no day."""
    if not wanted:
        return {}
    known = custody(child_id, min(wanted), max(wanted))
    homes = {day: known.home(day) for day in wanted}
    return {day: home and home.household_id for day, home in homes.items()}


# --- For bookings: several children at once, nothing for those of a single household ------------------------


def has_custody(child_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether something may say in which of its households this child lives on a day."""
    return or_(
        exists().where(CustodyCalendar.child_id == child_id).correlate_except(CustodyCalendar),
        exists().where(CustodyException.child_id == child_id).correlate_except(CustodyException),
    )


_CHILDREN = bindparam("children", expanding=True)
_NO_NUMBER = cast(null(), Integer)
_LIVING = union_all(
    select(
        literal(True),
        CustodyCalendar.child_id,
        Child.first_name,
        CustodyCalendar.valid_from,
        CustodyCalendar.valid_to,
        CustodyCalendar.even_household_id,
        CustodyCalendar.odd_household_id,
        CustodyCalendar.handover_weekday,
        cast(CustodyCalendar.holiday_split, String),
        cast(CustodyCalendar.summer_split, String),
    )
    .join(Child, Child.id == CustodyCalendar.child_id)
    .where(CustodyCalendar.child_id.in_(_CHILDREN)),
    select(
        literal(False),
        CustodyException.child_id,
        Child.first_name,
        CustodyException.first_day,
        CustodyException.last_day,
        CustodyException.household_id,
        _NO_NUMBER,
        _NO_NUMBER,
        cast(null(), String),
        cast(null(), String),
    )
    .join(Child, Child.id == CustodyException.child_id)
    .where(CustodyException.child_id.in_(_CHILDREN)),
)


@dataclass(frozen=True, slots=True)
class Homes:
    """Where some children of two households live; the others have no entry."""

    custody: Mapping[int, Custody]
    first_names: Mapping[int, str]

    def household(self, child_id: int, day: date) -> int | None:
        """The household of the child on a day; None where nothing says it: both may book."""
        known = self.custody.get(child_id)
        home = known and known.home(day)
        return home.household_id if home else None

    def is_elsewhere(self, child_id: int, day: date, household_ids: Collection[int]) -> bool:
        """True when the child lives that day in a household that is none of these."""
        home = self.household(child_id, day)
        return home is not None and home not in household_ids

    def sentence(self, child_id: int) -> str:
        """Why a household cannot book a day that is the other one's (R02)."""
        return f"Ce jour-là, {self.first_names[child_id]} est chez son autre foyer."


NO_HOMES = Homes({}, {})


def homes(child_ids: Collection[int], holidays: Sequence[days.SchoolHoliday]) -> Homes:
    """Where these children live. `holidays` are those of the town around the days that will be asked about.
    One statement, none for no child."""
    if not child_ids:
        return NO_HOMES
    names: dict[int, str] = {}
    calendars: dict[int, list[Calendar]] = {}
    exceptions: dict[int, list[Exceptional]] = {}
    for is_calendar, child_id, name, first, last, home, *rest in read(
        _LIVING, {"children": sorted(child_ids)}
    ):
        names[child_id] = name
        if is_calendar:
            odd, weekday, *splits = rest
            split, summer = map(CustodySplit, splits)
            one = Calendar(first, last, home, odd, weekday, split, summer)
            calendars.setdefault(child_id, []).append(one)
        else:
            exceptions.setdefault(child_id, []).append(Exceptional(home, first, last))
    known = {
        child_id: Custody(calendars.get(child_id, ()), exceptions.get(child_id, ()), holidays)
        for child_id in names
    }
    return Homes(known, names)


def fingerprint(child_id: int) -> str:
    """What an agent had on screen of the calendars, in short."""
    rows = db.session.execute(_CALENDARS, {"child_id": child_id}).all()
    return fingerprint_of(rows)


# --- For the service ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Home:
    """A household of the child; `place` (1 or 2) is its colour and its letter in the preview."""

    household_id: int
    name: str
    number: int
    adults: tuple[str, ...]
    place: int

    @property
    def letter(self) -> str:
        return "AB"[self.place - 1]

    @property
    def words(self) -> str:
        """« SOLIGNAC (Claire et Paul) »: the adults tell two households of one name apart."""
        return f"{self.name} ({', '.join(self.adults)})" if self.adults else self.name


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    exception_id: int
    home: str
    first_day: date
    last_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """A calendar in words; `is_current` today."""

    valid_from: date
    valid_to: date | None
    even: str
    odd: str
    handover_weekday: int
    holiday_split: CustodySplit
    summer_split: CustodySplit
    is_current: bool


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """A day of the preview: the household, None where nothing says it, and why."""

    day: date
    home: Home | None
    why: str


@dataclass(frozen=True, slots=True)
class CustodyPage:
    """The newest calendar first. `weeks` go from Monday to Sunday; `stays` say the same days in words."""

    homes: tuple[Home, ...]
    calendars: tuple[CalendarLine, ...]
    newest: Calendar | None
    exceptions: tuple[ExceptionLine, ...]
    weeks: tuple[tuple[PreviewDay, ...], ...]
    stays: tuple[tuple[Stay, str], ...]
    seen: str


def custody_page(child_id: int, today: date) -> CustodyPage:
    """Everything about one child, with the eight weeks from this Monday on. Eight statements."""
    first = today - timedelta(days=today.weekday())
    last = first + timedelta(days=7 * PREVIEW_WEEKS - 1)
    known = custody(child_id, first, last)
    homes = _homes(child_id)
    by_id = {home.household_id: home for home in homes}
    weeks = tuple(
        tuple(_preview(known, first + timedelta(days=7 * week + day), by_id) for day in range(7))
        for week in range(PREVIEW_WEEKS)
    )
    return CustodyPage(
        homes,
        tuple(_calendar_line(one, by_id, today) for one in reversed(known.calendars)),
        known.calendars[-1] if known.calendars else None,
        tuple(
            ExceptionLine(row.id, _words(by_id, row.household_id), row.first_day, row.last_day, row.reason)
            for row in db.session.execute(_EXCEPTIONS, {"child_id": child_id})
        ),
        weeks,
        tuple((stay, _words(by_id, stay.household_id)) for stay in known.stays(first, last)),
        fingerprint(child_id),
    )


def _homes(child_id: int) -> tuple[Home, ...]:
    rows = db.session.execute(_HOMES, {"child_id": child_id}).all()
    adults: dict[int, list[str]] = {}
    for one in db.session.execute(_ADULTS, {"households": [row.id for row in rows]}):
        adults.setdefault(one.household_id, []).append(one.first_name)
    return tuple(
        Home(*row, tuple(adults.get(row.id, ())), place) for place, row in enumerate(rows[:2], start=1)
    )


def _preview(known: Custody, day: date, homes: Mapping[int, Home]) -> PreviewDay:
    home = known.home(day)
    return PreviewDay(day, home and homes.get(home.household_id), home.why if home else "")


def _calendar_line(one: Calendar, homes: Mapping[int, Home], today: date) -> CalendarLine:
    return CalendarLine(
        one.valid_from,
        one.valid_to,
        _words(homes, one.even_household_id),
        _words(homes, one.odd_household_id),
        one.handover_weekday,
        one.holiday_split,
        one.summer_split,
        one.is_in_force(today),
    )


def _words(homes: Mapping[int, Home], household_id: int) -> str:
    home = homes.get(household_id)
    return home.words if home else "ancien foyer"


# --- For the parents ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FamilyStay:
    """Days in a row, both included. `is_ours`: in a household of the reader; `home` names it when the reader
    has several. Of the other household nothing is said here."""

    first_day: date
    last_day: date
    is_ours: bool
    home: str
    why: str


def family_stays(child_id: int, household_ids: Collection[int], today: date) -> tuple[FamilyStay, ...]:
    """The coming eight weeks as one of the parents reads them; none without calendar. Five statements at
    most."""
    last = today + timedelta(days=7 * PREVIEW_WEEKS - 1)
    stays = custody(child_id, today, last).stays(today, last)
    names = _names(household_ids) if stays and len(household_ids) > 1 else {}
    return tuple(_family_stay(stay, household_ids, names) for stay in stays)


def _names(household_ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Household.id, Household.name).where(Household.id.in_(household_ids)))
    return {row.id: row.name for row in rows}


def _family_stay(stay: Stay, household_ids: Collection[int], names: Mapping[int, str]) -> FamilyStay:
    is_ours = stay.household_id in household_ids
    return FamilyStay(stay.first_day, stay.last_day, is_ours, names.get(stay.household_id, ""), stay.why)
