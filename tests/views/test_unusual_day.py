"""What is unlike the other weeks stands on the staff's home (R53)."""

from datetime import timedelta

import pytest

from domain.calendar import paris_now
from domain.enums import StaffRole
from extensions import db
from models import Opening
from services.transaction import write_transaction
from tests.views.reading import text


@pytest.fixture
def canteen(app, world):
    """A canteen open today and on the same day of the four weeks before, of forty children each time."""
    day = paris_now(world.now).date()
    canteen = world.canteen([day - timedelta(weeks=count) for count in range(4, -1, -1)])
    book(app, canteen, [40, 40, 40, 40, 40])
    return canteen


def book(app, canteen, counts):
    with app.app_context(), write_transaction() as session:
        for opening, count in zip(canteen.openings, counts, strict=True):
            session.get(Opening, opening.id).booked = count
    with app.app_context():
        db.session.remove()


def home(client, world, *scope, role=StaffRole.RECEPTION):
    client.sign_in(world.staff(role, list(scope)))
    client.get("/gestion")
    return text(client)


def test_an_ordinary_day_is_not_told(client, world, canteen):
    assert "Inhabituel" not in home(client, world)


def test_a_day_with_few_children_is_told_with_what_is_usual(app, client, world, canteen):
    book(app, canteen, [40, 42, 38, 40, 21])
    said = home(client, world)
    assert "19 enfants de moins que d’habitude" in said
    assert "21 au lieu de 40" in said


def test_a_closed_day_and_another_facility_are_not_told(app, client, world, canteen):
    book(app, canteen, [40, 40, 40, 40, 10])
    other = world.facility("Crèche")
    assert "Inhabituel" not in home(client, world, other, role=StaffRole.DIRECTOR)
    with app.app_context(), write_transaction() as session:
        session.get(Opening, canteen.openings[-1].id).closed_reason = "Grève"
    assert "Inhabituel" not in home(client, world)
