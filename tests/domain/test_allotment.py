"""Who gets the places: never too many, nobody passed over, the same draw gives the same places (R17)."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.allotment import (
    Limit,
    Method,
    Room,
    Standing,
    Wish,
    allot,
    inputs_of,
    read_inputs,
    unknown_standing,
)
from domain.rulebook.enrolment import Tie

NOON = datetime(2027, 1, 14, 11, tzinfo=UTC)
ARRIVAL, DRAW = Method(Tie.ARRIVAL, "graine"), Method(Tie.NONE, "graine")


def wish(number, *, home=None, key=1, after=0, group=None, parts=7):
    standing = Standing(None if key is None else (Decimal(key),), f"Critère {key} rempli")
    return Wish(number, home or number, group, parts, NOON + timedelta(minutes=after), standing)


def admitted(ranked):
    return [one.wish.id for one in ranked if one.is_admitted]


def test_the_strongest_criterion_comes_first_then_the_first_who_asked():
    wishes = [wish(1, key=2), wish(2, after=5), wish(3, after=1), wish(4, key=None)]
    ranked = allot(wishes, Room(2), ARRIVAL)
    assert [one.wish.id for one in ranked] == [3, 2, 1, 4]
    assert [one.rank for one in ranked] == [1, 2, 3, 4]
    assert admitted(ranked) == [3, 2]


def test_each_reason_says_the_criterion_the_tie_and_the_places():
    wishes = [wish(1, key=2), wish(2, after=5), wish(3, after=1)]
    first, second, third = (one.reason for one in allot(wishes, Room(2), ARRIVAL))
    assert first == (
        "Critère 1 rempli. À égalité avec 1\u00a0autre demande\u00a0: ordre d’arrivée, la vôtre reçue le "
        "jeudi 14\u00a0janvier, 12\u00a0h\u00a001. Rang 1 sur 3\u00a0demandes\u00a0: place attribuée."
    )
    assert "12\u00a0h\u00a005" in second
    assert third == "Critère 2 rempli. Rang 3 sur 3\u00a0demandes\u00a0: plus de place à ce rang."


def test_without_an_order_of_arrival_equals_are_drawn():
    wishes = [wish(number, after=number) for number in range(1, 31)]
    ranked = allot(wishes, Room(10), DRAW)
    assert [one.wish.id for one in ranked] != [one.id for one in wishes]
    assert "À égalité avec 29\u00a0autres demandes\u00a0: tirage au sort." in ranked[0].reason
    other = allot(wishes, Room(10), Method(Tie.NONE, "autre"))
    assert admitted(other) != admitted(ranked)


def test_brothers_and_sisters_are_drawn_together():
    wishes = [wish(number, home=number // 3) for number in range(3, 33)]
    homes = [one.wish.household_id for one in allot(wishes, Room(None), DRAW)]
    assert all(len(set(homes[at : at + 3])) == 1 for at in range(0, 30, 3))


def test_who_asked_at_the_same_moment_is_drawn_too():
    ranked = allot([wish(number) for number in range(1, 21)], Room(3), ARRIVAL)
    assert [one.wish.id for one in ranked] != list(range(1, 21))


def test_a_full_group_leaves_the_place_to_the_next_of_another_group():
    wishes = [wish(1, group=5), wish(2, group=5, after=1), wish(3, group=6, after=2)]
    ranked = allot(wishes, Room(3, (Limit(5, 0, 1),)), ARRIVAL)
    assert admitted(ranked) == [1, 3]
    assert ranked[1].reason.endswith("plus de place dans ce groupe à ce rang.")


def test_a_full_part_of_the_day_leaves_the_other_parts():
    wishes = [wish(1, parts=1), wish(2, parts=3, after=1), wish(3, parts=4, after=2)]
    ranked = allot(wishes, Room(None, (Limit(None, 1, 1),)), ARRIVAL)
    assert admitted(ranked) == [1, 3]
    assert ranked[1].reason.endswith("plus de place pour cette partie de la journée à ce rang.")


def test_a_closed_day_gives_no_place():
    (one,) = allot([wish(1)], Room(None, closed="jour fermé"), ARRIVAL)
    assert not one.is_admitted
    assert one.reason.endswith("jour fermé.")


def test_a_family_that_cannot_be_ranked_comes_last_and_reads_why():
    stranger = Wish(1, 1, None, 7, NOON, unknown_standing("Il manque une information au dossier."))
    ranked = allot([stranger, wish(2, key=9, after=50)], Room(1), ARRIVAL)
    assert admitted(ranked) == [2]
    assert ranked[1].reason.startswith("Il manque une information au dossier. Rang 2")


# --- Properties ---------------------------------------------------------------------------------------------

GROUPS = st.sampled_from([None, 1, 2])
WISHES = st.lists(
    st.builds(
        wish,
        st.just(0),
        home=st.integers(1, 8),
        key=st.sampled_from([None, 1, 2, 3]),
        after=st.integers(0, 5),
        group=GROUPS,
        parts=st.integers(1, 7),
    ),
    max_size=25,
).map(
    lambda found: [
        Wish(number, one.household_id, one.group_id, one.parts, one.filed_at, one.standing)
        for number, one in enumerate(found, 1)
    ]
)
ROOMS = st.builds(
    Room,
    st.none() | st.integers(0, 10),
    st.lists(st.builds(Limit, GROUPS, st.sampled_from([0, 1, 2, 4]), st.integers(0, 4)), max_size=4).map(
        tuple
    ),
)
METHODS = st.builds(Method, st.sampled_from(list(Tie)), st.text(max_size=5))


def _fits(one, before, room):
    """Counted from nothing: the wish would find its places after those of `before`."""
    whole = room.left is None or len(before) < room.left
    return whole and all(sum(limit.counts(other) for other in before) < limit.left
                         for limit in room.limits if limit.counts(one))  # fmt: skip


@given(WISHES, ROOMS, METHODS)
def test_places_are_never_exceeded_and_nobody_is_passed_over(wishes, room, method):
    ranked = allot(wishes, room, method)
    assert Counter(one.wish.id for one in ranked) == Counter(one.id for one in wishes)
    given_so_far = []
    for one in ranked:
        assert one.is_admitted == _fits(one.wish, given_so_far, room)
        if one.is_admitted:
            given_so_far.append(one.wish)
    assert room.left is None or len(given_so_far) <= room.left
    assert all(sum(limit.counts(one) for one in given_so_far) <= limit.left for limit in room.limits)


@given(WISHES, ROOMS, METHODS, st.randoms())
def test_the_order_of_the_wishes_changes_nothing(wishes, room, method, chance):
    shuffled = chance.sample(wishes, len(wishes))
    assert allot(shuffled, room, method) == allot(wishes, room, method)


@given(WISHES, ROOMS, METHODS)
def test_what_is_kept_gives_the_same_places_again(wishes, room, method):
    kept = [(one.id, json.loads(json.dumps(inputs_of(one, room, method.tie)))) for one in wishes]
    again = [read_inputs(*one) for one in kept]
    assert all((its_room, tie) == (room, method.tie) for _, its_room, tie in again)
    assert allot([one for one, _, _ in again], room, method) == allot(wishes, room, method)


@given(WISHES, METHODS)
def test_a_stronger_criterion_never_comes_after_a_weaker_one(wishes, method):
    keys = [one.wish.standing.key for one in allot(wishes, Room(None), method)]
    assert keys == sorted(keys, key=lambda key: (key is None, key or ()))


@pytest.mark.parametrize("method", [ARRIVAL, DRAW])
def test_more_places_never_take_one_away(method):
    wishes = [wish(number, home=number % 5, key=number % 3, after=number % 4) for number in range(1, 20)]
    few, more = (set(admitted(allot(wishes, Room(places), method))) for places in (6, 9))
    assert few < more
