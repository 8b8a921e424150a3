"""Step 3 for a whole family: other children and structures, every state, the month so far (R20, R22, S92)."""

from datetime import date, timedelta

import pytest

from domain.enums import BookingState, LineState
from models import BookingDraft, BookingDraftLine, Opening
from queries import wizard_month
from queries.booking_days import Verdict
from queries.provisional_month import provisional_month
from services.booking_drafts import Wanted
from services.transaction import write_transaction
from tests.booking_bench import FRIDAY, MONDAY, THURSDAY, TUESDAY, Bench
from tests.school_family import words
from tests.swap import assert_swap_equals_reload


@pytest.fixture
def bench(world, client):
    bench = Bench(world)
    client.sign_in(bench.claire)
    return bench


def planning(key, query=""):
    return f"/reservations/{key}/planning{query}"


def cell(client, day):
    return client.page.find(id=f"j-{day.isoformat()}")


def state_of(client, day):
    """The shape, the word and what is read aloud of a day."""
    found = cell(client, day)
    note = found.select_one(".note")
    spoken = found.get("aria-label") or words(found.select_one(".sr"))
    return " ".join(found["class"][1:]), words(note) if note else "", spoken.replace("\xa0", " ")


def change_opening(bench, day, **columns):
    with bench.app.app_context(), write_transaction() as session:
        row = session.get_one(Opening, bench.opening(day).id)
        for name, value in columns.items():
            setattr(row, name, value)


def keep_a_list(bench):
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True


# --- Other children and structures --------------------------------------------------------------------------


def turn(child, facility):
    return ("choix", f"{child.id}:{facility.id}")


def test_one_tap_leads_to_another_child_and_loses_nothing(bench, client):
    marie = bench.other_child()
    key = bench.start()
    bench.touch(key, MONDAY)
    there = turn(marie, bench.canteen.facility)
    assert_swap_equals_reload(client, planning(key), form="#changer", button=there, reload=planning(key))
    pressed = client.page.select_one('#changer [aria-pressed="true"]')
    assert "Marie" in words(pressed)
    assert words(client.page.find(id="mois")) == "Février 2027"
    assert cell(client, MONDAY)["value"] == f"{MONDAY}:book"
    client.submit(planning(key), form="#jours", button=("jour", f"{TUESDAY}:book"))
    client.get(planning(key))
    assert words(client.page.find(id="total")).startswith("2 repas · 6,40 €")  # of both children
    client.submit(planning(key), form="#changer", button=turn(bench.leo, bench.canteen.facility), follow=True)
    assert cell(client, MONDAY)["value"] == f"{MONDAY}:unbook"
    assert {line.child_id for line in bench.world.all(BookingDraftLine)} == {bench.leo.id, marie.id}


def test_one_tap_leads_to_another_structure(bench, client):
    camp = bench.world.canteen([date(2027, 2, 3), date(2027, 3, 3)], name="ALSH Saint-Géry")
    bench.world.enrol(bench.leo, camp.facility)
    key = bench.start()
    bench.touch(key, MONDAY)
    client.submit(planning(key), form="#changer", button=turn(bench.leo, camp.facility), follow=True)
    assert cell(client, date(2027, 2, 3))["value"] == "2027-02-03:book"
    assert "1 repas" in words(client.page.find(id="total"))
    names = [words(one) for one in client.page.select('[aria-label="Établissement"] button')]
    assert sorted(names) == ["ALSH Saint-Géry", "Écoles de Cahors"]


def test_a_child_of_another_structure_is_shown_in_its_own(bench, client):
    zoe = bench.other_child("Zoé", enrolled=False)
    camp = bench.world.canteen([date(2027, 2, 3)], name="ALSH Saint-Géry")
    bench.world.enrol(zoe, camp.facility)
    client.get(planning(bench.start()))
    values = [one["value"] for one in client.page.select('[aria-label="Enfant"] button')]
    assert f"{zoe.id}:{camp.facility.id}" in values


def test_an_only_child_of_one_structure_has_nothing_to_change(bench, client):
    client.get(planning(bench.start()))
    assert client.page.select("#changer") == []


def test_a_forged_child_or_structure_is_not_found(bench, client):
    marie = bench.other_child()
    camp = bench.world.canteen([MONDAY], name="ALSH Saint-Géry")  # nobody of the family goes there
    other = bench.world.child(bench.world.household("MARTY"), "Zoé")
    bench.world.enrol(other, bench.canteen.facility)
    key = bench.start()
    there = turn(marie, bench.canteen.facility)
    for forged in (f"{marie.id}:{camp.facility.id}", f"{other.id}:{bench.canteen.facility.id}", "x", ""):
        answer = client.submit(planning(key), form="#changer", button=there, forged={"choix": forged})
        assert answer.status_code == 404
    assert bench.world.one(BookingDraft).child_id == bench.leo.id


# --- Every state --------------------------------------------------------------------------------------------


def test_a_full_day_says_the_rank_one_would_have(world, client):
    bench = Bench(world, capacity=1)
    client.sign_in(bench.claire)
    keep_a_list(bench)
    change_opening(bench, MONDAY, booked=1, waiting=2)
    change_opening(bench, TUESDAY, booked=1)
    client.get(planning(bench.start()))
    assert state_of(client, MONDAY) == (
        "full queue",
        "complet, 3e en attente",
        "lundi 1er février : complet, 3e sur la liste d’attente, 3,20 €",
    )
    assert state_of(client, TUESDAY)[1] == "complet, 1er en attente"


def test_full_with_and_without_a_list_do_not_look_alike(world, client):
    bench = Bench(world, capacity=1)
    client.sign_in(bench.claire)
    change_opening(bench, MONDAY, booked=1)
    client.get(planning(key := bench.start()))
    without = state_of(client, MONDAY)
    keep_a_list(bench)
    client.get(planning(key))
    assert without[:2] == ("full", "complet")
    assert state_of(client, MONDAY)[:2] != without[:2]


def test_a_day_that_opens_later_says_when(bench, client):
    later = bench.world.period(
        bench.canteen.facility,
        date(2027, 2, 8),
        date(2027, 2, 12),
        name="Plus tard",
        opens_at=bench.world.now + timedelta(days=8),
    )
    bench.world.openings(bench.canteen.activity, later, [date(2027, 2, 10)])
    client.get(planning(bench.start()))
    css, note, spoken = state_of(client, date(2027, 2, 10))
    assert (css, note) == ("late", "dès mer. 20 janv.")
    assert "Les réservations ouvrent le mercredi 20 janvier" in spoken


@pytest.mark.parametrize(
    ("state", "shape", "word"),
    [
        (BookingState.ACCEPTED, "booked", ""),
        (BookingState.PENDING, "pending", "en validation"),
        (BookingState.WAITING, "waiting", "en attente"),
        (BookingState.REQUESTED, "wish", "vœu"),
    ],
)
def test_each_state_of_a_booking_has_its_shape_and_its_word(bench, client, state, shape, word):
    bench.world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal, state)
    client.get(planning(bench.start()))
    assert state_of(client, MONDAY)[:2] == (shape, word)
    assert client.page.select(f".keys .day.{shape}"), "the legend explains it"


def test_an_offered_place_says_until_when_and_leads_to_the_answer(world, client):
    bench = Bench(world, capacity=1)
    client.sign_in(bench.claire)
    keep_a_list(bench)
    marie = bench.other_child()
    world.booking(bench.home, marie, bench.opening(MONDAY), bench.canteen.meal)
    waiting = world.booking(
        bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal, BookingState.WAITING
    )
    with bench.app.app_context():
        bench.touch(key := bench.start(marie), MONDAY, Wanted.CANCEL)
        bench.submit(key)
    client.get(planning(bench.start()))
    assert state_of(client, MONDAY)[:2] == ("offered", "place proposée")
    told = client.page.select_one("#planning .alert.wait")
    assert "Une place est proposée le lundi 1er février, gardée jusqu’au mercredi 13 janvier" in words(told)
    assert told.a["href"] == f"/reservations/places/{waiting.id}"


def test_any_other_refusal_has_a_look_and_its_sentence(bench, client, monkeypatch):
    """The rules may learn to refuse in new ways: the month shows the sentence, never a failure."""
    refused = Verdict(LineState.REFUSED, "brand_new", "Ce jour se réserve à la mairie.", None)
    monkeypatch.setattr(wizard_month, "judge", lambda *_: refused)
    client.get(planning(bench.start()))
    assert state_of(client, MONDAY) == (
        "late",
        "impossible",
        "lundi 1er février : impossible. Ce jour se réserve à la mairie.",
    )


# --- The month so far ---------------------------------------------------------------------------------------


def estimate(client):
    return words(client.page.find(id="total").select("small")[-1])


def test_the_bar_says_what_the_month_comes_to(bench, client):
    others = bench.world.household("MARTY")  # what another family booked is not counted
    zoe = bench.world.child(others, "Zoé")
    bench.world.booking(others, zoe, bench.opening(FRIDAY), bench.canteen.meal)
    bench.ask(MONDAY, TUESDAY)
    key = bench.start()
    client.get(planning(key))
    assert estimate(client) == "Février, déjà réservé compris : 6,40 €"
    for value in (f"{THURSDAY}:book", f"{MONDAY}:cancel", "2027-03-01:book"):
        month = value[:7]
        assert_swap_equals_reload(
            client, planning(key, f"?mois={month}"), form="#jours", button=("jour", value)
        )
    assert estimate(client) == "Mars, déjà réservé compris : 3,20 €"
    client.get(planning(key, "?mois=2027-02"))
    assert estimate(client) == "Février, déjà réservé compris : 6,40 €"


def test_the_estimate_is_what_the_month_is_billed(bench, client):
    bench.ask(MONDAY)
    key = bench.start()
    bench.touch(key, FRIDAY)
    bench.touch(key, THURSDAY)
    client.get(planning(key))
    assert estimate(client).endswith("9,60 €")
    bench.submit(key)
    bill = bench.read(lambda: provisional_month([bench.home.id], date(2027, 2, 1), bench.world.now))
    assert bill.total_cents == 960
