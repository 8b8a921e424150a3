"""When a step takes a count, and what changed since in words (R32)."""

from datetime import UTC, date, datetime

import pytest

from domain.meal_counts import Portion, difference_words, step_moment, step_words, together


@pytest.mark.parametrize(
    ("day", "days_before", "minute", "moment"),
    [
        (date(2027, 1, 14), 3, 600, datetime(2027, 1, 11, 9, 0, tzinfo=UTC)),
        (date(2027, 3, 29), 0, 540, datetime(2027, 3, 29, 7, 0, tzinfo=UTC)),
        (date(2027, 3, 29), 2, 540, datetime(2027, 3, 27, 8, 0, tzinfo=UTC)),
        (date(2027, 10, 31), 0, 150, datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_moment_of_a_step(day, days_before, minute, moment):
    assert step_moment(day, days_before, minute) == moment


def test_a_step_in_words():
    assert step_words(21, "10 h") == "J-21, 10 h"
    assert step_words(0, "9 h") == "le jour même, 9 h"


def counts(**meals: int) -> dict[Portion, int]:
    names = {"ordinary": "", "pork": "Sans porc", "pai": "PAI"}
    return {Portion(1, "CP", names[name]): number for name, number in meals.items() if number}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (counts(ordinary=3, pork=1), counts(ordinary=5), "+2 ordinaires, −1 sans porc"),
        (counts(ordinary=3), counts(ordinary=2, pai=2), "−1 ordinaire, +2 PAI"),
        (counts(ordinary=3), {Portion(1, "CE1", ""): 3}, "rien n’a changé"),
        ({}, {}, "rien n’a changé"),
    ],
)
def test_differences_by_diet(before, after, words):
    assert difference_words(before, after, {}) == words


def test_who_came_unexpected_is_told_beside_what_the_bookings_changed():
    assert difference_words(counts(ordinary=3), counts(ordinary=3), counts(pork=1)) == "+1\u00a0non prévu"
    words = "−1 ordinaire, +2\u00a0non prévus"
    assert difference_words(counts(ordinary=3), counts(ordinary=2), counts(pork=1, ordinary=1)) == words
    assert together(counts(ordinary=3), counts(ordinary=1, pork=1)) == counts(ordinary=4, pork=1)
