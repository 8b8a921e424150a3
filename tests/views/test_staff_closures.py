"""The pages of closures, for the service and for families (R12)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import AbsenceState, BookingState, StaffRole
from models import Absence, Booking, Closure
from services.transaction import write_transaction
from tests.school_family import SchoolFamily, words

THURSDAY, FRIDAY = date(2027, 1, 14), date(2027, 1, 15)
HOME, NEW = "/gestion/fermetures", "/gestion/fermetures/nouvelle"


@pytest.fixture
def family(world):
    family = SchoolFamily(world)
    family.book(family.leo, THURSDAY)
    family.book(family.marie, THURSDAY)
    return family


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))


def filled(family, **typed):
    values = {
        "target": f"f{family.canteen.facility.id}",
        "first": "2027-01-14",
        "last": "2027-01-15",
        "cause": "greve",
        "reason": "Grève du personnel",
    }
    return values | typed


def main(client):
    return words(client.page.main)


def confirm(client):
    """Press « Fermer et prévenir » on the page of the effect, and read where it leads."""
    form = client.page.select_one("main form[method=post]")
    values = {one["name"]: one["value"] for one in form.select("input[name]")} | {"step": "save"}
    answer = client.post(form["action"], data=values, headers={"Referer": f"http://localhost{NEW}"})
    assert answer.status_code == 303
    return client.get(answer.location)


def close(client, family, **typed):
    client.submit(NEW, filled(family, **typed))
    return confirm(client)


def test_the_effect_is_shown_before_the_one_confirmation(client, agent, family):
    client.submit(NEW, filled(family))
    said = main(client)
    assert "Jours d’ouverture concernés 2 Réservations annulées 2 Enfants 2 Familles prévenues 1" in said
    assert "Ne sera plus dû 6,40 €" in said
    assert family.world.all(Closure) == []
    confirm(client)
    assert "2 réservations annulées, 1 famille prévenue, 6,40 € ne sont plus dus." in words(client.page)
    assert {one.state for one in family.world.all(Booking)} == {BookingState.CANCELLED}
    client.get(HOME)
    assert "Grève du personnel" in main(client)
    assert "À venir" in main(client)


def test_a_closure_is_lifted_from_its_page(client, agent, family):
    close(client, family)
    page = f"{HOME}/{family.world.one(Closure).id}"
    client.submit(page, follow=True)
    assert "Les jours sont de nouveau ouverts. 1 famille est prévenue." in words(client.page)
    assert "Fermeture levée le mardi 12 janvier, 10 h." in main(client)
    assert client.page.main.find("form") is None


def test_what_is_to_be_corrected_keeps_what_was_typed(client, agent, family):
    answer = client.submit(NEW, filled(family, first="2027-01-16", last="2027-01-14", reason=""))
    assert answer.status_code == 422
    said = main(client)
    assert "Indiquez un dernier jour qui suit le premier." in said
    assert "Indiquez le motif que les familles liront" in said
    answer = client.submit(NEW, filled(family, first="2027-01-05"))
    assert answer.status_code == 422
    assert "Ce jour est passé : une fermeture commence aujourd’hui au plus tôt." in main(client)
    assert client.page.find("input", attrs={"name": "reason"})["value"] == "Grève du personnel"


def test_nothing_open_is_nothing_to_close(client, agent, family):
    client.submit(NEW, filled(family, first="2027-01-16", last="2027-01-17"))
    assert "Rien n’est ouvert ces jours-là" in main(client)
    assert client.page.find("button", value="save") is None


def test_a_director_sees_and_closes_its_own_structures(client, world, family):
    elsewhere = world.canteen([THURSDAY], name="École Hugo")
    world.closure(elsewhere.facility, THURSDAY, reason="Travaux ailleurs")
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility]))
    client.get(HOME)
    assert "Travaux ailleurs" not in main(client)
    client.get(NEW)
    offered = [words(option) for option in client.page.select("select[name=target] option")]
    assert offered == ["Toute la structure", "Cantine"]
    close(client, family)
    assert len(world.all(select(Closure).where(Closure.facility_id == family.canteen.facility.id))) == 1


def test_an_open_day_leads_to_its_closing_and_a_closed_one_to_its_closure(client, world, family):
    client.sign_in(world.staff())
    page = f"/gestion/structures/ouvertures/{family.opening(THURSDAY).id}"
    client.get(page)
    link = client.page.select_one("section[aria-labelledby=fermeture] a.button")
    client.get(link["href"])
    chosen = client.page.select_one("select[name=target] option[selected]")["value"]
    assert chosen == f"a{family.canteen.activity.id}"
    assert client.page.find("input", attrs={"name": "first"})["value"] == "2027-01-14"
    close(client, family)
    client.get(page)
    assert "Une fermeture tient ce jour fermé." in main(client)


def test_the_family_reads_why_and_what_is_no_longer_due(client, agent, family):
    close(client, family)
    client.sign_in(family.claire)
    client.get("/accueil")
    assert (
        "Fermé : Écoles de Cahors Du jeudi 14 janvier au vendredi 15 janvier : Grève du personnel. "
        "2 réservations annulées, 6,40 € ne sont plus dus." in main(client)
    )
    client.get("/planning/2027-01/jours/2027-01-14")
    said = words(client.page.select_one("#jour"))
    assert "Fermé : Grève du personnel" in said
    assert said.count("Annulée, fermeture 3,20 € ne sont plus dus") == 2
    assert "Motif : Grève du personnel" in said
    assert "annulée, fermeture" in words(client.page.select_one("table.month"))


def test_an_absence_declared_before_reads_the_same_everywhere(client, agent, world, family):
    """1,00 € stayed due of an absence: that is what the closure takes off, on every page as in the mail."""
    with world.app.app_context(), write_transaction() as session:
        bookings = session.scalars(select(Booking).where(Booking.day == THURSDAY).order_by(Booking.id)).all()
        for booking in bookings:
            booking.due_cents = 100
            absence = {"author_name": "Claire", "declared_at": world.now, "state": AbsenceState.DECLARED}
            session.add(Absence(booking_id=booking.id, **absence))
    close(client, family)
    client.get(f"{HOME}/{world.one(Closure).id}")
    assert "N’est plus dû 2,00 €" in main(client)
    client.sign_in(family.claire)
    client.get("/accueil")
    assert "2,00 € ne sont plus dus" in main(client)
    client.get("/planning/2027-01/jours/2027-01-14")
    assert words(client.page.select_one("#jour")).count("1,00 € ne sont plus dus") == 2


def test_another_family_s_closure_is_not_told(client, agent, world, family):
    """A family without a child there reads nothing of it."""
    close(client, family)
    client.sign_in(world.parent(world.household("MARTIN")))
    client.get("/accueil")
    assert "Grève" not in main(client)
