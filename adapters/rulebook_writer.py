"""Rulebook texts written in the house style of docs/reglement-format.md, and edited one section at a time.

A text belongs to the town: replacing a section keeps every other line, comments included.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from adapters import rulebook_files
from domain.enums import HolidayVariant, SchoolZone
from domain.rulebook.amendments import first_tree
from domain.rulebook.tree import Tree

_WIDTH = 130
_STEP = 2
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?|(«|[^\W_])[\w '’.()/+*%°&«»!€=<>\u00a0\u202f-]*")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_READ_OTHERWISE = {"null", "yes", "no", "on", "off", "true", "false", "y", "n"}
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]|$")


# --- A whole tree ---------------------------------------------------------------------------------


def to_text(tree: dict[str, Tree]) -> str:
    """The text of a rulebook, or of some of its parts; reading it back gives the same tree."""
    if not tree:
        return "{}\n"
    return "\n\n".join("\n".join(_entry((word,), value, 0)) for word, value in tree.items()) + "\n"


def _entry(path: Sequence[str], value: Tree, indent: int) -> list[str]:
    """The lines of « key: value », of which the first is not indented; `path` ends with the key."""
    head = f"{_scalar(path[-1])}:"
    if _fits_one_line(value, path):
        inline = _inline(value)
        if _is_scalar(value) or not value or indent + len(head) + 1 + len(inline) <= _WIDTH:
            return [f"{head} {inline}"]
    return [head, *(" " * _STEP + line for line in _block(path, value, indent + _STEP))]


def _block(path: Sequence[str], value: Tree, indent: int) -> list[str]:
    if isinstance(value, dict):
        return [line for word, below in value.items() for line in _entry((*path, word), below, indent)]
    return [line for below in value or () for line in _item(path, below, indent)]


def _item(path: Sequence[str], value: Tree, indent: int) -> list[str]:
    inline = _inline(value)
    room = _WIDTH - indent - _STEP
    if _is_scalar(value) or not value or (len(inline) <= room and not _has_rows(value)):
        return [f"- {inline}"]
    first, *others = _block((*path, ""), value, indent + _STEP)
    return [f"- {first}", *(" " * _STEP + line for line in others)]


def _fits_one_line(value: Tree, path: Sequence[str]) -> bool:
    """Whether the house style writes this value beside its key; parts and activities always open a block."""
    if not value or not isinstance(value, dict):
        return _is_simple(value)
    opens_a_block = len(path) == 1 or (len(path) == 2 and path[0] == "activites")
    return not opens_a_block and all(_is_simple(below) for below in value.values())


def _is_scalar(value: Tree) -> bool:
    return value is None or isinstance(value, str)


def _is_simple(value: Tree) -> bool:
    """A word, a list of words, or a list of such lists (the points of a curve)."""
    return not value or _is_scalar(value) or (isinstance(value, list) and all(map(_is_simple, value)))


def _has_rows(value: Tree) -> bool:
    """Whether a list of mappings stands somewhere in it: the rows of a table, stages."""
    if isinstance(value, dict):
        return any(map(_has_rows, value.values()))
    return isinstance(value, list) and any(isinstance(one, dict) or _has_rows(one) for one in value)


def _inline(value: Tree) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(word)}: {_inline(below)}" for word, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return "null" if value is None else _scalar(value)


def _scalar(text: str) -> str:
    """As it stands when nobody can misread it; hours, and whatever has a meaning in YAML, in quotes."""
    plain = _PLAIN.fullmatch(text) and text == text.strip() and text.casefold() not in _READ_OTHERWISE
    if plain or _MOMENT.fullmatch(text):
        return text
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


# --- One section of a text ------------------------------------------------------------------------


def replaced(text: str, path: Sequence[str], tree: Tree) -> str:
    """`text` with its section at `path` replaced by `tree`, added when missing, removed when `tree` is None.

    `path` names keys from the top: ("activites", "cantine", "delais"). Every line outside the section stays
    byte for byte; comments inside it go with it. A section written between braces brings the whole of these
    braces to the house style. Raises ValueError when the text cannot be read, or when the path leads through
    a list or a word.
    """
    try:
        root = rulebook_files.composed(text)
    except yaml.YAMLError as error:
        raise ValueError("ce texte n’est pas du YAML") from error
    if root is None:
        return text if tree is None else _after(text, to_text(_changed({}, path, tree)))
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("un règlement est un ensemble de parties")
    expected = _changed(_bare(root), path, tree)
    if not expected or not _is_block(text, root):
        return text[: root.start_mark.index] + to_text(expected).rstrip() + text[_end(text, root) :]
    return _spliced(text, root, (), tuple(path), tree)


def updated(text: str, tree: dict[str, Tree]) -> str:
    """`text` brought to hold `tree`: the sections that differ are replaced, all other lines stay."""
    root = rulebook_files.composed(text)
    for path, section in _differences({} if root is None else _bare(root), tree):
        text = replaced(text, path, section)
    return text


def _differences(before: Tree, after: Tree, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Tree]]:
    """The smallest sections to replace; a value that becomes null is replaced with what it stands in."""
    if not (isinstance(before, dict) and isinstance(after, dict) and before and after):
        return [(path, after)]
    changed = [word for word in after if word not in before or after[word] != before[word]]
    if path and any(after[word] is None for word in changed):
        return [(path, after)]
    found: list[tuple[tuple[str, ...], Tree]] = [
        ((*path, word), None) for word in before if word not in after
    ]
    for word in changed:
        found += _differences(before.get(word), after[word], (*path, word))
    return found


def _after(text: str, more: str) -> str:
    return f"{text.rstrip()}\n\n{more}" if text.strip() else more


def _bare(node: Any) -> Tree:
    return rulebook_files.node_of(node).bare()


def _changed(tree: Tree, path: Sequence[str], new: Tree) -> Tree:
    """The same change on a tree: a copy whose entry at `path` is `new`, or is gone."""
    if not isinstance(tree, dict | None):
        raise ValueError(f"« {path[0]} » ne peut pas être écrit à cet endroit")
    found, (word, *rest) = dict(tree or {}), path
    if rest and (new is not None or found.get(word)):
        found[word] = _changed(found.get(word), rest, new)
    elif new is not None:
        found[word] = new
    elif not rest:
        found.pop(word, None)
    return found


def _is_block(text: str, node: Any) -> bool:
    """A mapping of which each key begins its own line."""
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        return False
    marks = [key.start_mark for key, _ in node.value]
    return all(not text[mark.index - mark.column : mark.index].strip() for mark in marks)


def _spliced(text: str, node: Any, above: tuple[str, ...], rest: tuple[str, ...], tree: Tree) -> str:
    """The change made inside a block mapping; `above` is its path, `rest` leads from it to the section."""
    word, *below = rest
    path = (*above, word)
    found = next(((key, value) for key, value in node.value if key.value == word), None)
    if found is None:
        return text if tree is None else _added(text, node, path, _nested(below, tree))
    key, value = found
    if below and _is_block(text, value) and (tree is not None or _keeps_one(value, below)):
        return _spliced(text, value, path, tuple(below), tree)
    new = _changed(_bare(value), below, tree) if below else tree
    return _rewritten(text, key, value, path, new) if below or new is not None else _cut(text, key, value)


def _nested(path: Sequence[str], tree: Tree) -> Tree:
    return _changed({}, path, tree) if path else tree


def _keeps_one(mapping: Any, below: Sequence[str]) -> bool:
    """Whether something is left in the mapping once what `below` leads to is removed."""
    return len(below) > 1 or any(key.value != below[0] for key, _ in mapping.value)


def _rewritten(text: str, key: Any, value: Any, path: tuple[str, ...], new: Tree) -> str:
    """A new value for an entry; a remark beside its key stays there."""
    column = key.start_mark.column
    first, *others = _entry(path, new, column)
    remark = re.match(r"\s*:[^\S\r\n]*(#[^\r\n]*)", text[key.end_mark.index : value.start_mark.index])
    lines = [f"{first}  {remark[1]}" if remark else first, *(" " * column + line for line in others)]
    return text[: key.start_mark.index] + _line_break(text).join(lines) + text[_end(text, value) :]


def _added(text: str, mapping: Any, path: tuple[str, ...], value: Tree) -> str:
    """A new entry after the last one of a block mapping."""
    column = mapping.value[0][0].start_mark.column
    lines = [" " * column + line for line in _entry(path, value, column)]
    if len(path) == 1:
        lines.insert(0, "")
    line_break = _line_break(text)
    place = _line_end(text, _end(text, mapping)).start()
    return text[:place] + line_break + line_break.join(lines) + text[place:]


def _cut(text: str, key: Any, value: Any) -> str:
    """The text without the lines of an entry."""
    start = key.start_mark.index - key.start_mark.column
    return text[:start] + text[_line_end(text, _end(text, value)).end() :]


def _line_break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line_end(text: str, place: int) -> re.Match[str]:
    return _LINE_END.search(text, place)  # type: ignore[return-value]  # `$` always matches


def _end(text: str, node: Any) -> int:
    """Where a node really ends: PyYAML ends a block at the next word, after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(node, yaml.MappingNode) else last)
    start, end = node.start_mark.index, node.end_mark.index
    return start + len(text[start:end].rstrip()) if getattr(node, "style", None) in ("|", ">") else end


# --- The first règlement of a town ----------------------------------------------------------------

_HEADING = """\
# Le règlement : le logiciel y lit jusqu’à quand les familles peuvent agir, et ce qu’elles paient.
# Les écrans des délais et des tarifs l’écrivent pour vous ; vous pouvez aussi le compléter ici.
# Une ligne qui commence par # est une note, que le logiciel ne lit pas.
"""
_NOTES = {
    "calendrier": (
        "Sur le portail, les jours fériés et les vacances sont ceux de la gestion, page Calendrier.",
        "Vérifiez les jours d’école : des délais les comptent.",
        "Ajoutez ici les jours d’ouverture de la mairie si un délai les compte :",
        "mairie_ouverte: [lundi, mardi, mercredi, jeudi, vendredi]",
    ),
    "faits": (
        "Ce que vos règles lisent de chaque famille. Le portail sait donner, dès que vous l’écrivez ici :",
        "residence: [commune, hors_commune]",
        "enfants: nombre (les enfants du foyer), rang: nombre (1 : l’aîné), age: nombre, naissance: date",
    ),
    "quotient": ("Comment le quotient familial est pris : relisez votre délibération sur les tarifs.",),
    "activites": (
        "Chaque activité garde ici le nom que le portail lui donne. Il lui faut des délais (delais)",
        "et un tarif (tarif) : sans eux, le portail ne répond pas à la place de la commune.",
    ),
}


def skeleton(
    town: str,
    zone: SchoolZone,
    holidays: HolidayVariant,
    school_weekdays: Iterable[int],
    activities: Sequence[tuple[str, str]],
) -> str:
    """The text of `first_tree`, with notes that say what to do."""
    parts = first_tree(town, zone, holidays, school_weekdays, activities)
    return "\n".join((_HEADING, *(_with_notes(word, value) for word, value in parts.items())))


def _with_notes(word: str, value: Tree) -> str:
    notes = (f"# {note}\n" for note in _NOTES.get(word, ()))
    return "".join(notes) + to_text({word: value})
