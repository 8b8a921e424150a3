"""Direct debits: days on which banks work, first and following debits, mandates that lapse (R46)."""

from datetime import date, timedelta

import pytest

from domain.direct_debits import (
    Expected,
    banking_day_from,
    debit_day,
    is_banking_day,
    lapses_on,
    obstacle,
    sequence_of,
)
from domain.enums import DebitSequence, MandateState
from domain.french import NBSP

DAY = date(2027, 2, 1)
TODAY = date(2027, 1, 12)


@pytest.mark.parametrize(
    "closed",
    [
        date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29), date(2026, 5, 1), date(2026, 12, 25),
        date(2025, 12, 26), date(2027, 1, 16), date(2027, 1, 17), date(2024, 3, 29), date(2024, 4, 1),
    ],
)  # fmt: skip
def test_banks_rest(closed):
    assert not is_banking_day(closed)


@pytest.mark.parametrize("day", [date(2027, 7, 14), date(2027, 5, 6), date(2027, 5, 17), date(2027, 11, 11)])
def test_banks_work_on_french_holidays(day):
    """14 July, Ascension, Whit Monday and 11 November are no holidays of TARGET."""
    assert is_banking_day(day)


def test_easter_of_two_centuries():
    """Good Friday and Easter Monday are always two working days apart, of the spring."""
    for year in range(2000, 2200):
        closed = [
            day
            for shift in range(60)
            if (day := date(year, 3, 15) + timedelta(days=shift)).weekday() < 5
            and day != date(year, 5, 1)
            and not is_banking_day(day)
        ]
        friday, monday = closed
        assert (friday.weekday(), monday - friday) == (4, timedelta(days=3))


def test_the_debit_is_on_the_due_day_or_later_so_that_the_family_is_told():
    assert debit_day(TODAY, date(2027, 2, 11), 14) == date(2027, 2, 11)
    assert debit_day(TODAY, date(2027, 2, 13), 14) == date(2027, 2, 15)  # a Saturday
    assert debit_day(TODAY, date(2027, 1, 15), 14) == date(2027, 1, 26)
    assert banking_day_from(date(2027, 3, 26)) == date(2027, 3, 30)


def test_a_mandate_lapses_36_months_after_its_last_debit():
    assert lapses_on(date(2024, 2, 29), None) == date(2027, 2, 28)
    assert lapses_on(date(2020, 1, 1), date(2026, 3, 31)) == date(2029, 3, 31)


def test_the_first_debit_then_the_others():
    assert (sequence_of(False), sequence_of(True)) == (DebitSequence.FIRST, DebitSequence.RECURRENT)


def expected(**changes):
    values = {
        "left_cents": 1000, "is_paying": False, "announced": DAY, "planned": False,
        "mandate_state": MandateState.ACTIVE, "signed_on": date(2026, 1, 1), "last_used_on": None,
    }  # fmt: skip
    return Expected(**values | changes)


def test_an_announced_bill_is_debited_on_its_day():
    assert obstacle(expected(), DAY, TODAY, 14) == ""
    assert obstacle(expected(), DAY, DAY - timedelta(days=1), 14) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mandate_state": None, "signed_on": None}, "Pas de mandat"),
        ({"mandate_state": MandateState.WAITING}, "Mandat à vérifier"),
        ({"signed_on": date(2024, 2, 1)}, "Mandat caduc le lundi 1er février 2027"),
        ({"planned": True}, "Déjà dans un autre lot"),
        ({"is_paying": True}, "Un paiement en ligne est en cours"),
        ({"left_cents": 0}, "Rien à payer"),
        ({"announced": date(2027, 2, 8)}, "Annoncé à la famille pour le lundi 8 février 2027"),
    ],
)
def test_what_keeps_a_bill_out_is_said(changes, said):
    assert obstacle(expected(**changes), DAY, TODAY, 14).replace(NBSP, " ").startswith(said)


def test_who_was_not_told_is_told_14_days_before():
    told = expected(announced=None)
    assert obstacle(told, DAY, date(2027, 1, 18), 14) == ""
    late = obstacle(told, DAY, date(2027, 1, 19), 14).replace(NBSP, " ")
    assert "prévenue 14 jours avant" in late
    assert late.endswith("mardi 2 février 2027")
    assert obstacle(expected(announced=date(2027, 1, 25)), DAY, date(2027, 1, 26), 14) != ""
