"""A family is told of its erasure, once, long enough before; nobody goes without that notice (R54)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.calendar import paris_now
from domain.enums import AccountStatus, MailKind
from domain.retention import Retention
from models import AuditEvent, ErasureNotice, Household, LastSignIn, OutgoingMail, User
from queries import retention as retention_queries
from services import erasures, new_devices
from services.accounts import Author
from tests import statements

LONG_AGO = timedelta(days=1_200)


@pytest.fixture
def past(world) -> Household:
    """A family of two adults with an access, whose last activity is long over."""
    household = world.household("ANCIENNE", created_at=world.now - LONG_AGO)
    world.parent(household, email="claire@example.org")
    world.parent(household, "Paul", email="paul@example.org")
    return household


@pytest.fixture
def each_night(world):
    """The town lets the worker do it; `night(days)` is the turn of the worker after so many nights."""
    agent = world.staff()
    start = world.now.replace(hour=4)
    with world.app.app_context():
        erasures.save(Retention(is_nightly=True), author=Author(agent.id), now=world.now)

    def night(days: int = 0) -> None:
        with world.app.app_context():
            erasures.work(start + timedelta(days=days))

    return night


def mails(world) -> list[OutgoingMail]:
    return world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.ERASURE_NOTICE))


def is_erased(world, household) -> bool:
    return world.one(select(Household).where(Household.id == household.id)).erased_at is not None


def test_each_adult_is_told_once_and_the_file_goes_thirty_days_later(world, past, each_night):
    each_night(0)
    assert sorted(one.to_address for one in mails(world)) == ["claire@example.org", "paul@example.org"]
    text = mails(world)[0].text
    assert "sera effacé à partir du" in text
    assert "jeudi 11\u00a0février 2027" in text
    assert "les factures et les paiements, 10" in text
    assert "/mon-compte/donnees" in text
    assert [one.action for one in world.all(AuditEvent) if one.household_id] == ["erasure.announced"]
    for days in (1, 29):
        each_night(days)
    assert not is_erased(world, past)
    assert len(mails(world)) == 2
    each_night(30)
    assert is_erased(world, past)
    assert world.all(ErasureNotice) == []


def test_a_family_is_told_before_its_time_is_over(world, each_night):
    """It is due in less than 30 days: told now, and gone 30 days later, not before it is due."""
    soon = world.household(created_at=world.now - timedelta(days=2 * 365 - 10))
    world.parent(soon)
    far = world.household("MARTIN", created_at=world.now - timedelta(days=2 * 365 - 60))
    world.parent(far)
    each_night(0)
    assert [one.household_id for one in world.all(ErasureNotice)] == [soon.id]
    each_night(29)
    assert not is_erased(world, soon)
    each_night(30)
    assert (is_erased(world, soon), is_erased(world, far)) == (True, False)


def test_a_sign_in_after_the_notice_keeps_the_file(world, past, each_night):
    each_night(0)
    user = world.one(select(User).where(User.email == "paul@example.org"))
    with world.app.app_context():
        new_devices.note_sign_in(user.id, "Firefox", world.now + timedelta(days=5), is_known=True)
    each_night(31)
    assert not is_erased(world, past)
    assert world.one(LastSignIn).user_id == user.id


def test_a_family_that_comes_and_goes_again_is_told_again(world, past, each_night):
    each_night(0)
    user = world.one(select(User).where(User.email == "paul@example.org"))
    world.add(LastSignIn(user_id=user.id, at=world.now + timedelta(days=5)))
    each_night(800)
    assert len(world.all(ErasureNotice)) == 2
    assert len(mails(world)) == 4
    assert not is_erased(world, past)


def test_an_act_of_the_service_on_the_file_keeps_it(world, past, each_night):
    each_night(0)
    world.add(
        AuditEvent(
            at=world.now + timedelta(days=3), actor_user_id=world.staff().id, channel="counter",
            action="household.updated", object_type="household", object_id=past.id, household_id=past.id,
        )
    )  # fmt: skip
    each_night(31)
    assert not is_erased(world, past)


@pytest.mark.parametrize(
    "account", [{"status": AccountStatus.CLOSED}, {"email_verified_at": None}], ids=["closed", "unproven"]
)
def test_a_family_that_nobody_can_write_to_goes_without_notice(world, each_night, account):
    household = world.household(created_at=world.now - LONG_AGO)
    world.parent(household, **account)
    each_night(0)
    assert mails(world) == []
    assert is_erased(world, household)


def test_nobody_is_erased_by_hand_before_the_notice_is_old_enough(world, past):
    with world.app.app_context():
        assert erasures.preview(world.now).families == ()
        assert [one.household_id for one in erasures.preview(world.now).waiting] == [past.id]
        assert not erasures.erase_family(past.id, author=None, now=world.now)
        erasures.ask_to_tell(author=Author(world.staff().id), now=world.now)
        assert erasures.is_telling()
        erasures.work(world.now)
        assert not erasures.is_telling()
        waiting = erasures.preview(world.now).waiting
        assert [one.goes_from(30) for one in waiting] == [date(2027, 2, 11)]
        assert erasures.preview(world.now + timedelta(days=30)).families


def test_the_town_chooses_how_long_before(world, past, each_night):
    world.settings(**{"retention.notice_days": "60"})
    each_night(0)
    each_night(59)
    assert not is_erased(world, past)
    each_night(60)
    assert is_erased(world, past)


def test_who_is_due_takes_three_statements_whatever_their_number(world, past):
    for number in range(4):
        world.parent(world.household(f"F{number}", created_at=world.now - LONG_AGO))
    with world.app.app_context(), statements.at_most(3):
        assert len(retention_queries.due(paris_now(world.now).date())) == 5
