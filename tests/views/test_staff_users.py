"""Agents on screen: invited, given a role, suspended; one administrator always remains (S108, S114)."""

import pytest
from sqlalchemy import select

from domain.enums import AccountStatus, MailKind, StaffRole
from domain.permissions import role_is_scoped
from models import AuditEvent, OutgoingMail, SecondFactor, StaffFacility, StaffMember, User
from tests.views.reading import text

HOME = "/gestion/agents"


@pytest.fixture
def admin(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


def invitation(**fields):
    return {"first_name": "Sylvie", "last_name": "LAVERGNE", "email": "sylvie@cahors.example"} | fields


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_manage_agents(client, world, role):
    client.sign_in(world.staff(role))

    assert client.get(HOME).status_code == 403


def test_a_family_does_not_know_the_page(client, world):
    client.sign_in(world.parent(world.household()))

    assert client.get(HOME).status_code == 404


def test_a_director_is_invited_with_its_facilities(client, admin, world):
    facility = world.facility("ALSH Saint-Géry")

    client.submit(f"{HOME}/inviter", invitation(role="director", facilities=[str(facility.id)]), follow=True)

    assert "L’invitation part à sylvie@cahors.example." in text(client)
    assert "ALSH Saint-Géry" in text(client)
    member = next(one for one in world.all(StaffMember) if one.user_id != admin.id)
    assert member.role is StaffRole.DIRECTOR
    assert world.one(StaffFacility).facility_id == facility.id
    assert [mail.kind for mail in world.all(OutgoingMail)] == [MailKind.ACTIVATION]


def test_a_director_of_an_empty_town_is_refused(client, admin, world):
    assert client.submit(f"{HOME}/inviter", invitation(role="director")).status_code == 422
    assert "Choisissez au moins une structure" in client.page.find(id="role-erreur").get_text()


def test_a_director_without_facility_is_refused(client, admin, world):
    world.facility()

    answer = client.submit(f"{HOME}/inviter", invitation(role="director"))

    assert answer.status_code == 422
    assert "Choisissez au moins une structure" in client.page.find(id="facilities-erreur").get_text()
    assert client.page.find(id="last_name")["value"] == "LAVERGNE"
    assert len(world.all(User)) == 1


def test_an_address_in_use_is_told_at_its_field(client, admin, world):
    answer = client.submit(f"{HOME}/inviter", invitation(role="reception", email=admin.email.upper()))

    assert answer.status_code == 422
    assert "sert déjà à un autre accès" in client.page.find(id="email-erreur").get_text()


def test_a_role_change_counts_at_once(app, client, admin, world):
    colleague = world.staff(StaffRole.RECEPTION)
    browser = app.test_client()
    browser.sign_in(colleague)
    assert browser.get(HOME).status_code == 403

    client.submit(f"{HOME}/{colleague.id}", {"role": "administrator"})

    assert browser.get(HOME).status_code == 200


def test_the_medical_right_is_granted_to_a_person_and_noted(client, admin, world):
    colleague = world.staff(StaffRole.RECEPTION)
    client.submit(f"{HOME}/{colleague.id}", {"can_read_medical": "y"}, follow=True)

    assert "lit les renseignements médicaux" in text(client)
    (event,) = world.all(select(AuditEvent).where(AuditEvent.action == "staff_member.updated"))
    assert (event.before, event.after) == ({"can_read_medical": False}, {"can_read_medical": True})
    assert event.actor_user_id == admin.id
    client.submit(f"{HOME}/{colleague.id}", {"can_read_medical": None})
    assert [one.can_read_medical for one in world.all(StaffMember)] == [False, False]


def test_an_invitation_may_grant_the_medical_right(client, admin, world):
    client.submit(f"{HOME}/inviter", invitation(role="reception", can_read_medical="y"))
    assert [one.can_read_medical for one in world.all(StaffMember)] == [False, True]
    (event,) = world.all(select(AuditEvent).where(AuditEvent.action == "staff_member.updated"))
    assert event.after == {"can_read_medical": True}


def test_a_director_who_changes_role_loses_its_facilities(client, admin, world):
    colleague = world.staff(StaffRole.DIRECTOR, [world.facility()])

    client.submit(f"{HOME}/{colleague.id}", {"role": "reception"})

    assert world.all(StaffFacility) == []


def test_the_last_administrator_keeps_the_role(client, admin, world):
    world.staff(StaffRole.ADMINISTRATOR, status=AccountStatus.INVITED)

    answer = client.submit(f"{HOME}/{admin.id}", {"role": "reception"})

    assert answer.status_code == 422
    assert "C’est le dernier administrateur actif" in client.page.find(id="role-erreur").get_text()
    roles = {one.user_id: one.role for one in world.all(StaffMember)}
    assert roles[admin.id] is StaffRole.ADMINISTRATOR


def test_an_administrator_may_step_down_when_another_is_active(client, admin, world):
    world.staff(StaffRole.ADMINISTRATOR)

    assert client.submit(f"{HOME}/{admin.id}", {"role": "reception"}).status_code == 303


def test_nobody_suspends_the_own_access(client, admin, world):
    client.get(HOME)
    assert not client.page.find("form", action=f"{HOME}/{admin.id}/suspendre")
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]

    answer = client.post(f"{HOME}/{admin.id}/suspendre", data={"csrf_token": token})

    assert answer.status_code == 422
    assert world.one(User).status is AccountStatus.ACTIVE


def test_suspending_ends_the_sessions_and_reopening_gives_them_back(app, client, admin, world):
    colleague = world.staff(StaffRole.ADMINISTRATOR, password_hash="hash")
    browser = app.test_client()
    browser.sign_in(colleague)
    assert browser.get(HOME).status_code == 200

    client.submit(HOME, form=f"{HOME}/{colleague.id}/suspendre", follow=True)
    assert "Ses sessions ouvertes sont terminées" in text(client)
    assert browser.get(HOME).status_code == 303

    client.submit(HOME, form=f"{HOME}/{colleague.id}/rouvrir", follow=True)
    statuses = {one.id: one.status for one in world.all(User)}
    assert statuses[colleague.id] is AccountStatus.ACTIVE


def test_an_animator_is_invited_with_its_facilities(client, admin, world):
    facility = world.facility("ALSH Saint-Géry")

    assert client.submit(f"{HOME}/inviter", invitation(role="leader")).status_code == 422
    client.submit(f"{HOME}/inviter", invitation(role="leader", facilities=[str(facility.id)]), follow=True)

    assert world.one(StaffFacility).facility_id == facility.id
    assert "Animation ALSH Saint-Géry" in text(client)


def test_the_page_says_in_one_sentence_what_each_role_does(client, admin):
    client.get(HOME)

    said = {one.strong.get_text() for one in client.page.select('section[aria-labelledby="roles"] li')}
    assert said == {"Accueil", "Direction de structure", "Animation", "Régie", "Administration"}


@pytest.mark.parametrize("role", list(StaffRole))
def test_each_role_begins_with_its_own_work_in_five_tabs_at_most(client, world, role):
    starts = {StaffRole.LEADER: "/gestion/journee", StaffRole.COLLECTOR: "/gestion/facturation"}
    facilities = [world.facility()] if role_is_scoped(role) else []
    client.sign_in(world.staff(role, facilities))

    assert client.get("/espace").location == starts.get(role, "/gestion")
    client.get("/espace", follow_redirects=True)

    tabs = [tab["href"] for tab in client.page.select("nav.tabs a")]
    assert 2 <= len(tabs) <= 5
    assert client.page.select_one('nav.tabs a[aria-current="page"]')
    client.reads_pages = False
    assert {client.get(address).status_code for address in tabs} == {200}


def test_a_departed_agent_is_out_at_the_next_request(app, client, admin, world):
    """Its rights are read again at each request: a role taken away counts at once too (security S28)."""
    agent = world.staff(StaffRole.RECEPTION)
    departed = app.test_client()
    departed.sign_in(agent)
    assert departed.get("/gestion/familles").status_code == 200

    client.submit(HOME, form=f"{HOME}/{agent.id}/suspendre")

    assert departed.get("/gestion/familles").location == "/?suite=/gestion/familles"


def test_an_administrator_signs_a_colleague_out_everywhere(app, client, admin, world):
    agent = world.staff(StaffRole.RECEPTION)
    browsers = [app.test_client(), app.test_client()]
    for browser in browsers:
        browser.sign_in(agent)

    client.submit(HOME, form=f"{HOME}/{agent.id}/deconnecter", follow=True)

    assert "Toutes ses sessions sont terminées" in text(client)
    assert [browser.get("/gestion").status_code for browser in browsers] == [303, 303]
    assert world.all(AuditEvent)[-1].action == "access.sessions_ended"


def test_an_administrator_takes_a_lost_code_away(app, client, admin, world):
    agent = world.staff(StaffRole.RECEPTION, has_factor=True)
    browser = app.test_client()
    browser.sign_in(agent)
    page = f"{HOME}/{agent.id}/code-de-securite"
    client.get(HOME)
    assert client.page.find("a", href=page)

    client.submit(page, follow=True)

    assert "Le code de sécurité d’Agnès MARTIN est retiré." in text(client)
    assert world.all(SecondFactor) == []
    assert browser.get("/gestion").status_code == 303
    assert client.submit(page).status_code == 422


def test_an_invitation_is_sent_again(client, admin, world):
    client.submit(f"{HOME}/inviter", invitation(role="reception"))
    invited = next(one for one in world.all(User) if one.id != admin.id)

    client.submit(HOME, form=f"{HOME}/{invited.id}/renvoyer", follow=True)

    assert "Le mail d’activation repart." in text(client)


@pytest.mark.parametrize("act", ["suspendre", "rouvrir", "renvoyer"])
def test_a_family_s_account_is_no_agent(client, admin, world, act):
    parent = world.parent(world.household())
    client.get(HOME)
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]

    assert client.post(f"{HOME}/{parent.id}/{act}", data={"csrf_token": token}).status_code == 404
    assert client.get(f"{HOME}/{parent.id}").status_code == 404
