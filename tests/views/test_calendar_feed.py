"""The planning in a calendar program: an adult's secret address, read without signing in (R25)."""

import re
from datetime import date

import pytest
from icalendar import Calendar

from domain.enums import AccountStatus, BookingState
from domain.throttle import FEED_BY_ADDRESS
from models import CalendarFeed, HouseholdChild, User
from services.transaction import write_transaction
from tests import statements
from tests.entangled import Entangled
from tests.school_family import words

FIRST, SECOND = date(2027, 1, 14), date(2027, 1, 15)


@pytest.fixture
def two(world) -> Entangled:
    return Entangled(world)


def make(client, two, who=None, button="adresse"):
    """Sign in, make an address and return its path; nobody is signed in afterwards."""
    client.sign_in(who or two.claire)
    client.get("/mon-compte")
    form = client.page.select_one("form[action='/mon-compte/agenda']")
    token = form.select_one("input")["value"]
    client.post("/mon-compte/agenda", data={"csrf_token": token})
    address = client.page.select_one("#adresse")["value"]
    client.delete_cookie(two.world.app.config["SESSION_COOKIE_NAME"])
    return address[address.index("/agenda/") :]


def by_hand(text):
    """The events as RFC 5545 says them, read without the library that wrote them."""
    assert text.endswith("END:VCALENDAR\r\n")
    assert not [line for line in text.split("\r\n") if len(line.encode()) > 75]
    lines = re.sub(r"\r\n[ \t]", "", text).split("\r\n")
    events, current = [], None
    for line in lines:
        if line == "BEGIN:VEVENT":
            current = {}
        elif line == "END:VEVENT":
            events.append(current)
            current = None
        elif current is not None:
            name, _, value = line.partition(":")
            current[name] = value
    return events


def test_a_calendar_reads_the_booked_days(client, two):
    two.book(two.solignac, two.leo, FIRST)
    two.book(two.solignac, two.marie, SECOND, BookingState.PENDING)
    two.book(two.martin, two.nino, FIRST)
    answer = client.get(make(client, two))
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    first, second = by_hand(answer.data.decode())
    assert first["DTSTART;VALUE=DATE"] == "20270114"
    assert first["DTEND;VALUE=DATE"] == "20270115"
    assert first["SUMMARY"] == "Léo\xa0: Cantine"
    assert (first["STATUS"], second["STATUS"]) == ("CONFIRMED", "TENTATIVE")
    assert second["SUMMARY"] == "Marie\xa0: Cantine (à confirmer)"
    parsed = Calendar.from_ical(answer.data)
    assert parsed["X-WR-TIMEZONE"] == "Europe/Paris"
    assert [str(event["SUMMARY"]) for event in parsed.walk("VEVENT")] == [
        "Léo\xa0: Cantine",
        "Marie\xa0: Cantine (à confirmer)",
    ]


def test_it_says_nothing_else_of_the_family(client, two):
    two.book(two.martin, two.leo, FIRST)
    text = client.get(make(client, two, two.karim)).data.decode()
    assert set(by_hand(text)[0]) == {
        "UID", "DTSTAMP", "LAST-MODIFIED", "DTSTART;VALUE=DATE", "DTEND;VALUE=DATE", "SUMMARY", "STATUS",
        "TRANSP",
    }  # fmt: skip
    assert "ZZ" not in text
    assert "MARTIN" not in text


def test_a_cancelled_day_vanishes_and_the_others_keep_their_name(client, two):
    ended = two.book(two.solignac, two.leo, FIRST)
    two.book(two.solignac, two.leo, SECOND)
    path = make(client, two)
    before = by_hand(client.get(path).data.decode())
    two.end(ended)
    after = by_hand(client.get(path).data.decode())
    assert after == before[1:]


def test_what_has_not_changed_is_not_sent_again(client, two):
    booking = two.book(two.solignac, two.leo, FIRST)
    path = make(client, two)
    first = client.get(path)
    tag = first.headers["ETag"]
    assert "Last-Modified" in first.headers
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    two.end(booking)
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_a_new_address_replaces_the_former_and_removing_ends_it(client, two):
    first = make(client, two)
    second = make(client, two)
    assert first != second
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    client.sign_in(two.claire)
    client.get("/mon-compte")
    assert "Une adresse sert depuis le" in words(client.page.main)
    token = client.page.select_one("form[action$='/supprimer'] input")["value"]
    client.post("/mon-compte/agenda/supprimer", data={"csrf_token": token})
    assert client.get(second).status_code == 404


def test_only_its_hash_is_kept_and_no_page_shows_it_again(client, two, caplog):
    path = make(client, two)
    secret = path.removeprefix("/agenda/").removesuffix(".ics")
    client.get(path)
    assert secret not in str(vars(two.world.one(CalendarFeed)))
    client.sign_in(two.claire)
    client.get("/mon-compte")
    assert secret not in client.page.text
    assert secret not in caplog.text


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
def test_a_suspended_or_closed_account_is_read_no_more(client, two, status):
    path = make(client, two)
    with two.world.app.app_context(), write_transaction() as session:
        session.get_one(User, two.claire.id).status = status
    assert client.get(path).status_code == 404


def test_an_unknown_address_is_not_found(client):
    assert client.get(f"/agenda/{'Z' * 50}.ics").status_code == 404
    assert client.get("/agenda/court.ics").status_code == 404


def test_a_child_of_whom_only_the_name_is_read_is_left_out(client, two):
    two.book(two.martin, two.leo, FIRST)
    path = make(client, two, two.karim)
    with two.world.app.app_context(), write_transaction() as session:
        session.get_one(HouseholdChild, (two.martin.id, two.leo.id)).is_restricted = True
    assert by_hand(client.get(path).data.decode()) == []


def test_reading_is_bounded(client, two):
    path = make(client, two)
    answers = [client.get(path).status_code for _ in range(FEED_BY_ADDRESS.limit + 1)]
    assert answers == [200] * FEED_BY_ADDRESS.limit + [429]


def test_the_number_of_statements_does_not_grow(client, two):
    path = make(client, two)
    client.get(path)
    with statements.recorded() as empty:
        client.get(path)
    for number in range(4):
        child = two.world.child(two.solignac, f"Enfant {number}", birth_date=date(2018, 1, 1 + number))
        for opening in two.canteen.openings[8:20]:
            two.world.booking(two.solignac, child, opening, two.canteen.meal)
    with statements.recorded() as full:
        client.get(path)
    assert len(full) == len(empty) <= 3
    assert by_hand(client.get(path).data.decode())
