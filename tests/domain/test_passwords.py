"""What a password may be, and the provisional code (S21, S23)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.passwords import (
    PROVISIONAL_ALPHABET,
    PROVISIONAL_BYTES,
    check_password,
    make_provisional,
    normalise_provisional,
)
from tests.domain.helpers import plain

COMMON = frozenset({"motdepasse1234", "azertyuiopqsd"})
CONTEXT = ["Cahors", "Léo", "Jean-Baptiste", "", "de"]


def faults(password, context=CONTEXT, common=COMMON):
    return [plain(fault) for fault in check_password(password, context, common)]


@pytest.mark.parametrize(
    "password",
    [
        "quatre mots sans lien",
        "quatremotssanslien",
        "abcde-abcde-a",  # five letters and a dash
        "abcdeabcdeab",
        "cantine2026abcd",
        "4871 2093 5566 7810",
        "leopard-fenetre-abricot",  # a short name inside a longer word
        "la cantine du renard bleu",  # a guessable word among others
        "ÀÉÎÕÜàéîõü12",
        "abricot-fenêtre-" * 8,
        "x9" + "fenêtre abricot " * 15,
    ],
)
def test_a_long_enough_password_is_accepted_whatever_its_characters(password):
    assert faults(password) == []


@pytest.mark.parametrize(
    ("length", "words"), [(11, "ajoutez encore 1 caractère."), (3, "ajoutez encore 9 caractères.")]
)
def test_too_short(length, words):
    (fault,) = faults("fenêtre-abr"[:length])
    assert fault == f"Choisissez au moins 12 caractères : {words}"


def test_lengths_at_the_bounds():
    long = "fenêtre-abricot-" * 16
    assert len(long) == 256
    assert faults(long) == []
    assert faults(long + "x") == ["Choisissez au plus 256 caractères."]
    assert faults("fenêtre-abri") == []


@pytest.mark.parametrize("common", [COMMON, COMMON.__contains__])
def test_the_most_used_ones_are_refused_in_any_case(common):
    assert faults("MotDePasse1234", common=common) == [
        "Ce mot de passe est l’un des plus utilisés. Choisissez-en un autre."
    ]


@pytest.mark.parametrize(
    "password",
    [
        "cantine2026-2027",
        "Cantine-2026!!",
        "école.mairie.46",
        "portailfamille1",
        "aaaaaaaaaaaa",
        "abababababab",
        "abcdabcdabcd",
        *(f"{word}-20262027-" for word in (
            "periscolaire", "motdepasse", "password", "garderie", "cantine", "famille", "portail", "commune",
            "bonjour", "enfants", "mairie", "enfant", "azerty", "qwerty", "ecole", "ville", "alsh",
        )),
        "cantine2026abc",
    ],
)  # fmt: skip
def test_what_everybody_would_think_of_is_refused(password):
    assert faults(password, context=[]) == [
        "Ce mot de passe est trop facile à deviner. Choisissez plusieurs mots sans rapport entre eux."
    ]


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("vive-CAHORS-en-ete", "Cahors"),
        ("c-a-h-o-r-s-printemps", "Cahors"),
        ("leo-fenetre-2019", "Léo"),
        ("2019LÉO2019fenetre", "Léo"),
        ("jeanbaptiste-fenetre", "Jean-Baptiste"),
    ],
)
def test_names_that_others_know_are_refused(password, word):
    assert faults(password) == [
        f"Ne mettez pas « {word} » dans le mot de passe : d’autres personnes y penseraient."
    ]


def test_the_provisional_alphabet_has_32_symbols_and_none_that_is_mistaken():
    assert len(set(PROVISIONAL_ALPHABET)) == 32
    assert not set("ilou") & set(PROVISIONAL_ALPHABET)


@given(st.binary(min_size=PROVISIONAL_BYTES, max_size=PROVISIONAL_BYTES))
def test_a_provisional_code_is_recognised_however_it_is_typed(data):
    code = make_provisional(data)
    assert re.fullmatch(rf"([{PROVISIONAL_ALPHABET}]{{4}}-){{3}}[{PROVISIONAL_ALPHABET}]{{4}}", code)
    for typed in (
        code,
        code.upper(),
        code.replace("-", ""),
        f" {code.replace('-', ' ')}\n",
        code.replace("0", "o"),
    ):
        assert normalise_provisional(typed) == code


@given(st.binary(min_size=PROVISIONAL_BYTES, max_size=PROVISIONAL_BYTES))
def test_the_80_random_bits_all_count(data):
    other = bytes([data[0] ^ 128]) + data[1:-1] + bytes([data[-1] ^ 1])
    assert make_provisional(data)[0] != make_provisional(other)[0]
    assert make_provisional(data)[-1] != make_provisional(other)[-1]


@pytest.mark.parametrize(
    "text", ["", "k7mp-x3hd-9wqt", "k7mp-x3hd-9wqt-fz2v2", "quatre mots sans lien", "k7mp-x3hd-9wqt-fz2u"]
)
def test_what_is_no_provisional_code(text):
    assert normalise_provisional(text) is None


def test_too_few_random_bytes_are_a_bug():
    with pytest.raises(ValueError, match="10 bytes"):
        make_provisional(b"123456789")
