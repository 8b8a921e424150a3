"""Public and school holidays of the town: rows filled from the official calendar, then edited (R10).

A change never touches the days that activities already open: staff are shown which of them fall on a holiday.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from adapters import holidays, ics
from domain.enums import HolidayVariant, SchoolZone
from domain.errors import Refused
from domain.french import format_day
from domain.settings import TownSettings, settings_from_rows
from extensions import db
from models import PublicHoliday, SchoolHoliday, Setting
from services import records
from services.accounts import Author
from services.transaction import write_transaction

# The school years that the town starts with.
FIRST_YEAR, LAST_YEAR = 2025, 2028
FILE_LIMIT_BYTES = ics.MAX_BYTES

Period = tuple[date, date, str]


@dataclass(frozen=True, slots=True)
class Filled:
    """What the official calendar brought. `kept` are sentences on rows of the town that differ from it;
    `school_refusal` says why no school holiday came, None when they did."""

    public_holidays: int
    school_holidays: int
    kept: tuple[str, ...]
    school_refusal: str | None


@dataclass(frozen=True, slots=True)
class Imported:
    """How many periods were added, and how many stay out because the town has holidays on their days."""

    added: int
    kept: int


def fill(*, author: Author, now: datetime) -> Filled:
    """Add what the official calendar has and the town lacks, for its variant and school zone."""
    settings = _settings()
    public = _official_public(HolidayVariant(settings.holiday_variant))
    school, refusal = _official_school(SchoolZone(settings.school_zone))
    with write_transaction() as session:
        added_public = _add_public(session, public, author, now)
        added_school, kept = _add_school(session, SchoolZone(settings.school_zone), school, author, now)
    return Filled(added_public, added_school, tuple(kept), refusal)


def read_file(content: bytes) -> list[Period]:
    """The school holidays of an ICS file; nothing is written. Raises Refused, its code starts with `ics_`."""
    return ics.parse_school_holidays(content)


def import_school_holidays(periods: Sequence[Period], *, author: Author, now: datetime) -> Imported:
    """Add the periods of a file to the town's zone, but those that meet holidays it already has.

    Raises Refused `days_order` or `too_long` for an impossible period.
    """
    for first, last, _ in periods:
        _check_days(first, last)
    zone = SchoolZone(_settings().school_zone)
    with write_transaction() as session:
        added, _ = _add_school(session, zone, periods, author, now)
    return Imported(added, len(periods) - added)


def save_public_holiday(
    holiday_id: int | None, day: date, label: str, *, author: Author, now: datetime
) -> None:
    """Add a public holiday, or change row `holiday_id`. Raises Refused `day_taken`, NotFound."""
    taken = Refused("day_taken", "Ce jour figure déjà parmi les jours fériés\u00a0: modifiez sa ligne.")
    with write_transaction() as session:
        if holiday_id is None:
            row = PublicHoliday(day=day, label=label)
            records.add(session, row, author=author, now=now, taken=taken)
            return
        row = records.get(session, PublicHoliday, holiday_id)
        records.change(session, row, {"day": day, "label": label}, author=author, now=now, taken=taken)


def delete_public_holiday(holiday_id: int, *, author: Author, now: datetime) -> None:
    """The day becomes an ordinary one. Raises NotFound."""
    with write_transaction() as session:
        records.remove(session, records.get(session, PublicHoliday, holiday_id), author=author, now=now)


def save_school_holiday(
    holiday_id: int | None, first: date, last: date, label: str, *, author: Author, now: datetime
) -> None:
    """Add school holidays to the town's zone, or change row `holiday_id`; both days are without school.

    Raises Refused `days_order`, `too_long` or `overlap`, NotFound.
    """
    _check_days(first, last)
    zone = SchoolZone(_settings().school_zone)
    values = {"first_day": first, "last_day": last, "label": label}
    with write_transaction() as session:
        row = None if holiday_id is None else records.get(session, SchoolHoliday, holiday_id)
        met = _met(_known(session, zone if row is None else row.zone), first, last, holiday_id)
        if met is not None:
            raise Refused("overlap", f"Ces jours touchent {_named(met)}\u00a0: corrigez les dates.")
        if row is None:
            records.add(session, SchoolHoliday(zone=zone, **values), author=author, now=now)
        else:
            records.change(session, row, values, author=author, now=now)


def delete_school_holiday(holiday_id: int, *, author: Author, now: datetime) -> None:
    """The days become ordinary ones. Raises NotFound."""
    with write_transaction() as session:
        records.remove(session, records.get(session, SchoolHoliday, holiday_id), author=author, now=now)


# --- The official calendar ----------------------------------------------------------------------


def _settings() -> TownSettings:
    return settings_from_rows(dict(db.session.execute(select(Setting.key, Setting.value)).all()))


def _official_public(variant: HolidayVariant) -> list[tuple[date, str]]:
    first, last = date(FIRST_YEAR, 9, 1), date(LAST_YEAR, 8, 31)
    days = holidays.public_holidays(variant, range(FIRST_YEAR, LAST_YEAR + 1))
    return [(day, label) for day, label in days if first <= day <= last]


def _official_school(zone: SchoolZone) -> tuple[list[Period], str | None]:
    """The periods of the zone, or the sentence that says why there are none."""
    try:
        return holidays.school_holidays(zone, FIRST_YEAR, LAST_YEAR), None
    except Refused as refusal:
        return [], refusal.message


# --- Inside a transaction -----------------------------------------------------------------------


def _add_public(session: Session, days: Iterable[tuple[date, str]], author: Author, now: datetime) -> int:
    known = set(session.scalars(select(PublicHoliday.day)))
    missing = [PublicHoliday(day=day, label=label) for day, label in days if day not in known]
    for row in missing:
        records.add(session, row, author=author, now=now)
    return len(missing)


def _add_school(
    session: Session, zone: SchoolZone, periods: Sequence[Period], author: Author, now: datetime
) -> tuple[int, list[str]]:
    """How many periods were added, and a sentence for each row of the town that differs from the source."""
    known, added, kept = _known(session, zone), 0, []
    for first, last, label in periods:
        met = _met(known, first, last)
        if met is None:
            row = SchoolHoliday(zone=zone, first_day=first, last_day=last, label=label)
            records.add(session, row, author=author, now=now)
            known.append(row)
            added += 1
        elif (met.first_day, met.last_day) != (first, last):
            kept.append(
                f"Vos dates sont gardées\u00a0: {_named(met)} (source\u00a0: {_stretch(first, last)})."
            )
    return added, kept


def _known(session: Session, zone: SchoolZone) -> list[SchoolHoliday]:
    return list(session.scalars(select(SchoolHoliday).where(SchoolHoliday.zone == zone)))


def _met(
    known: Iterable[SchoolHoliday], first: date, last: date, except_id: int | None = None
) -> SchoolHoliday | None:
    """The row of the town that shares a day with the stretch."""
    return next(
        (row for row in known if row.id != except_id and row.first_day <= last and first <= row.last_day),
        None,
    )


def _named(row: SchoolHoliday) -> str:
    return f"«\u00a0{row.label}\u00a0», {_stretch(row.first_day, row.last_day)}"


def _stretch(first: date, last: date) -> str:
    return f"du {format_day(first, year=True)} au {format_day(last, year=True)}"


def _check_days(first: date, last: date) -> None:
    if last < first:
        raise Refused(
            "days_order",
            "Le dernier jour est avant le premier\u00a0: choisissez un dernier jour plus tardif.",
        )
    if (last - first).days > 100:
        raise Refused(
            "too_long",
            "Ces vacances durent plus de cent jours\u00a0: corrigez le premier ou le dernier jour.",
        )
