"""A month worked by hand: the bills of january.bills.yaml, line by line, to the cent (R40, R41, R43)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

import rulebook_cli
from domain.billing import Account, Day, InForce, month_bill
from domain.enums import FindingKind, InvoiceLineKind

HERE = Path(__file__).parent
MONTH, TODAY = date(2027, 1, 1), date(2027, 2, 1)
FAMILIES = yaml.safe_load((HERE / "january.bills.yaml").read_text(encoding="utf-8"))


def day_of(family, in_force, child, number, facts=None, **more):
    children = sorted({one["enfant"] for one in family["jours"]})
    day, name = MONTH.replace(day=number), family["activite"]
    booking = number + 100 * children.index(child)
    values = {"booking_id": booking, "in_force": in_force, "facts": facts or {}} | more
    return Day(1 + children.index(child), child, 1, name, "Cantine", "Repas", day, **values)


def fact(value):
    """A number, a word, or nothing known, as the data file writes it."""
    if isinstance(value, str):
        return None if value == "inconnu" else value
    return Decimal(str(value))


def cents(euros):
    return int(Decimal(str(euros)) * 100)


def account(family):
    path = HERE / f"{family['reglement']}.reglement.yaml"
    in_force = InForce(1, "Règlement, en vigueur.", rulebook_cli.require_rulebook(path))
    days = [
        day_of(
            family,
            in_force,
            one["enfant"],
            number,
            {name: fact(value) for name, value in one["faits"].items()},
        )
        for one in family["jours"]
        for number in one["le"]
    ]
    told = [
        day_of(
            family,
            in_force,
            one["enfant"],
            one["le"],
            told_cents=cents(one["du"]),
            why=(one["pourquoi"],),
        )
        for one in family.get("absences", ())
    ]
    return Account(1, 1, [*days, *told])


@pytest.mark.parametrize("family", FAMILIES, ids=[one["famille"] for one in FAMILIES])
def test_the_month_by_hand(family):
    bill = month_bill(account(family), MONTH, TODAY)
    children = sorted({one["enfant"] for one in family["jours"]})
    expected = sorted(
        (
            1 + children.index(line["enfant"]),
            number,
            cents(line["montant"]),
            InvoiceLineKind.ABSENCE if "absence" in line else InvoiceLineKind.PRESENCE,
        )
        for line in family["lignes"]
        for number in line["le"]
    )
    assert [(one.child_id, one.day.day, one.amount_cents, one.kind) for one in bill.charges] == expected
    assert bill.total_cents == cents(family["total"])
    kinds = [FindingKind.QUOTIENT] if "sans_quotient" in family else []
    assert [one.kind for one in bill.findings] == kinds
