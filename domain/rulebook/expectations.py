"""Compares an answer with what a scenario expects, key by key."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.calendar import ONE_DAY
from domain.french import NBSP
from domain.rulebook.plain_data import plain
from domain.rulebook.scenario import Result
from domain.rulebook.tree import Node

_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})")
_WORDS = {True: ("oui", "true"), False: ("non", "false"), None: ("", "null", "inconnu", "aucun")}


def differences(result: Result) -> list[str]:
    """What differs from the expectation, in French; empty when all agrees or nothing was expected."""
    expected = result.question.expected
    if expected is None:
        return []
    found = {
        **plain(result.answer),
        "fait_manquant": result.missing_fact or None,
        "probleme": result.problem or None,
    }
    if result.problem and not {"fait_manquant", "probleme"} & set(expected):
        return [result.problem]
    messages = []
    for word, node in expected.items():
        if word not in found:
            messages.append(f"{word} : la réponse n’a pas cette clé ({', '.join(found)}).")
        elif not _agrees(node, found[word]):
            messages.append(f"{word} : {_said(node)} attendu, {_written(found[word])} obtenu.")
    return messages


def _agrees(node: Node, value: Any) -> bool:
    if node.is_list:
        items = node.items()
        same_length = isinstance(value, list) and len(value) == len(items)
        return same_length and all(_agrees(one, other) for one, other in zip(items, value, strict=True))
    if node.is_mapping:
        return isinstance(value, dict) and all(
            word in value and _agrees(child, value[word]) for word, child in node.mapping().items()
        )
    text = "" if node.value is None else str(node.value)
    if value is None or isinstance(value, bool):
        return text in _WORDS[value]
    found = str(value).replace(NBSP, " ")
    return _same_number(text, found) or found in (text, _as_answered(text))


def _as_answered(text: str) -> str:
    """A moment as answers write it: « 2026-11-28 24:00 » is 2026-11-29 00:00."""
    moment = _MOMENT.fullmatch(text)
    if not moment:
        return text
    try:
        day = date.fromisoformat(moment[1])
    except ValueError:
        return text
    return f"{day + ONE_DAY} 00:00" if moment[2] == "24:00" else f"{day} {moment[2]}"


def _same_number(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _said(node: Node) -> str:
    if node.is_list:
        return "[" + ", ".join(_said(one) for one in node.items()) + "]"
    if node.is_mapping:
        return "{" + ", ".join(f"{word}: {_said(one)}" for word, one in node.mapping().items()) + "}"
    return "null" if node.value is None else str(node.value)


def _written(value: Any) -> str:
    """An answer as a scenario would write it."""
    match value:
        case None:
            return "null"
        case bool():
            return "oui" if value else "non"
        case list():
            return "[" + ", ".join(_written(one) for one in value) + "]"
        case dict():
            return "{" + ", ".join(f"{word}: {_written(one)}" for word, one in value.items()) + "}"
    return str(value)
