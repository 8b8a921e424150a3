"""Typography that families read: dates, hours, amounts, lists (S119, S120)."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from domain import french
from domain.calendar import paris_now

N = "\u00a0"
T = "\u202f"


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (1280, f"12,80{N}€"),
        (0, f"0,00{N}€"),
        (5, f"0,05{N}€"),
        (-1280, f"−12,80{N}€"),
        (-5, f"−0,05{N}€"),
        (123456789, f"1{T}234{T}567,89{N}€"),
    ],
)
def test_euros_are_written_the_french_way(cents, text):
    assert french.format_euros(cents) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (845, "845"),
        (Decimal("845.00"), "845"),
        (Decimal("1900.50"), f"1{T}900,5"),
        (Decimal("0.01"), "0,01"),
        (Decimal("1E+3"), f"1{T}000"),
        (Decimal("-2.10"), "−2,1"),
    ],
)
def test_numbers_have_a_decimal_comma_and_no_useless_zero(number, text):
    assert french.format_number(number) == text


def test_days_short_and_long():
    assert french.format_day(date(2021, 1, 14)) == f"jeudi 14{N}janvier"
    assert french.format_day(date(2021, 1, 1), year=True) == f"vendredi 1er{N}janvier 2021"
    assert french.format_short_day(date(2021, 1, 14)) == f"jeu. 14{N}janv."
    assert french.format_short_day(date(2021, 8, 1)) == f"dim. 1er{N}août"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (time(10), f"10{N}h"),
        (time(8, 30), f"8{N}h{N}30"),
        (time(23, 5), f"23{N}h{N}05"),
        (time(0), "minuit"),
        (time(0, 5), f"0{N}h{N}05"),
    ],
)
def test_hours(moment, text):
    assert french.format_time(moment) == text


def test_a_moment_is_read_on_the_paris_clock_in_winter_and_in_summer():
    assert french.format_moment(datetime(2021, 1, 14, 9, tzinfo=UTC)) == f"jeudi 14{N}janvier, 10{N}h"
    assert french.format_moment(datetime(2021, 7, 14, 22, tzinfo=UTC)) == f"jeudi 15{N}juillet, minuit"
    with pytest.raises(ValueError, match="aware"):
        french.format_moment(datetime(2021, 1, 14, 9, tzinfo=UTC).replace(tzinfo=None))


def test_a_limit_at_midnight_belongs_to_the_day_that_ends():
    midnight = datetime(2024, 8, 25, 22, tzinfo=UTC)
    assert french.format_limit(midnight) == f"dimanche 25{N}août, 24{N}h"


def test_a_limit_in_the_hour_that_exists_twice_says_which_one():
    assert french.format_limit(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)).endswith(
        f"2{N}h{N}30 (heure d’été)"
    )
    assert french.format_limit(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)).endswith(
        f"2{N}h{N}30 (heure d’hiver)"
    )
    assert french.format_limit(datetime(2026, 10, 25, 2, 30, tzinfo=UTC)).endswith(f"3{N}h{N}30")
    assert french.format_limit(datetime(2027, 3, 28, 1, 30, tzinfo=UTC)).endswith(f"3{N}h{N}30")


def test_two_passes_of_the_same_hour_of_the_paris_clock_are_two_limits():
    first = paris_now(datetime(2026, 10, 25, 0, 45, tzinfo=UTC))
    second = paris_now(datetime(2026, 10, 25, 1, 45, tzinfo=UTC))
    assert first == second  # Python compares the wall clocks
    seasons = [french.format_limit(moment).partition("(")[2] for moment in (first, second)]
    assert seasons == ["heure d’été)", "heure d’hiver)"]


def test_months_and_weekdays():
    assert french.month_title(2021, 1) == "Janvier 2021"
    assert french.month_title(2027, 8) == "Août 2027"
    assert french.month_name(12) == "décembre"
    assert [french.weekday_short(day) for day in (0, 6)] == ["lun.", "dim."]
    assert french.weekday_name(2) == "mercredi"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Marie", "de Marie"),
        ("Aïcha", "d’Aïcha"),
        ("Éléonore", "d’Éléonore"),
        ("Œdipe", "d’Œdipe"),
        ("ANNE", "d’ANNE"),
        ("Hélène", "d’Hélène"),
        ("Hugo", "d’Hugo"),
        ("Hassan", "de Hassan"),
        ("Yves", "d’Yves"),
        ("Yanis", "de Yanis"),
        ("", "de "),
    ],
)
def test_a_first_name_after_de_is_elided_as_it_is_said(name, text):
    assert french.of_name(name) == text


def test_what_several_days_cost_is_multiplied_out():
    assert french.format_times(1, 235) == f"2,35{N}€"
    assert french.format_times(15, 235) == f"15{N}×{N}2,35{N}€ ={N}35,25{N}€"
    changes = [french.format_times(2, cents, french.format_difference) for cents in (150, -150, 0)]
    assert changes == [
        f"2{N}×{N}+1,50{N}€ ={N}+3,00{N}€",
        f"2{N}×{N}−1,50{N}€ ={N}−3,00{N}€",
        f"2{N}×{N}0,00{N}€ ={N}0,00{N}€",
    ]


def test_lists_and_plurals():
    assert french.enumerate_fr([]) == ""
    assert french.enumerate_fr(["a"]) == "a"
    assert french.enumerate_fr(["a", "b"]) == "a et b"
    assert french.enumerate_fr(["a", "b", "c"]) == "a, b et c"
    assert french.plural(0, "jour", "jours") == f"0{N}jour"
    assert french.plural(1, "jour", "jours") == f"1{N}jour"
    assert french.plural(4, "repas", "repas") == f"4{N}repas"
    assert french.plural(1200, "jour", "jours") == f"1{T}200{N}jours"
    assert french.quoted("Valider") == f"«{N}Valider{N}»"


def test_every_month_and_every_weekday_has_its_name():
    long = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ]
    short = [
        "janv.",
        "févr.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "août",
        "sept.",
        "oct.",
        "nov.",
        "déc.",
    ]
    assert [french.month_name(month) for month in range(1, 13)] == long
    assert [french.format_short_day(date(2027, month, 2)).split(N)[1] for month in range(1, 13)] == short
    days = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
    assert [french.weekday_name(day) for day in range(7)] == days
    assert [french.weekday_short(day) for day in range(7)] == [f"{word[:3]}." for word in days]


def test_the_plural_begins_at_two():
    assert french.plural(2, "jour", "jours") == f"2{N}jours"
    assert french.plural(-1, "jour", "jours") == f"−1{N}jour"
    assert french.plural(-2, "jour", "jours") == f"−2{N}jours"


@pytest.mark.parametrize(
    "name",
    [
        "Hadrien",
        "Hector",
        "Hélène",
        "Henri",
        "Hercule",
        "Hermine",
        "Hervé",
        "Hilaire",
        "Hippolyte",
        "Honoré",
        "Hortense",
        "Hubert",
        "Hugo",
        "Hyacinthe",
        "Yves",
        "Yvonne",
        "Ys",
    ],
)
def test_a_mute_first_letter_is_elided(name):
    assert french.of_name(name) == f"d’{name}"


@pytest.mark.parametrize("name", ["Hassan", "Harold", "Heidi", "Yanis", "Yohan", "Y"])
def test_a_first_letter_that_is_heard_is_not(name):
    assert french.of_name(name) == f"de {name}"


def test_a_difference_says_its_sign():
    assert [french.format_difference(cents) for cents in (1, 0, -1)] == [
        f"+0,01{N}€",
        f"0,00{N}€",
        f"−0,01{N}€",
    ]


def test_sentences_are_tied_where_french_typography_wants_it():
    assert french.spaced("« a » : b ; c") == f"«{N}a{N}»{N}: b{N}; c"
