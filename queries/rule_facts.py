"""The facts of the règlement that the service states of a family, with what it said so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from domain.errors import NotFound
from domain.rulebook.family_facts import StatableFact, statable_facts, value_in_words
from extensions import db
from models import RuleFact
from queries import rulebook_pages


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact of the household (`child_id` None) or of a child; `value` is empty while nobody said it."""

    name: str
    label: str
    child_id: int | None
    value: str
    valid_from: date | None
    valid_to: date | None


def asked(today: date) -> tuple[StatableFact, ...]:
    """What the règlement in force wants to know of families; empty without any."""
    version = rulebook_pages.in_force(today)
    return () if version is None else statable_facts(rulebook_pages.written(version.line))


def fact(name: str, today: date) -> StatableFact:
    """Raises NotFound for a fact that the règlement in force does not ask for."""
    found = next((one for one in asked(today) if one.name == name), None)
    if found is None:
        raise NotFound
    return found


def lines(household_id: int, child_ids: Sequence[int], today: date) -> tuple[FactLine, ...]:
    """Every fact asked for, of the household first, then of each child."""
    wanted = asked(today)
    if not wanted:
        return ()
    rows = db.session.scalars(
        select(RuleFact).where(RuleFact.household_id == household_id).order_by(RuleFact.valid_from)
    )
    known = {
        (row.child_id, row.name): row
        for row in rows
        if row.valid_from <= today and (row.valid_to is None or today <= row.valid_to)
    }
    return tuple(
        _line(one, child_id, known.get((child_id, one.name)))
        for child_id in (None, *child_ids)
        for one in wanted
    )


def _line(one: StatableFact, child_id: int | None, row: RuleFact | None) -> FactLine:
    if row is None:
        return FactLine(one.name, one.label, child_id, "", None, None)
    said = value_in_words(one.fact, row.value)
    return FactLine(one.name, one.label, child_id, said, row.valid_from, row.valid_to)
