"""The journal cannot be rewritten, and no act escapes it (S115)."""

from contextlib import nullcontext

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from domain.enums import BookingState, Channel
from models import AuditEvent, Booking, BookingEvent, Household
from services import audit
from services.transaction import write_transaction
from tests import audit_watch
from tests.booking_bench import MONDAY, Bench


@pytest.fixture
def event(world):
    household = world.household()
    return world.add(
        AuditEvent(
            at=world.now,
            channel=Channel.COUNTER,
            action="household.updated",
            object_type="household",
            object_id=household.id,
            household_id=household.id,
            before={"city": "Cahors"},
            after={"city": "Pradines"},
        )
    )


@pytest.mark.parametrize(
    "rewriting",
    [
        update(AuditEvent).values(action="nothing"),
        delete(AuditEvent),
        text("UPDATE audit_event SET actor_user_id = NULL"),
        text("DELETE FROM audit_event"),
    ],
    ids=["update", "delete", "raw update", "raw delete"],
)
def test_an_event_is_neither_changed_nor_removed(world, event, rewriting):
    with (
        pytest.raises(DBAPIError, match="append-only"),
        world.app.app_context(),
        write_transaction() as session,
    ):
        session.execute(rewriting)
    assert world.one(AuditEvent).action == "household.updated"


def test_the_table_is_not_emptied_at_once(world, event):
    """PostgreSQL only: SQLite has no TRUNCATE."""
    with world.app.app_context(), write_transaction() as session:
        if session.connection().dialect.name == "sqlite":
            return
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(text("TRUNCATE audit_event CASCADE"))
        session.rollback()
    assert world.one(AuditEvent).action == "household.updated"


# --- The bench notices a write that no event tells --------------------------------------------------------


def change_the_city(household_id: int, *, told: bool) -> None:
    with write_transaction() as session:
        session.execute(update(Household).where(Household.id == household_id).values(city="Pradines"))
        if told:
            session.add(
                AuditEvent(
                    at=session.get(Household, household_id).created_at,
                    channel=Channel.COUNTER,
                    action="household.updated",
                    object_type="household",
                    object_id=household_id,
                )
            )


@pytest.fixture
def as_a_service(monkeypatch):
    """The writes of this file count as a service's; those of the factories do not."""
    monkeypatch.setattr(audit_watch, "BUILDERS", ("tests/factories.py",))


def test_an_act_without_its_event_is_noticed(world, as_a_service):
    household = world.household()
    with world.app.app_context(), pytest.raises(audit_watch.Untold, match="household"):
        change_the_city(household.id, told=False)
    assert world.one(Household).city == "Cahors"


def test_an_act_with_its_event_passes(world, as_a_service):
    household = world.household()
    with world.app.app_context():
        change_the_city(household.id, told=True)
    assert world.one(Household).city == "Pradines"


def change_a_booking(booking_id: int, *, told: bool) -> None:
    """A service that cancels by itself: the journal knows it, the history only if it is `told`."""
    with write_transaction() as session:
        row = session.get_one(Booking, booking_id)
        row.state = BookingState.CANCELLED
        audit.record(
            session,
            at=row.created_at,
            actor_user_id=None,
            channel=Channel.COUNTER,
            action="booking.cancelled",
            object_type="booking",
            object_id=booking_id,
        )
        if told:
            session.add(
                BookingEvent(
                    booking_id=booking_id,
                    household_id=row.household_id,
                    at=row.created_at,
                    state=row.state,
                    channel=Channel.COUNTER,
                )
            )


@pytest.mark.parametrize("told", [False, True])
def test_a_booking_without_the_step_of_its_history_is_noticed(world, as_a_service, told):
    """No state of a booking changes without a step (R26)."""
    bench = Bench(world)
    booking = world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal)
    expected = nullcontext() if told else pytest.raises(audit_watch.Untold, match="history")
    with world.app.app_context(), expected:
        change_a_booking(booking.id, told=told)
    assert (world.one(Booking).state is BookingState.CANCELLED) is told
