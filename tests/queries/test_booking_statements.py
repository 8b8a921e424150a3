"""A touched day and the pages of the wizard ask a fixed number of questions, however large the family."""

import gzip
from datetime import date

import pytest

from domain.enums import ActivityKind
from models import Activity
from services import booking_copies
from tests import statements
from tests.booking_bench import FEBRUARY, MONDAY, SCHOOL_DAYS, Bench
from tests.rulebook_texts import days_before, until

MOST_STATEMENTS_OF_A_TOUCH = 10
MOST_BYTES_OF_A_TOUCH = 1024
OPEN_DAYS = {"base": "ouverture", "sans_feries": "oui", "sans_vacances": "oui"}
OPEN_DAYS_COUNTED = until(days_before(2, "09:00", OPEN_DAYS))


@pytest.fixture(params=[(1, 1), (6, 12)], ids=["1 child, 1 activity", "6 children, 12 activities"])
def bench(world, request):
    children, activities = request.param
    bench = Bench(world)
    for number in range(1, children):
        bench.other_child(f"Enfant {number}")
    for number in range(1, activities):
        activity = world.activity(bench.canteen.facility, f"Atelier {number}", kind=ActivityKind.EVENING)
        world.presence_type(activity, f"Atelier {number}")
        world.openings(activity, bench.canteen.period, SCHOOL_DAYS)
    return bench


def press(client, bench, key, value):
    """Touch a day as htmx does, and count."""
    client.get(f"/reservations/{key}/planning")
    token = client.page.select_one("#jours input[name=csrf_token]")["value"]
    with statements.recorded() as sent:
        response = client.post(
            f"/reservations/{key}/jours",
            data={"csrf_token": token, "type": bench.meal_id, "jour": value},
            headers={"HX-Request": "true"},
        )
    assert response.status_code == 200, response.text
    return sent, response


def test_a_touched_day(client, bench):
    client.sign_in(bench.claire)
    key = bench.start()
    bench.touch(key, MONDAY)
    with bench.app.app_context():
        siblings = [child.id for child in bench.world.all(type(bench.leo)) if child.id != bench.leo.id]
        booking_copies.copy_days(
            bench.author, key, FEBRUARY, date(2027, 3, 31), (), siblings, bench.world.now
        )
    for value in ("2027-02-02:book", "2027-02-02:unbook", "2027-02-01:unbook"):
        sent, response = press(client, bench, key, value)
        assert len(sent) == 5, statements.shown(sent)
        assert len(gzip.compress(response.data)) <= MOST_BYTES_OF_A_TOUCH


def test_a_touched_day_under_a_rule_that_counts_open_days(client, bench):
    client.sign_in(bench.claire)
    for activity in bench.world.all(Activity):
        for action in ("reserver", "annuler"):
            bench.world.limits(activity, action, OPEN_DAYS_COUNTED)
    sent, _ = press(client, bench, bench.start(), f"{MONDAY}:book")
    assert len(sent) == 6 <= MOST_STATEMENTS_OF_A_TOUCH, statements.shown(sent)


@pytest.mark.parametrize(
    ("step", "most"), [("enfant", 6), ("etablissement", 6), ("planning", 9), ("recapitulatif", 8)]
)
def test_the_steps(client, bench, step, most):
    client.sign_in(bench.claire)
    key = bench.start()
    bench.touch(key, MONDAY)
    client.get(f"/reservations/{key}/{step}")  # the first reading fills the caches of the application
    with statements.at_most(most):
        assert client.get(f"/reservations/{key}/{step}").status_code == 200


def test_a_receipt(client, bench):
    reference = bench.ask(MONDAY, date(2027, 2, 2))
    client.sign_in(bench.claire)
    with statements.at_most(6):
        assert client.get(f"/reservations/demandes/{reference}").status_code == 200
