"""Certificates: what was paid for care in a year, when a child was there (R44, S61)."""

from datetime import date
from io import BytesIO

import pypdfium2
import pytest
from sqlalchemy import delete

from domain.enums import (
    ActivityKind,
    AttendanceMark,
    InvoiceKind,
    InvoiceLineKind,
    InvoiceState,
    PaymentMethod,
    PaymentState,
)
from models import Child, HouseholdChild, Invoice, PaymentAllocation
from services.transaction import write_transaction
from tests.school_family import words
from tests.statements import at_most

NOVEMBER = date(2026, 11, 1)
TAX = "/factures/attestations/fiscale/2026"


@pytest.fixture
def home(world):
    return world.household()


@pytest.fixture
def claire(client, world, home):
    client.sign_in(world.parent(home))
    return client


@pytest.fixture
def school(world):
    return world.facility("École du Centre")


@pytest.fixture
def regie(world):
    return world.regie()


@pytest.fixture
def leo(world, home):
    return world.child(home, "Léo", birth_date=date(2021, 5, 4))


@pytest.fixture
def evening(world, school):
    return world.activity(school, "Garderie", ActivityKind.EVENING)


@pytest.fixture
def canteen(world, school):
    return world.activity(school, "Cantine", is_care=False)


def line(child, activity, cents: int, **columns) -> dict:
    owner = {"child_id": child.id if child else None, "activity_id": activity.id if activity else None}
    return {"label": "Ligne", "amount_cents": cents} | owner | columns


@pytest.fixture
def bill(world, home, regie, leo, evening, canteen):
    return world.invoice(regie, home, NOVEMBER, [line(leo, evening, 4500), line(leo, canteen, 5500)])


def pay(world, regie, home, bill, cents: int, day: date = date(2026, 12, 20), **columns):
    payment = world.payment(regie, home, cents, received_on=day, allocated_cents=cents, **columns)
    with world.app.app_context(), write_transaction() as session:
        session.add(PaymentAllocation(payment_id=payment.id, invoice_id=bill.id, amount_cents=cents))
        row = session.get_one(Invoice, bill.id)
        row.settled_cents += cents
        row.state = InvoiceState.PARTIAL
        if row.settled_cents == row.total_cents - row.credited_cents:
            row.state, row.settled_on = InvoiceState.SETTLED, day


def page(client, address: str) -> str:
    assert client.get(address).status_code == 200
    return words(client.page.main)


def pdf(client, address: str) -> str:
    response = client.get(address)
    assert (response.status_code, response.mimetype) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(BytesIO(response.data))
    return " ".join(" ".join(one.get_textpage().get_text_bounded() for one in document).split())


# --- The tax certificate --------------------------------------------------------------------------


def test_what_was_paid_for_care_is_certified_to_the_cent(claire, world, home, regie, bill):
    pay(world, regie, home, bill, 10000)
    said = page(claire, TAX)
    assert "Payé en 2026 pour la garde 45,00 €" in said
    assert "Facture payée en entier : 45,00 € de garde sur 100,00 €." in said
    paper = pdf(claire, f"{TAX}/{home.id}/pdf")
    for known in (
        "Attestation fiscale 2026",
        "Léo SOLIGNAC (date de naissance : 04/05/2021)",
        bill.reference,
        "Total payé en 2026 45,00 €",
        "Votre commune",
        "12 rue Nationale",
    ):
        assert known in paper


def test_a_partial_payment_counts_in_its_year_with_its_arithmetic(claire, world, home, regie, bill):
    pay(world, regie, home, bill, 3333)
    pay(world, regie, home, bill, 6667, date(2027, 1, 4))
    assert "45,00 € × 33,33 € / 100,00 € = 15,00 €." in page(claire, TAX)
    said = page(claire, TAX.replace("2026", "2027"))
    assert "Payé en 2027 pour la garde 30,00 €" in said
    assert "L’année n’est pas finie" in said
    assert "Provisoire : l’année n’est pas finie" in pdf(
        claire, f"{TAX.replace('2026', '2027')}/{home.id}/pdf"
    )
    assert "Provisoire" not in pdf(claire, f"{TAX}/{home.id}/pdf")


def test_money_that_came_back_does_not_count(claire, world, home, regie, bill):
    gone = {"cancelled_at": world.now, "cancelled_by_name": "Agnès", "cancel_reason": "Sans provision"}
    for state in (PaymentState.BOUNCED, PaymentState.CANCELLED):
        world.payment(regie, home, 10000, received_on=date(2026, 12, 1), state=state, **gone)
    world.payment(regie, home, 700, received_on=date(2026, 12, 1))  # pays no bill
    said = page(claire, TAX)
    assert "Rien à attester. Aucun règlement n’a payé de facture en 2026." in said


def test_a_credit_note_is_taken_off(claire, world, home, regie, leo, evening, bill):
    pay(world, regie, home, bill, 8000)
    world.invoice(
        regie, home, NOVEMBER,
        [line(leo, evening, -2000, kind=InvoiceLineKind.CORRECTION)], InvoiceState.SETTLED,
        kind=InvoiceKind.CREDIT_NOTE, corrects_id=bill.id,
    )  # fmt: skip
    assert "Facture payée en entier : 25,00 € de garde sur 80,00 €." in page(claire, TAX)


def test_a_small_bill_that_was_carried_is_told_by_its_own_lines(
    claire, world, home, regie, leo, evening, canteen
):
    small = world.invoice(
        regie, home, date(2026, 10, 1), [line(leo, evening, 200), line(leo, canteen, 100)],
        InvoiceState.CARRIED,
    )  # fmt: skip
    carried = line(None, None, 300, kind=InvoiceLineKind.CARRIED, carried_from_id=small.id)
    bill = world.invoice(regie, home, NOVEMBER, [line(leo, evening, 1000), carried])
    pay(world, regie, home, bill, 1300)
    assert "12,00 € de garde sur 13,00 €" in page(claire, TAX)


@pytest.mark.parametrize("case", ["older", "meals", "absence"])
def test_what_opens_no_right_is_explained(claire, world, home, regie, leo, evening, canteen, case):
    lines = {
        "older": [line(leo, evening, 1000)],
        "meals": [line(leo, canteen, 1000)],
        "absence": [line(leo, evening, 1000, kind=InvoiceLineKind.ABSENCE)],
    }
    bill = world.invoice(regie, home, NOVEMBER, lines[case])
    pay(world, regie, home, bill, 1000)
    if case == "older":
        with world.app.app_context(), write_transaction() as session:
            session.get_one(Child, leo.id).birth_date = date(2020, 1, 1)
        reason = "Aucun enfant du foyer n’avait moins de six ans au 1er janvier 2026."
    else:
        reason = "Ce qui a été payé en 2026 n’était pas de la garde d’un enfant de moins de six ans."
    assert f"Rien à attester. {reason}" in page(claire, TAX)
    assert reason in pdf(claire, f"{TAX}/{home.id}/pdf")


def test_each_home_of_a_child_has_what_it_paid(client, claire, world, home, regie, leo, evening, bill):
    other = world.household("MARTIN")
    world.share(leo, other)
    pay(world, regie, home, bill, 10000)
    theirs = world.invoice(regie, other, NOVEMBER, [line(leo, evening, 1700)])
    pay(world, regie, other, theirs, 1700)
    assert "Payé en 2026 pour la garde 45,00 €" in page(claire, TAX)
    client.sign_in(world.parent(other, "Karim"))
    assert "Payé en 2026 pour la garde 17,00 €" in page(client, TAX)
    assert client.get(f"{TAX}/{home.id}/pdf").status_code == 404


def test_a_child_who_left_the_household_counts_for_what_was_paid(claire, world, home, regie, leo, bill):
    pay(world, regie, home, bill, 10000)
    with world.app.app_context(), write_transaction() as session:
        session.execute(delete(HouseholdChild).where(HouseholdChild.child_id == leo.id))
    assert "Payé en 2026 pour la garde 45,00 €" in page(claire, TAX)
    assert "Léo SOLIGNAC" in pdf(claire, f"{TAX}/{home.id}/pdf")


def test_vouchers_are_to_be_looked_at(claire, world, home, regie, bill):
    pay(world, regie, home, bill, 10000, method=PaymentMethod.CESU)
    assert "ôtez ce que votre employeur a financé" in page(claire, TAX)


def test_the_years_with_payments_are_offered(claire, world, home, regie, bill):
    assert "Aucune facture n’a encore été payée" in page(claire, "/factures/attestations")
    pay(world, regie, home, bill, 10000)
    said = page(claire, "/factures/attestations")
    assert "Année 2027" in said
    assert "Année 2026" in said


@pytest.mark.parametrize("year", [1999, 2028])
def test_a_year_that_cannot_be_is_not_found(claire, home, year):
    assert claire.get(f"/factures/attestations/fiscale/{year}").status_code == 404
    assert claire.get(f"/factures/attestations/fiscale/{year}/{home.id}/pdf").status_code == 404


def test_a_certificate_asks_as_much_whatever_its_bills(claire, world, home, regie, leo, evening, bill):
    pay(world, regie, home, bill, 10000)
    for month in range(1, 6):
        more = world.invoice(regie, home, date(2026, month, 1), [line(leo, evening, 1000)])
        pay(world, regie, home, more, 1000)
    with at_most(9):
        claire.get(TAX)


# --- The certificate of presence ------------------------------------------------------------------


@pytest.fixture
def there(world, home, leo):
    """Three marked days of December, one of them absent, one without hours, and one in January."""
    days = [date(2026, 12, 1), date(2026, 12, 3), date(2026, 12, 4), date(2027, 1, 5)]
    canteen = world.canteen(days)
    bookings = [world.booking(home, leo, opening, canteen.meal) for opening in canteen.openings]
    world.attendance(bookings[0], arrived_minute=510, left_minute=1035)
    world.attendance(bookings[1])
    world.attendance(bookings[2], AttendanceMark.ABSENT)
    world.attendance(bookings[3], arrived_minute=700)
    return f"/factures/attestations/presence/{leo.id}"


def test_marked_presences_are_certified_with_their_hours(claire, there):
    said = page(claire, there)
    assert "Du mardi 1er décembre 2026 au jeudi 31 décembre 2026 2 jours" in said
    assert "Heures notées : 8 h 45" in said
    assert "de 8 h 30 à 17 h 15" in said
    assert "1 présence notée sans les deux heures" in said
    paper = pdf(claire, claire.page.select_one("main section a.button")["href"])
    assert "la présence de Léo SOLIGNAC (date de naissance : 04/05/2021)" in paper
    assert "2 jours du mardi 1er décembre 2026 au jeudi 31 décembre 2026" in paper
    assert "de 8 h 30 à 17 h 15" in paper
    assert "vendredi 4 décembre" not in paper


def test_another_period_may_be_asked_for(claire, there):
    said = page(claire, f"{there}?du=2027-01-01&au=2027-01-31")
    assert "arrivée à 11 h 40" in said
    assert "1 jour" in said


def test_a_period_without_presence_says_so(claire, there):
    period = "?du=2026-07-01&au=2026-07-31"
    assert "Aucune présence n’a été notée" in page(claire, there + period)
    assert "Aucune présence de Léo" in pdf(claire, f"{there}/pdf{period}")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("du=2027-01-31&au=2027-01-01", "Le dernier jour vient avant le premier."),
        ("du=2025-01-01&au=2027-01-01", "Choisissez un an au plus"),
        ("du=&au=2027-01-01", "Indiquez le premier jour."),
    ],
)
def test_a_period_that_cannot_be_is_refused(claire, there, asked, sentence):
    assert claire.get(f"{there}?{asked}").status_code == 422
    assert sentence in words(claire.page.main)


def test_the_other_home_proves_its_own_days(client, world, leo, there):
    other = world.household("MARTIN")
    world.share(leo, other)
    client.sign_in(world.parent(other, "Karim"))
    assert "Aucune présence n’a été notée" in page(client, there)


@pytest.mark.parametrize("restricted", [True, False])
def test_a_child_whose_file_is_not_theirs_is_not_found(client, world, leo, there, restricted):
    other = world.household("MARTIN")
    if restricted:
        world.share(leo, other, is_restricted=True)
    client.sign_in(world.parent(other, "Karim"))
    for address in (there, f"{there}/pdf"):
        assert client.get(address).status_code == 404
