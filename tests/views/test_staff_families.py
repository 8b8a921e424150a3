"""Families as the service works on them: search, file, creation, changes (S01, S04 to S06, S112, R03)."""

import io
import re
from datetime import date

import pytest

from adapters.mail import MailRefused
from domain.enums import (
    AccountStatus,
    Channel,
    DocumentOwner,
    DocumentState,
    MailKind,
    StaffRole,
)
from models import (
    AuditEvent,
    Child,
    Document,
    DocumentCategory,
    Enrolment,
    Guardian,
    Household,
    OutgoingMail,
    QuotientFamilial,
    User,
)
from tests.accesses import KeepingTransport, deliver
from tests.document_files import picture

YEAR = {"first_day": date(2026, 9, 1), "last_day": date(2027, 8, 31)}


@pytest.fixture
def agent(world, client):
    user = world.staff(StaffRole.RECEPTION)
    client.sign_in(user)
    return user


def text_of(client) -> str:
    return " ".join(client.page.main.get_text(" ").split())


def file_of(household) -> str:
    return f"/gestion/familles/{household.id}"


# --- Search -----------------------------------------------------------------------------------------------


@pytest.fixture
def families(world):
    benoit = world.household("BENOÎT-LEBRUN", search_text="benoit lebrun zoe leo", city="Pradines")
    world.guardian(benoit, "Zoé", last_name="BENOÎT", email="zoe@example.org", mobile_phone="06 12 34 56 78")
    world.child(benoit, "Léo")
    roux = world.household("ROUX", number=3141, search_text="roux paul", city="Cahors")
    world.parent(roux, "Paul", email="paul@example.org", status=AccountStatus.INVITED)
    return benoit, roux


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("benoit", "BENOÎT-LEBRUN"),
        ("BENOÎT lebrun", "BENOÎT-LEBRUN"),
        ("Lebrun-Benoit", "BENOÎT-LEBRUN"),
        ("léo", "BENOÎT-LEBRUN"),
        ("ZOE@example", "BENOÎT-LEBRUN"),
        ("0612345678", "BENOÎT-LEBRUN"),
        ("+33 6 12 34 56 78", "BENOÎT-LEBRUN"),
        ("3141", "ROUX"),
        ("n° 3141", "ROUX"),
    ],
)
def test_search_forgives_how_it_is_typed(client, agent, families, typed, found):
    client.get("/gestion/familles", query_string={"q": typed})
    assert [cell.get_text() for cell in client.page.select("tbody th")] == [found]


@pytest.mark.parametrize("typed", ["dupont", "%", "_", "benoit roux", "99"])
def test_search_says_kindly_that_nothing_was_found(client, agent, families, typed):
    client.get("/gestion/familles", query_string={"q": typed})
    assert "Aucune famille ne correspond" in text_of(client)


def test_families_whose_access_waits_can_be_listed(client, agent, families):
    client.get("/gestion/familles", query_string={"acces": "invited"})
    assert [cell.get_text() for cell in client.page.select("tbody th")] == ["ROUX"]
    assert "Mail d’activation envoyé" in text_of(client)


def test_long_lists_have_pages_that_keep_the_search(client, agent, world):
    for number in range(30):
        world.household(f"FAMILLE {number:02d}", search_text=f"famille {number:02d}")
    client.get("/gestion/familles", query_string={"q": "famille"})
    assert len(client.page.select("tbody tr")) == 25
    client.get(client.page.find("a", rel="next")["href"])
    assert [cell.get_text() for cell in client.page.select("tbody th")] == [
        f"FAMILLE {number}" for number in range(25, 30)
    ]


# --- Roles ------------------------------------------------------------------------------------------------


def test_a_director_reads_only_the_families_of_its_facilities(client, world):
    mine, theirs = world.facility(), world.facility("ALSH Saint-Géry")
    seen, hidden, gone = world.household("ICI"), world.household("AILLEURS"), world.household("PARTIS")
    world.enrol(world.child(seen), mine)
    world.enrol(world.child(hidden), theirs)
    world.enrol(world.child(gone), mine, first_day=date(2025, 9, 1), last_day=date(2026, 8, 31))
    world.quotient(seen, 777)
    client.sign_in(world.staff(StaffRole.DIRECTOR, [mine]))

    client.get("/gestion/familles")
    assert [cell.get_text() for cell in client.page.select("tbody th")] == ["ICI"]
    assert client.get(file_of(seen)).status_code == 200
    assert "777" not in text_of(client)
    assert client.page.find("a", string="Modifier") is None
    assert client.get(file_of(hidden)).status_code == 404
    assert client.get(file_of(gone)).status_code == 404
    assert client.get(f"{file_of(seen)}/modifier").status_code == 403
    assert client.get("/gestion/familles/nouveau").status_code == 403


def test_a_family_never_sees_the_service_s_pages(client, world):
    household = world.household()
    client.sign_in(world.parent(household))
    for address in ("/gestion/familles", "/gestion/familles/nouveau", file_of(household)):
        assert client.get(address).status_code == 404


# --- A new file -------------------------------------------------------------------------------------------

NEW = "/gestion/familles/nouveau"
TYPED = {
    "name": "SOLIGNAC",
    "residency": "resident",
    "postcode": "46 000",
    "city": " Cahors ",
    "channel": "phone",
    "adults-0-first_name": "Claire",
    "adults-0-email": "Claire@Example.org",
    "adults-0-mobile_phone": "0612345678",
}


CREATE, ANOTHER_ADULT, ANOTHER_CHILD = (("acte", act) for act in ("creer", "adulte", "enfant"))


def test_the_service_creates_a_family_file(client, agent, world):
    school = world.facility()
    typed = TYPED | {
        "children-0-first_name": "Léo",
        "children-0-birth_date": "2019-05-04",
        "children-0-facilities": [str(school.id)],
        "children-0-group_name": "CE1",
        "quotient": "622,50",
        "quotient_from": "2027-01-01",
    }
    client.submit(NEW, typed, button=CREATE, follow=True)
    household = world.one(Household)
    assert client.page.h1.get_text() == f"SOLIGNAC, dossier {household.number}"
    assert "Le dossier est créé." in text_of(client)
    assert (household.postcode, household.city) == ("46000", "Cahors")
    guardian = world.one(Guardian)
    assert (guardian.last_name, guardian.email) == ("SOLIGNAC", "claire@example.org")
    assert guardian.mobile_phone == "06 12 34 56 78"
    enrolment = world.one(Enrolment)
    assert (enrolment.group_name, enrolment.first_day, enrolment.last_day) == ("CE1", *YEAR.values())
    assert world.one(QuotientFamilial).value_hundredths == 62250
    assert {event.channel for event in world.all(AuditEvent)} == {Channel.PHONE}


def test_a_file_exists_without_an_address(client, agent, world):
    client.submit(NEW, TYPED | {"adults-0-email": ""}, button=CREATE, follow=True)
    assert "Le dossier est créé." in text_of(client)
    assert (world.one(Guardian).email, world.one(Guardian).user_id) == ("", None)


def test_a_second_adult_and_child_are_added_without_losing_what_was_typed(client, agent, world):
    world.facility()
    client.submit(NEW, TYPED, button=ANOTHER_ADULT)
    assert client.page.find(id="adults-1-first_name").has_attr("autofocus")
    assert client.page.find(id="adults-0-first_name")["value"] == "Claire"
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    typed = TYPED | {
        "csrf_token": token,
        "adults-1-first_name": "Paul",
        "adults-1-last_name": "DURAND",
        "children-0-first_name": "Léo",
        "children-0-birth_date": "04/05/2019",
        "children-0-first_day": "2026-09-01",
        "children-0-last_day": "2027-08-31",
    }
    client.post(NEW, data=typed | {"acte": "enfant"})
    assert client.page.find(id="children-1-first_name").has_attr("autofocus")
    assert client.page.find(id="children-1-first_day")["value"] == "2026-09-01"
    assert client.post(NEW, data=typed | {"acte": "creer"}).status_code == 303
    assert {guardian.first_name for guardian in world.all(Guardian)} == {"Claire", "Paul"}
    assert world.one(Child).birth_date == date(2019, 5, 4)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Indiquez le nom du foyer"),
        ("residency", None, "Choisissez si le foyer habite la commune"),
        ("postcode", "4600", "Indiquez un code postal de cinq chiffres"),
        ("channel", None, "Choisissez comment la famille vous l’a dit"),
        ("adults-0-first_name", "", "Indiquez le prénom de l’adulte"),
        ("adults-0-email", "claire@", "Indiquez une adresse complète"),
        ("adults-0-mobile_phone", "06 12", "Indiquez un numéro complet"),
        ("children-0-birth_date", "2027-01-13", "n’est pas dans le futur"),
        ("children-0-birth_date", "31/02/2020", "Indiquez une date qui existe"),
        ("children-0-birth_date", "1919-05-04", "Vérifiez l’année de naissance"),
        ("quotient", "beaucoup", "Indiquez le quotient en chiffres"),
    ],
)
def test_each_mistake_has_its_instruction_and_costs_nothing(client, agent, world, field, value, sentence):
    child = {"children-0-first_name": "Léo", "children-0-birth_date": "2019-05-04"}
    answer = client.submit(NEW, TYPED | child | {field: value}, button=CREATE)
    assert answer.status_code == 422
    assert sentence in client.page.find(id="erreurs").get_text()
    assert world.all(Household) == []
    if field != "adults-0-first_name":
        assert client.page.find(id="adults-0-first_name")["value"] == "Claire"


def test_a_town_without_structures_says_so_and_takes_the_child(client, agent, world):
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    typed = TYPED | {"children-0-first_name": "Léo", "children-0-birth_date": "2019-05-04"}
    client.submit(NEW, typed, button=ANOTHER_CHILD)
    assert "Aucune structure n’existe encore" in text_of(client)
    assert client.page.main.find("a", href="/gestion/structures/nouvelle")
    assert not [one for one in client.page.find_all("fieldset") if not one.find(("input", "select"))]

    client.submit(NEW, typed, button=CREATE, follow=True)
    assert world.one(Child).first_name == "Léo"
    assert world.all(Enrolment) == []

    page = f"{file_of(world.one(Household))}/enfants/nouveau"
    client.get(page)
    assert "Aucune structure n’existe encore" in text_of(client)


def test_the_channel_of_the_last_act_is_chosen_beforehand(client, agent, world):
    page = f"{file_of(world.household())}/modifier"

    def chosen():
        client.get(page)
        return [one["value"] for one in client.page.select("input[name=channel][checked]")]

    assert chosen() == ["phone"]
    client.submit(page, {"city": "Pradines", "channel": "counter"})
    assert chosen() == ["counter"]


def test_a_file_needs_an_adult(client, agent, world):
    nobody = {"adults-0-first_name": "", "adults-0-email": "", "adults-0-mobile_phone": ""}
    answer = client.submit(NEW, TYPED | nobody, button=CREATE)
    assert answer.status_code == 422
    assert "Indiquez au moins un adulte." in client.page.find(id="erreurs").get_text()


def test_a_double_click_meets_the_file_just_created(client, agent, world):
    client.submit(NEW, TYPED, button=CREATE)
    answer = client.submit(NEW, TYPED, button=CREATE)
    assert answer.status_code == 422
    household = world.one(Household)
    assert client.page.find("a", href=f"/gestion/familles/{household.id}") is not None
    assert client.page.find(id="despite_duplicates") is not None


def test_the_address_of_somebody_else_is_refused_next_to_its_field(client, agent, world):
    world.guardian(world.household("ROUX"), "Paul", email="claire@example.org")
    answer = client.submit(NEW, TYPED, button=CREATE)
    assert answer.status_code == 422
    error = client.page.find(id="adults-0-email-erreur").get_text()
    assert "Paul ROUX" in error
    assert "indiquez-en une autre" in error
    assert len(world.all(Household)) == 1


# --- Changes ----------------------------------------------------------------------------------------------


def test_a_change_is_told_with_its_channel_and_its_author(client, agent, world):
    household = world.household()
    client.submit(
        f"{file_of(household)}/modifier", {"address": "4 impasse des Saules", "channel": "phone"}, follow=True
    )
    history = client.page.find(id="historique").get_text(" ")
    assert "12 rue Nationale" in client.page.find("del").get_text()
    assert "4 impasse des Saules" in client.page.find("ins").get_text()
    assert "par le service (Agnès MARTIN), par téléphone, le mardi 12\u00a0janvier 2027" in history
    assert world.one(AuditEvent).household_id == household.id


def test_the_family_reads_what_the_service_changed_and_how_it_was_told(app, client, agent, world):
    household = world.household()
    client.submit(f"{file_of(household)}/modifier", {"address": "4 impasse des Saules", "channel": "phone"})
    family = app.test_client()
    family.sign_in(world.parent(household))
    family.get("/mon-foyer")
    assert "4 impasse des Saules" in text_of(family)
    said = "Modifié par le service, par téléphone, le mardi 12 janvier 2027"
    assert said in text_of(family).replace("\u00a0", " ")


def test_a_colleague_s_change_is_shown_instead_of_lost(client, agent, world):
    household = world.household()
    page = f"{file_of(household)}/modifier"
    client.get(page)
    fields = {tag["name"]: tag.get("value", "") for tag in client.page.select("main form input[type!=radio]")}
    late = fields | {"address": "1 rue Trop-Tard", "residency": "resident", "channel": "mail"}
    client.submit(page, {"address": "4 impasse des Saules", "channel": "phone"})
    answer = client.post(page, data=late)
    assert answer.status_code == 409
    assert client.page.find(id="address")["value"] == "4 impasse des Saules"
    assert world.one(Household).address == "4 impasse des Saules"


def test_the_phone_of_an_adult_is_written_the_french_way(client, agent, world):
    household = world.household()
    guardian = world.guardian(household)
    page = f"{file_of(household)}/adultes/{guardian.id}/modifier"
    client.submit(
        page, {"home_phone": "+33 5.65.11.22.33", "work_phone": "+32 470 12 34 56", "channel": "counter"}
    )
    saved = world.one(Guardian)
    assert (saved.home_phone, saved.work_phone) == ("05 65 11 22 33", "+32 470 12 34 56")


def test_a_second_guardian_needs_an_address_of_their_own(client, agent, world):
    household = world.household()
    world.guardian(household, email="claire@example.org")
    typed = {"first_name": "Paul", "email": "CLAIRE@example.org", "channel": "phone"}
    answer = client.submit(f"{file_of(household)}/adultes/nouveau", typed)
    assert answer.status_code == 422
    assert "est déjà celle de Claire SOLIGNAC" in client.page.find(id="email-erreur").get_text()
    assert client.page.find(id="first_name")["value"] == "Paul"


def test_a_child_and_its_enrolments_are_added_and_changed(client, agent, world):
    school, centre = world.facility(), world.facility("ALSH Saint-Géry")
    household = world.household()
    new = {
        "first_name": "Léo",
        "birth_date": "2019-05-04",
        "facilities": [str(school.id)],
        "channel": "phone",
    }
    client.submit(f"{file_of(household)}/enfants/nouveau", new, follow=True)
    child, enrolment = world.one(Child), world.one(Enrolment)
    assert (child.last_name, enrolment.facility_id) == ("SOLIGNAC", school.id)
    page = f"{file_of(household)}/enfants/{child.id}/inscriptions/nouvelle"
    client.submit(
        page, {"facility_id": str(centre.id), "group_name": "6-11 ans", "channel": "phone"}, follow=True
    )
    assert "ALSH Saint-Géry · 6-11 ans" in text_of(client)
    page = f"{file_of(household)}/inscriptions/{enrolment.id}/modifier"
    answer = client.submit(page, {"last_day": "2026-08-01", "channel": "phone"})
    assert answer.status_code == 422
    client.submit(page, {"last_day": "2027-02-28", "channel": "phone"}, follow=True)
    assert "L’inscription est modifiée." in text_of(client)


def test_bookings_left_without_enrolment_are_told(client, agent, world):
    canteen = world.canteen([date(2027, 3, 2)])
    household = world.household()
    child = world.child(household)
    enrolment = world.enrol(child, canteen.facility)
    world.booking(household, child, canteen.openings[0], canteen.meal)
    page = f"{file_of(household)}/inscriptions/{enrolment.id}/modifier"
    client.submit(page, {"last_day": "2027-02-28", "channel": "phone"}, follow=True)
    assert "1 réservation à venir n’est plus couverte" in text_of(client).replace("\u00a0", " ")


def test_a_new_quotient_stands_beside_the_former(client, agent, world):
    household = world.household()
    world.quotient(household, 600)
    typed = {"value_hundredths": "710.5", "valid_from": "2027-01-01", "source": "CAF", "channel": "paper"}
    client.submit(f"{file_of(household)}/quotient", typed, follow=True)
    rows = [" ".join(row.get_text(" ").split()) for row in client.page.select("#quotients tbody tr")]
    assert rows[0].startswith("710,50 En vigueur depuis le 01/01/2027")
    assert rows[1].startswith("600 du 01/01/2026 au 31/12/2026")


def test_received_documents_are_ticked_and_taken_back(client, agent, world):
    household = world.household()
    child = world.child(household)
    world.add(DocumentCategory(name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD))
    world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD, position=1))
    page = f"{file_of(household)}/documents"
    client.get(file_of(household))
    assert client.page.find(id="documents").get_text().count("Manquant") == 2
    ticked = {"receipts-1-received": "y", "receipts-1-valid_until": "2027-08-31", "channel": "counter"}
    client.submit(page, ticked, form="#recus", follow=True)
    receipt = world.one(Document)
    assert (receipt.child_id, receipt.submitted_at) == (child.id, world.now)
    assert "valable jusqu’au 31/08/2027" in client.page.find(id="documents").get_text()
    client.submit(page, form=f"{page}/{receipt.id}/retirer", follow=True)
    assert world.one(Document).state is DocumentState.WITHDRAWN


def test_a_document_that_ends_before_it_begins_is_refused(client, agent, world):
    household = world.household()
    world.add(DocumentCategory(name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD))
    ticked = {"receipts-0-received": "y", "receipts-0-valid_until": "2026-08-31", "channel": "counter"}
    answer = client.submit(f"{file_of(household)}/documents", ticked, form="#recus")
    assert answer.status_code == 422
    assert "qui suit la réception" in client.page.find(id="erreurs").get_text()


def test_a_scan_is_filed_for_a_family_and_opened_with_its_trace(client, agent, world):
    household = world.household()
    child = world.child(household)
    insurance = world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD))
    typed = {
        "document": f"{insurance.id}-{child.id}",
        "files": [(io.BytesIO(picture()), "scan.jpg")],
        "channel": "counter",
    }
    page = f"{file_of(household)}/documents/deposer"
    client.submit(page, typed | {"files": []})
    assert "Choisissez le fichier" in client.page.find(id="erreurs").get_text()
    client.submit(page, typed, follow=True)
    document = world.one(Document)
    assert (document.state, document.channel, document.child_id) == (
        DocumentState.SUBMITTED, Channel.COUNTER, child.id,
    )  # fmt: skip
    part = client.page.find(id="documents")
    assert "Agnès MARTIN" in part.get_text()
    answer = client.submit(
        file_of(household), form=f"{file_of(household)}/documents/{document.id}/telecharger"
    )
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert world.all(AuditEvent)[-1].action == "document.read"


def test_a_document_of_health_is_downloaded_by_who_may_read_it(client, agent, world):
    household = world.household()
    child = world.child(household)
    vaccines = world.add(DocumentCategory(name="Vaccins", owner=DocumentOwner.CHILD, is_medical=True))
    document = world.sent_document(household, vaccines, child=child)
    client.get(file_of(household))
    assert "Vaccins" in client.page.find(id="documents").get_text()
    assert client.page.find("form", action=re.compile("telecharger")) is None
    assert not [event for event in world.all(AuditEvent) if event.object_id == document.id]


# --- Accesses ---------------------------------------------------------------------------------------------


def access_page(household, guardian, act):
    return f"{file_of(household)}/adultes/{guardian.id}/acces/{act}"


def test_opening_an_access_sends_one_mail_and_tells_about_spam(client, agent, world):
    household = world.household()
    guardian = world.guardian(household, email="claire@example.org")
    client.submit(access_page(household, guardian, "ouvrir"), {"channel": "phone"}, follow=True)
    assert "regarder aussi dans ses spams" in text_of(client)
    assert "Mail d’activation envoyé" in client.page.find(id="adultes").get_text()
    mail = world.one(OutgoingMail)
    assert (mail.kind, mail.to_address) == (MailKind.ACTIVATION, "claire@example.org")
    event = world.one(AuditEvent)
    assert (event.action, event.channel, event.actor_user_id) == ("access.opened", Channel.PHONE, agent.id)


@pytest.mark.parametrize("typed", ["", "claire", "claire@exemple"])
def test_without_a_valid_address_no_access_is_opened(client, agent, world, typed):
    household = world.household()
    guardian = world.guardian(household)
    answer = client.submit(access_page(household, guardian, "ouvrir"), {"email": typed, "channel": "phone"})
    assert answer.status_code == 422
    assert "Indiquez une adresse" in client.page.find(id="email-erreur").get_text()
    assert world.all(OutgoingMail) == []


def test_one_address_opens_one_access(client, agent, world):
    household = world.household()
    world.parent(household, email="claire@example.org")
    paul = world.guardian(household, "Paul")
    typed = {"email": "claire@example.org", "channel": "phone"}
    answer = client.submit(access_page(household, paul, "ouvrir"), typed)
    assert answer.status_code == 422
    assert client.page.find(id="email-erreur") is not None


def test_an_access_is_sent_again_suspended_and_reopened(client, agent, world):
    household = world.household()
    user = world.parent(household, email="claire@exemple.org", status=AccountStatus.INVITED)
    guardian = world.one(Guardian)
    client.get(file_of(household))
    assert "Renvoyer le mail" in client.page.find(id="adultes").get_text()
    typed = {"email": "claire@example.org", "channel": "phone"}
    client.submit(access_page(household, guardian, "renvoyer"), typed, follow=True)
    assert world.one(OutgoingMail).to_address == "claire@example.org"
    client.submit(access_page(household, guardian, "suspendre"), {"channel": "mail"}, follow=True)
    assert "Accès suspendu" in client.page.find(id="adultes").get_text()
    client.submit(access_page(household, guardian, "rouvrir"), {"channel": "counter"}, follow=True)
    assert [row.status for row in world.all(User) if row.id == user.id] == [AccountStatus.INVITED]
    assert [event.action for event in world.all(AuditEvent)] == [
        "access.resent",
        "access.suspended",
        "access.reopened",
    ]


def test_an_adult_without_access_cannot_be_suspended(client, agent, world):
    household = world.household()
    guardian = world.guardian(household)
    answer = client.submit(access_page(household, guardian, "suspendre"), {"channel": "phone"})
    assert answer.status_code == 404


def test_acts_on_another_household_s_people_are_not_found(client, agent, world):
    mine, theirs = world.household(), world.household("ROUX")
    guardian, child = world.guardian(theirs), world.child(theirs)
    enrolment = world.enrol(child, world.facility())
    for path in (
        f"adultes/{guardian.id}/modifier",
        f"adultes/{guardian.id}/acces/ouvrir",
        f"enfants/{child.id}/modifier",
        f"enfants/{child.id}/inscriptions/nouvelle",
        f"inscriptions/{enrolment.id}/modifier",
    ):
        assert client.get(f"{file_of(mine)}/{path}").status_code == 404


def test_the_mails_of_the_family_show_their_state(client, agent, world):
    household = world.household()
    guardian = world.guardian(household, email="claire@example.org")
    client.submit(access_page(household, guardian, "ouvrir"), {"channel": "phone"}, follow=True)
    assert "Ouverture du compte" in client.page.find(id="mails").get_text()
    assert "En attente d’envoi" in client.page.find(id="mails").get_text()
    deliver(world)
    client.get(file_of(household))
    assert "Envoyé" in client.page.find(id="mails").get_text()


def test_the_file_tells_which_mail_was_refused(client, agent, world):
    household = world.household()
    guardian = world.guardian(household, email="claire@example.org")
    client.submit(access_page(household, guardian, "ouvrir"), {"channel": "phone"})
    deliver(world, KeepingTransport(MailRefused("Adresse inconnue")))
    client.get(file_of(household))
    mails = client.page.find(id="mails").get_text(" ")
    assert "Refusé par la messagerie" in mails
    assert "Adresse inconnue" in mails


def test_a_director_reads_only_the_children_of_its_facilities(client, world):
    """A sister in another school is none of its business."""
    mine, theirs = world.facility(), world.facility("ALSH Saint-Géry")
    household = world.household()
    here, elsewhere = world.child(household, "Ici"), world.child(household, "Ailleurs")
    world.enrol(here, mine)
    world.enrol(elsewhere, theirs)
    client.sign_in(world.staff(StaffRole.DIRECTOR, [mine]))

    for page in ("/gestion/familles", file_of(household)):
        client.get(page)
        assert "Ici" in text_of(client)
        assert "Ailleurs" not in text_of(client)
    assert client.get(f"{file_of(household)}/enfants/{here.id}").status_code == 200
    assert client.get(f"{file_of(household)}/enfants/{elsewhere.id}").status_code == 404
