"""What the parents of one child read of each other: each row of the table of security 1.3, on the pages."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import BookingState, Channel, DocumentOwner, FileSection, LineAction, LineState
from models import (
    AuditEvent,
    BookingRequest,
    BookingRequestLine,
    ChangeRequest,
    DocumentCategory,
    Guardian,
    HouseholdChild,
)
from services.transaction import write_transaction
from tests.entangled import PRIVATE, Entangled
from tests.school_family import words

THURSDAY, FRIDAY = date(2027, 1, 14), date(2027, 1, 15)
PANEL = "/planning/2027-01/jours/2027-01-14"


@pytest.fixture
def two(world) -> Entangled:
    return Entangled(world)


def said(client, address):
    client.get(address)
    return words(client.page.main)


def planning_cell(client, day):
    return client.page.select_one(f'[value^="{day.isoformat()}"]')


def restrict(two, household):
    row = two.world.one(
        select(HouseholdChild).where(
            HouseholdChild.household_id == household.id, HouseholdChild.child_id == two.leo.id
        )
    )
    with two.world.app.app_context(), write_transaction() as session:
        session.merge(row).is_restricted = True


# --- The child -------------------------------------------------------------------------------------


def test_both_households_read_the_child(client, two):
    for parent in (two.claire, two.karim):
        client.sign_in(parent)
        sheet = said(client, f"/mes-enfants/{two.leo.id}")
        assert "Léo SOLIGNAC" in sheet
        assert "04/05/2019" in sheet
        assert "CE2" in sheet


def test_a_restricted_household_reads_only_the_name(client, two):
    restrict(two, two.martin)
    two.book(two.solignac, two.leo, THURSDAY)
    client.sign_in(two.karim)
    assert client.get(f"/mes-enfants/{two.leo.id}").status_code == 404
    listed = said(client, "/mes-enfants")
    assert "Léo SOLIGNAC" in listed
    assert "Le service a limité l’accès à la fiche de cet enfant" in listed
    for page in ("/accueil", "/planning/2027-01", PANEL, "/reservations/nouvelle", "/documents"):
        assert "Léo" not in said(client, page)


def test_a_restricted_household_cannot_book_for_the_child(client, two):
    restrict(two, two.martin)
    client.sign_in(two.karim)
    answer = client.submit("/reservations/nouvelle", forged={"enfant": str(two.leo.id)})
    assert answer.status_code == 422


def test_the_bills_of_a_restricted_household_stay_whole(client, two):
    two.book(two.martin, two.leo, THURSDAY)
    restrict(two, two.martin)
    client.sign_in(two.karim)
    assert "3,20" in said(client, "/factures/mois/2027-01")


def test_the_other_household_keeps_the_child_when_one_is_restricted(client, two):
    restrict(two, two.martin)
    client.sign_in(two.claire)
    assert "04/05/2019" in said(client, f"/mes-enfants/{two.leo.id}")


def test_both_households_read_health_and_who_fetches_the_child(client, two):
    two.world.health(two.leo, food_allergies="Arachides")
    two.world.pick_up(two.leo, "Nadia")
    for parent in (two.claire, two.karim):
        client.sign_in(parent)
        sheet = said(client, f"/mes-enfants/{two.leo.id}")
        assert "Arachides" in sheet
        assert "Nadia BENALI" in sheet


def declare(two, author, **columns):
    """Karim's household declares an allergy of Léo."""
    request = two.world.change(
        two.martin, author, FileSection.CHILD_MEDICAL, {"conduct": (None, "Adrénaline")}, child=two.leo
    )
    with two.world.app.app_context(), write_transaction() as session:
        for name, value in columns.items():
            setattr(session.get_one(ChangeRequest, request.id), name, value)


def test_a_change_of_the_child_tells_the_name_and_the_day_of_the_other_parent(client, two):
    declare(two, two.karim, author_name="Karim MARTIN")
    client.sign_in(two.claire)
    sheet = said(client, f"/mes-enfants/{two.leo.id}")
    assert "Adrénaline" in sheet
    assert "Déclaré par Karim MARTIN le mardi 12 janvier" in sheet
    assert "Retirer" not in words(client.page.select_one(".declared"))
    client.sign_in(two.karim)
    client.get(f"/mes-enfants/{two.leo.id}")
    assert "Retirer" in words(client.page.select_one(".declared"))


def test_how_the_other_household_told_the_service_is_not_said(client, two):
    declare(two, two.world.staff(), channel=Channel.PHONE)
    client.sign_in(two.karim)
    assert "Noté par le service, par téléphone" in said(client, f"/mes-enfants/{two.leo.id}")
    client.sign_in(two.claire)
    sheet = said(client, f"/mes-enfants/{two.leo.id}")
    assert "Noté par le service le" in sheet
    assert "téléphone, le" not in sheet


def test_a_restricted_household_does_not_reach_the_forms_of_the_child(client, two):
    restrict(two, two.martin)
    client.sign_in(two.karim)
    assert client.get(f"/mes-enfants/{two.leo.id}/sante").status_code == 404
    category = two.world.add(DocumentCategory(name="Carnet de santé", owner=DocumentOwner.CHILD))
    assert client.get(f"/documents/{category.id}/enfant/{two.leo.id}").status_code == 404


# --- Bookings --------------------------------------------------------------------------------------


def test_a_booking_of_the_other_household_shows_its_day_and_state_without_its_price(client, two):
    two.book(two.martin, two.leo, THURSDAY, BookingState.PENDING)
    client.sign_in(two.claire)
    client.get("/planning/2027-01")
    chip = client.page.select_one(".chip")
    assert "pending elsewhere" in " ".join(chip["class"])
    assert "en cours de validation, réservé par l’autre foyer" in words(chip)
    assert "réservé par l’autre foyer" in words(client.page.select_one(".legend"))
    panel = said(client, PANEL)
    assert "Repas enfant" in panel
    assert "Autre foyer" in panel
    assert "3,20" not in panel


def test_a_booking_of_the_other_household_is_cancelled_by_it_alone(client, two):
    booking = two.book(two.martin, two.leo, THURSDAY)
    client.sign_in(two.claire)
    assert "Seul l’autre foyer, ou le service, peut l’annuler" in said(client, PANEL)
    assert client.page.select_one("#jour form") is None
    token = client.page.select_one("input[name=csrf_token]")["value"]
    answer = client.post(f"/reservations/annuler/{booking.id}", data={"csrf_token": token})
    assert answer.status_code == 404
    client.sign_in(two.karim)
    client.get(PANEL)
    assert client.page.select_one("#jour form") is not None


def test_the_home_page_shows_the_day_but_neither_its_limit_nor_its_price(client, two):
    two.book(two.martin, two.leo, THURSDAY)
    client.sign_in(two.claire)
    home = said(client, "/accueil")
    assert "Repas enfant, acceptée, réservé par l’autre foyer" in home
    assert "annulable" not in home.casefold()
    assert "3,20" not in home


def test_the_wizard_says_that_a_day_is_the_other_households(client, two):
    two.book(two.martin, two.leo, THURSDAY)
    client.sign_in(two.claire)
    planning = client.submit("/reservations/nouvelle", {"enfant": str(two.leo.id)}, follow=True)
    assert "autre foyer" in words(planning_cell(client, THURSDAY))
    assert planning.status_code == 200


def test_the_history_and_the_receipts_are_the_makers(client, two):
    booking = two.book(two.martin, two.leo, THURSDAY, BookingState.PENDING)
    request = two.world.add(
        BookingRequest(
            reference="R-ZZZZ-ZZZZ", household_id=two.martin.id, author_user_id=two.karim.id,
            author_name="Karim ZZ", channel=Channel.PHONE, created_at=two.world.now,
        )
    )  # fmt: skip
    two.world.add(
        BookingRequestLine(
            request_id=request.id, booking_id=booking.id, child_id=two.leo.id,
            facility_id=two.canteen.facility.id, opening_id=booking.opening_id,
            presence_type_id=two.canteen.meal.id, day=booking.day, action=LineAction.BOOK,
            state=LineState.PENDING, explanation=["ZZ"],
        )
    )  # fmt: skip
    client.sign_in(two.claire)
    assert "Karim" not in said(client, "/reservations")
    assert "par téléphone" not in said(client, "/accueil")
    assert client.get("/reservations/demandes/R-ZZZZ-ZZZZ").status_code == 404
    client.sign_in(two.karim)
    assert client.get("/reservations/demandes/R-ZZZZ-ZZZZ").status_code == 200


# --- Contact, money, documents ----------------------------------------------------------------------


def test_of_the_other_household_only_the_names_of_its_adults_are_read(client, two):
    two.book(two.martin, two.leo, THURSDAY)
    client.sign_in(two.claire)
    assert "Autre foyer Karim MARTIN et Nadia MARTIN" in said(client, f"/mes-enfants/{two.leo.id}")
    for page in two.pages():
        assert client.get(page).status_code == 200
        text = client.get(page).get_data(as_text=True)
        visible = re.sub(r'name="csrf_token" value="[^"]*"', "", text)
        for secret in PRIVATE:
            assert secret not in visible, (page, secret)


def test_a_step_parent_is_not_named_to_the_other_household(client, two):
    step = two.world.add(Guardian(first_name="Sacha", last_name="ROUX"))
    two.world.join(two.martin, step, is_legal_guardian=False)
    client.sign_in(two.claire)
    assert "Sacha" not in said(client, f"/mes-enfants/{two.leo.id}")


def test_the_bills_are_of_the_household_that_booked(client, two):
    two.book(two.martin, two.leo, THURSDAY)
    two.book(two.solignac, two.leo, FRIDAY)
    two.book(two.solignac, two.marie, FRIDAY)
    client.sign_in(two.claire)
    assert "6,40" in said(client, "/factures/mois/2027-01")
    client.sign_in(two.karim)
    assert "Total provisoire 3,20" in said(client, "/factures/mois/2027-01")


def test_documents_of_the_child_are_shared_unless_private_those_of_a_household_never(client, two):
    world = two.world
    home = world.add(DocumentCategory(name="Avis d’imposition", owner=DocumentOwner.HOUSEHOLD))
    shared = world.add(DocumentCategory(name="Carnet de santé", owner=DocumentOwner.CHILD))
    sent = [
        (world.sent_document(two.martin, shared, child=two.leo), 200),
        (world.sent_document(two.martin, shared, child=two.leo, is_private=True), 404),
        (world.sent_document(two.martin, home), 404),
    ]
    client.sign_in(two.claire)
    for document, status in sent:
        assert client.get(f"/documents/transmis/{document.id}").status_code == status
    client.sign_in(two.karim)
    assert all(client.get(f"/documents/transmis/{one.id}").status_code == 200 for one, _ in sent)


# --- History ---------------------------------------------------------------------------------------


def test_the_history_tells_the_name_of_the_other_parent_never_the_hour_or_the_channel(client, two):
    two.world.parent(two.solignac, "Paul")
    paul = two.world.all(select(Guardian).where(Guardian.first_name == "Paul"))[0]
    two.world.add(
        AuditEvent(
            at=two.world.now, actor_user_id=paul.user_id, channel=Channel.PHONE, action="child.updated",
            object_type="child", object_id=two.leo.id, household_id=two.solignac.id,
        )
    )  # fmt: skip
    client.sign_in(two.claire)
    line = said(client, "/mon-foyer")
    assert "par Paul SOLIGNAC, le mardi 12 janvier 2027" in line
    assert "téléphone, le" not in line
    client.sign_in(two.karim)
    assert "Paul" not in said(client, "/mon-foyer")


# --- One login, several households -------------------------------------------------------------------


def test_an_adult_of_two_households_reads_both_and_each_is_named(client, two):
    account = two.world.user()
    sacha = two.world.guardian(two.solignac, "Sacha", user_id=account.id)
    two.world.join(two.martin, sacha)
    client.sign_in(account)
    home = said(client, "/accueil")
    assert f"famille SOLIGNAC · n° {two.solignac.number} : Marie et Léo" in home
    assert f"famille MARTIN · n° {two.martin.number} : Nino ZZ et Léo" in home
    household = said(client, "/mon-foyer")
    assert "Famille SOLIGNAC" in household
    assert "Famille MARTIN" in household
    offered = said(client, "/reservations/nouvelle")
    assert f"Marie, famille SOLIGNAC (dossier n° {two.solignac.number})" in offered
    assert f"Nino ZZ, famille MARTIN (dossier n° {two.martin.number})" in offered


def test_the_wizard_says_for_which_household_one_books(client, two):
    account = two.world.user()
    sacha = two.world.guardian(two.solignac, "Sacha", user_id=account.id)
    two.world.join(two.martin, sacha)
    client.sign_in(account)
    client.submit("/reservations/nouvelle", {"enfant": str(two.nino.id)}, follow=True)
    assert f"Pour la famille MARTIN · dossier n° {two.martin.number}" in words(client.page.main)


def test_an_adult_of_one_household_is_not_told_which(client, two):
    client.sign_in(two.claire)
    assert "famille SOLIGNAC (dossier" not in said(client, "/reservations/nouvelle")
