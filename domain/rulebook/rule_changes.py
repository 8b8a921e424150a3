"""What differs between the texts of two rulebooks, rule by rule: added, removed, changed, in another order.

Works on the trees of the files, so that nothing that is written escapes; comments and layout do not count.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.french import format_day, format_number, quoted
from domain.rulebook.tree import Node
from domain.rulebook.wording.french_names import readable

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(r"[a-z]+(_[a-z0-9]+)*")
_ONE_OF = {
    "lignes": "ligne", "étapes": "étape", "ajustements": "ajustement", "versions": "version",
    "délais": "délai", "absences": "absence", "cumuls": "cumul", "entrées": "entrée", "dates": "date",
    "comptes": "compte", "pièces": "pièce", "fenêtres": "fenêtre", "moyens": "moyen", "remarques": "remarque",
}  # fmt: skip


class Change(StrEnum):
    ADDED = "ajouté"
    REMOVED = "retiré"
    CHANGED = "changé"
    MOVED = "déplacé"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that differs: where in each file (line 0 when it is not there), and both texts in words.

    `path` is that of the new file, or of the old one for what is removed; `label` says it in French.
    """

    kind: Change
    path: str
    label: str
    old: str
    new: str
    old_line: int
    new_line: int


@dataclass(frozen=True, slots=True)
class _Place:
    """The words that lead to a node, from the part of the file to the key."""

    words: tuple[str, ...] = ()

    def below(self, word: str) -> "_Place":
        return _Place((*self.words, word))

    def item(self, called: str) -> "_Place":
        """One item of this list: « ligne (quotient : plus de 700) »."""
        one = _ONE_OF.get(self.words[-1], self.words[-1])
        return _Place((*self.words[:-1], f"{one} {called}".strip()))

    @property
    def is_outer(self) -> bool:
        """Above the rules: a part of the file, whose keys are names."""
        return len(self.words) <= 2

    @property
    def label(self) -> str:
        return " › ".join(self.words)


def rule_changes(old: Node, new: Node) -> list[RuleChange]:
    """Every difference, in the order of the new file, what is removed where it was."""
    return list(_compared(old, new, _Place()))


def _compared(old: Node, new: Node, place: _Place) -> Iterator[RuleChange]:
    if _same(old, new):
        return
    if old.is_mapping and new.is_mapping and _is_same_form(old, new, place):
        yield from _mappings(old.mapping(), new.mapping(), place)
    elif old.is_list and new.is_list and not _are_words(old, new):
        yield from _lists(old.items(), new.items(), place)
    else:
        yield RuleChange(
            Change.CHANGED, new.path, place.label, in_words(old), in_words(new), old.line, new.line
        )


def _mappings(old: Mapping[str, Node], new: Mapping[str, Node], place: _Place) -> Iterator[RuleChange]:
    for word in dict.fromkeys([*new, *old]):
        below = place.below(_called(word, new.get(word) or old[word], place))
        if word not in old:
            yield _added(new[word], below)
        elif word not in new:
            yield _removed(old[word], below)
        else:
            yield from _compared(old[word], new[word], below)


def _called(word: str, node: Node, place: _Place) -> str:
    """A key in words; an activity, which has a name of its own, by that name."""
    if place.words == ("activités",) and node.has("nom") and node.mapping()["nom"].is_text:
        return quoted(node.mapping()["nom"].text())
    return _key_called(word)


def _lists(old: Sequence[Node], new: Sequence[Node], place: _Place) -> Iterator[RuleChange]:
    before = _paired(_by_key(old), _by_key(new))
    after = _by_key(new)
    for key, node in after.items():
        below = place.item(_item_called(node, key))
        yield from _compared(before[key], node, below) if key in before else [_added(node, below)]
    for key, node in before.items():
        if key not in after:
            yield _removed(node, place.item(_item_called(node, key)))
    yield from _moved(before, after, place)


def _paired(old: Mapping[str, Node], new: Mapping[str, Node]) -> dict[str, Node]:
    """The old items under the keys of the new ones, also where only what they ask has changed.

    When as many of the same shape have gone as have come, they are taken for the same, in their order.
    """
    gone, come = [key for key in old if key not in new], [key for key in new if key not in old]
    if len(gone) != len(come):
        return dict(old)
    renamed = {
        was: now for was, now in zip(gone, come, strict=True) if _shape(old[was]) == _shape(new[now]) != ()
    }
    return {renamed.get(key, key): node for key, node in old.items()}


def _shape(node: Node) -> tuple[str, ...]:
    return tuple(sorted(node.mapping())) if node.is_mapping else ()


def _moved(before: Mapping[str, Node], after: Mapping[str, Node], place: _Place) -> Iterator[RuleChange]:
    """Rules are read in their order: the same ones in another order are not the same rule."""
    was = [key for key in before if key in after]
    now = [key for key in after if key in before]
    if was == now:
        return
    first = next(index for index, key in enumerate(now) if was[index] != key)
    said = [", ".join(_item_called(after[key], key) for key in keys) for keys in (was, now)]
    old, new = before[was[first]], after[now[first]]
    yield RuleChange(Change.MOVED, new.path, f"{place.label}, ordre", *said, old.line, new.line)


def _added(node: Node, place: _Place) -> RuleChange:
    return RuleChange(Change.ADDED, node.path, place.label, "", in_words(node), 0, node.line)


def _removed(node: Node, place: _Place) -> RuleChange:
    return RuleChange(Change.REMOVED, node.path, place.label, in_words(node), "", node.line, 0)


# --- Which items are the same rule


_RESULTS = ("valeur", "etapes", "ensuite", "regle", "du", "au", "limite", "heure", "date", "ouvre", "ferme")


def _by_key(items: Sequence[Node]) -> dict[str, Node]:
    """The items by what they are about; a number tells equal ones apart."""
    found: dict[str, Node] = {}
    for item in items:
        key, rank = _identity(item), 1
        while (numbered := key if rank == 1 else f"{key} ({rank})") in found:
            rank += 1
        found[numbered] = item
    return found


def _identity(item: Node) -> str:
    """What an item is about: a row by its conditions, a limit by its actions, a stage by its place."""
    if not item.is_mapping:
        return in_words(item)
    given = item.mapping()
    for word in ("nom", "moyen", "pour"):
        if word in given:
            return in_words(given[word])
    if "jusqu_a" in given:
        return ""
    return _pairs({word: child for word, child in given.items() if word not in _RESULTS})


def _item_called(node: Node, key: str) -> str:
    if node.has("nom") or node.has("moyen"):
        return quoted(key)
    return f"({key})" if " : " in key else key.strip()


def _is_same_form(old: Node, new: Node, place: _Place) -> bool:
    """False between two brackets, a table and a rate, two forms of limits: one replaces the other whole."""
    one, other = old.mapping(), new.mapping()
    if _is_bracket(one) and _is_bracket(other):
        return False
    if place.is_outer:
        return True
    if "forme" in one or "forme" in other:
        return in_words(one.get("forme")) == in_words(other.get("forme"))
    return bool(one.keys() & other.keys())


def _are_words(old: Node, new: Node) -> bool:
    """Lists of bare words, and of points, are said whole: « lundi, mardi »."""
    return not any(item.is_mapping for node in (old, new) for item in node.items())


def _same(old: Node, new: Node) -> bool:
    if old.is_mapping and new.is_mapping:
        one, other = old.mapping(), new.mapping()
        return one.keys() == other.keys() and all(_same(one[word], other[word]) for word in one)
    if old.is_list and new.is_list:
        one, other = old.items(), new.items()
        return len(one) == len(other) and all(map(_same, one, other))
    return _plain(old) == _plain(new)


def _plain(node: Node) -> object:
    """3.80 and 3.8 are the same number."""
    value = node.value
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


# --- A tree in words

_BOUNDS = {"de": "à partir de", "plus_de": "plus de", "a": "jusqu’à", "moins_de": "moins de"}


def _is_bracket(given: Mapping[str, Node]) -> bool:
    return bool(given) and set(given) <= set(_BOUNDS)


def in_words(node: Node | None) -> str:
    """« quotient : plus de 700, jusqu’à 900 ; valeur : 10,05 »."""
    if node is None or node.value is None:
        return "rien"
    if node.is_list:
        items = [in_words(item) if item.is_text else f"({in_words(item)})" for item in node.items()]
        return ", ".join(items) or "aucun"
    if node.is_mapping:
        given = node.mapping()
        if _is_bracket(given):
            return ", ".join(f"{_BOUNDS[word]} {in_words(child)}" for word, child in given.items())
        return _pairs(given)
    return _scalar(str(node.value))


def _pairs(given: Mapping[str, Node]) -> str:
    return " ; ".join(f"{_key_called(word)} : {_nested(child)}" for word, child in given.items())


def _nested(node: Node) -> str:
    said = in_words(node)
    return f"({said})" if " ; " in said else said


def _scalar(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return text.replace(".", ",") if "." in text else format_number(int(text))
    if _DAY.fullmatch(text):
        return format_day(date.fromisoformat(text), year=True)
    return _key_called(text) if _NAME.fullmatch(text) else text


_KEYS = {
    "jusqu_a": "jusqu’à", "a_partir_de": "à partir de", "la_plus_tot_de": "la plus tôt de",
    "reserver": "réserver", "annuler_puis_reserver": "annuler puis réserver", "feries": "fériés",
    "sans_feries": "sans les fériés", "sans_vacances": "sans les vacances", "entrees": "entrées",
    "fenetres": "fenêtres", "operation": "opération", "apres": "après",
}  # fmt: skip


def _key_called(word: str) -> str:
    return _KEYS.get(word) or readable(word)
