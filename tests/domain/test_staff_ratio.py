"""How many adults the children of a day need (R35)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.staff_ratio import (
    Peak,
    Post,
    Span,
    missing_adults,
    peak,
    peak_words,
    posts,
    ratio_words,
    required_adults,
    span_of,
)


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


def there(count: int) -> list[Span]:
    return [Span()] * count


def test_groups_that_differ_are_posts_of_their_own():
    spans = {1: there(8), 2: there(12), None: there(3)}
    assert posts(spans, 12, {1: 8, 2: None}) == (
        Post(1, 8, 8, None, 8),
        Post(2, 12, 12, None, 12),
        Post(None, 3, 12, None, 3),
    )
    assert posts(spans, None, {1: 8, 2: None}) == (Post(1, 8, 8, None, 8),)


def test_groups_that_all_follow_the_activity_are_one_post():
    spans = {1: [Span(480, 720)] * 8, 2: [Span(720, 1080)] * 12, None: [Span(700, 740)] * 3}
    assert posts(spans, 12, {1: None, 2: None}) == (Post(None, 15, 12, 720, 23),)


def test_nobody_and_no_ratio_ask_nothing():
    assert posts({}, 12, {}) == ()
    assert posts({None: there(9)}, None, {}) == ()


# --- The fullest moment ---------------------------------------------------------------------------


def test_who_leaves_is_gone_when_another_one_comes():
    early, late = Span(990, 1050), Span(1050, 1110)
    assert peak([early] * 5 + [late] * 4) == Peak(5, 990)
    assert peak([early] * 4 + [late] * 5) == Peak(5, 1050)
    assert peak([early, Span(1020, 1110), late]) == Peak(2, 1020)
    assert peak(there(3)) == Peak(3)
    assert peak([]) == Peak(0)


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 600)), min_size=1, max_size=30))
def test_the_peak_is_that_of_counting_each_minute(hours):
    spans = [Span(starts, min(starts + long, 1440)) for starts, long in hours]
    found = peak(spans)
    by_minute = [sum(one.starts <= minute < one.ends for one in spans) for minute in range(1440)]
    assert found.children == max(by_minute)
    if found.minute is not None:
        assert found.minute == by_minute.index(max(by_minute))


@pytest.mark.parametrize(
    ("slot", "noted", "span"),
    [
        ((990, 1110), (None, None), Span(990, 1110)),
        ((990, 1110), (1000, 1060), Span(1000, 1060)),
        ((None, None), (None, None), Span()),
        ((None, None), (1000, None), Span(1000, 1440)),
        ((990, 1110), (1200, None), Span(1200, 1201)),  # came after the end, to be taken home at once
    ],
)
def test_noted_hours_come_before_those_of_the_slot(slot, noted, span):
    assert span_of(slot, *noted) == span


@pytest.mark.parametrize(
    ("minute", "of_day", "words"),
    [
        (1020, 41, "au plus fort, 17 h : 34 enfants (41 dans la journée)"),
        (1020, 34, "au plus fort, 17 h : 34 enfants"),
        (None, 34, "34 enfants"),
    ],
)
def test_the_peak_is_told_with_its_moment(minute, of_day, words):
    assert peak_words(Post(None, 34, 10, minute, of_day)).replace("\u00a0", " ") == words
