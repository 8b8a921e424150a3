"""Classes and pupils of the demonstration's school, and one child who lives in two households."""

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.calendar import FRIDAY, ONE_DAY, paris_now
from domain.enums import CustodySplit, FacilityKind, SchoolLevel, SwapState
from domain.schooling import school_year_of
from models import (
    Child,
    CustodyCalendar,
    CustodySwap,
    Enrolment,
    Facility,
    Guardian,
    HouseholdChild,
    HouseholdGuardian,
    SchoolClass,
    Schooling,
)
from queries import custody as custody_queries
from services import booking_life, custody_moves
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


def share_bookings(session: Session, agent_id: int, now: datetime) -> None:
    """What is booked for that child goes to the household where it lives; one parent asks for a swap."""
    calendar = session.scalars(select(CustodyCalendar)).one()
    custody_moves.follow(session, calendar.child_id, booking_life.agent(session, agent_id), now)
    author = session.execute(
        select(Guardian.user_id, Guardian.first_name, Guardian.last_name)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .where(HouseholdGuardian.household_id == calendar.even_household_id)
    ).first()
    first = _next_stay(calendar, paris_now(now).date())
    session.add(
        CustodySwap(
            child_id=calendar.child_id,
            household_id=calendar.even_household_id,
            to_household_id=calendar.odd_household_id,
            given_first=first,
            given_last=first + 2 * ONE_DAY,
            state=SwapState.PENDING,
            author_user_id=author.user_id,
            author_name=f"{author.first_name} {author.last_name}",
            submission_key="demonstration",
            created_at=now,
        )
    )


def _next_stay(calendar: CustodyCalendar, today: date) -> date:
    """The first day from next week on that begins three in a row at the household of the even weeks."""
    day = today + 7 * ONE_DAY
    known = custody_queries.custody(calendar.child_id, day, day + 60 * ONE_DAY)
    while not all(
        known.home(day + number * ONE_DAY).household_id == calendar.even_household_id for number in range(3)
    ):
        day += ONE_DAY
    return day
