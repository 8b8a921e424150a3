"""What the accountant takes away is what the ledger holds, to the cent, and starts no formula (R47)."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from domain.enums import Channel, InvoiceKind, InvoiceState, PaymentMethod, PaymentState
from domain.errors import NotFound
from extensions import db
from models import HouseholdGuardian, Invoice, InvoiceLine, Payment, Refund
from services import accounting_exports, audit, credit_notes, deposit_slips
from services.accounting_exports import Table
from services.deposit_slips import Deposit
from services.family_exports import FileKind
from services.transaction import write_transaction
from tests import statements
from tests.services.test_payments import JANUARY, Desk

FIRST, LAST = date(2027, 1, 1), date(2027, 1, 31)


@pytest.fixture
def desk(world):
    """A family of one adult, with a régie that has its codes."""
    regie = world.regie(
        treasury_post="046009", collectivity_code="401", budget_code="00", accounting_article="7067"
    )
    desk = Desk(world, regie)
    world.guardian(desk.household, "Zoé")
    return desk


def taken(desk, table, kind=FileKind.CSV, today=None, first=FIRST, last=LAST):
    with desk.app.app_context():
        today = today or desk.world.now.date()
        return accounting_exports.download(table, kind, desk.regie.id, first, last, today)


def rows(desk, table, **asked):
    """The rows of a CSV, by title."""
    content = taken(desk, table, **asked).content
    assert content.startswith(b"\xef\xbb\xbf")
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=";"))


def cents(row, title):
    """The cents of an amount with its decimal comma; 0 for an empty cell."""
    written = row[title]
    assert not written or written[-3] == ","
    return int(Decimal(written.replace(",", ".") or "0") * 100)


def total(desk, column, *conditions):
    with desk.app.app_context():
        return db.session.scalar(select(func.coalesce(func.sum(column), 0)).where(*conditions))


@pytest.fixture
def busy(desk):
    """Bills, a credit note, money of each sort: received, taken back, sent back by the bank, given back."""
    desk.first, desk.second = desk.bill(4550), desk.bill(905)
    other = desk.world.household("MARTIN")
    desk.world.invoice(desk.regie, other, JANUARY, [{"label": "Garderie", "amount_cents": 1234}])
    desk.world.invoice(
        desk.regie, other, JANUARY, [{"label": "Brouillon", "amount_cents": 99}], InvoiceState.DRAFT
    )
    with desk.app.app_context():
        line = credit_line(desk)
        credit_notes.credit(desk.first, {line: 550}, "Repas en trop", desk.agent, desk.world.now)
    desk.receive(3000, method=PaymentMethod.CASH)
    desk.cancel(desk.receive(700))
    rich = desk.receive(2500)
    with desk.app.app_context(), write_transaction() as session:
        session.get_one(Payment, rich).refunded_cents = 100
        session.add(
            Refund(
                payment_id=rich,
                amount_cents=100,
                method=PaymentMethod.TRANSFER,
                refunded_on=desk.world.now.date(),
                reason="Trop versé",
                submission_key="refund",
                author_name="Agnès MARTIN",
                created_at=desk.world.now,
            )
        )
        audit.record(
            session,
            at=desk.world.now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="refund.created",
            object_type="refund",
            object_id=1,
        )
    with desk.app.app_context():
        day = desk.world.now.date()
        handed_over = Deposit(desk.regie.id, PaymentMethod.CHEQUE, [rich], day, "BV-7", "slip")
        deposit_slips.deposit(handed_over, desk.agent, desk.world.now)
    return desk


def credit_line(desk):
    return db.session.scalar(select(InvoiceLine.id).where(InvoiceLine.invoice_id == desk.first))


def test_bills_and_lines_add_up_to_the_ledger(busy):
    bills, lines = rows(busy, Table.BILLS), rows(busy, Table.LINES)
    issued = total(busy, Invoice.total_cents, Invoice.number.is_not(None))
    assert issued == 4550 + 905 + 1234 - 550
    assert sum(cents(row, "Montant TTC") for row in bills) == issued
    assert sum(cents(row, "Montant HT (MtHT)") for row in bills) == issued
    assert sum(cents(row, "Montant TTC") for row in lines) == issued
    assert sum(cents(row, "Réglé") for row in bills) == total(busy, Invoice.settled_cents)
    left = sum(cents(row, "Reste à régler") for row in bills)
    assert left == 4550 + 905 + 1234 - 550 - total(busy, Invoice.settled_cents)
    assert len({row["N° de dette (NumDette)"] for row in bills}) == len(bills) == 4
    (note,) = [row for row in bills if row["Nature"] == "Avoir"]
    assert note["Montant TTC"] == "-5,50"
    assert note["Facture corrigée"] == "RP-2027-000001"


def test_a_workbook_holds_both_tables_as_numbers(busy):
    book = CalamineWorkbook.from_filelike(io.BytesIO(taken(busy, Table.BILLS, FileKind.XLSX).content))
    assert book.sheet_names == ["Factures", "Lignes"]
    titles, *bills = book.get_sheet_by_name("Factures").to_python()
    amounts = [row[titles.index("Montant TTC")] for row in bills]
    assert sum(Decimal(str(amount)) for amount in amounts) == Decimal("61.39")
    assert [row[titles.index("N° de dette (NumDette)")] for row in bills][0].startswith("2027")


def test_the_journal_adds_up_to_the_money_of_the_regie(busy):
    journal, totals = rows(busy, Table.JOURNAL), rows(busy, Table.TOTALS)
    valid = total(busy, Payment.amount_cents, Payment.state == PaymentState.VALID)
    assert sum(cents(row, "Encaissé") for row in journal) == valid == 5500
    assert sum(cents(row, "Remboursé") for row in journal) == 100
    assert [row["Versé"] for row in journal if row["Mouvement"] == "Bordereau 2027-1"] == ["25,00"]
    assert (cents(totals[-1], "Encaissé"), cents(totals[-1], "Remboursé")) == (5500, 100)
    assert sum(cents(row, "Encaissé") for row in totals[:-1]) == 5500
    moves = [(row["Mouvement"], row["Encaissé"]) for row in journal]
    assert ("Règlement", "7,00") in moves
    assert ("Règlement annulé", "-7,00") in moves
    assert rows(busy, Table.JOURNAL, first=date(2026, 1, 1), last=date(2026, 12, 31)) == []


def test_a_payment_taken_back_later_is_an_entry_of_that_day(desk):
    payment_id = desk.receive(1000, received_on=date(2026, 12, 30))
    desk.cancel(payment_id)
    december = rows(desk, Table.JOURNAL, first=date(2026, 12, 1), last=date(2026, 12, 31))
    assert [row["Encaissé"] for row in december] == ["10,00"]
    assert [row["Encaissé"] for row in rows(desk, Table.JOURNAL)] == ["-10,00"]


def test_late_debtors_are_those_who_owe_after_the_day(busy):
    due = busy.world.now.date() + timedelta(days=busy.regie.due_days)
    assert rows(busy, Table.DEBTORS, today=due) == []
    late = rows(busy, Table.DEBTORS, today=due + timedelta(days=1))
    assert [(row["Foyer"], row["Reste à régler (MtHT)"], row["À titrer"][:9]) for row in late] == [
        ("MARTIN", "12,34", "à cumuler")
    ]


def test_the_fields_of_the_official_file_are_there(desk):
    desk.bill(4550)
    (row,) = rows(desk, Table.BILLS)
    assert row["Code collectivité (CodCol)"] == "401"
    assert row["Article comptable"] == "7067"
    assert (row["Nom (Nom)"], row["Prénom (Prenom)"]) == ("SOLIGNAC", "ZOE")
    assert row["Adresse 1 (Adr1)"] == desk.household.address.upper()
    assert row["Code postal (CP)"] == desk.household.postcode
    assert row["N° de dette (NumDette)"] == f"2027{desk.regie.id:03}000001"


def test_the_debtor_is_the_first_legal_guardian(world, desk):
    world.join(desk.household, world.guardian(world.household("AUTRE"), "Paul"), position=0)
    with world.app.app_context(), write_transaction() as session:
        for link in session.scalars(select(HouseholdGuardian)):
            link.is_legal_guardian = link.household_id == desk.household.id and link.position > 0
    desk.bill(100)
    assert rows(desk, Table.BILLS)[0]["Prénom (Prenom)"] == "ZOE"


def test_nothing_that_was_typed_starts_a_formula(desk):
    desk.world.invoice(desk.regie, desk.household, JANUARY, [{"label": "=1+1", "amount_cents": 100}])
    desk.receive(50, reference="@SUM(A1)")
    for table in Table:
        for row in rows(desk, table):
            assert not any(cell.startswith(("=", "+", "@")) for cell in row.values())


def test_another_regie_and_other_days_stay_out(desk):
    desk.bill(100)
    elsewhere = desk.world.regie("Autre régie")
    desk.world.invoice(elsewhere, desk.household, JANUARY, [{"label": "Repas", "amount_cents": 7}])
    assert [row["Montant TTC"] for row in rows(desk, Table.BILLS)] == ["1,00"]
    assert rows(desk, Table.BILLS, first=date(2026, 1, 1), last=date(2027, 1, 11)) == []
    with desk.app.app_context(), pytest.raises(NotFound):
        accounting_exports.download(Table.BILLS, FileKind.CSV, 999, FIRST, LAST, LAST)


def test_what_is_read_does_not_grow_with_the_bills(desk):
    for number in range(5):
        home = desk.world.household(f"FOYER {number}")
        desk.world.invoice(desk.regie, home, JANUARY, [{"label": "Repas", "amount_cents": 100}])
    with statements.at_most(6):
        taken(desk, Table.BILLS, FileKind.XLSX)


def test_the_two_kinds_of_bills_are_told_apart(busy):
    kinds = {row["Nature"] for row in rows(busy, Table.BILLS)}
    assert kinds == {"Facture", "Avoir"}
    assert total(busy, Invoice.total_cents, Invoice.kind == InvoiceKind.CREDIT_NOTE) == -550
