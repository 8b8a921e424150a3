"""Classes and pupils of the demonstration's school, and one child who lives in two households."""

from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.calendar import FRIDAY
from domain.enums import CustodySplit, FacilityKind, SchoolLevel
from domain.schooling import school_year_of
from models import Child, CustodyCalendar, Enrolment, Facility, HouseholdChild, SchoolClass, Schooling
from services.demo.seed_people import Family

_CLASSES = (
    ("TPS-PS", "Mme ARNAUD"),
    ("MS-GS", "M. COSTE"),
    ("CP", "Mme DELON"),
    ("CE1-CE2", "Mme FARGUES"),
    ("CM1-CM2", "M. LACOMBE"),
)
_FIRST_AGE = 3  # in the year in which a school year begins: petite section
_LEVELS = tuple(SchoolLevel)[1:9]


def write_schools(session: Session, families: list[Family], first_day: date) -> None:
    """Classes of this school year and the next; every child in the one of its age, which is its group too."""
    year = school_year_of(first_day)
    school_id = session.scalars(
        select(Facility.id).where(Facility.kind == FacilityKind.SCHOOL).order_by(Facility.id).limit(1)
    ).one()
    rows = {
        (one, name): SchoolClass(facility_id=school_id, school_year=one, name=name, teacher=teacher)
        for one in (year, year + 1)
        for name, teacher in _CLASSES
    }
    session.add_all(rows.values())
    session.flush()
    child_ids = [child_id for family in families for child_id in family.child_ids]
    for child in session.scalars(select(Child).where(Child.id.in_(child_ids))):
        level = _LEVELS[first_day.year - child.birth_date.year - _FIRST_AGE]
        name = next(name for name, _ in _CLASSES if level.value in name.split("-"))
        session.add(
            Schooling(
                child_id=child.id, school_year=year, facility_id=school_id, level=level,
                class_id=rows[year, name].id,
            )
        )  # fmt: skip
        session.execute(
            update(Enrolment)
            .where(Enrolment.child_id == child.id, Enrolment.facility_id == school_id)
            .values(group_name=name)
        )


def write_shared_child(session: Session, families: list[Family], first_day: date) -> None:
    """The eldest child of the first parent alone lives every other week in the household of the next one."""
    alone = [family for family in families if len(family.spec.parents) == 1]
    mother, father = alone[:2]
    child_id = mother.child_ids[0]
    session.add(HouseholdChild(household_id=father.household.id, child_id=child_id))
    session.add(
        CustodyCalendar(
            child_id=child_id,
            valid_from=first_day,
            even_household_id=mother.household.id,
            odd_household_id=father.household.id,
            handover_weekday=FRIDAY,
            holiday_split=CustodySplit.HALVES,
            summer_split=CustodySplit.FORTNIGHTS,
        )
    )
