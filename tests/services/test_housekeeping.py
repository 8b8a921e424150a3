"""What the worker forgets, and what it keeps."""

from datetime import timedelta

from flask import Flask

from domain.enums import SessionKind
from models import ActivationToken, BookingDraft, EmailChange, Throttle, UserSession
from services import housekeeping
from tests.factories import World


def clean(app: Flask, world: World) -> None:
    with app.app_context():
        housekeeping.clean(world.now)


def test_removes_a_session_past_its_end_and_keeps_a_live_one(app: Flask, world: World) -> None:
    user = world.user()
    for name, hours in (("ended", -1), ("live", 1)):
        world.add(
            UserSession(
                token_hash=name,
                user_id=user.id,
                kind=SessionKind.FULL,
                created_at=world.now,
                expires_at=world.now + timedelta(hours=hours),
            )
        )

    clean(app, world)

    assert [row.token_hash for row in world.all(UserSession)] == ["live"]


def test_removes_a_link_dead_for_three_months_and_keeps_one_that_still_explains_itself(
    app: Flask, world: World
) -> None:
    user = world.user()
    for name, days in (("forgotten", 91), ("explained", 30)):
        expired_at = world.now - timedelta(days=days)
        world.add(
            ActivationToken(user_id=user.id, token_hash=name, created_at=expired_at, expires_at=expired_at)
        )

    clean(app, world)

    assert [row.token_hash for row in world.all(ActivationToken)] == ["explained"]


def test_removes_a_new_address_never_proven_whether_its_mail_left_or_not(app: Flask, world: World) -> None:
    for name, days, left in (("forgotten", 91, True), ("stuck", 91, False), ("recent", 30, False)):
        asked_at = world.now - timedelta(days=days)
        change = EmailChange(
            user_id=world.user().id, new_email=f"{name}@example.org", created_at=asked_at, token_hash=name
        )
        change.expires_at = asked_at + timedelta(days=1) if left else None
        world.add(change)

    clean(app, world)

    assert [row.token_hash for row in world.all(EmailChange)] == ["recent"]


def test_removes_a_draft_untouched_for_a_month_and_keeps_a_recent_one(app: Flask, world: World) -> None:
    household = world.household()
    parent = world.parent(household)
    for name, days in (("old", 31), ("recent", 29)):
        touched_at = world.now - timedelta(days=days)
        world.add(
            BookingDraft(
                key=name,
                user_id=parent.id,
                household_id=household.id,
                created_at=touched_at,
                updated_at=touched_at,
            )
        )

    clean(app, world)

    assert [row.key for row in world.all(BookingDraft)] == ["recent"]


def test_removes_counters_of_tries_older_than_a_day(app: Flask, world: World) -> None:
    for name, hours in (("old", 25), ("recent", 23)):
        at = world.now - timedelta(hours=hours)
        world.add(Throttle(key=name, count=3, first_at=at, last_at=at))

    clean(app, world)

    assert [row.key for row in world.all(Throttle)] == ["recent"]
