"""Copying days: every such weekday, picked dates, siblings, and why a day was left out (S95, S96)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import LineAction
from domain.errors import NotFound, Refused
from models import BookingDraftLine, Opening
from services import booking_copies
from services.booking_drafts import Wanted
from services.transaction import write_transaction
from tests.booking_bench import FEBRUARY, MONDAY, THURSDAY, Bench

END = date(2027, 3, 31)
MARCH_MONDAYS = [date(2027, 3, day) for day in (1, 8, 15, 22, 29)]


@pytest.fixture
def bench(world):
    return Bench(world)


def copy(bench, key, until=END, dates=(), siblings=()):
    with bench.app.app_context():
        return booking_copies.copy_days(
            bench.author, key, FEBRUARY, until, dates, [child.id for child in siblings], bench.world.now
        )


def days_of(bench, child):
    query = select(BookingDraftLine.day).where(BookingDraftLine.child_id == child.id)
    return sorted(bench.world.all(query))


def test_every_such_weekday_until_a_date(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    copied = copy(bench, key)
    mondays = [date(2027, 2, day) for day in (1, 8, 15, 22)] + MARCH_MONDAYS
    assert days_of(bench, bench.leo) == mondays
    assert copied.added == {"Léo": mondays[1:]}
    assert copied.sentences() == ["8\xa0jours ajoutés pour Léo."]


def test_the_last_day_is_included_and_earlier_weeks_are_not_touched(bench):
    key = bench.start()
    bench.touch(key, date(2027, 2, 15))
    copy(bench, key, until=date(2027, 3, 1))
    assert days_of(bench, bench.leo) == [date(2027, 2, 15), date(2027, 2, 22), date(2027, 3, 1)]


def test_picked_dates_only(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    copy(bench, key, until=None, dates=[date(2027, 3, 4), date(2027, 3, 3)])
    assert days_of(bench, bench.leo) == [MONDAY, date(2027, 3, 4)]  # nothing opens on Wednesday


def test_what_the_rules_refuse_is_listed_with_its_reason(bench):
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Opening, bench.opening(date(2027, 3, 8)).id).closed_reason = "grève"
    bench.world.booking(bench.home, bench.leo, bench.opening(date(2027, 3, 15)), bench.canteen.meal)
    key = bench.start()
    bench.touch(key, MONDAY)
    copied = copy(bench, key)
    reasons = {reason: days for (_, reason), days in copied.skipped.items()}
    assert reasons["Ce jour est déjà réservé."] == [date(2027, 3, 15)]
    assert next(days for reason, days in reasons.items() if "grève" in reason) == [date(2027, 3, 8)]
    assert (
        "1\xa0jour laissé de côté pour Léo\xa0: lun.\xa08\xa0mars. Fermé ce jour-là (grève)."
        in copied.sentences()
    )


def test_a_sibling_gets_the_same_days_and_type(bench):
    marie = bench.other_child()
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, THURSDAY)
    copy(bench, key, until=None, siblings=[marie])
    assert days_of(bench, marie) == [MONDAY, THURSDAY]
    copy(bench, key, siblings=[marie])
    assert days_of(bench, marie) == days_of(bench, bench.leo)


def test_a_sibling_who_is_not_enrolled_gets_a_reason(bench):
    tom = bench.other_child("Tom", enrolled=False)
    key = bench.start()
    bench.touch(key, MONDAY)
    copied = copy(bench, key, until=None, siblings=[tom])
    assert days_of(bench, tom) == []
    assert list(copied.skipped) == [("Tom", "L’enfant n’est pas inscrit dans cette structure ce jour-là.")]


def test_somebody_elses_child_is_not_found(bench):
    zoe = bench.world.child(bench.world.household("MARTY"), "Zoé")
    bench.world.enrol(zoe, bench.canteen.facility)
    key = bench.start()
    bench.touch(key, MONDAY)
    with pytest.raises(NotFound):
        copy(bench, key, siblings=[zoe])
    assert days_of(bench, zoe) == []


def test_nothing_to_copy_says_what_to_do(bench):
    with pytest.raises(Refused, match="Touchez d’abord"):
        copy(bench, bench.start())


def test_copying_twice_changes_nothing_more(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    copy(bench, key)
    before = days_of(bench, bench.leo)
    assert copy(bench, key).sentences() == ["Tous ces jours étaient déjà choisis."]
    assert days_of(bench, bench.leo) == before


def test_cancellings_are_copied_onto_booked_days(bench):
    for day in (MONDAY, MARCH_MONDAYS[0]):
        bench.world.booking(bench.home, bench.leo, bench.opening(day), bench.canteen.meal)
    key = bench.start()
    bench.touch(key, MONDAY, Wanted.CANCEL)
    copied = copy(bench, key)
    assert days_of(bench, bench.leo) == [MONDAY, MARCH_MONDAYS[0]]
    assert copied.sentences() == ["1\xa0annulation recopiée pour Léo."]


def test_a_cancelling_is_never_copied_to_a_sibling(bench):
    """What is given up is chosen child by child: a copy adds days to a sibling and takes none away."""
    marie = bench.other_child()
    for child in (bench.leo, marie):
        for day in (MONDAY, MARCH_MONDAYS[0]):
            bench.world.booking(bench.home, child, bench.opening(day), bench.canteen.meal)
    key = bench.start()
    bench.touch(key, MONDAY, Wanted.CANCEL)
    bench.touch(key, THURSDAY)
    copied = copy(bench, key, until=date(2027, 3, 1), siblings=[marie])
    assert MONDAY not in days_of(bench, marie)
    assert set(
        bench.world.all(select(BookingDraftLine.action).where(BookingDraftLine.child_id == marie.id))
    ) == {LineAction.BOOK}
    assert copied.sentences() == [
        "3\xa0jours ajoutés pour Léo.",
        "4\xa0jours ajoutés pour Marie.",
        "1\xa0annulation recopiée pour Léo.",
        "Aucune annulation pour Marie\xa0: les annulations se choisissent enfant par enfant.",
    ]
