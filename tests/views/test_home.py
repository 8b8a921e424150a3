"""The home page of a family, useful links and resources (S26 to S29)."""

from datetime import UTC, date, datetime

import pytest

from domain.enums import BookingState, DocumentOwner, FileSection, InvoiceState, LineAction, LineState
from models import BookingDraft, BookingDraftLine, DocumentCategory, Guardian, Resource, UsefulLink
from services.file_stores import Place
from tests import rulebook_texts as written
from tests import stored_files
from tests.factories import weekdays
from tests.school_family import SchoolFamily, words
from tests.statements import at_most, recorded

MENU = {
    "Accueil": "/accueil",
    "Mon foyer": "/mon-foyer",
    "Modifier mon compte utilisateur": "/mon-compte",
    "Mes enfants": "/mes-enfants",
    "Factures et règlements": "/factures",
    "Transmettre un document": "/documents",
    "Réaliser des inscriptions ou des annulations": "/planning",
    "Liens utiles": "/liens-utiles",
    "Ressources": "/ressources",
}


@pytest.fixture
def family(world) -> SchoolFamily:
    return SchoolFamily(world)


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


def section(client, heading):
    return client.page.find("h2", string=heading).find_parent("section")


def document(family, name="Attestation d’assurance", owner=DocumentOwner.CHILD, **columns):
    return family.world.add(DocumentCategory(name=name, owner=owner, **columns))


def receive(family, category, child=None, **columns):
    family.world.document(family.household, category, child, **columns)


def begin(family, days, **columns):
    values = {
        "user_id": family.claire.id,
        "household_id": family.household.id,
        "child_id": family.leo.id,
        "facility_id": family.canteen.facility.id,
        "month": date(2027, 1, 1),
    }
    draft = family.world.add(
        BookingDraft(
            key="brouillon", created_at=family.world.now, updated_at=family.world.now, **values | columns
        )
    )
    for day in days:
        family.world.add(
            BookingDraftLine(
                draft_id=draft.id,
                child_id=family.leo.id,
                opening_id=family.opening(day).id,
                presence_type_id=family.canteen.meal.id,
                day=day,
                action=LineAction.BOOK,
            )
        )
    return draft


# --- What it gathers ------------------------------------------------------------------------------


def test_the_file_and_its_number_are_named(claire, family):
    claire.get("/accueil")
    assert claire.page.h1.get_text() == "Bonjour Claire"
    assert f"Dossier de la famille SOLIGNAC · n° {family.household.number}" in words(claire.page.main)


def test_an_unfinished_reservation_is_a_thing_to_do(claire, family):
    begin(family, [date(2027, 1, 14), date(2027, 1, 15)])
    claire.get("/accueil")
    todo = section(claire, "À faire")
    assert "2 jours choisis" in words(todo)
    assert claire.get(todo.a["href"]).status_code == 200


def test_what_was_sent_or_is_past_is_not_to_finish(claire, family):
    begin(family, [date(2027, 1, 14)], submitted_at=family.world.now)
    claire.get("/accueil")
    assert "Réservation à terminer" not in words(claire.page.main)


def test_a_draft_without_a_day_is_nothing_to_finish(claire, family):
    begin(family, [])
    claire.get("/accueil")
    assert "Réservation à terminer" not in words(claire.page.main)


def test_a_draft_of_somebody_else_is_not_mine(client, family):
    begin(family, [date(2027, 1, 14)])
    client.sign_in(family.world.parent(family.household, "Paul"))
    client.get("/accueil")
    assert "Réservation à terminer" not in words(client.page.main)


def test_missing_and_outdated_documents_are_things_to_do(claire, family):
    insurance = document(family)
    receive(family, insurance, family.marie, valid_until=date(2027, 8, 31))
    receive(family, insurance, family.leo, valid_until=date(2026, 8, 31))
    home = document(family, "Justificatif de domicile", DocumentOwner.HOUSEHOLD)
    claire.get("/accueil")
    todo = section(claire, "À faire")
    assert "Expiré pour Léo." in words(todo)
    assert "Pas encore reçu pour la famille SOLIGNAC." in words(todo)
    assert {link["href"] for link in todo.find_all("a")} == {
        f"/documents/{insurance.id}/enfant/{family.leo.id}",
        f"/documents/{home.id}/foyer/{family.household.id}",
    }


def test_a_complete_file_is_told_so(claire, family):
    receive(family, document(family, "Livret de famille", DocumentOwner.HOUSEHOLD))
    document(family, "Photo", is_required=False)
    claire.get("/accueil")
    assert "Rien à faire pour le moment : votre dossier est complet." in words(section(claire, "À faire"))


def test_the_week_of_each_child_and_its_next_limit(claire, family):
    family.book(family.marie, date(2027, 1, 14))
    family.book(family.leo, date(2027, 1, 18), BookingState.PENDING)
    claire.get("/accueil")
    week = section(claire, "Cette semaine")
    heads = [words(head) for head in week.select("thead th")]
    assert heads == ["lun. 11", "mar. 12", "mer. 13", "jeu. 14", "ven. 15"]
    marie, leo = ([words(cell) for cell in row.find_all("td")] for row in week.select("tbody tr"))
    assert marie == ["– rien", "– rien", "– rien", "Repas enfant, acceptée", "– rien"]
    assert set(leo) == {"– rien"}
    assert "Repas enfant, Marie, jeudi 14 janvier Annulable jusqu’au mercredi 13 janvier, 18 h" in words(week)


def test_a_limit_that_is_passed_gives_way_to_the_next(client, family, clock):
    family.book(family.marie, date(2027, 1, 14))
    family.book(family.marie, date(2027, 1, 18))
    clock.move_to(datetime(2027, 1, 13, 18, 0, tzinfo=UTC))
    client.sign_in(family.claire)
    client.get("/accueil")
    assert "lundi 18 janvier Annulable jusqu’au dimanche 17 janvier, 18 h" in words(client.page.main)


def test_a_cancelling_that_waits_is_told_as_on_the_planning(claire, family):
    booking = family.book(family.marie, date(2027, 1, 14))
    family.ask(
        "DEM-1",
        family.marie,
        [date(2027, 1, 14)],
        LineState.PENDING,
        LineAction.CANCEL,
        booking_id=booking.id,
    )
    claire.get("/accueil")
    week = section(claire, "Cette semaine")
    assert "Repas enfant, annulation en cours de validation" in words(week)
    assert "pending" in week.select_one(".cell:not(.none)")["class"]
    assert week.select_one(".cell use")["href"].endswith("#undo-2")
    assert "Annulable" not in words(week)
    assert "1 présence acceptée" in words(section(claire, "Janvier 2027"))
    claire.get("/planning")
    assert claire.page.select_one(".chip use")["href"].endswith("#undo-2")
    claire.get(f"/mes-enfants/{family.marie.id}")
    assert "Annulation en cours de validation" in words(section(claire, "Prochaines réservations"))


def test_asking_for_a_cancelling_leads_to_the_days_to_touch(claire, family):
    family.book(family.marie, date(2027, 1, 14))
    claire.get("/accueil")
    link = section(claire, "Cette semaine").find("a", string="Demander une annulation")
    assert link["href"] == "/planning/2027-01?annuler=1#aide"


def test_from_saturday_on_the_week_is_the_next_one(client, family, clock):
    clock.move_to(datetime(2027, 1, 16, 9, 0, tzinfo=UTC))
    client.sign_in(family.claire)
    client.get("/accueil")
    week = section(client, "La semaine prochaine")
    assert words(week.select_one("thead th")) == "lun. 18"


def test_pending_requests_lead_to_their_receipt(claire, family):
    days = [date(2027, 1, 14), date(2027, 1, 15)]
    for day in days:
        family.book(family.leo, day, BookingState.PENDING)
    family.ask("DEM-1", family.leo, days, LineState.PENDING)
    family.ask("DEM-2", family.leo, [date(2027, 1, 18)], LineState.ACCEPTED)
    claire.get("/accueil")
    pending = section(claire, "Demandes en cours")
    assert "Inscription, 2 jours pour Léo" in words(pending)
    assert "En cours de validation" in words(pending)
    assert [link["href"] for link in pending.select("li a")] == ["/reservations/demandes/DEM-1"]


def test_declared_changes_wait_among_the_requests(claire, family):
    world, paul = family.world, family.world.parent(family.household, "Paul")
    moved = {"address": ("12 rue Nationale", "4 impasse des Saules")}
    world.change(family.household, paul, FileSection.HOUSEHOLD_ADDRESS, moved, hours_ago=24)
    world.change(
        family.household,
        family.claire,
        FileSection.CHILD_MEDICAL,
        {"food_allergies": (None, "Arachides"), "conduct": (None, "Appeler le 15")},
        child=family.leo,
        hours_ago=72,
    )
    guardians = {one.user_id: one for one in world.all(Guardian)}
    own = {"workplace": (None, "Gendarmerie")}
    world.change(family.household, paul, FileSection.ADULT_CONTACT, own, guardian=guardians[paul.id])
    claire.get("/accueil")
    lines = [words(line) for line in section(claire, "Demandes en cours").select("li")]
    assert lines == [
        "Nouvelle adresse du foyer Envoyée hier · réponse sous 48 h En cours",
        "Renseignements médicaux pour Léo Envoyée le samedi 9 janvier · notre réponse a du retard, "
        "veuillez nous en excuser En cours",
    ]
    links = [link["href"] for link in section(claire, "Demandes en cours").select("li a")]
    assert links == ["/mon-foyer", f"/mes-enfants/{family.leo.id}"]


def test_the_month_adds_up_what_is_accepted(claire, family):
    for day in weekdays(date(2027, 1, 4), date(2027, 1, 8)):
        family.book(family.leo, day)
    family.book(family.leo, date(2027, 1, 14), BookingState.PENDING)
    family.book(family.leo, date(2027, 2, 1))
    claire.get("/accueil")
    month = section(claire, "Janvier 2027")
    assert "12,80 €" in words(month)
    assert "4 présences acceptées" in words(month)
    assert "Ce n’est pas encore une facture." in words(month)


def test_what_is_to_pay_comes_first_among_the_things_to_do(claire, family):
    regie = family.world.regie()
    lines = [{"label": "Repas", "amount_cents": 8420}]
    late = {"due_day": date(2027, 1, 11)}
    family.world.invoice(regie, family.household, date(2026, 11, 1), lines, **late)
    family.world.invoice(regie, family.household, date(2026, 12, 1), lines, InvoiceState.SETTLED)
    family.world.invoice(regie, family.household, date(2026, 12, 1), lines, InvoiceState.DRAFT)
    claire.get("/accueil")
    first = section(claire, "À faire").select_one("li")
    assert "84,20 € à régler 1 facture, en retard depuis le lundi 11 janvier." in words(first)
    assert first.a["href"] == "/factures"


def test_each_part_leads_to_its_page(claire):
    leads = {
        "Cette semaine": {"/planning", "/reservations/nouvelle"},
        "Demandes en cours": {"/reservations"},
        "Janvier 2027": {"/factures/mois/2027-01"},
        "Tout le portail": {"/mon-foyer", "/mes-enfants", "/documents"},
    }
    for heading, addresses in leads.items():
        claire.get("/accueil")
        part = claire.page.find("h2", string=heading).find_parent(["section", "nav"])
        assert addresses <= {link["href"] for link in part.find_all("a")}, heading
        assert {claire.get(address).status_code for address in addresses} == {200}


def test_an_empty_home_says_so_kindly_and_offers_what_comes_next(client, world):
    world.settings(phone="05 65 00 00 00")
    client.sign_in(world.parent(world.household()))
    client.get("/accueil")
    said = words(client.page.main)
    assert "Aucun enfant n’est encore inscrit dans votre dossier." in said
    assert "Aucune demande n’attend de réponse." in said
    assert "Le service n’a pas encore ajouté de lien." in said
    assert client.page.select_one('section a[href="tel:+33565000000"]') is not None


def test_the_home_asks_twelve_questions_whatever_the_family(claire, family):
    open_days = {"base": "ouverture", "sans_feries": "non", "sans_vacances": "non"}
    ladder = written.until(written.days_before(1, "18:00", open_days))
    study = family.world.activity(family.canteen.facility, "Étude", book=ladder, cancel=ladder)
    stay = family.world.presence_type(study, "Étude")
    (opening,) = family.world.openings(study, family.canteen.period, [date(2027, 1, 14)])
    family.world.booking(family.household, family.leo, opening, stay)
    claire.get("/accueil")  # this process meets the règlement
    with at_most(12), recorded() as few:
        claire.get("/accueil")
    document(family)
    begin(family, [date(2027, 1, 14)])
    family.ask("DEM-1", family.leo, [date(2027, 1, 18)], LineState.PENDING)
    for number in range(4):
        child = family.world.child(family.household, f"Enfant{number}")
        family.world.enrol(child, family.canteen.facility)
        for day in weekdays(date(2027, 1, 4), date(2027, 1, 29)):
            family.book(child, day)
    with recorded() as many:
        claire.get("/accueil")
    assert len(few) == len(many)


# --- The menus ------------------------------------------------------------------------------------


def test_every_entry_of_the_menu_is_one_tap_from_home(claire):
    claire.get("/accueil")
    links = {words(link): link["href"] for link in claire.page.find_all("a")}
    assert {label: links[label] for label in MENU} == MENU
    for address in MENU.values():
        assert claire.get(address).status_code == 200


@pytest.mark.parametrize("page", MENU.values())
def test_home_is_one_tap_from_every_page(claire, page):
    claire.get(page)
    assert claire.page.select_one('nav.tabs a[href="/accueil"]') is not None


@pytest.mark.parametrize("page", MENU.values())
def test_the_contact_stands_at_the_foot_of_every_page(claire, world, page):
    world.settings(phone="05 65 11 22 33", email="famille@example.org")
    claire.get(page)
    links = {link["href"] for link in claire.page.footer.find_all("a")}
    assert {"tel:+33565112233", "mailto:famille@example.org"} <= links


# --- Links and resources --------------------------------------------------------------------------


def test_links_are_shown_in_the_order_of_the_service(claire, world):
    world.add(
        UsefulLink(title="Menus", url="https://example.org/menus", position=2),
        UsefulLink(title="Règlement", url="https://example.org/reglement", position=1),
        UsefulLink(title="Ancien", url="https://example.org/ancien", is_active=False),
    )
    claire.get("/liens-utiles")
    assert [(words(link), link["href"]) for link in claire.page.select("ul.links a")] == [
        ("Règlement", "https://example.org/reglement"),
        ("Menus", "https://example.org/menus"),
    ]
    claire.get("/accueil")
    assert "Menus" in words(section(claire, "Liens utiles"))
    assert "Ancien" not in words(claire.page.main)


def offer(app, world, content=b"%PDF-1.7 reglement", **columns):
    stored = stored_files.keep(app, Place.FILES, content, ".pdf")
    values = {"title": "Règlement intérieur", "file_name": "règlement 2026.pdf", "size_bytes": stored.size}
    return world.add(Resource(file_key=stored.key, **values | columns))


def test_a_resource_opens_in_the_browser(app, claire, world):
    resource = offer(app, world)
    claire.get("/ressources")
    link = claire.page.find("a", href=f"/ressources/{resource.id}")
    assert "Règlement intérieur PDF" in words(link)
    answer = claire.get(link["href"], buffered=True)
    assert answer.data == b"%PDF-1.7 reglement"
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_resource_taken_back_is_not_found(app, claire, world):
    resource = offer(app, world, is_active=False)
    assert claire.get(f"/ressources/{resource.id}").status_code == 404
    claire.get("/ressources")
    assert "Le service n’a pas encore déposé de document." in words(claire.page.main)


def test_a_resource_whose_file_is_gone_is_not_found(app, claire, world):
    resource = offer(app, world)
    stored_files.lose(app, Place.FILES, resource.file_key)
    assert claire.get(f"/ressources/{resource.id}").status_code == 404


def test_resources_are_for_signed_in_families(app, client, world):
    resource = offer(app, world)
    answer = client.get(f"/ressources/{resource.id}")
    assert answer.status_code == 303
    assert b"%PDF" not in answer.data
