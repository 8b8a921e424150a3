"""The demonstration: alive on any day, coherent, and never in a real town's data."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from domain.calendar import paris_now
from domain.enums import BookingState, LineState
from models import Booking, BookingRequestLine, Child, Household, Opening
from services import demo
from tests.factories import World


@pytest.fixture
def make(app: Flask, tmp_path: Path):
    def fill(moment: datetime) -> None:
        app.config["CLOCK"].move_to(moment)
        with app.app_context():
            demo.ensure(moment, tmp_path)

    return fill


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 8, tzinfo=UTC),
        datetime(2027, 2, 10, 8, tzinfo=UTC),  # winter holidays
        datetime(2027, 7, 20, 8, tzinfo=UTC),  # summer
        datetime(2027, 9, 1, 8, tzinfo=UTC),  # first day of a school year
        datetime(2028, 8, 20, 8, tzinfo=UTC),  # past the last published calendar
    ],
    ids=lambda moment: moment.date().isoformat(),
)
def test_it_is_alive_on_any_day(make, world: World, moment: datetime) -> None:
    make(moment)

    assert len(world.all(Household)) == 40
    assert 60 <= len(world.all(Child)) <= 80
    today = paris_now(moment).date()
    assert world.all(select(Opening).where(Opening.day > today))
    assert world.all(select(BookingRequestLine).where(BookingRequestLine.state == LineState.PENDING)) or (
        today.month in (7, 8)
    )


def test_its_counters_are_its_bookings_and_every_booking_has_its_request(make, world: World) -> None:
    make(datetime(2026, 11, 23, 8, tzinfo=UTC))

    with world.app.app_context():
        from extensions import db

        counted = dict(
            db.session.execute(
                select(Booking.opening_id, func.count())
                .where(Booking.state.in_((BookingState.ACCEPTED, BookingState.PENDING)))
                .group_by(Booking.opening_id)
            ).all()
        )
        unexplained = db.session.scalar(
            select(func.count())
            .select_from(Booking)
            .where(~select(BookingRequestLine.id).where(BookingRequestLine.booking_id == Booking.id).exists())
        )
    openings = world.all(Opening)
    assert all(opening.booked == counted.get(opening.id, 0) for opening in openings)
    assert any(opening.waiting for opening in openings)
    assert unexplained == 0


def test_the_printed_sign_ins_open_their_spaces(make, client) -> None:
    make(datetime(2026, 11, 23, 8, tzinfo=UTC))

    for (_, email, password), home in zip(demo.SIGN_INS, ("/accueil", "/gestion", "/gestion"), strict=True):
        answer = client.submit("/", {"email": email, "password": password}, follow=True)
        assert answer.request.path == home
        client.submit(home, {}, form="/deconnexion", follow=True)


def test_it_has_its_own_folder_and_database_whatever_the_town_uses(tmp_path: Path) -> None:
    town = {"PORTAIL_INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://portail@localhost/portail"}

    settings = config.load({**town, "PORTAIL_DEMO": "1"})

    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path / 'demo' / 'portail.db'}"
    assert config.load(town)["SQLALCHEMY_DATABASE_URI"].startswith("postgresql+psycopg://")
