"""`kill -9` while families pay online: what a page said paid stays paid, each payment settles once (R45)."""

import http.client
import random
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import date

import click
import pytest
from sqlalchemy import select, update

import cli
from domain.enums import InvoiceState, OnlineMode, OnlineState
from models import Invoice, OnlinePayment, Payment
from services.transaction import write_transaction
from simulator.payfip.server import Server
from simulator.payfip.service import Service
from tests.running_town import Browser, Running, Town

pytestmark = pytest.mark.fault

PARENTS, BILLS = 3, 15  # of a parent at the start of a cycle
DECEMBER = date(2026, 12, 1)
CHOICES = ("P", "P", "V", "R", "A", "")


class Paying:
    """A parent who pays one bill after the other."""

    def __init__(self, town: Town, service: Service, regie, seed: int) -> None:
        self.service, self.rng = service, random.Random(seed)  # noqa: S311  choices, not secrets
        world = town.world
        self.world, self.regie, self.left = world, regie, []
        self.household = world.household(f"FAMILLE {seed}")
        self.parent = world.parent(self.household)
        self.told_paid: set[str] = set()
        self.steps = 0  # answers received
        self.browser: Browser

    def owe(self) -> None:
        """Bills enough for a cycle."""
        line = {"label": "Repas", "amount_cents": 320}
        for _ in range(BILLS - len(self.left)):
            self.left.append(self.world.invoice(self.regie, self.household, DECEMBER, [line]).id)

    def sign_in(self, server: Running) -> None:
        self.browser = server.browser(self.parent)
        assert self.browser.get("/factures").status == 200
        assert self.browser.token

    def run(self) -> None:
        """Until the server dies or everything was tried."""
        try:
            while self.left:
                self.pay(self.left.pop())
        except (OSError, http.client.HTTPException):
            return

    def pay(self, invoice_id: int) -> None:
        key = secrets.token_urlsafe(24)
        begun = self.browser.post("/factures/payer", {"key": key, "invoice": str(invoice_id)})
        assert begun.status == 303
        self.steps += 1
        operation = next(
            name
            for name, one in list(self.service.operations.items())
            if one.order["urlredirect"].endswith(f"/{key}/retour")
        )
        choice = self.rng.choice(CHOICES)
        if choice:
            self.service.decide(operation, choice, notices=self.rng.randint(0, 2))
        page = f"/factures/paiements/{key}"
        self.browser.get(page)
        self.steps += 1
        said = self.browser.post(f"{page}/verifier").text
        self.steps += 1
        if "Paiement reçu" in said or "Prélèvement accepté" in said:
            self.told_paid.add(key)


@pytest.fixture
def payfip() -> Iterator[Server]:
    with Server(Service()) as server:
        yield server


def assert_what_was_said_is_true(town: Town, parents: list[Paying]) -> None:
    paid = select(OnlinePayment.key).where(OnlinePayment.state == OnlineState.PAID)
    with town.app.app_context(), write_transaction() as session:
        stored = set(session.scalars(paid))
    assert set().union(*(parent.told_paid for parent in parents)) <= stored


def ask_about_all(town: Town, payfip: Server) -> None:
    """What the worker does over the next days, now."""
    while True:
        with town.app.app_context(), write_transaction() as session:
            asked = session.execute(
                update(OnlinePayment)
                .where(OnlinePayment.state.in_((OnlineState.CREATED, OnlineState.PENDING)))
                .where(OnlinePayment.checks < 3)
                .values(next_check_at=town.world.now)
            )
        if not asked.rowcount:
            return
        with town.running(town.flask("worker", "--once"), PORTAIL_PAYFIP_URL=payfip.base) as worker:
            assert worker.process.wait(60) == 0, town.last_words()


def assert_each_payment_settled_once(town: Town, service: Service) -> None:
    attempts = town.world.all(OnlinePayment)
    payments = {payment.id: payment for payment in town.world.all(Payment)}
    for attempt in attempts:
        operation = service.operations.get(attempt.operation or "")
        is_paid = operation is not None and operation.result in ("P", "V")
        assert (attempt.state is OnlineState.PAID) == is_paid
        assert (attempt.payment_id in payments) == is_paid
    assert len(payments) == sum(attempt.state is OnlineState.PAID for attempt in attempts)
    settled = [bill for bill in town.world.all(Invoice) if bill.settled_cents]
    assert len(settled) == len(payments)
    assert all(bill.state is InvoiceState.PAID_ONLINE for bill in settled)


def count_steps(parents: list[Paying]) -> int:
    return sum(parent.steps for parent in parents)


def wait_amid_payments(town: Town, parents: list[Paying], rng: random.Random) -> None:
    """A few answers from now: the kill falls anywhere in a payment, however slow the machine is."""
    wanted = count_steps(parents) + rng.randint(2, 24)
    town.wait_for(lambda: count_steps(parents) >= wanted)


def test_a_kill_amid_payments_loses_and_doubles_nothing(town, payfip, sized):
    cycles = sized(ordinary=3, full=30)
    regie = town.world.regie(payfip_client="012345", online_mode=OnlineMode.TEST)
    parents = [Paying(town, payfip.service, regie, seed) for seed in range(PARENTS)]
    rng = random.Random(2027)  # noqa: S311  moments, not secrets
    for cycle in range(cycles):
        for parent in parents:
            parent.owe()
        command = cli.gunicorn_command("127.0.0.1", town.port) if cycle % 4 else ()
        with town.serving(command, PORTAIL_PAYFIP_URL=payfip.base) as server:
            for parent in parents:
                parent.sign_in(server)
            threads = [threading.Thread(target=parent.run) for parent in parents]
            for thread in threads:
                thread.start()
            wait_amid_payments(town, parents, rng)
            time.sleep(rng.uniform(0, 0.05))
            server.kill()
            for thread in threads:
                thread.join()
        assert_what_was_said_is_true(town, parents)
    ask_about_all(town, payfip)
    assert_what_was_said_is_true(town, parents)
    assert_each_payment_settled_once(town, payfip.service)
    told = sum(len(parent.told_paid) for parent in parents)
    click.echo(f"{cycles} kills, {len(town.world.all(OnlinePayment))} attempts, {told} told paid")
    assert told
