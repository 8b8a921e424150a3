"""Real price tables of French communes: their faults are reported, their worked examples are run as data
(R13, R40).
"""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from domain.enums import Residency
from domain.pricing import PriceUnknown, PricingFacts, check_table, quote, table_from_data
from tests.domain.helpers import plain

CASES = yaml.safe_load((Path(__file__).parent / "reglements" / "pricing.yaml").read_text(encoding="utf-8"))
EXAMPLES = [
    pytest.param(case, example, id=f"{case['id']}-{number}")
    for case in CASES
    for number, example in enumerate(case["worked_examples"], start=1)
]
DAY = date(2026, 1, 15)


def price_of(data, quotient, resident=True):
    facts = PricingFacts(
        None if quotient is None else Decimal(str(quotient)),
        Residency.RESIDENT if resident else Residency.NON_RESIDENT,
    )
    return quote(table_from_data(data), facts, DAY).cents


def test_every_example_is_run():
    assert [case["id"] for case in CASES] == ["B-champcevinel", "B-groix", "B-nalliers", "B-roncq"]
    assert len(EXAMPLES) >= 17


@pytest.mark.parametrize(("case", "example"), EXAMPLES)
def test_worked_example(case, example):
    given = example["given"]
    expected = int(Decimal(str(example["expect"]["price"])) * 100)
    assert price_of(case["used"], given["qf"], given.get("resident", True)) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_faults_of_the_published_table_are_reported_and_the_table_in_use_has_none(case):
    faults = [plain(fault) for fault in check_table(table_from_data(case["printed"]))]
    for words in case["printed_faults"]:
        assert any(words in fault for fault in faults), (words, faults)
    assert check_table(table_from_data(case["used"])) == []


@pytest.mark.parametrize(
    ("case_id", "quotient", "resident"),
    [
        ("B-champcevinel", "622.40", True),
        ("B-nalliers", "2000", True),
        ("B-roncq", "1900", True),
        ("B-roncq", "830", False),
    ],
)
def test_a_quotient_in_no_published_bracket_is_an_error_not_a_price(case_id, quotient, resident):
    (case,) = [case for case in CASES if case["id"] == case_id]
    with pytest.raises(PriceUnknown):
        price_of(case["printed"], quotient, resident)
    assert price_of(case["used"], quotient, resident) > 0
