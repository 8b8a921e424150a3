"""What closures took off the bill, written with their step since, is filled in; the history stays guarded."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from extensions import db
from models import BookingEvent
from tests.migrations.conftest import migrate_to, write

pytestmark = pytest.mark.load  # a town of long ago, brought up each time

NOW, DAY = datetime(2027, 1, 4, tzinfo=UTC), date(2027, 1, 12)


@pytest.fixture
def migrated(bare_town: Flask):
    """A town of before, where a closure cancelled one booking of 3,20 € and left 1,00 € of it due."""
    migrate_to(bare_town, "0004")
    with bare_town.app_context():
        write("household", {"id": 1, "number": 2001, "residency": "resident", "created_at": NOW})
        write("child", {"id": 1, "birth_date": date(2019, 5, 4)})
        write("user_account", {"id": 1, "kind": "staff", "status": "active", "created_at": NOW})
        write("facility", {"id": 1, "kind": "school", "validation_mode": "automatic"})
        write("activity", {"id": 1, "facility_id": 1, "kind": "meal", "offer_hours": 24})
        write("presence_type", {"id": 1, "activity_id": 1, "parts": 7})
        span = {"first_day": DAY, "last_day": DAY}
        instants = {"opens_at": NOW, "closes_at": NOW.replace(year=2028)}
        write("booking_period", {"id": 1, "facility_id": 1, "places_mode": "first_come", **span, **instants})
        write("opening", {"id": 1, "activity_id": 1, "period_id": 1, "day": DAY, "capacity": 5})
        write("closure", {"id": 1, "facility_id": 1, "author_user_id": 1, "created_at": NOW, **span})
        whose = {"household_id": 1, "child_id": 1, "opening_id": 1, "activity_id": 1, "presence_type_id": 1}
        left = {"state": "cancelled", "price_cents": 320, "due_cents": 100}
        write("booking", {"id": 1, "day": DAY, "created_at": NOW, "updated_at": NOW, **whose, **left})
        step = {"booking_id": 1, "household_id": 1, "at": NOW, "channel": "portal"}
        write(
            "booking_event",
            {**step, "state": "accepted", "closure_id": None},
            {**step, "state": "cancelled", "closure_id": 1},
        )
    migrate_to(bare_town, "head")
    with bare_town.app_context():
        yield


@pytest.mark.usefixtures("migrated")
def test_what_a_closure_took_off_is_filled_and_the_history_is_guarded_again():
    steps = db.session.scalars(sa.select(BookingEvent).order_by(BookingEvent.id)).all()
    assert [step.credit_cents for step in steps] == [None, 220]
    db.session.remove()
    with (
        pytest.raises(DBAPIError, match="append-only"),
        db.engine.execution_options(write=True).begin() as connection,
    ):
        connection.execute(sa.update(BookingEvent.__table__).values(credit_cents=0))
