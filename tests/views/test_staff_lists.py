"""Lists that the service edits (S32, S45) and authorisations that it asks for (S50)."""

import pytest

from domain.enums import ChangeState, Channel, ChoiceList, FileSection, StaffRole, SubjectKind
from domain.family_file import ADDED_PERSON_FIELD, Person, person_from_text, person_to_text
from models import (
    AuditEvent,
    AuthorisationType,
    AuthorisedPerson,
    ChangeLine,
    ChangeRequest,
    Child,
    Household,
    ListChoice,
)
from tests.views.reading import text

LISTS, AUTHORISATIONS = "/gestion/listes", "/gestion/autorisations"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


def situation(world, label: str = "En couple", **columns) -> ListChoice:
    return world.add(ListChoice(kind=ChoiceList.FAMILY_SITUATION, label=label, **columns))


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
@pytest.mark.parametrize("page", [LISTS, AUTHORISATIONS])
def test_only_administrators_edit_the_lists(client, world, role, page):
    client.sign_in(world.staff(role))

    assert client.get(page).status_code == 403


def offered(client, page: str) -> list[str]:
    client.get(page)
    return [option.get_text() for option in client.page.select("#family_situation option")]


def test_what_the_service_lists_is_what_a_file_offers_in_its_order(client, agent, world):
    situation(world, "En couple", position=2)
    client.submit(f"{LISTS}/situations/nouveau", {"label": "Parent seul", "position": "1"})
    client.submit(f"{LISTS}/situations/nouveau", {"label": "Tutelle", "position": "3", "is_active": None})

    assert offered(client, "/gestion/familles/nouveau") == ["Non renseigné", "Parent seul", "En couple"]
    client.get(LISTS)
    assert "Tutelle Retiré" in text(client)


def test_a_label_is_listed_once(client, agent, world):
    situation(world)

    answer = client.submit(f"{LISTS}/situations/nouveau", {"label": "En couple"})

    assert answer.status_code == 422
    assert "Ce choix existe déjà dans la liste." in text(client)


def test_a_hidden_label_stays_in_the_files_that_hold_it(client, agent, world):
    hidden = situation(world, "Tutelle")
    household = world.household(family_situation="Tutelle")
    client.submit(f"{LISTS}/choix/{hidden.id}", {"is_active": None})

    assert "Tutelle" not in offered(client, "/gestion/familles/nouveau")
    client.submit(f"/gestion/familles/{household.id}/modifier", {"city": "Pradines"})
    assert world.one(Household).family_situation == "Tutelle"


def test_renaming_a_label_renames_it_in_the_files(client, agent, world):
    row = situation(world, "En couple")
    together, alone = world.household(family_situation="En couple"), world.household("MARTIN")

    client.submit(f"{LISTS}/choix/{row.id}", {"label": "Vie commune"})

    found = {one.id: one.family_situation for one in world.all(Household)}
    assert found == {together.id: "Vie commune", alone.id: ""}
    event = world.one(AuditEvent)
    assert (event.before, event.after) == ({"label": "En couple"}, {"label": "Vie commune"})


def waiting(world, child: Child, section: FileSection, field: str, wanted: str, state: ChangeState) -> None:
    """A change that the family sent about its child."""
    household = world.one(Household)
    author = world.user()
    request = world.add(
        ChangeRequest(
            reference=f"M-{author.id}", household_id=household.id, child_id=child.id, section=section,
            author_user_id=author.id, author_name="Claire SOLIGNAC", channel=Channel.PORTAL,
            submission_key=f"key{author.id}", created_at=world.now, due_at=world.now,
        )
    )  # fmt: skip
    world.add(
        ChangeLine(
            request_id=request.id, subject_kind=SubjectKind.CHILD, subject_id=child.id, field=field,
            seen_value=None, wanted_value=wanted, state=state,
        )
    )  # fmt: skip


def test_a_change_that_waits_is_renamed_too(client, agent, world):
    """Else the service would accept a word that its list does not hold any more."""
    row = world.add(ListChoice(kind=ChoiceList.DIET, label="Végé"))
    child = world.child(world.household(), diet="Végé")
    waiting(world, child, FileSection.CHILD_DIET, "diet", "Végé", ChangeState.PENDING)
    waiting(world, child, FileSection.CHILD_DIET, "diet", "Végé", ChangeState.REFUSED)

    client.submit(f"{LISTS}/choix/{row.id}", {"label": "Végétarien"})

    assert world.one(Child).diet == "Végétarien"
    values = {line.state: line.wanted_value for line in world.all(ChangeLine)}
    assert values == {ChangeState.PENDING: "Végétarien", ChangeState.REFUSED: "Végé"}


def test_a_relationship_is_renamed_where_people_hold_it(client, agent, world):
    row = world.add(ListChoice(kind=ChoiceList.RELATIONSHIP, label="Mamie"))
    child = world.child(world.household())
    world.add(AuthorisedPerson(child_id=child.id, first_name="Nadia", last_name="B", relationship="Mamie"))
    for number, relationship in enumerate(("Mamie", "Voisine")):
        person = person_to_text(Person("Nadia", "BENALI", relationship))
        field = f"{ADDED_PERSON_FIELD}:{number}"
        waiting(world, child, FileSection.CHILD_PEOPLE, field, person, ChangeState.PENDING)

    client.submit(f"{LISTS}/choix/{row.id}", {"label": "Grand-mère"})

    assert world.one(AuthorisedPerson).relationship == "Grand-mère"
    people = sorted(person_from_text(line.wanted_value).relationship for line in world.all(ChangeLine))
    assert people == ["Grand-mère", "Voisine"]


def test_a_word_outside_the_list_is_refused(client, agent, world):
    household = world.household()

    page = f"/gestion/familles/{household.id}/modifier"
    client.submit(page, {"family_situation": None}, forged={"family_situation": "Inventée"})

    assert "Choisissez une réponse de la liste." in text(client)
    assert world.one(Household).family_situation == ""


def test_a_list_that_does_not_exist_is_not_found(client, agent):
    assert client.get(f"{LISTS}/planetes/nouveau").status_code == 404


# --- Authorisations -----------------------------------------------------------------------------


def test_an_authorisation_is_added_and_edited(client, agent, world):
    typed = {"name": "Sortie à la piscine", "description": "Avec le bus.", "is_per_facility": "y"}
    client.submit(f"{AUTHORISATIONS}/nouvelle", typed)

    row = world.one(AuthorisationType)
    assert (row.name, row.description, row.is_per_facility) == ("Sortie à la piscine", "Avec le bus.", True)
    assert (row.is_safety, row.is_active, row.position) == (False, True, 1)
    client.submit(f"{AUTHORISATIONS}/{row.id}", {"is_safety": "y", "is_active": None})
    client.get(AUTHORISATIONS)
    assert "Sortie à la piscine Une réponse pour chaque structure · sécurité de l’enfant Retirée" in text(
        client
    )
    assert [event.action for event in world.all(AuditEvent)] == [
        "authorisation_type.created",
        "authorisation_type.updated",
    ]


def test_two_authorisations_have_two_names(client, agent, world):
    world.add(AuthorisationType(name="Sortie à la piscine"))

    answer = client.submit(f"{AUTHORISATIONS}/nouvelle", {"name": "Sortie à la piscine"})

    assert answer.status_code == 422
    assert "Une autre autorisation porte déjà ce nom." in text(client)
