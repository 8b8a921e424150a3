"""Random lives of online payments: accepted, refused, given up, silent, told twice, late, out of order,
wrong, and a process that dies anywhere in between. Exactly one settlement a payment, nothing paid without the
service's word.

A process that dies is an exception that nothing catches, before or after any commit and any question to the
service; `tests/faults/test_payfip_kill.py` kills real ones.
"""

import random
from contextlib import contextmanager, suppress

import click
import pytest
from sqlalchemy import func, select

from domain.enums import InvoiceState, MailKind, OnlineState, PaymentMethod, PaymentState
from domain.errors import BusinessError
from domain.ledger import ONLINE_METHODS
from domain.online_payments import PAGE_LIFE, Verdict
from extensions import db
from models import Invoice, OnlinePayment, OnlinePaymentBill, OutgoingMail, Payment, PaymentAllocation
from services import online_payments
from services.online_payments import Source
from services.transaction import write_transaction
from tests.payfip_bench import Till, stand_in, till

__all__ = ["stand_in", "till"]

SEED = 20270112
CHOICES = "PPPPPVVVRZAAQ"
WRONG = ({"montant": "1"}, {"refdet": "UNEAUTRE"}, {"numcli": "999999"}, {"saisie": "W"}, {"montant": ""})


class Killed(BaseException):
    """The process is gone: no handler of the portal sees it."""


class Life:
    """One sequence on a till that many share; `rng` decides everything."""

    def __init__(self, till: Till, clock, rng: random.Random, monkeypatch) -> None:
        self.till, self.clock, self.rng, self.patch = till, clock, rng, monkeypatch
        self.bills = [till.bill(rng.randint(100, 9000)) for _ in range(rng.choice((1, 1, 2)))]
        self.seen: list[OnlinePayment] = []  # attempts whose payment page the family was led to
        self.deaths = 0

    def run(self) -> None:
        acts = (
            self.begin,
            self.choose,
            self.choose,
            self.tell,
            self.come_back,
            self.work,
            self.wait,
            self.fail,
        )
        with suppress(Killed, BusinessError):
            self.begin()
        for _ in range(self.rng.randint(3, 12)):
            with self.mortal(), suppress(Killed, BusinessError):
                self.rng.choice(acts)()
            with self.till.app.app_context():
                db.session.remove()
        self.till.service.is_down = False
        self.settle_down()

    @contextmanager
    def mortal(self):
        """One act in three dies somewhere."""
        if self.rng.random() > 1 / 3:
            yield
            return
        with self.patch.context() as patch:
            self._arm(patch)
            yield

    def _arm(self, patch) -> None:
        steps = self.rng.randint(1, 8)
        left = [steps]

        def tick() -> None:
            left[0] -= 1
            if left[0] == 0:
                self.deaths += 1
                raise Killed

        @contextmanager
        def transaction():
            tick()
            with write_transaction() as session:
                yield session
                tick()
            tick()

        gateway = self.till.app.extensions["payment_gateway"]

        class Mortal:
            def __getattr__(self, name):
                def act(*arguments):
                    tick()
                    answer = getattr(gateway, name)(*arguments)
                    tick()
                    return answer

                return act

        patch.setattr(online_payments, "write_transaction", transaction)
        patch.setitem(self.till.app.extensions, "payment_gateway", Mortal())

    # What may happen

    def begin(self) -> None:
        self.seen.append(self.till.begin(*self.rng.sample(self.bills, self.rng.randint(1, len(self.bills)))))

    def choose(self) -> None:
        """On the payment page, or again on it soon after « Annuler »."""
        if not self.seen:
            return
        attempt = self.rng.choice(self.seen)
        operation = self.till.service.operations.get(attempt.operation)
        if operation is None or self.clock.now() > operation.created_at + PAGE_LIFE:
            return
        if operation.result == "A":
            operation.result = "P"
        elif not operation.is_used:
            delay = self.rng.choice((0, 0, 0, 30, 3000))
            changes = self.rng.choice(WRONG) if self.rng.random() < 0.1 else {}
            self.till.choose(attempt, self.rng.choice(CHOICES), delay=delay, **changes)

    def tell(self) -> None:
        """Notifications, of ours or of nobody, one or many, before or after the result."""
        names = [attempt.operation for attempt in self.seen] + ["nobody"]
        for _ in range(self.rng.randint(1, 3)):
            self.till.hear(self.rng.choice(names))

    def come_back(self) -> None:
        for attempt in self.rng.sample(self.seen, len(self.seen)):
            self.till.resolve(attempt, Source.RETURN)

    def work(self) -> None:
        self.till.work()

    def wait(self) -> None:
        self.clock.advance(minutes=self.rng.choice((1, 5, 14, 31)))

    def fail(self) -> None:
        self.till.service.is_down = not self.till.service.is_down

    def settle_down(self) -> None:
        """The service is up and nobody dies any more: the worker alone finds the end of everything."""
        for hours in (0.6, 0.6, 0.6, 25, 0.6, 0.6):
            self.clock.advance(hours=hours)
            while self.till.work():
                pass

    # What must be true

    def check(self) -> None:
        """Each attempt against the service's last word, and the bills against their payments."""
        ours = select(OnlinePaymentBill.online_payment_id).where(OnlinePaymentBill.invoice_id.in_(self.bills))
        attempts = self.till.world.all(select(OnlinePayment).where(OnlinePayment.id.in_(ours)))
        for attempt in attempts:
            made = self.till.world.all(
                select(Payment).where(Payment.submission_key == f"online:{attempt.id}")
            )
            operation = self.till.service.operations.get(attempt.operation)
            word = operation.result if operation else ""
            fits = operation is not None and not operation.changes
            assert len(made) == (1 if word and word in "PV" and fits else 0), (attempt.state, word)
            assert (attempt.state is OnlineState.PAID) == bool(made)
            assert not made or (made[0].amount_cents, made[0].id) == (
                attempt.amount_cents,
                attempt.payment_id,
            )
            is_contradicted = operation is not None and any(operation.changes.values())
            fits = fits or not (is_contradicted or word in "PV")  # no money: what is not said matters less
            assert attempt.state is self.end(word, fits), (attempt.state, word)
        self.check_bills(attempts)

    def end(self, word: str, fits: bool) -> OnlineState:
        if not word:
            return OnlineState.EXPIRED
        if not fits or word == "Q":
            return OnlineState.TO_CHECK
        if word in "PV":
            return OnlineState.PAID
        return OnlineState.CANCELLED if word == "A" else OnlineState.REFUSED

    def check_bills(self, attempts) -> None:
        is_waiting = any(attempt.state is OnlineState.TO_CHECK for attempt in attempts)
        for bill in self.till.world.all(select(Invoice).where(Invoice.id.in_(self.bills))):
            paid = self.till.world.all(
                select(PaymentAllocation).where(PaymentAllocation.invoice_id == bill.id)
            )
            assert bill.settled_cents == sum(one.amount_cents for one in paid) <= bill.total_cents
            if bill.settled_cents == bill.total_cents:
                assert bill.state is InvoiceState.PAID_ONLINE
            else:
                assert bill.state is InvoiceState.UNSETTLED or (
                    is_waiting and bill.state is InvoiceState.PAYING
                )


def check_books(till: Till) -> None:
    """Over all sequences: no money from nowhere, none lost, one receipt a payment."""
    payments = till.payments
    attempts = till.world.all(select(OnlinePayment).where(OnlinePayment.state == OnlineState.PAID))
    assert sorted(one.id for one in payments) == sorted(one.payment_id for one in attempts)
    assert all(one.method in ONLINE_METHODS and one.state is PaymentState.VALID for one in payments)
    with till.app.app_context():
        allocated = db.session.scalar(select(func.coalesce(func.sum(PaymentAllocation.amount_cents), 0)))
        settled = db.session.scalar(select(func.coalesce(func.sum(Invoice.settled_cents), 0)))
    assert allocated == settled == sum(one.allocated_cents for one in payments)
    mails = till.world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.PAYMENT_RECEIPT))
    assert len(mails) == len(payments)


def lives(till, clock, monkeypatch, count: int, seed: int):
    """Run and check so many sequences. Returns the states in which their attempts ended."""
    click.echo(f"seed {seed}")  # a failure is run again with it
    deaths = 0
    for number in range(count):
        life = Life(till, clock, random.Random(f"{seed}:{number}"), monkeypatch)  # noqa: S311  no secrets
        life.run()
        deaths += life.deaths
        try:
            life.check()
        except AssertionError as fault:
            raise AssertionError(f"sequence {number} of seed {seed}: {fault}") from fault
    check_books(till)
    click.echo(f"{count} sequences, {deaths} deaths, {len(till.payments)} payments")
    assert deaths >= count // 2, "the process must die often enough to prove something"
    return {attempt.state for attempt in till.world.all(OnlinePayment)}


def test_whatever_happens_a_payment_settles_once_and_never_without_the_word_of_the_service(
    till, clock, monkeypatch, sized
):
    ends = lives(till, clock, monkeypatch, sized(ordinary=60, full=1000), SEED)
    assert ends == set(OnlineState) - {OnlineState.CREATED, OnlineState.PENDING}


def test_a_portal_that_believes_everything_is_noticed(till, clock, monkeypatch):
    """The control: the same proof fails when any answer counts as money."""

    def believes(_asked, _answer, *, refuses_trials):
        return Verdict(OnlineState.PAID, PaymentMethod.ONLINE_CARD)

    monkeypatch.setattr(online_payments, "judge", believes)
    with pytest.raises(AssertionError, match="sequence"):
        lives(till, clock, monkeypatch, 20, SEED)


def test_a_settlement_written_twice_is_noticed(till, clock, monkeypatch):
    lives(till, clock, monkeypatch, 5, SEED)
    till.world.payment(till.regie, till.household, 100)
    with pytest.raises(AssertionError):
        check_books(till)
