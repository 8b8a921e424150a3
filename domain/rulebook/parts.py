"""Walking through a rule: every object that it is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from domain.rulebook.almanac import Almanac
from domain.rulebook.counts import Among, Count
from domain.rulebook.days import Base, Days


def parts(rule: Any) -> Iterator[Any]:
    """`rule` and every dataclass below it, calendars left out."""
    if isinstance(rule, Almanac):
        return
    if is_dataclass(rule):
        yield rule
        for field in fields(rule):
            yield from parts(getattr(rule, field.name))
    elif isinstance(rule, Mapping):
        for value in rule.values():
            yield from parts(value)
    elif isinstance(rule, tuple | list):
        for value in rule:
            yield from parts(value)


def counts_open_days(rule: Any) -> bool:
    """True when an answer depends on the days on which the activity takes place."""
    return any(
        (isinstance(part, Days) and part.base is Base.OPEN)
        or (isinstance(part, Count) and part.among is Among.OPEN_DAYS)
        for part in parts(rule)
    )
