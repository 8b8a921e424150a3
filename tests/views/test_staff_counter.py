"""What a family tells the service about a child: official at once (S06, S43 to S50)."""

import pytest
from sqlalchemy import select

from domain.enums import ChangeState, Channel, ChoiceList, FileSection, StaffRole
from models import (
    AuditEvent,
    Authorisation,
    AuthorisedPerson,
    ChangeLine,
    ChangeRequest,
    Child,
    ListChoice,
    MedicalRecord,
)
from services.medical_readings import READ
from services.transaction import write_transaction
from tests.school_family import SchoolFamily, words
from tests.views.reading import text


@pytest.fixture
def family(world):
    for label in ("Sans porc", "Végétarien"):
        world.add(ListChoice(kind=ChoiceList.DIET, label=label))
    return SchoolFamily(world)


@pytest.fixture
def agent(world, client):
    user = world.staff(StaffRole.RECEPTION)
    client.sign_in(user)
    return user


def page(family, name: str) -> str:
    return f"/gestion/familles/{family.household.id}/enfants/{family.leo.id}/{name}"


def kept(world, child) -> Child:
    return world.one(select(Child).where(Child.id == child.id))


def test_a_diet_told_on_the_telephone_is_official_at_once(client, world, family, agent):
    typed = {"diet": "Sans porc", "diet_note": "pas de gélatine", "channel": "phone"}

    client.submit(page(family, "alimentation"), typed, follow=True)

    assert "C’est enregistré." in text(client)
    assert "Sans porc (pas de gélatine)" in text(client)
    assert kept(world, family.leo).diet == "Sans porc"
    request = world.one(ChangeRequest)
    assert (request.channel, request.author_name) == (Channel.PHONE, "Agnès MARTIN")
    event = world.one(select(AuditEvent).where(AuditEvent.action == "change.applied"))
    assert (event.actor_user_id, event.channel) == (agent.id, Channel.PHONE)


def test_what_the_family_declared_otherwise_still_waits(client, world, family, agent):
    declared = {"diet": (None, "Végétarien")}
    world.change(family.household, family.claire, FileSection.CHILD_DIET, declared, child=family.leo)

    client.get(page(family, "alimentation"))
    assert client.page.select_one("#diet option[selected]")["value"] == ""
    client.submit(page(family, "alimentation"), {"diet": "Sans porc"}, follow=True)

    assert "Déclaré : Végétarien" in text(client)
    states = [line.state for line in world.all(select(ChangeLine).order_by(ChangeLine.id))]
    assert states == [ChangeState.PENDING, ChangeState.ACCEPTED]


def test_a_colleague_who_was_faster_is_not_overwritten(client, world, family, agent):
    client.get(page(family, "alimentation"))
    form = client.page.select_one("main form")
    typed = {one["name"]: one.get("value", "") for one in form.select("input[type=hidden]")}
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Child, family.leo.id).diet = "Végétarien"

    answer = client.post(page(family, "alimentation"), data=typed | {"diet": "Sans porc", "channel": "phone"})

    assert answer.status_code == 409
    assert client.page.select_one("#diet option[selected]")["value"] == "Végétarien"
    assert kept(world, family.leo).diet == "Végétarien"


def test_a_wrong_date_is_told_at_its_field(client, world, family, agent):
    answer = client.submit(page(family, "identite"), {"birth_date": "2031-01-01"})
    assert answer.status_code == 422
    assert "pas dans le futur" in words(client.page.find(id="birth_date-erreur"))
    client.submit(page(family, "identite"), {"birth_place": "Cahors", "sex": "male"})
    assert kept(world, family.leo).birth_place == "Cahors"


def test_somebody_is_added_changed_and_taken_off(client, world, family, agent):
    typed = {"first_name": "Nadia", "last_name": "BENALI", "phone": "0612345678", "may_collect": "y"}
    client.submit(page(family, "personnes/nouvelle"), typed, follow=True)
    assert "Nadia BENALI" in text(client)
    nadia = world.one(AuthorisedPerson)
    assert (nadia.phone, nadia.may_collect) == ("06 12 34 56 78", True)

    client.submit(page(family, f"personnes/{nadia.id}"), {"relationship": "grand-mère"}, button=None)
    assert world.one(AuthorisedPerson).relationship == "grand-mère"

    client.get(page(family, f"personnes/{nadia.id}"))
    form = client.page.select_one("main form")
    sent = {one["name"]: one.get("value", "") for one in form.select("input[type=hidden]")}
    removal = client.page.select_one("button[formaction]")["formaction"]
    client.post(removal, data=sent | {"channel": "counter"})
    assert world.all(AuthorisedPerson) == []
    client.get(page(family, "").rstrip("/"))
    assert "Nadia BENALI ne vient plus chercher l’enfant." in text(client)


def test_answers_of_the_parents_are_noted(client, world, family, agent):
    alone = world.question(is_per_facility=True)
    field = f"authorisation:{alone.id}:{family.canteen.facility.id}"
    client.submit(page(family, "autorisations"), {field: "non", "channel": "counter"}, follow=True)
    assert "Peut partir seul Écoles de Cahors Non Agnès MARTIN" in text(client)
    assert world.one(Authorisation).is_allowed is False


def test_health_is_changed_by_who_may_read_it(client, world, family, agent):
    assert client.get(page(family, "sante/modifier")).status_code == 405
    sheet = page(family, "").rstrip("/")
    client.get(sheet)
    assert client.page.select_one("#sante form") is None

    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))
    client.submit(sheet, form="#sante form")
    form = client.page.select_one("#sante form")
    token = {"csrf_token": client.page.select_one("#sante input[name=csrf_token]")["value"]}
    client.post(form["action"], data=token)
    sent = {one["name"]: one.get("value", "") for one in client.page.select("main form input[type=hidden]")}
    answer = client.post(form["action"], data=sent | {"food_allergies": "arachide", "channel": "phone"})

    assert answer.status_code == 303
    assert "arachide" in world.one(MedicalRecord).content
    readings = world.all(select(AuditEvent).where(AuditEvent.action == READ))
    assert "la fiche de l’enfant, pour la modifier" in [event.after["place"] for event in readings]
    told = world.one(select(AuditEvent).where(AuditEvent.action == "change.applied"))
    assert "arachide" not in str(told.after)


def test_a_director_changes_nothing(client, world, family):
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility]))
    for name in ("alimentation", "identite", "personnes/nouvelle", "autorisations"):
        assert client.get(page(family, name)).status_code == 403
    client.get(page(family, "").rstrip("/"))
    assert "Modifier" not in text(client)
