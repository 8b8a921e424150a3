"""What is out of the ordinary today, so that somebody looks before noon (R53)."""

from collections.abc import Sequence
from statistics import median

from domain.french import NBSP, plural

WEEKS = 4  # the same weekday of the weeks before
KNOWN = 2  # weeks without which nothing is usual
LEAST_CHILDREN = 5
LEAST_PART = 0.3


def children(today: int, before: Sequence[int]) -> str:
    """« 12 enfants de moins que d’habitude (40) », empty for an ordinary day or one without comparison.

    `before`: how many were booked on the same weekday of the last weeks.
    """
    if len(before) < KNOWN:
        return ""
    usual = round(median(before))
    more = today - usual
    if abs(more) < LEAST_CHILDREN or abs(more) < LEAST_PART * usual:
        return ""
    counted = plural(abs(more), "enfant", "enfants")
    return f"{counted} de {'plus' if more > 0 else 'moins'} que d’habitude{NBSP}: {today} au lieu de {usual}"
