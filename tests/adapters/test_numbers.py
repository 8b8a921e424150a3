"""Telephone numbers and IBANs as people type them."""

import pytest

from adapters import numbers


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("0612345678", "06 12 34 56 78"),
        ("+33 6 12.34.56.78", "06 12 34 56 78"),
        ("0590 12 34 56", "0590 12 34 56"),
        ("+32470123456", "+32 470 12 34 56"),
        ("06 12", None),
        ("mon numéro", None),
    ],
)
def test_phone(typed, written):
    assert numbers.phone(typed) == written


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("fr76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189"),
        ("BE71 0961 2345 6769", "BE71096123456769"),
        ("FR76 3000 6000 0112 3456 7890 188", None),
        ("FR76 3000 6000 0112 3456 7890", None),
        ("12 rue Nationale", None),
        ("", None),
    ],
)
def test_iban(typed, written):
    assert numbers.iban(typed) == written
