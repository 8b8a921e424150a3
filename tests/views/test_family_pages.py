"""The family reads its file, its account, its children, its documents and what its month costs."""

from datetime import date

import pytest

from domain.enums import BookingState, Channel, LineState
from models import (
    AuditEvent,
    HouseholdGuardian,
    OutgoingMail,
    User,
    UserSession,
)
from tests.accesses import ANOTHER_PASSWORD, password_hash
from tests.factories import PASSWORD, weekdays
from tests.school_family import SchoolFamily, words
from tests.statements import at_most


@pytest.fixture
def family(world) -> SchoolFamily:
    return SchoolFamily(world)


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


def main(client):
    return words(client.page.main)


# --- Mon foyer ------------------------------------------------------------------------------------


def test_the_household_reads_everything_that_is_held_on_it(client, world):
    household = world.household(family_situation="Mariés", address_extra="Bât. B")
    claire = world.parent(household)
    world.guardian(household, "Paul", mobile_phone="06 00 00 00 99", workplace="Mairie")
    world.settings(phone="05 65 00 00 00")
    world.quotient(household, 622, valid_to=date(2027, 12, 31))
    world.quotient(household, 999, valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31))
    client.sign_in(claire)
    client.get("/mon-foyer")
    said = main(client)
    for expected in (
        str(household.number),
        "Adresse 12 rue Nationale Complément d’adresse Bât. B Code postal 46000 Ville Cahors",
        "Claire SOLIGNAC et Paul SOLIGNAC",
        "Mariés",
        "Résident",
        "622 valable jusqu’au 31/12/2027",
        "05 65 00 00 00",
    ):
        assert expected in said
    assert "999" not in said


def test_of_the_other_adult_only_the_name_is_told(client, world):
    household = world.household()
    world.guardian(
        household, "Paul", mobile_phone="06 00 00 00 99", email="paul@secret.example", workplace="Gendarmerie"
    )
    client.sign_in(world.parent(household))
    for page in ("/mon-foyer", "/mon-compte", "/accueil", "/mes-enfants"):
        client.get(page)
        for secret in ("06 00 00 00 99", "paul@secret.example", "Gendarmerie"):
            assert secret not in client.page.get_text()


def test_an_unknown_quotient_is_told_with_what_to_do(claire):
    claire.get("/mon-foyer")
    assert "non connu" in main(claire)
    assert claire.page.select_one('dd a[href="/documents"]') is not None


def test_a_change_by_the_service_is_in_the_history(claire, family):
    agent = family.world.staff()
    paul = family.world.parent(family.household, "Paul")
    changes = [
        (agent, "household", Channel.PHONE),
        (paul, "guardian", Channel.PORTAL),
        (agent, "mail", Channel.PORTAL),
    ]
    for actor, table, channel in changes:
        family.world.add(
            AuditEvent(
                at=family.world.now,
                actor_user_id=actor.id,
                channel=channel,
                action=f"{table}.updated",
                object_type=table,
                object_id=1,
                household_id=family.household.id,
            )
        )
    claire.get("/mon-foyer")
    history_of = claire.page.find("h2", string="Historique du dossier").find_parent("details")
    history = [words(line) for line in history_of.select("li")]
    assert history == [
        "Coordonnées d’un adulte Modifié par Paul SOLIGNAC, le mardi 12 janvier 2027",
        "Informations du foyer Modifié par le service, par téléphone, le mardi 12 janvier 2027",
    ]


def test_a_file_that_never_changed_says_so(claire):
    claire.get("/mon-foyer")
    assert "Rien n’a été modifié depuis l’ouverture du dossier." in main(claire)


def test_two_households_are_read_apart(client, world):
    account = world.user()
    first, second = world.household("ALBERT"), world.household("BASTIDE")
    guardian = world.guardian(first, "Nadia", user_id=account.id)
    world.add(HouseholdGuardian(household_id=second.id, guardian_id=guardian.id))
    world.quotient(second, 800)
    client.sign_in(account)
    with at_most(10):
        client.get("/mon-foyer")
    albert, bastide = (
        words(client.page.find("h2", string=f"Famille {name}").find_parent("section"))
        for name in ("ALBERT", "BASTIDE")
    )
    assert "800" in bastide
    assert "800" not in albert


# --- Mon compte -----------------------------------------------------------------------------------


def test_the_account_shows_the_adult_who_signed_in(client, world):
    household = world.household()
    account = world.user(email="claire@example.org")
    world.guardian(household, user_id=account.id, mobile_phone="06 00 00 00 01", workplace="Hôpital")
    client.sign_in(account)
    client.get("/mon-compte")
    names = ("Prénom Claire", "Nom SOLIGNAC", "claire@example.org")
    for expected in (*names, "06 00 00 00 01", "Hôpital", "non renseigné"):
        assert expected in main(client)


@pytest.fixture
def with_password(client, world):
    account = world.parent(world.household(), email="claire@example.org", password_hash=password_hash())
    client.sign_in(account)
    return client


PASSWORD_PAGE = "/mon-compte/mot-de-passe"


def test_the_password_changes_and_other_sessions_end(app, with_password, world):
    elsewhere = app.test_client()
    elsewhere.sign_in(world.one(User))
    answer = with_password.submit(
        PASSWORD_PAGE,
        {"current": PASSWORD, "password": ANOTHER_PASSWORD},
        form=PASSWORD_PAGE,
        follow=True,
    )
    assert answer.status_code == 200
    assert "Votre mot de passe est changé." in main(with_password)
    assert elsewhere.get("/mon-compte").status_code == 303
    assert len(world.all(UserSession)) == 1
    assert [mail.to_address for mail in world.all(OutgoingMail)] == ["claire@example.org"]


def test_the_password_needs_the_current_one(with_password):
    answer = with_password.submit(
        PASSWORD_PAGE, {"current": "pas celui-ci", "password": ANOTHER_PASSWORD}, form=PASSWORD_PAGE
    )
    assert answer.status_code == 422
    error = with_password.page.select_one("#current-erreur")
    assert words(error) == "Ce n’est pas votre mot de passe actuel : tapez-le de nouveau."


def test_a_simple_password_is_refused_at_its_field(with_password):
    answer = with_password.submit(
        PASSWORD_PAGE, {"current": PASSWORD, "password": "cantine"}, form=PASSWORD_PAGE
    )
    assert answer.status_code == 422
    assert with_password.page.select_one("#password-erreur") is not None


# --- Mes enfants ----------------------------------------------------------------------------------


def test_each_child_has_a_sheet(claire, family):
    family.book(family.leo, date(2027, 1, 14))
    claire.get("/mes-enfants")
    sheets = {words(link): link["href"] for link in claire.page.select("ul a")}
    claire.get(sheets["Voir la fiche de Léo"])
    assert claire.page.h1.get_text() == "Léo SOLIGNAC"
    for expected in ("04/05/2019", "7 ans", "Écoles de Cahors · CE2", "Jeudi 14 janvier", "Repas enfant"):
        assert expected in main(claire)
    claire.get(sheets["Voir la fiche de Marie"])
    assert "Aucune réservation à venir." in main(claire)


def test_the_sheet_shows_only_what_is_to_come(claire, family):
    family.book(family.leo, date(2027, 1, 11))
    family.book(family.leo, date(2027, 1, 12), BookingState.CANCELLED)
    claire.get(f"/mes-enfants/{family.leo.id}")
    assert "Aucune réservation à venir." in main(claire)


def test_another_familys_child_is_not_found(claire, world):
    other = world.household("MARTIN")
    stranger = world.child(other, "Nino")
    assert claire.get(f"/mes-enfants/{stranger.id}").status_code == 404
    assert claire.get("/mes-enfants/999999").status_code == 404


# --- Factures et règlements -----------------------------------------------------------------------


def test_the_month_is_counted_child_by_child(claire, family):
    days = weekdays(date(2027, 1, 4), date(2027, 1, 8))
    for day in days:
        family.book(family.leo, day)
    booking = family.book(family.marie, days[0])
    family.book(family.marie, days[1], BookingState.PENDING)
    family.ask(
        "DEM-1",
        family.marie,
        [days[0]],
        LineState.ACCEPTED,
        booking_id=booking.id,
        explanation=["Tarif unique."],
    )
    with at_most(14):  # one for a règlement that this process meets
        claire.get("/factures/mois/2027-01")
    assert "Ce n’est pas une facture" in main(claire)
    marie, leo = (words(part) for part in claire.page.select("section.card")[1:])
    assert marie.startswith("M Marie 3,20 € Provisoire")
    assert "Repas enfant du lundi 4 janvier, tarif unique : 3,20 €." in marie
    assert "4 × " in leo
    assert "12,80 €" in leo
    assert "16,00 €" in words(claire.page.select_one(".amount"))


def test_the_months_of_the_bills_follow_each_other_by_links(claire):
    claire.get("/factures/mois/2027-01")
    assert [link["href"] for link in claire.page.select(".month-nav a")] == [
        "/factures/mois/2026-12",
        "/factures/mois/2027-02",
    ]
    assert "Rien à payer pour janvier 2027." in main(claire)
    assert claire.get("/factures/mois/2027-13").status_code == 404


def test_another_family_is_not_counted(client, family):
    family.book(family.leo, date(2027, 1, 14))
    client.sign_in(family.world.parent(family.world.household("MARTIN"), "Nadia"))
    client.get("/factures/mois/2027-01")
    assert "3,20 €" not in main(client)
