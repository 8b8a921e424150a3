"""Administrators who act on each other at the same moment: one always remains (S114)."""

from contextlib import contextmanager

import pytest
from sqlalchemy import update

from domain.enums import AccountStatus, StaffRole
from domain.errors import BusinessError, Refused
from models import User
from services import accounts, staff_users
from services.accounts import Author
from services.transaction import write_transaction
from tests.races.test_places import all_at_once

pytestmark = pytest.mark.race


def active(world):
    return [user.id for user in world.all(User) if user.status is AccountStatus.ACTIVE]


def test_the_last_administrator_is_looked_for_inside_the_transaction(world, monkeypatch):
    """A colleague suspended me between what was read before and the transaction."""
    first, second = world.staff(), world.staff()

    @contextmanager
    def just_after_the_other():
        with write_transaction() as session:
            session.execute(update(User).where(User.id == first.id).values(status=AccountStatus.SUSPENDED))
        with write_transaction() as session:
            yield session

    monkeypatch.setattr(accounts, "write_transaction", just_after_the_other)
    with world.app.app_context(), pytest.raises(Refused) as refused:
        staff_users.suspend(second.id, author=Author(first.id), now=world.now)
    assert refused.value.code == "last_administrator"
    assert active(world) == [second.id]


@pytest.mark.parametrize("acts", ["suspend", "suspend and step down"])
def test_two_administrators_at_once_leave_one(world, acts):
    first, second = world.staff(), world.staff()
    stays_reception = staff_users.ColleagueData("Agnès", "MARTIN", StaffRole.RECEPTION)

    def suspend(target, author):
        return lambda: staff_users.suspend(target.id, author=Author(author.id), now=world.now)

    def step_down(author):
        return lambda: staff_users.update(author.id, stays_reception, author=Author(author.id), now=world.now)

    other = suspend(first, second) if acts == "suspend" else step_down(first)
    outcomes = all_at_once(world.app, [suspend(second, first), other])

    assert sum(isinstance(one, BusinessError) for one in outcomes) == 1, outcomes
