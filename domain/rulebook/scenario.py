"""A scenario: facts and questions put to a rulebook, and the answers that somebody expects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.clock_time import ClockTime
from domain.errors import RuleError
from domain.rulebook import schema
from domain.rulebook.counts import By, Earlier
from domain.rulebook.enrolment import Given
from domain.rulebook.facts import value_of
from domain.rulebook.ladders import ACTIONS
from domain.rulebook.prices import Operation
from domain.rulebook.quotients import read_history
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.schema import BROKEN, Key, Reader, Record, require_whole
from domain.rulebook.trace import Trace
from domain.rulebook.tree import BadNode, Faults, Node

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its kind, its fields, the facts known to it, and what is expected (a tree, or None)."""

    name: str
    kind: str
    asked: Mapping[str, Any]
    facts: Facts
    expected: Mapping[str, Node] | None
    line: int
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`examples` is the number of worked examples that the source gives."""

    title: str
    questions: tuple[Question, ...]
    examples: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a question: plain data, the steps, or the reason why there is none."""

    question: Question
    answer: Mapping[str, Any] = field(default_factory=dict)
    trace: Trace = field(default_factory=Trace)
    problem: str = ""
    missing_fact: str = ""


def read_moment(node: Node, reader: Reader) -> datetime:
    """« 2026-09-03 20:00 », or with seconds « 2026-09-03 20:00:30 », on the Paris clock."""
    words = node.text().replace("T", " ").split(" ") if node.is_text else []
    if len(words) != 2:
        raise node.bad("une date et une heure sont attendues, par exemple 2026-09-03 20:00.")
    clock, seconds = words[1][:5], words[1][6:]
    if seconds and not (seconds.isdigit() and int(seconds) < 60):
        raise node.bad("les secondes vont de 00 à 59.")
    at = ClockTime.parse(clock).on(schema.day(Node(words[0], node.line, node.path), reader))
    return at + timedelta(seconds=int(seconds or 0))


def facts_spec(book: Rulebook) -> schema.Spec:
    """Facts by name, each read by its declared type; one that the rulebook does not know is a fault."""

    def read(node: Node, reader: Reader) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for word, child in node.mapping().items():
            if word == "quotients":
                facts[word] = reader.read(read_history, child)
            elif word not in book.facts:
                raise child.bad(f"le fait « {word} » n’est pas déclaré dans le règlement.")
            else:
                fact = book.facts[word]
                facts[word] = reader.read(
                    lambda child, reader, fact=fact: value_of(fact, child, reader), child
                )
        require_whole(node, reader, *facts.values())
        return facts

    return read


# --- The fields of each kind of question

_dates = schema.list_of(schema.day, least=1)


def _days(node: Node, reader: Reader) -> tuple[date, ...]:
    """Days, each written once."""
    days = _dates(node, reader)
    twice = next((day for day in days if days.count(day) > 1), None)
    if twice:
        raise node.bad(f"le {twice.isoformat()} est écrit deux fois.")
    return days


_CHANNEL = Key("canal", "channel", schema.name, "le canal (portail, telephone…)", None)
_NOW = Key("a", "now", read_moment, "le moment de l’acte", None)
_DAY = Key("jour", "day", schema.day, "le jour du service", None)
_action = schema.choice({action: action for action in ACTIONS})
_moment = schema.optional(read_moment)
_NOTICE_KEYS = (
    Key("prevenu", "told", _moment, "le moment où la famille a prévenu", None),
    Key("justificatif", "proof", _moment, "le moment où le justificatif est arrivé", None),
)
_BOOKING_KEYS = (
    Key("supplements", "triggered", schema.list_of(schema.name), "les ajustements déclenchés", ()),
    Key("reserve_le", "booked_at", read_moment, "le moment de la réservation", None),
    Key("canal", "channel", schema.name, "le canal de la réservation", None),
)
_GIVEN = Record(
    Given,
    Key("nom", "name", schema.text, "la pièce"),
    Key("date", "dated", schema.day, "sa date", None),
    Key("jusqu_au", "until", schema.day, "le dernier jour où elle est valable", None),
)


def _activity_key(book: Rulebook) -> Key:
    activity = schema.choice({name: name for name in book.activities})
    return Key("activite", "activity", activity, "l’activité")


def _presence_record(book: Rulebook) -> Record:
    return Record(
        dict,
        _activity_key(book),
        Key("enfant", "child", schema.text, "l’enfant", "enfant"),
        Key("jours", "days", _days, "les jours", None),
        Key("du", "first_day", schema.day, "le premier jour (avec « au » et « nombre »)", None),
        Key("au", "last_day", schema.day, "le dernier jour", None),
        Key("nombre", "how_many", schema.integer(1, 400), "combien de jours d’ouverture, les premiers", None),
        Key("faits", "facts", facts_spec(book), "les faits de ces présences", {}),
        Key("commande", "order", schema.text, "le nom de la commande", ""),
        *_BOOKING_KEYS,
    )


def _absence_record(book: Rulebook) -> Record:
    return Record(
        dict,
        _activity_key(book),
        Key("enfant", "child", schema.text, "l’enfant", "enfant"),
        Key("jours", "days", _days, "les jours réservés et manqués"),
        Key("faits", "facts", facts_spec(book), "les faits de cette absence", {}),
        *_NOTICE_KEYS,
        *_BOOKING_KEYS,
    )


def _earlier_record(book: Rulebook) -> Record:
    """What earlier bills held: of a count or of a total, for the one it is about."""
    counts = {count.name: count for activity in book.activities.values() for count in activity.counts}
    totals = {version.rule.name: version.rule for total in book.totals for version in total.versions}

    def make(count: Any, total: Any, **fields: Any) -> Earlier:
        if (count is None) == (total is None):
            raise RuleError("bad_value", "indiquez « compte » ou « cumul », l’un des deux.")
        rule = count or total
        if total is not None and total.effect is Operation.MULTIPLY:
            raise RuleError(
                "bad_value", f"« {rule.name} » multiplie : il ne se reprend pas d’une facture à l’autre."
            )
        if (rule.by is By.FAMILY) != (fields["child"] == ""):
            said = "vaut pour la famille : retirez" if rule.by is By.FAMILY else f"est par {rule.by} : dites"
            raise RuleError("bad_value", f"« {rule.name} » {said} « enfant ».")
        if total is not None and None in (fields["number"], fields["amount"]):
            raise RuleError("bad_value", "un cumul dit « nombre » (de présences) et « montant » (facturé).")
        if count is not None and (fields["number"] is None or fields["amount"] is not None):
            raise RuleError("bad_value", "un compte dit « nombre », et lui seul.")
        return Earlier(rule.name, fields["child"], fields["number"], fields["amount"] or Decimal(0))

    return Record(
        make,
        Key("compte", "count", schema.choice(counts), "le compte", None),
        Key("cumul", "total", schema.choice(totals), "le cumul", None),
        Key("enfant", "child", schema.text, "l’enfant (ou le payeur) ; absent : la famille", ""),
        Key("nombre", "number", schema.number, "le nombre déjà compté", None),
        Key("montant", "amount", schema.number, "le montant déjà facturé", None),
    )


def _candidate_record(book: Rulebook) -> Record:
    return Record(
        dict,
        Key("nom", "name", schema.text, "la famille"),
        Key("faits", "facts", facts_spec(book), "ses faits", {}),
        Key("depose", "filed", read_moment, "le moment du dépôt", None),
    )


_COMMON = ("nom", "question", "faits", "attendu", "lecture")


class _Asked(Record):
    """The fields of a kind of question, beside those that every question has."""

    known_elsewhere = _COMMON


def _records(book: Rulebook) -> Mapping[str, Record]:
    activity = _activity_key(book)
    periods = schema.choice({name: name for name in book.almanac.periods})
    period = Key("periode", "period", periods, "la période demandée", None)
    amounts = schema.map_of(schema.number)
    return {
        "limite": _Asked(
            dict,
            activity,
            Key("action", "action", _action, "l’action"),
            Key("jour", "day", schema.day, "le jour"),
            _CHANNEL,
            _NOW,
        ),
        "permis": _Asked(
            dict,
            activity,
            Key("action", "action", _action, "l’action"),
            Key("jour", "day", schema.day, "le jour"),
            Key("a", "now", read_moment, "le moment de l’acte"),
            _CHANNEL,
            Key("deja_annule", "cancelled", schema.yes_no, "ce jour a-t-il été réservé puis annulé", False),
        ),
        "prix": _Asked(
            dict,
            activity,
            _DAY,
            _NOW,
            _CHANNEL,
            Key("supplements", "triggered", schema.list_of(schema.name), "les ajustements déclenchés", ()),
            Key("reserve_le", "booked_at", read_moment, "le moment de la réservation", None),
        ),
        "absence": _Asked(
            dict,
            activity,
            Key("jours", "days", _days, "les jours réservés et manqués"),
            *_NOTICE_KEYS,
            *_BOOKING_KEYS,
            Key("chiffrer", "priced", schema.yes_no, "calculer aussi le montant dû", False),
        ),
        "facture": _Asked(
            dict,
            Key("presences", "presences", schema.list_of(_presence_record(book)), "les présences", ()),
            Key("absences", "absences", schema.list_of(_absence_record(book)), "les absences", ()),
            Key("deja", "earlier", schema.list_of(_earlier_record(book)), "les factures d’avant", ()),
            _NOW,
        ),
        "fait": _Asked(
            dict,
            Key(
                "fait",
                "fact",
                schema.choice({name: name for name in book.facts}),
                "le fait, montant, condition ou date",
            ),
            _DAY,
            _NOW,
        ),
        "fenetre": _Asked(
            dict,
            activity,
            period,
            _CHANNEL,
            _NOW,
            _DAY,
        ),
        "inscription": _Asked(
            dict,
            activity,
            period,
            _CHANNEL,
            _NOW,
            _DAY,
            Key("jours", "days", _days, "les jours choisis", ()),
            Key("pieces", "papers", schema.list_of(_GIVEN), "les pièces données", ()),
        ),
        "attribution": _Asked(
            dict,
            activity,
            Key("places", "places", schema.integer(0, 10000), "le nombre de places"),
            Key("candidats", "candidates", schema.list_of(_candidate_record(book), least=1), "les familles"),
            _DAY,
        ),
        "avis": _Asked(
            dict,
            Key("factures", "bills", schema.list_of(schema.number, least=1), "les factures, dans l’ordre"),
        ),
        "paiement": _Asked(
            dict,
            Key("moyen", "means", schema.name, "le moyen de paiement"),
            Key("factures", "bills", amounts, "le montant par activité"),
            _DAY,
        ),
        "echeances": _Asked(
            dict,
            Key("annee", "year", schema.integer(2000, 2100), "l’année de la première échéance"),
            Key("montant", "amount", schema.number, "le montant à partager"),
            Key("depuis", "since", schema.day, "le jour d’où la famille paie", None),
            Key("deja", "paid", schema.number, "ce que des échéances ont déjà pris", Decimal(0)),
        ),
        "ouverture": _Asked(dict, activity, Key("jour", "day", schema.day, "le jour")),
    }


_QUOTIENTS = {"quotient", "quotients"}


def _replaced(word: str, own: Facts) -> bool:
    """A quotient or a history of the question takes the place of those common to all."""
    return word in _QUOTIENTS and bool(_QUOTIENTS & set(own))


def read(root: Node, book: Rulebook, faults: Faults) -> Scenario | None:
    """The scenario, or None when it has an error; every fault is in `faults`."""
    reader = Reader(faults)
    records, facts = _records(book), facts_spec(book)

    def question(node: Node, reader: Reader) -> Question:
        given = node.mapping()
        if "question" not in given:
            raise node.bad(f"il manque « question » : choisissez parmi {schema.listed(records)}.")
        kind = schema.choice({word: word for word in records})(given["question"], reader)
        asked = reader.read(records[kind], node)
        own = reader.read(facts, given["faits"]) if "faits" in given else {}
        require_whole(node, reader, asked, own, common)
        name = given["nom"].text() if "nom" in given else f"{kind}, ligne {node.line}"
        expected = given["attendu"].mapping() if "attendu" in given else None
        note = given["lecture"].text() if "lecture" in given else ""
        shared = {word: value for word, value in common.items() if not _replaced(word, own)}
        return Question(name, kind, asked, {**shared, **own}, expected, node.line, note)

    try:
        given = root.mapping()
        for word, child in given.items():
            if word not in ("scenario", "exemples", "faits", "questions"):
                raise child.bad(
                    f"clé inconnue « {word} » ; clés possibles : scenario, exemples, faits, questions."
                )
        common = reader.read(facts, given["faits"]) if "faits" in given else {}
        if "questions" not in given:
            raise root.bad("il manque « questions » : la liste des questions.")
        found = reader.read(schema.list_of(question, least=1), given["questions"])
        title = given["scenario"].text() if "scenario" in given else ""
        examples = schema.integer(0, 1000)(given["exemples"], reader) if "exemples" in given else 0
    except BadNode as bad:
        faults.add(bad.fault)
        return None
    return None if faults.errors or found is BROKEN else Scenario(title, found, examples)
