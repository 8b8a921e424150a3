"""Whatever families and agents do to a file, in whatever order, it stays explained (S34 to S37).

One line at most waits for a field; an official value changes by an answer, an act of the service or where the
town asks no control, and never behind anybody's back; the lines alone explain every official value.
"""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain import change_rules
from domain.enums import ChangeState, FileSection, SubjectKind
from domain.errors import Stale
from models import ChangeLine, FieldRule
from tests.change_bench import ACCEPT, REFUSE, Bench

CITY, WORKPLACE, PROFESSION = "city", "workplace", "profession"
SECTIONS = {
    CITY: FileSection.HOUSEHOLD_ADDRESS,
    WORKPLACE: FileSection.ADULT_CONTACT,
    PROFESSION: FileSection.ADULT_IDENTITY,  # without control in this town
}
KINDS = {CITY: SubjectKind.HOUSEHOLD, WORKPLACE: SubjectKind.GUARDIAN, PROFESSION: SubjectKind.GUARDIAN}
VALUES = ("Cahors", "Figeac", "Gourdon")

FIELD, VALUE = st.sampled_from(list(SECTIONS)), st.sampled_from(VALUES)
FRESH = st.booleans()  # False: on a screen that shows the value before the last change
ACTS = st.one_of(
    st.tuples(st.just("declare"), FIELD, VALUE, FRESH),
    st.tuples(st.just("declare"), FIELD, VALUE, FRESH),
    st.tuples(st.just("withdraw"), FIELD, VALUE, FRESH),
    st.tuples(st.just("accept"), FIELD, VALUE, FRESH),
    st.tuples(st.just("refuse"), FIELD, VALUE, FRESH),
    st.tuples(st.just("record"), FIELD, VALUE, FRESH),
)


@dataclass
class Watched:
    """A family, the official values as they stood, and what became of its lines."""

    bench: Bench
    former: dict[str, str | None] = field(default_factory=dict)
    states: dict[int, ChangeState] = field(default_factory=dict)

    def official(self) -> dict[str, str | None]:
        known = {kind: self.bench.official(kind, self.bench.subject(kind)) for kind in set(KINDS.values())}
        return {name: known[KINDS[name]][name] for name in SECTIONS}

    def lines(self) -> list[ChangeLine]:
        own = {(kind, self.bench.subject(kind)) for kind in KINDS.values()}
        return [line for line in self.bench.lines() if (line.subject_kind, line.subject_id) in own]

    def pending(self, name: str) -> ChangeLine | None:
        waiting = (line for line in self.lines() if line.state is ChangeState.PENDING)
        return next((line for line in waiting if line.field == name), None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, min_size=1, max_size=14))
@example(
    [
        ("declare", CITY, "Figeac", True),
        ("record", CITY, "Gourdon", True),
        ("accept", CITY, "Figeac", False),
        ("accept", CITY, "Figeac", True),
        ("declare", PROFESSION, "Cahors", True),
        ("declare", PROFESSION, "Figeac", False),
        ("declare", PROFESSION, "Cahors", True),
    ]
)
def test_the_file_is_explained_whatever_happens(world, acts):
    bench = Bench(world)
    if not world.all(FieldRule):
        bench.rule(f"guardian.{PROFESSION}", needs_control=False)
    watched = Watched(bench)
    first = watched.former = watched.official()
    for act in acts:
        bench.wait(minutes=1)
        before = watched.official()
        waited = {name: watched.pending(name) for name in SECTIONS}
        happened = _do(watched, act)
        after = watched.official()
        seen = before if act[3] else watched.former
        _nothing_overwritten(act, happened, before, after, waited, seen)
        _lines_hold(watched, first, after)
        if after != before:
            watched.former = before


def _do(watched: Watched, act: tuple[str, str, str, bool]) -> bool:
    """True when the act was done, False when it was refused as out of date, or had nothing to act on."""
    what, name, value, is_fresh = act
    bench, waiting = watched.bench, watched.pending(name)
    seen = watched.official()[name] if is_fresh else watched.former[name]
    try:
        if what == "declare":
            bench.declare(SECTIONS[name], seen={name: seen}, **{name: value})
        elif what == "record":
            bench.record(SECTIONS[name], seen={name: seen}, **{name: value})
        elif waiting is None:
            return False
        elif what == "withdraw":
            bench.withdraw(waiting.id)
        else:
            state = ACCEPT if what == "accept" else REFUSE
            current = {waiting.id: change_rules.fingerprint(seen)}
            bench.decide({waiting.id: state}, {waiting.id: "Parce que."}, current=current)
    except Stale:
        return False
    return True


def _nothing_overwritten(act, happened, before, after, waited, seen) -> None:
    what, name, value, _ = act
    changed = {field for field in SECTIONS if before[field] != after[field]}
    assert changed <= {name}
    if not changed:
        return
    assert happened
    assert seen[name] == before[name], "who changed it had the official value on screen"
    if what == "accept":
        assert after[name] == waited[name].wanted_value
    else:
        assert what == "record" or (what, name) == ("declare", PROFESSION)
        assert after[name] == value


def _lines_hold(watched: Watched, first: dict[str, str | None], official: dict[str, str | None]) -> None:
    lines = watched.lines()
    waiting = Counter(line.field for line in lines if line.state is ChangeState.PENDING)
    assert all(count == 1 for count in waiting.values())
    for line in lines:
        was = watched.states.get(line.id, ChangeState.PENDING)
        assert was in (ChangeState.PENDING, line.state), "an answer is given once"
        assert (line.decided_at is None) is (line.state is ChangeState.PENDING)
        watched.states[line.id] = line.state
    explained = dict(first)
    accepted = (line for line in lines if line.state is ChangeState.ACCEPTED)
    for line in sorted(accepted, key=lambda line: (line.decided_at, line.id)):
        explained[line.field] = line.wanted_value
    assert explained == official


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, min_size=1, max_size=10))
def test_the_journal_tells_every_change_with_what_stood_before(world, acts):
    bench = Bench(world)
    watched = Watched(bench)
    stood = watched.former = watched.official()
    for act in acts:
        bench.wait(minutes=1)
        known = len(bench.events())
        _do(watched, act)
        now = watched.official()
        told = [
            (name, event.before[name], event.after[name])
            for event in bench.events()[known:]
            if event.action in ("change.applied", "change.accepted")
            for name in event.after
        ]
        changed = [(name, stood[name], now[name]) for name in SECTIONS if stood[name] != now[name]]
        assert [one for one in told if one[1] != one[2]] == changed
        if changed:
            watched.former = stood
        stood = now
