"""Counts over a period (P9, P10): how many presences, days or children, in all or so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.calendar import school_year
from domain.french import quoted
from domain.rulebook import schema
from domain.rulebook.almanac import Almanac
from domain.rulebook.conditions import Condition, read_condition
from domain.rulebook.days import Base
from domain.rulebook.facts import Context, Kind
from domain.rulebook.memo import KnownPrice
from domain.rulebook.schema import Key, Reader
from domain.rulebook.tree import Node
from domain.rulebook.values import placed

ETATS = ("present", "absent", "non_reserve")


OUTSIDE = "hors des périodes"


class Span(StrEnum):
    DAY = "jour"
    WEEK = "semaine"
    MONTH = "mois"
    SCHOOL_YEAR = "annee_scolaire"
    CIVIL_YEAR = "annee_civile"
    BILL = "facture"
    ORDER = "commande"
    PERIOD = "periode"

    def of(self, day: date, almanac: Almanac | None = None) -> Any:
        """What two days of the same span have in common; OUTSIDE for a day in none."""
        match self:
            case Span.DAY:
                return day
            case Span.WEEK:
                return day.isocalendar()[:2]
            case Span.MONTH:
                return (day.year, day.month)
            case Span.SCHOOL_YEAR:
                return school_year(day)
            case Span.CIVIL_YEAR:
                return day.year
            case Span.PERIOD:
                return (None if almanac is None else almanac.period_of(day)) or OUTSIDE
        return None


class Among(StrEnum):
    PRESENCES = "presences"
    CHILDREN = "enfants"
    DAYS = "jours"
    OPEN_DAYS = "jours_d_ouverture"
    ABSENCES = "absences"


class By(StrEnum):
    CHILD = "enfant"
    FAMILY = "famille"
    PAYER = "payeur"


@dataclass(slots=True)
class Presence:
    """A unit to bill: who, what, when, its facts, its order; its price and its payer come later."""

    activity: str
    child: str
    day: date
    facts: dict[str, Any]
    order: str = ""
    triggered: frozenset[str] = frozenset()
    context: Context | None = None
    amount: Decimal = Decimal(0)
    payer: str = ""
    known: KnownPrice | None = None  # its price in the memo of the billing


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the bills before this one already held, in its first period: of a count, or of a total.

    `child` is empty for what belongs to the family.
    """

    name: str
    child: str = ""
    number: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Count:
    path: str
    name: str
    among: Among
    span: Span
    by: By
    everywhere: bool
    so_far: bool
    when: Condition

    def of(self, one: Presence, all_presences: Sequence[Presence], open_days: Any) -> Decimal:
        """The count that `one` sees."""
        if self.span.of(one.day, one.context.calendar) is OUTSIDE:
            return Decimal(0)
        if self.among is Among.OPEN_DAYS:
            return Decimal(len(self._open_days(one, open_days)))
        found = [other for other in all_presences if self._together(one, other)]
        if self.so_far:
            found = found[: found.index(one) + 1] if one in found else found
        found = [other for other in found if self.when.holds(other.context)]
        if self.among is Among.CHILDREN:
            return Decimal(len({other.child for other in found}))
        if self.among is Among.DAYS:
            return Decimal(len({other.day for other in found}))
        return Decimal(len(found))

    def earlier(self, one: Presence, first: Presence, earlier: Sequence[Earlier]) -> Decimal:
        """What `one` sees of the bills before; `first` is the first presence of this bill."""
        if not same_span(self.span, one, first):
            return Decimal(0)
        who = one.child if self.by is By.CHILD else ""
        ours = (other.number for other in earlier if (other.name, other.child) == (self.name, who))
        return sum(ours, Decimal(0))

    def _together(self, one: Presence, other: Presence) -> bool:
        return (
            same_span(self.span, one, other)
            and (self.span is not Span.ORDER or one.order == other.order)
            and (self.everywhere or one.activity == other.activity)
            and (self.by is By.FAMILY or one.child == other.child)
        )

    def _open_days(self, one: Presence, open_days: Any) -> list[date]:
        around = (one.day + timedelta(days=offset) for offset in range(-370, 371))
        return [
            day
            for day in around
            if self.span.of(day, one.context.calendar) == self.span.of(one.day, one.context.calendar)
            and day in open_days
            and self.when.holds(one.context.with_facts(day=day))
        ]


def same_span(span: Span, one: Presence, other: Presence) -> bool:
    return span.of(one.day, one.context.calendar) == span.of(other.day, other.context.calendar)


def _words(kind: type[StrEnum]) -> schema.Spec:
    return schema.choice({member.value: member for member in kind})


def _number_fact(node: Node, reader: Reader) -> str:
    name = schema.reference("fait", "le fait")(node, reader)
    if reader.known("fait")[name].kind is not Kind.NUMBER:
        raise node.bad(f"le fait {quoted(name)} n’est pas un nombre.")
    return name


def read_span(node: Node, reader: Reader) -> Span:
    span = _words(Span)(node, reader)
    if span is Span.PERIOD and not reader.known("periode"):
        raise node.bad("« periode » demande « periodes » dans le calendrier.")
    return span


def _among(node: Node, reader: Reader) -> Among:
    among = _words(Among)(node, reader)
    if among is Among.OPEN_DAYS:
        reader.note("compte", Base.OPEN.value, node)
    return among


COUNT = placed(
    Count,
    Key("nom", "name", _number_fact, "le fait (type nombre) qui reçoit ce compte"),
    Key(
        "parmi", "among", _among, "ce qui est compté (presences, enfants, jours, jours_d_ouverture, absences)"
    ),
    Key(
        "periode",
        "span",
        read_span,
        "la période (jour, semaine, mois, annee_scolaire, annee_civile, periode, facture, commande)",
    ),
    Key("par", "by", schema.choice({"enfant": By.CHILD, "famille": By.FAMILY}), "par enfant ou par famille"),
    Key("toutes_activites", "everywhere", schema.yes_no, "compter aussi les autres activités"),
    Key("jusqu_ici", "so_far", schema.yes_no, "compter seulement jusqu’à cette présence (son rang)"),
    Key("si", "when", read_condition, "ce qui compte (ou toujours)"),
)
