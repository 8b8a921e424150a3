"""A rulebook file with one value changed, for every value that the reader lets change."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from domain.calendar import SchoolHoliday
from domain.rulebook import rulebook
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.tree import Faults, Node

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(.*)")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})")
_CHOICES = re.compile(r"(?:choisissez parmi|déclarés)\s: ([^.]*)\.")
_UNLIKELY = "zyx"


class FewHolidays:
    """One holiday of each kind: reading thousands of files must stay quick."""

    def holidays_of_zone(self, zone):
        return (SchoolHoliday(date(2026, 10, 17), date(2026, 11, 1), f"Toussaint {zone}"),)

    def public_holidays(self, variant):
        return {date(2026, 11, 11): "Armistice"}


def read(root: Node) -> tuple[Rulebook | None, Faults]:
    """The rulebook, or None, and its faults."""
    faults = Faults()
    return rulebook.read(root, FewHolidays(), faults), faults


def leaves(node: Node, way: tuple = ()) -> Iterator[tuple[tuple, Node]]:
    """Every value of a file with the way that leads to it."""
    children = node.value.items() if node.is_mapping else enumerate(node.value) if node.is_list else ()
    for key, child in children:
        yield from leaves(child, (*way, key))
    if node.is_text:
        yield way, node


def mutants(root: Node, way: tuple, leaf: Node) -> Iterator[tuple[str, Rulebook]]:
    """Each other value that the reader accepts at a place, with the rulebook that it makes."""
    for value in _others(root, way, leaf):
        book, _ = read(_changed(root, way, value))
        if value != leaf.value and book is not None:
            yield value, book


def _others(root: Node, way: tuple, leaf: Node) -> list[str]:
    text = leaf.value
    if _NUMBER.fullmatch(text):
        step = Decimal("0.01") if "." in text else Decimal(1)
        return [str(Decimal(text) + step), str(Decimal(text) - step)]
    if found := _DAY.fullmatch(text):
        return [f"{date.fromisoformat(found[1]) + timedelta(days=by)}{found[2]}" for by in (7, -7)]
    if _MONTH.fullmatch(text):
        return ["2031-03"]
    if found := _TIME.fullmatch(text):
        return [f"{found[1]}:{(int(found[2]) + 7) % 60:02d}", f"{(int(found[1]) + 1) % 24:02d}:{found[2]}"]
    return _other_words(root, way)


def _other_words(root: Node, way: tuple) -> list[str]:
    """What the reader advises instead of an unlikely word; that word itself where any text will do."""
    book, faults = read(_changed(root, way, _UNLIKELY))
    if book is not None:
        return [_UNLIKELY]
    said = " ".join(str(fault) for fault in faults.errors)
    return [word for words in _CHOICES.findall(said) for word in words.split(", ")]


def _changed(node: Node, way: tuple, value: str) -> Node:
    if not way:
        return replace(node, value=value)
    children = node.value.copy()
    children[way[0]] = _changed(children[way[0]], way[1:], value)
    return replace(node, value=children)
