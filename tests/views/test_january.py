"""A month worked by hand, from its rows in the database to the bill of the family, its PDF and the export:
the seven families and three real tariffs of tests/cases/january.bills.yaml, to the cent (R42, R43, S56, R47).
"""

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import select

from domain.enums import AbsenceState, AttendanceMark, BookingState, InvoiceState
from domain.french import NBSP, spaced
from models import Absence, Invoice, RulebookVersion
from services import billing, rulebooks
from services.accounts import Author
from services.transaction import write_transaction
from tests import rulebook_texts as written
from tests.cases.test_january import FAMILIES, HERE, MONTH, cents
from tests.school_family import words

FEBRUARY = datetime(2027, 2, 1, 9, tzinfo=UTC)
EARLY = datetime(2026, 12, 1, 9, tzinfo=UTC)
SHARED = "Noé"
REFERENCE, AMOUNT = "N° de facture (NumeroFacture)", "Montant TTC"
TARIFFS = sorted({one["reglement"] for one in FAMILIES})


def days_of(family):
    """(child, day, facts) of each presence, (child, day, cents due, why) of each absence."""
    came = [(one["enfant"], number, one["faits"]) for one in family["jours"] for number in one["le"]]
    missed = [
        (one["enfant"], one["le"], cents(one["du"]), one["pourquoi"]) for one in family.get("absences", ())
    ]
    return came, missed


class Town:
    """A canteen under one real règlement, and the families of the file that it prices, as rows."""

    def __init__(self, world, tariff):
        self.world = world
        self.families = [one for one in FAMILIES if one["reglement"] == tariff]
        numbers = {number for family in self.families for part in days_of(family) for _, number, *_ in part}
        self.canteen = world.canteen([MONTH.replace(day=number) for number in sorted(numbers)])
        self.regie = world.regie("Régie cantine", self.canteen.activity)
        self.agent = world.staff()
        self.children, self.parents = {}, []
        self.homes_of_noe = set()
        self.write_rulebook(HERE / f"{tariff}.reglement.yaml")
        self.homes = [self.household(place, family) for place, family in enumerate(self.families)]

    def write_rulebook(self, path: Path) -> None:
        with self.world.app.app_context():
            tree = rulebooks.check(path.read_text(encoding="utf-8")).tree
        with self.world.app.app_context(), write_transaction() as session:
            row = session.scalars(select(RulebookVersion)).one()
            for name, value in written.columns(tree).items():
                setattr(row, name, value)

    def household(self, place, family):
        home = self.world.household(f"FOYER{place}")
        self.parents.append(self.world.parent(home, email=f"foyer{place}@example.org"))
        came, missed = days_of(family)
        for name, number, facts in came:
            self.state(home, self.child(home, name), MONTH.replace(day=number), facts)
            booking = self.book(home, name, number)
            self.world.attendance(booking, AttendanceMark.PRESENT, author_user_id=self.agent.id)
        for name, number, due, why in missed:
            self.miss(home, name, number, due, why)
        self.know_quotients(home, came)
        return home

    def child(self, home, name):
        """Each household has its own children, but Noé, who lives in two."""
        key = name if name == SHARED else (home.id, name)
        if key not in self.children:
            self.children[key] = self.world.child(home, name)
        elif name == SHARED and home.id not in self.homes_of_noe:
            self.world.share(self.children[key], home)
        if name == SHARED:
            self.homes_of_noe.add(home.id)
        return self.children[key]

    def state(self, home, child, day, facts):
        """What the règlement reads of the child, besides the quotient: stated by the service for the day."""
        for name, value in facts.items():
            if name != "quotient":
                dates = {"valid_from": day, "valid_to": day}
                self.world.rule_fact(home, name, str(value), child_id=child.id, **dates)

    def know_quotients(self, home, came):
        """Each quotient from its first day to the eve of the next one's, as its proofs came."""
        known = sorted({(number, facts["quotient"]) for _, number, facts in came})
        changes = [one for place, one in enumerate(known) if not place or known[place - 1][1] != one[1]]
        ends = [date(2027, 1, number) - timedelta(days=1) for number, _ in changes[1:]]
        for (number, value), end in zip(changes, [*ends, None], strict=True):
            if value != "inconnu":
                self.world.quotient(home, value, valid_from=MONTH.replace(day=number), valid_to=end)

    def book(self, home, name, number, **columns):
        day = MONTH.replace(day=number)
        opening = next(one for one in self.canteen.openings if one.day == day)
        child, meal = self.child(home, name), self.canteen.meal
        return self.world.booking(home, child, opening, meal, created_at=EARLY, **columns)

    def miss(self, home, name, number, due, why):
        """Given up too late, or absent with what the family was told."""
        if "Annulation" in why:
            self.book(home, name, number, state=BookingState.CANCELLED, due_cents=due)
            return
        booking = self.book(home, name, number, due_cents=due)
        values = {"state": AbsenceState.DECLARED, "author_name": "Claire", "declared_at": EARLY}
        self.world.add(
            Absence(booking_id=booking.id, explanation=[spaced(why.replace(" €", f"{NBSP}€"))], **values)
        )
        self.world.attendance(booking, AttendanceMark.ABSENT, author_user_id=self.agent.id)

    def issue(self):
        with self.world.app.app_context():
            author = Author(self.agent.id)
            run_id = billing.prepare(self.regie.id, MONTH, author, self.world.now)
            billing.issue(run_id, author, self.world.now)


@pytest.fixture(params=TARIFFS)
def town(request, world, app):
    app.config["CLOCK"].move_to(FEBRUARY)
    town = Town(world, request.param)
    town.issue()
    return town


def in_words(amount):
    return f"{Decimal(amount) / 100:.2f}".replace(".", ",") + " €"


def amounts(text):
    return set(re.findall(r"\d+,\d\d €", " ".join(text.split())))


def test_the_month_by_hand_is_that_of_the_screen_and_the_pdf(town, client):
    for place, (home, family) in enumerate(zip(town.homes, town.families, strict=True)):
        bill = town.world.one(select(Invoice).where(Invoice.household_id == home.id))
        total = cents(family["total"])
        lines = [cents(line["montant"]) for line in family["lignes"] for _ in line["le"]]
        assert (bill.total_cents, bill.state) == (total, InvoiceState.UNSETTLED), family["famille"]
        client.sign_in(town.parents[place])
        client.get(f"/factures/{bill.id}")
        page = client.page.main
        rows = [one for one in page.select("details.line") if not one.select("details.line")]
        shown = Counter(words(one.select_one("summary strong")) for one in rows)
        assert shown == Counter(map(in_words, lines)), family["famille"]
        assert f"Reste à payer {in_words(total)}" in words(page)
        pdf = pypdfium2.PdfDocument(client.get(f"/factures/{bill.id}/pdf").data)
        text = "".join(one.get_textpage().get_text_range() for one in pdf)
        told = {words(one.select_one("summary strong")) for one in page.select("section > details.line")}
        assert {in_words(total), *told} <= amounts(text), family["famille"]


def test_the_month_by_hand_is_that_of_the_export(town, client):
    client.sign_in(town.agent)
    address = f"/gestion/facturation/exports/lignes.csv?regie={town.regie.id}&du=2027-02-01&au=2027-02-01"
    rows = list(csv.DictReader(io.StringIO(client.get(address).data.decode("utf-8-sig")), delimiter=";"))
    found, wanted = Counter(), Counter()
    for row in rows:
        found[row[REFERENCE], row["Enfant"], row[AMOUNT]] += 1
    for home, family in zip(town.homes, town.families, strict=True):
        bill = town.world.one(select(Invoice).where(Invoice.household_id == home.id))
        for line in family["lignes"]:
            cents_of = f"{Decimal(cents(line['montant'])) / 100:.2f}".replace(".", ",")
            wanted[bill.reference, line["enfant"], cents_of] += len(line["le"])
    assert found == wanted
