"""What stays due of an absence (P12): the first rule that fits its cause, notice, proof and length."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.calendar import as_utc, paris_now
from domain.clock_time import ClockTime
from domain.errors import RuleError
from domain.rulebook import schema
from domain.rulebook.conditions import Condition, read_condition
from domain.rulebook.cutoff_schema import read_cutoff, read_days
from domain.rulebook.cutoffs import Cutoff, resolve
from domain.rulebook.days import Days, walk
from domain.rulebook.facts import Context
from domain.rulebook.schema import Key, Reader, Record
from domain.rulebook.trace import Unanswered
from domain.rulebook.tree import Node
from domain.rulebook.values import Value, placed, read_value

DEDUCTION = "deduction"


class From(StrEnum):
    """The day that a delay is counted from, or a limit set for."""

    FIRST = "premier_jour"
    LAST = "dernier_jour"
    EACH = "chaque_jour"


class Unit(StrEnum):
    """What a number of days counts."""

    BOOKED = "jours_reserves"
    CALENDAR = "jours_calendaires"
    COUNTED = "jours_comptes"
    HOURS = "heures"


@dataclass(frozen=True, slots=True)
class Notice:
    """The family tells before a limit, set for the first absent day or for each."""

    until: Cutoff
    of: From


@dataclass(frozen=True, slots=True)
class Proof:
    """A document received within a time, counted from `start` of a day."""

    within: int
    unit: Unit
    of: From
    start: ClockTime | None
    counted: Days | None

    def limit(self, day: date, context: Context, opened: Collection[date] | None) -> datetime:
        if self.unit is Unit.HOURS:
            return self.start.on(day) + timedelta(hours=self.within)
        return ClockTime(24 * 60).on(_forward(day, self.within, self.counted, context, opened))


@dataclass(frozen=True, slots=True)
class Length:
    at_least: int
    unit: Unit
    counted: Days | None

    def reached(self, days: Sequence[date], context: Context, opened: Collection[date] | None) -> bool:
        if self.unit is Unit.BOOKED:
            return len(days) >= self.at_least
        if self.counted is None:
            return (days[-1] - days[0]).days + 1 >= self.at_least
        span = (days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1))
        return sum(self.counted.holds(day, context.calendar, opened) for day in span) >= self.at_least


class Share(StrEnum):
    ALL = "tout"
    NONE = "rien"


@dataclass(frozen=True, slots=True)
class DueDays:
    """The days `first` to `last` of an absence stay due (1 is its first; None is open)."""

    first: int
    last: int | None
    unit: Unit
    since_notice: bool = False


@dataclass(frozen=True, slots=True)
class Refund:
    """How what is not due is given back; `amount` is what one day gives back under a flat fee."""

    form: str
    months_later: int
    amount: Value | None = None


@dataclass(frozen=True, slots=True)
class AbsenceRule:
    path: str
    name: str
    when: Condition
    due: Share | DueDays
    notice: Notice | None
    proof: Proof | None
    length: Length | None
    extras: tuple[str, ...]
    refund: Refund | None


@dataclass(frozen=True, slots=True)
class Absence:
    """Booked days not attended, in order; when the family told, when the proof came (None: never).

    `facts` are those of one day: its rank among the absences of a period.
    """

    days: tuple[date, ...]
    told: datetime | None
    proof: datetime | None
    facts: Mapping[date, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which days stay due, by which rules (a day, its rule), and how the rest is given back."""

    due: tuple[date, ...]
    waived: tuple[date, ...]
    rules: tuple[tuple[date, AbsenceRule], ...]


def judge(
    rules: tuple[AbsenceRule, ...], absence: Absence, context: Context, opened: Collection[date] | None
) -> Verdict:
    """The verdict, day by day; the last rule of the règlement holds for everything else."""
    due, waived, used = [], [], []
    for index, day in enumerate(absence.days, 1):
        stretch = {"premier_jour": absence.days[0], "dernier_jour": absence.days[-1]}
        of_day = context.with_facts(day=day, **stretch, **absence.facts.get(day, {}))
        rule = next((rule for rule in rules if _fits(rule, day, absence, of_day, opened)), None)
        if rule is None:
            raise Unanswered("Aucune règle d’absence ne correspond à ces faits.")
        used.append((day, rule))
        stays = _is_due(rule.due, index, day, absence)
        (due if stays else waived).append(day)
        context.trace.add(
            rule.path, f"{day.isoformat()} : {'dû' if stays else 'non dû'} ({rule.name})", {}, stays
        )
    return Verdict(tuple(due), tuple(waived), tuple(used))


def _fits(
    rule: AbsenceRule, day: date, absence: Absence, context: Context, opened: Collection[date] | None
) -> bool:
    return (
        rule.when.holds(context)
        and _told_in_time(rule.notice, day, absence, context, opened)
        and _proved_in_time(rule.proof, day, absence, context, opened)
        and (rule.length is None or rule.length.reached(absence.days, context, opened))
    )


def _day_of(choice: From, day: date, absence: Absence) -> date:
    match choice:
        case From.FIRST:
            return absence.days[0]
        case From.LAST:
            return absence.days[-1]
    return day


def _told_in_time(
    notice: Notice | None, day: date, absence: Absence, context: Context, opened: Collection[date] | None
) -> bool:
    if notice is None:
        return True
    if absence.told is None:
        return False
    limit, compare = resolve(notice.until, context.with_facts(day=_day_of(notice.of, day, absence)), opened)
    return compare.in_time(absence.told, limit)


def _proved_in_time(
    proof: Proof | None, day: date, absence: Absence, context: Context, opened: Collection[date] | None
) -> bool:
    if proof is None:
        return True
    if absence.proof is None:
        return False
    limit, strictly = proof_deadline(proof, day, absence, context, opened)
    came = as_utc(absence.proof)
    return came < limit if strictly else came <= limit


def proof_deadline(
    proof: Proof, day: date, absence: Absence, context: Context, opened: Collection[date] | None
) -> tuple[datetime, bool]:
    """Until when the proof may come for `day`, and whether that very moment is too late."""
    limit = proof.limit(_day_of(proof.of, day, absence), context, opened)
    return limit, proof.unit is not Unit.HOURS


def _is_due(due: Share | DueDays, index: int, day: date, absence: Absence) -> bool:
    if isinstance(due, Share):
        return due is Share.ALL
    rank = _rank(due, index, day, absence)
    return rank is None or (due.first <= rank and (due.last is None or rank <= due.last))


def _rank(due: DueDays, index: int, day: date, absence: Absence) -> int | None:
    """The rank of a day in the absence, or since the notice; None before it, or without any (still due)."""
    start = absence.days[0]
    if due.since_notice:
        if absence.told is None:
            return None
        start = paris_now(absence.told).date()
        if day < start:
            return None
    if due.unit is Unit.CALENDAR:
        return (day - start).days + 1
    return sum(1 for one in absence.days if start <= one <= day) if due.since_notice else index


def _forward(
    day: date, n: int, counted: Days | None, context: Context, opened: Collection[date] | None
) -> date:
    """`n` days after `day`, of the counted ones."""
    if counted is None:
        return day + timedelta(days=n)
    return walk(day, n, counted, context, opened)


# --- Reading


def _words(kind: type[StrEnum], *allowed: StrEnum) -> schema.Spec:
    return schema.choice({member.value: member for member in allowed or kind})


_COUNT = Key("compte", "counted", read_days, "les jours comptés (avec l’unité jours_comptes)", None)


def _with_count(make: Any) -> Any:
    def build(**fields: Any) -> Any:
        if (fields["unit"] is Unit.COUNTED) != (fields["counted"] is not None):
            raise RuleError("bad_value", "« compte » va avec l’unité jours_comptes, et elle seule.")
        return make(**fields)

    return build


def _make_proof(**fields: Any) -> Proof:
    if fields["unit"] is Unit.HOURS and fields["start"] is None:
        raise RuleError("bad_value", "« heure » dit d’où courent les heures.")
    return Proof(**fields)


_NOTICE = Record(
    Notice,
    Key("jusqu_a", "until", read_cutoff, "la limite pour prévenir"),
    Key("repere", "of", _words(From, From.FIRST, From.EACH), "pour quel jour (premier_jour ou chaque_jour)"),
)
_PROOF = Record(
    _with_count(_make_proof),
    Key("sous", "within", schema.integer(0, 1000), "le délai pour donner le justificatif"),
    Key("unite", "unit", _words(Unit, Unit.HOURS, Unit.CALENDAR, Unit.COUNTED), "heures ou jours"),
    Key("depuis", "of", _words(From), "le jour d’où court le délai"),
    Key("heure", "start", schema.clock, "l’heure de ce jour d’où courent les heures", None),
    _COUNT,
)
_LENGTH = Record(
    _with_count(Length),
    Key("au_moins", "at_least", schema.integer(1, 200), "la durée minimale"),
    Key("unite", "unit", _words(Unit, Unit.BOOKED, Unit.CALENDAR, Unit.COUNTED), "ce que l’on compte"),
    _COUNT,
)
_DUE_UNIT = Key("unite", "unit", _words(Unit, Unit.BOOKED, Unit.CALENDAR), "ce que l’on compte")


def _make_due_days(**fields: Any) -> DueDays:
    if fields["last"] is not None and fields["last"] < fields["first"]:
        raise RuleError("bad_value", "cet intervalle ne contient aucun jour.")
    return DueDays(**fields)


_DUE_DAYS = Record(
    _make_due_days,
    Key("de", "first", schema.integer(1, 400), "le premier jour dû de l’absence (1 : le premier)"),
    Key("a", "last", schema.optional(schema.integer(1, 400)), "le dernier jour dû (null : jusqu’au bout)"),
    _DUE_UNIT,
    Key(
        "depuis_prevenance",
        "since_notice",
        schema.yes_no,
        "compter à partir du jour où la famille prévient",
        False,
    ),
)
_REFUND = Record(
    Refund,
    Key(
        "forme", "form",
        schema.choice({word: word for word in ("non_facture", DEDUCTION, "avoir", "virement")}),
        "comment (non_facture, deduction, avoir ou virement)",
    ),
    Key("mois_plus_tard", "months_later", schema.integer(0, 12), "combien de mois après"),
    Key("montant", "amount", read_value, "ce que rend un jour, quand il n’a pas de prix à lui", None),
)  # fmt: skip


def _due(node: Node, reader: Reader) -> Share | DueDays:
    return _words(Share)(node, reader) if node.is_text else _DUE_DAYS(node, reader)


_RULE = placed(
    AbsenceRule,
    Key("nom", "name", schema.text, "le nom de la règle"),
    Key("si", "when", read_condition, "la condition (ou toujours)"),
    Key("du", "due", _due, "ce qui reste dû (tout, rien, ou de quel à quel jour)"),
    Key("prevenu", "notice", _NOTICE, "la famille a prévenu à temps", None),
    Key("justificatif", "proof", _PROOF, "un justificatif est arrivé à temps", None),
    Key("duree", "length", _LENGTH, "l’absence dure assez longtemps", None),
    Key(
        "supplements",
        "extras",
        schema.list_of(schema.adjustment_name),
        "les ajustements du tarif pour un jour dû",
        (),
    ),
    Key("remboursement", "refund", _REFUND, "comment est rendu ce qui n’est pas dû", None),
)


def read_absences(node: Node, reader: Reader) -> tuple[AbsenceRule, ...]:
    """Ordered rules; the last one holds always, so that no absence is left without an answer."""
    rules = schema.list_of(_RULE, least=1)(node, reader)
    last = node.items()[-1]
    if last.mapping()["si"].value != "toujours" or rules[-1].notice or rules[-1].proof or rules[-1].length:
        raise last.bad("la dernière règle d’absence est « si: toujours », sans autre condition.")
    return rules
