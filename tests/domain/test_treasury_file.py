"""Each line of a file of the Treasury is accepted or rejected with its reason (R47, S111)."""

from datetime import date

import pytest

from domain.enums import InvoiceKind, InvoiceState
from domain.errors import Refused
from domain.treasury_file import Billed, Line, cents_of, judge, read

TODAY = date(2027, 1, 12)
ISSUED = date(2027, 1, 4)


def billed(state=InvoiceState.UNSETTLED, left=4320, **changes):
    values = {
        "invoice_id": 1,
        "household_id": 1,
        "kind": InvoiceKind.INVOICE,
        "state": state,
        "issue_day": ISSUED,
        "settled_on": None,
        "left_cents": left,
        "online_cents": 0,
    }
    return Billed(**values | changes)


def sentence(bill, amount="43,20", day="12/01/2027", reference="RP-2027-000001"):
    (verdict,) = judge([Line(2, reference, amount, day)], {"RP-2027-000001": bill}, TODAY)
    return verdict.is_accepted, verdict.sentence.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("bill", "typed", "accepted", "said"),
    [
        (billed(), {}, True, "Solde la facture."),
        (billed(), {"reference": " rp-2027-000001 "}, True, "Solde la facture."),
        (billed(), {"amount": "33,20"}, True, "Paie une partie : il restera 10,00 €."),
        (billed(InvoiceState.PAYING), {}, True, "Solde la facture."),
        (
            billed(InvoiceState.PAID_ONLINE, 0, online_cents=4320),
            {},
            True,
            "Confirme le paiement en ligne.",
        ),
        (
            billed(InvoiceState.PAID_ONLINE, 0, online_cents=4000),
            {},
            False,
            "Le montant diffère : 40,00 € ont été payés en ligne.",
        ),
        (billed(), {"reference": "RP-2027-000099"}, False, "Aucune facture n’a cette référence."),
        (billed(), {"reference": ""}, False, "Indiquez la référence de la facture."),
        (
            billed(),
            {"amount": "-3"},
            False,
            "Indiquez un montant en euros, par exemple 43,20 : « -3 » ne se lit pas.",
        ),
        (billed(), {"amount": "0"}, False, "Indiquez un montant supérieur à zéro."),
        (
            billed(),
            {"day": "31/02/2027"},
            False,
            "Indiquez la date, par exemple 15/03/2027 : « 31/02/2027 » ne se lit pas.",
        ),
        (billed(), {"day": "13/01/2027"}, False, "Cette date n’est pas encore passée."),
        (billed(), {"day": "03/01/2027"}, False, "Cette date précède la facture, émise le 04/01/2027."),
        (billed(), {"amount": "43,21"}, False, "Le montant dépasse ce qui reste à régler, 43,20 €."),
        (
            billed(InvoiceState.SETTLED, 0, settled_on=date(2027, 1, 8)),
            {},
            False,
            "Cette facture est déjà soldée le 08/01/2027.",
        ),
        (
            billed(InvoiceState.PARTIAL, 3000, confirmed={(1320, TODAY)}),
            {"amount": "13,20"},
            False,
            "Ce montant est déjà confirmé à cette date pour cette facture.",
        ),
        (billed(InvoiceState.CANCELLED), {}, False, "Un avoir a annulé cette facture : elle n’est plus due."),
        (
            billed(InvoiceState.SETTLED, kind=InvoiceKind.CREDIT_NOTE),
            {},
            False,
            "Cette référence est celle d’un avoir : il ne se règle pas.",
        ),
    ],
)
def test_a_line_is_accepted_or_rejected_with_its_reason(bill, typed, accepted, said):
    assert sentence(bill, **typed) == (accepted, said)


def test_a_line_sees_what_those_before_it_settle():
    typed = {2: ("20", "11"), 3: ("20", "11"), 4: ("24", "12"), 5: ("23,20", "12"), 6: ("1", "12")}
    lines = [Line(row, "RP-2027-000001", cents, f"{day}/01/2027") for row, (cents, day) in typed.items()]
    verdicts = judge(lines, {"RP-2027-000001": billed()}, TODAY)
    assert [one.is_accepted for one in verdicts] == [True, False, False, True, False]
    assert verdicts[1].sentence == "Cette ligne répète la ligne 2."
    assert "23,20" in verdicts[2].sentence
    assert "déjà soldée" in verdicts[4].sentence
    assert sum(one.cents for one in verdicts if one.is_accepted) == 4320


def test_the_columns_have_any_order_and_company():
    rows = [
        ["Date", "Foyer", "RÉFÉRENCE", "montant"],
        ["12/01/2027", "SOLIGNAC", "A-1", "3"],
        ["", "", "", ""],
    ]
    assert read(rows) == [Line(2, "A-1", "3", "12/01/2027", ("SOLIGNAC",))]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "treasury_columns"),
        ([["Référence", "Montant"], ["A-1", "3"]], "treasury_columns"),
        ([["Référence", "Montant", "Date", "Date"], ["A-1", "3", "", ""]], "treasury_columns"),
        ([["Référence", "Montant", "Date"], ["", "", ""]], "treasury_empty"),
        ([["Référence", "Montant", "Date"], *[["A-1", "3", "12/01/2027"]] * 5001], "treasury_too_long"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(rows, code):
    with pytest.raises(Refused) as refusal:
        read(rows)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("43,20", 4320),
        ("43.2", 4320),
        ("1\u202f234,50\u00a0€", 123450),
        ("7", 700),
        ("", None),
        ("43,205", None),
        ("=1+1", None),
        ("12345678", None),
    ],
)
def test_amounts_are_read_as_people_write_them(text, cents):
    assert cents_of(text) == cents
