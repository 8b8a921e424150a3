"""The real `worker` against a real mail server that is down, silent, busy, back, or refuses an address.

That time passes is shown by moving the stored times back: the processes read the system's clock.
"""

import os
import signal
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from domain.enums import MailKind, MailState
from models import Household, OutgoingMail
from services import outbox
from services.transaction import write_transaction
from tests.adapters.test_mail import Mailbox
from tests.running_town import PATIENCE_SECONDS, Running, Town

pytestmark = pytest.mark.fault


class Listening:
    """A mail server on the port that the town knows, open within the `with`."""

    def __init__(self, town: Town, mailbox: Mailbox) -> None:
        self._controller = Controller(mailbox, hostname="127.0.0.1", port=town.smtp_port)

    def __enter__(self) -> None:
        self._controller.start()

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def queue_notices(town: Town, count: int) -> list[str]:
    """As many mails to as many parents; their addresses in the order of the acts."""
    addresses = [town.world.user().email for _ in range(count)]
    for address in addresses:
        with town.app.app_context(), write_transaction() as session:
            now = town.world.now
            assert outbox.queue(
                session, MailKind.PASSWORD_CHANGED, to=address, now=now, first_name="Claire", changed_at=now
            )
    return addresses


def rows(town: Town) -> list[OutgoingMail]:
    return town.world.all(select(OutgoingMail).order_by(OutgoingMail.id))


def states(town: Town) -> list[MailState]:
    return [row.state for row in rows(town)]


def pass_time(town: Town, **duration: float) -> None:
    """What the worker sees when it comes back after `duration`."""
    moved = {row.id: row.next_attempt_at - timedelta(**duration) for row in rows(town)}
    with town.app.app_context(), write_transaction() as session:
        for mail_id, moment in moved.items():
            session.execute(
                update(OutgoingMail).where(OutgoingMail.id == mail_id).values(next_attempt_at=moment)
            )


def test_mails_wait_for_a_server_that_is_down_silent_or_busy_and_leave_in_order(town):
    addresses = queue_notices(town, 3)
    town.turn_of_the_worker()  # nobody listens
    assert states(town) == [MailState.QUEUED] * 3
    assert {row.attempts for row in rows(town)} == {1}
    assert all("injoignable" in row.last_error for row in rows(town))

    mailbox = Mailbox()
    with Listening(town, mailbox):
        town.turn_of_the_worker()
        assert mailbox.accepted == [], "a minute has not passed"

    mailbox = Mailbox(data_answers=["451 4.3.0 try later"] * 3)
    pass_time(town, minutes=1)
    with Listening(town, mailbox):
        town.turn_of_the_worker()
        assert states(town) == [MailState.QUEUED] * 3
        assert all("451" in row.last_error for row in rows(town))
        pass_time(town, seconds=90)
        town.turn_of_the_worker()
        assert mailbox.accepted == [], "the second pause is two minutes"
        pass_time(town, seconds=30)
        town.turn_of_the_worker()
    assert [message["To"] for message in mailbox.accepted] == addresses
    assert states(town) == [MailState.SENT] * 3


def test_while_the_mail_server_is_silent_families_go_on_booking(town):
    """The worker waits for an answer without holding the database."""
    queue_notices(town, 1)
    with socket.create_server(("127.0.0.1", town.smtp_port)) as silent:
        silent.settimeout(PATIENCE_SECONDS)
        with town.running(town.flask("worker", "--once")) as worker:
            talk, _ = silent.accept()
            with talk:
                town.world.household("PENDANT CE TEMPS")
                assert worker.process.poll() is None, "the worker is still waiting for the server"
                assert worker.process.wait(PATIENCE_SECONDS) == 0
    assert [home.name for home in town.world.all(Household)] == ["PENDANT CE TEMPS"]
    (row,) = rows(town)
    assert (row.state, row.attempts) == (MailState.QUEUED, 1)
    pass_time(town, minutes=1)
    mailbox = Mailbox()
    with Listening(town, mailbox):
        town.turn_of_the_worker()
    assert len(mailbox.accepted) == 1


def test_an_address_refused_for_good_is_shown_to_the_staff(town):
    bad, good = queue_notices(town, 2)
    mailbox = Mailbox(["550 5.1.1 no such user"])
    with Listening(town, mailbox):
        town.turn_of_the_worker()
        pass_time(town, days=1)
        town.turn_of_the_worker()
    assert states(town) == [MailState.BOUNCED, MailState.SENT]
    assert [message["To"] for message in mailbox.accepted] == [good]
    client = town.app.test_client()
    client.sign_in(town.world.staff())
    client.get("/gestion/mails")
    (line,) = [row for row in client.page.select("tr, li") if bad in row.get_text()]
    assert "550 5.1.1 no such user" in line.get_text()


class Deadly(Mailbox):
    """Kills the worker while it speaks: before the message is accepted, or just after."""

    def __init__(self, *, accept: bool) -> None:
        super().__init__()
        self.accept = accept
        self.has_struck = False
        self.victim: Callable[[], None]

    async def handle_DATA(self, server, session, envelope):
        if self.has_struck:
            return await super().handle_DATA(server, session, envelope)
        self.has_struck = True
        answer = await super().handle_DATA(server, session, envelope) if self.accept else "451 4.3.0 gone"
        self.victim()
        return answer


@pytest.mark.parametrize("accepted", [False, True], ids=["before the server has it", "after"])
def test_a_worker_killed_amid_a_mail_loses_none_and_doubles_one_at_most(town, accepted):
    addresses = queue_notices(town, 3)
    mailbox = Deadly(accept=accepted)
    with Listening(town, mailbox):
        with town.running(town.flask("worker", "--once")) as worker:
            mailbox.victim = lambda: os.kill(worker.process.pid, signal.SIGKILL)
            assert worker.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        assert states(town) == [MailState.QUEUED] * 3
        town.turn_of_the_worker()
        assert states(town) == [MailState.QUEUED, MailState.SENT, MailState.SENT], "nobody takes it meanwhile"
        pass_time(town, minutes=15)
        town.turn_of_the_worker()
        pass_time(town, days=1)
        town.turn_of_the_worker()
    assert states(town) == [MailState.SENT] * 3
    received = [message["To"] for message in mailbox.accepted]
    assert received == [addresses[0]] * accepted + [addresses[1], addresses[2], addresses[0]]
    same = {message["Message-ID"] for message in mailbox.accepted if message["To"] == addresses[0]}
    assert len(same) == 1, "the reader's mail program can tell the double"


def test_serve_starts_a_fallen_worker_again(town):
    mailbox = Mailbox()
    with Listening(town, mailbox), town.serving() as server:
        os.kill(worker_of(server), signal.SIGKILL)
        queue_notices(town, 1)
        town.wait_for(lambda: mailbox.accepted)


def worker_of(server: Running) -> int:
    (pid,) = [pid for pid in server.pids() if server.command_of(pid)[-1:] == ["worker"]]
    return pid


def test_the_worker_survives_an_outage_of_the_database(town, outage):
    """What it could not note it sends at a later turn; nobody has to start it again."""
    mailbox = Mailbox()
    with Listening(town, mailbox), town.running(town.flask("worker")) as worker:
        queue_notices(town, 1)
        town.wait_for(lambda: states(town) == [MailState.SENT])
        with outage(worker):
            if town.is_sqlite:  # reading still works: only a mail to note makes it fail
                queue_notices(town, 1)
            town.wait_for(lambda: town.has_said("OperationalError"))
        if not town.is_sqlite:
            queue_notices(town, 1)
        town.wait_for(lambda: states(town) == [MailState.SENT] * 2)
        assert worker.process.poll() is None
    assert len(mailbox.accepted) == 2
