"""References that are read aloud and typed back (S103)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.references import REFERENCE_BYTES, make_reference, normalise_reference

random_bytes = st.binary(min_size=REFERENCE_BYTES, max_size=REFERENCE_BYTES)


@given(random_bytes)
def test_a_reference_has_its_shape_and_no_letter_that_looks_like_a_figure(data):
    assert re.fullmatch(r"R-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", make_reference(data))


@given(random_bytes, random_bytes)
def test_other_bytes_other_reference(some, others):
    assert (make_reference(some) == make_reference(others)) is (some == others)


@given(random_bytes)
def test_a_reference_is_found_however_it_is_typed(data):
    reference = make_reference(data)
    typed = [
        reference.lower(),
        reference.replace("-", ""),
        reference.replace("-", " "),
        f"  {reference[2:]} ",
        reference.replace("0", "O").replace("1", "l"),
        reference.replace("-", "\u2011"),
    ]
    assert {normalise_reference(text) for text in typed} == {reference}


@pytest.mark.parametrize("text", ["", "R-7K3M", "R-7K3M-2QWDX", "X-7K3M-2QWD", "R-7K3M-2QW!", "bonjour"])
def test_what_is_no_reference(text):
    assert normalise_reference(text) is None


def test_more_random_bytes_make_no_longer_reference():
    assert make_reference(b"12345678") == make_reference(b"12345")


def test_too_few_random_bytes_are_a_bug():
    with pytest.raises(ValueError, match="5 bytes"):
        make_reference(b"1234")
