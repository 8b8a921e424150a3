"""What the rules read: facts to give, deduced facts, named amounts, conditions and dates."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain.french import month_name, quoted
from domain.rulebook.facts import Fact, Kind
from domain.rulebook.named import DateRule, DeducedFact, NamedAmount, NamedCondition, NamedDate
from domain.rulebook.wording import numbers
from domain.rulebook.wording.conditions import if_any, say_condition
from domain.rulebook.wording.cutoffs import say_days
from domain.rulebook.wording.formulas import Unit
from domain.rulebook.wording.french_names import of
from domain.rulebook.wording.grids import value_sentences
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Place, Sentence, either

_KINDS = {
    Kind.NUMBER: "un nombre",
    Kind.YES_NO: "oui ou non",
    Kind.DATE: "une date",
    Kind.CLOCK: "une heure",
    Kind.TEXT: "un texte",
}


def fact_sentence(name: str, fact: Fact, lexicon: Lexicon) -> Sentence:
    """A fact that families or the service give, and what it may be."""
    may_be = either(quoted(lexicon.value(name, word)) for word in fact.values) or _KINDS[fact.kind]
    if name in lexicon.euros:
        may_be = "un montant en euros"
    if fact.whole:
        may_be += " entier" if name not in lexicon.euros else ", sans centimes"
    return Place(f"faits.{name}").says(f"{lexicon.name(name)} : {may_be}")


def named_sentences(name: str, rule: Any, lexicon: Lexicon, version: str = "") -> Iterator[Sentence]:
    """What a name stands for."""
    yield from _SAID[type(rule)](name, rule, Place(rule.path, version), lexicon)


def _amount(name: str, rule: NamedAmount, place: Place, lexicon: Lexicon) -> Iterator[Sentence]:
    unit = Unit.EUROS if name in lexicon.euros else Unit.NUMBER
    yield from value_sentences(quoted(lexicon.name(name)), rule.value, place, lexicon, unit)
    if rule.rounding is not None:
        rounded = numbers.say_rounding(rule.rounding, money=unit is Unit.EUROS)
        yield place.says(f"Le résultat est arrondi {rounded}")


def _condition(name: str, rule: NamedCondition, place: Place, lexicon: Lexicon) -> Iterator[Sentence]:
    yield place.says(
        f"La condition {quoted(lexicon.name(name))} est remplie {say_condition(rule.when, lexicon)} ; "
        f"sinon : {quoted(rule.message)}"
    )


def _deduced(name: str, rule: DeducedFact, place: Place, lexicon: Lexicon) -> Iterator[Sentence]:
    cases = [
        f"{say_condition(case.when, lexicon)}, c’est {lexicon.quoted_value(name, case.value)}"
        for case in rule.cases
    ]
    cases.append(f"sinon, c’est {lexicon.quoted_value(name, rule.otherwise)}")
    first = ", le premier cas qui convient l’emportant" if len(rule.cases) > 1 else ""
    yield place.says(f"{quoted(lexicon.name(name))} se déduit{first} : {' ; '.join(cases)}")


def _date(name: str, rule: NamedDate, place: Place, lexicon: Lexicon) -> Iterator[Sentence]:
    for index, one in enumerate(rule.rules):
        lead = "sinon, " if index else ""
        yield place.at(one.path).says(
            f"{lead}{if_any(one.when, lexicon)}{quoted(lexicon.name(name))} est {say_date(one, lexicon)}"
        )


def say_date(rule: DateRule, lexicon: Lexicon) -> str:
    """« la naissance, plus trois ans, puis le 1er septembre de cette année-là »."""
    steps = [lexicon.noun(rule.since)]
    steps += [step for step in (_moved(rule.years, "an"), _moved(rule.months, "mois", "mois")) if step]
    if rule.month is not None or rule.day is not None:
        steps.append(f"puis {_set_to(rule)}")
    said = ", ".join(steps)
    if rule.days:
        which = "" if rule.counted is None else f" ({say_days(rule.counted)})"
        way = "avant" if rule.days < 0 else "après"
        return f"{numbers.counted(abs(rule.days), 'jour')} {way} {said}{which}"
    return said


def _moved(number: int, one: str, many: str = "") -> str:
    if not number:
        return ""
    return f"{'plus' if number > 0 else 'moins'} {numbers.counted(abs(number), one, many)}"


def _set_to(rule: DateRule) -> str:
    """The month and the day that replace those of the date so far."""
    if rule.day is None:
        day = "le même jour"
    elif rule.day == 31:
        day = "le dernier jour"
    else:
        day = f"le {numbers.day_number(rule.day)}"
    if rule.month is None:
        return f"{day} de ce mois-là{numbers.shorter_months(rule.day)}"
    month = month_name(rule.month)
    plain = rule.day is not None and rule.day != 31
    return f"{day} {month if plain else of(month)} de cette année-là"


_SAID: Mapping[type, Callable[[str, Any, Place, Lexicon], Iterator[Sentence]]] = {
    NamedAmount: _amount,
    NamedCondition: _condition,
    DeducedFact: _deduced,
    NamedDate: _date,
}
