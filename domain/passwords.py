"""What a password may be, and the provisional code of « Mot de passe oublié ? » (S21, S23).

Length and lists of guessable words only: no rule on the kinds of characters.
"""

from collections.abc import Callable, Collection, Iterable

from domain.french import NBSP, plural, quoted
from domain.people import fold
from domain.references import SYMBOLS, grouped, read_symbols, spell

LEAST_LENGTH = 12
MOST_LENGTH = 256
PROVISIONAL_ALPHABET = SYMBOLS.lower()
PROVISIONAL_BYTES = 10

_LEAST_DISTINCT_CHARACTERS = 5
_SHORTEST_CONTEXT_WORD = 3
_LEAST_OTHER_LETTERS = 4
# What a family thinks of first in front of this portal, folded.
_GUESSABLE_WORDS = (
    "periscolaire",
    "motdepasse",
    "password",
    "garderie",
    "cantine",
    "famille",
    "portail",
    "commune",
    "bonjour",
    "enfants",
    "mairie",
    "enfant",
    "azerty",
    "qwerty",
    "ecole",
    "ville",
    "alsh",
)


def check_password(
    password: str, context_words: Iterable[str], common: Callable[[str], bool] | Collection[str]
) -> list[str]:
    """The faults of a password, each a French sentence that says what to do; empty when it may be used.

    `context_words` are names an outsider knows (town, names of the family, address); `common` tells whether
    a lower case password is among the most used ones.
    """
    faults = []
    if len(password) < LEAST_LENGTH:
        missing = plural(LEAST_LENGTH - len(password), "caractère", "caractères")
        faults.append(f"Choisissez au moins {LEAST_LENGTH}{NBSP}caractères{NBSP}: ajoutez encore {missing}.")
    if len(password) > MOST_LENGTH:
        faults.append(f"Choisissez au plus {MOST_LENGTH}{NBSP}caractères.")
    if _is_common(password, common):
        faults.append("Ce mot de passe est l’un des plus utilisés. Choisissez-en un autre.")
    elif _is_guessable(password):
        faults.append(
            "Ce mot de passe est trop facile à deviner. Choisissez plusieurs mots sans rapport entre eux."
        )
    known = _known_word(password, context_words)
    if known is not None:
        faults.append(
            f"Ne mettez pas {quoted(known)} dans le mot de passe{NBSP}: d’autres personnes y penseraient."
        )
    return faults


def _is_common(password: str, common: Callable[[str], bool] | Collection[str]) -> bool:
    lowered = password.lower()
    return common(lowered) if callable(common) else lowered in common


def _is_guessable(password: str) -> bool:
    """Nearly one character repeated, or a word everybody thinks of and figures (« cantine2026-2027 »)."""
    if len(password) >= LEAST_LENGTH and len(set(password)) < _LEAST_DISTINCT_CHARACTERS:
        return True
    letters = "".join(character for character in fold(password) if character.isalpha())
    rest = letters
    for word in _GUESSABLE_WORDS:
        rest = rest.replace(word, "")
    return rest != letters and len(rest) < _LEAST_OTHER_LETTERS


def _known_word(password: str, context_words: Iterable[str]) -> str | None:
    """The context word found in the password.

    Three letters count only when they stand alone (« Léo », not « leopard »): they are part of many words.
    """
    folded = fold(password)
    squeezed = folded.replace(" ", "")
    alone = set(_runs_of_letters(folded))
    for word in context_words:
        wanted = fold(word).replace(" ", "")
        if len(wanted) == _SHORTEST_CONTEXT_WORD and wanted in alone:
            return word
        if len(wanted) > _SHORTEST_CONTEXT_WORD and wanted in squeezed:
            return word
    return None


def _runs_of_letters(folded: str) -> list[str]:
    separated = "".join(character if character.isalpha() else " " for character in folded)
    return separated.split()


def make_provisional(random_bytes: bytes) -> str:
    """« k7mp-x3hd-9wqt-fz2v » from `PROVISIONAL_BYTES` random bytes (80 bits)."""
    if len(random_bytes) != PROVISIONAL_BYTES:
        raise ValueError(f"{PROVISIONAL_BYTES} bytes are needed")
    return grouped(spell(random_bytes)).lower()


def normalise_provisional(text: str) -> str | None:
    """The code as `make_provisional` writes it, whatever the case, dashes and spaces; None if it is none."""
    symbols = read_symbols(text)
    if symbols is None or len(symbols) != PROVISIONAL_BYTES * 8 // 5:
        return None
    return grouped(symbols).lower()
