"""The facts of the règlement that only the service can state, of a family or of one of its children.

Like a quotient, a fact is dated: a new value ends the former one, the past is kept.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import ONE_DAY
from domain.errors import NotFound, Refused
from models import Household, HouseholdChild, RuleFact
from services import audit
from services.accounts import Author
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Statement:
    """What is stated: `value` as the règlement writes it; both days included, `valid_to` None without end."""

    name: str
    value: str
    valid_from: date
    valid_to: date | None = None


def state(
    household_id: int, child_id: int | None, statement: Statement, *, author: Author, now: datetime
) -> None:
    """Write a fact of the household, or of one of its children. The form has checked that the value fits.

    Raises NotFound (unknown family, or another family's child), Refused `dates`.
    """
    if statement.valid_to is not None and statement.valid_to < statement.valid_from:
        raise Refused("dates", "Indiquez une date de fin qui suit la date de début.")
    with write_transaction() as session:
        _check_owner(session, household_id, child_id)
        rows = session.scalars(
            select(RuleFact)
            .where(
                RuleFact.household_id == household_id,
                RuleFact.child_id == child_id if child_id else RuleFact.child_id.is_(None),
                RuleFact.name == statement.name,
            )
            .order_by(RuleFact.valid_from)
        ).all()
        former = _make_room(session, rows, statement)
        row = RuleFact(
            household_id=household_id,
            child_id=child_id,
            name=statement.name,
            value=statement.value,
            valid_from=statement.valid_from,
            valid_to=_end(rows, statement),
        )
        session.add(row)
        session.flush()
        _record(session, row, former, author, now)


def _check_owner(session: Session, household_id: int, child_id: int | None) -> None:
    if session.get(Household, household_id, with_for_update=True) is None:
        raise NotFound
    if child_id is not None and session.get(HouseholdChild, (household_id, child_id)) is None:
        raise NotFound


def _make_room(session: Session, rows: list[RuleFact], statement: Statement) -> dict | None:
    """End the value that holds on the first day; one that begins on that very day was a slip and goes."""
    former = None
    for row in rows:
        holds = row.valid_to is None or row.valid_to >= statement.valid_from
        if row.valid_from <= statement.valid_from and holds:
            former = {"fact_value": row.value, "valid_from": row.valid_from.isoformat()}
            if row.valid_from == statement.valid_from:
                session.delete(row)
            else:
                row.valid_to = statement.valid_from - ONE_DAY
    session.flush()
    return former


def _end(rows: list[RuleFact], statement: Statement) -> date | None:
    """The last day, before the next value that is already known."""
    later = [row.valid_from - ONE_DAY for row in rows if row.valid_from > statement.valid_from]
    return min((day for day in (statement.valid_to, *later) if day is not None), default=None)


def _record(session: Session, row: RuleFact, former: dict | None, author: Author, now: datetime) -> None:
    after = {
        "fact_name": row.name,
        "fact_value": row.value,
        "child_id": row.child_id,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": None if row.valid_to is None else row.valid_to.isoformat(),
    }
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action="rule_fact.stated",
        object_type="rule_fact",
        object_id=row.id,
        household_id=row.household_id,
        before=former,
        after=after,
    )
