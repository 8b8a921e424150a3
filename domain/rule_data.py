"""Reading rules kept as plain data (JSON): a fault is a RuleError that names the place and what to write.

`Node` walks the data and knows where it stands; `build` does the same for the faults that rule objects find
themselves.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from domain.errors import RuleError
from domain.french import enumerate_fr, quoted

Choice = TypeVar("Choice", bound=StrEnum)
Built = TypeVar("Built")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the data and its path, for instance `stages[0].until`."""

    value: Any
    path: str = ""

    def fault(self, code: str, reason: str) -> RuleError:
        return RuleError(code, reason, self.path)

    def keys(self, required: Mapping[str, str], optional: Mapping[str, str] | None = None) -> "Node":
        """Checks the keys of a mapping; both arguments map a key to what a person must write there."""
        if not isinstance(self.value, Mapping):
            raise self.fault("not_a_mapping", "un ensemble de clés et de valeurs est attendu.")
        known = [*required, *(optional or {})]
        for key in self.value:
            if key not in known:
                raise self.fault(
                    "unknown_key", f"clé inconnue {quoted(str(key))} ; clés possibles : {', '.join(known)}."
                )
        for key, meaning in required.items():
            if key not in self.value:
                raise self._child(key).fault("missing", f"indiquez {meaning}.")
        return self

    def _child(self, key: str) -> "Node":
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return Node(value, f"{self.path}.{key}" if self.path else key)

    def __getitem__(self, key: str) -> "Node":
        return self._child(key)

    def items(self) -> Iterator["Node"]:
        """The elements of a list, each with its index in its path."""
        if not isinstance(self.value, list | tuple):
            raise self.fault("not_a_list", "une liste est attendue.")
        return (Node(value, f"{self.path}[{index}]") for index, value in enumerate(self.value))

    def choice(self, kind: type[Choice]) -> Choice:
        values = [member.value for member in kind]
        if not isinstance(self.value, str) or self.value not in values:
            raise self.fault("bad_value", f"valeur impossible ; valeurs possibles : {', '.join(values)}.")
        return kind(self.value)

    def key_of(self, table: Mapping[str, Any]) -> Any:
        """What `table` gives for this value, which must be one of its keys."""
        if not isinstance(self.value, str) or self.value not in table:
            raise self.fault(
                "bad_value", f"valeur impossible ; valeurs possibles : {enumerate_fr(list(table))}."
            )
        return table[self.value]

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fault("bad_value", "répondez par true (oui) ou false (non).")
        return self.value

    def integer(self, least: int, most: int) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            raise self.fault("bad_value", f"un nombre entier entre {least} et {most} est attendu.")
        return self.value

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.fault("bad_value", "un texte est attendu.")
        return self.value

    def day(self) -> date:
        if isinstance(self.value, str) and _DAY.fullmatch(self.value):
            try:
                return date.fromisoformat(self.value)
            except ValueError:
                pass
        raise self.fault("bad_value", "une date existante est attendue, par exemple 2026-09-01.")

    def day_or_none(self) -> date | None:
        return None if self.value is None else self.day()

    def decimal(self) -> Decimal:
        """Decimals are written as text, so that no binary rounding ever touches a bound."""
        if not isinstance(self.value, str) or not _DECIMAL.fullmatch(self.value):
            raise self.fault(
                "bad_value", f"un nombre entre guillemets est attendu, par exemple {quoted('701')}."
            )
        return Decimal(self.value)

    def build(self, make: Callable[..., Built], *args: Any, **fields: Any) -> Built:
        """Calls `make`; a RuleError it raises gets the path of this node in front of its own."""
        try:
            return make(*args, **fields)
        except RuleError as fault:
            raise fault.below(self.path) from None
