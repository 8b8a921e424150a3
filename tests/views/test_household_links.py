"""The service says who belongs to which household and who reads what; nobody is written twice (R01, R02)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import ChoiceList, DocumentOwner, LineAction, StaffRole
from models import (
    AuditEvent,
    BookingDraft,
    BookingDraftLine,
    Child,
    DocumentCategory,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    ListChoice,
)
from tests.entangled import Entangled
from tests.school_family import words

THURSDAY = date(2027, 1, 14)


@pytest.fixture
def two(world) -> Entangled:
    return Entangled(world)


@pytest.fixture
def agent(client, two):
    client.sign_in(two.world.staff(StaffRole.RECEPTION))
    return client


def said(client, address):
    client.get(address)
    return words(client.page.main)


def file_of(household, what=""):
    return f"/gestion/familles/{household.id}{what}"


def adult_of(two, first_name):
    return two.world.one(select(Guardian).where(Guardian.first_name == first_name))


def homes_of_child(two, child):
    rows = two.world.all(select(HouseholdChild).where(HouseholdChild.child_id == child.id))
    return {row.household_id for row in rows}


def last_event(two):
    return two.world.all(select(AuditEvent).order_by(AuditEvent.id))[-1]


# --- A known adult in one more household ---


def test_a_known_adult_is_found_confirmed_and_linked_once(agent, two):
    two.index()
    two.world.add(ListChoice(kind=ChoiceList.RELATIONSHIP, label="Beau-père"))
    karim = adult_of(two, "Karim")
    found = said(agent, file_of(two.solignac, "/adultes/rattacher?q=KARIM martin"))
    assert f"Karim MARTIN MARTIN n° {two.martin.number} Choisir" in found
    assert "zz.karim" not in found
    page = file_of(two.solignac, f"/adultes/rattacher/{karim.id}")
    agent.submit(page, {"relationship": "Beau-père", "is_legal_guardian": None}, follow=True)
    assert "Karim MARTIN est rattaché au foyer." in words(agent.page.main)
    place = two.world.one(
        select(HouseholdGuardian).where(HouseholdGuardian.household_id == two.solignac.id,
                                        HouseholdGuardian.guardian_id == karim.id)
    )  # fmt: skip
    assert (place.relationship, place.is_legal_guardian, place.position) == ("Beau-père", False, 2)
    assert len(two.world.all(select(Guardian).where(Guardian.last_name == "MARTIN"))) == 2
    assert last_event(two).action == "guardian.linked"
    assert agent.submit(page).status_code == 422
    assert "Karim MARTIN est déjà un adulte de ce foyer." in words(agent.page.main)
    assert "karim" in two.world.one(select(Household).where(Household.name == "SOLIGNAC")).search_text


def test_people_of_this_household_are_not_offered(agent, two):
    two.index()
    assert "Choisir" not in said(agent, file_of(two.martin, "/adultes/rattacher?q=karim"))
    assert "Choisir" not in said(agent, file_of(two.martin, "/adultes/rattacher?q=%2C"))
    assert "Personne ne porte ce nom" in said(agent, file_of(two.martin, "/adultes/rattacher?q=xyz"))


def test_the_step_parent_sees_both_with_one_login_and_stops_at_once(client, agent, two):
    karim = adult_of(two, "Karim")
    agent.submit(file_of(two.solignac, f"/adultes/rattacher/{karim.id}"), follow=True)
    client.sign_in(two.karim)
    assert "Famille SOLIGNAC" in said(client, "/mon-foyer")
    agent.sign_in(two.world.staff(StaffRole.RECEPTION))
    agent.submit(file_of(two.solignac, f"/adultes/{karim.id}/detacher"), follow=True)
    assert "Karim MARTIN n’est plus dans ce foyer." in words(agent.page.main)
    event = last_event(two)
    assert (event.action, event.before["name"]) == ("guardian.unlinked", "Karim MARTIN")
    client.sign_in(two.karim)
    assert "Famille SOLIGNAC" not in said(client, "/mon-foyer")


def test_an_adult_is_not_taken_out_of_the_only_household(agent, two):
    karim = adult_of(two, "Karim")
    answer = agent.submit(file_of(two.martin, f"/adultes/{karim.id}/detacher"))
    assert answer.status_code == 422
    assert "C’est le seul foyer de Karim MARTIN" in words(agent.page.main)


# --- What an adult is, and a confidential contact ---


@pytest.fixture
def secret(agent, two):
    """Karim's contact is confidential."""
    karim = adult_of(two, "Karim")
    agent.submit(
        file_of(two.martin, f"/adultes/{karim.id}/lien"),
        {"has_secret_contact": "y", "is_legal_guardian": "y"},
        follow=True,
    )
    return karim


def test_the_place_of_an_adult_is_kept_with_its_former_values(agent, two, secret):
    event = last_event(two)
    assert event.action == "guardian.place_changed"
    assert (event.before, event.after) == ({"has_secret_contact": False}, {"has_secret_contact": True})
    assert "coordonnées confidentielles" in said(agent, file_of(two.martin))


def test_reception_reads_a_confidential_contact(agent, two, secret):
    page = said(agent, file_of(two.martin))
    assert "ZZ rue Cachée" in page
    assert "Métier" not in page


def test_a_director_reads_neither_a_confidential_contact_nor_the_address_of_its_household(
    client, agent, two, secret
):
    client.sign_in(two.world.staff(StaffRole.DIRECTOR, [two.canteen.facility]))
    page = said(client, file_of(two.martin))
    assert "Coordonnées confidentielles" in page
    for hidden in ("ZZ rue Cachée", "zz.karim@example.org", "ZZville"):
        assert hidden not in client.get(file_of(two.martin)).get_data(as_text=True)
    assert "06 99 99 99 99" in page  # the other adult asked for nothing


def test_a_director_finds_nobody_by_a_confidential_contact(client, agent, two, secret):
    address = "/gestion/familles?q=zz.karim@example.org"
    assert "MARTIN" in said(agent, address)
    client.sign_in(two.world.staff(StaffRole.DIRECTOR, [two.canteen.facility]))
    assert "MARTIN" not in said(client, address)
    listed = said(client, "/gestion/familles")
    assert "MARTIN" in listed
    assert "ZZville" not in listed


def test_an_ordinary_contact_is_found_by_a_director(client, two):
    client.sign_in(two.world.staff(StaffRole.DIRECTOR, [two.canteen.facility]))
    assert "MARTIN" in said(client, "/gestion/familles?q=zz.karim@example.org")
    assert "ZZ rue Cachée" in said(client, file_of(two.martin))


# --- A known child in a second household ---


def test_a_known_child_is_found_confirmed_and_lives_in_both(agent, two):
    two.index()
    found = said(agent, file_of(two.martin, "/enfants/rattacher?q=marie"))
    assert f"Marie SOLIGNAC naissance le 02/03/2017 · SOLIGNAC n° {two.solignac.number}" in found
    agent.submit(file_of(two.martin, f"/enfants/rattacher/{two.marie.id}"), follow=True)
    assert "Marie vit désormais dans les deux foyers." in words(agent.page.main)
    assert homes_of_child(two, two.marie) == {two.solignac.id, two.martin.id}
    assert len(two.world.all(select(Child).where(Child.first_name == "Marie"))) == 1
    assert last_event(two).action == "child.linked"
    assert f"Aussi au foyer SOLIGNAC n° {two.solignac.number}" in said(agent, file_of(two.martin))


def test_a_child_has_two_households_at_most(agent, two):
    third = two.world.household("TROISIÈME")
    answer = agent.submit(file_of(third, f"/enfants/rattacher/{two.leo.id}"))
    assert answer.status_code == 422
    assert "est déjà rattaché à deux foyers" in words(agent.page.main)
    answer = agent.submit(file_of(two.martin, f"/enfants/rattacher/{two.leo.id}"))
    assert "Léo est déjà un enfant de ce foyer." in words(agent.page.main)


def test_a_child_leaves_a_household_with_a_trace_once_nothing_binds_it(agent, two):
    page = file_of(two.martin, f"/enfants/{two.leo.id}/detacher")
    booking = two.book(two.martin, two.leo, THURSDAY)
    assert agent.submit(page).status_code == 422
    assert "Ce foyer a encore 1 réservation à venir pour l’enfant" in words(agent.page.main)
    two.end(booking)
    agent.submit(page, follow=True)
    assert "Léo n’est plus dans ce foyer." in words(agent.page.main)
    assert homes_of_child(two, two.leo) == {two.solignac.id}
    event = last_event(two)
    assert (event.action, event.before) == ("child.unlinked", {"name": "Léo SOLIGNAC"})
    assert agent.submit(file_of(two.solignac, f"/enfants/{two.leo.id}/detacher")).status_code == 422


def test_a_custody_calendar_binds_a_child_to_its_household(agent, two):
    typed = {
        "valid_from": "2027-01-18", "even_household_id": str(two.solignac.id), "handover_weekday": "4",
        "holiday_split": "halves", "summer_split": "fortnights",
    }  # fmt: skip
    agent.submit(file_of(two.solignac, f"/enfants/{two.leo.id}/garde/calendrier"), typed, follow=True)
    answer = agent.submit(file_of(two.martin, f"/enfants/{two.leo.id}/detacher"))
    assert answer.status_code == 422
    assert "Le calendrier de garde parle encore de ce foyer" in words(agent.page.main)


# --- A household that reads the name only ---


def test_a_restriction_has_a_reason_a_trace_and_is_taken_back(client, agent, two):
    page = file_of(two.martin, f"/enfants/{two.leo.id}/acces")
    assert agent.submit(page, {"is_restricted": "y"}).status_code == 422
    assert "Indiquez pourquoi l’accès est limité." in words(agent.page.main)
    two.book(two.martin, two.leo, THURSDAY)
    agent.submit(page, {"is_restricted": "y", "reason": "Jugement du 4 janvier 2027"}, follow=True)
    assert "Attention : il garde 1 réservation à venir pour cet enfant." in words(agent.page.main)
    assert "Ce foyer ne lit que le nom" in words(agent.page.main)
    event = last_event(two)
    assert event.action == "child.restricted"
    assert event.after == {"is_restricted": True, "reason": "Jugement du 4 janvier 2027"}
    client.sign_in(two.karim)
    assert client.get(f"/mes-enfants/{two.leo.id}").status_code == 404
    assert "Jugement" not in said(client, "/mon-foyer")
    agent.sign_in(two.world.staff(StaffRole.RECEPTION))
    agent.submit(page, {"is_restricted": None}, follow=True)
    assert last_event(two).action == "child.unrestricted"
    client.sign_in(two.karim)
    assert client.get(f"/mes-enfants/{two.leo.id}").status_code == 200


def test_who_fetches_the_child_leads_to_the_households_that_read_its_file(agent, two):
    two.world.pick_up(two.leo, "Ursule")
    page = file_of(two.martin, f"/enfants/{two.leo.id}/acces")
    found = []
    for answers in ({"is_restricted": "y", "reason": "Jugement"}, {"is_restricted": None}):
        agent.submit(page, answers, follow=True)
        (martin,) = [one for one in two.world.all(Household) if one.id == two.martin.id]
        found.append("ursule" in martin.search_text)
    assert found == [False, True]


def test_an_agent_writes_the_sheet_from_the_household_that_reads_it(agent, two):
    leo = two.leo.id
    agent.submit(
        file_of(two.martin, f"/enfants/{leo}/acces"),
        {"is_restricted": "y", "reason": "Jugement"},
        follow=True,
    )
    agent.get(file_of(two.martin, f"/enfants/{leo}"))
    assert not agent.page.main.find("a", href=lambda one: one and one.endswith("/identite"))
    elsewhere = file_of(two.solignac, f"/enfants/{leo}")
    assert agent.page.main.find("a", href=elsewhere)
    assert agent.get(file_of(two.martin, f"/enfants/{leo}/identite")).status_code == 404
    assert agent.get(f"{elsewhere}/identite").status_code == 200
    two.world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD))
    for household, offered in ((two.martin, False), (two.solignac, True)):
        agent.get(file_of(household, "/documents/deposer"))
        assert ("Assurance, Léo" in words(agent.page.main)) is offered


def test_a_restriction_forgets_the_days_that_were_not_validated(agent, two):
    world = two.world
    draft = world.add(
        BookingDraft(
            key="K" * 32, user_id=two.karim.id, household_id=two.martin.id, child_id=two.nino.id,
            created_at=world.now, updated_at=world.now,
        )
    )  # fmt: skip
    for child in (two.leo, two.nino):
        world.add(
            BookingDraftLine(
                draft_id=draft.id, child_id=child.id, opening_id=two.opening(THURSDAY).id,
                presence_type_id=two.canteen.meal.id, day=THURSDAY, action=LineAction.BOOK,
            )
        )  # fmt: skip
    page = file_of(two.martin, f"/enfants/{two.leo.id}/acces")
    agent.submit(page, {"is_restricted": "y", "reason": "Jugement"}, follow=True)
    assert [line.child_id for line in world.all(BookingDraftLine)] == [two.nino.id]


def test_the_only_household_of_a_child_is_never_restricted(agent, two):
    assert agent.get(file_of(two.solignac, f"/enfants/{two.marie.id}/acces")).status_code == 404
