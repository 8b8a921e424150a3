"""What the tests of accesses and mails share: people with a password, a mailbox that keeps what leaves."""

import re
from email.message import EmailMessage
from functools import cache

from flask import Flask

from adapters.mail import MailError
from domain.enums import Channel
from models import User
from services import accounts, credentials, outbox
from tests.factories import PASSWORD, World

NETWORK = "192.0.2.0/24"
ANOTHER_PASSWORD = "girafe nuage tambour sel"


@cache
def password_hash() -> str:
    return credentials.hash_secret(PASSWORD)


def parent_with_password(world: World, email: str = "claire@example.org", **user) -> User:
    """Claire SOLIGNAC, whose password is PASSWORD."""
    return world.parent(world.household(), email=email, **{"password_hash": password_hash()} | user)


class KeepingTransport:
    """Takes every mail; before that, fails once for each prepared error."""

    def __init__(self, *errors: MailError) -> None:
        self.errors = list(errors)
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(message)

    @property
    def last_text(self) -> str:
        return self.sent[-1].get_body(("plain",)).get_content()


def deliver(world: World, transport: KeepingTransport | None = None) -> KeepingTransport:
    """One turn of the worker; returns the mailbox."""
    transport = transport or KeepingTransport()
    with world.app.app_context():
        outbox.deliver_due(world.now, transport)
    return transport


def activation_token(mailbox: KeepingTransport) -> str:
    return re.search(r"https://portail\.test/go/([A-Z0-9]{50})\b", mailbox.last_text)[1]


def provisional_code(mailbox: KeepingTransport) -> str:
    return re.search(r"^ +((?:[0-9a-z]{4}-){3}[0-9a-z]{4})\r?$", mailbox.last_text, re.MULTILINE)[1]


def open_access(world: World, app: Flask, email: str = "claire@example.org") -> int:
    """The service opens the access of an adult without one; returns the account's id."""
    guardian = world.guardian(world.household())
    agent = world.staff()
    with app.app_context():
        author = accounts.Author(agent.id, Channel.PHONE)
        return accounts.open_access(guardian.id, email=email, author=author, now=world.now)
