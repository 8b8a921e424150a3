"""Semaine type: what a family books every week, every even or every odd week (R21).

Weeks are ISO weeks: week 1 holds the first Thursday of January. Week 53 and the week 1 that follows are both
odd, as in a custody calendar. Comparing a pattern with what is there proposes; it decides nothing: places,
limits and prices are asked of the rules afterwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from domain.enums import WeekParity

Tree = dict[str, Any]


def is_in(parity: WeekParity, day: date) -> bool:
    """True when the ISO week of `day` is one of these weeks."""
    if parity is WeekParity.ALL:
        return True
    return (day.isocalendar().week % 2 == 0) is (parity is WeekParity.EVEN)


class Presence(NamedTuple):
    """What a child comes for: a presence type of an activity."""

    child_id: int
    activity_id: int
    presence_type_id: int


class WeekDay(NamedTuple):
    """One presence on one weekday (0 = Monday) of these weeks."""

    presence: Presence
    weekday: int
    parity: WeekParity

    def covers(self, day: date) -> bool:
        return day.weekday() == self.weekday and is_in(self.parity, day)


@dataclass(frozen=True, slots=True)
class DefaultWeek:
    """The week days of a household, each as short as can be: see `default_week`."""

    days: frozenset[WeekDay]
    _at: dict[tuple[int, int, int], list[WeekDay]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for every day of a year: one look-up, not a scan of the week.
        at: dict[tuple[int, int, int], list[WeekDay]] = {}
        for one in self.days:
            at.setdefault((*one.presence[:2], one.weekday), []).append(one)
        object.__setattr__(self, "_at", at)

    def wanted(self, child_id: int, activity_id: int, day: date) -> int | None:
        """The presence type that the child wants of an activity on a day; None when it does not come."""
        that_weekday = self._at.get((child_id, activity_id, day.weekday()), ())
        covering = (one.presence.presence_type_id for one in that_weekday if is_in(one.parity, day))
        return next(covering, None)

    def pairs(self) -> frozenset[tuple[int, int]]:
        """(child, activity) of which this week says something."""
        return frozenset(one.presence[:2] for one in self.days)


def default_week(days: Iterable[WeekDay]) -> DefaultWeek:
    """The week of these days, said once: every week takes the place of even, odd or both."""
    parities: dict[tuple[Presence, int], set[WeekParity]] = {}
    for one in days:
        parities.setdefault((one.presence, one.weekday), set()).add(one.parity)
    return DefaultWeek(
        frozenset(
            WeekDay(presence, weekday, parity)
            for (presence, weekday), found in parities.items()
            for parity in _shortest(found)
        )
    )


def _shortest(parities: set[WeekParity]) -> set[WeekParity]:
    if WeekParity.ALL in parities or parities >= {WeekParity.EVEN, WeekParity.ODD}:
        return {WeekParity.ALL}
    return parities


def clashes(week: DefaultWeek) -> tuple[WeekDay, ...]:
    """Days on which a child would come twice to one activity, one of each group, in a stable order."""
    found: dict[tuple[int, int, int], list[WeekDay]] = {}
    for one in sorted(week.days):
        found.setdefault((*one.presence[:2], one.weekday), []).append(one)
    return tuple(
        days[0]
        for days in found.values()
        if len(days) > 1 and {one.parity for one in days} != {WeekParity.EVEN, WeekParity.ODD}
    )


# --- What it changes ----------------------------------------------------------------------------------------


class Known(NamedTuple):
    """What is there for a child on an open day of an activity.

    `booked_type_id`: the presence type of its active booking, None without one; `was_given_up`: the family
    had it and gave it up; `is_chosen`: the draft says something of this day already.
    """

    child_id: int
    activity_id: int
    day: date
    booked_type_id: int | None = None
    was_given_up: bool = False
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a week proposes, each day in one list at most.

    `outside`: booked, of a child and an activity that a week speaks of, but on no day of it; they stay unless
    the family says otherwise, as `given_up` days stay free. `other`: another presence is booked.
    """

    added: tuple[Known, ...]
    outside: tuple[Known, ...]
    kept: tuple[Known, ...]
    other: tuple[Known, ...]
    given_up: tuple[Known, ...]
    chosen: tuple[Known, ...]


def changes(week: DefaultWeek, former: DefaultWeek, days: Iterable[Known]) -> Changes:
    """What `week` changes on these days; `former` is the week that it takes the place of."""
    pairs = week.pairs() | former.pairs()
    found: Mapping[str, list[Known]] = {name: [] for name in Changes.__slots__}
    for known in days:
        name = _change(week, pairs, known)
        if name:
            found[name].append(known)
    return Changes(**{name: tuple(members) for name, members in found.items()})


def _change(week: DefaultWeek, pairs: frozenset[tuple[int, int]], known: Known) -> str:
    wanted = week.wanted(known.child_id, known.activity_id, known.day)
    is_booked = known.booked_type_id is not None
    if known.is_chosen:
        return "chosen" if wanted is not None else ""
    if wanted is None:
        return "outside" if is_booked and (known.child_id, known.activity_id) in pairs else ""
    if is_booked:
        return "kept" if known.booked_type_id == wanted else "other"
    return "given_up" if known.was_given_up else "added"


# --- Kept with a draft --------------------------------------------------------------------------------------


class Plan(NamedTuple):
    """A week asked for between two days, both included; `drops`: the days outside of it are to go."""

    week: DefaultWeek
    first_day: date
    last_day: date
    drops: bool


def to_tree(plan: Plan) -> Tree:
    """The plan as plain values."""
    return {
        "from": plan.first_day.isoformat(),
        "to": plan.last_day.isoformat(),
        "drops": plan.drops,
        "days": [[*one.presence, one.weekday, one.parity.value] for one in sorted(plan.week.days)],
    }


def from_tree(tree: Tree) -> Plan:
    """The plan that `to_tree` wrote."""
    days = (
        WeekDay(Presence(*presence), weekday, WeekParity(parity))
        for *presence, weekday, parity in tree["days"]
    )
    return Plan(
        DefaultWeek(frozenset(days)),
        date.fromisoformat(tree["from"]),
        date.fromisoformat(tree["to"]),
        tree["drops"],
    )
