"""Where the yearly certification of family files stands (R05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select

from domain.calendar import paris_now
from domain.certification import AnnualDay, is_due, season
from domain.enums import Channel
from extensions import db
from models import Certification, Household

_LAST = (
    select(
        Household.id,
        Household.name,
        Household.number,
        Household.created_at,
        Certification.certified_at,
        Certification.author_name,
        Certification.channel,
        Certification.valid_until,
    )
    .outerjoin(Certification, Certification.household_id == Household.id)
    .where(Household.id.in_(bindparam("households", expanding=True)))
    .order_by(Household.number, Certification.valid_until.desc(), Certification.id.desc())
)


@dataclass(frozen=True, slots=True)
class Given:
    """A certification: by whom, how, until which day included."""

    at: datetime
    author: str
    channel: Channel
    valid_until: date


@dataclass(frozen=True, slots=True)
class Standing:
    """A file and its last certification. `until`: the last day of a certification given today."""

    household_id: int
    name: str
    number: int
    is_due: bool
    until: date
    last: Given | None


def standings(household_ids: Sequence[int], today: date, asked_from: AnnualDay) -> tuple[Standing, ...]:
    """The files in the order of their numbers. One statement."""
    rows = {}
    for row in db.session.execute(_LAST, {"households": list(household_ids)}):
        rows.setdefault(row.id, row)  # the newest comes first
    until = season(today, asked_from)[1]
    return tuple(
        Standing(
            row.id,
            row.name,
            row.number,
            is_due(paris_now(row.created_at).date(), row.valid_until, today, asked_from),
            until,
            Given(row.certified_at, row.author_name, row.channel, row.valid_until)
            if row.valid_until
            else None,
        )
        for row in rows.values()
    )
