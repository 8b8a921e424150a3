"""The page of an offered place: reached from the mail, the home page and the planning, answered in a tap."""

from datetime import timedelta

import pytest

from domain.enums import BookingState
from tests.booking_bench import MONDAY, Bench

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def offered(world):
    """Léo is offered a place on Monday, for half an hour; Zoé waits behind him."""
    bench = Bench(world, capacity=1)
    booking = world.booking(
        bench.home,
        bench.leo,
        bench.opening(MONDAY),
        bench.canteen.meal,
        BookingState.OFFERED,
        offer_expires_at=world.now + HALF_AN_HOUR,
    )
    behind = bench.neighbour()
    world.booking(behind.home, behind.leo, bench.opening(MONDAY), bench.canteen.meal, BookingState.WAITING)
    bench.behind, bench.address = behind, f"/reservations/places/{booking.id}"
    return bench


@pytest.fixture
def page(client, offered):
    client.sign_in(offered.claire)
    return client


def test_the_home_page_and_the_day_lead_to_the_offer(page, offered):
    page.get("/accueil")
    (link,) = page.page.select("#a-faire ~ ul a")
    assert link["href"] == offered.address
    assert "à prendre avant le mardi 12\u00a0janvier, 10\u00a0h\u00a030" in page.page.get_text()
    page.get("/planning/2027-02/jours/2027-02-01")
    assert "Place gardée jusqu’au mardi 12\u00a0janvier, 10\u00a0h\u00a030" in page.page.get_text()
    assert page.page.select_one(f'a[href="{offered.address}"]')


def test_one_tap_takes_the_place(page, offered):
    page.get(offered.address)
    assert "Elle vous est réservée jusqu’au mardi 12\u00a0janvier, 10\u00a0h\u00a030" in page.page.get_text()
    answer = page.submit(offered.address, form=f"{offered.address}/prendre")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/planning/2027-02/jours/2027-02-01"
    page.get(answer.headers["Location"])
    assert "La place est à vous" in page.page.get_text()
    assert offered.booking.state is BookingState.ACCEPTED
    page.get(offered.address)
    assert "Cette place est prise" in page.page.get_text()
    assert not page.page.select("main form")


def test_one_tap_leaves_it_to_the_next(page, offered):
    page.get(offered.address)
    assert page.submit(offered.address, form=f"{offered.address}/laisser").status_code == 303
    assert offered.booking.state is BookingState.CANCELLED
    assert offered.behind.booking.state is BookingState.OFFERED


def test_a_late_tap_reads_what_became_of_the_place(page, offered, clock):
    page.get(offered.address)
    token = page.page.select_one(f'form[action="{offered.address}/prendre"] input')["value"]
    clock.move_to(offered.world.now + HALF_AN_HOUR)
    answer = page.post(f"{offered.address}/prendre", data={"csrf_token": token})
    assert answer.status_code == 409
    assert "Cette place n’est plus proposée" in page.page.get_text()
    assert "Le délai pour répondre est passé" in page.page.get_text()
    assert offered.booking.state is BookingState.OFFERED


def test_who_waits_reads_its_rank(client, offered):
    client.sign_in(offered.behind.claire)
    client.get(f"/reservations/places/{offered.behind.booking.id}")
    assert "Aucune place n’est proposée pour le moment" in client.page.get_text()
    assert "Rang actuel\u00a0: 1" in client.page.get_text()
