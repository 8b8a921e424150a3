"""Conditions in words: « si la résidence est « commune » et si le quotient familial est de 700 ou plus ».

A condition is first put in a form where only single tests are denied, so that a reader never meets « il est
faux que »; what mixes « et » and « ou » is set in brackets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.french import quoted
from domain.rulebook.conditions import Condition
from domain.rulebook.facts import Fact, Kind, Test
from domain.rulebook.wording.channels import say_channel
from domain.rulebook.wording.lexicon import Lexicon, as_lexicon
from domain.rulebook.wording.text import both, either

_ALWAYS = "dans tous les cas"
_NEVER = "jamais"
# What a yes and a no of the facts that any day carries mean.
_OF_A_DAY = {
    "ferie": ("le jour est férié", "le jour n’est pas férié"),
    "vacances": ("le jour est pendant les vacances scolaires", "le jour est hors des vacances scolaires"),
    "jour_d_ecole": ("le jour est un jour d’école", "le jour n’est pas un jour d’école"),
    "retour_de_vacances": (
        "le jour est le premier jour d’école après des vacances",
        "le jour n’est pas le premier jour d’école après des vacances",
    ),
    "veille_de_vacances": (
        "le jour est le dernier jour d’école avant des vacances",
        "le jour n’est pas le dernier jour d’école avant des vacances",
    ),
    "semaine_paire": ("la semaine est paire", "la semaine est impaire"),
    "ferie_dans_la_semaine": ("la semaine a un jour férié", "la semaine n’a pas de jour férié"),
    "reserve_hors_delai": (
        "la réservation a été faite hors délai",
        "la réservation n’a pas été faite hors délai",
    ),
}
_ACTIONS = {"reserver": "d’une réservation", "modifier": "d’une modification", "annuler": "d’une annulation"}
_STATES = {
    "present": ("l’enfant est présent", "l’enfant n’est pas présent"),
    "absent": ("l’enfant est absent", "l’enfant n’est pas absent"),
    "non_reserve": ("l’enfant est venu sans réservation", "l’enfant n’est pas venu sans réservation"),
}


def say_condition(condition: Condition, facts: "Mapping[str, Fact] | Lexicon | None" = None) -> str:
    """The condition as a clause that a sentence may hold: « si … », or « dans tous les cas »."""
    return _said(_form(condition, as_lexicon(facts), denied=False))


def if_any(condition: Condition, facts: "Mapping[str, Fact] | Lexicon | None" = None) -> str:
    """The same with its comma and a space, to open a sentence; nothing when it always holds."""
    said = say_condition(condition, facts)
    return "" if said == _ALWAYS else f"{said}, "


def after(
    condition: Condition, facts: "Mapping[str, Fact] | Lexicon | None" = None, *, lead: str = " "
) -> str:
    """The same after `lead`, to end a sentence; nothing when it always holds."""
    said = say_condition(condition, facts)
    return "" if said == _ALWAYS else f"{lead}{said}"


# --- Et, ou, non


@dataclass(frozen=True, slots=True)
class _All:
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Any:
    parts: tuple[Any, ...]


def _form(condition: Condition, lexicon: Lexicon, *, denied: bool) -> Any:
    """The condition, or its contrary, as clauses joined by `_All` and `_Any`."""
    parts: list[Any] = [say_test(name, test, lexicon, denied=denied) for name, test in condition.tests]
    parts += [_form(one, lexicon, denied=denied) for one in condition.all_of]
    if condition.any_of:
        inner = tuple(_form(one, lexicon, denied=denied) for one in condition.any_of)
        parts.append(_All(inner) if denied else _Any(inner))
    parts += [_form(one, lexicon, denied=not denied) for one in condition.none_of]
    kind = _Any if denied else _All
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def _said(form: Any) -> str:
    if isinstance(form, str):
        return f"s’{form}" if form.startswith("il ") else f"si {form}"
    if not form.parts:
        return _ALWAYS if isinstance(form, _All) else _NEVER
    word = " et " if isinstance(form, _All) else " ou "
    return word.join(_inside(part, form) for part in form.parts)


def _inside(part: Any, form: Any) -> str:
    said = _said(part)
    mixed = not isinstance(part, str) and type(part) is not type(form) and len(part.parts) > 1
    return f"({said})" if mixed else said


# --- One test


def say_test(name: str, test: Test, lexicon: Lexicon, *, denied: bool = False) -> str:
    """A test as a clause that fits after « si », or its contrary."""
    yes = test.opposite is denied
    noun = lexicon.noun(name)
    if test.anything:
        return f"{noun} est connu ou non" if yes else f"{noun} n’est ni connu ni inconnu"
    if lexicon.kind(name) is Kind.YES_NO and len(test.values) == 1 and not test.unknown:
        return _yes_no(name, test.values[0] is yes, lexicon)
    if name in _SPECIAL and test.values and not test.unknown:
        return _SPECIAL[name](test.values, yes, lexicon)
    return _plain(name, test, yes, lexicon)


def _yes_no(name: str, value: bool, lexicon: Lexicon) -> str:
    if name in _OF_A_DAY:
        return _OF_A_DAY[name][0 if value else 1]
    if name.endswith("_ferie") and name not in lexicon.words:
        day = name.removesuffix("_ferie")
        return f"le {day} de la semaine {'est' if value else 'n’est pas'} férié"
    called = quoted(lexicon.name(name))
    if name in lexicon.conditions:
        return f"la condition {called} {'est' if value else 'n’est pas'} remplie"
    return f"la réponse à {called} est {'oui' if value else 'non'}"


def _plain(name: str, test: Test, yes: bool, lexicon: Lexicon) -> str:
    noun = lexicon.noun(name)
    verb = ("sont" if yes else "ne sont pas") if noun.startswith("les ") else ("est" if yes else "n’est pas")
    words = [lexicon.quoted_value(name, value) for value in test.values]
    if test.interval is not None:
        words.append(_bracket_after_verb(name, test, lexicon))
        if lexicon.kind(name) in (Kind.DATE, Kind.CLOCK):
            verb = verb.replace("est", "se situe").replace("sont", "se situent")
            verb = "ne se situe pas" if not yes else verb
    if not words and test.unknown:
        return f"{noun} est {'inconnu' if yes else 'connu'}{_agreement(noun)}"
    if test.unknown:
        words.append("inconnu")
    if yes or len(words) == 1:
        return f"{noun} {verb} {either(words)}"
    return f"{noun} n’est ni {' ni '.join(words)}"


def _agreement(noun: str) -> str:
    return "e" if noun.startswith("la ") else ""


def _bracket_after_verb(name: str, test: Test, lexicon: Lexicon) -> str:
    said = lexicon.bracket(name, test.interval)
    if lexicon.kind(name) in (Kind.DATE, Kind.CLOCK):
        return said
    return said if said.startswith("de ") or name == "mois" else f"de {said}"


def _weekday(values: tuple[str, ...], yes: bool, lexicon: Lexicon) -> str:
    days = [f"un {value}" for value in values]
    return (
        f"le jour est {either(days)}"
        if yes
        else f"le jour n’est ni {' ni '.join(days)}"
        if days[1:]
        else (f"le jour n’est pas {days[0]}")
    )


def _action(values: tuple[str, ...], yes: bool, lexicon: Lexicon) -> str:
    return f"il {'s’agit' if yes else 'ne s’agit pas'} {either(_ACTIONS[value] for value in values)}"


def _channel(values: tuple[str, ...], yes: bool, lexicon: Lexicon) -> str:
    said = either(say_channel(value, lexicon) for value in values)
    return f"la demande {'est' if yes else 'n’est pas'} faite {said}"


def _state(values: tuple[str, ...], yes: bool, lexicon: Lexicon) -> str:
    said = [_STATES[value][0 if yes else 1] for value in values]
    return either(said) if yes else both(said)


_SPECIAL = {"jour": _weekday, "action": _action, "canal": _channel, "etat": _state}
