"""How the facts, activities and names of one rulebook are called in its legal text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from domain.french import format_number, month_name, quoted
from domain.rulebook.almanac import BUILT_IN
from domain.rulebook.facts import Fact, Interval, Kind, number_bracket
from domain.rulebook.wording import numbers
from domain.rulebook.wording.french_names import is_many, of, readable, with_article
from domain.rulebook.wording.text import small

_BUILT_IN_NOUNS = {
    "date": "la date du jour concerné",
    "jour": "le jour",
    "mois": "le mois",
    "jour_du_mois": "le jour du mois",
    "annee": "l’année",
    "periode": "la période",
    "jours_d_avance": "le nombre de jours d’avance",
    "quotient": "le quotient familial",
    "parent": "le parent",
    "premier_jour": "le premier jour d’absence",
    "dernier_jour": "le dernier jour d’absence",
    "enfant": "l’enfant",
    "activite": "l’activité",
    "nombre": "le nombre de présences",
    "total": "le total",
    "jours_choisis": "le nombre de jours choisis",
    "jours_ouverts": "le nombre de jours d’ouverture",
    "jours_manquants": "le nombre de jours d’ouverture laissés de côté",
}
_MONEY_IN_PLURAL = ("revenus", "ressources", "prestations", "arrhes", "aides", "allocations")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The declared facts; the labels of activities, and of words that a town names better than its file.

    `euros` holds the numbers that are amounts of money, `conditions` the names of conditions, `whole` the
    numbers that count things and so have no decimals.
    """

    facts: Mapping[str, Fact] = field(default_factory=lambda: BUILT_IN)
    activities: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    euros: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()

    def kind(self, name: str) -> Kind:
        fact = self.facts.get(name)
        return Kind.NUMBER if fact is None else fact.kind

    def name(self, name: str) -> str:
        """A fact without article: « part de la famille »."""
        fact = self.facts.get(name)
        if name in self.words:
            return self.words[name]
        if name in _BUILT_IN_NOUNS:
            return _BUILT_IN_NOUNS[name].removeprefix("le ").removeprefix("la ").removeprefix("l’")
        return small(fact.label) if fact is not None and fact.label else readable(name)

    def noun(self, name: str) -> str:
        """A fact with its article: « la résidence », « le nombre d’enfants inscrits »."""
        if name in _BUILT_IN_NOUNS and name not in self.words:
            return _BUILT_IN_NOUNS[name]
        noun = self.name(name)
        if self.kind(name) is Kind.NUMBER and is_many(noun):
            money = noun.startswith(_MONEY_IN_PLURAL) or name in self.euros
            return f"le montant des {noun}" if money else f"le nombre {of(noun)}"
        return with_article(noun)

    def word(self, word: str) -> str:
        """A value of a fact, a channel, a means: « demi-journée »."""
        return self.words.get(word) or readable(word)

    def activity(self, name: str) -> str:
        return self.activities.get(name) or self.word(name)

    def value(self, name: str, value: Any) -> str:
        """A value that a fact takes, as a cell of a table holds it."""
        match value:
            case None:
                return "inconnu"
            case bool():
                return "oui" if value else "non"
            case date():
                return numbers.calendar_day(value)
            case Decimal() | int():
                return self.number(name, Decimal(value))
        return self.activity(value) if name == "activite" else self.word(str(value))

    def number(self, name: str, value: Decimal) -> str:
        """A number with the unit of its fact, when it has one."""
        if self.kind(name) is Kind.CLOCK:
            return numbers.minutes_of_day(value)
        if name in self.euros:
            return numbers.euros(value)
        if name == "mois" and value in range(1, 13):
            return month_name(int(value))
        unit = " ans" if name == "age" and value >= 2 else " an" if name == "age" else ""
        return f"{format_number(value)}{unit}"

    def quoted_value(self, name: str, value: Any) -> str:
        """The same inside a sentence: words in quotation marks, weekdays and numbers bare."""
        said = self.value(name, value)
        return quoted(said) if isinstance(value, str) and name != "jour" else said

    def bracket(self, name: str, interval: Interval) -> str:
        """« de 701 à moins de 900 », « avant 18 h », « du mardi 1er … »."""
        kind = self.kind(name)
        if kind is Kind.CLOCK:
            return numbers.time_bracket(interval, numbers.minutes_of_day, "", "de ")
        if kind is Kind.DATE:
            return numbers.time_bracket(interval, numbers.calendar_day, "le ", "du ")
        if name == "mois" and (months := numbers.month_bracket(interval)):
            return months
        only = numbers.only_count(interval) if name in self.whole else None
        if only is not None:
            return self.number(name, only)
        return number_bracket(interval, lambda value: self.number(name, Decimal(value)))


def as_lexicon(facts: "Mapping[str, Fact] | Lexicon | None") -> Lexicon:
    """The lexicon itself, or one over declared facts; built-in facts alone for None."""
    if isinstance(facts, Lexicon):
        return facts
    return Lexicon() if facts is None else Lexicon(facts)
