"""Writes the demonstration's rows, with dates around today, in one transaction."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from adapters import holidays
from adapters.files import FileStore
from domain import people, pricing, references
from domain.calendar import ONE_DAY, paris_now, school_year
from domain.deadlines import describe, ladder_from_data
from domain.enums import (
    AccountKind,
    AccountStatus,
    BookingState,
    Channel,
    HolidayVariant,
    LineAction,
    LineState,
    Residency,
    SchoolZone,
    StaffRole,
    ValidationMode,
)
from exports.rule_sheet import RuleSheet, RuleSheetSection, rule_sheet_pdf
from extensions import db
from models import (
    Activity,
    Booking,
    BookingPeriod,
    BookingRequest,
    BookingRequestLine,
    Child,
    DeadlineRule,
    DocumentCategory,
    DocumentReceipt,
    Enrolment,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Opening,
    PresenceType,
    PublicHoliday,
    QuotientFamilial,
    Resource,
    SchoolHoliday,
    Setting,
    StaffFacility,
    StaffMember,
    Tariff,
    UsefulLink,
    User,
)
from services import passwords
from services.demo import families, town
from services.transaction import write_transaction

MAIN_HOUSEHOLD_NUMBER = 2041
FIRST_HOUSEHOLD_NUMBER = 2001
BOOK_AHEAD_OF_HOLIDAYS = timedelta(days=60)
MAIN_FAMILY_BOOKED_AHEAD = timedelta(days=18)


@dataclass(slots=True)
class Place:
    """An activity of the demonstration with its rows and open days."""

    spec: town.DemoActivity
    facility: Facility
    activity: Activity
    presence_types: list[PresenceType]
    tables: list[pricing.PriceTable]
    openings: dict[date, int] = field(default_factory=dict)


@dataclass(slots=True)
class Wish:
    """A booking to write."""

    family: "Family"
    child_id: int
    place: Place
    day: date
    presence: int = 0
    state: BookingState = BookingState.ACCEPTED


@dataclass(slots=True)
class Family:
    spec: families.DemoFamily
    household: Household
    author: User
    author_name: str
    child_ids: list[int]


def refill(now: datetime, folder: Path, password: str, sign_ins: tuple[str, str, str]) -> None:
    """Empty the demonstration's database and fill it around `now`."""
    parent_email, agent_email, administrator_email = sign_ins
    password_hash = passwords.hash_password(password)
    rng = Random(46)  # noqa: S311  the same invented town at each start
    with write_transaction() as session:
        for table in reversed(db.metadata.sorted_tables):
            session.execute(table.delete())
        first_day, last_day = _span(paris_now(now).date())
        _town(session, first_day, last_day)
        places = _facilities(session, first_day)
        _openings(session, places, first_day, last_day, now)
        _staff(session, now, places, password_hash, agent_email, administrator_email)
        households = _families(session, now, places, first_day, last_day, password_hash, parent_email)
        _documents(session, households, paris_now(now).date(), rng)
        _book(session, now, _wishes(households, places, paris_now(now).date(), rng), rng)
        _resources(session, FileStore(folder / "files"), places)


def _span(today: date) -> tuple[date, date]:
    """The school year of today and, near its end, the next one too."""
    return school_year(today)[0], school_year(today + timedelta(days=120))[1]


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


# --- Town, calendar, facilities -------------------------------------------------------------------


def _town(session: Session, first_day: date, last_day: date) -> None:
    session.add_all(Setting(key=key, value=value) for key, value in town.SETTINGS.items())
    session.add_all(
        UsefulLink(title=title, url=url, position=position) for position, (title, url) in enumerate(town.LINKS)
    )
    session.add_all(
        DocumentCategory(name=name, owner=owner, description=text, position=position)
        for position, (name, owner, text) in enumerate(town.DOCUMENTS)
    )
    years = range(first_day.year, last_day.year + 2)
    session.add_all(
        PublicHoliday(day=day, label=label) for day, label in holidays.public_holidays(HolidayVariant.METROPOLE, years)
    )
    for zone in (SchoolZone.A, SchoolZone.B, SchoolZone.C):
        session.add_all(
            SchoolHoliday(zone=zone, first_day=first, last_day=last, label=label)
            for first, last, label in holidays.school_holidays(zone, first_day.year, last_day.year)
        )
    session.flush()


def _facilities(session: Session, rules_from: date) -> list[Place]:
    places = []
    for position, spec in enumerate(town.FACILITIES):
        facility = Facility(
            name=spec.name, kind=spec.kind, address=spec.address, phone=spec.phone, opening_hours=spec.hours,
            email=f"{people.fold(spec.name).replace(' ', '-')}@demo.example",
            validation_mode=spec.mode, position=position,
        )  # fmt: skip
        session.add(facility)
        session.flush()
        places += [_place(session, facility, rank, activity, rules_from) for rank, activity in enumerate(spec.activities)]
    return places


def _place(session: Session, facility: Facility, rank: int, spec: town.DemoActivity, rules_from: date) -> Place:
    activity = Activity(
        facility_id=facility.id, name=spec.name, kind=spec.kind, has_waiting_list=spec.has_waiting_list, position=rank
    )
    session.add(activity)
    session.flush()
    session.add_all(
        DeadlineRule(
            activity_id=activity.id, action=action, valid_from=rules_from, ladder=spec.ladder, source=spec.source
        )
        for action in LineAction
    )
    presence_types = [
        PresenceType(activity_id=activity.id, name=presence.name, short_name=presence.short_name, position=index)
        for index, presence in enumerate(spec.presences)
    ]
    session.add_all(presence_types)
    session.flush()
    session.add_all(
        Tariff(presence_type_id=row.id, valid_from=rules_from, table=presence.table, source=presence.source)
        for row, presence in zip(presence_types, spec.presences, strict=True)
    )
    tables = [pricing.table_from_data(presence.table) for presence in spec.presences]
    return Place(spec, facility, activity, presence_types, tables)


def _openings(session: Session, places: list[Place], first_day: date, last_day: date, now: datetime) -> None:
    public = set(session.scalars(select(PublicHoliday.day)))
    breaks = session.execute(
        select(SchoolHoliday.first_day, SchoolHoliday.last_day, SchoolHoliday.label)
        .where(SchoolHoliday.zone == SchoolZone.C, SchoolHoliday.last_day >= first_day)
        .order_by(SchoolHoliday.first_day)
    ).all()
    off = {day for first, last, _ in breaks for day in _days(first, last)}
    open_days = [day for day in _days(first_day, last_day) if day not in public and day.weekday() < 5]
    by_kind = {
        "school": [day for day in open_days if day not in off and day.weekday() != 2],
        "wednesday": [day for day in open_days if day not in off and day.weekday() == 2],
        "holiday": [day for day in open_days if day in off and day.month != 8],
    }
    for facility_id in dict.fromkeys(place.facility.id for place in places):
        of_facility = [place for place in places if place.facility.id == facility_id]
        for name, kinds, first, last, opens_at in _periods(of_facility, breaks, first_day, last_day):
            period = BookingPeriod(
                facility_id=facility_id, name=name, first_day=first, last_day=last, opens_at=opens_at
            )
            session.add(period)
            session.flush()
            rows = [
                {"activity_id": place.activity.id, "period_id": period.id, "day": day, "capacity": place.spec.capacity}
                for place in of_facility
                if place.spec.days in kinds
                for day in by_kind[place.spec.days]
                if first <= day <= last
            ]
            if rows:
                session.execute(insert(Opening), rows)
    for place in places:
        found = select(Opening.day, Opening.id).where(Opening.activity_id == place.activity.id)
        place.openings = dict(session.execute(found).tuples().all())


def _periods(
    places: list[Place], breaks: Iterable[Any], first_day: date, last_day: date
) -> Iterator[tuple[str, tuple[str, ...], date, date, datetime]]:
    """(name, kinds of day, first, last, opening instant) of the booking periods of one facility."""
    kinds = {place.spec.days for place in places}
    for year in range(first_day.year, last_day.year):
        first, last = date(year, 9, 1), date(year + 1, 8, 31)
        opens_at = datetime(year, 6, 1, 6, tzinfo=UTC)
        if "school" in kinds:
            yield f"Année scolaire {year}-{year + 1}", ("school",), first, last, opens_at
        if "wednesday" in kinds:
            yield f"Mercredis {year}-{year + 1}", ("wednesday",), first, last, opens_at
    if "holiday" in kinds:
        for first, last, label in breaks:
            if last <= last_day:
                opens_at = datetime(first.year, first.month, first.day, 7, tzinfo=UTC) - BOOK_AHEAD_OF_HOLIDAYS
                yield f"{label} {first.year}", ("holiday",), first, last, opens_at


# --- People ---------------------------------------------------------------------------------------


def _account(session: Session, email: str, now: datetime, password_hash: str | None, kind: AccountKind) -> User:
    active = password_hash is not None
    user = User(
        kind=kind, email=email, created_at=now - timedelta(days=90), password_hash=password_hash,
        status=AccountStatus.ACTIVE if active else AccountStatus.INVITED,
        email_verified_at=now - timedelta(days=80) if active else None,
    )  # fmt: skip
    session.add(user)
    session.flush()
    return user


def _staff(
    session: Session, now: datetime, places: list[Place], password_hash: str, agent_email: str, administrator_email: str
) -> None:
    members = (
        (agent_email, "Agnès", "MARTIN", StaffRole.RECEPTION),
        (administrator_email, "Alain", "PRADEL", StaffRole.ADMINISTRATOR),
        ("direction.saint-gery@demo.example", "Sylvie", "LAVERGNE", StaffRole.DIRECTOR),
    )
    for email, first_name, last_name, role in members:
        user = _account(session, email, now, password_hash, AccountKind.STAFF)
        member = StaffMember(user_id=user.id, first_name=first_name, last_name=last_name, role=role)
        session.add(member)
        session.flush()
        if role is StaffRole.DIRECTOR:
            manual = {p.facility.id for p in places if p.facility.validation_mode is ValidationMode.MANUAL}
            session.add_all(StaffFacility(staff_id=member.id, facility_id=facility_id) for facility_id in manual)


def _families(
    session: Session,
    now: datetime,
    places: list[Place],
    first_day: date,
    last_day: date,
    password_hash: str,
    parent_email: str,
) -> list[Family]:
    facilities = list({place.facility.id: place.facility for place in places}.values())
    result = []
    for index, spec in enumerate(families.families(first_day.year)):
        main = spec.name == families.MAIN_FAMILY
        email = parent_email if main else f"{people.fold(f'{spec.parents[0]}.{spec.name}').replace(' ', '-')}@demo.example"
        # Every seventh family has not clicked its activation link yet.
        author = _account(session, email, now, password_hash if main or index % 7 else None, AccountKind.FAMILY)
        household = _household(session, spec, index, now)
        for position, first_name in enumerate(spec.parents, start=1):
            guardian = Guardian(
                first_name=first_name, last_name=spec.name, mobile_phone=f"06 39 98 {index:02d} {position:02d}",
                user_id=author.id if position == 1 else None, email=email if position == 1 else "",
            )  # fmt: skip
            session.add(guardian)
            session.flush()
            session.add(HouseholdGuardian(household_id=household.id, guardian_id=guardian.id, position=position))
        child_ids = _children(session, spec, household, facilities, first_day, last_day)
        result.append(Family(spec, household, author, f"{spec.parents[0]} {spec.name}", child_ids))
    return result


def _household(session: Session, spec: families.DemoFamily, index: int, now: datetime) -> Household:
    household = Household(
        number=MAIN_HOUSEHOLD_NUMBER if spec.name == families.MAIN_FAMILY else FIRST_HOUSEHOLD_NUMBER + index,
        name=spec.name, address=f"{3 + 2 * index} rue des Tilleuls", postcode=spec.postcode, city=spec.city,
        residency=Residency.RESIDENT if spec.resident else Residency.NON_RESIDENT,
        family_situation="Parent seul" if len(spec.parents) == 1 else "En couple",
        created_at=now - timedelta(days=120),
        search_text=people.fold(" ".join([spec.name, *spec.parents, *(child.first_name for child in spec.children)])),
    )  # fmt: skip
    session.add(household)
    session.flush()
    if spec.quotient is not None:
        year = now.year
        session.add(
            QuotientFamilial(
                household_id=household.id, value_hundredths=spec.quotient * 100, created_at=now - timedelta(days=100),
                valid_from=date(year - 1, 9, 1), valid_to=date(year + 1, 12, 31), source="Attestation CAF",
            )  # fmt: skip
        )
    return household


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
        age = people.age(child.birth_date, first_day)
        school, centre = facilities[0], facilities[child.leisure_centre]
        group = "Maternelle" if age < 6 else "Élémentaire"
        session.add_all(
            Enrolment(child_id=row.id, facility_id=place.id, group_name=name, first_day=first_day, last_day=last_day)
            for place, name in ((school, group), (centre, "3-5 ans" if age < 6 else "6-11 ans"))
        )
        child_ids.append(row.id)
    return child_ids


def _documents(session: Session, households: list[Family], today: date, rng: Random) -> None:
    categories = session.scalars(select(DocumentCategory)).all()
    for family in households:
        for category in categories:
            owners: list[int | None] = [None] if category.owner == "household" else list(family.child_ids)
            session.add_all(
                DocumentReceipt(
                    category_id=category.id, household_id=family.household.id, child_id=child_id,
                    received_on=today - timedelta(days=rng.randint(20, 150)), valid_until=None,
                )  # fmt: skip
                for child_id in owners
                if rng.random() < 0.9 and not _left_to_bring(family, category.name, child_id)
            )


def _left_to_bring(family: Family, category: str, child_id: int | None) -> bool:
    """The main family has one document to bring: the home page has something to say."""
    return (
        family.spec.name == families.MAIN_FAMILY
        and category == "Attestation d’assurance"
        and child_id == family.child_ids[-1]
    )


# --- Bookings -------------------------------------------------------------------------------------


def _wishes(households: list[Family], places: list[Place], today: date, rng: Random) -> Iterator[Wish]:
    by_kind = defaultdict(list)
    for place in places:
        by_kind[(place.facility.id, place.spec.kind, place.spec.days)].append(place)
    school = [place for place in places if place.spec.days == "school"]
    for family in households:
        for child, child_id in zip(family.spec.children, family.child_ids, strict=True):
            for place in school:
                yield from _school_wishes(family, child, child_id, place, today)
            yield from _leisure_wishes(family, child, child_id, places, today, rng)


def _school_wishes(
    family: Family, child: families.DemoChild, child_id: int, place: Place, today: date
) -> Iterator[Wish]:
    takes = {"morning": child.takes_morning, "meal": True, "evening": child.takes_evening}[place.spec.kind]
    weekdays = child.meal_weekdays if place.spec.kind != "evening" else (4,)
    # The main family leaves days to book; the others booked the whole year.
    until = today + MAIN_FAMILY_BOOKED_AHEAD if family.spec.name == families.MAIN_FAMILY else date.max
    if takes:
        yield from (
            Wish(family, child_id, place, day) for day in place.openings if day.weekday() in weekdays and day <= until
        )


def _leisure_wishes(
    family: Family, child: families.DemoChild, child_id: int, places: list[Place], today: date, rng: Random
) -> Iterator[Wish]:
    centre = town.FACILITIES[child.leisure_centre].name
    for place in (place for place in places if place.facility.name == centre):
        manual = place.facility.validation_mode is ValidationMode.MANUAL
        if place.spec.days == "wednesday" and child.takes_wednesday:
            for day in place.openings:
                # Saint-Géry decides itself: what is asked for beyond three weeks still waits.
                pending = manual and today + timedelta(days=14) < day < today + timedelta(days=50)
                state = BookingState.PENDING if pending else BookingState.ACCEPTED
                if day < today + timedelta(days=50):
                    yield Wish(family, child_id, place, day, rng.randrange(len(place.presence_types)), state)
        if place.spec.days == "holiday" and rng.random() < 0.3:
            for day in place.openings:
                if day < today:
                    yield Wish(family, child_id, place, day, 0)


def _book(session: Session, now: datetime, wishes: Iterable[Wish], rng: Random) -> None:
    booked: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    rows, kept = [], []
    for wish in wishes:
        opening_id = wish.place.openings[wish.day]
        if booked[opening_id] >= wish.place.spec.capacity:
            if not wish.place.spec.has_waiting_list or wish.day < paris_now(now).date():
                continue
            wish.state = BookingState.WAITING
            waiting[opening_id] += 1
        else:
            booked[opening_id] += 1
        kept.append(wish)
        rows.append(_booking_row(wish, opening_id, now))
    session.execute(insert(Booking), rows)
    session.execute(
        update(Opening),
        [{"id": key, "booked": booked[key], "waiting": waiting[key]} for key in booked.keys() | waiting.keys()],
    )
    _requests(session, now, kept, rng)


def _booking_row(wish: Wish, opening_id: int, now: datetime) -> dict[str, Any]:
    spec = wish.family.spec
    facts = pricing.PricingFacts(
        quotient=spec.quotient, residency=Residency.RESIDENT if spec.resident else Residency.NON_RESIDENT
    )
    return {
        "household_id": wish.family.household.id,
        "child_id": wish.child_id,
        "opening_id": opening_id,
        "activity_id": wish.place.activity.id,
        "presence_type_id": wish.place.presence_types[wish.presence].id,
        "day": wish.day,
        "state": wish.state,
        "price_cents": pricing.quote(wish.place.tables[wish.presence], facts).cents,
        "created_at": now - timedelta(days=60),
        "updated_at": now - timedelta(days=60),
    }


LINE_STATES = {
    BookingState.ACCEPTED: LineState.ACCEPTED,
    BookingState.PENDING: LineState.PENDING,
    BookingState.WAITING: LineState.WAITING,
}


def _requests(session: Session, now: datetime, wishes: list[Wish], rng: Random) -> None:
    """One request for each family, activity and state, so that every booking has its history."""
    bookings = {
        (row.child_id, row.opening_id): row
        for row in session.execute(select(Booking.id, Booking.child_id, Booking.opening_id, Booking.price_cents))
    }
    groups: dict[tuple[int, int, BookingState], list[Wish]] = defaultdict(list)
    for wish in wishes:
        groups[(wish.family.household.id, wish.place.activity.id, wish.state)].append(wish)
    lines = []
    for (household_id, _, state), members in groups.items():
        waits = state is not BookingState.ACCEPTED
        created_at = now - timedelta(hours=rng.randint(2, 55)) if waits else now - timedelta(days=60)
        request = BookingRequest(
            reference=references.make_reference(secrets.token_bytes(8)), household_id=household_id,
            author_user_id=members[0].family.author.id, author_name=members[0].family.author_name,
            channel=Channel.PORTAL, created_at=created_at,
        )  # fmt: skip
        session.add(request)
        session.flush()
        for wish in members:
            opening_id = wish.place.openings[wish.day]
            booking = bookings[(wish.child_id, opening_id)]
            lines.append(
                {
                    "request_id": request.id, "booking_id": booking.id, "child_id": wish.child_id,
                    "facility_id": wish.place.facility.id, "opening_id": opening_id,
                    "presence_type_id": wish.place.presence_types[wish.presence].id, "day": wish.day,
                    "action": LineAction.BOOK, "state": LINE_STATES[wish.state], "price_cents": booking.price_cents,
                    "explanation": [], "decided_at": None if waits else created_at,
                }
            )  # fmt: skip
    session.execute(insert(BookingRequestLine), lines)


# --- Resources ------------------------------------------------------------------------------------


def _resources(session: Session, store: FileStore, places: list[Place]) -> None:
    """The rules of the demonstration as a PDF, written from the rules themselves."""
    sections = tuple(
        RuleSheetSection(
            title=f"{place.facility.name} · {place.spec.name}",
            sentences=tuple(describe(ladder_from_data(place.spec.ladder), action) for action in LineAction),
        )
        for place in places
    )
    sheet = RuleSheet(
        town=town.SETTINGS["name"],
        title="Réserver et annuler : les délais de chaque accueil",
        note="Document de démonstration, écrit à partir de règlements réels de communes.",
        sections=sections,
    )
    stored = store.save(BytesIO(rule_sheet_pdf(sheet)), ".pdf")
    session.add(
        Resource(title="Délais de réservation et d’annulation", file_key=stored.key, file_name="delais.pdf", size_bytes=stored.size)
    )
