"""Calendars, grids and comparisons for a terminal (lines of text) and for other programs (plain data)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from domain.french import format_day, plural, spaced
from domain.rulebook.change_words import (
    say_acts,
    say_difference,
    say_facts,
    say_families,
    say_limit_change,
    say_other_rules,
    say_price_change,
    say_rule_change,
)
from domain.rulebook.comparison import ActivityComparison, Comparison
from domain.rulebook.ladders import ANY_CHANNEL
from domain.rulebook.limit_changes import OTHER_CHANNELS, LimitChange
from domain.rulebook.limits_calendar import LimitRow, StageRow
from domain.rulebook.plain_data import moment_text, plain
from domain.rulebook.price_changes import PriceChange, PriceComparison
from domain.rulebook.price_effects import Amounts
from domain.rulebook.price_grid import Grid, GridRow
from domain.rulebook.text_changes import TextChange
from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.numbers import euros

Data = dict[str, Any]


# --- The calendar of limits


def calendar_data(days: Iterable[date], rows: Iterable[LimitRow], lexicon: Lexicon) -> list[Data]:
    """A mapping a day, its limits under `delais`."""
    by_day: dict[date, list[Data]] = {day: [] for day in days}
    for row in rows:
        by_day[row.day].append(_limit_data(row, lexicon))
    return [
        {"jour": day.isoformat(), "en_clair": format_day(day, year=True), "delais": limits}
        for day, limits in by_day.items()
    ]


def _limit_data(row: LimitRow, lexicon: Lexicon) -> Data:
    channels = [OTHER_CHANNELS] if row.others else list(row.channels)
    found: Data = {"version": row.version, "action": row.action, "canaux": channels}
    found |= {"demandes_du": plain(row.acts_from), "demandes_au": plain(row.acts_until)}
    found["en_clair"] = _said_act(row, lexicon)
    found["condition"] = None if row.certain else say_condition(row.ladder.when, lexicon)
    if row.problem:
        return {**found, "etapes": [], "probleme": row.problem}
    after_all = _RELAYED if row.is_relayed else row.otherwise.outcome.value
    return {**found, "etapes": [_stage_data(one, lexicon) for one in row.stages], "ensuite": after_all}


_RELAYED = "autre_version"


def _said_act(row: LimitRow, lexicon: Lexicon) -> str:
    """« reserver (autres canaux) [nouveau], demandes faites à partir du …, si … »."""
    channels = ["autres canaux"] if row.others else [one for one in row.channels if one != ANY_CHANNEL]
    by = f" ({', '.join(channels)})" if channels else ""
    version = f" [{row.version}]" if row.version else ""
    condition = "" if row.certain else say_condition(row.ladder.when, lexicon)
    more = [said for said in (say_acts(row.acts_from, row.acts_until), condition) if said]
    return ", ".join([f"{row.action}{by}{version}", *more])


def _stage_data(stage: StageRow, lexicon: Lexicon) -> Data:
    return {
        "a_partir_de": None if stage.since is None else moment_text(stage.since),
        "jusqu_a": moment_text(stage.limit),
        "en_clair": stage.words,
        "effet": stage.answer.outcome.value,
        "condition": None if stage.certain else say_condition(stage.when, lexicon),
    }


def calendar_lines(days: Sequence[Data]) -> Iterator[str]:
    """The same as text: a line a day, then a line an action; a sentence where there is none."""
    if not days:
        yield "Aucun jour d’ouverture entre ces dates."
    for day in days:
        yield day["en_clair"]
        yield from (f"  {limit['en_clair']} : {_said_limit(limit)}" for limit in day["delais"])
        if not day["delais"]:
            yield "  aucun délai écrit pour ce jour"


def _said_limit(limit: Data) -> str:
    if "probleme" in limit:
        return limit["probleme"]
    stages = [
        f"{one['effet']} {one['en_clair']}" + (f", {one['condition']}" if one["condition"] else "")
        for one in limit["etapes"]
    ]
    rest = "une autre version" if limit["ensuite"] == _RELAYED else limit["ensuite"]
    return " ; ".join([*stages, f"ensuite {rest}" if stages else rest])


# --- The grid of prices


def grid_data(grid: Grid, lexicon: Lexicon) -> Data:
    """The rows, each with its facts, its price, the rules that made it, or what lacks."""
    return {
        "activite": grid.activity,
        "nom": grid.label,
        "provisoire": list(dict.fromkeys(why for why in grid.provisional.values() if why)),
        "faits_manquants": list(grid.missing),
        "lignes": [_row_data(row, lexicon) for row in grid.rows],
    }


def _row_data(row: GridRow, lexicon: Lexicon) -> Data:
    return {
        "du": None if row.since is None else row.since.isoformat(),
        "version": row.version,
        "faits": {name: "inconnu" if value is None else plain(value) for name, value in row.facts.items()},
        "supplements": list(row.extras),
        "en_clair": say_facts(row.facts, lexicon),
        "prix": plain(row.amount),
        "regles": list(row.rules),
        "fait_manquant": row.missing or None,
        "probleme": row.problem or None,
    }


def grid_lines(grid: Grid, lexicon: Lexicon) -> Iterator[str]:
    """A heading a kind of family, then a line a quotient."""
    yield grid.label
    for (since, version, extras, rest), rows in groupby(grid.rows, key=lambda row: _heading(row, grid)):
        dates = "" if since is None else spaced(f"à partir du {format_day(since, year=True)} : ")
        called = f" [{version}]" if version else ""
        late = f", avec {', '.join(map(lexicon.word, extras))}" if extras else ""
        yield f"  {dates}{say_facts(dict(rest), lexicon)}{late}{called}"
        for row in rows:
            measured = {name: value for name, value in row.facts.items() if name in grid.axis}
            start = spaced(f"{say_facts(measured, lexicon)} : ") if measured else ""
            yield f"    {start}{_said_price(row, lexicon)}"
    yield from (
        spaced(f"  Prix provisoire : {why}.") for why in dict.fromkeys(grid.provisional.values()) if why
    )


def _heading(row: GridRow, grid: Grid) -> tuple[Any, ...]:
    rest = tuple((name, value) for name, value in row.facts.items() if name not in grid.axis)
    return row.since, row.version, row.extras, rest


def _said_price(row: GridRow, lexicon: Lexicon) -> str:
    if row.amount is not None:
        return euros(row.amount)
    return f"il manque {lexicon.name(row.missing)}" if row.missing else f"pas de prix ({row.problem})"


# --- A comparison


def comparison_data(found: Comparison, lexicon: Lexicon) -> Data:
    """Rules, sentences, and for each activity the prices and the limits that change."""
    return {
        "activites_ajoutees": list(found.added),
        "activites_retirees": list(found.removed),
        "regles": [
            {
                "sorte": one.kind.value, "regle": one.path, "nom": one.label,
                "ancien": one.old, "nouveau": one.new,
                "ligne_ancienne": one.old_line or None, "ligne_nouvelle": one.new_line or None,
            }
            for one in found.rules
        ],
        "phrases": [
            {"partie": one.section, "ancien": list(one.old), "nouveau": list(one.new)} for one in found.texts
        ],
        "activites": [_activity_data(one, lexicon) for one in found.activities if not one.is_same],
        "cumuls": [
            {"nom": one.label, "prix": [_price_data(change, lexicon) for change in one.changes]}
            for one in found.totals
            if one.changes
        ],
        "autres_regles": [
            {"partie": one.part, "activite": one.activity or None} for one in found.other_rules
        ],
    }  # fmt: skip


def _activity_data(one: ActivityComparison, lexicon: Lexicon) -> Data:
    prices = () if one.prices is None else one.prices.changes
    return {
        "activite": one.name,
        "nom": one.label,
        "probleme": one.problem or None,
        "faits_manquants": [] if one.prices is None else list(one.prices.missing),
        "prix": [_price_data(change, lexicon) for change in prices],
        "delais": [_limit_change_data(change, lexicon) for change in one.limits],
        "jours_ouverts": plain(one.opened),
        "jours_fermes": plain(one.closed),
    }


def _price_data(change: PriceChange, lexicon: Lexicon) -> Data:
    return {
        "du": plain(change.since),
        "au": plain(change.until),
        "pour": say_families(change, lexicon),
        "ancien": _amounts_data(change.old),
        "nouveau": _amounts_data(change.new),
        "ecart": _amounts_data(change.difference),
        "en_clair": say_price_change(change, lexicon),
    }


def _amounts_data(amounts: Amounts | None) -> Mapping[str, Any] | None:
    return None if amounts is None else {"de": plain(amounts.low), "a": plain(amounts.high)}


def _limit_change_data(change: LimitChange, lexicon: Lexicon) -> Data:
    return {
        "action": change.action,
        "canaux": list(change.channels),
        "condition": change.condition or None,
        "effet": None if change.outcome is None else change.outcome.value,
        "sens": change.way.value,
        "en_clair": say_limit_change(change, lexicon),
        "jours": [
            {"jour": one.day.isoformat(), "ancien": one.old, "nouveau": one.new} for one in change.days
        ],
    }


def comparison_lines(found: Comparison, lexicon: Lexicon) -> Iterator[str]:
    """First the rules that differ, then their sentences, then what changes for whom."""
    yield from _titled("Règles", (say_rule_change(one) for one in found.rules), "aucune différence")
    if found.texts:
        yield from _titled("Phrases", _sentence_lines(found.texts), "")
    yield from (spaced(f"Activité ajoutée : {label}") for label in found.added)
    yield from (spaced(f"Activité retirée : {label}") for label in found.removed)
    changed = [one for one in found.activities if not one.is_same]
    lines = [line for one in changed for line in _activity_lines(one, lexicon)]
    for total in found.totals:
        lines += [total.label, *_price_lines(total, lexicon)] if total.changes else []
    other = say_other_rules(found.other_rules)
    nothing = "aucun prix ni aucune limite entre ces dates" if found.rules else "rien pour personne"
    yield from _titled("Ce qui change pour qui", lines, nothing)
    yield from [other] if other else []


def _titled(title: str, lines: Iterable[str], nothing: str) -> Iterator[str]:
    lines = list(lines)
    yield title if lines else spaced(f"{title} : {nothing}")
    yield from (f"  {line}" for line in lines)


def _sentence_lines(changes: Iterable[TextChange]) -> Iterator[str]:
    for change in changes:
        yield spaced(change.section)
        yield from (spaced(f"  avant : {sentence}") for sentence in change.old)
        yield from (spaced(f"  après : {sentence}") for sentence in change.new)


def _price_lines(prices: PriceComparison, lexicon: Lexicon) -> Iterator[str]:
    if prices.extent is not None and len(prices.changes) > 1:
        yield spaced(f"  prix : {say_difference(prices.extent)}")
    for change in prices.changes:
        yield f"  prix, {say_price_change(change, lexicon)}"
    for name in prices.missing:
        yield spaced(f"  prix non comparés : il manque {lexicon.name(name)}")


def _activity_lines(one: ActivityComparison, lexicon: Lexicon) -> Iterator[str]:
    yield one.label
    if one.problem:
        yield f"  {one.problem}"
    if one.prices is not None:
        yield from _price_lines(one.prices, lexicon)
    yield from (f"  {say_limit_change(change, lexicon)}" for change in one.limits)
    for said, days in (("ouverts en plus", one.opened), ("fermés en plus", one.closed)):
        if days:
            count = plural(len(days), "jour", "jours")
            yield spaced(f"  {said} : {count}, le premier {format_day(days[0], year=True)}")
