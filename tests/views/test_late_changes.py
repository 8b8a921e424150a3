"""A proof that comes after the bill: the service is told, and makes the credit note in one tap (S73, R42)."""

from datetime import date

import pytest

from domain.enums import AbsenceKind, AbsenceState, InvoiceLineKind, InvoiceState, StaffRole
from models import Absence
from tests.school_family import words

HOME = "/gestion/facturation"
JANUARY = date(2027, 1, 1)


@pytest.fixture
def billed(world, client):
    """Builds a bill of a missed meal of 3,20 €, whose day owes `due_cents` now."""
    household, regie = world.household("SOLIGNAC"), world.regie()
    child, canteen = world.child(household, "Léo"), world.canteen([date(2027, 1, 4)])

    def build(due_cents: int, state: InvoiceState = InvoiceState.UNSETTLED):
        booking = world.booking(household, child, canteen.openings[0], canteen.meal, due_cents=due_cents)
        world.add(
            Absence(
                booking_id=booking.id,
                kind=AbsenceKind.MEDICAL,
                state=AbsenceState.JUSTIFIED,
                author_name="Claire SOLIGNAC",
                declared_at=world.now,
            )
        )
        line = {
            "label": "Repas du 4 janvier",
            "amount_cents": 320,
            "kind": InvoiceLineKind.ABSENCE,
            "booking_id": booking.id,
            "child_id": child.id,
            "day": booking.day,
        }
        return world.invoice(regie, household, JANUARY, [line], state)

    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    return build


def to_correct(client) -> str:
    client.get(HOME)
    section = client.page.find("section", attrs={"aria-labelledby": "a-corriger"})
    return words(section) if section else ""


@pytest.mark.parametrize(("due_cents", "over"), [(0, "3,20 €"), (100, "2,20 €")])
def test_what_is_too_much_is_told_until_its_credit_note_is_made(client, billed, due_cents, over):
    billed(due_cents)
    assert f"SOLIGNAC, {over} de trop" in to_correct(client)
    link = client.page.find("a", string=lambda text: text and "Faire l’avoir" in text)
    address = (link or client.page.select_one("a[href*='avoir?ligne=']"))["href"]
    client.submit(address, {}, follow=True)
    assert over in words(client.page.main)
    assert "Absence justifiée après la facture, Repas du 4 janvier" in words(client.page.main)
    assert to_correct(client) == ""


def test_a_day_that_owes_what_was_billed_needs_nothing(client, billed):
    billed(320)
    assert to_correct(client) == ""


def test_a_draft_is_made_again_instead(client, billed):
    billed(0, InvoiceState.DRAFT)
    assert to_correct(client) == ""


def test_only_who_bills_reads_it(client, world, billed):
    billed(0)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    assert to_correct(client) == ""


def test_a_bill_with_several_absences_gets_one_credit_note(client, world, billed):
    """Its form has these lines alone, each with what it asks too much, and one reason for all of them."""
    household, regie = world.household("ROQUES"), world.regie("Autre régie")
    child = world.child(household, "Jean")
    canteen = world.canteen([date(2027, 1, 5), date(2027, 1, 7)], name="École Hugo")
    lines = [{"label": "Autre repas", "amount_cents": 320, "day": date(2027, 1, 8)}]
    for opening, due in zip(canteen.openings, (0, 100), strict=True):
        booking = world.booking(household, child, opening, canteen.meal, due_cents=due)
        world.add(
            Absence(
                booking_id=booking.id,
                kind=AbsenceKind.MEDICAL,
                state=AbsenceState.JUSTIFIED,
                author_name="Jean ROQUES",
                declared_at=world.now,
            )
        )
        line = {"kind": InvoiceLineKind.ABSENCE, "booking_id": booking.id, "day": booking.day}
        lines.append({"label": f"Repas du {opening.day.day}", "amount_cents": 320} | line)
    world.invoice(regie, household, JANUARY, lines)

    said = to_correct(client)
    assert "ROQUES, 5,40 € de trop Jean, Repas du 5 : 3,20 € Jean, Repas du 7 : 2,20 €" in said
    address = client.page.select_one("a[href*='avoir?ligne=']")["href"]
    client.get(address)
    fields = [one["value"] for one in client.page.main.select("input[name^=line_]")]
    assert fields == ["3,20", "2,20"]
    client.submit(address, {}, follow=True)
    assert "Absence justifiée après la facture, Repas du 5 et Repas du 7" in words(client.page.main)
    assert to_correct(client) == ""
