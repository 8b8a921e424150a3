"""A race in rounds: several server processes, contenders that go together, on one database (issue 5, races).

Each contender is a thread of one of several processes, each process with its own application and engine as a
server's has; as in a server, a few threads of a process work at once and the others queue for their turn. A
barrier lets all contenders start each round together, so that a round begins when the one before is over.
Nothing is emptied in between: a round is a race for openings of its own.
"""

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flask import Flask

from app import create_app
from domain.errors import Refused, Stale
from extensions import db
from services import booking_requests, waiting_lists
from services.booking_drafts import Author
from services.booking_life import Actor
from tests.conftest import settings_for_tests

CONTENDERS, PROCESSES, AT_WORK = 20, 4, 2
PATIENCE_SECONDS = 120
FAULT = "fault: "


class Act(Protocol):
    """What one contender does in one round; what it returns is told as text."""

    def __call__(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Validate:
    """« Valider »; says the reference of the request."""

    author: Author
    key: str
    now: datetime

    def __call__(self) -> str:
        return booking_requests.submit(self.author, self.key, "Claire", self.now)


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    booking_id: int
    household_id: int
    actor: Actor
    now: datetime

    def __call__(self) -> str:
        return waiting_lists.accept(self.booking_id, [self.household_id], self.actor, self.now)


@dataclass(frozen=True, slots=True)
class GiveUpOffer:
    booking_id: int
    household_id: int
    actor: Actor
    now: datetime

    def __call__(self) -> str:
        waiting_lists.give_up(self.booking_id, [self.household_id], self.actor, self.now)
        return "given up"


@dataclass(frozen=True, slots=True)
class ExpireOffers:
    now: datetime

    def __call__(self) -> int:
        return waiting_lists.expire(self.now)


Plan = Sequence[Act | None]  # of one contender, a round after the other; None sits a round out
Told = list[str]  # what came of them, in the same order


def race(app: Flask, plans: Sequence[Plan], before: Callable[[], None] | None = None) -> list[Told]:
    """Run every plan; what each contender was told, round by round.

    A refusal is told by its code, anything unexpected begins with `FAULT`. `before` is called first in each
    process: what it breaks is broken there alone.
    """
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(len(plans)), context.SimpleQueue()
    url, instance = app.config["SQLALCHEMY_DATABASE_URI"], app.config["INSTANCE"]
    shares = {number: list(range(number, len(plans), PROCESSES)) for number in range(PROCESSES)}
    processes = [
        context.Process(
            target=_serve,
            args=(url, instance, barrier, {one: plans[one] for one in share}, before, told),
            daemon=True,
        )
        for share in shares.values()
    ]
    for process in processes:
        process.start()
    answers: dict[int, Told] = {}
    for _ in processes:  # a process that dies breaks the barrier of the others, who then answer
        answers |= told.get()
    for process in processes:
        process.join(PATIENCE_SECONDS)
    return [answers[one] for one in range(len(plans))]


def _serve(
    url: str,
    instance: Path,
    barrier: threading.Barrier,
    plans: dict[int, Plan],
    before: Callable[[], None] | None,
    told: multiprocessing.SimpleQueue,
) -> None:
    """One server process: its own application, a thread a contender."""
    app = create_app(settings_for_tests(url, instance))
    if before is not None:
        before()
    answers: dict[int, Told] = {one: [] for one in plans}
    turn = threading.Semaphore(AT_WORK)
    threads = [
        threading.Thread(target=_contend, args=(app, barrier, turn, plan, answers[one]))
        for one, plan in plans.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        db.engine.dispose()
    told.put(answers)


def _contend(
    app: Flask, barrier: threading.Barrier, turn: threading.Semaphore, plan: Plan, answers: Told
) -> None:
    for act in plan:
        try:
            barrier.wait(PATIENCE_SECONDS)
        except threading.BrokenBarrierError:
            answers.append(f"{FAULT}another contender never came")
            continue
        if act is None:
            answers.append("")
            continue
        with turn:
            answers.append(_told(app, act))


def _told(app: Flask, act: Act) -> str:
    with app.app_context():
        try:
            return str(act())
        except Refused as refusal:
            return refusal.code
        except Stale:
            return "stale"
        except Exception as error:
            return f"{FAULT}{error!r}"
