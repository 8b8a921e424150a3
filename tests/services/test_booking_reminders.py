"""Reminders before the limit, to who usually books and has not: once, and only to who wants it (R24)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain.enums import BookingState, MailKind, WeekParity
from models import (
    Booking,
    BookingReminder,
    DefaultWeekDay,
    Guardian,
    Opening,
    OutgoingMail,
    Setting,
)
from queries import booking_reminders as queries
from services import booking_reminders
from services.transaction import write_transaction
from tests import statements
from tests.booking_bench import Bench
from tests.factories import weekdays
from tests.school_family import words

# It is Tuesday 12 January 2027. Monday the 18th can be booked until the evening before.
NEXT_MONDAY = date(2027, 1, 18)
SUNDAY_MORNING = datetime(2027, 1, 17, 9, tzinfo=ZoneInfo("Europe/Paris"))
MONDAYS = [NEXT_MONDAY - timedelta(weeks=number) for number in (1, 2, 3, 4)]
DAYS = weekdays(date(2026, 12, 1), date(2027, 2, 26))


@pytest.fixture
def bench(world) -> Bench:
    world.settings(reminder_hours="24")
    return Bench(world, DAYS)


def book(bench, *days, state=BookingState.ACCEPTED):
    for day in days:
        opening = next(one for one in bench.canteen.openings if one.day == day)
        bench.world.booking(bench.home, bench.leo, opening, bench.canteen.meal, state)


def every_week(bench, weekday=0, parity=WeekParity.ALL):
    bench.world.add(
        DefaultWeekDay(
            household_id=bench.home.id,
            child_id=bench.leo.id,
            presence_type_id=bench.meal_id,
            weekday=weekday,
            parity=parity,
        )
    )


def remind(bench, now=SUNDAY_MORNING):
    with bench.app.app_context():
        return booking_reminders.remind(now)


def mails(bench):
    return bench.world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.BOOKING_REMINDER))


def test_a_household_that_usually_books_is_reminded_once(bench):
    book(bench, *MONDAYS[:3])
    assert remind(bench) == 1
    (mail,) = mails(bench)
    assert mail.to_address == bench.claire.email
    text = mail.text.replace("\xa0", " ")
    assert "Écoles de Cahors, pour Léo : réservez avant le dimanche 17 janvier" in text
    assert "/mon-compte" in text
    assert remind(bench) == 0
    assert remind(bench, SUNDAY_MORNING + timedelta(hours=3)) == 0
    assert len(mails(bench)) == 1


def test_a_habit_is_three_of_the_last_four_open_weeks(bench):
    book(bench, *MONDAYS[:2])
    assert remind(bench) == 0
    book(bench, MONDAYS[3])
    assert remind(bench) == 1


def test_a_closed_week_counts_for_nothing(bench):
    with bench.app.app_context(), write_transaction() as session:
        for opening in session.scalars(select(Opening).where(Opening.day.between(MONDAYS[1], MONDAYS[0]))):
            if opening.day < MONDAYS[0]:
                opening.closed_reason = "Grève"
    book(bench, MONDAYS[0], MONDAYS[2], MONDAYS[3])
    assert remind(bench) == 1


def test_a_default_week_says_it_too_with_its_parity(bench):
    every_week(bench, parity=WeekParity.EVEN)  # 18 January begins week 3
    assert remind(bench) == 0
    every_week(bench, weekday=1, parity=WeekParity.ODD)
    assert remind(bench) == 0  # Tuesday's limit is Monday evening, more than a day away
    every_week(bench, parity=WeekParity.ODD)
    assert remind(bench) == 1


def test_neither_too_early_nor_too_late(bench):
    every_week(bench)
    assert remind(bench, SUNDAY_MORNING - timedelta(days=1)) == 0
    assert remind(bench, SUNDAY_MORNING + timedelta(hours=10)) == 0  # 19 h: the limit is over


@pytest.mark.parametrize("state", [BookingState.ACCEPTED, BookingState.PENDING, BookingState.WAITING])
def test_one_booked_day_of_the_week_is_enough(bench, state):
    every_week(bench)
    book(bench, date(2027, 1, 21), state=state)
    assert remind(bench) == 0


def test_a_cancelled_day_is_not(bench):
    every_week(bench)
    book(bench, NEXT_MONDAY)
    with bench.app.app_context(), write_transaction() as session:
        session.scalars(select(Booking)).one().state = BookingState.CANCELLED
    assert remind(bench) == 1


def test_nothing_for_a_public_holiday(bench):
    every_week(bench)
    bench.world.public_holiday(NEXT_MONDAY, "Férié")
    assert remind(bench) == 0


def test_nothing_for_a_closed_day(bench):
    every_week(bench)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Opening, bench.opening(NEXT_MONDAY).id).closed_reason = "Grève"
    assert remind(bench) == 0


def test_nothing_for_a_child_who_left(world):
    world.settings(reminder_hours="24")
    bench = Bench(world, DAYS)
    child = world.child(bench.home, "Zoé")
    world.enrol(child, bench.canteen.facility, last_day=date(2027, 1, 15))
    for day in MONDAYS[:3]:
        opening = next(one for one in bench.canteen.openings if one.day == day)
        world.booking(bench.home, child, opening, bench.canteen.meal)
    assert remind(bench) == 0


def test_nothing_for_a_week_at_the_other_home(bench):
    every_week(bench)
    other = bench.world.household("MARTIN")
    bench.world.share(bench.leo, other)
    bench.world.custody(bench.leo, bench.home, other)  # week 3 is odd: at the MARTIN
    assert remind(bench) == 0


def test_nothing_while_the_town_wants_none(bench):
    every_week(bench)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Setting, "reminder_hours").value = "0"
    assert remind(bench) == 0


def test_only_the_adults_who_want_it(client, bench):
    every_week(bench)
    paul = bench.world.parent(bench.home, "Paul")
    client.sign_in(bench.claire)
    client.get("/mon-compte")
    assert "Recevoir un mail quand je réserve d’habitude" in words(client.page.main)
    token = client.page.select_one("form[action$='/rappels'] input[name=csrf_token]")["value"]
    client.post("/mon-compte/rappels", data={"csrf_token": token})
    client.get("/mon-compte")
    assert not client.page.select_one("input[name=wants_reminders]").has_attr("checked")
    assert remind(bench) == 1
    assert [mail.to_address for mail in mails(bench)] == [paul.email]


def test_nobody_wants_it_then_nothing_is_written(bench):
    every_week(bench)
    with bench.app.app_context(), write_transaction() as session:
        session.scalars(select(Guardian)).one().wants_reminders = False
    assert remind(bench) == 0
    assert not bench.world.all(BookingReminder)


def test_a_worker_that_falls_writes_all_or_nothing(bench, monkeypatch):
    every_week(bench)

    def fall(*_arguments, **_options):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(booking_reminders.audit, "record", fall)
        with pytest.raises(RuntimeError):
            remind(bench)
    assert not mails(bench)
    assert not bench.world.all(BookingReminder)
    assert remind(bench) == 1
    assert len(mails(bench)) == 1


def test_the_statements_do_not_grow_with_the_town(bench):
    every_week(bench)

    def asked():
        with bench.app.app_context(), statements.recorded() as sent:
            found = queries.due(SUNDAY_MORNING, 24)
        return len(found), len(sent)

    asked()
    assert asked() == (1, 10)
    for number in range(12):
        home = bench.world.household(f"FAMILLE{number}")
        child = bench.world.child(home, "Tom")
        bench.world.enrol(child, bench.canteen.facility)
        for day in MONDAYS[:3]:
            opening = next(one for one in bench.canteen.openings if one.day == day)
            bench.world.booking(home, child, opening, bench.canteen.meal)
    assert asked() == (13, 10)
