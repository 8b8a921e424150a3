"""Posts that no page would send, to everything about bookings: no failure, no false count (issue 5).

Forms are those of the pages, as a browser would find them; then fields are dropped, doubled, exchanged,
replaced by hostile values, and the numbers of addresses by others. 10,000 posts with --full, other ones each
time: a failure names its seed, FUZZ_SEED runs it again.
"""

import logging
import os
import random
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.datastructures import MultiDict

from models import Booking, BookingDraft, BookingRequestLine
from tests.architecture.routes import Role, rules
from tests.architecture.town import Town
from tests.books import assert_history_explains, assert_places_are_counted
from tests.strict_client import HTMX, StrictClient

PREFIXES = (
    "/reservations",
    "/absences",
    "/planning",
    "/mes-enfants",
    "/mon-compte/agenda",
    "/gestion/a-traiter",
    "/gestion/familles/<int:household_id>/reservations",
    "/gestion/structures",
)
# Not those of every page, such as signing out.
ADDRESSES = tuple(prefix.partition("<")[0] for prefix in PREFIXES)
HOSTILE = (
    "",
    " ",
    "0",
    "-1",
    "1e9",
    "9" * 30,
    "NaN",
    "é" * 400,
    "a\x00b",
    "\u202e",
    "2027-02-30",
    "9999-12-31",
    "0001-01-01",
    "2027-13",
    "2027-02-01:book",
    "2027-02-01:cancel",
    "2027-02-01:rob",
    "oui",
    "[]",
    "None",
    "<script>alert(1)</script>",
    "'; DROP TABLE booking; --",
)
COLUMNS = tuple(
    column.name for table in (Booking, BookingDraft, BookingRequestLine) for column in table.__table__.columns
)
NUMBERS = ("0", "1", "2", "3", "987654", "9" * 19)
FRESH_EVERY, CHECK_EVERY = 40, 100


@dataclass(frozen=True, slots=True)
class Form:
    address: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]  # a name and what the page lets one send


def forms(page: str) -> Iterator[Form]:
    """The forms of a page that write something; one for each of their addresses."""
    for form in BeautifulSoup(page, "html.parser").find_all("form", method="post"):
        fields: dict[str, list[str]] = {}
        addresses = {form.get("action", "")}
        for control in form.find_all(["input", "select", "textarea", "button"]):
            addresses.add(control.get("formaction", form.get("action", "")))
            if control.get("name"):
                fields.setdefault(control["name"], []).extend(_values(control))
        for address in sorted(addresses):
            yield Form(address, tuple((name, tuple(values) or ("",)) for name, values in fields.items()))


def _values(control: Tag) -> list[str]:
    if control.name == "select":
        return [option.get("value", option.get_text()) for option in control.find_all("option")]
    return [control.get("value", "")]


class Fuzzer:
    """Somebody signed in, the forms that somebody has seen, and what somebody makes of them."""

    def __init__(self, app: Flask, town: Town, role: Role, rng: random.Random) -> None:
        self.app, self.town, self.role, self.rng = app, town, role, rng
        self.client: StrictClient = app.test_client()
        self.client.reads_pages = False
        self.seen: list[Form] = []
        self.values = town.values(role)  # before anything is taken away: an address may lead nowhere later

    def look(self) -> None:
        """Open every page about bookings and keep its forms."""
        self.town.sign_in(self.client, self.role)
        self.seen = []
        values = self.values
        for rule, route in rules(self.app):
            if "GET" not in route.methods or not rule.rule.startswith(PREFIXES):
                continue
            known = {name: values.get(f"{route.endpoint} {name}") or values[name] for name in rule.arguments}
            with self.app.test_request_context():
                path = self.app.url_map.bind("portail.test").build(
                    rule.endpoint, {name: value.own for name, value in known.items()}
                )
            self.read(path)

    def read(self, path: str) -> None:
        answer = self.client.get(path)
        assert answer.status_code < 500, path
        if answer.status_code == 200 and answer.mimetype == "text/html":
            self.seen += [form for form in forms(answer.text) if form.address.startswith(ADDRESSES)]

    def post(self) -> int:
        """One post, whose redirection is followed so that its forms are seen too; its status."""
        form = self.rng.choice(self.seen)
        address = form.address
        if self.rng.random() < 0.2:
            address = re.sub(r"(?<=/)\d+", lambda _: self.rng.choice(NUMBERS), address)
        body = self._body(form)
        headers = HTMX if self.rng.random() < 0.3 else {}
        answer = self.client.post(address, data=body, headers=headers)
        assert answer.status_code < 500, (address, body)
        if answer.status_code == 303 and self.rng.random() < 0.5:
            self.read(answer.location)
        return answer.status_code

    def _body(self, form: Form) -> MultiDict:
        body: list[tuple[str, str]] = []
        is_gentle = self.rng.random() < 0.3  # some must go through, for others to find something there
        for name, values in form.fields:
            chance = 1.0 if is_gentle else self.rng.random()
            if chance < 0.08:
                continue
            value = self.rng.choice(values)
            if 0.08 <= chance < 0.25 and name != "csrf_token":
                value = self.rng.choice(HOSTILE)
            elif 0.25 <= chance < 0.33 and name != "csrf_token":
                value = self.rng.choice(self.rng.choice(form.fields)[1])
            body.append((name, value))
            if 0.33 <= chance < 0.38:
                body.append((name, self.rng.choice(HOSTILE)))
        if self.rng.random() < 0.1:
            body.append((self.rng.choice(COLUMNS), self.rng.choice(HOSTILE)))
        return MultiDict(body)


@pytest.mark.fault
def test_posts_that_no_page_sends_break_nothing(app, world, sized):
    count = sized(ordinary=400, full=10_000)
    seed = int(os.environ.get("FUZZ_SEED") or (5 if count == 400 else secrets.randbelow(10**6)))
    logging.getLogger(__name__).warning("FUZZ_SEED=%d", seed)  # shown with a failure
    town, rng = Town(world), random.Random(seed)  # noqa: S311  acts, not secrets
    roles = [Role.PARENT, Role.PARENT, Role.ADMINISTRATOR]
    fuzzers = {role: Fuzzer(app, town, role, rng) for role in dict.fromkeys(roles)}
    statuses: Counter[int] = Counter()
    for number in range(count):
        if number % FRESH_EVERY == 0:
            for fuzzer in fuzzers.values():
                fuzzer.look()
        statuses[fuzzers[rng.choice(roles)].post()] += 1
        if number % CHECK_EVERY == 0:
            assert_places_are_counted(world)
            assert_history_explains(world, from_the_first=False)
    assert_places_are_counted(world)
    assert_history_explains(world, from_the_first=False)
    assert {303, 404, 422} <= set(statuses), statuses
