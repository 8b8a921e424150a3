"""A part of the règlement through its versions: when it changes, and what it says on a day (P15)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from domain.calendar import ONE_DAY
from domain.rulebook.tree import Tree


class VersionState(StrEnum):
    DRAFT = "draft"
    FUTURE = "future"
    CURRENT = "current"
    PAST = "past"


def state_of(first_day: date, last_day: date | None, today: date) -> VersionState:
    """What a published version, or a stretch of them, is today."""
    if first_day > today:
        return VersionState.FUTURE
    has_ended = last_day is not None and last_day < today
    return VersionState.PAST if has_ended else VersionState.CURRENT


# Reads a part in the tree of a whole règlement; parts that are equal say the same.
Part = Callable[[Tree], Any]


class Version(Protocol):
    """A version of the whole règlement, in force between two days (both included)."""

    valid_from: date
    valid_to: date | None
    tree: dict[str, Tree]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days through which a part stays the same, and the first version that says it."""

    first_day: date
    last_day: date | None
    part: Any
    version: Version


def timeline(versions: Sequence[Version], part: Part) -> tuple[Stretch, ...]:
    """The stretches of a part, in order, those in which it says nothing included; `versions` are in order."""
    found: list[Stretch] = []
    for version in versions:
        said = part(version.tree)
        if found and found[-1].part == said and found[-1].last_day == version.valid_from - ONE_DAY:
            found[-1] = Stretch(found[-1].first_day, version.valid_to, said, found[-1].version)
        else:
            found.append(Stretch(version.valid_from, version.valid_to, said, version))
    return tuple(found)


def tree_on(versions: Iterable[Version], day: date) -> dict[str, Tree] | None:
    """The règlement in force on a day; None when there is none."""
    for version in versions:
        if version.valid_from <= day and (version.valid_to is None or day <= version.valid_to):
            return version.tree
    return None
