"""What several domain tests share: texts without no-break spaces, and rule data with one fault."""

from copy import deepcopy

from domain.french import NARROW_NBSP, NBSP

_SPACES = str.maketrans({NBSP: " ", NARROW_NBSP: " "})


def plain(text):
    """The text with ordinary spaces; test_french proves where the others stand."""
    return text.translate(_SPACES)


def changed(data, path, value):
    """A copy of the data with the value at `path` replaced, or taken away when it is `...`."""
    data = deepcopy(data)
    *parents, last = path
    place = data
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data
