"""Codes that people read aloud, copy and type: references of requests (S103), and their symbols."""

REFERENCE_BYTES = 5

# 32 symbols: no I, L, O, U, so that nothing is mistaken for 1 or 0, and no word appears by chance.
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVEN = str.maketrans("OIL", "011")
_GROUP = 4


def make_reference(random_bytes: bytes) -> str:
    """« R-7K3M-2QWD » from the first `REFERENCE_BYTES` random bytes; keep a unique key behind it."""
    if len(random_bytes) < REFERENCE_BYTES:
        raise ValueError(f"{REFERENCE_BYTES} bytes are needed")
    return f"R-{grouped(spell(random_bytes[:REFERENCE_BYTES]))}"


def normalise_reference(text: str) -> str | None:
    """The reference that somebody meant, whatever the case, spaces, dashes, O for 0; None if none."""
    symbols = read_symbols(text)
    if symbols is None:
        return None
    length = REFERENCE_BYTES * 8 // 5
    if len(symbols) == length + 1 and symbols[0] == "R":
        symbols = symbols[1:]
    return f"R-{grouped(symbols)}" if len(symbols) == length else None


def spell(random_bytes: bytes) -> str:
    """Five bits a symbol; the number of bytes is a multiple of five."""
    number = int.from_bytes(random_bytes, "big")
    count = len(random_bytes) * 8 // 5
    return "".join(SYMBOLS[number >> shift & 31] for shift in range(5 * (count - 1), -1, -5))


def grouped(symbols: str) -> str:
    """« 7K3M-2QWD »"""
    return "-".join(symbols[start : start + _GROUP] for start in range(0, len(symbols), _GROUP))


def read_symbols(text: str) -> str | None:
    """The symbols typed, in capitals; None when something else than symbols, spaces and dashes was typed."""
    symbols = "".join(
        character for character in text if not character.isspace() and character not in "-–—‑_."
    )
    symbols = symbols.upper().translate(_FORGIVEN)
    return symbols if all(symbol in SYMBOLS for symbol in symbols) else None
