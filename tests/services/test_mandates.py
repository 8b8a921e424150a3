"""Mandates: signed, checked, ended, lapsed; what a bill announces to who has one (R46)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from domain.enums import Channel, MailKind, MandateState
from domain.errors import NotFound, Refused, Stale
from extensions import db
from models import AuditEvent, Guardian, Invoice, Mandate, OutgoingMail, Regie
from services import invoice_reminders, mandates
from services.accounts import Author
from services.mandates import Signing
from services.transaction import write_transaction
from tests.services.test_billing import Office

IBAN = "FR7630006000011234567890189"
DEBIT_DAY = date(2027, 2, 11)  # thirty days after the 12th of January, a Thursday


class Family:
    """A family, a régie that collects by direct debit, and their agent."""

    def __init__(self, world):
        self.world, self.app = world, world.app
        self.household, self.regie = world.household(), world.debit_regie()
        self.parent = world.parent(self.household)
        self.guardian = world.one(select(Guardian).where(Guardian.user_id == self.parent.id))
        self.agent = Author(world.staff().id)
        self.signing = Signing(
            self.regie.id, self.household.id, self.guardian.id, "Claire SOLIGNAC",
            "fr76 3000 6000 0112 3456 7890 189", world.now.date(), "one form",
        )  # fmt: skip

    def sign(self, **changes):
        with self.app.app_context():
            signing = replace(self.signing, **changes)
            return mandates.sign(signing, Author(self.parent.id), self.world.now)

    def do(self, act, *args, now=None):
        with self.app.app_context():
            return act(*args, now or self.world.now)

    @property
    def mandate(self):
        return self.world.one(Mandate)

    def mails(self):
        ours = select(OutgoingMail).where(OutgoingMail.kind == MailKind.MANDATE_CHANGED)
        return self.world.all(ours.order_by(OutgoingMail.id))

    def announced(self, **columns):
        lines = [{"label": "Repas", "amount_cents": 1000}]
        return self.world.invoice(self.regie, self.household, date(2027, 1, 1), lines, **columns)

    def days(self):
        return [one.debit_day for one in self.world.all(select(Invoice).order_by(Invoice.id))]


@pytest.fixture
def family(world):
    return Family(world)


def test_a_mandate_waits_until_it_was_checked(family):
    assert family.sign() == family.sign()
    found = family.mandate
    assert (found.state, found.iban, found.iban_end) == (MandateState.WAITING, IBAN, "0189")
    assert (found.channel, found.creditor_identifier) == (Channel.PORTAL, "FR72ZZZ123456")
    assert len(found.reference) <= 35
    family.do(mandates.accept, found.id, family.agent)
    assert family.mandate.state is MandateState.ACTIVE
    (mail,) = family.mails()
    assert "est en service" in mail.text
    assert IBAN not in mail.text
    with pytest.raises(Stale):
        family.do(mandates.accept, found.id, family.agent)


def test_an_account_rests_sealed_and_stays_out_of_the_journal(family):
    family.sign()
    with family.app.app_context():
        (stored,) = db.session.execute(text("SELECT iban FROM mandate")).scalars()
    assert "12345678" not in stored
    told = [f"{one.before} {one.after}" for one in family.world.all(AuditEvent)]
    assert not any("12345678" in one for one in told)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iban": "FR7630006000011234567890188"}, "iban"),
        ({"holder_name": ""}, "holder"),
        ({"signed_on": date(2027, 1, 13)}, "day"),
    ],
)
def test_what_cannot_be_is_refused(family, changes, code):
    with pytest.raises(Refused) as refusal:
        family.sign(**changes)
    assert refusal.value.code == code
    assert family.world.all(Mandate) == []


def test_one_mandate_at_a_time_for_a_household_and_a_regie(family):
    first = family.sign()
    with pytest.raises(Refused) as refusal:
        family.sign(submission_key="another form")
    assert refusal.value.code == "live"
    family.do(mandates.revoke, first, "Compte fermé", family.agent)
    family.sign(submission_key="another form")


def test_neither_another_family_nor_a_regie_without_ics(family):
    other = family.world.household("MARTY")
    stranger = family.world.guardian(other, "Paul")
    for changes in (
        {"guardian_id": stranger.id},
        {"household_id": other.id},
        {"regie_id": family.world.regie("Régie des sports").id},
    ):
        with pytest.raises(NotFound):
            family.sign(**changes)
    signed = family.sign()
    with pytest.raises(NotFound):
        family.do(mandates.revoke_own, signed, [other.id], Author(family.parent.id))


def test_a_paper_mandate_is_in_service_at_once(family):
    signed = family.do(mandates.enter, family.signing, family.agent)
    assert family.do(mandates.enter, family.signing, family.agent) == signed
    assert (family.mandate.state, family.mandate.channel) == (MandateState.ACTIVE, Channel.PAPER)
    assert len(family.mails()) == 1


def test_its_end_takes_back_what_was_announced_and_the_bank_was_not_asked_for(family):
    mandate = family.world.mandate(family.regie, family.household, family.guardian)
    asked, untold = family.announced(), family.announced(debit_day=DEBIT_DAY)
    family.world.debit(mandate, asked, DEBIT_DAY)
    family.do(mandates.revoke_own, mandate.id, [family.household.id], Author(family.parent.id))
    assert family.days() == [DEBIT_DAY, None]
    assert untold.id
    assert family.mandate.ended_by_name == "Claire SOLIGNAC"


def test_a_mandate_lapses_36_months_after_its_last_debit(family):
    family.world.mandate(
        family.regie, family.household, signed_on=date(2020, 1, 1), last_used_on=date(2024, 1, 13)
    )
    assert family.do(mandates.tidy) == 0
    assert family.do(mandates.tidy, now=family.world.now + timedelta(days=1)) == 1
    assert family.mandate.state is MandateState.LAPSED
    assert family.do(mandates.tidy, now=family.world.now + timedelta(days=1)) == 0


def test_an_announced_day_that_passed_without_a_batch_is_forgotten(family):
    mandate = family.world.mandate(family.regie, family.household)
    family.announced(debit_day=date(2027, 1, 11))
    family.announced(debit_day=date(2027, 1, 12))
    family.world.debit(mandate, family.announced(), date(2027, 1, 11))
    assert family.do(mandates.tidy) == 1
    assert family.days() == [None, date(2027, 1, 12), date(2027, 1, 11)]


def test_a_bill_that_will_be_debited_is_not_reminded_of(family):
    family.announced(debit_day=DEBIT_DAY)
    late = family.world.now + timedelta(days=90)
    assert family.do(invoice_reminders.remind, now=late) == 0
    family.announced()
    assert family.do(invoice_reminders.remind, now=late) == 1


def test_the_bill_says_the_amount_and_the_day_to_who_has_a_mandate(world):
    office = Office(world)
    with world.app.app_context(), write_transaction() as session:
        row = session.get_one(Regie, office.regie.id)
        row.creditor_identifier, row.creditor_name, row.iban = "FR72ZZZ123456", "Régie", IBAN
    with_one, without = office.family(), office.family("MARTY")
    world.mandate(office.regie, with_one)
    office.issued()
    days = {one.household_id: one.debit_day for one in office.bills()}
    assert days == {with_one.id: DEBIT_DAY, without.id: None}
    mails = {one.household_id: one.text.replace("\u00a0", " ") for one in world.all(OutgoingMail)}
    assert "prélevée le jeudi 11 février 2027, pour 6,40 €" in mails[with_one.id]
    assert "à régler avant" in mails[without.id]
