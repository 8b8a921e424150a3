"""Dated versions: a chain without gap or overlap, and a past that nobody rewrites (P15)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.deadlines import ladder_from_data
from domain.enums import LineAction
from domain.errors import Refused, RuleError
from domain.pricing import table_from_data
from models import AuditEvent, DeadlineRule, Tariff
from services import rules
from services.accounts import Author
from tests.factories import ALWAYS, EVENING_BEFORE, flat_price

TODAY = date(2027, 1, 12)
LADDER = ladder_from_data(ALWAYS)


@pytest.fixture
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def act(world, clock):
    return {"author": Author(world.staff().id), "now": clock.now()}


@pytest.fixture
def canteen(world):
    return world.canteen([date(2027, 1, 18)])


def publish(canteen, day, act, ladder=LADDER):
    rules.publish_deadline_rule(canteen.activity.id, LineAction.BOOK, ladder, day, "", **act)


def chain(world):
    rows = [one for one in world.all(DeadlineRule) if one.action is LineAction.BOOK]
    return sorted((one.valid_from, one.valid_to) for one in rows)


def test_a_version_between_two_others_takes_its_place(world, context, act, canteen):
    publish(canteen, date(2027, 9, 1), act)
    publish(canteen, date(2027, 3, 1), act)

    assert chain(world) == [
        (date(2025, 9, 1), date(2027, 2, 28)),
        (date(2027, 3, 1), date(2027, 8, 31)),
        (date(2027, 9, 1), None),
    ]


def test_a_version_may_start_today(world, context, act, canteen):
    publish(canteen, TODAY, act)

    assert chain(world) == [(date(2025, 9, 1), date(2027, 1, 11)), (TODAY, None)]


def test_one_that_started_today_is_not_rewritten(world, context, act, canteen):
    publish(canteen, TODAY, act)

    with pytest.raises(Refused) as refusal:
        publish(canteen, TODAY, act, ladder_from_data(EVENING_BEFORE))

    assert refusal.value.code == "in_force"
    assert [one.ladder for one in world.all(DeadlineRule) if one.valid_from == TODAY] == [ALWAYS]


def test_the_day_is_that_of_paris(world, context, canteen, clock):
    clock.move_to(datetime(2027, 1, 12, 23, 30, tzinfo=UTC))
    act = {"author": Author(world.staff().id), "now": clock.now()}

    with pytest.raises(Refused):
        publish(canteen, TODAY, act)
    publish(canteen, date(2027, 1, 13), act)


def test_one_to_come_is_replaced_in_place(world, context, act, canteen):
    publish(canteen, date(2027, 3, 1), act)
    publish(canteen, date(2027, 3, 1), act, ladder_from_data(EVENING_BEFORE))

    assert len(chain(world)) == 2
    newest = next(one for one in world.all(DeadlineRule) if one.valid_from == date(2027, 3, 1))
    assert newest.ladder["stages"][0]["until"]["n"] == 1


def test_the_first_version_may_start_in_the_past(world, context, act):
    place = world.facility()
    activity = world.activity(place)
    other = world.add(type(activity)(facility_id=place.id, name="Garderie", kind=activity.kind))

    rules.publish_deadline_rule(other.id, LineAction.BOOK, LADDER, date(2026, 9, 1), "", **act)

    assert [one.valid_from for one in world.all(DeadlineRule) if one.activity_id == other.id] == [
        date(2026, 9, 1)
    ]


def test_a_withdrawn_version_gives_its_days_back(world, context, act, canteen):
    publish(canteen, date(2027, 3, 1), act)
    publish(canteen, date(2027, 9, 1), act)
    middle = next(one for one in world.all(DeadlineRule) if one.valid_from == date(2027, 3, 1))

    rules.withdraw_deadline_rule(middle.id, **act)

    assert chain(world) == [(date(2025, 9, 1), date(2027, 8, 31)), (date(2027, 9, 1), None)]


def test_a_version_that_started_is_not_withdrawn(world, context, act, canteen):
    started = world.all(DeadlineRule)[0]

    with pytest.raises(Refused, match="elle reste dans l’historique"):
        rules.withdraw_deadline_rule(started.id, **act)


def test_booking_and_cancelling_have_their_own_versions(world, context, act, canteen):
    publish(canteen, date(2027, 3, 1), act)

    cancelling = [one for one in world.all(DeadlineRule) if one.action is LineAction.CANCEL]
    assert [(one.valid_from, one.valid_to) for one in cancelling] == [(date(2025, 9, 1), None)]


def test_a_tariff_closes_the_former_one(world, context, act, canteen):
    table = replace(table_from_data(flat_price(350)), valid_from=date(2027, 9, 1))

    rules.publish_tariff(canteen.meal.id, table, "délibération du 12 juin", **act)

    assert {one.valid_to: one.source for one in world.all(Tariff)} == {
        date(2027, 8, 31): "",
        None: "délibération du 12 juin",
    }
    assert [event.action for event in world.all(AuditEvent)] == ["tariff.updated", "tariff.created"]


def test_a_table_with_a_hole_is_never_published(world, context, act, canteen):
    table = table_from_data(flat_price(350))
    row = next(iter(table.rows.values()))
    capped = replace(row, brackets=(replace(row.brackets[0], upper=Decimal(700)),))
    holed = replace(table, valid_from=date(2027, 9, 1), rows=dict.fromkeys(table.rows, capped))

    with pytest.raises(RuleError, match="au-dessus"):
        rules.publish_tariff(canteen.meal.id, holed, "", **act)

    assert len(world.all(Tariff)) == 1
