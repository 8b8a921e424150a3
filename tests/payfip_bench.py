"""A till that takes payments online: a family with bills, a régie of PayFiP, the stand-in that answers."""

import secrets
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select

from adapters.payfip import PayFip
from domain.enums import OnlineMode
from models import Invoice, OnlinePayment, Payment
from services import online_payments
from services.accounts import Author
from services.online_payments import Source
from simulator.payfip.server import Server
from simulator.payfip.service import Service

DECEMBER = date(2026, 12, 1)
CLIENT = "012345"


class Till:
    """`service` is the stand-in: what the family does on the payment page is said to it."""

    def __init__(self, world, server: Server) -> None:
        self.world, self.app, self.server, self.service = world, world.app, server, server.service
        self.household = world.household()
        self.parent = world.parent(self.household)
        self.regie = world.regie(payfip_client=CLIENT, online_mode=OnlineMode.TEST)

    def bill(self, cents: int = 4320, **columns) -> int:
        lines = [{"label": "Repas", "amount_cents": cents}]
        return self.world.invoice(self.regie, self.household, DECEMBER, lines, **columns).id

    def begin(self, *invoice_ids: int, key: str = "", author=None):
        """What the button of a page does. Returns the attempt."""
        key = key or secrets.token_urlsafe(24)
        author = Author((author or self.parent).id)
        with self.app.app_context():
            online_payments.begin(author, [self.household.id], invoice_ids, key, self.world.now)
        return self.attempt(key)

    def choose(self, attempt, result: str, *, delay: float = 0, notices: int = 0, **changes: str) -> None:
        """The family does that on the payment page; `changes`: what the service will say instead."""
        self.service.decide(attempt.operation, result, delay=delay, notices=notices).changes = changes

    def resolve(self, attempt, source: Source = Source.RETURN):
        with self.app.app_context():
            return online_payments.resolve(attempt.id, self.world.now, source)

    def hear(self, operation: str) -> bool:
        with self.app.app_context():
            return online_payments.hear(operation, self.world.now)

    def work(self) -> int:
        """One turn of the worker."""
        with self.app.app_context():
            return online_payments.check_due(self.world.now)

    def attempt(self, key: str) -> OnlinePayment:
        return self.world.one(select(OnlinePayment).where(OnlinePayment.key == key))

    def again(self, attempt) -> OnlinePayment:
        return self.attempt(attempt.key)

    def state(self, invoice_id: int):
        bill = self.world.one(select(Invoice).where(Invoice.id == invoice_id))
        return bill.state, bill.settled_cents

    @property
    def payments(self) -> list[Payment]:
        return self.world.all(Payment)


@pytest.fixture
def stand_in(app, clock, monkeypatch) -> Iterator[Server]:
    """The stand-in, which the portal takes for PayFiP; it tells nobody anything by itself."""
    with Server(Service(clock.now, lambda *_: None)) as server:
        monkeypatch.setitem(app.config, "PAYFIP_URL", server.base)
        monkeypatch.setitem(app.extensions, "payment_gateway", PayFip(server.base))
        yield server


@pytest.fixture
def till(world, stand_in) -> Till:
    return Till(world, stand_in)
