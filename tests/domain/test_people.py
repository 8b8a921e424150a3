"""Addresses, names, marks and ages of people (S05, S20, S80, R03)."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.people import age, child_marks, fold, normalise_email


@pytest.mark.parametrize(
    "text", ["  Élise.Martin@Example.FR ", "élise.martin@example.fr", "ÉLISE.MARTIN@EXAMPLE.FR\t"]
)
def test_one_person_one_address(text):
    assert normalise_email(text) == "élise.martin@example.fr"
    assert normalise_email(unicodedata.normalize("NFD", text)) == "élise.martin@example.fr"


@given(st.text())
def test_a_normalised_address_stays_as_it_is(text):
    assert normalise_email(normalise_email(text)) == normalise_email(text)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("benoit", "BENOÎT"),
        ("jean pierre", "Jean-Pierre"),
        ("d'angelo", "D’Angelo"),
        ("d angelo", "d‘Angelo"),
        ("coeur", "Cœur"),
        ("laetitia", "Lætitia"),
        ("soren", "Søren"),
        ("lukasz", "Łukasz"),
        ("l'haridon", "L\u02bcHaridon"),
        ("noel", "Noe\u0308l"),
        ("  saint   gery ", "Saint‑Géry"),
        ("strasse", "Straße"),
    ],
)
def test_search_forgives_accents_case_hyphens_and_apostrophes(typed, stored):
    assert fold(typed) == fold(stored)


def test_search_still_tells_names_apart():
    assert fold("Martin") != fold("Marin")


def initials(*names):
    children = [(number, *name.split(" ", 1)) for number, name in enumerate(names)]
    return [mark.initials for mark in child_marks(children).values()]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Manon Roy", "Léo Roy"], ["M", "L"]),
        (["léo Roy", "Lina Roy", "Manon Roy"], ["Lé", "Li", "M"]),
        (["Léa Roy", "Léo Roy"], ["La", "Lo"]),
        (["Élise Roy", "Emma Roy"], ["Él", "Em"]),
        (["Emma Roy", "Emma Blanc"], ["ER", "EB"]),
        (["Jo Roy", "Joan Roy"], ["JR", "Jo"]),
        (["Ève R", "Ève R", "Ève R"], ["ÈR", "Èv", "Èe"]),
        (["A A", "A A", "A A"], ["AA", "A1", "A2"]),
    ],
)
def test_children_of_one_initial_get_two_letters_that_differ(names, expected):
    assert initials(*names) == expected


def test_a_child_without_a_first_name_still_has_a_mark():
    marks = child_marks([(1, "", "Roy"), (2, " - ", "'")])
    assert [mark.initials for mark in marks.values()] == ["R", "?"]


names = st.text("abcçdeéèêëiîïloôuùûüzABCÉÎIı-’ ", max_size=6)


@given(st.lists(st.tuples(names, names), max_size=12))
def test_marks_are_short_unique_and_coloured_by_order(people):
    children = [(number, first, last + "x") for number, (first, last) in enumerate(people)]
    marks = child_marks(children)
    assert list(marks) == [number for number, _, _ in children]
    assert len({fold(mark.initials) for mark in marks.values()}) == len(children)
    assert [mark.colour for mark in marks.values()] == [number % 6 + 1 for number in range(len(children))]


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        (date(2019, 9, 1), date(2026, 8, 31), 6),
        (date(2019, 9, 1), date(2026, 9, 1), 7),
        (date(2020, 2, 29), date(2027, 2, 28), 6),
        (date(2020, 2, 29), date(2027, 3, 1), 7),
        (date(2020, 2, 29), date(2028, 2, 29), 8),
        (date(2026, 9, 1), date(2026, 9, 1), 0),
    ],
)
def test_age(birth, day, years):
    assert age(birth, day) == years
