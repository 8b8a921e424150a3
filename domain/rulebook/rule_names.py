"""The names by which the portal's activities and presence types are known in the règlement."""

import re
from collections.abc import Collection
from itertools import count

from domain.people import fold

_MOST = 50


def rule_name(label: str, taken: Collection[str] = ()) -> str:
    """« restaurant_scolaire » for « Restaurant scolaire »; a number is added to a name that is taken."""
    words = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:_MOST].rstrip("_")
    name = words if words[:1].isalpha() else f"activite_{words}".rstrip("_")
    candidates = (name if rank == 1 else f"{name}_{rank}" for rank in count(1))
    return next(one for one in candidates if one not in taken)
