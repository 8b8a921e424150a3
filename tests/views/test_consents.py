"""Texts that each adult accepts, by version (R06)."""

import pytest

from domain.enums import Channel
from models import AuditEvent, BookingRequest, Consent, ConsentAnswer, ConsentVersion
from tests.booking_bench import MONDAY, Bench
from tests.views.reading import text

HOME = "/gestion/textes"
FIRST = "Chacun range son plateau.\n\nOn ne court pas."


@pytest.fixture
def agent(app, world):
    client = app.test_client()
    client.sign_in(world.staff())
    return client


@pytest.fixture
def household(world):
    return world.household()


@pytest.fixture
def claire(world, client, household):
    user = world.parent(household)
    client.sign_in(user)
    return user


def published(world, name: str = "Charte", *, is_required: bool = True, words: str = FIRST) -> ConsentVersion:
    consent = world.add(Consent(name=name, is_required=is_required))
    return world.add(ConsentVersion(consent_id=consent.id, number=1, text=words, published_at=world.now))


def next_version(world, version: ConsentVersion, words: str = "On ne crie pas.") -> ConsentVersion:
    values = {"consent_id": version.consent_id, "number": version.number + 1, "text": words}
    return world.add(ConsentVersion(**values, published_at=world.now))


def page(version: ConsentVersion) -> str:
    return f"/mon-compte/textes/{version.id}"


def accept(client, version: ConsentVersion):
    return client.submit(page(version), button=("reponse", "oui"), follow=True)


def test_a_text_that_the_service_publishes_is_read_and_accepted(agent, client, claire, world):
    agent.submit(f"{HOME}/nouveau", {"name": "Charte du restaurant", "text": FIRST})
    version = world.one(ConsentVersion)
    client.get("/accueil")
    assert "Nouveau texte à lire Charte du restaurant, nécessaire pour réserver" in text(client)

    client.get(page(version))
    assert [one.get_text() for one in client.page.select("article p")] == FIRST.split("\n\n")
    accept(client, version)

    assert "Charte du restaurant Version 1 du" in text(client)
    assert "acceptée sur le portail le" in text(client)
    client.get("/accueil")
    assert "Charte du restaurant" not in text(client)
    answer = world.one(ConsentAnswer)
    assert (answer.version_id, answer.is_accepted, answer.channel) == (version.id, True, Channel.PORTAL)
    assert "consent_answer.given" in [event.action for event in world.all(AuditEvent)]


def test_a_new_version_is_asked_again_and_the_former_one_is_kept(agent, client, claire, world):
    first = published(world)
    accept(client, first)

    agent.submit(f"{HOME}/{first.consent_id}/version", {"text": "On ne crie pas."})

    client.get("/accueil")
    assert "Nouvelle version à lire" in text(client)
    client.get(page(first))
    assert "Chacun range son plateau." in text(client)
    assert "Version 1 du" in text(client)
    assert not client.page.main.find("form", method="post")
    assert [row.text for row in world.all(ConsentVersion)] == [FIRST, "On ne crie pas."]


def test_a_published_text_cannot_be_published_again_as_it_is(agent, world):
    first = published(world)

    answer = agent.submit(f"{HOME}/{first.consent_id}/version")

    assert answer.status_code == 422
    assert "Ce texte est celui de la version publiée." in text(agent)


def test_two_agents_do_not_publish_over_each_other(agent, world):
    first = published(world)
    next_version(world, first)

    answer = agent.submit(f"{HOME}/{first.consent_id}/version", {"text": "Autre."}, forged={"seen": "1"})

    assert answer.status_code == 409
    assert len(world.all(ConsentVersion)) == 2


def test_an_answer_to_a_version_that_is_replaced_is_not_taken(client, claire, world):
    first = published(world)
    client.get(page(first))
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    next_version(world, first)

    answer = client.post(page(first), data={"csrf_token": token, "reponse": "oui"})

    assert answer.status_code == 409
    assert world.all(ConsentAnswer) == []


def test_a_free_text_can_be_refused_and_accepted_later(client, claire, world):
    version = published(world, is_required=False)
    client.submit(page(version), button=("reponse", "non"), follow=True)
    assert "refusée sur le portail" in text(client)
    client.get("/accueil")
    assert "Nouveau texte à lire" not in text(client)

    accept(client, version)

    assert [row.is_accepted for row in world.all(ConsentAnswer)] == [False, True]


def test_a_required_text_cannot_be_refused(client, claire, world):
    version = published(world)
    client.get(page(version))
    assert not client.page.find("button", value="non")
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]

    answer = client.post(page(version), data={"csrf_token": token, "reponse": "non"})

    assert answer.status_code == 422
    assert world.all(ConsentAnswer) == []


def test_an_answer_is_never_guessed(client, claire, world):
    version = published(world)
    client.get(page(version))
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    for sent in ({}, {"reponse": "peut-être"}):
        assert client.post(page(version), data={"csrf_token": token, **sent}).status_code == 422
    assert world.all(ConsentAnswer) == []


def test_each_adult_answers_for_oneself(app, client, claire, household, world):
    version = published(world)
    accept(client, version)
    other = app.test_client()
    other.sign_in(world.parent(household, "Paul"))

    other.get("/accueil")

    assert "Nouveau texte à lire" in text(other)


def test_accepting_twice_is_accepting_once(client, claire, world):
    version = published(world)
    client.get(page(version))
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]

    for _ in range(2):
        client.post(page(version), data={"csrf_token": token, "reponse": "oui"})

    assert len(world.all(ConsentAnswer)) == 1


def test_a_withdrawn_text_is_not_asked_and_stays_readable_by_who_accepted_it(
    app, client, claire, agent, world
):
    version = published(world)
    accept(client, version)
    agent.submit(f"{HOME}/{version.consent_id}/modifier", {"is_active": None})
    other = app.test_client()
    other.sign_in(world.parent(world.household("MARTIN")))

    assert client.get(page(version)).status_code == 200
    assert other.get(page(version)).status_code == 404


# --- Reservations -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_required", [True, False])
def test_a_required_text_comes_before_a_reservation(client, world, is_required):
    bench = Bench(world)
    client.sign_in(bench.claire)
    key = bench.start()
    bench.touch(key, MONDAY)
    version = published(world, is_required=is_required)
    recap, validate = f"/reservations/{key}/recapitulatif", f"/reservations/{key}/valider"

    client.get(recap)
    assert ("Lisez et acceptez d’abord « Charte »." in text(client)) is is_required
    if is_required:
        assert client.page.main.find("a", href=page(version))
        accept(client, version)
    client.submit(recap, form=validate)

    assert world.one(BookingRequest)


# --- The service --------------------------------------------------------------------------------


def test_the_service_notes_a_paper_and_sees_who_answered(agent, claire, household, world):
    version = published(world)
    file = f"/gestion/familles/{household.id}"
    agent.get(file)
    link = agent.page.find("a", string=lambda words: words and "Noter une réponse" in words)
    link = link or next(one for one in agent.page.find_all("a") if "Noter une réponse" in one.get_text())

    agent.submit(link["href"], {"is_accepted": "1", "channel": "paper"}, follow=True)

    assert "Charte, version 1 Claire SOLIGNAC, par courrier" in text(agent)
    answer = world.one(ConsentAnswer)
    assert (answer.is_accepted, answer.channel) == (True, Channel.PAPER)
    agent.get(f"{HOME}/{version.consent_id}")
    assert "1 accord, 0 refus" in text(agent)
    assert "Claire SOLIGNAC Dossier n°" in text(agent)


def test_only_the_last_answer_of_an_adult_counts(client, claire, agent, world):
    version = published(world, is_required=False)
    client.submit(page(version), button=("reponse", "non"))
    accept(client, version)

    agent.get(f"{HOME}/{version.consent_id}")

    assert "1 accord, 0 refus" in text(agent)
