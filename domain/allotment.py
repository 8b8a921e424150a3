"""Who gets the places of a day once every wish is in (R17): pure, so that it can be done again.

Wishes are ranked by the town's criteria; equals by their arrival, or by a draw where the règlement sets no
order. The draw of a household depends on the seed and on the household alone: brothers and sisters stay
together, and the same seed on the same wishes gives the same places. Places are then given from the first
rank to the last; who finds its day, its group or its part of the day full gets none, whoever comes after.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.errors import BusinessError
from domain.french import NBSP, enumerate_fr, format_moment, plural
from domain.rulebook.enrolment import Allocation, Ranking, Tie
from domain.rulebook.facts import Context
from domain.rulebook.trace import in_words

_WISHES = ("demande", "demandes")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a wish stands by the criteria: the lowest `key` first, without one last; `why` in French."""

    key: tuple[Decimal, ...] | None
    why: str


@dataclass(frozen=True, slots=True)
class Wish:
    """A child on a day. `parts` as `domain.capacity.DayPart` adds them; `filed_at`: when it was asked for;
    `obstacle`: why it can have no place whatever its rank, in French."""

    id: int
    household_id: int
    group_id: int | None
    parts: int
    filed_at: datetime
    standing: Standing
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """Places left to a group (None: to everybody), in a part of the day (0: in the whole day)."""

    group_id: int | None
    part: int
    left: int

    def counts(self, wish: Wish) -> bool:
        in_group = self.group_id is None or self.group_id == wish.group_id
        return in_group and (self.part == 0 or bool(self.part & wish.parts))

    @property
    def words(self) -> str:
        """Whose places are all taken."""
        return "dans ce groupe" if self.part == 0 else "pour cette partie de la journée"


@dataclass(frozen=True, slots=True)
class Room:
    """The places left on a day before the allotment, None without limit; `closed`: why it has none at all."""

    left: int | None
    limits: tuple[Limit, ...] = ()
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """How equals are told apart: by arrival, or by the draw of `seed`."""

    tie: Tie
    seed: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the allotment gives a wish: its rank from 1, a place or none, and why, as its family reads it."""

    wish: Wish
    rank: int
    is_admitted: bool
    reason: str


def standing_of(allocation: Allocation, context: Context) -> Standing:
    """Where a family stands by the criteria of the règlement. Raises BusinessError when a fact is missing."""
    order, said = allocation.rank(context)
    if allocation.ranking is Ranking.POINTS:
        return Standing((order,), f"{in_words(-order)}{NBSP}point{'s' if abs(order) >= 2 else ''}")
    if allocation.ranking is Ranking.CASCADE:
        met = [str(number) for number, fails in enumerate(order, 1) if not fails]
        return Standing(tuple(Decimal(fails) for fails in order), _met(met))
    is_met = order <= len(allocation.criteria)
    return Standing((Decimal(order),), _met([str(order)] if is_met else []))


def _met(numbers: Sequence[str]) -> str:
    if not numbers:
        return "Aucun critère rempli"
    many = len(numbers) > 1
    return f"Critère{'s' if many else ''} {enumerate_fr(numbers)} rempli{'s' if many else ''}"


def unknown_standing(why: BusinessError | str) -> Standing:
    """A family of which something is not known comes after all those that can be ranked."""
    return Standing(None, str(why).rstrip("."))


def draw(seed: str, household_id: int) -> int:
    """The number that a household draws; the lowest comes first."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{household_id}".encode()).digest())


def allot(wishes: Iterable[Wish], room: Room, method: Method) -> tuple[Ranked, ...]:
    """Rank the wishes of one day and give its places; by rank."""
    ordered = sorted(wishes, key=lambda wish: _order(wish, method))
    equals = Counter(wish.standing.key for wish in ordered)
    served = _Served(room)
    found = []
    for rank, wish in enumerate(ordered, 1):
        obstacle = served.take(wish)
        said = [
            f"{wish.standing.why}.",
            _tie_words(wish, equals[wish.standing.key] - 1, method),
            f"Rang {rank} sur {plural(len(ordered), *_WISHES)}{NBSP}: {obstacle or 'place attribuée'}.",
        ]
        found.append(Ranked(wish, rank, not obstacle, " ".join(one for one in said if one)))
    return tuple(found)


def _order(wish: Wish, method: Method) -> tuple[Any, ...]:
    key = wish.standing.key
    by_arrival = (wish.filed_at,) if method.tie is Tie.ARRIVAL else ()
    drawn = (draw(method.seed, wish.household_id), wish.household_id)
    return key is None, key or (), by_arrival, drawn, wish.filed_at, wish.id


def _tie_words(wish: Wish, others: int, method: Method) -> str:
    if not others:
        return ""
    with_whom = f"À égalité avec {plural(others, 'autre demande', 'autres demandes')}{NBSP}: "
    if method.tie is Tie.ARRIVAL:
        return f"{with_whom}ordre d’arrivée, la vôtre reçue le {format_moment(wish.filed_at)}."
    return f"{with_whom}tirage au sort."


class _Served:
    """The places of a day as they are given."""

    def __init__(self, room: Room) -> None:
        self._closed, self._left = room.closed, room.left
        self._limits = [[limit, limit.left] for limit in room.limits]

    def take(self, wish: Wish) -> str:
        """Give a place; why there is none otherwise, and nothing changed."""
        if self._closed or wish.obstacle:
            return self._closed or wish.obstacle
        if self._left is not None and self._left <= 0:
            return "plus de place à ce rang"
        own = [entry for entry in self._limits if entry[0].counts(wish)]
        full = next((limit for limit, left in own if left <= 0), None)
        if full is not None:
            return f"plus de place {full.words} à ce rang"
        if self._left is not None:
            self._left -= 1
        for entry in own:
            entry[1] -= 1
        return ""


# --- What is kept, so that it can be done again -------------------------------------------------------------


def inputs_of(wish: Wish, room: Room, tie: Tie) -> dict[str, Any]:
    """What the calculation read of a wish, of its day and of the règlement, as JSON holds it."""
    key = wish.standing.key
    return {
        "household_id": wish.household_id,
        "group_id": wish.group_id,
        "parts": wish.parts,
        "filed_at": wish.filed_at.isoformat(),
        "key": None if key is None else [str(value) for value in key],
        "why": wish.standing.why,
        "obstacle": wish.obstacle,
        "tie": tie.value,
        "left": room.left,
        "limits": [[limit.group_id, limit.part, limit.left] for limit in room.limits],
        "closed": room.closed,
    }


def read_inputs(wish_id: int, inputs: Mapping[str, Any]) -> tuple[Wish, Room, Tie]:
    """The same again."""
    key = inputs["key"]
    standing = Standing(None if key is None else tuple(map(Decimal, key)), inputs["why"])
    wish = Wish(
        wish_id,
        inputs["household_id"],
        inputs["group_id"],
        inputs["parts"],
        datetime.fromisoformat(inputs["filed_at"]),
        standing,
        inputs.get("obstacle", ""),
    )
    room = Room(inputs["left"], tuple(Limit(*limit) for limit in inputs["limits"]), inputs["closed"])
    return wish, room, Tie(inputs["tie"])
