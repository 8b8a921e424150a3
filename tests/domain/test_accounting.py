"""The fields that the Treasury wants, from what families and the service typed (R47)."""

from dataclasses import replace
from datetime import date

import pytest

from domain.accounting import (
    AccountBill,
    AccountLine,
    Codes,
    Debtor,
    address_lines,
    bill_object,
    by_debtor,
    debt_number,
    lacks,
    line_object,
    titled,
)
from domain.enums import InvoiceKind, InvoiceState

CODES = Codes(1, "Régie périscolaire", "046009", "401", "00", "7067")
DEBTOR = Debtor(5, 12, "SOLIGNAC", "Zoé", "SOLIGNAC-LŒUIL", "Mère", "12 rue de l’Île", "46000", "Cahors")
LINE = AccountLine(
    9, 1, "Léo", 3, "Cantine", "CANT", date(2027, 1, 12), "Cantine, repas enfant, mardi 12 janvier", 320
)
BILL = AccountBill(
    9,
    InvoiceKind.INVOICE,
    InvoiceState.UNSETTLED,
    2027,
    123,
    "CANT-2027-000123",
    "",
    date(2027, 1, 1),
    date(2027, 2, 2),
    date(2027, 3, 4),
    "Zoé SOLIGNAC-LŒUIL",
    320,
    0,
    0,
    DEBTOR,
    (LINE,),
)


def test_an_address_is_cut_between_words_into_lines_of_38_signs():
    assert address_lines("12 bis, rue de l’Église Sainte-Œuvre du Haut-Quercy\nBât. B") == (
        "12 BIS RUE DE L EGLISE SAINTE OEUVRE",
        "DU HAUT QUERCY",
        "BAT B",
    )
    assert address_lines("") == ()
    assert all(len(line) <= 38 for line in address_lines("rue " * 40))


@pytest.mark.parametrize(
    ("relationship", "civility"),
    [("Mère", "MME"), ("Beau-père", "M"), ("Grand-mère", "MME"), ("Assistante familiale", ""), ("", "")],
)
def test_the_civility_is_told_by_the_link_or_not_at_all(relationship, civility):
    assert replace(DEBTOR, relationship=relationship).civility == civility


def test_a_debt_has_one_number_of_thirteen_digits():
    assert debt_number(7, 2027, 123) == "2027007000123"
    numbers = {debt_number(regie, year, 1) for regie in (1, 11) for year in (2026, 2027)}
    assert len(numbers) == 4


def test_objects_fit_and_are_written_in_capitals():
    assert bill_object(BILL, CODES.name) == "REGIE PERISCOLAIRE JANVIER 2027 FACTURE CANT 2027 000123"
    credit = replace(BILL, kind=InvoiceKind.CREDIT_NOTE, corrects="CANT-2027-000123")
    assert "AVOIR SUR CANT 2027 000123" in bill_object(credit, CODES.name)
    assert line_object(LINE) == "LEO CANTINE REPAS ENFANT MARDI 12 JANVIER"
    assert len(line_object(replace(LINE, label="repas du jour " * 30))) <= 160


def test_small_debts_are_added_up_before_they_are_titled():
    bills = [replace(BILL, total_cents=1000), replace(BILL, total_cents=499)]
    assert by_debtor(bills) == {5: 1499}
    assert titled(1499).startswith("à cumuler")
    assert titled(1500) == "oui"


def test_nothing_lacks_when_everything_is_known():
    assert lacks(CODES, [BILL]) == ()


@pytest.mark.parametrize(
    ("debtor", "said"),
    [
        ({"postcode": "4600"}, "code postal"),
        ({"postcode": ""}, "code postal"),
        ({"town": ""}, "ville"),
        ({"address": ""}, "adresse"),
        ({"address": "avenue du Général de Gaulle " * 6}, "trop longue"),
        ({"address": "X" * 39}, "trop longue"),
        ({"relationship": ""}, "civilité"),
        ({"last_name": ""}, "responsable légal"),
    ],
)
def test_what_lacks_of_a_family_is_said_once_with_its_file(debtor, said):
    bill = replace(BILL, debtor=replace(DEBTOR, **debtor))
    (lack,) = lacks(CODES, [bill, bill])
    assert said in lack.sentence
    assert lack.household_id == 5


def test_what_lacks_of_the_accounts_is_said_with_its_page():
    codes = Codes(1, "Régie", "", "", "", "")
    bill = replace(BILL, lines=(replace(LINE, product_code=""),))
    found = lacks(codes, [bill])
    assert [one.regie_id for one in found] == [1, 1, 1, 1, None]
    assert found[-1].activity_id == 3


def test_what_the_official_file_does_not_take_is_counted():
    reduced = replace(BILL, lines=(LINE, replace(LINE, cents=-320)), total_cents=0)
    said = " ".join(one.sentence for one in lacks(CODES, [reduced]))
    assert "1\xa0facture à zéro euro" in said
    assert "1\xa0facture a une ligne en moins" in said
