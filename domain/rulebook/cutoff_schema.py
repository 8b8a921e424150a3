"""How the limits of `cutoffs` are written in a rulebook."""

import re
from datetime import date
from typing import Any

from domain.errors import RuleError
from domain.french import WEEKDAYS, quoted, weekday_name
from domain.rulebook import schema
from domain.rulebook.conditions import read_condition
from domain.rulebook.cutoffs import (
    Adapted,
    Anchor,
    BeforePeriod,
    ByWeekday,
    Closed,
    Cutoff,
    DateTable,
    DaysBefore,
    Extreme,
    FixedMoment,
    HoursBefore,
    InMonth,
    InWeek,
    Override,
    TableDate,
    Unlimited,
    WeekdayEntry,
)
from domain.rulebook.days import Base, Compare, Days
from domain.rulebook.schema import Key, Reader, Record, require_whole
from domain.rulebook.tree import Node
from domain.rulebook.values import placed

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")

_DAYS = Record(
    Days,
    Key("base", "base", schema.choice({base.value: base for base in Base}), "les jours comptés"),
    Key("sans_feries", "minus_public_holidays", schema.yes_no, "les fériés sont-ils retirés (oui ou non)"),
    Key(
        "sans_vacances", "minus_school_holidays", schema.yes_no,
        "les vacances scolaires sont-elles retirées (oui ou non)",
    ),
    Key("jours", "weekdays", schema.list_of(schema.weekday, least=1), "les seuls jours comptés", None),
    Key("fermetures", "extra_closed", schema.list_of(schema.day), "des dates qui ne comptent pas", ()),
)  # fmt: skip


def read_days(node: Node, reader: Reader) -> Days:
    days = _DAYS(node, reader)
    reader.note("compte", days.base.value, node)
    weekdays = None if days.weekdays is None else frozenset(days.weekdays)
    if days.base is Base.OFFICE and not reader.known("mairie"):
        raise node.bad("« mairie » demande « mairie_ouverte » dans le calendrier.")
    return Days(
        days.base,
        days.minus_public_holidays,
        days.minus_school_holidays,
        weekdays,
        frozenset(days.extra_closed),
    )


compare_word = schema.choice({compare.value: compare for compare in Compare})
_COMPARE = Key(
    "limite",
    "compare",
    compare_word,
    "l’instant de la limite est-il à temps (incluse, exclue, minute_incluse)",
)
_TIME = Key("heure", "time", schema.clock, "l’heure limite, de 00:00 à 24:00 (la fin du jour)")
_COUNT = Key("compte", "days", read_days, "les jours que compte le délai")
_CLEAR = Key("francs", "clear_days", schema.yes_no, "les jours sont-ils francs (oui ou non)")
_N = Key("jours", "n", schema.integer(0, 200), "le nombre de jours (0 : le jour même)")
_DAY = Key("jour", "day", schema.weekday, "le jour de la semaine de la limite")
_WEEKS = Key(
    "semaines_avant", "weeks_before", schema.integer(0, 26), "combien de semaines avant (0 : la même)"
)


def _make_days_before(**fields: Any) -> DaysBefore:
    if fields["clear_days"] and fields["n"] == 0:
        raise RuleError("bad_value", "un délai en jours francs compte au moins un jour.", "jours")
    return DaysBefore(**fields)


def _make_entry(**fields: Any) -> WeekdayEntry:
    weekdays = frozenset(fields.pop("weekdays"))
    entry = WeekdayEntry(weekdays, **fields)
    if entry.weeks_before == 0 and entry.day > min(weekdays):
        raise RuleError(
            "after_service",
            f"une limite le {weekday_name(entry.day)} de la même semaine viendrait après le service du "
            f"{weekday_name(min(weekdays))}.",
        )
    return entry


def _make_by_weekday(**fields: Any) -> ByWeekday:
    seen: set[int] = set()
    for entry in fields["entries"]:
        twice = seen & entry.weekdays
        if twice:
            raise RuleError("weekday_twice", f"le {weekday_name(min(twice))} figure deux fois.", "entrees")
        seen |= entry.weekdays
    return ByWeekday(**fields)


_ENTRY = Record(
    _make_entry,
    Key("pour", "weekdays", schema.one_or_many(schema.weekday), "les jours de service concernés"),
    _DAY,
    _WEEKS,
    _TIME,
)


def _month(node: Node, reader: Reader) -> tuple[int, int]:
    match = _MONTH.fullmatch(node.text()) if node.is_text else None
    if not match or not 1 <= int(match[2]) <= 12:
        raise node.bad("un mois est attendu, par exemple 2026-09.")
    return int(match[1]), int(match[2])


def _make_table_date(announced: int | None, **fields: Any) -> tuple[TableDate, int | None]:
    if (fields["month"] is None) == (fields["period"] is None):
        raise RuleError("bad_value", "indiquez « mois » ou « periode », l’un des deux.")
    return TableDate(**fields), announced


_TABLE_DATE = Record(
    _make_table_date,
    Key("mois", "month", _month, "le mois de service concerné", None),
    Key("periode", "period", schema.reference("periode", "la période"), "la période concernée", None),
    Key("date", "day", schema.day, "la date limite"),
    _TIME,
    Key("jour_annonce", "announced", schema.weekday, "le jour de la semaine que le texte annonce", None),
)


def _read_table_date(node: Node, reader: Reader) -> TableDate:
    entry, announced = _TABLE_DATE(node, reader)
    if announced is not None and entry.day.weekday() != announced:
        reader.faults.warn(
            node,
            f"le texte annonce un {WEEKDAYS[announced]}, mais le {entry.day.isoformat()} est un "
            f"{WEEKDAYS[entry.day.weekday()]} : date à vérifier auprès de la commune.",
        )
    if entry.month is not None and entry.day > date(*entry.month, 28):
        reader.faults.warn(node, "cette date limite vient pendant ou après le mois concerné.")
    return entry


def _anchor(node: Node, reader: Reader) -> Anchor:
    anchor = schema.choice({a.value: a for a in Anchor})(node, reader)
    if anchor is Anchor.PERIOD and not reader.known("periode"):
        raise node.bad("« debut_de_periode » demande « periodes » dans le calendrier.")
    return anchor


_FORMS = {
    "jours_avant": placed(_make_days_before, _N, _COUNT, _TIME, _CLEAR, _COMPARE),
    "heures_avant": placed(
        HoursBefore,
        Key("heures", "hours", schema.integer(0, 2000), "le nombre d’heures"),
        Key("heure_de_reference", "reference", schema.clock, "l’heure du service d’où l’on compte"),
        _COUNT,
        _COMPARE,
    ),
    "selon_le_jour": placed(
        _make_by_weekday,
        Key("entrees", "entries", schema.list_of(_ENTRY, least=1), "un jour de limite par jour de service"),
        _COMPARE,
    ),
    "semaine": placed(InWeek, _DAY, _WEEKS, _TIME, _COMPARE),
    "mois": placed(
        InMonth,
        Key("le", "day_of_month", schema.integer(1, 31), "le jour du mois (31 : le dernier jour)"),
        Key("mois_avant", "months_before", schema.integer(0, 12), "combien de mois avant (0 : le même)"),
        _TIME,
        _COMPARE,
    ),
    "avant_periode": placed(
        BeforePeriod,
        Key("repere", "anchor", _anchor, "d’où l’on compte"),
        _N,
        _COUNT,
        _TIME,
        _CLEAR,
        _COMPARE,
    ),
    "dates": placed(
        DateTable,
        Key("dates", "dates", schema.list_of(_read_table_date, least=1), "les dates publiées"),
        _COMPARE,
    ),
    "date_fixe": placed(FixedMoment, Key("date", "day", schema.day, "la date limite"), _TIME, _COMPARE),
}
_WORDS = {"toujours": Unlimited(never=False), "jamais": Unlimited(never=True)}
_EXTREMES = {"la_plus_tot_de": False, "la_plus_tard_de": True}


def read_cutoff(node: Node, reader: Reader) -> Cutoff:
    """« toujours », « jamais », a form, or the earliest or latest of several; with `sauf` and `si_ferme`."""
    if node.is_text:
        return schema.choice(_WORDS)(node, reader)
    given = dict(node.mapping())
    exceptions, closed, open_days = (given.pop(word, None) for word in ("sauf", "si_ferme", "jours_ouverts"))
    plain = reader.read(_read_form, Node(given, node.line, node.path))
    if closed is None and open_days is not None:
        raise open_days.bad("« jours_ouverts » va avec « si_ferme » : que devient la limite un jour fermé ?")
    if exceptions is None and closed is None:
        require_whole(node, reader, plain)
        return plain
    overrides = () if exceptions is None else reader.read(schema.list_of(_OVERRIDE, least=1), exceptions)
    way = Closed.KEEP if closed is None else reader.read(schema.choice({c.value: c for c in Closed}), closed)
    if way is not Closed.KEEP and open_days is None:
        raise node.bad("« si_ferme » demande « jours_ouverts » : quels jours sont ouverts.")
    open_set = None if open_days is None else reader.read(read_days, open_days)
    require_whole(node, reader, plain, overrides, way, open_set)
    return Adapted(plain, overrides, way, open_set)


def _read_form(node: Node, reader: Reader) -> Cutoff:
    given = node.mapping()
    extreme = next((word for word in _EXTREMES if word in given), None)
    if extreme:
        return _read_extreme(extreme, node, reader)
    if "forme" not in given:
        raise node.bad(
            f"il manque « forme » : choisissez parmi {schema.listed(_FORMS)} ; ou toujours, jamais, "
            f"{schema.listed(_EXTREMES)}."
        )
    spec = schema.choice(_FORMS)(given["forme"], reader)
    rest = {word: child for word, child in given.items() if word != "forme"}
    return spec(Node(rest, node.line, node.path), reader)


def _read_extreme(word: str, node: Node, reader: Reader) -> Cutoff:
    given = node.mapping()
    for other, child in given.items():
        if other != word:
            raise child.bad(f"clé inconnue {quoted(other)} à côté de {quoted(word)}.")
    return Extreme(schema.list_of(read_cutoff, least=2)(given[word], reader), _EXTREMES[word])


_OVERRIDE = Record(
    Override,
    Key("quand", "when", read_condition, "la condition de l’exception"),
    Key("limite", "cutoff", read_cutoff, "la limite qui vaut alors"),
)
