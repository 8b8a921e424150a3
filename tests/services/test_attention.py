"""The administrators learn what the portal cannot mend by itself, and what it says of itself (R53)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from adapters.mail import MailDelayed
from domain.enums import MailKind, OnlineState, StaffRole
from extensions import db
from models import OutgoingMail
from services import attention, outbox, self_check
from services.transaction import write_transaction


class RefusingTransport:
    def send(self, _message):
        raise MailDelayed("421 later")


@pytest.fixture
def portal(app, world, monkeypatch):
    """A portal that runs, with an administrator and an agent, whose problems are given."""
    world.staff(StaffRole.ADMINISTRATOR)
    world.staff(StaffRole.RECEPTION)
    problems: list[str] = []
    sound = self_check.condition

    def told(now):
        found = sound(now)
        return self_check.Condition(**{
            name: getattr(found, name) for name in found.__dataclass_fields__ if name != "problems"
        }, problems=tuple(problems))  # fmt: skip

    monkeypatch.setattr(self_check, "condition", told)
    return problems


def turn(app, now) -> list[str]:
    """One turn of the job; the texts of all the mails so far."""
    with app.app_context():
        attention.tell(now)
        kind = OutgoingMail.kind == MailKind.ATTENTION
        return list(db.session.scalars(select(OutgoingMail.text).where(kind).order_by(OutgoingMail.id)))


def test_a_problem_is_told_once_to_the_administrator_alone(app, world, portal):
    portal.append("Le disque est presque plein.")
    (mail,) = turn(app, world.now)
    assert "Le disque est presque plein." in mail
    assert len(turn(app, world.now + timedelta(minutes=10))) == 1


def test_nothing_is_written_while_all_is_well(app, world, portal):
    assert turn(app, world.now) == []


def test_a_number_that_grows_is_no_new_problem_but_another_problem_is(app, world, portal):
    portal.append("3 mails attendent depuis plus d’une heure.")
    turn(app, world.now)
    portal[0] = "4 mails attendent depuis plus d’une heure."
    assert len(turn(app, world.now + timedelta(minutes=10))) == 1
    portal.append("Le disque est presque plein.")
    assert len(turn(app, world.now + timedelta(minutes=20))) == 2


def test_what_lasts_is_told_each_day_and_what_comes_back_at_once(app, world, portal):
    portal.append("Le disque est presque plein.")
    turn(app, world.now)
    assert len(turn(app, world.now + timedelta(hours=23))) == 1
    assert len(turn(app, world.now + timedelta(hours=24))) == 2
    portal.clear()
    assert len(turn(app, world.now + timedelta(hours=25))) == 2
    portal.append("Le disque est presque plein.")
    assert len(turn(app, world.now + timedelta(hours=26))) == 3


def test_a_mail_server_that_refuses_is_told_after_an_hour(app, world):
    world.user("claire@example.org", email_verified_at=world.now)
    with app.app_context(), write_transaction() as session:
        kind, to = MailKind.PASSWORD_CHANGED, "claire@example.org"
        outbox.queue(session, kind, to=to, now=world.now, first_name="Claire", changed_at=world.now)

    with app.app_context():
        outbox.deliver_due(world.now, RefusingTransport())
        assert world.one(OutgoingMail).last_error
        soon, later = world.now + timedelta(minutes=59), world.now + timedelta(minutes=61)
        assert not any("serveur de mail" in one for one in self_check.condition(soon).problems)
        (said,) = (one for one in self_check.condition(later).problems if "serveur de mail" in one)
        assert "mail attend depuis plus d’une heure" in said


def test_a_payment_that_somebody_must_decide_is_told(app, world):
    household = world.household()
    lines = [{"label": "Repas", "amount_cents": 320}]
    bill = world.invoice(world.regie(), household, date(2026, 12, 1), lines)
    world.online_payment(bill, world.parent(household), state=OnlineState.TO_CHECK)
    with app.app_context():
        problems = self_check.condition(world.now).problems
    assert any("paiement en ligne est à vérifier" in one for one in problems)
