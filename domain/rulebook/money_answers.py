"""Answers about billing terms: notices, means of payment, instalments."""

from decimal import Decimal
from typing import Any

from domain.rulebook.answer_types import Answer, Asked
from domain.rulebook.billing import notices, payable, schedule
from domain.rulebook.facts import Context
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.trace import Unanswered


def _billing(book: Rulebook, part: str) -> Any:
    found = None if book.billing is None else getattr(book.billing, part)
    if not found:
        raise Unanswered("Le règlement n’écrit pas cette règle de facturation.")
    return found


def noticed(book: Rulebook, asked: Asked, context: Context) -> Answer:
    found = notices(_billing(book, "minimum"), asked["bills"], context)
    return {"avis": found[-1].asked, "reporte": found[-1].carried, "suite": [one.asked for one in found]}


def paid(book: Rulebook, asked: Asked, context: Context) -> Answer:
    means = [one for one in _billing(book, "means") if one.name == asked["means"]]
    if not means:
        return {"accepte": False, "maximum": Decimal(0)}
    most = sum((payable(one, asked["bills"], context) for one in means), Decimal(0))
    return {"accepte": most > 0, "maximum": most}


def scheduled(book: Rulebook, asked: Asked, context: Context) -> Answer:
    parts = schedule(
        _billing(book, "instalments"), asked["year"], asked["amount"], asked["since"], asked["paid"]
    )
    return {
        "nombre": len(parts),
        "echeances": [{"date": day, "montant": part} for day, part in parts],
    }
