"""The history of a family's requests (S85)."""

from datetime import date, timedelta

import pytest

from domain.enums import Channel, LineAction, LineState
from queries.history import PAGE_SIZE
from tests.factories import weekdays
from tests.school_family import SchoolFamily, words
from tests.statements import at_most, recorded

THURSDAY = date(2027, 1, 14)


@pytest.fixture
def family(world) -> SchoolFamily:
    return SchoolFamily(world)


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


def requests(client):
    return [words(part) for part in client.page.select("article")]


def test_a_request_tells_all_about_itself(claire, family):
    family.ask(
        "DEM-1",
        family.leo,
        [THURSDAY],
        LineState.REFUSED,
        reason="Il n’y a plus de place.",
        decided_at=family.world.now + timedelta(hours=2),
    )
    claire.get("/reservations")
    (told,) = requests(claire)
    for expected in (
        "Demande DEM-1",
        "mardi 12 janvier, 10 h · par Claire SOLIGNAC",
        "Léo · Inscription · Repas enfant, Écoles de Cahors",
        "jeu. 14 janv.",
        "Décision du mardi 12 janvier, 12 h",
        "Motif : Il n’y a plus de place.",
        "Refusée",
    ):
        assert expected in told
    assert claire.page.select_one("article a")["href"] == "/reservations/demandes/DEM-1"


def test_days_with_one_outcome_stand_together(claire, family):
    days = weekdays(date(2027, 1, 18), date(2027, 1, 29))
    request = family.ask("DEM-1", family.leo, days, LineState.ACCEPTED)
    claire.get("/reservations")
    (told,) = requests(claire)
    assert request.reference in told
    assert "8 jours, du lun. 18 janv. au ven. 29 janv." in told


def test_booking_and_cancelling_are_told_apart(claire, family):
    family.ask("DEM-1", family.leo, [THURSDAY], LineState.PENDING, LineAction.CANCEL)
    claire.get("/reservations")
    (told,) = requests(claire)
    assert "Léo · Annulation" in told
    assert "En cours de validation" in told
    assert "Décision" not in told


def test_what_the_service_did_for_the_family_says_how(claire, family):
    family.ask("DEM-1", family.leo, [THURSDAY], LineState.ACCEPTED, channel=Channel.PHONE)
    claire.get("/reservations")
    assert "par Claire SOLIGNAC, par téléphone" in requests(claire)[0]


def test_the_newest_come_first_and_the_others_on_next_pages(claire, family):
    for number in range(PAGE_SIZE + 1):
        family.ask(f"DEM-{number:02}", family.leo, [THURSDAY], LineState.WITHDRAWN)
    claire.get("/reservations")
    assert [told[:14] for told in requests(claire)] == [
        f"Demande DEM-{n:02}" for n in range(PAGE_SIZE, 0, -1)
    ]
    claire.get(claire.page.select_one('a[rel="next"]')["href"])
    assert [told[:14] for told in requests(claire)] == ["Demande DEM-00"]
    assert "Page 2 sur 2" in words(claire.page.main)


@pytest.mark.parametrize("page", ["0", "-3", "99", "deux"])
def test_a_page_that_is_not_there_gives_the_nearest(claire, family, page):
    family.ask("DEM-1", family.leo, [THURSDAY], LineState.WITHDRAWN)
    claire.get(f"/reservations?page={page}")
    assert len(requests(claire)) == 1


def test_an_empty_history_offers_a_first_request(claire):
    claire.get("/reservations")
    assert "Vous n’avez encore fait aucune demande." in words(claire.page.main)
    assert claire.page.select_one('main a[href="/reservations/nouvelle"]') is not None


def test_another_familys_requests_are_not_there(client, family):
    family.ask("DEM-1", family.leo, [THURSDAY], LineState.ACCEPTED)
    client.sign_in(family.world.parent(family.world.household("MARTIN"), "Nadia"))
    client.get("/reservations")
    assert requests(client) == []


def test_a_long_history_asks_no_more_questions(claire, family):
    family.ask("DEM-1", family.leo, [THURSDAY], LineState.ACCEPTED)
    with at_most(8), recorded() as few:
        claire.get("/reservations")
    for number in range(PAGE_SIZE):
        family.ask(
            f"AUT-{number}", family.leo, weekdays(date(2027, 1, 18), date(2027, 1, 29)), LineState.ACCEPTED
        )
    with recorded() as many:
        claire.get("/reservations")
    assert len(few) == len(many)
