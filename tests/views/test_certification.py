"""« Je confirme que tout est exact » (R05), from the home page to the reservation and the counter."""

from datetime import UTC, date, datetime

import pytest

from domain.enums import Channel
from models import AuditEvent, BookingRequest, Certification
from services.booking_drafts import Wanted
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, Bench
from tests.views.reading import text

BEFORE = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)
SENTENCE = "Confirmez d’abord que le dossier de la famille SOLIGNAC est exact"


@pytest.fixture
def household(world):
    """A file that the service opened before the first of September."""
    return world.household(created_at=BEFORE)


@pytest.fixture
def claire(world, client, household):
    user = world.parent(household)
    client.sign_in(user)
    return user


def page(household) -> str:
    return f"/mon-foyer/{household.id}/confirmer"


def test_a_file_of_last_year_is_a_thing_to_do_until_it_is_confirmed(client, claire, household, world, clock):
    client.get("/accueil")
    assert "Dossier à confirmer" in text(client)
    client.get(page(household))
    assert "12 rue Nationale 46000 Cahors" in text(client)

    client.submit(page(household), follow=True)

    assert "votre dossier est confirmé jusqu’au 31/08/2027" in text(client)
    assert "Dossier à confirmer" not in text(client)
    row = world.one(Certification)
    assert (row.author_name, row.channel, row.valid_until) == (
        "Claire SOLIGNAC",
        Channel.PORTAL,
        date(2027, 8, 31),
    )
    event = world.one(AuditEvent)
    assert (event.action, event.household_id) == ("certification.given", household.id)
    clock.move_to(datetime(2027, 9, 1, 6, 0, tzinfo=UTC))
    client.sign_in(claire)
    client.get("/accueil")
    assert "Dossier à confirmer" in text(client)


def test_confirming_twice_is_confirming_once(client, claire, household, world):
    client.get(page(household))
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]

    for _ in range(2):
        assert client.post(page(household), data={"csrf_token": token}).status_code == 303

    assert len(world.all(Certification)) == 1
    client.get(page(household))
    assert "vous n’avez rien à confirmer" in text(client)
    assert not client.page.main.find("form", method="post")


def test_a_file_opened_this_year_is_not_asked(client, world):
    client.sign_in(world.parent(world.household()))

    client.get("/accueil")

    assert "Dossier à confirmer" not in text(client)


def test_the_town_chooses_the_day(client, claire, household, world):
    world.settings(certification_from="15/01")  # it was the 12th: the year began a year ago
    client.submit(page(household))

    assert world.one(Certification).valid_until == date(2027, 1, 14)


def test_another_familys_file_is_not_found(client, claire, world):
    other = world.household("MARTIN")

    assert client.get(page(other)).status_code == 404


# --- Reservations -------------------------------------------------------------------------------


@pytest.fixture
def bench(world, client):
    bench = Bench(world)
    bench.home = _aged(world, bench.home)
    client.sign_in(bench.claire)
    return bench


def _aged(world, household):
    with world.app.app_context(), write_transaction() as session:
        session.get_one(type(household), household.id).created_at = BEFORE
    return household


def gated(world) -> None:
    world.settings(certification_gates="oui")


def test_step_one_names_what_is_missing_and_leads_there(bench, client, world):
    gated(world)

    answer = client.submit("/reservations/nouvelle", {"enfant": str(bench.leo.id)})

    assert answer.status_code == 422
    assert SENTENCE in text(client)
    assert client.page.main.find("a", href=page(bench.home))


def test_the_recap_shows_the_reason_instead_of_the_button(bench, client, world):
    key = bench.start()
    bench.touch(key, MONDAY)
    gated(world)

    client.get(f"/reservations/{key}/recapitulatif")

    assert SENTENCE in text(client)
    assert not client.page.find("form", action=f"/reservations/{key}/valider")
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    refused = client.post(f"/reservations/{key}/valider", data={"csrf_token": token})
    assert refused.status_code == 422
    assert world.all(BookingRequest) == []
    client.submit(page(bench.home))
    client.submit(f"/reservations/{key}/recapitulatif", form=f"/reservations/{key}/valider")
    assert world.one(BookingRequest)


def test_giving_a_day_up_needs_no_confirmation(bench, client, world):
    world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal)
    key = bench.start()
    bench.touch(key, MONDAY, Wanted.CANCEL)
    gated(world)

    client.submit(f"/reservations/{key}/recapitulatif", form=f"/reservations/{key}/valider")

    assert world.one(BookingRequest)


def test_a_town_that_does_not_want_it_lets_book(bench, client, world):
    key = bench.start()
    bench.touch(key, MONDAY)

    client.submit(f"/reservations/{key}/recapitulatif", form=f"/reservations/{key}/valider")

    assert world.one(BookingRequest)


# --- The counter --------------------------------------------------------------------------------


def test_the_service_notes_a_confirmation_with_its_channel(client, world, household):
    client.sign_in(world.staff())
    file = f"/gestion/familles/{household.id}"
    client.get(file)
    assert "Dossier exact Jamais confirmé par la famille À confirmer" in text(client)

    client.submit(f"{file}/confirmer", {"channel": "counter"}, follow=True)

    row = world.one(Certification)
    assert (row.author_name, row.channel) == ("Agnès MARTIN", Channel.COUNTER)
    assert "Confirmé par Agnès MARTIN, au guichet" in text(client)
    assert "Dossier confirmé exact" in text(client)


def test_the_day_is_checked_when_the_town_types_it(client, world):
    client.sign_in(world.staff())
    world.settings(phone="05 36 49 01 00", email="accueil@cahors.example")

    answer = client.submit("/gestion/reglages", {"certification_from": "31/02"})

    assert answer.status_code == 422
    assert "Indiquez un jour et un mois de chaque année" in text(client)
