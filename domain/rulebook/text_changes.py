"""What families will read otherwise: the sentences that differ between two versions of a règlement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from domain.rulebook.rulebook import Rulebook
from domain.rulebook.wording.legal_text import legal_text
from domain.rulebook.wording.text import Section


@dataclass(frozen=True, slots=True)
class TextChange:
    """Neighbouring sentences of one section that are replaced by others; either side may be empty."""

    section: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Each former sentence beside the new one of the same rank; "" where one side has none."""
        return tuple(zip_longest(self.old, self.new, fillvalue=""))


def text_changes(old: Rulebook, new: Rulebook, words: Mapping[str, str] | None = None) -> list[TextChange]:
    """The differences, section by section, in the order of the new text."""
    before = {section.title: _lines(section) for section in legal_text(old, words)}
    after = {section.title: _lines(section) for section in legal_text(new, words)}
    return [
        change
        for title in dict.fromkeys([*after, *before])
        for change in _differences(title, before.get(title, []), after.get(title, []))
    ]


def _lines(section: Section) -> list[str]:
    """The sentences, and the rows of their tables as one line each."""
    lines: list[str] = []
    for sentence in section.sentences:
        lines.append(sentence.text)
        if sentence.table is not None:
            heads = sentence.table.headings
            lines += [
                " ; ".join(f"{head} : {cell}" for head, cell in zip(heads, row.cells, strict=True))
                for row in sentence.table.rows
            ]
    return lines


def _differences(title: str, before: list[str], after: list[str]) -> Iterator[TextChange]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            yield TextChange(title, tuple(before[old_start:old_end]), tuple(after[new_start:new_end]))
