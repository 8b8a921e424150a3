"""What the legal text is made of: sections, sentences and tables, each tied to the rule that it states."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.french import spaced


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of a row, in the order of the headings, and the rule of the file that the row states."""

    cells: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Table:
    """A grid that a reader scans: prices by bracket, dates by month."""

    headings: tuple[str, ...]
    rows: tuple[TableRow, ...]
    rule: str

    def with_french_spaces(self) -> "Table":
        """The same, its cells spaced as sentences are."""
        rows = tuple(TableRow(tuple(map(spaced, row.cells)), row.rule) for row in self.rows)
        return Table(tuple(map(spaced, self.headings)), rows, self.rule)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the règlement; `rule` is the path of what it states in the file.

    `version` names the dated version of the rule (empty for a rule without dates); `table` follows the
    sentence that announces it.
    """

    text: str
    rule: str
    version: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences under a title."""

    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence comes from: a path of the file and the name of the dated version."""

    rule: str
    version: str = ""

    def says(self, text: str, table: Table | None = None) -> Sentence:
        table = None if table is None else table.with_french_spaces()
        return Sentence(finished(text), self.rule, self.version, table)

    def at(self, rule: str) -> "Place":
        """The same version, another rule."""
        return Place(rule, self.version)

    def below(self, word: str) -> "Place":
        """A key of this rule."""
        return self.at(f"{self.rule}.{word}")


def finished(text: str) -> str:
    """A capital at the start, a full stop at the end, French spaces in between."""
    text = spaced(capital(text.strip()))
    return text if text.rstrip("»\u00a0 ").endswith((".", "!", "?", "…")) else f"{text}."


def capital(text: str) -> str:
    """The text with a capital first letter, an opening quotation mark apart."""
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    """The text inside a sentence: a small first letter, unless its first word is an acronym."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def either(words: Iterable[str]) -> str:
    """« a », « a ou b », « a, b ou c »."""
    return _joined(list(words), "ou")


def both(words: Iterable[str]) -> str:
    """« a », « a et b », « a, b et c »."""
    return _joined(list(words), "et")


def _joined(words: list[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
