"""Declared changes of the family file: declared by families, decided by the service (S33 to S37, S40, S51).

The only writer of changes and of the official values behind them. Everybody locks the household, the adult or
the child concerned first; the state of a line moves by a conditional update, so that of two answers one wins.
"""

from services.change_requests.deciding import Decided, decide
from services.change_requests.declaring import (
    declare,
    declare_authorisations,
    declare_person,
    record,
    record_authorisations,
    record_person,
    withdraw,
)
from services.change_requests.sending import Declared, DeclaredLine

__all__ = [
    "Decided",
    "Declared",
    "DeclaredLine",
    "decide",
    "declare",
    "declare_authorisations",
    "declare_person",
    "record",
    "record_authorisations",
    "record_person",
    "withdraw",
]
