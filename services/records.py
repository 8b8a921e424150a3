"""Rows that staff edit on screen: added, changed, removed, each with its line in the journal (S115).

These helpers work inside the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import insert, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import NotFound, Refused
from services import audit
from services.accounts import Author

Row = TypeVar("Row")
_VALUES_AT_ONCE = 32_000  # of one statement: SQLite takes 32,766, PostgreSQL 65,535


def get(session: Session, table: type[Row], row_id: int) -> Row:
    """The row, locked until the end of the transaction where the engine can. Raises NotFound.

    Rows that only point at it (a booking at its activity) are still written meanwhile: a family that
    validates holds its days first, so that waiting for it here would be a deadlock.
    """
    row = session.get(table, row_id, with_for_update={"key_share": True})
    if row is None:
        raise NotFound
    return row


def write_all(session: Session, rows: Sequence[Any]) -> None:
    """Write new rows of one table in one statement; every column but `id` is written as the row has it.

    Their ids are not known afterwards, which is what makes it fast on SQLite.
    """
    if not rows:
        return
    table = type(rows[0])
    names = [column.key for column in inspect(table).columns if column.key != "id"]
    session.flush()
    session.execute(insert(table), [{name: getattr(row, name) for name in names} for row in rows])


def write_columns(session: Session, table: type[Any], names: Sequence[str], values: Sequence[Any]) -> None:
    """Write a hundred thousand rows: their values, one row after the other, in the order of `names` and
    already as the driver takes them: days, lists and words of a closed list are texts. Two thousand rows
    share a statement: one each costs twice as much, with the guards of a table."""
    if not values:
        return
    session.flush()
    connection = session.connection()
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    one = f"({', '.join([mark] * len(names))})"
    head = f"INSERT INTO {table.__tablename__} ({', '.join(names)}) VALUES "  # noqa: S608  our names
    at_once = _VALUES_AT_ONCE // len(names) * len(names)
    for start in range(0, len(values), at_once):
        some = tuple(values[start : start + at_once])
        connection.exec_driver_sql(head + ", ".join([one] * (len(some) // len(names))), some)


def add(session: Session, row: Any, *, author: Author, now: datetime, taken: Refused | None = None) -> int:
    """Write a new row and its journal line; returns its id.

    `taken` is raised when another row already holds what must be unique.
    """
    session.add(row)
    _flush(session, taken)
    _record(session, row, "created", author, now, None, _columns(row))
    return row.id


def change(
    session: Session,
    row: Any,
    values: Mapping[str, Any],
    *,
    author: Author,
    now: datetime,
    taken: Refused | None = None,
) -> bool:
    """Set columns of a row; the journal keeps what really changed. False when nothing did."""
    before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    if not before:
        return False
    for name in before:
        setattr(row, name, values[name])
    _flush(session, taken)
    after = {name: values[name] for name in before}
    _record(session, row, "updated", author, now, plain(before), plain(after))
    return True


def remove(session: Session, row: Any, *, author: Author, now: datetime) -> None:
    """Delete a row that nothing refers to; the journal keeps what it held."""
    _record(session, row, "deleted", author, now, _columns(row), None)
    session.delete(row)
    session.flush()


def tell(
    session: Session,
    action: str,
    row: Any,
    household_id: int | None,
    *,
    author: Author,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """The journal line of an act, filed under the household that it is about so that it can be read there."""
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type=row.__tablename__,
        object_id=row.id,
        household_id=household_id,
        before=plain(before) if before else None,
        after=plain(after) if after else None,
    )


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values as JSON can hold them."""
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _columns(row: Any) -> dict[str, Any]:
    names = (attribute.key for attribute in inspect(row).mapper.column_attrs)
    return plain({name: getattr(row, name) for name in names if name != "id"})


def _flush(session: Session, taken: Refused | None) -> None:
    """The database itself says what is taken, so that two agents at once cannot both win."""
    try:
        session.flush()
    except IntegrityError as error:
        if taken is None:
            raise
        raise taken from error


def _record(
    session: Session,
    row: Any,
    verb: str,
    author: Author,
    now: datetime,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=f"{row.__tablename__}.{verb}",
        object_type=row.__tablename__,
        object_id=row.id,
        before=before,
        after=after,
    )
