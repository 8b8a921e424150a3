"""Names, addresses and ages of people: how they are compared, searched and drawn."""

import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)

COLOURS = 6
# What decomposition leaves alone; the last one is an apostrophe that Unicode calls a letter.
_REPLACED = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "ı": "i", "\u02bc": " "})
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def normalise_email(text: str) -> str:
    """The form in which an address is stored and compared: trimmed, composed, case folded (S05, S20)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())


def fold(text: str) -> str:
    """The form in which names are searched: no accents, no case; hyphens and apostrophes are spaces (R03)."""
    words = text.casefold()
    if not words.isascii():
        decomposed = unicodedata.normalize("NFKD", words.translate(_REPLACED))
        words = "".join([letter for letter in decomposed if not unicodedata.combining(letter)])
    return _BETWEEN_WORDS.sub(" ", words).strip()


@dataclass(frozen=True, slots=True)
class ChildMark:
    """How a child is drawn everywhere: short initials, and a colour from 1 to 6."""

    initials: str
    colour: int


def child_marks(children: Sequence[tuple[Id, str, str]]) -> dict[Id, ChildMark]:
    """Marks by id for the (id, first name, last name) of one household, in a stable order (birth, then id).

    One letter is enough until two children share it: then both get two, which differ (S80). Colours follow
    the order.
    """
    groups: dict[str, list[tuple[Id, str, str]]] = {}
    for identifier, first_name, last_name in children:
        letters = _letters(first_name) or _letters(last_name) or "?"
        groups.setdefault(fold(letters[0]), []).append((identifier, letters, _letters(last_name)))
    initials: dict[Id, str] = {}
    for group in groups.values():
        initials.update(_initials_of(group))
    return {
        identifier: ChildMark(initials[identifier], position % COLOURS + 1)
        for position, (identifier, _, _) in enumerate(children)
    }


def _letters(name: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFC", name) if character.isalnum())


def _initials_of(group: Sequence[tuple[Id, str, str]]) -> Mapping[Id, str]:
    """Initials of the children of one first letter.

    One letter for one child; else the earliest second letter that tells all of them apart; else, one by one,
    whatever letter, then figure, is still free.
    """
    if len(group) == 1:
        ((identifier, letters, _),) = group
        return {identifier: letters[0].upper()}
    for position in range(1, min(len(letters) for _, letters, _ in group)):
        seconds = [letters[position].lower() for _, letters, _ in group]
        if len({fold(second) for second in seconds}) == len(group):
            return {
                child[0]: child[1][0].upper() + second for child, second in zip(group, seconds, strict=True)
            }
    return _still_free(group)


def _still_free(group: Sequence[tuple[Id, str, str]]) -> Mapping[Id, str]:
    taken: set[str] = set()
    initials = {}
    for identifier, letters, last_name in group:
        seconds = [
            *last_name[:1].upper(),
            *letters[1:].lower(),
            *last_name[1:].lower(),
            *_figures(len(group)),
        ]
        second = next(second for second in seconds if fold(second) not in taken)
        taken.add(fold(second))
        initials[identifier] = letters[0].upper() + second
    return initials


def _figures(count: int) -> Iterable[str]:
    return map(str, range(1, count + 1))


def age(birth: date, day: date) -> int:
    """Age in whole years on `day`; born on 29 February, a year older on 1 March of ordinary years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
