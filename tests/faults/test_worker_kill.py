"""The worker is killed at each step of its turn: the next one ends it, nothing is lost or done twice."""

from datetime import date, timedelta

import click
import pytest
from sqlalchemy import func, select

import cli
from domain.enums import BookingState, MailKind, MailState, RunState
from extensions import db
from models import AuditEvent, Booking, OutgoingMail
from tests.adapters.test_mail import Mailbox
from tests.books import assert_history_explains, assert_places_are_counted
from tests.faults.test_mail_server import Listening, pass_time, queue_notices
from tests.killed import killed_before
from tests.running_town import Town

pytestmark = pytest.mark.fault


def turn_killed_at(town: Town, statement: int) -> bool:
    """A turn of the worker, killed before its nth statement; whether it was."""

    def turn() -> None:
        with town.app.app_context():
            cli.worker.main(["--once"], standalone_mode=False)

    return killed_before(statement, turn)


class Due:
    """An offer that ended while another family waits, a draft that is asked for, notices that are queued."""

    def __init__(self, town: Town) -> None:
        self.town, world = town, town.world
        canteen = town.canteen(weeks=1, capacity=1, waiting_list=True)
        silent, waiting = town.family(canteen), town.family(canteen)
        households = {one.id: one for one in world.all(select(type(world.household())))}
        hour_ago = world.now - timedelta(hours=1)
        for family, state, columns in (
            (silent, BookingState.OFFERED, {"offer_expires_at": hour_ago}),
            (waiting, BookingState.WAITING, {}),
        ):
            world.booking(
                households[family.household_id], family.children[0], canteen.openings[0], canteen.meal, state,
                **columns,
            )  # fmt: skip
        self.run = world.billing_run(world.regie(), date(2026, 9, 1), state=RunState.PREPARING)
        self.notices = queue_notices(town, 3)
        with town.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def states(self) -> list[BookingState]:
        return self.town.world.all(select(Booking.state).order_by(Booking.id))

    def told(self, action: str) -> int:
        return self.town.world.one(
            select(func.count()).select_from(AuditEvent).where(AuditEvent.action == action)
        )

    def offers_mailed(self) -> int:
        kind = OutgoingMail.kind == MailKind.PLACE_OFFER
        return self.town.world.one(select(func.count()).select_from(OutgoingMail).where(kind))


def test_a_worker_killed_at_each_step_does_each_thing_once(town, sized):
    due, mailbox, killed, at = Due(town), Mailbox(), 0, 1
    stride = sized(ordinary=29, full=1)
    with Listening(town, mailbox):
        while turn_killed_at(town, at):
            killed += 1
            assert_places_are_counted(town.world)
            at += stride
        for _ in range(2):  # what a killed one held comes back a quarter of an hour later
            pass_time(town, minutes=16)
            town.turn_of_the_worker()
    assert killed >= 3
    assert due.states() == [BookingState.REFUSED, BookingState.OFFERED]
    assert due.told("billing_run.prepared") == 1
    assert due.told("booking.offer_expired") == 1
    assert set(town.world.all(select(OutgoingMail.state))) == {MailState.SENT}
    received = [message["To"] for message in mailbox.accepted]
    assert set(due.notices) <= set(received)
    identifiers = {message["Message-ID"] for message in mailbox.accepted}
    assert len(identifiers) == len(town.world.all(OutgoingMail)), "a double has the identifier of its first"
    assert_history_explains(town.world, from_the_first=False)
    click.echo(f"{killed} kills, {len(received) - len(identifiers)} mails came twice")
