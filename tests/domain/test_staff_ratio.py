"""How many adults the children of a day need (R35)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.staff_ratio import Post, missing_adults, posts, ratio_words, required_adults


@given(st.integers(0, 500), st.integers(1, 40))
def test_just_enough_adults_for_the_children(children, per_adult):
    adults = required_adults(children, per_adult)
    assert adults * per_adult >= children > (adults - 1) * per_adult or children == adults == 0


@pytest.mark.parametrize(
    ("adults", "words"),
    [
        (None, "adultes à indiquer"),
        (0, "il manque 3\u00a0adultes"),
        (2, "il manque 1\u00a0adulte"),
        (3, "encadrement suffisant"),
        (9, "encadrement suffisant"),
    ],
)
def test_the_words(adults, words):
    assert ratio_words(Post(None, 21, 10), adults) == words


def test_missing_adults_are_never_below_zero():
    assert missing_adults(Post(None, 5, 10), 4) == 0


def test_groups_that_differ_are_posts_of_their_own():
    children = {1: 8, 2: 12, None: 3}
    assert posts(children, 12, {1: 8, 2: None}) == (Post(1, 8, 8), Post(2, 12, 12), Post(None, 3, 12))
    assert posts(children, None, {1: 8, 2: None}) == (Post(1, 8, 8),)


def test_groups_that_all_follow_the_activity_are_one_post():
    assert posts({1: 8, 2: 12, None: 3}, 12, {1: None, 2: None}) == (Post(None, 23, 12),)


def test_nobody_and_no_ratio_ask_nothing():
    assert posts({}, 12, {}) == ()
    assert posts({None: 9}, None, {}) == ()
