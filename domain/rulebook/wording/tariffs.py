"""The price of a presence: base, quantity, ordered adjustments, rounding."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from domain.french import MINUS, NBSP, format_number, quoted
from domain.rulebook.formulas import Formula
from domain.rulebook.prices import Adjustment, Operation, Replacement, Scope, Shift, Tariff
from domain.rulebook.values import Value
from domain.rulebook.wording import numbers
from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.formulas import Unit, constant
from domain.rulebook.wording.french_names import of, to
from domain.rulebook.wording.grids import value_sentences
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Place, Sentence, both
from domain.rulebook.wording.values import say_value

_SCOPES = {
    Scope.UNIT: "à chaque unité",
    Scope.PRESENCE: "une fois par présence, après la quantité",
    Scope.ORDER: "à toute la commande de l’enfant, dès que l’une de ses présences remplit la condition",
    Scope.BILL: "une fois, sur le total de la facture",
}
_WITHOUT_QUANTITY = {Scope.UNIT: "à chaque présence", Scope.PRESENCE: "une fois par présence"}


def tariff_sentences(tariff: Tariff, lexicon: Lexicon, version: str = "") -> Iterator[Sentence]:
    """Every sentence of a tariff, in the order of the computation."""
    place = Place(tariff.path, version)
    one = "le prix" if tariff.quantity is None else "le prix d’une unité"
    if isinstance(tariff.base, Formula) and constant(tariff.base) == 0:
        yield place.below("prix").says(
            f"Une présence n’a pas de prix à elle ({numbers.euros(constant(tariff.base))})"
        )
    else:
        yield from value_sentences(one, tariff.base, place.below("prix"), lexicon)
    if tariff.quantity is not None:
        yield from value_sentences(
            "le nombre d’unités", tariff.quantity, place.below("quantite"), lexicon, Unit.NUMBER
        )
        yield place.below("quantite").says(
            "Le prix d’une présence est le prix d’une unité multiplié par ce nombre"
        )
    if len(tariff.adjustments) > 1:
        yield place.below("ajustements").says("Les ajustements qui suivent s’appliquent dans cet ordre")
    for adjustment in tariff.adjustments:
        yield from _adjustment(adjustment, place.at(adjustment.path), lexicon, tariff)
    yield place.below("arrondi").says(
        f"On arrondit {numbers.say_points(tariff.rounding)} {numbers.say_rounding(tariff.rounding)}"
    )


def _adjustment(one: Any, place: Place, lexicon: Lexicon, tariff: Tariff) -> Iterator[Sentence]:
    """What an adjustment does, when, and to what."""
    name = f"ajustement {quoted(lexicon.word(one.name))} : {_when(one, lexicon)}"
    if isinstance(one, Shift):
        way = "plus haut" if one.by > 0 else "plus bas"
        moved = numbers.counted(abs(one.by), "tranche", feminine=True)
        noun = lexicon.noun(one.fact)
        yield place.says(f"{name}, le prix se lit {moved} {way} pour {noun}, sans sortir du tableau")
    elif isinstance(one, Replacement):
        facts = both(
            f"{lexicon.noun(fact)} était {lexicon.quoted_value(fact, value)}"
            for fact, value in one.facts.items()
        )
        yield place.says(f"{name}, le prix se lit comme si {facts}")
    else:
        yield from _arithmetic(one, name, place, lexicon, _scope(one, tariff))


def _arithmetic(one: Adjustment, name: str, place: Place, lexicon: Lexicon, scope: str) -> Iterator[Sentence]:
    unit = Unit.NUMBER if one.operation is Operation.MULTIPLY else Unit.EUROS
    if isinstance(one.value, Formula):
        yield place.says(
            f"{name}, {say_operation(one.operation, one.value, lexicon)} ; cela s’applique {scope}"
        )
        return
    said = say_operation(one.operation, None, lexicon)
    yield place.says(f"{name}, {said} ; cela s’applique {scope}")
    yield from value_sentences(
        "ce montant" if unit is Unit.EUROS else "ce nombre", one.value, place, lexicon, unit
    )


def say_operation(operation: Operation, value: Value | None, lexicon: Lexicon, what: str = "le prix") -> str:
    """« le prix augmente de 2,50 € »; without value, « du montant qui suit »."""
    number = constant(value) if isinstance(value, Formula) else None
    if operation is Operation.MULTIPLY:
        return _multiplied(number, value, lexicon, what)
    said = "le montant qui suit" if value is None else say_value(value, lexicon, Unit.EUROS)
    at = "" if number is None else f"de {said}"
    match operation:
        case Operation.ADD if number is not None and number < 0:
            return f"{what} baisse de {numbers.euros(-number)}"
        case Operation.ADD if value is None or number is not None or said.startswith(("le ", "la ", "l’")):
            return f"{what} augmente {of(said)}"
        case Operation.ADD:
            return f"{to(what)} s’ajoute : {said}"
        case Operation.SET:
            return f"{what} devient {said}"
        case Operation.AT_LEAST:
            return f"{what} est {at} au moins" if at else f"{what} est au moins {said}"
    return f"{what} est {at} au plus" if at else f"{what} est au plus {said}"


def _multiplied(number: Decimal | None, value: Value | None, lexicon: Lexicon, what: str) -> str:
    if value is None:
        return f"{what} est multiplié par le nombre qui suit"
    if number is None:
        return f"{what} est multiplié par {say_value(value, lexicon, Unit.NUMBER)}"
    change = (number - 1) * 100
    said = f"{what} est multiplié par {format_number(number)}"
    if number == 1:
        return said
    sign = MINUS if change < 0 else "+"
    return f"{said} ({sign}{NBSP}{format_number(abs(change))}{NBSP}%)"


def _scope(one: Adjustment, tariff: Tariff) -> str:
    if tariff.quantity is None and one.scope in _WITHOUT_QUANTITY:
        return _WITHOUT_QUANTITY[one.scope]
    if one.scope is Scope.FOLLOWING:
        many = numbers.counted(one.following, "suivante", feminine=True)
        return f"à cette présence et {'à la suivante' if one.following == 1 else f'aux {many}'}"
    return _SCOPES[one.scope]


def _when(one: Any, lexicon: Lexicon) -> str:
    if one.when is None:
        return "quand un délai ou une règle d’absence le demande"
    return say_condition(one.when, lexicon)
