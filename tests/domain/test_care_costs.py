"""What was paid for the care of young children, to the cent (R44)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.care_costs import BilledLine, apportion, care_shares, is_young

LEO, MARIE = 1, 2


def shares(paid, *lines, young=(LEO, MARIE)) -> dict[int, int]:
    found = care_shares(paid, [BilledLine(*line) for line in lines], young)
    return {child_id: share.cents for child_id, share in found.items()}


@pytest.mark.parametrize(
    ("born", "counts"),
    [
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), False),  # six years old on the day itself
        (date(2020, 1, 2), True),
        (date(2026, 8, 1), True),  # born in the tax year
    ],
)
def test_a_child_counts_while_it_is_under_six_on_the_first_of_january(born, counts):
    assert is_young(born, 2026) is counts


def test_a_bill_paid_in_full_counts_its_care_alone():
    assert shares(10000, (LEO, True, 4500), (LEO, False, 5500)) == {LEO: 4500}


def test_a_partial_payment_pays_every_line_in_the_same_proportion():
    """4 500 × 3 333 / 10 000 = 1 499,85: fifteen euros, and the meals the rest."""
    assert shares(3333, (LEO, True, 4500), (LEO, False, 5500)) == {LEO: 1500}


def test_each_child_has_its_own_and_an_older_one_none():
    lines = ((LEO, True, 4500), (MARIE, True, 2000), (None, False, 500))
    assert shares(7000, *lines) == {LEO: 4500, MARIE: 2000}
    assert shares(7000, *lines, young=[MARIE]) == {MARIE: 2000}


def test_a_reduction_of_the_whole_bill_lowers_care_and_meals_alike():
    """−15,00 over 50,00 of care and 100,00 of meals: −5,00 and −10,00."""
    assert shares(13500, (LEO, True, 5000), (LEO, False, 10000), (None, None, -1500)) == {LEO: 4500}


def test_a_reduction_of_a_child_lowers_its_own_lines():
    lines = ((LEO, True, 5000), (MARIE, True, 5000), (LEO, None, -1000))
    assert shares(9000, *lines) == {LEO: 4000, MARIE: 5000}


def test_a_credit_note_is_taken_off():
    assert shares(2500, (LEO, True, 4500), (LEO, True, -2000)) == {LEO: 2500}


def test_what_is_credited_in_full_counts_for_nothing():
    assert shares(3000, (LEO, True, 4500), (LEO, True, -4500), (LEO, False, 3000)) == {}


@pytest.mark.parametrize("paid", [0, -100])
def test_nothing_paid_is_nothing_to_certify(paid):
    assert shares(paid, (LEO, True, 4500)) == {}


def test_a_bill_of_nothing_certifies_nothing():
    assert shares(100, (LEO, True, 500), (LEO, None, -500)) == {}


def test_a_reduction_without_a_line_to_lower_is_no_care():
    assert shares(900, (LEO, True, 1000), (MARIE, None, -100)) == {LEO: 900}


def test_the_sentence_says_the_arithmetic():
    lines = [BilledLine(LEO, True, 4500), BilledLine(LEO, False, 5500)]
    whole, part = (care_shares(paid, lines, [LEO])[LEO] for paid in (10000, 3333))
    assert whole.sentence.replace("\xa0", " ") == "Facture payée en entier : 45,00 € de garde sur 100,00 €."
    assert part.sentence.replace("\xa0", " ") == (
        "33,33 € payés dans l’année sur 100,00 €, dont 45,00 € de garde : la garde en a la même part, "
        "45,00 € × 33,33 € / 100,00 € = 15,00 €."
    )


WEIGHTS = st.dictionaries(st.integers(), st.integers(0, 10**6), min_size=1, max_size=8)


@given(st.integers(-(10**7), 10**7), WEIGHTS.filter(lambda weights: sum(weights.values())))
def test_the_parts_are_the_whole_each_within_a_cent(cents, weights):
    parts, total = apportion(cents, weights), sum(weights.values())
    assert sum(parts.values()) == cents
    for key, part in parts.items():
        assert abs(part * total - cents * weights[key]) < total


LINE = st.builds(
    BilledLine,
    st.sampled_from([LEO, MARIE, None]),
    st.sampled_from([True, False, None]),
    st.integers(-3000, 9000),
)


@given(st.lists(LINE, max_size=12), st.integers(0, 50000), st.booleans())
def test_never_more_than_what_was_paid_or_billed(lines, paid, in_full):
    total = sum(line.cents for line in lines)
    paid = max(total, 0) if in_full else min(paid, max(total, 0))
    found = care_shares(paid, lines, [LEO, MARIE])
    assert sum(share.cents for share in found.values()) <= paid
    for share in found.values():
        assert 0 < share.cents <= share.paid_cents
        assert share.billed_cents <= share.total_cents
