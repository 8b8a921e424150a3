"""What the numbers of addresses and of forms may be."""

from typing import Any

from werkzeug.routing import IntegerConverter, Map

_LARGEST = 2_147_483_647  # of a column of whole numbers, on both engines


class RowNumber(IntegerConverter):
    """`<int:…>` in a route: a number that no row can have leads nowhere (404), and never to the database."""

    def __init__(self, map: Map, *arguments: Any, max: int = _LARGEST, **options: Any) -> None:
        super().__init__(map, *arguments, max=max, **options)


def row_number(text: str) -> int:
    """A number from a query or a form, for `.get(…, type=row_number)`, which falls back on its default.

    Raises ValueError: not a whole number, or one that no row can have, on which an engine would fail.
    """
    number = int(text)
    if abs(number) > _LARGEST:
        raise ValueError(f"no row has the number {number}")
    return number
