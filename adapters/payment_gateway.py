"""The online payment service as the portal needs it: one operation begun, one operation asked about.

PayFiP (`adapters.payfip`) is the first; another one has these three methods and nothing else to change.
"""

from dataclasses import dataclass
from typing import Protocol

from domain.enums import OnlineMode
from domain.online_payments import Answer


class GatewayRefused(Exception):
    """The service answered that it does not take the order. The text is a French sentence for the family or
    the service; `code` is the service's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class GatewaySilent(Exception):
    """Nothing that can be read came back (down, slow, broken): nothing is known."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `year`: the budget year; `subject`: what the payment page calls it; `notify_url`:
    where the service posts when it knows; `return_url`: where it sends the browser."""

    client: str
    mode: OnlineMode
    year: int
    refdet: str
    amount_cents: int
    email: str
    subject: str
    notify_url: str
    return_url: str


class PaymentGateway(Protocol):
    def begin(self, order: Order) -> str:
        """The name of a new operation. Raises GatewayRefused or GatewaySilent."""

    def page_of(self, operation: str) -> str:
        """The address of its payment page."""

    def ask(self, operation: str) -> Answer:
        """What became of an operation. Raises GatewaySilent."""

    def labels(self, client: str) -> tuple[str, ...]:
        """How the service names a client. Raises GatewayRefused for one it does not know, GatewaySilent."""
