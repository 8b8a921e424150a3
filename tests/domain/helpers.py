"""What several domain tests share: texts without no-break spaces."""

from domain.french import NARROW_NBSP, NBSP

_SPACES = str.maketrans({NBSP: " ", NARROW_NBSP: " "})


def plain(text):
    """The text with ordinary spaces; test_french proves where the others stand."""
    return text.translate(_SPACES)
