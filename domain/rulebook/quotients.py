"""The quotient familial in force for a service (P6): when a change takes effect, what unknown means."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.calendar import ONE_DAY, add_months, paris_now, school_year
from domain.errors import RuleError
from domain.rulebook import schema
from domain.rulebook.clamping import clamped
from domain.rulebook.facts import Context
from domain.rulebook.money import ROUNDING, Rounding
from domain.rulebook.schema import Key, Reader
from domain.rulebook.trace import MissingFact, Unanswered, UnknownQuotient, in_words
from domain.rulebook.tree import Node
from domain.rulebook.values import placed

TOP = Decimal("Infinity")
Stretch = tuple["QuotientEntry", date, date]


class Unknown(StrEnum):
    """The price of a family without a quotient."""

    ROW = "ligne_inconnu"
    TOP = "tranche_la_plus_haute"
    REFUSE = "refuser"


class Snapshot(StrEnum):
    """The day whose quotient counts."""

    SERVICE = "jour_du_service"
    BOOKING = "jour_de_reservation"
    MONTH = "debut_du_mois"


class Change(StrEnum):
    """From when a new quotient counts, after its proof is received."""

    IMMEDIATE = "immediat"
    NEXT_MONTH = "mois_suivant"
    NEXT_PERIOD = "periode_suivante"
    NEXT_YEAR = "annee_suivante"


class Custody(StrEnum):
    """Whose quotient counts when parents live apart."""

    OWN = "celui_du_parent"
    LOWEST = "le_plus_bas"
    HIGHEST = "le_plus_haut"
    MEAN = "la_moyenne"
    UNSAID = "non_prevu"


class First(StrEnum):
    """From when the very first quotient of a family counts."""

    RECEIPT = "des_reception"
    CHANGE = "comme_un_changement"


class Validity(StrEnum):
    CIVIL_YEAR = "annee_civile"
    SCHOOL_YEAR = "annee_scolaire"
    ENDLESS = "sans_fin"


@dataclass(frozen=True, slots=True)
class QuotientRule:
    path: str
    unknown: Unknown
    snapshot: "Snapshot | tuple[int, int]"
    change: Change
    retroactive: bool
    validity: Validity
    custody: Custody
    rounding: Rounding | None
    first: First = First.CHANGE
    campaign: tuple[int, int] | None = None

    def value(self, context: Context) -> Decimal | None:
        """The quotient for the facts of `context`: given, or read in the history `quotients`."""
        found = self._known(context)
        if found is None:
            return self.of_unknown(context)
        return self.rounded(found, context)

    def rounded(self, found: Decimal, context: Context) -> Decimal:
        if self.rounding is None or not found.is_finite():
            return found
        rounded = self.rounding.round(found)
        if rounded != found:
            context.trace.add(
                self.path, f"quotient arrondi : {in_words(found)} → {in_words(rounded)}", {}, rounded
            )
        return rounded

    def of_unknown(self, context: Context) -> Decimal | None:
        """What an unknown quotient counts as; raises when the règlement refuses to say."""
        if self.unknown is Unknown.REFUSE:
            raise UnknownQuotient(
                f"{self.path} : le quotient est inconnu et le règlement ne dit pas quel prix prendre."
            )
        context.trace.add(self.path, f"quotient inconnu : {self.unknown.value}")
        return TOP if self.unknown is Unknown.TOP else None

    def _known(self, context: Context) -> Decimal | None:
        history = context.given.get("quotients")
        if history is None:
            raise MissingFact("quotient", self.path)
        if not history:
            return None
        reference = self._reference(context)
        by_parent: dict[str, list[Stretch]] = {}
        stretches = [self._stretch(entry, history) for entry in history]
        for stretch in sorted(stretches, key=_rank):
            entry, start, end = stretch
            late = self._counts_at_once(entry, history) and reference < start
            if start <= (self._today(context) if late else reference) <= end:
                same = [one for one in by_parent.get(entry.parent, ()) if _rank(one) == _rank(stretch)]
                by_parent[entry.parent] = [*same, stretch]
        found = self._of_custody(by_parent, context)
        said = _why_unknown(stretches) if found is None else in_words(found)
        context.trace.add(self.path, f"quotient au {in_words(reference)} : {said}", {}, found)
        return found

    def _of_custody(self, last: dict[str, list[Stretch]], context: Context) -> Decimal | None:
        """The quotient that custody chooses among the last of each parent."""
        if self.custody is Custody.OWN and set(last) - {""}:
            return self._only(last.get(str(context.fact("parent", self.path)), last.get("")))
        values = [self._only(stretches) for stretches in last.values()]
        if len(values) < 2:
            return values[0] if values else None
        match self.custody:
            case Custody.LOWEST:
                return min(values)
            case Custody.HIGHEST:
                return max(values)
            case Custody.MEAN:
                return sum(values) / len(values)
        raise Unanswered(
            f"{self.path} : deux quotients sont connus et le règlement ne dit pas lequel prendre."
        )

    def _only(self, stretches: list[Stretch] | None) -> Decimal | None:
        """The one value of entries that nothing ranks, None without any; Unanswered when they differ."""
        values = {entry.value for entry, _, _ in stretches or ()}
        if len(values) > 1:
            raise Unanswered(f"{self.path} : deux quotients reçus le {in_words(stretches[0][0].received)}.")
        return values.pop() if values else None

    def _reference(self, context: Context) -> date:
        day = context.service_day(self.path)
        if isinstance(self.snapshot, tuple):
            return _last_before(day, self.snapshot)
        if self.snapshot is Snapshot.MONTH:
            return day.replace(day=1)
        if self.snapshot is Snapshot.BOOKING:
            if context.now is None:
                raise MissingFact("reserve_le", self.path)
            return paris_now(context.moment(self.path)).date()
        return day

    def _stretch(self, entry: "QuotientEntry", history: Iterable["QuotientEntry"]) -> Stretch:
        """The first and the last day on which an entry counts."""
        start = self._effect(entry, self._counts_at_once(entry, history))
        return entry, start, self._end(entry, start)

    def _counts_at_once(self, entry: "QuotientEntry", history: Iterable["QuotientEntry"]) -> bool:
        """True for the very first quotient, where it counts from its reception whatever the rest says."""
        others = (other for other in history if other.parent == entry.parent and other is not entry)
        return self.first is First.RECEIPT and all(other.received > entry.received for other in others)

    def _today(self, context: Context) -> date:
        """The day that matters to a quotient that counts at once."""
        if self.snapshot is Snapshot.BOOKING:
            return self._reference(context)
        return context.service_day(self.path)

    def _effect(self, entry: "QuotientEntry", at_once: bool) -> date:
        """The first day on which an entry counts."""
        if entry.first_day is not None:
            return entry.first_day
        received = entry.received
        if at_once:
            return received
        match self.change:
            case Change.IMMEDIATE:
                return received.replace(day=1) if self.retroactive else received
            case Change.NEXT_MONTH:
                return date(*add_months(received.year, received.month, 1), 1)
            case Change.NEXT_YEAR:
                return date(received.year + 1, 1, 1)
        raise Unanswered(f"{self.path} : indiquez « du », le premier jour de la période suivante.")

    def _end(self, entry: "QuotientEntry", start: date) -> date:
        """The end of the year of validity; of the next one for what came once its campaign had begun."""
        if entry.last_day is not None:
            return entry.last_day
        if self.validity is Validity.ENDLESS:
            return date.max - ONE_DAY
        end, of_receipt = self._year_end(start), self._year_end(entry.received)
        if self.campaign is None or entry.received < _last_before(of_receipt, self.campaign):
            return end
        return max(end, self._year_end(of_receipt + ONE_DAY))

    def _year_end(self, day: date) -> date:
        if self.validity is Validity.CIVIL_YEAR:
            return date(day.year, 12, 31)
        return school_year(day)[1]


def _last_before(end: date, month_and_day: tuple[int, int]) -> date:
    """The last such day of a year, on `end` at the latest."""
    month, day = month_and_day
    of_year = clamped(end.year, month, day)
    return of_year if of_year <= end else clamped(end.year - 1, month, day)


def _rank(stretch: Stretch) -> tuple[date, date]:
    """Of several quotients the last to begin counts, then the last received."""
    entry, start, _ = stretch
    return start, entry.received


def _why_unknown(stretches: Iterable[Stretch]) -> str:
    known = []
    for entry, start, end in stretches:
        received, value = in_words(entry.received), in_words(entry.value)
        known.append(f"{value} reçu le {received} compte du {in_words(start)} au {in_words(end)}")
    return f"inconnu ({' ; '.join(known)})" if known else "inconnu"


@dataclass(frozen=True, slots=True)
class QuotientEntry:
    """A quotient of the family: received on a day; `first_day` and `last_day` when the proof states them."""

    value: Decimal
    received: date
    first_day: date | None = None
    last_day: date | None = None
    parent: str = ""


def _words(kind: type[StrEnum]) -> schema.Spec:
    return schema.choice({member.value: member for member in kind})


def _make(**fields: Any) -> QuotientRule:
    if fields["retroactive"] and fields["change"] is not Change.IMMEDIATE:
        raise RuleError("bad_value", "un changement rétroactif est « immediat ».", "retroactif")
    return QuotientRule(**fields)


_MONTH_AND_DAY = schema.Record(
    lambda month, day: (month, day),
    Key("mois", "month", schema.integer(1, 12), "le mois"),
    Key("jour", "day", schema.integer(1, 31), "le jour"),
)


def _snapshot(node: Node, reader: Reader) -> Snapshot | tuple[int, int]:
    return _MONTH_AND_DAY(node, reader) if node.is_mapping else _words(Snapshot)(node, reader)


QUOTIENT = placed(
    _make,
    Key("inconnu", "unknown", _words(Unknown), "le prix sans quotient"),
    Key("pris_au", "snapshot", _snapshot, "le jour dont le quotient compte"),
    Key("changement", "change", _words(Change), "à partir de quand un nouveau quotient compte"),
    Key("retroactif", "retroactive", schema.yes_no, "vaut-il dès le premier jour du mois de réception"),
    Key("validite", "validity", _words(Validity), "jusqu’à quand un quotient vaut"),
    Key("garde_alternee", "custody", _words(Custody), "quel quotient quand les parents sont séparés"),
    Key("arrondi", "rounding", schema.optional(ROUNDING), "l’arrondi du quotient (null : aucun)"),
    Key("premier", "first", _words(First), "à partir de quand le tout premier quotient compte", First.CHANGE),
    Key("campagne_des", "campaign", _MONTH_AND_DAY, "dès quand il vaut aussi l’année suivante", None),
)

ENTRY = schema.Record(
    QuotientEntry,
    Key("valeur", "value", schema.number, "le quotient"),
    Key("recu", "received", schema.day, "le jour où le justificatif a été reçu"),
    Key("du", "first_day", schema.day, "le premier jour où il compte", None),
    Key("au", "last_day", schema.day, "le dernier jour où il compte", None),
    Key("parent", "parent", schema.text, "le parent dont c’est le quotient", ""),
)


def read_history(node: Node, reader: Reader) -> tuple[QuotientEntry, ...]:
    return schema.list_of(ENTRY)(node, reader)


def apply_policy(rule: QuotientRule | None, facts: dict[str, Any], context: Context) -> None:
    """Makes of a quotient given alone what the règlement makes of it: rounded, or its answer to unknown."""
    if rule is None or "quotient" not in facts:
        return
    if facts["quotient"] is None and rule.unknown is Unknown.REFUSE:
        del facts["quotient"]
        facts["quotients"] = ()
    elif facts["quotient"] is None:
        facts["quotient"] = rule.of_unknown(context)
    else:
        facts["quotient"] = rule.rounded(facts["quotient"], context)
