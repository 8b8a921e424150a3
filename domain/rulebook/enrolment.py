"""Access (P13): windows, conditions, documents, constraints on the chosen days, and who gets the places."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.calendar import add_months, as_utc, paris_now
from domain.clock_time import ClockTime
from domain.errors import RuleError
from domain.french import WEEKDAYS, format_day
from domain.rulebook import schema
from domain.rulebook.almanac import Almanac
from domain.rulebook.clamping import clamped
from domain.rulebook.conditions import ALWAYS, Condition, read_condition
from domain.rulebook.counts import Span, read_span
from domain.rulebook.cutoff_schema import compare_word
from domain.rulebook.days import Compare
from domain.rulebook.facts import Context
from domain.rulebook.ladders import ANY_CHANNEL
from domain.rulebook.limit_words import said_limit, since_words
from domain.rulebook.schema import Key, Reader, Record
from domain.rulebook.trace import MissingFact, in_words
from domain.rulebook.tree import Node
from domain.rulebook.values import Value, placed, read_value


@dataclass(frozen=True, slots=True)
class Window:
    """When enrolment is open, for whom (a condition), by which channels, for which named period."""

    path: str
    opens: datetime
    closes: datetime | None
    when: Condition
    channels: tuple[str, ...]
    period: str | None
    days: tuple[date | int, ...]
    compare: Compare | None

    def covers(self, period: str | None, channel: str | None, context: Context) -> bool:
        return self.is_for(period) and self.takes(channel) and self.when.holds(context)

    def is_for(self, period: str | None) -> bool:
        return self.period is None or period == self.period

    def takes(self, channel: str | None) -> bool:
        if ANY_CHANNEL not in self.channels:
            if channel is None:
                raise MissingFact("canal", self.path)
            return channel in self.channels
        return True

    def is_open(self, now: datetime) -> bool:
        """Open from the very moment `opens`; whether `closes` is still in time is said by the window."""
        day = paris_now(now).date()
        if self.days and day not in self.days and day.weekday() not in self.days:
            return False
        return self.opens <= as_utc(now) and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        return self.closes is not None and not self.compare.in_time(now, self.closes)

    def said(self) -> str:
        """« du jeudi 3 septembre, 20 h, jusqu’au … »."""
        end = "sans fin" if self.closes is None else said_limit(self.closes, self.compare)
        return f"à partir du {since_words(self.opens)}, {end}"


def current_window(windows: Sequence[Window], now: datetime | None) -> Window:
    """Of the windows of one family: open now if one is, else the next to open, else the last one."""
    if now is None:
        return windows[0]
    to_come = sorted((one for one in windows if one.opens > now), key=lambda one: one.opens)
    is_open = [one for one in windows if one.is_open(now)]
    return next(iter([*is_open, *to_come, *reversed(windows)]))


@dataclass(frozen=True, slots=True)
class Paper:
    """A document to supply: itself or one of `instead` (under a condition), young enough, in number."""

    path: str
    name: str
    when: Condition
    instead: tuple["Instead", ...]
    months: int | None
    copies: Value | None
    valid: bool = False

    def missing(self, given: Sequence["Given"], today: date | None, context: Context) -> str | None:
        """Why the file is not complete, or None."""
        if not self.when.holds(context):
            return None
        names = {self.name, *(one.name for one in self.instead if one.when.holds(context))}
        found = [paper for paper in given if paper.name in names]
        fresh = [paper for paper in found if self._is_fresh(paper, today, context.day)]
        needed = 1 if self.copies is None else int(self.copies.evaluate(context))
        if len(fresh) >= needed:
            return None
        if len(found) > len(fresh) and self.valid:
            return f"la pièce « {self.name} » n’est plus valable."
        if len(found) > len(fresh):
            if today is not None and any(paper.dated > today for paper in found):
                return f"la pièce « {self.name} » porte une date à venir."
            return f"la pièce « {self.name} » date de plus de {self.months} mois."
        return f"il manque la pièce « {self.name} »" + (
            f" ({len(fresh)} sur {needed})." if needed > 1 else "."
        )

    def _is_fresh(self, paper: "Given", today: date | None, service_day: date | None) -> bool:
        if self.months is None and not self.valid:
            return True
        if today is None:
            raise MissingFact("a", self.path)
        if self.valid and paper.until is None:
            raise MissingFact(f"fin de validité de la pièce {paper.name}", self.path)
        if self.valid and paper.until < max(today, service_day or today):
            return False
        return self.months is None or self._is_young(paper, today)

    def _is_young(self, paper: "Given", today: date) -> bool:
        if paper.dated is None:
            raise MissingFact(f"date de la pièce {paper.name}", self.path)
        return clamped(*add_months(today.year, today.month, -self.months), today.day) <= paper.dated <= today


@dataclass(frozen=True, slots=True)
class Instead:
    name: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Given:
    """A document the family supplied."""

    name: str
    dated: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What the chosen days must satisfy, in each group of days.

    `jours_choisis`, `jours_ouverts` and `jours_manquants` are those of the group.
    """

    path: str
    span: Span
    wanted: Condition
    message: str
    when: Condition


class Tie(StrEnum):
    """Between equal candidates."""

    ARRIVAL = "ordre_d_arrivee"
    NONE = "aucun_ordre"


class Ranking(StrEnum):
    """How criteria rank families."""

    FIRST_MET = "premier_rempli"
    CASCADE = "cascade"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Candidates ranked by criteria, from the strongest, or by their points; then by `tie`."""

    path: str
    ranking: Ranking
    tie: Tie
    criteria: tuple[Condition, ...] = ()
    points: Value | None = None

    def rank(self, context: Context) -> tuple[Any, str]:
        """What sorts a family (lowest first), and why in French."""
        if self.points is not None:
            points = self.points.evaluate(context)
            return -points, f"{in_words(points)} point(s)"
        if self.ranking is Ranking.CASCADE:
            met = [criterion.holds(context) for criterion in self.criteria]
            numbers = ", ".join(str(number) for number, holds in enumerate(met, 1) if holds)
            return tuple(not holds for holds in met), f"critères remplis : {numbers or 'aucun'}"
        for number, criterion in enumerate(self.criteria, 1):
            if criterion.holds(context):
                return number, f"critère {number}"
        return len(self.criteria) + 1, "aucun critère"


@dataclass(frozen=True, slots=True)
class Enrolment:
    path: str
    windows: tuple[Window, ...]
    conditions: tuple[str, ...]
    papers: tuple[Paper, ...]
    choices: tuple[Choice, ...]
    allocation: Allocation | None


def choice_faults(
    choices: Iterable[Choice], days: Sequence[date], opened: Iterable[date], context: Context
) -> list[str]:
    """The messages of the constraints that the chosen days break."""
    messages = []
    for choice in choices:
        groups: dict[object, list[date]] = {}
        for day in sorted(days):
            groups.setdefault(choice.span.of(day, context.calendar), []).append(day)
        for key, chosen in groups.items():
            own = _group_facts(choice.span, key, chosen, opened, context.calendar)
            of_group = context.with_facts(day=chosen[0], **own)
            if choice.when.holds(of_group) and not choice.wanted.holds(of_group):
                since = f"à partir du {format_day(chosen[0], year=True)}"
                context.trace.add(choice.path, f"{choice.message} ({choice.span.value}, {since})")
                messages.append(choice.message)
    return list(dict.fromkeys(messages))


def _group_facts(
    span: Span, key: object, chosen: Sequence[date], opened: Iterable[date], almanac: Almanac
) -> Mapping[str, Decimal]:
    around = (chosen[0] + timedelta(days=offset) for offset in range(-366, 367))
    open_days = [day for day in around if span.of(day, almanac) == key and day in opened]
    missing = len(set(open_days) - set(chosen))
    return {
        "jours_choisis": Decimal(len(chosen)),
        "jours_ouverts": Decimal(len(open_days)),
        "jours_manquants": Decimal(missing),
    }


# --- Reading


def read_moment(node: Node, reader: Reader) -> datetime:
    """« 2026-09-03 20:00 » on the Paris clock."""
    day, _, time = node.text().partition(" ") if node.is_text else ("", "", "")
    if not time:
        raise node.bad("une date et une heure sont attendues, par exemple 2026-09-03 20:00.")
    at = ClockTime.parse(time.strip())
    return at.on(schema.day(Node(day, node.line, node.path), reader))


def _channels(node: Node, reader: Reader) -> tuple[str, ...]:
    return (ANY_CHANNEL,) if node.value == ANY_CHANNEL else schema.list_of(schema.name, least=1)(node, reader)


def _counter_day(node: Node, reader: Reader) -> date | int:
    """A date, or a weekday as its number."""
    return schema.weekday(node, reader) if node.value in WEEKDAYS else schema.day(node, reader)


def _make_window(**fields: object) -> Window:
    window = Window(**fields)
    if (window.closes is None) != (window.compare is None):
        raise RuleError(
            "bad_window", "« limite » dit si l’instant de « ferme » est à temps ; elle va avec lui."
        )
    if window.closes is not None and window.closes <= window.opens:
        raise RuleError("bad_window", "cette période d’inscription ferme avant d’ouvrir.")
    return window


_WINDOW = placed(
    _make_window,
    Key("ouvre", "opens", read_moment, "l’ouverture, par exemple 2026-09-03 20:00"),
    Key("ferme", "closes", schema.optional(read_moment), "la fermeture (null : pas de fin)"),
    Key("canaux", "channels", _channels, "les canaux (une liste, ou tous)"),
    Key("si", "when", read_condition, "pour quelles familles", ALWAYS),
    Key(
        "periode",
        "period",
        schema.reference("periode", "la période"),
        "pour quelle période du calendrier",
        None,
    ),
    Key("jours", "days", schema.list_of(_counter_day), "les seuls jours d’accueil (ou leurs dates)", ()),
    Key("limite", "compare", compare_word, "l’instant de « ferme » (incluse, exclue, minute_incluse)", None),
)
_INSTEAD = Record(
    Instead,
    Key("nom", "name", schema.text, "la pièce acceptée à la place"),
    Key("si", "when", read_condition, "à quelle condition (ou toujours)"),
)


def _papers(node: Node, reader: Reader) -> tuple[Paper, ...]:
    """Documents, each named once."""
    papers = schema.list_of(_PAPER)(node, reader)
    names = [paper.name for paper in papers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise node.bad(f"la pièce « {twice} » est écrite deux fois.")
    return papers


_PAPER = placed(
    Paper,
    Key("nom", "name", schema.text, "la pièce"),
    Key("si", "when", read_condition, "qui doit la donner", ALWAYS),
    Key("ou", "instead", schema.list_of(_INSTEAD), "les pièces acceptées à la place", ()),
    Key("age_maximum_mois", "months", schema.integer(1, 120), "l’âge maximum de la pièce, en mois", None),
    Key("en_cours_de_validite", "valid", schema.yes_no, "est-elle encore valable ce jour-là", False),
    Key("exemplaires", "copies", read_value, "combien d’exemplaires (1 si absent)", None),
)
_CHOICE = placed(
    Choice,
    Key("par", "span", read_span, "le groupe de jours examiné"),
    Key("exige", "wanted", read_condition, "ce que les jours choisis doivent respecter"),
    Key("sinon", "message", schema.text, "la phrase à dire sinon"),
    Key("si", "when", read_condition, "quand la contrainte vaut", ALWAYS),
)


def _make_allocation(**fields: Any) -> Allocation:
    by_points = fields["ranking"] is Ranking.POINTS
    if by_points != (fields["points"] is not None) or by_points == bool(fields["criteria"]):
        raise RuleError("bad_value", "« points » va avec le classement points, « criteres » avec les autres.")
    return Allocation(**fields)


_ALLOCATION = placed(
    _make_allocation,
    Key(
        "classement", "ranking", schema.choice({ranking.value: ranking for ranking in Ranking}),
        "comment les critères classent (premier_rempli, cascade ou points)",
    ),
    Key("egalite", "tie", schema.choice({tie.value: tie for tie in Tie}), "entre familles égales"),
    Key(
        "criteres", "criteria", schema.list_of(read_condition),
        "les critères, du plus fort au plus faible", (),
    ),
    Key("points", "points", read_value, "le nombre de points d’une famille", None),
)  # fmt: skip


def _condition_name(node: Node, reader: Reader) -> str:
    if not node.is_text:
        raise node.bad("le nom d’une condition est attendu ; écrivez-la dans la partie « conditions ».")
    return schema.reference("condition", "la condition")(node, reader)


ENROLMENT = placed(
    Enrolment,
    Key("fenetres", "windows", schema.list_of(_WINDOW), "les périodes d’inscription", ()),
    Key(
        "conditions", "conditions", schema.list_of(_condition_name),
        "les conditions à remplir (noms de la partie conditions)", (),
    ),
    Key("pieces", "papers", _papers, "les pièces à fournir", ()),
    Key("choix", "choices", schema.list_of(_CHOICE), "les contraintes sur les jours choisis", ()),
    Key("attribution", "allocation", _ALLOCATION, "qui a les places", None),
)  # fmt: skip
