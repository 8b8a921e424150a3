"""Rounding, declared by each rule that makes amounts (P16). Half-up to the cent is a choice, not a habit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum

from domain.errors import RuleError
from domain.rulebook import schema
from domain.rulebook.schema import Key, Record
from domain.rulebook.trace import Unanswered

DIRECTIONS: Mapping[str, str] = {
    "plus_proche": ROUND_HALF_UP,
    "plus_proche_pair": ROUND_HALF_EVEN,
    "superieur": ROUND_CEILING,
    "inferieur": ROUND_FLOOR,
}


class Point(StrEnum):
    """Where in the computation of a price an amount is rounded."""

    BASE = "prix"
    EACH = "chaque_ajustement"
    ADJUSTED = "ajustements"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Rounding:
    """To a multiple of `step`, in a direction, at the declared points."""

    step: Decimal
    direction: str
    points: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        if self.step <= 0:
            raise RuleError("bad_step", "le pas d’un arrondi est plus grand que zéro.", "au")

    def round(self, value: Decimal) -> Decimal:
        """Raises Unanswered for a value without end: an unknown quotient at the top, without ceiling."""
        if not value.is_finite():
            raise Unanswered("Le montant n’a pas de fin : le quotient est inconnu et rien ne le plafonne.")
        return (value / self.step).quantize(Decimal(1), rounding=self.direction) * self.step

    def at(self, point: Point, value: Decimal) -> Decimal:
        """`value`, rounded when this point is declared."""
        return self.round(value) if point in self.points else value


_STEP = Key("au", "step", schema.number, "le pas de l’arrondi, par exemple 0.01 pour le centime")
_DIRECTION = Key(
    "vers", "direction", schema.choice(DIRECTIONS),
    "le sens de l’arrondi (plus_proche : la moitié monte ; plus_proche_pair, superieur, inferieur)",
)  # fmt: skip

ROUNDING = Record(Rounding, _STEP, _DIRECTION)
PRICE_ROUNDING = Record(
    Rounding,
    _STEP,
    _DIRECTION,
    Key(
        "apres",
        "points",
        schema.list_of(schema.choice({point.value: point for point in Point}), least=1),
        "les moments de l’arrondi (prix, chaque_ajustement, ajustements, total)",
    ),
)
