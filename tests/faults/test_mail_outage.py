"""A mail server that refuses for 72 hours, many times over: nothing lost, at most one mail twice (G8)."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from adapters.mail import MailDelayed
from domain.enums import MailKind, MailState
from models import OutgoingMail
from services import outbox
from services.transaction import write_transaction

pytestmark = pytest.mark.fault

OUTAGE = timedelta(hours=72)
MAILS = 4  # of a cycle: one more than what makes the worker leave a dead server alone


class WorkerKilled(BaseException):
    """The process ends here: nothing after it runs."""


class Server:
    """Refuses until `back_at`; `kills` the worker once, between its yes and the mark of the worker."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.identifiers: dict[str, set[str]] = {}
        self.is_back = False
        self.kills = False

    def send(self, message) -> None:
        if not self.is_back:
            raise MailDelayed("451 4.3.2 system not accepting messages")
        self.received[message["To"]] += 1
        self.identifiers.setdefault(message["To"], set()).add(message["Message-ID"])
        if self.kills:
            self.kills = False
            raise WorkerKilled


def queue(world, cycle: int) -> list[str]:
    addresses = [f"cycle{cycle}.{number}@example.org" for number in range(MAILS)]
    for address in addresses:
        world.user(address, email_verified_at=world.now)
        with world.app.app_context(), write_transaction() as session:
            assert outbox.queue(
                session, MailKind.PASSWORD_CHANGED, to=address, now=world.now, first_name="Claire",
                changed_at=world.now,
            )  # fmt: skip
    return addresses


def turn(world, server: Server) -> None:
    with world.app.app_context():
        try:
            outbox.deliver_due(world.now, server)
        except WorkerKilled:
            return


def next_attempt(world):
    return world.one(
        select(func.min(OutgoingMail.next_attempt_at)).where(OutgoingMail.state == MailState.QUEUED)
    )


def last_through(world, clock, server: Server, end) -> None:
    """Every turn of the worker at which a mail is due, until `end`."""
    while world.now < end:
        turn(world, server)
        clock.move_to(min(end, max(next_attempt(world), world.now + timedelta(seconds=2))))


def deliver_all(world, clock, server: Server) -> None:
    while (at := next_attempt(world)) is not None:
        clock.move_to(max(at, world.now))
        turn(world, server)


def test_nothing_is_lost_in_72_hours_and_one_mail_at_most_comes_twice(world, clock, sized):
    cycles, server = sized(ordinary=2, full=100), Server()
    for cycle in range(cycles):
        addresses = queue(world, cycle)
        server.is_back, server.kills = False, cycle == 1
        last_through(world, clock, server, world.now + OUTAGE)
        assert not server.received & Counter(addresses)
        server.is_back = True
        deliver_all(world, clock, server)
        assert set(addresses) <= set(server.received)
        clock.advance(hours=1)
    assert {row.state for row in world.all(OutgoingMail)} == {MailState.SENT}
    twice = [address for address, times in server.received.items() if times > 1]
    assert sum(server.received.values()) == cycles * MAILS + 1
    assert len(twice) == 1, "the worker was killed once between the yes of the server and its mark"
    assert all(len(same) == 1 for same in server.identifiers.values())


def test_a_clock_that_was_set_back_keeps_no_mail_waiting(world, clock):
    (address, *_), server = queue(world, 0), Server()
    turn(world, server)
    clock.move_to(world.now - timedelta(days=3))
    server.is_back = True
    turn(world, server)
    assert server.received[address] == 1
