"""What a declared change becomes (S34 to S37, S52)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import change_rules
from domain.change_rules import NOTHING, Pending, Verdict
from domain.enums import ChangeState
from domain.family_file import CONTROL_TIME, Person, due_at

WAITS, APPLIED = ChangeState.PENDING, ChangeState.ACCEPTED
WITHDRAWN, REPLACED = ChangeState.WITHDRAWN, ChangeState.REPLACED
NOW = datetime(2027, 1, 12, 9, tzinfo=UTC)
VALUES = st.sampled_from([None, "a", "b", "c"])
PENDINGS = st.one_of(st.none(), st.builds(Pending, VALUES))


def declared(wanted, shown="a", seen="a", official="a", pending=None, needs_control=True):
    return change_rules.declared(
        wanted, shown=shown, seen=seen, official=official, pending=pending, needs_control=needs_control
    )


def test_only_a_line_that_waits_moves():
    for state in ChangeState:
        for following in ChangeState:
            moves = state is WAITS and following is not WAITS
            assert (following in change_rules.CHANGE_TRANSITIONS[state]) is moves
            assert (state in change_rules.states_before(following)) is moves


@pytest.mark.parametrize(
    ("wanted", "rest", "verdict"),
    [
        ("b", {}, Verdict(line=WAITS)),
        (None, {}, Verdict(line=WAITS)),
        ("a", {}, NOTHING),
        ("b", {"needs_control": False}, Verdict(line=APPLIED)),
        # Something waits already.
        ("c", {"shown": "b", "pending": Pending("b")}, Verdict(line=WAITS, former=REPLACED)),
        ("b", {"shown": "b", "pending": Pending("b")}, NOTHING),
        ("b", {"shown": "a", "pending": Pending("b")}, NOTHING),
        ("a", {"shown": "b", "pending": Pending("b")}, Verdict(former=WITHDRAWN)),
        (None, {"pending": Pending(None)}, NOTHING),
        (
            "c",
            {"shown": "b", "pending": Pending("b"), "needs_control": False},
            Verdict(line=APPLIED, former=REPLACED),
        ),
        ("a", {"shown": "a", "pending": Pending("b")}, NOTHING),
        # The service changed the field since the form was shown.
        ("a", {"official": "b"}, NOTHING),
        ("b", {"official": "b"}, NOTHING),
        ("c", {"official": "b"}, Verdict(line=WAITS)),
        ("c", {"official": "b", "needs_control": False}, Verdict(line=WAITS)),
        ("a", {"shown": "c", "official": "b"}, Verdict(line=WAITS)),
    ],
)
def test_what_a_family_sends(wanted, rest, verdict):
    assert declared(wanted, **rest) == verdict


@pytest.mark.parametrize(
    ("wanted", "pending", "verdict"),
    [
        ("a", None, NOTHING),
        ("a", Pending("b"), NOTHING),
        ("b", None, Verdict(line=APPLIED)),
        ("b", Pending("b"), Verdict(former=APPLIED)),
        ("b", Pending("c"), Verdict(line=APPLIED)),
        (None, Pending(None), Verdict(former=APPLIED)),
    ],
)
def test_what_an_agent_types(wanted, pending, verdict):
    assert change_rules.recorded(wanted, official="a", pending=pending) == verdict


def test_a_form_is_filled_with_what_waits_else_with_what_is_official():
    assert change_rules.shown_at_first("a", None) == "a"
    assert change_rules.shown_at_first("a", Pending("b")) == "b"
    assert change_rules.shown_at_first("a", Pending(None)) is None


@pytest.mark.parametrize(
    ("verdict", "applies"),
    [
        (NOTHING, False),
        (Verdict(line=WAITS), False),
        (Verdict(line=WAITS, former=REPLACED), False),
        (Verdict(former=WITHDRAWN), False),
        (Verdict(line=APPLIED), True),
        (Verdict(line=APPLIED, former=REPLACED), True),
        (Verdict(former=APPLIED), True),
    ],
)
def test_what_becomes_official_at_once(verdict, applies):
    assert verdict.applies is applies


@given(VALUES, VALUES, VALUES, VALUES, PENDINGS, st.booleans())
def test_a_declaration_never_overwrites_what_the_family_has_not_seen(
    wanted, shown, seen, official, pending, needs_control
):
    verdict = declared(wanted, shown, seen, official, pending, needs_control)
    if verdict.applies:
        assert not needs_control
        assert seen == official
    if wanted == shown:
        assert verdict == NOTHING
    if verdict.former is not None:
        assert pending is not None
    if verdict.line is not None:
        assert wanted != official
        assert (verdict.former is REPLACED) is (pending is not None)


@pytest.mark.parametrize(("official", "is_conflict"), [("a", False), ("b", False), ("c", True), (None, True)])
def test_a_conflict_is_three_values(official, is_conflict):
    assert change_rules.is_conflict("b", seen="a", official=official) is is_conflict


def test_late_after_48_hours():
    limit = due_at(NOW)
    assert limit - NOW == CONTROL_TIME == timedelta(hours=48)
    assert not change_rules.is_late(limit, limit)
    assert change_rules.is_late(limit, limit + timedelta(seconds=1))
    assert not change_rules.is_late(limit, NOW)


def test_a_fingerprint_tells_values_apart_and_nothing_from_its_name():
    found = [change_rules.fingerprint(value) for value in (None, "None", "", "a", "A")]
    assert len(set(found)) == 5
    assert change_rules.fingerprint("a") == found[3]
    assert {len(one) for one in found} == {16}


@pytest.mark.parametrize(
    ("collected", "wanted", "is_safety"),
    [
        (None, Person("Nadia", "B"), False),
        (True, None, True),
        (True, Person("Nadia", "B", may_collect=False), True),
        (True, Person("Nadia", "B", phone="06"), False),
        (False, None, False),
        (False, Person("Nadia", "B"), False),
    ],
)
def test_somebody_who_may_not_fetch_the_child_any_more(collected, wanted, is_safety):
    former = None if collected is None else Person("Nadia", "B", may_collect=collected)
    assert change_rules.person_is_safety(former, wanted) is is_safety


@pytest.mark.parametrize(
    ("wanted", "type_is_safety", "is_safety"),
    [("non", True, True), ("oui", True, False), (None, True, False), ("non", False, False)],
)
def test_a_no_to_a_question_of_safety(wanted, type_is_safety, is_safety):
    assert change_rules.authorisation_is_safety(wanted, type_is_safety=type_is_safety) is is_safety
