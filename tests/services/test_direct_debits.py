"""Batches of direct debits: once a bill, to the cent, frozen with their file, nothing counted twice (R46)."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from domain.enums import (
    BatchState,
    DebitSequence,
    DebitState,
    InvoiceState,
    MailKind,
    MandateState,
    OnlineMode,
    PaymentMethod,
    PaymentState,
)
from domain.errors import NotFound, Refused, Stale
from extensions import db
from models import AuditEvent, Debit, DebitBatch, Invoice, Mandate, OutgoingMail, Payment
from services import direct_debits, online_payments, payments
from services.direct_debits import Preparing
from services.transaction import write_transaction
from tests.services.test_payments import Desk, assert_books_balance

DAY = date(2027, 2, 1)  # a Monday, twenty days away
SPACE = "{urn:iso:std:iso:20022:tech:xsd:pain.008.001.08}"


class Bank(Desk):
    """A desk whose régie collects by direct debit, from a household with a mandate."""

    def __init__(self, world):
        super().__init__(world, world.debit_regie(online_mode=OnlineMode.TEST, payfip_client="123456"))
        world.parent(self.household)
        self.mandate = world.mandate(self.regie, self.household)

    def do(self, act, *args, days=0):
        with self.app.app_context():
            return act(*args, self.agent, self.world.now + timedelta(days=days))

    def prepare(self, *bills, day=DAY, key=None, days=0):
        key = key or f"batch {next(self.keys)}"
        asked = Preparing(self.regie.id, day, set(bills), key)
        return self.do(direct_debits.prepare, asked, days=days)

    def take(self, batch, days=0):
        return self.do(direct_debits.take_file, batch, days=days)

    def settle(self, batch, day=DAY):
        self.do(direct_debits.settle, batch, day, days=25)

    def reject(self, debit, code="AM04", day=date(2027, 2, 2)):
        return self.do(direct_debits.reject, debit, code, day, days=25)

    def debit_of(self, bill):
        return self.world.all(select(Debit).where(Debit.invoice_id == bill).order_by(Debit.id))[-1]

    def bill_row(self, bill):
        return self.world.one(select(Invoice).where(Invoice.id == bill))

    def batch(self, batch):
        return self.world.one(select(DebitBatch).where(DebitBatch.id == batch))

    def mails(self, kind):
        return self.world.all(select(OutgoingMail).where(OutgoingMail.kind == kind))


@pytest.fixture
def bank(world):
    return Bank(world)


def test_a_batch_is_prepared_taken_settled_and_pays_its_bills(bank):
    first, second = bank.bill(4320), bank.bill(1005, 1)
    batch = bank.prepare(first, second)
    assert bank.batch(batch).number is None
    file = bank.take(batch)
    found = bank.batch(batch)
    assert (found.state, found.year, found.number) == (BatchState.PREPARED, 2027, 1)
    assert (found.total_cents, file.name) == (5325, "prlv-rp-2027-1.xml")
    assert [bank.bill_row(one).debit_day for one in (first, second)] == [DAY, DAY]
    bank.settle(batch)
    assert bank.state(first) == (InvoiceState.SETTLED, 4320)
    assert bank.state(second) == (InvoiceState.SETTLED, 1005)
    assert {one.method for one in bank.world.all(Payment)} == {PaymentMethod.DIRECT_DEBIT}
    assert {one.received_on for one in bank.world.all(Payment)} == {DAY}
    assert bank.bill_row(first).debit_day is None
    assert bank.world.one(select(Mandate)).last_used_on == DAY
    assert_books_balance(bank.world)
    told = [one.action for one in bank.world.all(AuditEvent) if one.object_type == "debit_batch"]
    assert told == [f"debit_batch.{step}" for step in ("drafted", "prepared", "file_taken", "settled")]


def test_the_file_follows_the_schema_and_adds_up_to_the_cent(bank):
    """sepaxml validates it against its XSD while it is made; its sums are those of the bills."""
    other = bank.world.household("D’ÂÇÉŒ & Fils")
    bank.world.mandate(bank.regie, other, holder_name="Zoë D’ÂÇÉŒ & Fils – <x>", reference="R-OTHER-0001")
    theirs = bank.world.invoice(bank.regie, other, date(2027, 1, 1), [{"label": "x", "amount_cents": 999}]).id
    bills = [bank.bill(4320), bank.bill(1005, 1), theirs]
    batch = bank.prepare(*bills)
    root = ElementTree.fromstring(bank.take(batch).content)  # noqa: S314  our own file
    text = {one: root.find(f".//{SPACE}GrpHdr/{SPACE}{one}").text for one in ("NbOfTxs", "CtrlSum", "MsgId")}
    assert text == {"NbOfTxs": "3", "CtrlSum": "63.24", "MsgId": "PRLV-RP-2027-1"}
    asked = {
        one.find(f".//{SPACE}EndToEndId").text: (
            one.find(f".//{SPACE}InstdAmt").text, one.find(f".//{SPACE}Dbtr/{SPACE}Nm").text,
            one.find(f".//{SPACE}DbtrAcct//{SPACE}IBAN").text,
        )
        for one in root.iter(f"{SPACE}DrctDbtTxInf")
    }  # fmt: skip
    amounts = sorted(amount for amount, _, _ in asked.values())
    assert amounts == ["10.05", "43.20", "9.99"]
    assert {name for _, name, _ in asked.values()} == {"Claire SOLIGNAC", "Zoe D'ACEOE Fils - x"}
    assert {iban for _, _, iban in asked.values()} == {"FR7630006000011234567890189"}
    parts = {
        part.find(f".//{SPACE}SeqTp").text: (
            part.find(f"{SPACE}CtrlSum").text, part.find(f"{SPACE}ReqdColltnDt").text,
            part.find(f"{SPACE}CdtrSchmeId//{SPACE}Othr/{SPACE}Id").text,
        )
        for part in root.iter(f"{SPACE}PmtInf")
    }  # fmt: skip
    assert {part[1:] for part in parts.values()} == {("2027-02-01", "FR72ZZZ123456")}
    assert set(parts) == {"FRST", "RCUR"}
    assert bank.take(batch).content == bank.take(batch, days=3).content


def test_a_file_that_breaks_the_schema_is_refused(bank):
    """The control of the test above: the validation bites."""
    from sepaxml.validation import ValidationError

    bank.bill(1000)
    with bank.app.app_context(), write_transaction() as session:
        session.execute(update(Mandate).values(iban="not an account"))
    with pytest.raises(ValidationError):
        bank.take(bank.prepare(*[one.id for one in bank.world.all(Invoice)]))


def test_the_first_debit_then_the_others_and_a_first_one_again_after_a_rejection(bank):
    first = bank.bill(1000)
    batch = bank.prepare(first)
    bank.take(batch)
    assert bank.debit_of(first).sequence is DebitSequence.FIRST
    bank.reject(bank.debit_of(first).id)
    again = bank.prepare(first, day=date(2027, 3, 1), days=25)
    assert bank.debit_of(first).sequence is DebitSequence.FIRST
    bank.take(again, days=25)
    later = bank.bill(500)
    bank.prepare(later, day=date(2027, 3, 1), days=25)
    assert bank.debit_of(later).sequence is DebitSequence.RECURRENT


def test_numbers_follow_one_another_and_an_abandoned_draft_takes_none(bank):
    bills = [bank.bill(100) for _ in range(3)]
    given_up = bank.prepare(bills[0])
    bank.do(direct_debits.abandon, given_up, "Erreur de jour")
    for bill in bills:
        bank.take(bank.prepare(bill))
    found = [(one.state, one.number) for one in bank.world.all(DebitBatch)]
    assert sorted(number for _, number in found if number) == [1, 2, 3]
    assert (BatchState.ABANDONED, None) in found


def test_a_bill_waits_in_one_batch_at_a_time(bank):
    bill = bank.bill(1000)
    batch = bank.prepare(bill, key="one form")
    assert bank.prepare(bill, key="one form") == batch
    with pytest.raises(Stale):
        bank.prepare(bill)
    bank.do(direct_debits.abandon, batch, "Fichier refusé par la banque")
    assert bank.debit_of(bill).state is DebitState.DROPPED
    bank.prepare(bill)


def test_the_database_keeps_a_bill_in_one_batch_and_a_prepared_one_as_it_is(bank):
    bill = bank.bill(1000)
    batch = bank.prepare(bill)
    debit = bank.debit_of(bill)
    twin = {
        "batch_id": batch, "invoice_id": bill, "mandate_id": debit.mandate_id, "amount_cents": 1,
        "sequence": debit.sequence, "end_to_end": "twin", "state": DebitState.PLANNED,
        "reject_code": "", "drop_reason": "",
    }  # fmt: skip
    bank.take(batch)
    for statement in (
        db.insert(Debit).values(twin),
        update(Debit).values(amount_cents=1),
        update(Debit).values(state=DebitState.COLLECTED),
        update(Debit).values(state=DebitState.REJECTED),
        update(DebitBatch).values(collection_day=date(2027, 3, 1)),
        update(DebitBatch).values(total_cents=1),
        update(DebitBatch).values(state=BatchState.DRAFT),
        update(Mandate).values(holder_name="Un autre"),
        update(Mandate).values(state=MandateState.WAITING),
        db.delete(Debit),
        db.delete(DebitBatch),
        db.delete(Mandate),
    ):
        with pytest.raises(DBAPIError), bank.app.app_context(), write_transaction() as session:
            session.execute(statement)
    assert bank.debit_of(bill).amount_cents == 1000


@pytest.mark.parametrize(
    ("day", "bills", "code"),
    [
        (date(2027, 1, 30), True, "day"),  # a Saturday
        (date(2027, 1, 12), True, "day"),  # today
        (DAY, False, "no_bill"),
    ],
)
def test_what_cannot_be_is_refused(bank, day, bills, code):
    chosen = [bank.bill(1000)] if bills else []
    with pytest.raises(Refused) as refusal:
        bank.prepare(*chosen, day=day)
    assert refusal.value.code == code
    assert bank.world.all(DebitBatch) == []


def test_a_regie_without_ics_collects_nothing(world):
    desk = Bank(world)
    asked = Preparing(world.regie("Régie des sports").id, DAY, {desk.bill(100)}, "x")
    with pytest.raises(NotFound):
        desk.do(direct_debits.prepare, asked)


def test_families_are_told_once_of_what_the_bill_did_not_say(bank):
    told = bank.bill(4320, debit_day=DAY)
    untold = bank.bill(1000)
    batch = bank.prepare(told, untold)
    bank.take(batch)
    (mail,) = bank.mails(MailKind.DEBIT_NOTICE)
    assert "10,00" in mail.text
    assert "lundi 1er février 2027" in mail.text.replace("\u00a0", " ")
    bank.take(batch)
    assert len(bank.mails(MailKind.DEBIT_NOTICE)) == 1


def test_families_are_told_that_an_announced_debit_will_not_be_made(bank):
    batch, draft = bank.prepare(bank.bill(1000)), bank.prepare(bank.bill(2000))
    bank.take(batch)
    for one in (batch, draft):
        bank.do(direct_debits.abandon, one, "Fichier refusé par la banque")
    (mail,) = bank.mails(MailKind.DEBIT_WITHDRAWN)
    assert "10,00" in mail.text
    assert "n’aura pas lieu" in mail.text


def test_what_changed_since_the_draft_leaves_with_its_reason(bank):
    kept, paid, halved = bank.bill(1000), bank.bill(2000, due_day=date(2027, 1, 15)), bank.bill(3000)
    batch = bank.prepare(kept, paid, halved)
    bank.receive(2000, invoice_ids={paid})
    bank.receive(500, invoice_ids={halved})
    bank.take(batch)
    assert bank.batch(batch).total_cents == 1000
    assert bank.debit_of(paid).drop_reason == "Plus rien à payer"
    assert bank.debit_of(halved).drop_reason == "Le reste à payer a changé"


def test_a_draft_of_which_nothing_is_left_has_no_file(bank):
    batch = bank.prepare(bank.bill(1000))
    bank.receive(1000)
    with pytest.raises(Refused) as refusal:
        bank.take(batch)
    assert refusal.value.code == "empty"
    assert bank.batch(batch).state is BatchState.DRAFT


def test_a_rejection_before_the_money_opens_the_debt_again(bank):
    refused, paid = bank.bill(1000), bank.bill(2000)
    batch = bank.prepare(refused, paid)
    bank.take(batch)
    assert not bank.reject(bank.debit_of(refused).id)
    bank.settle(batch)
    assert bank.state(refused) == (InvoiceState.UNSETTLED, 0)
    assert bank.state(paid) == (InvoiceState.SETTLED, 2000)
    assert bank.bill_row(refused).debit_day is None
    (mail,) = bank.mails(MailKind.PAYMENT_BOUNCED)
    assert "Provision insuffisante (AM04)" in mail.text
    assert [one.amount_cents for one in bank.world.all(Payment)] == [2000]


def test_a_rejection_after_the_money_takes_it_back_once(bank):
    bill = bank.bill(1000)
    batch = bank.prepare(bill)
    bank.take(batch)
    bank.settle(batch)
    debit = bank.debit_of(bill)
    bank.reject(debit.id, "MD06")
    assert bank.state(bill) == (InvoiceState.UNSETTLED, 0)
    assert bank.payment(debit.payment_id).state is PaymentState.BOUNCED
    assert len(bank.mails(MailKind.PAYMENT_BOUNCED)) == 1
    with pytest.raises(Stale):
        bank.reject(debit.id)
    with pytest.raises(Stale):
        bank.settle(batch)
    assert_books_balance(bank.world)


def test_a_closed_account_ends_the_mandate(bank):
    bill = bank.bill(1000)
    bank.take(bank.prepare(bill))
    assert bank.reject(bank.debit_of(bill).id, "AC04")
    assert bank.world.one(select(Mandate)).state is MandateState.REVOKED
    assert bank.mails(MailKind.MANDATE_CHANGED)


@pytest.mark.parametrize(
    ("code", "day", "refused"),
    [("XX99", date(2027, 2, 2), "code"), ("AM04", date(2027, 3, 2), "day"), ("AM04", DAY, None),
     ("AM04", date(2027, 1, 11), "day")],
)  # fmt: skip
def test_a_rejection_has_a_known_reason_and_a_day_that_can_be(bank, code, day, refused):
    bill = bank.bill(1000)
    bank.take(bank.prepare(bill))
    if refused is None:
        bank.reject(bank.debit_of(bill).id, code, day)
        return
    with pytest.raises(Refused) as refusal:
        bank.reject(bank.debit_of(bill).id, code, day)
    assert refusal.value.code == refused


def test_money_that_the_bill_no_longer_needs_is_an_advance(bank):
    """The family also paid by cheque: the debit came all the same, and is owed to it."""
    bill = bank.bill(1000)
    batch = bank.prepare(bill)
    bank.take(batch)
    bank.receive(1000, invoice_ids={bill})
    bank.settle(batch)
    assert bank.state(bill) == (InvoiceState.SETTLED, 1000)
    debited = bank.payment(bank.debit_of(bill).payment_id)
    assert (debited.amount_cents, debited.allocated_cents) == (1000, 0)
    assert_books_balance(bank.world)


def test_an_announced_bill_is_not_paid_online_and_a_debit_is_neither_entered_nor_cancelled_by_hand(bank):
    bill = bank.bill(1000)
    batch = bank.prepare(bill)
    bank.take(batch)
    with bank.app.app_context(), pytest.raises(Refused) as refusal:
        online_payments.begin(bank.agent, [bank.household.id], {bill}, "k" * 32, bank.world.now)
    assert refusal.value.code == "debited"
    with pytest.raises(Refused):
        bank.receive(1000, method=PaymentMethod.DIRECT_DEBIT)
    bank.settle(batch)
    for act in (payments.cancel, payments.bounce):
        with pytest.raises(Refused) as refusal:
            bank.do(act, bank.debit_of(bill).payment_id, "Erreur")
        assert refusal.value.code == "debit"


def test_a_prepared_batch_that_the_bank_refused_frees_its_bills(bank):
    bill = bank.bill(1000)
    batch = bank.prepare(bill)
    bank.take(batch)
    bank.do(direct_debits.abandon, batch, "Fichier refusé par la banque")
    assert bank.bill_row(bill).debit_day is None
    with pytest.raises(Stale):
        bank.take(batch)
    bank.take(bank.prepare(bill))
    assert sorted(one.number for one in bank.world.all(DebitBatch)) == [1, 2]
