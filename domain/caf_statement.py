"""The hours that a town declares to the CAF and to the MSA (R49), as the subsidy for collective receptions of
minors counts them: a presence counts for the whole length of its slot, whatever the child was there of it.

A Wednesday counts nine hours at most with a meal, four for each half-day; the midday break counts fully.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from domain.calendar import SATURDAY, WEDNESDAY, TownCalendar
from domain.capacity import FULL_DAY, DayPart
from domain.enums import ActivityKind, SocialFund
from domain.errors import Refused
from domain.french import NBSP
from domain.rulebook.tree import Tree

DAY_CAP, HALF_DAY_CAP = 9 * 60, 4 * 60  # minutes, of a Wednesday
_SUMMER_MONTH = 7  # the holiday that holds a day of July
OLDER = 6  # years
MOST_BRACKETS = 12


class Nature(StrEnum):
    """What kind of reception a presence is, as the CAF splits them; addresses call them so."""

    MORNING = "matin"
    MIDDAY = "midi"
    EVENING = "soir"
    WEDNESDAY = "mercredi"
    SHORT_HOLIDAY = "petites-vacances"
    SUMMER = "grandes-vacances"
    WEEKEND = "fin-de-semaine"


NATURE_NAMES: Mapping[Nature, str] = {
    Nature.MORNING: "Périscolaire, matin",
    Nature.MIDDAY: "Périscolaire, pause de midi",
    Nature.EVENING: "Périscolaire, soir",
    Nature.WEDNESDAY: "Périscolaire, mercredi",
    Nature.SHORT_HOLIDAY: "Extrascolaire, petites vacances",
    Nature.SUMMER: "Extrascolaire, grandes vacances",
    Nature.WEEKEND: "Extrascolaire, samedi ou dimanche hors vacances",
}
FUND_NAMES: Mapping[SocialFund | None, str] = {
    SocialFund.CAF: "CAF",
    SocialFund.MSA: "MSA",
    SocialFund.OTHER: "Autre régime",
    None: "Régime non indiqué",
}
AGE_NAMES = {False: "moins de 6 ans", True: "6 ans et plus"}  # on the day
HOLIDAY_NATURES = frozenset({Nature.SHORT_HOLIDAY, Nature.SUMMER, Nature.WEEKEND})
_SCHOOL_DAY = {
    ActivityKind.MORNING: Nature.MORNING,
    ActivityKind.MEAL: Nature.MIDDAY,
    ActivityKind.EVENING: Nature.EVENING,
}


def age_slug(is_older: bool) -> str:
    """As addresses call it."""
    return "6-et-plus" if is_older else "moins-de-6"


def fund_slug(fund: SocialFund | None) -> str:
    return fund.value if fund else "inconnu"


class Reason(StrEnum):
    """Why something is left out of the hours."""

    UNDECLARED = "undeclared"
    NO_HOURS = "no_hours"
    NO_NATURE = "no_nature"
    UNMARKED = "unmarked"
    UNANSWERED = "unanswered"


REASON_WORDS: Mapping[Reason, str] = {
    Reason.UNDECLARED: "activité qui n’est pas déclarée comme accueil de mineurs",
    Reason.NO_HOURS: "type de présence sans heures de début et de fin",
    Reason.NO_NATURE: "accueil à la journée un jour d’école",
    Reason.UNMARKED: f"jours passés pas encore pointés{NBSP}: réservés, mais pas réalisés",
    Reason.UNANSWERED: "demandes auxquelles le service n’a pas répondu",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A presence type of an activity; `parts` adds `DayPart`, `minutes` is None without known hours."""

    activity_id: int
    activity: str
    facility: str
    kind: ActivityKind
    is_declared: bool
    name: str
    parts: int
    minutes: int | None


class Stay(NamedTuple):
    """A child on a day of a slot: booked (accepted), asked without an answer, present (None: no mark)."""

    child_id: int
    household_id: int
    day: date
    slot_id: int
    is_booked: bool
    is_asked: bool
    is_present: bool | None


class Key(NamedTuple):
    """A line of the statement. `bracket` is the rank of the quotient, -1 without one."""

    nature: Nature
    is_older: bool
    fund: SocialFund | None
    bracket: int


class Line(NamedTuple):
    """A child on a day of a nature, with what counts of it in minutes."""

    key: Key
    child_id: int
    day: date
    slots: tuple[int, ...]
    booked_minutes: int
    attended_minutes: int


@dataclass(frozen=True, slots=True)
class Sums:
    """`presences` are days on which a child was there."""

    children: int = 0
    presences: int = 0
    booked_minutes: int = 0
    attended_minutes: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Days of children that do not count, and why."""

    reason: Reason
    slot: Slot
    days: int


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of a period, and what is left out of it."""

    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]

    def by(self, named: Callable[[Key], object]) -> dict[object, Sums]:
        """The sums of the lines that `named` gives the same name."""
        found: dict[object, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[named(line.key)].append(line)
        return {name: sums(lines) for name, lines in found.items()}


def sums(lines: Iterable[Line]) -> Sums:
    """Each child once; booked children who never came are children too."""
    known = list(lines)
    return Sums(
        len({line.child_id for line in known}),
        sum(line.attended_minutes > 0 for line in known),
        sum(line.booked_minutes for line in known),
        sum(line.attended_minutes for line in known),
    )


def nature_of(kind: ActivityKind, day: date, calendar: TownCalendar) -> Nature | None:
    """None for a whole day of reception on a day with school, which is no reception that the CAF knows."""
    for holiday in calendar.school_holidays:
        if holiday.first_day <= day <= holiday.last_day:
            summer = date(day.year, _SUMMER_MONTH, 15)
            return Nature.SUMMER if holiday.first_day <= summer <= holiday.last_day else Nature.SHORT_HOLIDAY
    if day.weekday() >= SATURDAY:
        return Nature.WEEKEND
    if day.weekday() == WEDNESDAY and (kind is ActivityKind.DAY or WEDNESDAY not in calendar.school_weekdays):
        return Nature.WEDNESDAY
    return _SCHOOL_DAY.get(kind)


def counted(nature: Nature, slots: Sequence[Slot]) -> int:
    """The minutes of the slots of a child on one day of one nature."""
    total = sum(slot.minutes or 0 for slot in slots)
    if nature is not Nature.WEDNESDAY or not slots:
        return total
    parts = DayPart(0)
    for slot in slots:
        parts |= DayPart(slot.parts)
    halves = sum(half in parts for half in (DayPart.MORNING, DayPart.AFTERNOON))
    cap = DAY_CAP if parts == FULL_DAY else max(1, halves) * HALF_DAY_CAP
    return min(total, cap)


def age_on(birth: date, day: date) -> int:
    """Completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def statement(
    stays: Iterable[Stay],
    slots: Mapping[int, Slot],
    calendar: TownCalendar,
    today: date,
    name: Callable[[Stay, Nature], Key],
    natures: Collection[Nature] | None = None,
) -> Statement:
    """The statement of a period. `name` gives the line of a stay: age, fund and quotient on its day;
    `natures` are those to keep, None for all of them.

    A past day that nobody marked counts as booked and is told apart; what is left out follows the order of
    `slots`.
    """
    known: dict[tuple[ActivityKind, date], Nature | None] = {}
    found: dict[tuple[int, int, date, Nature], list[Stay]] = defaultdict(list)
    left_out: dict[tuple[Reason, int], int] = defaultdict(int)
    for stay in stays:
        slot = slots[stay.slot_id]
        at = (slot.kind, stay.day)
        if at not in known:
            known[at] = nature_of(*at, calendar)
        nature = known[at]
        if natures is not None and nature is not None and nature not in natures:
            continue
        reason = _left_out(stay, slot, nature, today)
        if reason is not None:
            left_out[reason, stay.slot_id] += 1
        if nature is not None and reason in (None, Reason.UNMARKED):
            found[stay.child_id, stay.household_id, stay.day, nature].append(stay)
    lines = [_line(own, nature, slots, name) for (_, _, _, nature), own in found.items()]
    return Statement(
        tuple(line for line in lines if line.booked_minutes or line.attended_minutes),
        tuple(
            LeftOut(reason, slots[slot_id], left_out[reason, slot_id])
            for reason in Reason
            for slot_id in slots
            if (reason, slot_id) in left_out
        ),
    )


def _left_out(stay: Stay, slot: Slot, nature: Nature | None, today: date) -> Reason | None:
    if not slot.is_declared:
        return Reason.UNDECLARED
    if stay.is_asked and not stay.is_present:
        return Reason.UNANSWERED
    if nature is None:
        return Reason.NO_NATURE
    if slot.minutes is None:
        return Reason.NO_HOURS
    return Reason.UNMARKED if stay.is_present is None and stay.day < today else None


def _line(
    stays: Sequence[Stay], nature: Nature, slots: Mapping[int, Slot], name: Callable[[Stay, Nature], Key]
) -> Line:
    first = stays[0]
    return Line(
        name(first, nature),
        first.child_id,
        first.day,
        tuple(stay.slot_id for stay in stays),
        counted(nature, [slots[stay.slot_id] for stay in stays if stay.is_booked]),
        counted(nature, [slots[stay.slot_id] for stay in stays if stay.is_present]),
    )


# --- Brackets of the quotient --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brackets:
    """Where brackets of the quotient begin, in hundredths, in order; the first one begins at zero."""

    bounds: tuple[int, ...] = ()

    def rank(self, value_hundredths: int | None) -> int:
        """-1 without a quotient."""
        return -1 if value_hundredths is None else bisect_right(self.bounds, value_hundredths)

    def name(self, rank: int) -> str:
        """« moins de 400 », « de 400 à moins de 700 », « 700 et plus »."""
        if rank < 0:
            return "sans quotient"
        if not self.bounds:
            return "avec un quotient"
        if rank == 0:
            return f"moins de {_written(self.bounds[0])}"
        if rank == len(self.bounds):
            return f"{_written(self.bounds[-1])} et plus"
        return f"de {_written(self.bounds[rank - 1])} à moins de {_written(self.bounds[rank])}"

    @property
    def ranks(self) -> range:
        return range(-1, len(self.bounds) + 1)

    @property
    def text(self) -> str:
        """« 400 ; 700 ; 1000 », as it is typed."""
        return f"{NBSP}; ".join(_written(bound) for bound in self.bounds)


def read_brackets(text: str) -> Brackets:
    """« 400 ; 700 ; 1000 » in any order, « 622,50 » too. Raises Refused `bad_brackets`."""
    bounds = set()
    for piece in text.replace("\u00a0", " ").replace(";", " ").replace("/", " ").split():
        euros, _, rest = piece.replace(".", ",").rstrip(",").partition(",")
        if not euros.isdecimal() or not rest.ljust(1, "0").isdecimal() or len(euros) > 5 or len(rest) > 2:
            raise _BAD_BRACKETS
        bounds.add(int(euros) * 100 + int(rest.ljust(2, "0")))
    if 0 in bounds or len(bounds) > MOST_BRACKETS:
        raise _BAD_BRACKETS
    return Brackets(tuple(sorted(bounds)))


_BAD_BRACKETS = Refused(
    "bad_brackets",
    f"Écrivez le début de chaque tranche, {MOST_BRACKETS} au plus, par exemple 400{NBSP}; 700{NBSP}; 1000.",
)


def _written(hundredths: int) -> str:
    euros, rest = divmod(hundredths, 100)
    return f"{euros},{rest:02d}" if rest else str(euros)


def written_brackets(tree: Tree) -> Brackets:
    """The brackets that the most tables of a règlement have; none where it has no table by quotient."""
    found = Counter(bounds for rows in _tables(tree) if (bounds := _bounds(rows)))
    return Brackets(found.most_common(1)[0][0]) if found else Brackets()


def _tables(tree: Tree) -> Iterator[list[Tree]]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from _tables(value)
    elif isinstance(tree, list):
        yield tree
        for value in tree:
            yield from _tables(value)


def _bounds(rows: list[Tree]) -> tuple[int, ...]:
    """Where the brackets of a table begin; « à 700 » and « plus de 700 » begin the next one just above."""
    bounds = set()
    for row in rows:
        limits = row.get("quotient") if isinstance(row, dict) else None
        for word, value in limits.items() if isinstance(limits, dict) else ():
            above = _ABOVE.get(word)
            if above is not None and isinstance(value, str) and _AMOUNT.fullmatch(value):
                bounds.add(round(float(value) * 100) + above)
    return tuple(sorted(bounds - {0})) if len(bounds) <= MOST_BRACKETS else ()


_ABOVE = {"de": 0, "moins_de": 0, "a": 1, "plus_de": 1}
_AMOUNT = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,2})?")
