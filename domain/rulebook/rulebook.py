"""A whole rulebook: its calendar, facts, names and activities, read from a tree with every fault at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Protocol

from domain.calendar import SchoolHoliday, TownCalendar, school_year
from domain.errors import RuleError
from domain.rulebook import checks, named, quantities, schema  # noqa: F401  quantities adds its forms of values
from domain.rulebook.absences import read_absences
from domain.rulebook.almanac import BUILT_IN, DEDUCED, Almanac, Period
from domain.rulebook.billing import BILLING, Billing
from domain.rulebook.counts import COUNT, ETATS, Count
from domain.rulebook.enrolment import ENROLMENT
from domain.rulebook.facts import Context, Fact, Kind
from domain.rulebook.ladders import LADDER
from domain.rulebook.openings import OpenDays, opening_spec
from domain.rulebook.prices import TARIFF
from domain.rulebook.quotients import QUOTIENT, QuotientRule, apply_policy
from domain.rulebook.schema import BROKEN, Key, Reader, Record, require_whole
from domain.rulebook.totals import read_total
from domain.rulebook.trace import Trace
from domain.rulebook.tree import BadNode, Fault, Faults, Node
from domain.rulebook.values import placed
from domain.rulebook.versions import Dated, dated


class HolidaySource(Protocol):
    """Where the official holidays come from."""

    def holidays_of_zone(self, zone: str) -> tuple[SchoolHoliday, ...]: ...

    def public_holidays(self, variant: str) -> Mapping[date, str]: ...


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    organiser: str = ""
    source: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    path: str
    label: str
    opening: OpenDays | None
    ladders: Dated | None
    tariff: Dated | None
    absences: Dated | None
    enrolment: Dated | None
    counts: tuple[Count, ...]
    rebooking_is_change: bool


@dataclass(frozen=True, slots=True)
class Rulebook:
    identity: Identity
    almanac: Almanac
    facts: Mapping[str, Fact]
    named: Mapping[str, named.Named]
    quotient: QuotientRule | None
    activities: Mapping[str, Activity]
    totals: tuple[Dated, ...]
    billing: Billing | None
    _deduce: Mapping[str, Any] = field(repr=False, default_factory=dict)

    def asking(self, names: Collection[str]) -> "Rulebook":
        """The same rulebook, where these names are no longer deduced: each must be given."""
        kept = {name: compute for name, compute in self._deduce.items() if name not in names}
        return replace(self, _deduce=kept)

    def deduces(self, name: str) -> bool:
        """Whether the file says how to know a fact from others."""
        return name in self._deduce

    def context(
        self, facts: Mapping[str, Any], *, day: date | None = None, now: datetime | None = None,
        trace: Trace | None = None,
    ) -> Context:  # fmt: skip
        """The context of a question; a quotient given as unknown follows the règlement."""
        context = Context(self.facts, self._deduce, dict(facts), self.almanac, day, now, trace or Trace())
        apply_policy(self.quotient, context.given, context)
        return context


# --- Reading

_VARIANTS = {
    "metropole": "metropole", "alsace_moselle": "57", "guadeloupe": "GP", "martinique": "MQ", "guyane": "973",
    "reunion": "RE", "mayotte": "YT", "saint_barthelemy": "BL", "saint_martin": "MF",
    "saint_pierre_et_miquelon": "PM",
}  # fmt: skip
_FAR_CLOCKS = tuple(word for word in _VARIANTS if word not in ("metropole", "alsace_moselle"))
_ZONES = {"zone_a": "A", "zone_b": "B", "zone_c": "C"}
_SECTIONS = {
    "reglement": "l’identité du règlement",
    "calendrier": "le calendrier",
    "faits": "les faits que lisent les règles",
    "quotient": "les règles du quotient familial",
    "montants": "les montants nommés",
    "conditions": "les conditions nommées",
    "dates": "les dates nommées",
    "activites": "les activités et leurs règles",
    "cumuls": "les totaux sur une période",
    "facturation": "les règles de facturation",
}
_MANDATORY = ("reglement", "calendrier", "activites")

_IDENTITY = Record(
    Identity,
    Key("nom", "name", schema.text, "le nom du règlement"),
    Key("organisme", "organiser", schema.text, "la commune, l’association ou l’établissement", ""),
    Key("source", "source", schema.text, "d’où vient le texte", ""),
    Key(
        "remarques",
        "remarks",
        schema.list_of(schema.text),
        "ce que le texte laisse ouvert, et la lecture prise",
        (),
    ),
)


def _make_holiday(label: str, first_day: date, last_day: date) -> SchoolHoliday:
    if last_day < first_day:
        raise RuleError("bad_period", "ces vacances finissent avant de commencer.")
    return SchoolHoliday(first_day, last_day, label)


_HOLIDAY = Record(
    _make_holiday,
    Key("nom", "label", schema.text, "le nom des vacances"),
    Key("du", "first_day", schema.day, "le premier jour sans école"),
    Key("au", "last_day", schema.day, "le dernier jour sans école"),
)


def _make_period(first_day: date, last_day: date) -> Period:
    if last_day < first_day:
        raise RuleError("bad_period", "cette période finit avant de commencer.")
    return Period(first_day, last_day)


_PERIOD = Record(
    _make_period,
    Key("du", "first_day", schema.day, "le premier jour"),
    Key("au", "last_day", schema.day, "le dernier jour"),
)


def read(root: Node, source: HolidaySource, faults: Faults) -> Rulebook | None:
    """The rulebook, or None when it has at least one error; every fault is in `faults`."""
    reader = Reader(faults)
    try:
        sections = _sections(root, reader)
        calendar = reader.read(_calendar_spec(source), sections["calendrier"])
        if calendar is BROKEN:
            return None
        _declare_all(sections, reader)
        book = _assemble(sections, reader, calendar)
        checks.warn_of_unread_facts(sections, reader)
        checks.check_payers(book, reader)
        checks.check_totals(book, sections.get("cumuls"), reader)
    except BadNode as bad:
        faults.add(bad.fault)
        return None
    if faults.errors:
        return None
    checks.warn_of_dead_stages(book, reader)
    return book


def _sections(root: Node, reader: Reader) -> Mapping[str, Node]:
    given = root.mapping()
    if "questions" in given and "activites" not in given:
        raise root.bad("ceci est un scénario ; donnez d’abord le règlement, puis le scénario.")
    for word, child in given.items():
        if word not in _SECTIONS:
            reader.faults.add(
                child.bad(
                    f"partie inconnue « {word} » ; parties possibles : {schema.listed(_SECTIONS)}."
                ).fault
            )
    missing = [word for word in _MANDATORY if word not in given]
    for word in missing:
        reader.faults.add(Fault("", root.line, f"il manque la partie « {word} » : {_SECTIONS[word]}."))
    if missing:
        raise BadNode(reader.faults.errors[0])
    return given


def _warn_of_overlaps(periods: Mapping[str, Period], node: Node, reader: Reader) -> None:
    ordered = sorted(periods.items(), key=lambda item: item[1].first_day)
    for (early, before), (late, after) in pairwise(ordered):
        if after.first_day <= before.last_day:
            said = (
                f"les périodes « {early} » et « {late} » se chevauchent ; un jour est de la première écrite."
            )
            reader.faults.warn(node, said)


def _known_years(holidays: tuple[SchoolHoliday, ...]) -> tuple[date, date] | None:
    """The first and the last day of the school years whose official holidays are given."""
    if not holidays:
        return None
    return school_year(holidays[0].first_day)[0], school_year(holidays[-1].first_day)[1]


def _word(node: Node) -> str:
    return node.text() if node.is_text else ""


def _calendar_spec(source: HolidaySource) -> schema.Spec:
    """The calendar; named periods and the town hall are noted for the rules that need them."""

    def school_holidays(node: Node, reader: Reader) -> tuple[SchoolHoliday, ...]:
        if node.is_list:
            return schema.list_of(_HOLIDAY)(node, reader)
        return source.holidays_of_zone(schema.choice(_ZONES)(node, reader))

    def public_holidays(node: Node, reader: Reader) -> Mapping[date, str]:
        if node.is_list:
            return dict.fromkeys(schema.list_of(schema.day)(node, reader), "jour férié")
        return source.public_holidays(schema.choice(_VARIANTS)(node, reader))

    record = Record(
        dict,
        Key(
            "jours_d_ecole",
            "school",
            schema.list_of(schema.weekday, least=1),
            "les jours d’école de la semaine",
        ),
        Key("jours_feries", "public", public_holidays, "metropole, un territoire, ou une liste de dates"),
        Key("vacances", "holidays", school_holidays, "zone_a, zone_b, zone_c, ou une liste de vacances"),
        Key(
            "mairie_ouverte",
            "office",
            schema.list_of(schema.weekday, least=1),
            "les jours d’ouverture de la mairie",
            None,
        ),
        Key(
            "mairie_fermee", "office_closed", schema.list_of(schema.day), "ses fermetures exceptionnelles", ()
        ),
        Key(
            "jours_d_ecole_en_plus",
            "school_added",
            schema.list_of(schema.day),
            "des dates où il y a école (un mercredi rattrapé)",
            (),
        ),
        Key(
            "jours_sans_ecole",
            "school_removed",
            schema.list_of(schema.day),
            "des dates sans école, comptées comme des vacances (un pont)",
            (),
        ),
        Key("periodes", "periods", schema.map_of(_PERIOD), "des périodes qui portent un nom", {}),
    )

    def read_calendar(node: Node, reader: Reader) -> Almanac:
        found = record(node, reader)
        if found["office"] is None and found["office_closed"]:
            raise node.bad("« mairie_fermee » va avec « mairie_ouverte ».")
        _warn_of_overlaps(found["periods"], node, reader)
        reader.known("periode").update(found["periods"])
        if found["office"] is not None:
            reader.known("mairie")["mairie"] = True
        town = TownCalendar(
            found["public"], found["holidays"], frozenset(found["office_closed"]), frozenset(found["school"])
        )
        office = None if found["office"] is None else frozenset(found["office"])
        if node.mapping()["jours_feries"].value in _FAR_CLOCKS:
            reader.faults.warn(
                node.mapping()["jours_feries"],
                "les heures sont celles de Paris : à une autre heure, les limites ne seront pas justes.",
            )
        zone, variant = (_word(node.mapping()[word]) for word in ("vacances", "jours_feries"))
        known = _known_years(found["holidays"]) if zone else None
        added, removed = frozenset(found["school_added"]), frozenset(found["school_removed"])
        return Almanac(town, office, found["periods"], _ZONES.get(zone, ""), variant, known, added, removed)

    return read_calendar


LATE = "reserve_hors_delai"
_OF_PRESENCES = {
    "total": Fact(Kind.NUMBER),
    **{name: Fact(Kind.NUMBER, whole=True, least=1) for name in ("nombre", "jours_choisis", "jours_ouverts")},
    "jours_manquants": Fact(Kind.NUMBER, whole=True),
    "etat": Fact(Kind.CHOICE, ETATS),
    "premier_jour": Fact(Kind.DATE),
    "dernier_jour": Fact(Kind.DATE),
    "enfant": Fact(Kind.TEXT),
    "activite": Fact(Kind.TEXT),
    "parent": Fact(Kind.TEXT),
    "quotient": Fact(Kind.NUMBER),
    LATE: Fact(Kind.YES_NO),
}


def _declare_all(sections: Mapping[str, Node], reader: Reader) -> None:
    named.declare(sections, reader, {**BUILT_IN, **_OF_PRESENCES, **_words_of(sections, reader)})
    _note_step_of_quotient(sections, reader)
    for kind, section in (("activite", "activites"), ("condition", "conditions"), ("quotient", "quotient")):
        node = sections.get(section)
        if node is not None and node.is_mapping:
            reader.known(kind).update(dict.fromkeys(node.mapping()))


def _note_step_of_quotient(sections: Mapping[str, Node], reader: Reader) -> None:
    """The step that quotients are rounded to: between two of its multiples no bracket is missing."""
    node = sections.get("quotient")
    rounding = node.mapping().get("arrondi") if node is not None and node.is_mapping else None
    if rounding is not None and rounding.has("au"):
        step = Reader().read(schema.number, rounding.mapping()["au"])
        if step is not BROKEN and step > 0:
            reader.known("pas")["quotient"] = step


def _words_of(sections: Mapping[str, Node], reader: Reader) -> Mapping[str, Fact]:
    """The facts whose values are names of the file itself: a misspelt one is a fault."""
    activities = sections["activites"]
    words = {"periode": tuple(reader.known("periode"))}
    words["activite"] = tuple(activities.mapping()) if activities.is_mapping else ()
    return {
        name: Fact(Kind.CHOICE, values, may_be_none=name == "periode")
        for name, values in words.items()
        if values
    }


def _assemble(sections: Mapping[str, Node], reader: Reader, almanac: Almanac) -> Rulebook:
    def part(word: str, spec: schema.Spec, default: Any) -> Any:
        return reader.read(spec, sections[word]) if word in sections else default

    names = named.read_named(sections, reader)
    quotient = part("quotient", QUOTIENT, None)
    deduce = {**DEDUCED, **named.computers(names)}
    if isinstance(quotient, QuotientRule):
        deduce["quotient"] = quotient.value
    return Rulebook(
        identity=part("reglement", _IDENTITY, None),
        almanac=almanac,
        facts=reader.known("fait"),
        named=names,
        quotient=quotient,
        activities=part("activites", schema.map_of(_activity_spec(almanac)), {}),
        totals=part("cumuls", schema.list_of(dated(read_total)), ()),
        billing=part("facturation", BILLING, None),
        _deduce=deduce,
    )


_REBOOKING = {"modification": True, "reservation": False}


def _activity_spec(almanac: Almanac) -> schema.Spec:
    record = _activity_record(almanac)

    def read_activity(node: Node, reader: Reader) -> Activity:
        activity, uses = reader.read_with_uses(record, node)
        require_whole(node, reader, activity)
        checks.check_activity(activity, uses, node, reader)
        return activity

    return read_activity


def _activity_record(almanac: Almanac) -> schema.Spec:
    return placed(
        Activity,
        Key("nom", "label", schema.text, "le nom de l’activité"),
        Key("ouverture", "opening", opening_spec(almanac), "les jours de l’activité", None),
        Key("delais", "ladders", dated(schema.list_of(LADDER, least=1)), "les délais", None),
        Key("tarif", "tariff", dated(TARIFF), "le tarif", None),
        Key("absences", "absences", dated(read_absences), "les règles d’absence", None),
        Key("inscription", "enrolment", dated(ENROLMENT), "les règles d’inscription", None),
        Key("comptes", "counts", schema.list_of(COUNT), "ce que l’on compte sur une période", ()),
        Key(
            "annuler_puis_reserver", "rebooking_is_change", schema.choice(_REBOOKING),
            "reprendre un jour annulé est-il une modification ou une reservation", False,
        ),
    )  # fmt: skip
