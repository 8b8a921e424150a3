"""Many families at the same instant on the server as a town runs it: two processes of two threads, no proxy.

What is asserted holds on any machine: no answer of 500 or more, no place sold twice, every family told.
Durations are only printed (pytest -s).

Controls made by hand, each of which fails these tests: a transaction that reads before it writes without
taking the write lock first (SQLite) answers 503; places taken without lock nor condition (PostgreSQL) meet
the CHECK of the table and answer 500. The control that sells too much is in tests/races/test_places.py.
"""

import random
import re
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import click
import pytest

from domain.enums import LineState
from domain.workflow import FULL
from models import BookingRequestLine
from tests.books import assert_books_balance
from tests.factories import Canteen
from tests.running_town import PATIENCE_SECONDS, Answer, Browser, Running, Town

pytestmark = pytest.mark.load


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in parent with a draft that is ready."""

    browser: Browser
    key: str

    def sees_agenda(self) -> Answer:
        return self.browser.get("/planning")

    def sees_recap(self) -> Answer:
        return self.browser.get(f"/reservations/{self.key}/recapitulatif")

    def validates(self) -> Answer:
        return self.browser.post(f"/reservations/{self.key}/valider")


def visitors(town: Town, server: Running, canteen: Canteen, count: int, days: Sequence[int]) -> list[Visitor]:
    """As many families, whose only child wants the days at these positions."""
    found = []
    for _ in range(count):
        family = town.family(canteen)
        (key,) = family.drafts([(family.children[0], days)])
        found.append(Visitor(server.browser(family.parent), key))
    return found


def together(acts: Sequence[Callable[[], None]]) -> None:
    """Run every act in a thread of its own; the first failure is raised."""
    faults: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE_SECONDS)
    if faults:
        raise faults[0]


def assert_each_is_told(town: Town, places: int, parents: int, *, waiting_list: bool) -> None:
    """As many accepted lines a day as places; the others are refused with a reason, or know their rank."""
    lines = defaultdict(list)
    for line in town.world.all(BookingRequestLine):
        lines[line.day].append(line)
    assert len(lines) == len(WANTED)
    for own in lines.values():
        others = [line for line in own if line.state is not LineState.ACCEPTED]
        assert (len(own), len(others)) == (parents, parents - places)
        if waiting_list:
            assert {line.state for line in others} == {LineState.WAITING}
            ranks = sorted(int(re.search(r"\d+", line.reason)[0]) for line in others)
            assert ranks == list(range(1, len(others) + 1))
        else:
            assert {(line.state, line.reason) for line in others} == {(LineState.REFUSED, FULL.message)}


PARENTS, PLACES, WANTED = 64, 20, (0, 1, 2)


@pytest.mark.parametrize("waiting_list", [False, True], ids=["refused", "waiting"])
def test_64_parents_validate_at_once_for_a_few_places(town, waiting_list):
    canteen = town.canteen(1, PLACES, waiting_list=waiting_list)
    with town.serving() as server:
        parents = visitors(town, server, canteen, PARENTS, WANTED)
        barrier = threading.Barrier(PARENTS)
        answers: list[Answer] = []

        def validate(parent: Visitor) -> None:
            assert parent.sees_recap().status == 200
            barrier.wait(PATIENCE_SECONDS)
            answer = parent.validates()
            assert answer.reference, answer
            answers.append(answer)
            assert parent.browser.get(answer.location).status == 200

        together([partial(validate, parent) for parent in parents])
    assert len({answer.reference for answer in answers}) == PARENTS
    assert_each_is_told(town, PLACES, PARENTS, waiting_list=waiting_list)
    assert_books_balance(town.world)


MORNING_PARENTS, MORNING_PLACES, MORNING_SECONDS = 200, 60, 10


def test_the_morning_when_bookings_open(town):
    """Parents come one by one, look at their planning or not, read their recap and validate."""
    canteen = town.canteen(1, MORNING_PLACES, waiting_list=True)
    rng = random.Random(46)  # noqa: S311  moments, not secrets
    durations: dict[str, list[float]] = {}
    statuses: Counter[int] = Counter()

    def timed(name: str, act: Callable[[], Answer]) -> None:
        began = time.monotonic()
        statuses[act().status] += 1
        durations.setdefault(name, []).append(time.monotonic() - began)

    def visit(parent: Visitor) -> None:
        time.sleep(rng.uniform(0, MORNING_SECONDS))
        if rng.random() < 0.5:
            timed("agenda", parent.sees_agenda)
        timed("recap", parent.sees_recap)
        timed("validation", parent.validates)

    with town.serving() as server:
        parents = visitors(town, server, canteen, MORNING_PARENTS, WANTED)
        together([partial(visit, parent) for parent in parents])
    assert set(statuses) == {200, 303}
    assert statuses[303] == MORNING_PARENTS
    assert_each_is_told(town, MORNING_PLACES, MORNING_PARENTS, waiting_list=True)
    assert_books_balance(town.world)
    for name, found in durations.items():
        middle, slow = statistics.median(found) * 1000, statistics.quantiles(found, n=20)[-1] * 1000
        click.echo(f"{name:11} {len(found):4} times, median {middle:5.0f} ms, p95 {slow:5.0f} ms")
