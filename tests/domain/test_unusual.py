"""A day unlike the others is said, an ordinary one is not (R53)."""

import pytest

from domain import unusual
from domain.french import NBSP


@pytest.mark.parametrize(
    ("today", "before", "said"),
    [
        (28, [40, 41, 39, 40], f"12{NBSP}enfants de moins que d’habitude{NBSP}: 28 au lieu de 40"),
        (60, [40, 41, 39, 40], f"20{NBSP}enfants de plus que d’habitude{NBSP}: 60 au lieu de 40"),
        (0, [6, 6], f"6{NBSP}enfants de moins que d’habitude{NBSP}: 0 au lieu de 6"),
        (35, [40, 41, 39, 40], ""),  # a tenth
        (1, [5, 5, 5], ""),  # four children are few
        (0, [40], ""),  # one week says nothing
        (40, [40, 0, 40, 40], ""),  # one odd week does not change what is usual
        (12, [0, 0], f"12{NBSP}enfants de plus que d’habitude{NBSP}: 12 au lieu de 0"),
    ],
)
def test_what_is_said_of_a_day(today, before, said):
    assert unusual.children(today, before) == said
