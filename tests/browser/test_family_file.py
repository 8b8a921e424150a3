"""A parent keeps the family file true from a phone: each field, with and without scripts, by keyboard
(S31 to S34, S36, S40).
"""

import re

import pytest
from playwright.sync_api import Page, expect

from domain.enums import ChangeState, ChoiceList, FileSection, SubjectKind
from domain.family_file import FIELDS, FieldKind, FileField
from models import ChangeLine, ChangeRequest, ListChoice
from tests.browser import looks
from tests.browser.test_keyboard import activate, tab_to
from tests.school_family import SchoolFamily

DUE = "jeudi 14\u00a0janvier, 10\u00a0h"
TYPED = {
    FieldKind.LINE: ("Quelque chose", "Quelque chose"),
    FieldKind.PHONE: ("06 12 34 56 78", "06 12 34 56 78"),
    FieldKind.POSTCODE: ("46100", "46100"),
    FieldKind.DATE: ("1985-02-03", "03/02/1985"),
    FieldKind.IBAN: ("FR76 3000 6000 0112 3456 7890 189", "•••• 0189"),
}
CHOSEN = {"family_situation": ("Mariés", "Mariés"), "social_fund": ("MSA", "MSA")}
OWN = [field for field in FIELDS if field.subject in (SubjectKind.HOUSEHOLD, SubjectKind.GUARDIAN)]
PAGES = {SubjectKind.HOUSEHOLD: "/mon-foyer", SubjectKind.GUARDIAN: "/mon-compte"}
TITLES = {
    FileSection.HOUSEHOLD_ADDRESS: "Adresse du foyer",
    FileSection.HOUSEHOLD_SITUATION: "Situation du foyer",
    FileSection.ADULT_IDENTITY: "Mes informations personnelles",
    FileSection.ADULT_CONTACT: "Coordonnées",
    FileSection.ADULT_BANK: "Coordonnées bancaires",
}


@pytest.fixture
def family(world) -> SchoolFamily:
    world.add(ListChoice(kind=ChoiceList.FAMILY_SITUATION, label="Mariés"))
    return SchoolFamily(world)


def open_form(page: Page, section: FileSection, sheet: str) -> None:
    page.goto(sheet)
    page.get_by_role("region", name=TITLES[section], exact=True).get_by_role("link", name="Modifier").click()
    expect(page.get_by_role("button", name="Valider")).to_be_visible()


def fill(page: Page, field: FileField, text: str) -> None:
    control = page.get_by_label(re.compile(rf"^{re.escape(field.label)}( \*)?$"))
    if field.choices is not None:
        control.select_option(label=text)
    else:
        control.fill(text)


def at_field(page: Page, label: str):
    term = page.get_by_role("term").filter(has_text=re.compile(rf"^{re.escape(label)}$"))
    return page.locator("dl.facts > div").filter(has=term)


@pytest.mark.parametrize("field", OWN, ids=lambda field: field.key)
def test_each_field_of_the_household_and_of_the_adult_on_a_phone(visit, family, field):
    typed, said = CHOSEN.get(field.name) or TYPED[field.kind]
    page = visit(user=family.claire, width=360)
    open_form(page, field.section, PAGES[field.subject])
    fill(page, field, typed)
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_text("Votre modification est envoyée")).to_be_visible()
    shown = at_field(page, field.label)
    expect(shown).to_contain_text(f"{said}, en attente de contrôle, réponse attendue avant le {DUE}")
    line = family.world.one(ChangeLine)
    assert (line.field, line.state) == (field.name, ChangeState.PENDING)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_declared_shown_replaced_and_withdrawn(visit, family, scripts):
    page = visit(user=family.claire, width=360, scripts=scripts)
    open_form(page, FileSection.HOUSEHOLD_ADDRESS, "/mon-foyer")
    page.get_by_label("Adresse *").fill("")
    visit.expects(422)
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_text("Une réponse est à corriger")).to_be_visible()
    page.get_by_label("Adresse *").fill("4 impasse des Saules")
    page.get_by_role("button", name="Valider").click()
    address = at_field(page, "Adresse")
    expect(address).to_contain_text("12 rue Nationale")
    expect(address).to_contain_text("4 impasse des Saules, en attente de contrôle")

    page.goto("/accueil")
    expect(page.get_by_role("link", name="Nouvelle adresse du foyer")).to_be_visible()
    page.get_by_role("link", name="Nouvelle adresse du foyer").click()
    at_field(page, "Adresse").get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("Votre modification est retirée")).to_be_visible()
    expect(at_field(page, "Adresse")).not_to_contain_text("en attente")
    assert family.world.one(ChangeLine).state is ChangeState.WITHDRAWN


def test_leaving_a_changed_form_warns_and_nothing_is_sent(visit, family):
    page = visit(user=family.claire, width=360)
    open_form(page, FileSection.ADULT_CONTACT, "/mon-compte")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Lieu de travail").press_sequentially("Hôpital")
    page.get_by_role("link", name="Annuler").click()
    page.wait_for_url("**/mon-compte")
    assert asked == ["beforeunload"]
    assert family.world.all(ChangeRequest) == []


def test_a_child_by_keyboard(visit, family):
    nadia = family.world.pick_up(family.leo)
    question = family.world.question("Peut être photographié")
    page = visit(user=family.claire, width=1280)
    sheet = f"/mes-enfants/{family.leo.id}"
    page.goto(sheet)
    diet = page.get_by_role("region", name="Régime alimentaire").get_by_role("link", name="Modifier")
    activate(page, diet)
    expect(page.get_by_role("heading", name="Régime alimentaire", level=1)).to_be_visible()
    tab_to(page, page.get_by_label("Précision pour la cuisine"))
    page.keyboard.type("Pas de gélatine")
    activate(page, page.get_by_role("button", name="Valider"))
    expect(at_field(page, "Précision pour la cuisine")).to_contain_text("Pas de gélatine, en attente")

    page.goto(f"{sheet}/autorisations")
    tab_to(page, page.locator(f"input[name='authorisation:{question.id}']").first)
    page.keyboard.press("ArrowRight")
    activate(page, page.get_by_role("button", name="Valider"))
    expect(at_field(page, "Peut être photographié")).to_contain_text("Non, en attente de contrôle")

    page.goto(f"{sheet}/personnes/{nadia.id}/retirer")
    activate(page, page.get_by_role("button", name="Valider"))
    expect(page.get_by_text("Retrait demandé")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_what_waits_and_what_was_refused_fits(visit, family, width):
    world, household = family.world, family.household
    long = "Impasse du Docteur-Jean-Baptiste-Anticonstitutionnellement, bâtiment des Pâquerettes"
    section = FileSection.HOUSEHOLD_ADDRESS
    world.change(household, family.claire, section, {"address": ("12 rue Nationale", long)}, hours_ago=72)
    answered = {"state": ChangeState.REFUSED, "reason": f"Justificatif : {long}", "decided_at": world.now}
    world.change(household, family.claire, section, {"city": ("Cahors", long.replace(" ", ""))}, **answered)
    world.pick_up(family.leo, "Marie-Charlotte", last_name="DE LA ROCHEFOUCAULD-MONTMORENCY")
    removed = {"person": (None, None)}
    nadia = world.pick_up(family.leo)
    world.change(household, family.claire, FileSection.CHILD_PEOPLE, removed, child=family.leo, person=nadia)
    page = visit(user=family.claire, width=width)
    for address in ("/mon-foyer", f"/mes-enfants/{family.leo.id}"):
        page.goto(address)
        looks.unfold(page)
        assert looks.faults_of_layout(page, width) == []
        assert looks.small_targets(page) == []
        assert looks.faults_of_access(page) == []
