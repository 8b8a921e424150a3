"""A disk that fills up, again and again: what a family was told saved is there, the rest says so (G24)."""

import random
import re

import click
import pytest
from sqlalchemy import delete, select
from urllib3.filepost import encode_multipart_formdata

import cli
from domain.enums import DocumentOwner
from models import BookingRequest, Document, DocumentCategory, Throttle
from services import document_store
from services.transaction import write_transaction
from tests.books import assert_books_balance
from tests.document_files import picture
from tests.faults.conftest import UNLIMITED
from tests.faults.test_database_away import assert_says_to_try_again
from tests.running_town import Answer, Browser, Town

pytestmark = pytest.mark.fault


class Sending:
    """A parent who books and sends documents; what the portal said of each."""

    def __init__(self, town: Town, cycles: int) -> None:
        self.town, world = town, town.world
        self.family = town.family(town.canteen(weeks=10))
        self.category = world.add(DocumentCategory(name="Facture d’énergie", owner=DocumentOwner.HOUSEHOLD))
        days = len(self.family.canteen.openings)
        wishes = [(self.family.children[0], [number % days]) for number in range(2 * cycles)]
        self.drafts = self.family.drafts(wishes)
        self.booked: list[str] = []
        self.sent: set[str] = set()
        self.refused = 0

    def an_hour_later(self) -> None:
        """A family may send twenty documents an hour: this test sends more."""
        with self.town.app.app_context(), write_transaction() as session:
            session.execute(delete(Throttle))

    def book(self, browser: Browser) -> None:
        key = self.drafts.pop()
        answer = browser.post(f"/reservations/{key}/valider")
        if answer.reference is None and answer.status != 422:
            self.refused += 1
            assert_says_to_try_again(answer)
        elif answer.reference:
            self.booked.append(answer.reference)

    def send(self, browser: Browser) -> None:
        page = f"/documents/{self.category.id}/foyer/{self.family.household_id}"
        hidden = dict(
            re.findall(r'name="(csrf_token|upload_key)"[^>]*value="([^"]+)"', browser.get(page).text)
        )
        assert set(hidden) == {"csrf_token", "upload_key"}
        body, kind = encode_multipart_formdata(
            hidden | {"files": ("photo.jpg", picture(), "image/jpeg"), "issued_on": "2026-11-02"}
        )
        answer = browser.send(page, body, kind)
        if answer.status == 303:
            self.sent.add(hidden["upload_key"])
            return
        self.refused += 1
        assert_nothing_was_kept(answer)

    def assert_what_was_said_is_true(self) -> None:
        world = self.town.world
        assert set(self.booked) == set(world.all(select(BookingRequest.reference)))
        documents = world.all(select(Document).where(Document.household_id == self.family.household_id))
        assert {one.upload_key for one in documents} == self.sent
        with self.town.app.app_context():
            assert all(document_store.read(one.file_key) for one in documents)


def assert_nothing_was_kept(answer: Answer) -> None:
    if answer.status == 503:
        assert_says_to_try_again(answer)
    else:
        assert answer.status == 422
        assert "Rien n’a été enregistré" in answer.text


def test_a_disk_that_fills_up_makes_no_false_acknowledgement(town, sized):
    cycles, rng = sized(ordinary=6, full=50), random.Random(24)  # noqa: S311  sizes, not secrets
    sending = Sending(town, cycles)
    with town.serving(cli.gunicorn_command("127.0.0.1", town.port)) as server:
        parent = server.browser(sending.family.parent)
        for _ in range(cycles):
            sending.an_hour_later()
            parent.get("/planning")
            # From nothing at all to some kilobytes: it fails before, amid or after the write.
            server.limit_files(rng.choice((1, rng.randint(2_000, 60_000), rng.randint(60_000, 900_000))))
            sending.book(parent)
            sending.send(parent)
            server.limit_files(UNLIMITED)
            before = len(sending.booked), len(sending.sent)
            sending.book(parent)
            sending.send(parent)
            assert len(sending.sent) == before[1] + 1, "it works again at once"
        sending.assert_what_was_said_is_true()
    assert_books_balance(town.world)
    assert sending.refused
    click.echo(f"{cycles} full disks, {sending.refused} refusals, {len(sending.booked)} bookings kept")
