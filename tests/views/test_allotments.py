"""Wishes and their answer, as families and staff see them (R17)."""

import pytest

from domain.enums import PlacesMode, StaffRole
from models import Booking, BookingPeriod, Opening, OutgoingMail
from tests.allotment_bench import AFTERWARDS, CLOSES, FIRST, SECOND, Holidays
from tests.views.reading import text


@pytest.fixture
def holidays(world):
    return Holidays(world, places=1)


@pytest.fixture
def pair(holidays, clock):
    """Two families that wish for both days; the place of each day is the first one's."""
    benches = [holidays.home("PREMIER"), holidays.home("SECOND")]
    for bench in benches:
        bench.ask(FIRST, SECOND)
        clock.advance(minutes=1)
    return benches


@pytest.fixture
def page(holidays):
    return f"/gestion/structures/periodes/{holidays.period.id}/attribution"


# --- Families -----------------------------------------------------------------------------------------------


def test_the_wizard_says_that_a_day_is_wished_for_and_when_the_answer_comes(client, holidays):
    bench = holidays.home("SOLIGNAC")
    holidays.change(Opening, holidays.canteen.openings[0].id, capacity=0)
    client.sign_in(bench.claire)
    key = bench.start()
    client.get(f"/reservations/{key}/etablissement")
    assert "Demandes jusqu’au mercredi 20 janvier, 18 h. Les places sont attribuées" in text(client)
    client.get(f"/reservations/{key}/planning")
    cell = client.page.find(id=f"j-{FIRST.isoformat()}")
    assert "demander" in cell.get_text()
    assert "Vœu : réponse après le mercredi 20 janvier" in cell.decode().replace("\u00a0", " ")
    bench.touch(key, FIRST)
    client.get(f"/reservations/{key}/recapitulatif")
    assert "vœu, places attribuées plus tard" in text(client)
    assert "1 vœu" in text(client)


def test_the_receipt_and_its_mail_say_that_it_is_a_wish(client, holidays):
    bench = holidays.home("SOLIGNAC")
    reference = bench.ask(FIRST)
    client.sign_in(bench.claire)
    client.get(f"/reservations/demandes/{reference}")
    for said in ("Vos vœux sont enregistrés.", "Vœu, en attente d’attribution", "sans rien payer"):
        assert said in text(client)
    (mail,) = holidays.world.all(OutgoingMail)
    assert "Vœu, en attente d’attribution" in mail.text
    assert "réponse après le mercredi 20\u00a0janvier" in mail.text


def test_the_planning_shows_the_wish_and_lets_it_go(client, holidays):
    bench = holidays.home("SOLIGNAC")
    bench.ask(FIRST)
    client.sign_in(bench.claire)
    client.get("/planning/2027-02")
    assert "vœu, en attente d’attribution" in client.page.main.decode()
    client.get(f"/planning/2027-02/jours/{FIRST.isoformat()}")
    assert "Vœu : réponse après le mercredi 20 janvier, 18 h" in text(client)
    booking = holidays.world.one(Booking)
    assert client.page.find("form", action=f"/reservations/annuler/{booking.id}")


def test_before_and_after_the_wishes_the_day_says_why_it_cannot_be_asked(client, holidays, clock):
    bench = holidays.home("SOLIGNAC")
    client.sign_in(bench.claire)
    day = f"/planning/2027-02/jours/{FIRST.isoformat()}"
    holidays.change(BookingPeriod, holidays.period.id, opens_at=CLOSES.replace(day=18))
    client.get(day)
    assert "Les vœux ouvrent le lundi 18 janvier, 18 h" in text(client)
    clock.move_to(CLOSES)
    client.sign_in(bench.claire)
    client.get(day)
    assert "Les vœux sont clos depuis le mercredi 20 janvier, 18 h" in text(client)
    assert "les places vont être attribuées" in text(client)


def test_each_family_reads_its_own_answer_and_no_other(client, holidays, pair):
    holidays.allot()
    address = f"/reservations/attributions/{holidays.period.id}"
    client.sign_in(pair[1].claire)
    client.get(address)
    said = text(client)
    assert "Rang 2 sur 2 demandes : plus de place à ce rang." in said
    assert "Rang 1" not in said
    assert "critère 1" in said.lower()
    client.get(f"/planning/2027-02/jours/{FIRST.isoformat()}")
    client.sign_in(holidays.home("AUTRE").claire)
    assert client.get(address).status_code == 404


def test_the_request_leads_to_the_reasons(client, holidays, pair):
    holidays.allot()
    client.sign_in(pair[0].claire)
    client.get("/reservations")
    receipt = next(a["href"] for a in client.page.find_all("a") if "/demandes/" in a["href"])
    client.get(receipt)
    assert client.page.find("a", href=f"/reservations/attributions/{holidays.period.id}")
    assert "Place obtenue à l’attribution." in text(client)


# --- Staff --------------------------------------------------------------------------------------------------


def test_the_form_of_a_period_sets_the_mode(client, world, holidays):
    client.sign_in(holidays.agent)
    address = f"/gestion/structures/periodes/{holidays.period.id}/modifier"
    typed = {
        "name": "Hiver", "first_day": "2027-02-08", "last_day": "2027-02-09", "opens_on": "2026-06-01",
        "opens_time": "08:00", "closes_on": "", "closes_time": "", "places_mode": "allotment",
    }  # fmt: skip
    assert client.submit(address, typed, form=address).status_code == 422
    assert "Les vœux ont une fin" in text(client)
    assert client.submit(address, typed | {"places_mode": "first_come"}, form=address).status_code == 303
    assert world.one(BookingPeriod).places_mode is PlacesMode.FIRST_COME


def test_the_service_simulates_as_often_as_it_wants(client, world, holidays, pair, page):
    client.sign_in(holidays.agent)
    client.get(page)
    assert "4 vœux de 2 familles" in text(client)
    client.get(f"{page}/simulation?tirage=bleu")
    assert "Tirage bleu" in text(client)
    assert "2 places données" in text(client)
    assert "PREMIER" in text(client)
    day = next(a["href"] for a in client.page.main.find_all("a") if "jour=" in a["href"])
    client.get(day)
    assert "Rang 2 sur 2 demandes" in text(client)
    assert client.get(f"{page}/simulation?jour=987654").status_code == 404
    assert {one.state.value for one in world.all(Booking)} == {"requested"}


def test_the_service_gives_the_places_once_then_replays(client, holidays, pair, page, clock):
    client.sign_in(holidays.agent)
    client.get(page)
    assert not client.page.select('main form[method="post"]')
    assert "après la fin des vœux" in text(client)
    clock.move_to(AFTERWARDS)
    client.sign_in(holidays.agent)
    assert client.submit(page).status_code == 303
    client.get(page)
    assert "Les places sont attribuées. 2 familles ont leur réponse." in text(client)
    assert "par Agnès MARTIN" in text(client)
    client.get(f"{page}/rejeu")
    assert "exactement les mêmes places" in text(client)


@pytest.mark.parametrize(("role", "status"), [(StaffRole.RECEPTION, 403), (StaffRole.DIRECTOR, 403)])
def test_only_administrators_give_places(client, world, holidays, page, role, status):
    client.sign_in(world.staff(role, [holidays.canteen.facility]))
    assert client.get(page).status_code == status


def test_a_first_come_period_has_no_such_page(client, world, holidays, page):
    holidays.change(BookingPeriod, holidays.period.id, places_mode=PlacesMode.FIRST_COME)
    client.sign_in(holidays.agent)
    for address in (page, f"{page}/simulation", f"{page}/rejeu"):
        assert client.get(address).status_code == 404


def test_where_the_reglement_is_silent_the_page_leads_to_its_text(client, world, clock):
    holidays = Holidays(world, allocation=None)
    holidays.home("SOLIGNAC").ask(FIRST)
    client.sign_in(holidays.agent)
    client.get(f"/gestion/structures/periodes/{holidays.period.id}/attribution/simulation")
    assert "Le règlement ne dit pas qui passe en premier : Cantine." in text(client)
