"""When a bill is reminded of, and in which words (R44)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.errors import Refused
from domain.invoice_reminders import DEFAULTS, Level, ReminderBill, check, made_out, reached

LEVELS = tuple(DEFAULTS.values())
ISSUED, DUE = date(2027, 1, 4), date(2027, 2, 3)
BILL = ReminderBill(
    "SOLIGNAC", "CANT-2027-000012", date(2026, 12, 1), 4550, ISSUED, DUE, "Régie périscolaire"
)


def level_on(day, last_level=0, last_day=None, levels=LEVELS, due=DUE):
    return reached(levels, ISSUED, due, last_level, last_day, day)


@pytest.mark.parametrize(
    ("days", "level"),
    [(-6, None), (-5, 1), (0, 1), (1, None), (7, None), (8, 2), (24, 2), (25, 3), (400, 3)],
)
def test_only_the_highest_level_that_is_due(days, level):
    assert level_on(DUE + timedelta(days=days)) == level


def test_a_level_is_written_once_and_never_a_lower_one_after():
    assert level_on(DUE + timedelta(days=9), 2, DUE + timedelta(days=8)) is None
    assert level_on(DUE + timedelta(days=9), 3, DUE) is None
    assert level_on(DUE + timedelta(days=25), 2, DUE + timedelta(days=8)) == 3


def test_never_two_levels_on_a_day():
    day = DUE + timedelta(days=25)
    assert level_on(day, 2, day) is None
    assert level_on(day + timedelta(days=1), 2, day) == 3


def test_nothing_on_the_day_of_the_bill_nor_from_a_level_that_is_stopped():
    assert level_on(ISSUED, due=ISSUED + timedelta(days=1)) is None
    assert level_on(ISSUED + timedelta(days=1), due=ISSUED + timedelta(days=1)) == 1
    stopped = [replace(one, is_active=one.level != 2) for one in LEVELS]
    assert level_on(DUE + timedelta(days=10), levels=stopped) is None


def test_the_words_between_braces_are_those_of_the_bill():
    text = "{foyer} {facture} {mois} {reste} {echeance} {retard} {regie}"
    letter = made_out(Level(2, 8, "{ mois }", text), BILL, DUE + timedelta(days=9))
    assert letter.subject == "décembre 2026"
    said = letter.text.replace("\xa0", " ").replace("\u202f", " ")
    assert said == (
        "SOLIGNAC CANT-2027-000012 décembre 2026 45,50 € mercredi 3 février 2027 9 jours Régie périscolaire"
    )


def test_the_proposed_levels_are_sound_and_make_out():
    for level in LEVELS:
        check(level, LEVELS)
        letter = made_out(level, BILL, DUE)
        assert "{" not in letter.subject + letter.text
        assert len(letter.paragraphs) > 2


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"text": "Bonjour {nom},"}, "text", "{nom}"),
        ({"subject": "{total}"}, "subject", "{reste}"),
        ({"text": "Il reste {reste"}, "text", "accolade"),
        ({"days": -2, "text": "{retard} de retard"}, "text", "pas de retard"),
        ({"days": -9}, "days", "après la relance 1"),
        ({"days": 25}, "days", "avant la relance 3"),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_sentence(changes, place, said):
    with pytest.raises(Refused) as refusal:
        check(replace(DEFAULTS[2], **changes), LEVELS)
    assert refusal.value.code == place
    assert said in refusal.value.message


def test_a_stopped_level_has_no_place_to_keep():
    check(replace(DEFAULTS[2], days=90, is_active=False), LEVELS)
