"""The town's settings: what rows make of them, and how they are said (S02, S03, S19)."""

import pytest

from domain.french import NBSP as N
from domain.settings import (
    FIRST_ADMINISTRATOR,
    SETTING_KEYS,
    TownSettings,
    phone_href,
    settings_from_rows,
    tie_hours,
)


@pytest.mark.parametrize(
    ("phone", "address"),
    [
        ("05 65 20 87 00", "tel:+33565208700"),
        ("+33 5 65 20 87 00", "tel:+33565208700"),
        ("3949", "tel:3949"),
        ("", "tel:"),
    ],
)
def test_the_address_of_a_telephone(phone, address):
    assert phone_href(phone) == address
    assert TownSettings(phone=phone).phone_href == address


@pytest.mark.parametrize(
    ("text", "tied"),
    [
        ("17 h 30", f"17{N}h{N}30"),
        ("8 h", f"8{N}h"),
        ("8H 30", f"8H{N}30"),
        ("8h30", "8h30"),
        ("le 8 horaires", "le 8 horaires"),
    ],
)
def test_no_line_ends_inside_an_hour(text, tied):
    assert tie_hours(text) == tied


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("Du lundi au jeudi, 8 h 30.\nLe samedi, 9 h.", f"du lundi au jeudi, 8{N}h{N}30, le samedi, 9{N}h"),
        ("Cahors : 8 h\n\n  Fermé le mercredi ;  ", f"Cahors : 8{N}h, fermé le mercredi"),
        ("", ""),
        ("8 h", f"8{N}h"),
        *(
            (f"{word.capitalize()} matin", f"{word} matin")
            for word in (
                "du", "de", "le", "la", "les", "au", "aux", "en", "sur", "sauf", "tous", "toute", "toutes",
                "chaque", "pendant", "ouvert", "ouverte", "fermé", "fermée", "lundi", "dimanche",
            )
        ),
    ],
)  # fmt: skip
def test_opening_hours_end_a_sentence(hours, said):
    assert TownSettings(opening_hours=hours).hours_in_sentence == said


def test_what_the_service_has_not_given_is_said_to_the_staff():
    assert TownSettings().missing == (
        "le nom de la commune",
        "le téléphone du service",
        "le mail du service",
    )
    assert TownSettings(name="Cahors", phone="05", email="a@b").missing == ()
    assert TownSettings(name="Cahors", phone="05").missing == ("le mail du service",)


@pytest.mark.parametrize(
    ("phone", "email", "contact"),
    [("05", "a@b", "05, a@b"), ("05", "", "05"), ("", "a@b", "a@b"), ("", "", "")],
)
def test_how_the_service_is_reached(phone, email, contact):
    settings = TownSettings(phone=phone, email=email)
    assert settings.contact == contact
    assert settings.can_be_reached is bool(contact)


def test_rows_fill_the_settings_and_unknown_ones_are_left_out():
    found = settings_from_rows({"name": "Cahors", "bonus": "1", FIRST_ADMINISTRATOR: "hash"})
    assert found == TownSettings(name="Cahors")
    assert (found.school_zone, found.holiday_variant, found.email, found.phone) == ("C", "metropole", "", "")
    assert (found.address, found.opening_hours) == ("", "")
    assert found.portal_name == "Portail famille"
    assert FIRST_ADMINISTRATOR == "first_administrator"
    assert FIRST_ADMINISTRATOR not in SETTING_KEYS
    assert SETTING_KEYS[:3] == ("name", "portal_name", "service_name")
