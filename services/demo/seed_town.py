"""Writes the demonstration's town: settings, calendar, facilities, openings, resources."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from adapters import holidays
from adapters.files import Store
from domain import people, starting_lists
from domain.calendar import ONE_DAY, PARIS
from domain.enums import ActivityKind, HolidayVariant, SchoolZone
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.wording.legal_text import legal_text
from exports.rule_sheet import RuleSheet, rule_sheet_pdf
from models import (
    Activity,
    AuthorisationType,
    BookingPeriod,
    DocumentCategory,
    Facility,
    ListChoice,
    Opening,
    PresenceType,
    PublicHoliday,
    Resource,
    SchoolHoliday,
    Setting,
    UsefulLink,
)
from services.demo import town

BOOK_AHEAD_OF_HOLIDAYS = timedelta(days=60)


@dataclass(slots=True)
class Place:
    """An activity of the demonstration with its rows and open days."""

    spec: town.DemoActivity
    facility: Facility
    activity: Activity
    presence_types: list[PresenceType]
    openings: dict[date, int] = field(default_factory=dict)


def days_between(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


def write_town(session: Session, first_day: date, last_day: date) -> None:
    session.add_all(Setting(key=key, value=value) for key, value in town.SETTINGS.items())
    session.add_all(
        ListChoice(kind=kind, label=label, position=position)
        for kind, labels in starting_lists.CHOICES.items()
        for position, label in enumerate(labels, start=1)
    )
    session.add_all(
        AuthorisationType(position=position, **asdict(one))
        for position, one in enumerate(starting_lists.AUTHORISATIONS, start=1)
    )
    session.add_all(
        UsefulLink(title=title, url=url, position=position)
        for position, (title, url) in enumerate(town.LINKS)
    )
    session.add_all(
        DocumentCategory(position=position, **asdict(one))
        for position, one in enumerate(starting_lists.DOCUMENT_CATEGORIES)
    )
    years = range(first_day.year, last_day.year + 2)
    session.add_all(
        PublicHoliday(day=day, label=label)
        for day, label in holidays.public_holidays(HolidayVariant.METROPOLE, years)
    )
    for zone in (SchoolZone.A, SchoolZone.B, SchoolZone.C):
        session.add_all(
            SchoolHoliday(zone=zone, first_day=first, last_day=last, label=label)
            for first, last, label in _published_holidays(zone, first_day, last_day)
        )
    session.flush()


def _published_holidays(zone: SchoolZone, first_day: date, last_day: date) -> list[holidays.Period]:
    """School holidays of the demonstration's span; past the last published calendar it has fewer, or none."""
    last_year = min(last_day.year, holidays.LAST_SCHOOL_YEAR_END)
    return holidays.school_holidays(zone, first_day.year, last_year) if first_day.year < last_year else []


def write_facilities(session: Session) -> list[Place]:
    places = []
    for position, spec in enumerate(town.FACILITIES):
        facility = Facility(
            name=spec.name, kind=spec.kind, address=spec.address, phone=spec.phone, opening_hours=spec.hours,
            email=f"{people.fold(spec.name).replace(' ', '-')}@demo.example",
            validation_mode=spec.mode, position=position,
        )  # fmt: skip
        session.add(facility)
        session.flush()
        places += [_place(session, facility, rank, activity) for rank, activity in enumerate(spec.activities)]
    return places


def _place(session: Session, facility: Facility, rank: int, spec: town.DemoActivity) -> Place:
    activity = Activity(
        facility_id=facility.id,
        name=spec.name,
        rule_name=spec.rule_name,
        kind=spec.kind,
        has_waiting_list=spec.has_waiting_list,
        is_care=spec.kind is not ActivityKind.MEAL,
        is_declared=True,
        position=rank,
    )
    session.add(activity)
    session.flush()
    presence_types = [
        PresenceType(
            activity_id=activity.id,
            name=presence.name,
            short_name=presence.short_name,
            rule_name=presence.rule_name,
            position=index,
            starts_minute=presence.hours[0],
            ends_minute=presence.hours[1],
        )
        for index, presence in enumerate(spec.presences)
    ]
    session.add_all(presence_types)
    session.flush()
    return Place(spec, facility, activity, presence_types)


def write_openings(
    session: Session, places: list[Place], first_day: date, last_day: date, now: datetime
) -> None:
    public = set(session.scalars(select(PublicHoliday.day)))
    breaks = session.execute(
        select(SchoolHoliday.first_day, SchoolHoliday.last_day, SchoolHoliday.label)
        .where(SchoolHoliday.zone == SchoolZone.C, SchoolHoliday.last_day >= first_day)
        .order_by(SchoolHoliday.first_day)
    ).all()
    off = {day for first, last, _ in breaks for day in days_between(first, last)}
    open_days = [day for day in days_between(first_day, last_day) if day not in public and day.weekday() < 5]
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
                {
                    "activity_id": place.activity.id,
                    "period_id": period.id,
                    "day": day,
                    "capacity": place.spec.capacity,
                }
                for place in of_facility
                if place.spec.days in kinds
                for day in by_kind[place.spec.days]
                if first <= day <= last
            ]
            if rows:
                session.execute(insert(Opening), rows)
    for place in places:
        found = select(Opening.day, Opening.id).where(Opening.activity_id == place.activity.id)
        place.openings = dict(session.execute(found).all())


def _periods(
    places: list[Place], breaks: Iterable[Any], first_day: date, last_day: date
) -> Iterator[tuple[str, tuple[str, ...], date, date, datetime]]:
    """(name, kinds of day, first, last, opening instant) of the booking periods of one facility."""
    kinds = {place.spec.days for place in places}
    for year in range(first_day.year, last_day.year):
        first, last = date(year, 9, 1), date(year + 1, 8, 31)
        opens_at = _eight_o_clock(date(year, 6, 1))
        if "school" in kinds:
            yield f"Année scolaire {year}-{year + 1}", ("school",), first, last, opens_at
        if "wednesday" in kinds:
            yield f"Mercredis {year}-{year + 1}", ("wednesday",), first, last, opens_at
    if "holiday" in kinds:
        for first, last, label in breaks:
            if last <= last_day:
                yield (
                    f"{label} {first.year}",
                    ("holiday",),
                    first,
                    last,
                    _eight_o_clock(first - BOOK_AHEAD_OF_HOLIDAYS),
                )


def _eight_o_clock(day: date) -> datetime:
    """8 h on the Paris wall clock, summer and winter."""
    return datetime.combine(day, time(8), tzinfo=PARIS).astimezone(UTC)


def write_resources(session: Session, store: Store, book: Rulebook) -> None:
    """The règlement as a PDF, in the sentences that it is made of."""
    sheet = RuleSheet(
        town=town.SETTINGS["name"],
        title=book.identity.name,
        note="Document de démonstration, écrit à partir de règlements réels de communes.",
        sections=legal_text(book),
    )
    stored = store.save(BytesIO(rule_sheet_pdf(sheet)), ".pdf")
    session.add(
        Resource(
            title="Règlement\u00a0: délais, prix, quotient familial",
            file_key=stored.key,
            file_name="reglement.pdf",
            size_bytes=stored.size,
        )
    )
