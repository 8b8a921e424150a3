"""Réglages › Champs du dossier: what the town does with each field (S33, S34)."""

import pytest

from domain.enums import FileSection, StaffRole
from domain.family_file import Person, Policy
from models import AuditEvent, FieldRule, Guardian
from queries import field_rules
from tests.change_bench import Bench

PAGE = "/gestion/reglages/champs"
CITY, MOBILE, NAME = "household.city", "guardian.mobile_phone", "child.first_name"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


def boxes(client, key):
    """The ticked boxes of a field, by the name of their column."""
    found = client.page.main.find_all("input", value=key)
    return {box["name"] for box in found if box.has_attr("checked")}


def standing(client):
    """Every box that is ticked on the page, as a browser sends it."""
    client.get(PAGE)
    ticked = client.page.main.find_all("input", checked=True, disabled=False)
    names = ("is_shown", "is_editable", "is_required", "without_control")
    return {name: [box["value"] for box in ticked if box["name"] == name] for name in names}


def policy(app, key):
    with app.app_context():
        return field_rules.field_policies()[key]


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_change_the_fields(client, world, role):
    client.sign_in(world.staff(role))
    assert client.get(PAGE).status_code == 403


def test_every_field_by_section_with_what_stands(client, agent):
    client.get(PAGE)
    titles = [one.get_text() for one in client.page.main.find_all("h2")]
    assert titles[0] == "Adresse du foyer"
    assert len(titles) == len(FileSection)
    assert boxes(client, CITY) == {"is_shown", "is_editable", "is_required"}
    assert boxes(client, MOBILE) == {"is_shown", "is_editable"}
    assert client.page.main.find("input", value="child.people")


def test_what_is_ticked_is_what_happens(app, client, agent, world):
    wanted = standing(client)
    wanted["without_control"].append(MOBILE)
    wanted["is_editable"].remove(CITY)
    client.submit(PAGE, wanted, follow=True)
    assert "Les champs du dossier sont enregistrés." in client.page.get_text()
    assert "without_control" in boxes(client, MOBILE)
    assert policy(app, MOBILE) == Policy(needs_control=False)
    assert policy(app, CITY) == Policy(is_editable=False, is_required=True)
    assert {row.field for row in world.all(FieldRule)} == {MOBILE, CITY}
    event = world.one(AuditEvent)
    assert (event.action, event.actor_user_id) == ("field_rules.updated", agent.id)
    assert event.before[MOBILE]["needs_control"] is True
    assert event.after[MOBILE]["needs_control"] is False
    bench = Bench(world)
    bench.declare(FileSection.ADULT_CONTACT, mobile_phone="06 12 34 56 78")
    assert world.one(Guardian).mobile_phone == "06 12 34 56 78"


def test_nothing_ticked_anew_writes_nothing(client, agent, world):
    client.submit(PAGE, standing(client), follow=True)
    assert "Rien n’a changé." in client.page.get_text()
    assert world.all(FieldRule) == world.all(AuditEvent) == []


def test_a_name_stays_required(app, client, agent):
    wanted = standing(client)
    assert NAME not in wanted["is_required"], "a box that is disabled is not sent"
    client.submit(PAGE, wanted, follow=True)
    assert policy(app, NAME).is_required
    assert client.page.main.find("input", value=NAME, attrs={"name": "is_required"}).has_attr("disabled")


def test_an_unknown_field_counts_for_nothing(client, agent, world):
    wanted = standing(client)
    forged = {"is_shown": [*wanted["is_shown"], "household.number"]}
    assert client.submit(PAGE, wanted, forged=forged).status_code == 303
    assert world.all(FieldRule) == []


def test_the_journal_of_a_file_tells_declared_changes_in_words(client, agent, world):
    bench = Bench(world)
    alone = bench.question("Partir seul")
    bench.declare(FileSection.CHILD_IDENTITY, sex="female", birth_date="03/02/2018")
    bench.declare(FileSection.CHILD_MEDICAL, food_allergies="arachide")
    bench.answer({(alone.id, None): False})
    bench.person(None, Person("Nadia", "BENALI", "grand-mère"))
    bench.accept_all()
    client.get(f"/gestion/familles/{bench.home.id}")
    journal = " ".join(client.page.find(id="historique").get_text(" ").split())
    for words in (
        "Modification déclarée par la famille",
        "Modification acceptée",
        "Sexe",
        "Fille",
        "03/02/2018",
        "Allergies alimentaires",
        "•••",
        "Partir seul",
        "Nadia BENALI, grand-mère, vient chercher",
    ):
        assert words in journal
    assert "arachide" not in client.page.get_text()
    assert "Autre acte" not in journal
