"""Classes, schoolings and the yearly promotion (R04). A class is also the group of the enrolment.

Each public function is one act of an agent. What a promotion does to a pupil stands in the journal of each
of its households' files.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import FacilityKind, SchoolLevel
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from domain.schooling import next_level, school_year_days
from models import Child, Enrolment, Facility, HouseholdChild, SchoolClass, Schooling
from queries import schools as school_queries
from services import child_groups, records
from services.accounts import Author
from services.transaction import write_transaction

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClassData:
    name: str
    teacher: str = ""


@dataclass(frozen=True, slots=True)
class Studies:
    """School, level and class of a child in one school year; `class_id` None while no class is known."""

    school_year: int
    facility_id: int
    level: SchoolLevel
    class_id: int | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """What the service decides for one pupil: the class of next year, held back, or gone from the school."""

    child_id: int
    class_id: int | None = None
    is_held_back: bool = False
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Promoted:
    """How many pupils a promotion wrote, and how many leave; what stood already counts in neither."""

    promoted: int
    leaving: int


# --- Classes ----------------------------------------------------------------------------------------------


def add_class(facility_id: int, year: int, data: ClassData, *, author: Author, now: datetime) -> int:
    """A class of a school in one school year. Returns its id. Raises NotFound, Refused `name_taken`."""
    with write_transaction() as session:
        _school(session, facility_id)
        row = SchoolClass(facility_id=facility_id, school_year=year, **asdict(data))
        return records.add(session, row, author=author, now=now, taken=_name_taken(data.name))


def update_class(class_id: int, data: ClassData, *, author: Author, now: datetime) -> None:
    """Change a class; the enrolments of its pupils follow. Raises NotFound, Refused `name_taken`."""
    with write_transaction() as session:
        row = records.get(session, SchoolClass, class_id)
        former = row.name
        records.change(session, row, asdict(data), author=author, now=now, taken=_name_taken(data.name))
        if former != data.name:
            pupils = select(Schooling).where(Schooling.class_id == class_id)
            for schooling in session.scalars(pupils):
                _enrol(session, schooling, data.name, school_year_days(row.school_year)[0], author, now)


def remove_class(class_id: int, *, author: Author, now: datetime) -> None:
    """Delete a class without pupils. Raises NotFound, Refused `has_pupils`."""
    with write_transaction() as session:
        row = records.get(session, SchoolClass, class_id)
        if session.scalar(select(Schooling.id).where(Schooling.class_id == class_id).limit(1)) is not None:
            raise Refused("has_pupils", f"Cette classe a des élèves{NBSP}: changez-les d’abord de classe.")
        records.remove(session, row, author=author, now=now)


def copy_classes(facility_id: int, year: int, *, author: Author, now: datetime) -> int:
    """Open next year the classes of `year`, same names and teachers, those that exist already but for one.

    Returns how many. Raises NotFound.
    """
    with write_transaction() as session:
        _school(session, facility_id)
        names = _class_names(session, facility_id, year + 1)
        rows = session.scalars(
            select(SchoolClass).where(SchoolClass.facility_id == facility_id, SchoolClass.school_year == year)
        ).all()
        new = [row for row in rows if row.name not in names]
        for row in new:
            copy = SchoolClass(
                facility_id=facility_id, school_year=year + 1, name=row.name, teacher=row.teacher
            )
            records.add(session, copy, author=author, now=now)
        return len(new)


def _class_names(session: Session, facility_id: int, year: int) -> set[str]:
    return set(
        session.scalars(
            select(SchoolClass.name).where(
                SchoolClass.facility_id == facility_id, SchoolClass.school_year == year
            )
        )
    )


def _name_taken(name: str) -> Refused:
    return Refused("name_taken", f"Une classe «{NBSP}{name}{NBSP}» existe déjà cette année-là.")


# --- One pupil ---------------------------------------------------------------------------------------------


def set_schooling(
    household_id: int, child_id: int, studies: Studies, *, seen: str, author: Author, now: datetime
) -> None:
    """Say where a child of the household goes to school in one year; its enrolment there follows, from
    today on at the earliest.

    `seen` is the `queries.schools.schooling_fingerprint` of what was on screen. Raises NotFound, Stale when a
    colleague has changed it meanwhile.
    """
    with write_transaction() as session:
        if session.get(HouseholdChild, (household_id, child_id)) is None:
            raise NotFound
        session.get(Child, child_id, with_for_update=True)
        if school_queries.schooling_fingerprint(child_id) != seen:
            raise Stale("La scolarité de cet enfant vient d’être changée par quelqu’un d’autre. La voici.")
        _school(session, studies.facility_id)
        first_day, _ = school_year_days(studies.school_year)
        starts = max(first_day, paris_now(now).date())
        _write(session, child_id, studies, [household_id], starts, author, now)


# --- A whole school ----------------------------------------------------------------------------------------


def promote(
    facility_id: int,
    year: int,
    promotions: Sequence[Promotion],
    *,
    seen: str,
    author: Author,
    now: datetime,
) -> Promoted:
    """Give the pupils of a school and year their level and class of the year after, in one go, with their
    enrolment; the rows of `year` stay. Repeated with the same decisions it changes nothing.

    `seen` is the `queries.schools.promotion_fingerprint` of what was on screen. Raises NotFound, Stale when a
    colleague has decided meanwhile.
    """
    with write_transaction() as session:
        session.get(Facility, facility_id, with_for_update=True)
        _school(session, facility_id)
        if school_queries.promotion_fingerprint(facility_id, year) != seen:
            raise Stale(
                "Le passage de classe vient d’être fait ou changé par quelqu’un d’autre. Voici où il en est."
            )
        pupils = _pupils(session, facility_id, year)
        homes = _homes(session, pupils)
        promoted = leaving = 0
        for one in promotions:
            if one.child_id not in pupils:
                raise NotFound
            level = next_level(pupils[one.child_id].level, is_held_back=one.is_held_back)
            if one.leaves or level is None:
                leaving += 1
                continue
            target = _target(session, facility_id, year + 1, one.class_id)
            studies = Studies(year + 1, target, level, one.class_id)
            starts, _ = school_year_days(year + 1)
            households = homes.get(one.child_id, [])
            promoted += _write(session, one.child_id, studies, households, starts, author, now)
        return Promoted(promoted, leaving)


def _pupils(session: Session, facility_id: int, year: int) -> dict[int, Schooling]:
    rows = session.scalars(
        select(Schooling).where(Schooling.facility_id == facility_id, Schooling.school_year == year)
    )
    return {row.child_id: row for row in rows}


def _homes(session: Session, child_ids: dict[int, Schooling]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = session.execute(
        select(HouseholdChild.child_id, HouseholdChild.household_id)
        .where(HouseholdChild.child_id.in_(list(child_ids)))
        .order_by(HouseholdChild.household_id)
    )
    for child_id, household_id in rows:
        found.setdefault(child_id, []).append(household_id)
    return found


def _target(session: Session, facility_id: int, year: int, class_id: int | None) -> int:
    """The school of the chosen class, this one without class. Raises NotFound for a class of another year."""
    if class_id is None:
        return facility_id
    row = session.get(SchoolClass, class_id)
    if row is None or row.school_year != year:
        raise NotFound
    return row.facility_id


# --- What these acts share ------------------------------------------------------------


def _school(session: Session, facility_id: int) -> Facility:
    row = session.get(Facility, facility_id)
    if row is None or row.kind is not FacilityKind.SCHOOL:
        raise NotFound
    return row


def _write(
    session: Session,
    child_id: int,
    studies: Studies,
    household_ids: Sequence[int],
    starts: date,
    author: Author,
    now: datetime,
) -> bool:
    """Write the schooling of one year and what follows; False when it stood already."""
    class_name = _class_name(session, studies)
    row = session.scalar(
        select(Schooling).where(Schooling.child_id == child_id, Schooling.school_year == studies.school_year)
    )
    before = None if row is None else _told(session, row)
    if row is None:
        row = Schooling(child_id=child_id, **asdict(studies))
        session.add(row)
    else:
        row.facility_id, row.level, row.class_id = studies.facility_id, studies.level, studies.class_id
    session.flush()
    after = _told(session, row)
    _enrol(session, row, class_name or studies.level.value, starts, author, now)
    if before == after:
        return False
    for household_id in household_ids:
        records.tell(
            session, "schooling.set", row, household_id, author=author, now=now, before=before, after=after
        )
    return True


def _class_name(session: Session, studies: Studies) -> str:
    """Raises NotFound for a class of another school or year."""
    if studies.class_id is None:
        return ""
    row = session.get(SchoolClass, studies.class_id)
    if row is None or (row.facility_id, row.school_year) != (studies.facility_id, studies.school_year):
        raise NotFound
    return row.name


def _told(session: Session, row: Schooling) -> dict[str, object]:
    """The schooling as the journal keeps it: the class by its name, which may change later."""
    found = session.get(SchoolClass, row.class_id) if row.class_id else None
    return {
        "child_id": row.child_id,
        "school_year": row.school_year,
        "facility_id": row.facility_id,
        "level": row.level,
        "class": found.name if found else "",
    }


def _enrol(
    session: Session, schooling: Schooling, group_name: str, starts: date, author: Author, now: datetime
) -> None:
    """The child may book in its school until the end of the year, in the group `group_name`.

    An enrolment that began before `starts` and lasts beyond ends on the eve, so that the former group
    stays in its history; the new one ends when the former would have, if that is later.
    """
    _, ends = school_year_days(schooling.school_year)
    if starts > ends:
        return
    rows = session.scalars(
        select(Enrolment)
        .where(
            Enrolment.child_id == schooling.child_id,
            Enrolment.facility_id == schooling.facility_id,
            Enrolment.activity_id.is_(None),
            Enrolment.last_day >= starts,
        )
        .order_by(Enrolment.first_day)
        .with_for_update()
    ).all()
    current = next((row for row in rows if row.first_day <= ends), None)
    if current is not None and (current.first_day >= starts or current.group_name == group_name):
        last_day = current.last_day if len(rows) > 1 else max(current.last_day, ends)
        values = {"group_name": group_name, "last_day": last_day}
        records.change(session, current, values, author=author, now=now)
        return
    if current is not None:
        ends = current.last_day if len(rows) > 1 else max(current.last_day, ends)
        records.change(session, current, {"last_day": starts - ONE_DAY}, author=author, now=now)
    elif rows:
        ends = min(ends, rows[0].first_day - ONE_DAY)
    new = Enrolment(
        child_id=schooling.child_id,
        facility_id=schooling.facility_id,
        group_name=group_name,
        group_id=current.group_id
        if current is not None
        else child_groups.of_age(session, schooling.facility_id, schooling.child_id, starts),
        first_day=starts,
        last_day=ends,
    )
    records.add(session, new, author=author, now=now)
