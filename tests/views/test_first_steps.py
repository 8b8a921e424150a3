"""Mise en route: each step follows from what is there, the home says how many are left (S106, S107)."""

from datetime import date

import pytest

from domain.enums import ActivityKind, StaffRole
from domain.mail_server import SERVER_ROW, TRIAL_ROW, MailTrial
from models import Activity, Regie
from services import backups, mail_server
from tests import statements

PAGE = "/gestion/mise-en-route"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


def words(tag) -> str:
    return " ".join(tag.get_text(" ", strip=True).replace("\u00a0", " ").split())


def shown(client) -> dict[str, str]:
    """Name → what is said of it."""
    client.get(PAGE)
    lines = client.page.main.find("ol").find_all("li")
    return {words(one.strong).split(". ", 1)[1]: words(one.small) for one in lines}


def done(client) -> list[str]:
    return [name for name, said in shown(client).items() if said.startswith("Fait.")]


def test_an_empty_town_is_led_step_by_step(client, agent):
    said = shown(client)
    assert not any(one.startswith("Fait.") for one in said.values())
    assert list(said)[:2] == ["La commune et son service", "La couleur et le logo"]
    assert "le téléphone du service" in said["La commune et son service"]
    links = [link["href"] for link in client.page.main.select("ol a")]
    assert links == [
        "/gestion/reglages", "/gestion/reglages/identite", "/gestion/calendrier",
        "/gestion/reglages/serveur-de-mail", "/gestion/structures", "/gestion/structures",
        "/gestion/reglement/exemples", "/gestion/facturation/regies", "/gestion/familles/importer",
        "/gestion",
    ]  # fmt: skip
    client.get("/gestion")
    assert "Mise en route : 0 étape sur 10" in words(client.page.main)


def test_each_step_is_done_by_what_is_there(app, client, agent, world, monkeypatch):
    world.settings(name="Cahors", phone="05 36 49 01 00", email="accueil@cahors.example", colour="#7a1f5c")
    world.public_holiday(date(2026, 11, 11))
    assert done(client) == ["La commune et son service", "La couleur et le logo"]  # holidays are missing

    world.school_holiday(date(2026, 12, 19), date(2027, 1, 3), zone="C")
    school = world.facility()
    meal = world.activity(school, "Cantine")
    assert done(client)[2:] == ["Le calendrier de l’année", "Les structures"]
    said = shown(client)["Les activités, leurs types de présence, leurs jours"]
    assert said == "Sans type de présence : Cantine. Sans jour ouvert : Cantine."
    assert shown(client)["Le règlement"] == "Sans délai ou sans prix : Cantine."

    world.presence_type(meal)
    period = world.period(school, date(2027, 1, 4), date(2027, 2, 5))
    world.openings(meal, period, [date(2027, 1, 11)])  # yesterday opens nothing to anybody
    assert "Sans jour ouvert" in shown(client)["Les activités, leurs types de présence, leurs jours"]
    world.openings(meal, period, [date(2027, 1, 18)])
    world.household()
    assert done(client)[4:] == [
        "Les activités, leurs types de présence, leurs jours", "Le règlement", "Les familles",
    ]  # fmt: skip

    world.activity(school, "Garderie", kind=ActivityKind.EVENING)
    world.regie("Régie", meal)
    assert shown(client)["La régie qui facture"] == "Sans régie : Garderie."
    client.get("/gestion")
    assert "Mise en route : 5 étapes sur 10" in words(client.page.main)


def test_a_town_that_is_ready_is_told_so_and_left_alone(app, client, agent, world, monkeypatch):
    for name, value in (("MAIL_FOLDER", None), ("SMTP_HOST", ""), ("MAIL_SENDER", "")):
        monkeypatch.setitem(app.config, name, value)
    world.settings(name="Cahors", phone="05 36 49 01 00", email="accueil@cahors.example", colour="#7a1f5c")
    world.public_holiday(date(2026, 11, 11))
    world.school_holiday(date(2026, 12, 19), date(2027, 1, 3), zone="C")
    world.regie("Régie", world.canteen([date(2027, 1, 18)]).activity)
    world.household()
    made = {name: backups.Outcome(at=world.now.isoformat(), problem="") for name in ("backup", "proof")}
    monkeypatch.setattr(backups, "state", lambda: made)
    assert [name for name, said in shown(client).items() if not said.startswith("Fait.")] == ["Les mails"]

    server = mail_server.MailServer("localhost", 25, mail_server.MailSecurity.NONE, sender="p@cahors.example")
    world.settings(**{SERVER_ROW: server.to_text()})
    assert shown(client)["Les mails"] == "Envoyez un mail d’essai, puis recopiez son code."
    trial = MailTrial(server.fingerprint, "marie@cahors.example", "0" * 64, world.now, world.now)
    world.settings(**{TRIAL_ROW: trial.to_text()})
    client.get(PAGE)
    assert "Tout est prêt" in words(client.page.main)
    client.get("/gestion")
    assert "Mise en route" not in words(client.page.main)


def test_a_failed_backup_is_no_backup(client, agent, world, monkeypatch):
    made = backups.Outcome(at=world.now.isoformat(), problem="Le disque est plein.")
    monkeypatch.setattr(backups, "state", lambda: {"backup": made, "proof": made})
    assert shown(client)["Les sauvegardes"] == "Le disque est plein."


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_who_sets_the_portal_up_is_led(client, world, role):
    client.sign_in(world.staff(role))
    assert client.get(PAGE).status_code == 403
    client.get("/gestion")
    assert "Mise en route" not in words(client.page.main)


def test_many_activities_cost_no_statement_more(client, agent, world):
    def cost() -> int:
        with statements.recorded() as sent:
            client.get(PAGE)
        return len(sent)

    client.get(PAGE)
    few = cost()
    school = world.facility()
    for number in range(8):
        world.presence_type(world.activity(school, f"Activité {number}"))
    assert cost() == few
    assert "et 5 autres" in shown(client)["Les activités, leurs types de présence, leurs jours"]


@pytest.mark.parametrize("takes", [True, False])
def test_a_new_regie_bills_the_activities_that_have_none(client, agent, world, takes):
    school = world.facility()
    meal = world.activity(school, "Cantine")
    billed = world.activity(school, "Garderie", kind=ActivityKind.EVENING)
    other = world.regie("Autre régie", billed)
    typed = {"name": "Régie périscolaire", "code": "PERI", "bills_the_rest": ["y"] if takes else []}
    client.submit("/gestion/facturation/regies/nouvelle", typed)
    regies = {one.name: one.regie_id for one in world.all(Activity)}
    made = next(one.id for one in world.all(Regie) if one.code == "PERI")
    assert regies == {meal.name: made if takes else None, billed.name: other.id}


def test_a_demonstration_is_asked_for_no_mail_and_no_backup(app, client, agent, monkeypatch):
    monkeypatch.setitem(app.config, "DEMO", True)
    names = list(shown(client))
    assert len(names) == 8
    assert "Les mails" not in names
    assert "Les sauvegardes" not in names
