"""A parent declares changes of the family file: one section a form, the official value kept until the answer
(S30 to S36, S39, S40, S43 to S51, S53).
"""

from datetime import date

import pytest

from domain.enums import (
    ChangeState,
    Channel,
    ChoiceList,
    FileSection,
    SubjectKind,
)
from domain.family_file import FIELDS, FieldKind
from models import (
    AuditEvent,
    AuthorisedPerson,
    ChangeLine,
    ChangeRequest,
    Child,
    FieldRule,
    Guardian,
    Household,
    ListChoice,
    OutgoingMail,
    UserSession,
)
from services.medical_readings import READ
from services.transaction import write_transaction
from tests.entangled import Entangled
from tests.school_family import SchoolFamily, words
from tests.statements import at_most

IBAN = "FR1420041010050500013M02606"
OTHER_IBAN = "FR7630006000011234567890189"
TYPED = {
    FieldKind.LINE: ("Quelque chose", "Quelque chose"),
    FieldKind.TEXT: ("Arachides", "Arachides"),
    FieldKind.PHONE: ("0612345678", "06 12 34 56 78"),
    FieldKind.POSTCODE: ("46100", "46100"),
    FieldKind.DATE: ("1985-02-03", "03/02/1985"),
    FieldKind.YES_NO: ("oui", "Oui"),
    FieldKind.IBAN: (OTHER_IBAN, "•••• 0189"),
}
CHOSEN = {
    "family_situation": ("Mariés", "Mariés"),
    "social_fund": ("msa", "MSA"),
    "sex": ("female", "Fille"),
    "vaccination": ("a_jour", "À jour"),
    "diet": ("Sans porc", "Sans porc"),
}
SLUGS = {
    FileSection.HOUSEHOLD_ADDRESS: "/mon-foyer/{household}/adresse",
    FileSection.HOUSEHOLD_SITUATION: "/mon-foyer/{household}/situation",
    FileSection.ADULT_IDENTITY: "/mon-compte/informations",
    FileSection.ADULT_CONTACT: "/mon-compte/coordonnees",
    FileSection.ADULT_BANK: "/mon-compte/banque",
    FileSection.CHILD_IDENTITY: "/mes-enfants/{child}/identite",
    FileSection.CHILD_MEDICAL: "/mes-enfants/{child}/sante",
    FileSection.CHILD_DIET: "/mes-enfants/{child}/alimentation",
}
DUE = "jeudi 14 janvier, 10 h"  # Tuesday 12 January, 10 h, and 48 hours


@pytest.fixture
def family(world) -> SchoolFamily:
    world.add(
        ListChoice(kind=ChoiceList.FAMILY_SITUATION, label="Mariés"),
        ListChoice(kind=ChoiceList.FAMILY_SITUATION, label="Séparés"),
        ListChoice(kind=ChoiceList.DIET, label="Sans porc"),
    )
    return SchoolFamily(world)


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


def main(client) -> str:
    return words(client.page.main)


def form_of(family: SchoolFamily, section: FileSection) -> str:
    return SLUGS[section].format(household=family.household.id, child=family.leo.id)


def at_field(client, label: str) -> str:
    """What the sheet says of one field."""
    terms = [term for term in client.page.main.select("dt") if words(term) == label]
    assert len(terms) == 1, [words(term) for term in client.page.main.select("dt")]
    return words(terms[0].parent).replace(" ,", ",")


# --- Every field ----------------------------------------------------------------------------------


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_each_field_can_be_changed_and_waits_for_its_answer(claire, family, field):
    typed, said = CHOSEN.get(field.name) or TYPED[field.kind]
    page = form_of(family, field.section)
    answer = claire.submit(page, {field.name: typed}, form=page, follow=True)
    assert answer.status_code == 200
    assert f"vous répond avant le {DUE}" in main(claire)
    shown = at_field(claire, field.label)
    assert f"{said}, en attente de contrôle, réponse attendue avant le {DUE}" in shown
    line = family.world.one(ChangeLine)
    assert (line.field, line.state, line.subject_kind) == (field.name, ChangeState.PENDING, field.subject)


# --- « Valider » ----------------------------------------------------------------------------------


def test_the_official_value_stays_and_old_and_new_are_shown(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.submit(page, {"address": "4 impasse des Saules"}, form=page, follow=True)
    shown = at_field(claire, "Adresse")
    assert shown.startswith("Adresse 12 rue Nationale")
    assert f"4 impasse des Saules, en attente de contrôle, réponse attendue avant le {DUE}" in shown
    assert "Déclaré par vous le mardi 12 janvier." in shown
    assert family.world.one(Household).address == "12 rue Nationale"
    assert "en attente" not in at_field(claire, "Ville")


def test_the_page_tells_to_validate_and_the_forty_eight_hours(claire, family):
    claire.get(form_of(family, FileSection.HOUSEHOLD_ADDRESS))
    assert "Pensez à valider vos modifications !" in main(claire)
    assert "mises à jour dans un délai de 48 h" in main(claire)
    assert claire.page.select_one("form[data-warn-unsaved]") is not None
    assert words(claire.page.select_one("main form button")) == "Valider"


def test_opening_a_form_and_validating_without_change_sends_nothing(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.submit(page, {}, form=page, follow=True)
    assert "Vous n’avez rien changé : rien n’a été envoyé." in main(claire)
    assert family.world.all(ChangeRequest) == []


def test_a_double_tap_is_one_request(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.get(page)
    hidden = {one["name"]: one["value"] for one in claire.page.select("main form input[type=hidden]")}
    typed = {"address": "4 impasse des Saules", "address_extra": "", "postcode": "46000", "city": "Cahors"}
    first = claire.post(page, data=hidden | typed)
    second = claire.post(page, data=hidden | typed)
    assert (first.status_code, second.status_code) == (303, 303)
    assert len(family.world.all(ChangeRequest)) == 1


def test_what_was_typed_survives_a_refusal(claire, family):
    page = form_of(family, FileSection.ADULT_CONTACT)
    answer = claire.submit(page, {"mobile_phone": "12", "workplace": "Hôpital"}, form=page)
    assert answer.status_code == 422
    assert words(claire.page.select_one("#mobile_phone-erreur")).startswith("Indiquez un numéro complet")
    assert claire.page.select_one("#mobile_phone")["value"] == "12"
    assert claire.page.select_one("#workplace")["value"] == "Hôpital"
    assert claire.page.select_one("#erreurs a[href='#mobile_phone']") is not None
    assert family.world.all(ChangeRequest) == []


def test_what_must_be_filled_is_asked(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    assert claire.submit(page, {"city": ""}, form=page).status_code == 422
    assert "Ville" in words(claire.page.select_one("#city-erreur"))


def test_a_new_value_replaces_the_one_that_waits(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.submit(page, {"address": "4 impasse des Saules"}, form=page)
    claire.get(page)
    assert claire.page.select_one("#address")["value"] == "4 impasse des Saules"
    assert "Information officielle : 12 rue Nationale." in main(claire)
    claire.submit(page, {"address": "5 impasse des Saules"}, form=page, follow=True)
    assert "5 impasse des Saules, en attente de contrôle" in at_field(claire, "Adresse")
    history = words(claire.page.select_one(f"#modifications-{family.household.id}"))
    assert "12 rue Nationale → 4 impasse des Saules Remplacée" in history


def test_a_pending_change_can_be_withdrawn(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.submit(page, {"address": "4 impasse des Saules"}, form=page)
    line = family.world.one(ChangeLine)
    claire.submit("/mon-foyer", {}, form=f"/mon-foyer/modifications/{line.id}/retirer", follow=True)
    assert "Votre modification est retirée" in main(claire)
    assert at_field(claire, "Adresse") == "Adresse 12 rue Nationale"
    history = words(claire.page.select_one(f"#modifications-{family.household.id}"))
    assert "4 impasse des Saules Retirée" in history
    assert family.world.one(ChangeLine).state is ChangeState.WITHDRAWN


def test_what_has_its_answer_is_not_withdrawn(app, claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.submit(page, {"address": "4 impasse des Saules"}, form=page, follow=True)
    line = family.world.one(ChangeLine)
    token = claire.page.find("input", attrs={"name": "csrf_token"})["value"]
    with app.app_context(), write_transaction() as session:
        session.get_one(ChangeLine, line.id).state = ChangeState.ACCEPTED
    answer = claire.post(f"/mon-foyer/modifications/{line.id}/retirer", data={"csrf_token": token})
    assert answer.status_code == 409
    assert family.world.one(ChangeLine).state is ChangeState.ACCEPTED


def test_what_is_only_declared_is_not_told_as_a_modification(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.submit(page, {"address": "4 impasse des Saules"}, form=page)
    claire.get("/mon-foyer")
    history = words(claire.page.select_one(f"#historique-{family.household.id}"))
    assert "Rien n’a été modifié depuis l’ouverture du dossier." in history


def test_each_household_of_an_adult_has_its_own_form(client, world):
    albert, bastide = world.household("ALBERT"), world.household("BASTIDE", address="1 rue Basse")
    account = world.user()
    world.join(bastide, world.guardian(albert, "Nadia", user_id=account.id))
    client.sign_in(account)
    page = f"/mon-foyer/{bastide.id}/adresse"
    client.get(page)
    assert "Famille BASTIDE" in main(client)
    client.submit(page, {"address": "2 rue Basse"}, form=page, follow=True)
    cards = {
        name: words(client.page.find("h2", string=f"Famille {name}").find_parent("section"))
        for name in ("ALBERT", "BASTIDE")
    }
    assert "2 rue Basse , en attente de contrôle" in cards["BASTIDE"]
    assert "en attente" not in cards["ALBERT"]
    assert world.one(ChangeRequest).household_id == bastide.id


def test_a_refusal_shows_its_reason_until_a_new_declaration(claire, family):
    world = family.world
    world.change(
        family.household,
        family.claire,
        FileSection.HOUSEHOLD_ADDRESS,
        {"address": ("12 rue Nationale", "4 impasse des Saules")},
        state=ChangeState.REFUSED,
        reason="Envoyez un justificatif de domicile.",
        decided_at=world.now,
    )
    claire.get("/mon-foyer")
    shown = at_field(claire, "Adresse")
    assert "Refusée 4 impasse des Saules Envoyez un justificatif de domicile." in shown
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.submit(page, {"address": "6 rue Neuve"}, form=page, follow=True)
    assert "Envoyez un justificatif" not in at_field(claire, "Adresse")


def test_a_late_answer_is_told_kindly(claire, family):
    lines = {"address": ("12 rue Nationale", "4 impasse des Saules")}
    family.world.change(family.household, family.claire, FileSection.HOUSEHOLD_ADDRESS, lines, hours_ago=72)
    claire.get("/mon-foyer")
    assert "notre réponse a du retard, veuillez nous en excuser" in at_field(claire, "Adresse")


def test_what_the_service_changed_meanwhile_is_not_overwritten(app, claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.get(page)
    hidden = {one["name"]: one["value"] for one in claire.page.select("main form input[type=hidden]")}
    with app.app_context(), write_transaction() as session:
        household = session.get_one(Household, family.household.id)
        household.address, household.city = "1 rue du Service", "Figeac"
    typed = {"address": "4 impasse des Saules", "address_extra": "", "postcode": "46000", "city": "Cahors"}
    assert claire.post(page, data=hidden | typed).status_code == 303
    line = family.world.one(ChangeLine)  # the city was left as it was shown: nobody asked to change it
    assert (line.field, line.seen_value, line.wanted_value) == (
        "address",
        "12 rue Nationale",
        "4 impasse des Saules",
    )
    assert family.world.one(Household).address == "1 rue du Service"


def test_health_seen_is_compared_too_and_never_written_in_the_page(app, claire, family):
    family.world.health(family.leo, food_allergies="Arachides", conduct="Secret")
    page = form_of(family, FileSection.CHILD_MEDICAL)
    claire.get(page)
    hidden = claire.page.select_one("input[name=etat]")["value"]
    assert "Arachides" not in hidden
    claire.submit(page, {"food_allergies": "Arachides et lait"}, form=page)
    line = family.world.one(ChangeLine)
    assert (line.seen_value, line.is_safety) == ("Arachides", True)


# --- An expired session ---------------------------------------------------------------------------


def typed_after_the_end(app, browser, family, page, values):
    """Open a form, lose the session, send the form; returns the address one is sent to."""
    browser.get(page)
    hidden = {one["name"]: one["value"] for one in browser.page.select("main form input[type=hidden]")}
    with app.app_context(), write_transaction() as session:
        session.query(UserSession).delete()
    answer = browser.post(page, data=hidden | values)
    assert (answer.status_code, answer.location) == (303, f"/?suite={page}")
    cookie = answer.headers["Set-Cookie"]
    assert all(typed not in cookie for typed in values.values() if len(typed) > 3)
    return answer


def test_what_was_typed_survives_an_expired_session(app, claire, family):
    family.world.health(family.leo, food_allergies="Arachides")
    page = form_of(family, FileSection.CHILD_MEDICAL)
    typed_after_the_end(app, claire, family, page, {"food_allergies": "Arachides et lait", "has_pai": "oui"})
    assert family.world.all(ChangeRequest) == []
    claire.sign_in(family.claire)
    claire.get(page)
    assert "Votre saisie a été gardée, rien n’est encore envoyé" in main(claire)
    assert claire.page.select_one("#food_allergies").get_text().strip() == "Arachides et lait"
    hidden = {one["name"]: one["value"] for one in claire.page.select("main form input[type=hidden]")}
    answer = claire.post(page, data=hidden | {"food_allergies": "Arachides et lait", "has_pai": "oui"})
    assert answer.status_code == 303
    lines = {line.field: (line.seen_value, line.wanted_value) for line in family.world.all(ChangeLine)}
    assert lines == {"food_allergies": ("Arachides", "Arachides et lait"), "has_pai": (None, "oui")}
    claire.get(page)  # shown once
    assert "Votre saisie a été gardée" not in main(claire)


def test_what_was_typed_is_for_nobody_else(app, claire, family):
    paul = family.world.parent(family.household, "Paul")
    page = form_of(family, FileSection.CHILD_MEDICAL)
    typed_after_the_end(app, claire, family, page, {"food_allergies": "Arachides et lait"})
    claire.sign_in(paul)
    claire.get(page)
    assert "Arachides et lait" not in claire.page.prettify()


def test_people_and_answers_survive_too(app, claire, family):
    question = family.world.question()
    page = f"/mes-enfants/{family.leo.id}/personnes/nouvelle"
    typed_after_the_end(app, claire, family, page, {"first_name": "Nadia", "is_emergency_contact": "y"})
    claire.sign_in(family.claire)
    claire.get(page)
    assert claire.page.select_one("#first_name")["value"] == "Nadia"
    assert claire.page.select_one("#may_collect").get("checked") is None
    page = f"/mes-enfants/{family.leo.id}/autorisations"
    field = f"authorisation:{question.id}"
    typed_after_the_end(app, claire, family, page, {field: "non"})
    claire.sign_in(family.claire)
    claire.get(page)
    assert claire.page.select_one("input[value=non]").get("checked") is not None


def test_a_form_left_open_too_long_comes_back_as_it_was_typed(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_ADDRESS)
    claire.get(page)
    state = claire.page.select_one("input[name=etat]")["value"]
    answer = claire.post(page, data={"csrf_token": "passé", "etat": state, "address": "4 impasse des Saules"})
    assert (answer.status_code, answer.location) == (303, page)
    claire.get(page)
    assert claire.page.select_one("#address")["value"] == "4 impasse des Saules"
    assert family.world.all(ChangeRequest) == []


# --- Nobody else's --------------------------------------------------------------------------------


def test_a_form_of_another_person_or_another_sheet_is_refused(app, claire, family):
    claire.get(form_of(family, FileSection.CHILD_MEDICAL))
    stolen = claire.page.select_one("input[name=etat]")["value"]
    page = f"/mes-enfants/{family.marie.id}/sante"
    answer = claire.submit(page, {}, form=page, forged={"etat": stolen})
    assert answer.status_code == 422
    assert "n’est plus à jour" in answer.text
    for wrong in ("", "x", "AAAA", "é"):
        assert claire.submit(page, {}, form=page, forged={"etat": wrong}).status_code == 422
    assert family.world.all(ChangeRequest) == []


def test_another_familys_sheet_is_not_found(claire, family):
    other = family.world.household("MARTIN")
    karim = family.world.parent(other, "Karim")
    child = family.world.child(other, "Nino")
    nadia = family.world.pick_up(child)
    lines = {"address": ("12 rue Nationale", "ailleurs")}
    family.world.change(other, karim, FileSection.HOUSEHOLD_ADDRESS, lines)
    line = family.world.one(ChangeLine)
    own = family.leo.id
    for page in (
        f"/mon-foyer/{other.id}/adresse",
        f"/mes-enfants/{child.id}/identite",
        f"/mes-enfants/{child.id}/personnes/nouvelle",
        f"/mes-enfants/{child.id}/autorisations",
        f"/mes-enfants/{own}/personnes/{nadia.id}",
        f"/mes-enfants/{own}/personnes/{nadia.id}/retirer",
    ):
        assert claire.get(page).status_code == 404, page
    claire.get(form_of(family, FileSection.HOUSEHOLD_ADDRESS))
    token = claire.page.find("input", attrs={"name": "csrf_token"})["value"]
    address = f"/mon-foyer/modifications/{line.id}/retirer"
    assert claire.post(address, data={"csrf_token": token}).status_code == 404
    assert family.world.one(ChangeLine).state is ChangeState.PENDING


def test_one_edits_ones_own_account_only(claire, family):
    paul = family.world.guardian(family.household, "Paul", mobile_phone="06 00 00 00 99")
    page = "/mon-compte/coordonnees"
    claire.get(page)
    assert "06 00 00 00 99" not in claire.page.prettify()
    claire.submit(page, {"mobile_phone": "0612345678"}, form=page)
    own = next(one for one in family.world.all(Guardian) if one.user_id == family.claire.id)
    line = family.world.one(ChangeLine)
    assert (line.subject_kind, line.subject_id) == (SubjectKind.GUARDIAN, own.id)
    assert own.id != paul.id


def test_the_other_guardian_sees_the_change_of_a_child_and_its_author(client, world):
    both = Entangled(world)
    client.sign_in(both.karim)
    page = f"/mes-enfants/{both.leo.id}/alimentation"
    client.submit(page, {"diet_note": "Pas de gélatine"}, form=page)
    client.sign_in(both.claire)
    client.get(f"/mes-enfants/{both.leo.id}")
    shown = at_field(client, "Précision pour la cuisine")
    assert "Pas de gélatine, en attente de contrôle, réponse attendue avant le jeudi 14 janvier" in shown
    assert "10 h" not in shown  # when somebody signs in is nobody else's business (security 1.3)
    assert "Déclaré par Karim MARTIN" in shown
    assert "Retirer" not in shown
    line = world.one(ChangeLine)
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    answer = client.post(f"/mon-foyer/modifications/{line.id}/retirer", data={"csrf_token": token})
    assert answer.status_code == 404


def test_a_child_known_by_name_only_has_no_form(client, world):
    household, elsewhere = world.household(), world.household("MARTIN")
    child = world.child(elsewhere)
    world.share(child, household, is_restricted=True)
    client.sign_in(world.parent(household))
    assert client.get(f"/mes-enfants/{child.id}/sante").status_code == 404


# --- Bank -----------------------------------------------------------------------------------------


def with_iban(app, family):
    with app.app_context(), write_transaction() as session:
        guardian = session.query(Guardian).filter_by(user_id=family.claire.id).one()
        guardian.iban, guardian.iban_holder = IBAN, "Claire SOLIGNAC"


def test_of_an_iban_only_the_end_is_shown(app, claire, family):
    with_iban(app, family)
    for page in ("/mon-compte", "/mon-compte/banque"):
        answer = claire.get(page)
        assert "•••• 2606" in main(claire)
        assert IBAN not in answer.text
    claire.submit("/mon-compte/banque", {"iban_holder": "Claire et Paul"}, form="/mon-compte/banque")
    assert family.world.one(ChangeLine).field == "iban_holder"  # an empty IBAN stays as it is


def test_a_wrong_iban_is_refused_at_its_field(claire):
    page = "/mon-compte/banque"
    assert claire.submit(page, {"iban": "FR76 1234"}, form=page).status_code == 422
    assert "recopiez-le" in words(claire.page.select_one("#iban-erreur"))


# --- What the town decides ------------------------------------------------------------------------


def rule(family, key, **wanted):
    values = {"is_shown": True, "is_editable": True, "is_required": False, "needs_control": True} | wanted
    family.world.add(FieldRule(field=key, **values))


def test_a_field_that_the_town_hides_is_on_no_page(claire, family):
    rule(family, "guardian.profession", is_shown=False)
    claire.get("/mon-compte")
    assert "Profession" not in main(claire)
    claire.get("/mon-compte/informations")
    assert claire.page.select_one("#profession") is None


def test_a_field_that_families_may_not_change_is_read_only(claire, family):
    for name in ("address", "address_extra", "postcode", "city"):
        rule(family, f"household.{name}", is_editable=False)
    claire.get("/mon-foyer")
    assert at_field(claire, "Adresse") == "Adresse 12 rue Nationale"
    assert claire.page.select_one(f'a[href="{form_of(family, FileSection.HOUSEHOLD_ADDRESS)}"]') is None
    assert claire.get(form_of(family, FileSection.HOUSEHOLD_ADDRESS)).status_code == 404


def test_a_field_without_control_is_official_at_once(claire, family):
    rule(family, "guardian.workplace", needs_control=False)
    page = form_of(family, FileSection.ADULT_CONTACT)
    claire.get(page)
    assert "sauf « Lieu de travail », mise à jour tout de suite" in main(claire)
    claire.submit(page, {"workplace": "Hôpital"}, form=page, follow=True)
    assert "Votre modification est enregistrée." in main(claire)
    assert at_field(claire, "Lieu de travail") == "Lieu de travail Hôpital"


def test_choices_are_the_towns_list(claire, family):
    page = form_of(family, FileSection.HOUSEHOLD_SITUATION)
    claire.get(page)
    options = [words(one) for one in claire.page.select("#family_situation option")]
    assert options == ["Non renseigné", "Mariés", "Séparés"]


def test_without_a_list_one_types_freely(client, world):
    household = world.household()
    client.sign_in(world.parent(household))
    page = f"/mon-foyer/{household.id}/situation"
    client.submit(page, {"family_situation": "Pacsés"}, form=page, follow=True)
    assert "Pacsés, en attente de contrôle" in at_field(client, "Situation familiale")


# --- People who fetch the child -------------------------------------------------------------------


def people(client) -> str:
    return words(client.page.select_one("section[aria-labelledby=personnes]")).replace(" ,", ",")


def test_a_person_can_be_added(claire, family):
    page = f"/mes-enfants/{family.leo.id}/personnes/nouvelle"
    typed = {
        "first_name": "Nadia",
        "last_name": "BENALI",
        "relationship": "grand-mère",
        "phone": "0612345678",
    }
    claire.submit(page, typed | {"is_emergency_contact": "y"}, form=page, follow=True)
    shown = people(claire)
    assert "Nadia BENALI, grand-mère 06 12 34 56 78" in shown
    assert "Ajout à contrôler Vient chercher À prévenir en cas d’urgence" in shown
    assert f"réponse attendue avant le {DUE}" in shown
    assert family.world.all(AuthorisedPerson) == []
    line = family.world.one(ChangeLine)
    sheet = f"/mes-enfants/{family.leo.id}"
    claire.submit(sheet, {}, form=f"/mon-foyer/modifications/{line.id}/retirer", follow=True)
    assert "Nadia" not in people(claire)


def test_an_addition_that_waits_can_be_corrected(claire, family):
    page = f"/mes-enfants/{family.leo.id}/personnes/nouvelle"
    claire.submit(page, {"first_name": "Nadia", "last_name": "BENALI"}, form=page, follow=True)
    link = claire.page.select_one("section[aria-labelledby=personnes] li a")["href"]
    claire.get(link)
    assert claire.page.select_one("#first_name")["value"] == "Nadia"
    claire.submit(link, {"phone": "0612345678"}, form=link, follow=True)
    assert len(claire.page.select("section[aria-labelledby=personnes] li")) == 1
    assert "06 12 34 56 78" in people(claire)
    states = sorted(line.state for line in family.world.all(ChangeLine))
    assert states == [ChangeState.PENDING, ChangeState.REPLACED]
    assert claire.get(f"/mes-enfants/{family.leo.id}/personnes/ajouts/inconnu").status_code == 404


def test_a_person_needs_a_name_and_a_role(claire, family):
    page = f"/mes-enfants/{family.leo.id}/personnes/nouvelle"
    answer = claire.submit(page, {"first_name": "Nadia", "may_collect": []}, form=page)
    assert answer.status_code == 422
    assert claire.page.select_one("#last_name-erreur") is not None
    assert "Cochez au moins une case" in words(claire.page.select_one("#may_collect-erreur"))
    assert claire.page.select_one("#first_name")["value"] == "Nadia"


def test_a_person_can_be_edited(claire, family):
    nadia = family.world.pick_up(family.leo)
    page = f"/mes-enfants/{family.leo.id}/personnes/{nadia.id}"
    claire.submit(page, {"phone": "0698765432"}, form=page, follow=True)
    shown = people(claire)
    assert "06 12 34 56 78" in shown
    assert "06 98 76 54 32, vient chercher, en attente de contrôle" in shown
    assert family.world.one(AuthorisedPerson).phone == "06 12 34 56 78"


def test_a_person_can_be_removed_after_a_question(claire, family):
    nadia = family.world.pick_up(family.leo)
    page = f"/mes-enfants/{family.leo.id}/personnes/{nadia.id}/retirer"
    claire.submit(page, {}, form=page, follow=True)
    assert "Retrait demandé, en attente de contrôle" in people(claire)
    line = family.world.one(ChangeLine)
    assert (line.wanted_value, line.is_safety) == (None, True)
    assert len(family.world.all(AuthorisedPerson)) == 1


# --- Authorisations -------------------------------------------------------------------------------


def test_authorisations_are_answered_on_one_form(claire, family):
    world = family.world
    world.question("Peut partir seul", is_per_facility=True, position=1)
    photo = world.question("Peut être photographié", position=2)
    world.question("Ancienne question", is_active=False)
    world.answer(family.leo, photo, is_allowed=True, author_name="Paul SOLIGNAC")
    claire.get(f"/mes-enfants/{family.leo.id}")
    assert at_field(claire, "Peut être photographié") == (
        "Peut être photographié Oui Paul SOLIGNAC, le 12/01/2027"
    )
    assert at_field(claire, "Peut partir seul, Écoles de Cahors").endswith("pas encore de réponse")
    page = f"/mes-enfants/{family.leo.id}/autorisations"
    claire.get(page)
    alone, photos = (one["name"] for one in claire.page.select("fieldset input[value=non]"))
    assert "Ancienne question" not in main(claire)
    claire.submit(page, {alone: "oui", photos: "non"}, form=page, follow=True)
    assert f"Non, en attente de contrôle, réponse attendue avant le {DUE}" in at_field(
        claire, "Peut être photographié"
    )
    assert "Oui, en attente de contrôle" in at_field(claire, "Peut partir seul, Écoles de Cahors")
    assert {line.wanted_value for line in world.all(ChangeLine)} == {"oui", "non"}


def test_an_open_question_may_stay_open(claire, family):
    family.world.question("Hospitalisation en urgence")
    page = f"/mes-enfants/{family.leo.id}/autorisations"
    claire.submit(page, {}, form=page, follow=True)
    assert "Vous n’avez rien changé" in main(claire)


# --- Health and its register ----------------------------------------------------------------------


def test_the_parent_reads_who_read_the_health(claire, family):
    world = family.world
    sheet = f"/mes-enfants/{family.leo.id}"
    claire.get(sheet)
    assert "Aucun agent ne les a encore lus" in main(claire)
    world.add(
        AuditEvent(
            at=world.now,
            actor_user_id=world.staff().id,
            channel=Channel.PORTAL,
            action=READ,
            object_type="child",
            object_id=family.leo.id,
        )
    )
    claire.get(sheet)
    assert "Agnès MARTIN, mardi 12 janvier, 10 h" in main(claire)


# --- Figures --------------------------------------------------------------------------------------


def test_the_pages_stay_within_their_statements(claire, family):
    family.world.pick_up(family.leo)
    family.world.question()
    for page, statements in (("/mon-foyer", 9), ("/mon-compte", 7), (f"/mes-enfants/{family.leo.id}", 19)):
        with at_most(statements):
            claire.get(page)


def test_no_value_of_health_or_bank_leaves_by_mail(claire, family):
    page = form_of(family, FileSection.CHILD_MEDICAL)
    claire.submit(page, {"food_allergies": "Arachides"}, form=page)
    assert all("Arachides" not in mail.text + mail.subject for mail in family.world.all(OutgoingMail))


def test_the_child_keeps_its_official_identity(claire, family):
    page = form_of(family, FileSection.CHILD_IDENTITY)
    claire.submit(page, {"birth_date": "2019-05-05"}, form=page, follow=True)
    assert "05/05/2019, en attente de contrôle" in at_field(claire, "Date de naissance")
    birth = {child.first_name: child.birth_date for child in family.world.all(Child)}
    assert birth["Léo"] == date(2019, 5, 4)
