"""What changes between two versions of a règlement, and the families of a price grid, in French words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.enums import Outcome
from domain.french import MINUS, NBSP, enumerate_fr, format_day, plural, spaced
from domain.rulebook.comparison import OtherRules
from domain.rulebook.facts import Interval
from domain.rulebook.ladders import ANY_CHANNEL
from domain.rulebook.limit_changes import OTHER_CHANNELS, LimitChange
from domain.rulebook.price_changes import PriceChange
from domain.rulebook.price_effects import Amounts, Measure
from domain.rulebook.rule_changes import Change, RuleChange
from domain.rulebook.wording.french_names import readable
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.numbers import euros, ordinal
from domain.rulebook.wording.text import either

EVERYBODY = "toutes les familles"
_RESIDENCE = {"commune": "familles de la commune", "hors_commune": "familles hors commune"}
_OUTCOMES = {
    Outcome.FREE: "libre",
    Outcome.EXTRA: "avec supplément",
    Outcome.ON_REQUEST: "sur demande",
    Outcome.REFUSE: "refus",
}
_ACTIONS = {"reserver": "réserver", "modifier": "modifier", "annuler": "annuler"}
_DAY_SECONDS, _HOUR_SECONDS = 86_400, 3_600


# --- Families


def say_facts(facts: Mapping[str, Any], lexicon: Lexicon) -> str:
    """One family of a price grid: « familles de la commune, 2 enfants, quotient 700,01 »."""
    said = [_value(name, (_as_interval(value),), lexicon) for name, value in facts.items()]
    return ", ".join(said) or EVERYBODY


def say_families(change: PriceChange, lexicon: Lexicon) -> str:
    """The families of a change: « familles de la commune, 2 enfants, quotient de 701 à 900 »."""
    said = [_value(name, values, lexicon) for name, values in change.facts.items()]
    if change.measure is not None:
        said.append(_measure(change.measure, lexicon))
    if change.extras:
        said.append(f"avec {either(lexicon.word(name) for name in change.extras)}")
    return ", ".join(said) or EVERYBODY


def _as_interval(value: Any) -> Any:
    return Interval(value, True, value, True) if isinstance(value, Decimal) else value


def _value(name: str, values: Sequence[Any], lexicon: Lexicon) -> str:
    """A fact and its values: words, or intervals of numbers and days; None is unknown."""
    if name == "residence" and all(value in _RESIDENCE for value in values):
        return either(_RESIDENCE[value] for value in values)
    if name in _COUNTED and None not in values:
        return either(_COUNTED[name](value) for value in values)
    said = either(_one(name, value, lexicon) for value in values)
    if name == "jour":
        return f"le {said}"
    colon = not isinstance(values[0], Interval) or lexicon.kind(name).value == "nombre"
    called = lexicon.name(name)
    return f"{called} {said}" if name in ("formule", "quotient") or not colon else f"{called}{NBSP}: {said}"


def _one(name: str, value: Any, lexicon: Lexicon) -> str:
    if isinstance(value, Interval):
        return _span(name, value, lexicon)
    return "inconnu" if value is None else lexicon.value(name, value)


def _measure(measure: Measure, lexicon: Lexicon) -> str:
    called = lexicon.name(measure.name)
    if measure.interval is None:
        return f"{called} inconnu"
    known = "connu" if measure.interval == Interval() else _span(measure.name, measure.interval, lexicon)
    return f"{called} {known}{' ou inconnu' if measure.unknown else ''}"


def _span(name: str, interval: Interval, lexicon: Lexicon) -> str:
    """« de 701 à 900 », « de plus de 700 à moins de 900 », « à partir de 900 »."""
    low, high = (
        None if bound is None else _bound(name, bound, lexicon) for bound in (interval.low, interval.high)
    )
    if low is not None and interval.low == interval.high:
        return low
    if high is None:
        return "connu" if low is None else f"à partir de {low}" if interval.low_in else f"de plus de {low}"
    if low is None:
        return f"jusqu’à {high}" if interval.high_in else f"de moins de {high}"
    start = "" if interval.low_in else "plus de "
    end = "" if interval.high_in else "moins de "
    return f"de {start}{low} à {end}{high}"


def _bound(name: str, value: Any, lexicon: Lexicon) -> str:
    return lexicon.number(name, value) if isinstance(value, Decimal) else lexicon.value(name, value)


def _children(interval: Interval) -> str:
    return _people(interval, "enfant", "enfants")


def _people(interval: Interval, one: str, many: str) -> str:
    low, high = (None if bound is None else int(bound) for bound in (interval.low, interval.high))
    if low is None or low == high:
        return plural(high, one, many) + (" ou moins" if low is None else "")
    if high is None:
        return f"{plural(low, one, many)} ou plus"
    return f"{low} {'ou' if high == low + 1 else 'à'} {plural(high, one, many)}"


def _rank(interval: Interval) -> str:
    low, high = (None if bound is None else int(bound) for bound in (interval.low, interval.high))
    if low is None or low == high:
        return f"{ordinal(high)}{NBSP}enfant" + (" et précédents" if low is None and high > 1 else "")
    if high is None:
        return f"{ordinal(low)}{NBSP}enfant et suivants"
    return f"{ordinal(low)} {'ou' if high == low + 1 else 'au'} {ordinal(high)}{NBSP}enfant"


_COUNTED = {"enfants": _children, "rang": _rank}


# --- Prices


def say_price_change(change: PriceChange, lexicon: Lexicon) -> str:
    """« quotient de 701 à 900, 2 enfants : 3,20 € → 3,40 € (+0,20 €) »."""
    added = "" if change.difference is None else f" ({say_difference(change.difference)})"
    why = f" ({change.problem})" if change.problem else ""
    prices = f"{say_amounts(change.old)} → {say_amounts(change.new)}"
    return spaced(f"{_dates(change)}{say_families(change, lexicon)} : {prices}{added}{why}")


def _dates(change: PriceChange) -> str:
    if change.since is None:
        return ""
    since, until = (day and format_day(day, year=True) for day in (change.since, change.until))
    return f"à partir du {since}, " if until is None else f"du {since} au {until}, "


def say_amounts(amounts: Amounts | None) -> str:
    if amounts is None:
        return "pas de prix"
    return euros(amounts.low) if amounts.is_one else f"de {euros(amounts.low)} à {euros(amounts.high)}"


def say_difference(amounts: Amounts) -> str:
    """« +0,20 € », « −0,10 € », « de +0,29 € à +0,45 € »."""
    low, high = _signed(amounts.low), _signed(amounts.high)
    return low if amounts.is_one else f"de {low} à {high}"


def _signed(value: Decimal) -> str:
    said = euros(value)
    return f"+{said}" if value > 0 and not said.startswith(MINUS) else said


# --- Limits


def say_limit_change(change: LimitChange, lexicon: Lexicon) -> str:
    """« annuler, libre : 1 jour plus tôt, 34 jours du … au … ; par exemple … : jusqu’au … → jusqu’au … »."""
    first, last = change.days[0], change.days[-1]
    answer = "" if change.outcome is None else f", {_OUTCOMES[change.outcome]}"
    act = f"{_ACTIONS[change.action]}{_channels(change, lexicon)}{_condition(change)}{answer}"
    when = (
        f"{plural(len(change.days), 'jour', 'jours')}, du {format_day(first.day)} au {format_day(last.day)}"
    )
    if len(change.days) == 1:
        when = f"le {format_day(first.day)}"
    both = f"{first.old or 'rien'} → {first.new or 'rien'}"
    example = both if len(change.days) == 1 else f"par exemple {format_day(first.day)} : {both}"
    return spaced(f"{act} : {say_way(change)}, {when} ; {example}")


def say_acts(first: date | None, last: date | None) -> str:
    """The days of the acts that a version governs: « demandes faites jusqu’au jeudi 31 décembre 2026 »."""
    if first is None and last is None:
        return ""
    start, end = (None if day is None else format_day(day, year=True) for day in (first, last))
    if start is None:
        return f"demandes faites jusqu’au {end}"
    return f"demandes faites à partir du {start}" if end is None else f"demandes faites du {start} au {end}"


def say_way(change: LimitChange) -> str:
    """« 1 jour plus tôt », « de 2 h à 3 jours plus tard », « nouveau »."""
    if change.shifts is None:
        return change.way.value
    least, most = (say_length(length) for length in change.shifts)
    return f"{least if least == most else f'de {least} à {most}'} {change.way.value}"


def say_length(length: timedelta) -> str:
    """« 1 jour », « 2 jours 3 h », « 30 min »."""
    seconds = int(length.total_seconds())
    days, rest = divmod(seconds, _DAY_SECONDS)
    hours, rest = divmod(rest, _HOUR_SECONDS)
    parts = [plural(days, "jour", "jours")] if days else []
    parts += [f"{hours}{NBSP}h"] if hours else []
    parts += [f"{rest // 60}{NBSP}min"] if rest >= 60 else []
    return " ".join(parts) or "moins d’une minute"


def _channels(change: LimitChange, lexicon: Lexicon) -> str:
    if change.channels == (ANY_CHANNEL,):
        return ""
    said = ["autres canaux" if one == OTHER_CHANNELS else lexicon.word(one) for one in change.channels]
    return f" ({', '.join(said)})"


def _condition(change: LimitChange) -> str:
    return f" {change.condition}" if change.condition else ""


# --- Rules


def say_rule_change(change: RuleChange) -> str:
    """« tarif › plafond : 4,50 → 5,00 » ; « ajouté : … »."""
    match change.kind:
        case Change.ADDED:
            said = f"ajouté : {change.new}"
        case Change.REMOVED:
            said = f"retiré : {change.old}"
        case _:
            said = f"{change.old} → {change.new}"
    return spaced(f"{change.label} : {said}")


_PARTS = {
    "tarif": "le prix",
    "delais": "les délais",
    "ouverture": "les jours d’ouverture",
    "absences": "les absences",
    "inscription": "l’inscription",
    "comptes": "les comptes",
    "annuler_puis_reserver": "la reprise d’un jour annulé",
    "calendrier": "le calendrier",
    "quotient": "le quotient familial",
    "facturation": "les factures et leur paiement",
    "cumuls": "les totaux sur une période",
    "faits": "ce que la famille ou le service indique",
    "montants": "les montants qui se calculent",
    "conditions": "les conditions",
    "dates": "les dates qui se calculent",
}


def say_other_rules(others: Iterable[OtherRules]) -> str:
    """What changes besides the prices and limits that are worked out, in a sentence; "" for nothing."""
    said = [f"{_part(one.part)} ({one.activity})" if one.activity else _part(one.part) for one in others]
    if not said:
        return ""
    what = "D’autres règles changent" if len(said) > 1 else "Une autre règle change"
    return spaced(f"{what}, sans que l’effet en soit calculé ici : {enumerate_fr(said)}.")


def _part(name: str) -> str:
    return _PARTS.get(name) or readable(name)
