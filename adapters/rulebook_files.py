"""Rulebook and scenario files: YAML in, a tree of located texts out. The only module that knows PyYAML.

No scalar is resolved: « oui », « 08:30 » and « 3.80 » stay text. Anchors, tags, duplicate keys are refused.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from adapters import holidays
from domain.calendar import SchoolHoliday
from domain.enums import HolidayVariant, SchoolZone
from domain.french import quoted
from domain.rulebook.tree import Fault, Faults, Node

_MOST_BYTES = 2_000_000
_DEEPEST = 40
_NULLS = ("", "~", "null")
_ALL_YEARS = range(2000, 2041)


def load(path: Path) -> tuple[Node | None, Faults]:
    """The tree of a file and its faults of form; no tree when it cannot be read at all."""
    faults = Faults()
    try:
        if path.stat().st_size > _MOST_BYTES:
            faults.add(Fault("", 1, "le fichier dépasse 2 Mo."))
            return None, faults
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        faults.add(Fault("", 1, f"le fichier ne peut pas être lu : {error.strerror}."))
        return None, faults
    except UnicodeDecodeError:
        faults.add(Fault("", 1, "le fichier n’est pas enregistré en UTF-8."))
        return None, faults
    return parse(text, faults), faults


def parse(text: str, faults: Faults) -> Node | None:
    """The tree of a YAML text; adds what is wrong to `faults`."""
    try:
        root = composed(text)
    except yaml.MarkedYAMLError as error:
        faults.add(_fault_of_form(error, text))
        return None
    except (yaml.YAMLError, RecursionError):
        faults.add(Fault("", 1, "ce fichier n’est pas du texte YAML."))
        return None
    if root is None:
        faults.add(Fault("", 1, "le fichier est vide."))
        return None
    return _located(root, "", faults, 0)


def composed(text: str) -> Any:
    """The YAML node of a text, with the marks of its places; None when it holds nothing but comments."""
    return yaml.compose(text, Loader=_PlainLoader)


def node_of(composed_node: Any) -> Node:
    """The tree of a YAML node that read without fault before."""
    return _located(composed_node, "", Faults(), 0)


# What the YAML reader says, and what a beginner must do about it; « {start} » is where the part began.
_ADVICE = (
    ("'\\t'", "une tabulation : mettez des espaces à la place."),
    ("espace insécable", "une espace insécable au début de la ligne : mettez des espaces ordinaires."),
    ("apostrophe", 'une apostrophe ferme la phrase : mettez la phrase entre guillemets doubles "…".'),
    ("expected a single document", "un fichier ne contient qu’un texte : retirez la ligne « --- »."),
    (
        "mapping values are not allowed",
        "un deux-points de trop, ou une espace oubliée après « : » (cette ligne ou la précédente) ; une "
        "phrase qui contient « : » se met entre guillemets, et le retrait est celui des lignes voisines.",
    ),
    (
        "expected <block end>",
        "le retrait de cette ligne ne correspond pas à celui de ses voisines (deux espaces par niveau), ou "
        "il manque un tiret devant un élément de liste.",
    ),
    (
        "could not find expected ':'",
        "il manque « : » suivi d’une espace après une clé, sur cette ligne ou la précédente.",
    ),
    (
        "expected ',' or",
        "il manque une virgule, ou la fin de ce qui est ouvert ligne {start} (une accolade « }} » ou un "
        "crochet « ] ») ; une phrase qui contient une ponctuation se met entre guillemets.",
    ),
    ("while scanning a quoted scalar", "le guillemet ouvert ligne {start} n’est pas fermé."),
    ("cannot start any token", "une phrase qui commence par un signe se met entre guillemets."),
    ("ancres", "les ancres (& et *) sont refusées."),
    ("étiquettes", "les étiquettes (!) sont refusées."),
)


_SIGNS = {
    "espace insécable": lambda written: written.lstrip(" ").startswith(("\u00a0", "\u202f")),
    "apostrophe": lambda written: written.count("'") > 1,
}


def _fault_of_form(error: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    start = error.context_mark.line + 1 if error.context_mark else line
    said = f"{error.context or ''} {error.problem or ''}"
    last_lines = text.splitlines()[:line][-2:]
    said += "".join(f" {sign}" for sign, found in _SIGNS.items() if any(map(found, last_lines)))
    advice = next((advice for sign, advice in _ADVICE if sign in said), "vérifiez les signes de cette ligne.")
    return Fault("", line, f"écriture YAML incorrecte : {advice.format(start=start)}")


class _PlainLoader(yaml.SafeLoader):
    """Composes nodes only; aliases are refused so that a small file cannot unfold into a huge one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="les ancres (& et *) sont refusées", problem_mark=event.start_mark
            )
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
            raise yaml.MarkedYAMLError(
                problem="les étiquettes (!) sont refusées", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)


def _located(node: Any, path: str, faults: Faults, depth: int) -> Node:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        faults.add(Fault(path, line, "trop de niveaux imbriqués."))
        return Node(None, line, path)
    if isinstance(node, yaml.MappingNode):
        return Node(dict(_pairs(node, path, faults, depth)), line, path)
    if isinstance(node, yaml.SequenceNode):
        children = [
            _located(child, f"{path}[{index}]", faults, depth + 1)
            for index, child in enumerate(node.value, 1)
        ]
        return Node(children, line, path)
    plain = node.style is None
    return Node(None if plain and node.value in _NULLS else node.value, line, path)


def _pairs(node: Any, path: str, faults: Faults, depth: int) -> Iterator[tuple[str, Node]]:
    seen: set[str] = set()
    for key, value in node.value:
        word, line = str(key.value), key.start_mark.line + 1
        below = f"{path}.{word}" if path else word
        if not isinstance(key, yaml.ScalarNode):
            faults.add(Fault(path, line, "une clé est un mot simple."))
            continue
        if word in seen:
            faults.add(Fault(below, line, f"la clé {quoted(word)} est écrite deux fois."))
        seen.add(word)
        child = _located(value, below, faults, depth + 1)
        yield word, Node(child.value, line if not child.is_mapping else child.line, child.path)


def holidays_of_zone(zone: str) -> tuple[SchoolHoliday, ...]:
    """School holidays of zone A, B or C over the published school years."""
    first, last = holidays.FIRST_SCHOOL_YEAR, holidays.LAST_SCHOOL_YEAR_END
    return tuple(SchoolHoliday(*period) for period in holidays.school_holidays(SchoolZone(zone), first, last))


def public_holidays(variant: str, years: Iterable[int] = _ALL_YEARS) -> dict[date, str]:
    """Public holidays of a variant (`metropole`, or the code of the library) over the years of a rulebook."""
    return dict(holidays.public_holidays(HolidayVariant(variant), years))
