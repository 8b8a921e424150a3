"""Writes the demonstration's people: staff, households, children, the documents they brought."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import documents, people
from domain.calendar import midday
from domain.enums import (
    AccountKind,
    AccountStatus,
    Channel,
    DocumentEffect,
    DocumentState,
    Residency,
    StaffRole,
    ValidationMode,
)
from models import (
    Child,
    Document,
    DocumentCategory,
    Enrolment,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    QuotientFamilial,
    StaffFacility,
    StaffMember,
    User,
)
from services.demo import families, town
from services.demo.seed_town import Place

MAIN_HOUSEHOLD_NUMBER = 2041
FIRST_HOUSEHOLD_NUMBER = 2001


@dataclass(slots=True)
class Author:
    """Who made a family's requests, and how they came in."""

    user: User
    name: str
    channel: Channel


@dataclass(slots=True)
class Family:
    spec: families.DemoFamily
    household: Household
    author: Author
    child_ids: list[int]


def open_account(
    session: Session, email: str, now: datetime, password_hash: str | None, kind: AccountKind
) -> User:
    active = password_hash is not None
    user = User(
        kind=kind, email=email, created_at=now - timedelta(days=90), password_hash=password_hash,
        status=AccountStatus.ACTIVE if active else AccountStatus.INVITED,
        email_verified_at=now - timedelta(days=80) if active else None,
    )  # fmt: skip
    session.add(user)
    session.flush()
    return user


def write_staff(
    session: Session,
    now: datetime,
    places: list[Place],
    password_hash: str,
    agent_email: str,
    administrator_email: str,
) -> Author:
    """Write the three agents; returns the one at the desk."""
    members = (
        (agent_email, "Agnès", "MARTIN", StaffRole.RECEPTION),
        (administrator_email, "Alain", "PRADEL", StaffRole.ADMINISTRATOR),
        ("direction.saint-gery@demo.example", "Sylvie", "LAVERGNE", StaffRole.DIRECTOR),
    )
    for email, first_name, last_name, role in members:
        user = open_account(session, email, now, password_hash, AccountKind.STAFF)
        member = StaffMember(
            user_id=user.id, first_name=first_name, last_name=last_name, role=role,
            can_read_medical=role is StaffRole.RECEPTION,
        )  # fmt: skip
        session.add(member)
        session.flush()
        if role is StaffRole.DIRECTOR:
            manual = {p.facility.id for p in places if p.facility.validation_mode is ValidationMode.MANUAL}
            session.add_all(
                StaffFacility(staff_id=member.id, facility_id=facility_id) for facility_id in manual
            )
    desk = session.scalars(select(User).where(User.email == agent_email)).one()
    return Author(desk, "Agnès MARTIN", Channel.PHONE)


def write_families(
    session: Session,
    now: datetime,
    places: list[Place],
    first_day: date,
    last_day: date,
    password_hash: str,
    parent_email: str,
    agent: Author,
) -> list[Family]:
    facilities = list({place.facility.id: place.facility for place in places}.values())
    result = []
    for index, spec in enumerate(families.families(first_day.year)):
        main = spec.name == families.MAIN_FAMILY
        email = (
            parent_email
            if main
            else f"{people.fold(f'{spec.parents[0]}.{spec.name}').replace(' ', '-')}@demo.example"
        )
        activated = main or _has_activated(index)
        account = open_account(session, email, now, password_hash if activated else None, AccountKind.FAMILY)
        household = _household(session, spec, index, now)
        for position, first_name in enumerate(spec.parents, start=1):
            guardian = Guardian(
                first_name=first_name, last_name=spec.name,
                mobile_phone=f"06 39 98 {index:02d} {position:02d}",
                user_id=account.id if position == 1 else None, email=email if position == 1 else "",
            )  # fmt: skip
            session.add(guardian)
            session.flush()
            session.add(
                HouseholdGuardian(household_id=household.id, guardian_id=guardian.id, position=position)
            )
        child_ids = _children(session, spec, household, facilities, first_day, last_day)
        name = f"{spec.parents[0]} {spec.name}"
        # Who has no access yet asked by phone: the agent entered the request.
        author = Author(account, name, Channel.PORTAL) if activated else agent
        result.append(Family(spec, household, author, child_ids))
    return result


def _household(session: Session, spec: families.DemoFamily, index: int, now: datetime) -> Household:
    main = spec.name == families.MAIN_FAMILY
    household = Household(
        number=MAIN_HOUSEHOLD_NUMBER if main else FIRST_HOUSEHOLD_NUMBER + index,
        name=spec.name, address="12 rue Nationale" if main else f"{3 + 2 * index} rue des Tilleuls",
        postcode=spec.postcode, city=spec.city,
        residency=Residency.RESIDENT if spec.resident else Residency.NON_RESIDENT,
        family_situation="Parent seul" if len(spec.parents) == 1 else "En couple",
        created_at=now - timedelta(days=120),
    )  # fmt: skip
    session.add(household)
    session.flush()
    if spec.quotient is not None:
        year = now.year
        session.add(
            QuotientFamilial(
                household_id=household.id,
                value_hundredths=spec.quotient * 100,
                created_at=now - timedelta(days=100),
                valid_from=date(year - 1, 9, 1),
                valid_to=date(year + 1, 12, 31),
                source="Attestation CAF",
            )  # fmt: skip
        )
    return household


def _has_activated(index: int) -> bool:
    """Every seventh family has not clicked its activation link yet."""
    return index % 7 != 0


def _children(
    session: Session,
    spec: families.DemoFamily,
    household: Household,
    facilities: list[Facility],
    first_day: date,
    last_day: date,
) -> list[int]:
    child_ids = []
    for child in spec.children:
        row = Child(first_name=child.first_name, last_name=spec.name, birth_date=child.birth_date)
        session.add(row)
        session.flush()
        session.add(HouseholdChild(household_id=household.id, child_id=row.id))
        school, centre = facilities[0], facilities[child.leisure_centre]
        years = first_day.year - child.birth_date.year  # a class follows the year of birth
        group = "Maternelle" if years < 6 else "Élémentaire"
        session.add_all(
            Enrolment(
                child_id=row.id, facility_id=place.id, group_name=name, first_day=first_day, last_day=last_day
            )
            for place, name in ((school, group), (centre, "3-5 ans" if years < 6 else "6-11 ans"))
        )
        child_ids.append(row.id)
    return child_ids


def write_documents(session: Session, households: list[Family], today: date, rng: Random) -> None:
    categories = session.scalars(
        select(DocumentCategory).where(DocumentCategory.effect != DocumentEffect.ABSENCE)
    ).all()
    for family in households:
        for category in categories:
            owners: list[int | None] = list(family.child_ids) if category.owner == "child" else [None]
            session.add_all(
                _seen_on_paper(family, category, child_id, today, rng.randint(20, 150))
                for child_id in owners
                if (rng.random() < 0.9 or family.spec.name == families.MAIN_FAMILY)
                and not _left_to_bring(family, category.name, child_id)
            )


def _seen_on_paper(
    family: Family, category: DocumentCategory, child_id: int | None, today: date, age_days: int
) -> Document:
    """A paper of that age; one that ends soon was announced already: not every family is written to."""
    day = today - timedelta(days=age_days)
    seen_at = midday(day)
    until = documents.valid_until(category.validity, category.validity_months, day)
    ends_soon = until is not None and until <= today + documents.REMINDER
    return Document(
        category_id=category.id, household_id=family.household.id, child_id=child_id,
        state=DocumentState.ACCEPTED, sender_name="Le service", channel=Channel.COUNTER,
        submitted_at=seen_at, due_at=seen_at, decided_at=seen_at, valid_until=until,
        reminded_on=today if ends_soon else None,
    )  # fmt: skip


def _left_to_bring(family: Family, category: str, child_id: int | None) -> bool:
    """The main family has one document to bring: the home page has something to say."""
    return (
        family.spec.name == families.MAIN_FAMILY
        and category == town.INSURANCE
        and child_id == family.child_ids[-1]
    )
