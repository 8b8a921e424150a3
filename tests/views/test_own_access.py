"""One's own access as its owner meets it: second factor, signed-in browsers (R50, security S06, S13)."""

import re

import pyotp
import pytest
from sqlalchemy import select

from blueprints.shared import known_browsers
from blueprints.shared.sessions import OBSERVED
from domain.enums import Channel, MailKind, SessionKind, StaffRole
from models import AuditEvent, Guardian, Household, LastSignIn, OutgoingMail, SecondFactor, User, UserSession
from services import sessions
from services.transaction import write_transaction
from tests.accesses import ANOTHER_PASSWORD, deliver, parent_with_password, password_hash, provisional_code
from tests.factories import PASSWORD

INSTALL, CODE, SECURITY = "/mon-compte/code-de-securite", "/code-de-securite", "/mon-compte/connexion"
PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


def say(client):
    return re.sub(r"\s+", " ", client.page.main.get_text(" "))


def enter_password(client, email="agnes@example.org", page="/"):
    return client.submit(page, {"email": email, "password": PASSWORD}, form="/")


def key_shown(client) -> str:
    return client.page.select_one(".typed-key").get_text().replace(" ", "")


def install(client, world, **typed) -> str:
    """Scan, type the first code; returns what the telephone keeps."""
    client.get(INSTALL)
    application = key_shown(client)
    answer = client.submit(
        INSTALL, {"code": pyotp.TOTP(application).at(world.now)} | typed, form=form_of(client)
    )
    assert answer.status_code == 200
    return application


def form_of(client, ending=INSTALL) -> str:
    return next(
        form["action"] for form in client.page.find_all("form") if form["action"].partition("?")[0] == ending
    )


@pytest.fixture
def agent(world):
    return world.staff(StaffRole.RECEPTION, email="agnes@example.org", password_hash=password_hash())


# --- Agents ---------------------------------------------------------------------------------------


def test_an_agent_installs_a_code_before_anything_else(client, world, agent, clock):
    enter_password(client, page="/?suite=/gestion/familles")
    assert client.get("/gestion/familles").location == INSTALL
    assert client.get("/gestion/familles", headers={"HX-Request": "true"}).headers["HX-Redirect"] == INSTALL
    client.get(f"{INSTALL}?suite=/gestion/familles")
    assert client.page.find("nav") is None
    assert client.page.select_one("svg.qr-code path")
    assert client.page.find("input", id="code")["autocomplete"] == "one-time-code"
    application = key_shown(client)
    code = pyotp.TOTP(application).at(world.now)
    client.submit(f"{INSTALL}?suite=/gestion/familles", {"code": code}, form=form_of(client))
    assert len(client.page.select(".codes li")) == 10
    assert client.page.find("a", string=re.compile("continuer"))["href"] == "/gestion/familles"
    assert client.get("/gestion/familles").status_code == 200
    # From then on the code comes after the password.
    clock.advance(minutes=5)
    elsewhere = client.application.test_client()
    assert enter_password(elsewhere, page="/?suite=/gestion/familles").location == (
        f"{CODE}?suite=/gestion/familles"
    )
    assert elsewhere.get("/gestion/familles").location == CODE
    assert elsewhere.get(INSTALL).location == CODE
    before = world.one(select(UserSession).where(UserSession.kind == SessionKind.CODE_AWAITED))
    page = f"{CODE}?suite=/gestion/familles"
    assert elsewhere.submit(page, {"code": "000000"}, form=page).status_code == 422
    assert "Ce code n’est pas le bon" in say(elsewhere)
    answer = elsewhere.submit(page, {"code": pyotp.TOTP(application).at(world.now)}, form=page)
    assert answer.location == "/gestion/familles"
    assert elsewhere.get("/gestion/familles").status_code == 200
    assert before.token_hash not in [row.token_hash for row in world.all(UserSession)]


def test_the_offer_stays_the_same_while_the_telephone_is_fetched(client, world, agent):
    enter_password(client)
    client.get(INSTALL)
    application = key_shown(client)
    client.submit(INSTALL, {"code": "123456"}, form=INSTALL)
    assert "Ce code n’est pas le bon" in say(client)
    assert key_shown(client) == application
    assert world.all(SecondFactor) == []


def test_who_waits_for_a_code_may_leave(client, world, agent):
    enter_password(client)
    client.submit(INSTALL, form="/deconnexion")
    assert client.get(INSTALL).location == f"/?suite={INSTALL}"
    assert world.all(UserSession) == []


def test_a_provisional_password_does_not_pass_by_the_code(client, world, agent, clock):
    enter_password(client)
    install(client, world)
    client.submit("/mot-de-passe-oublie", {"email": "agnes@example.org"})
    code = provisional_code(deliver(world))
    elsewhere = client.application.test_client()
    elsewhere.submit("/", {"email": "agnes@example.org", "password": code}, form="/")
    elsewhere.submit(
        "/choisir-un-mot-de-passe", {"password": ANOTHER_PASSWORD}, form="/choisir-un-mot-de-passe"
    )
    elsewhere.submit("/", {"email": "agnes@example.org", "password": ANOTHER_PASSWORD}, form="/")
    assert elsewhere.get("/gestion").location == CODE


def test_a_telephone_lost_a_recovery_code_opens(client, world, agent):
    enter_password(client)
    install(client, world)
    papers = [line.get_text() for line in client.page.select(".codes code")]
    elsewhere = client.application.test_client()
    enter_password(elsewhere)
    page = f"{CODE}/secours"
    elsewhere.get(CODE)
    assert elsewhere.page.find("a", href=page)
    assert elsewhere.submit(page, {"code": "abcd"}, form=page).status_code == 422
    elsewhere.submit(page, {"code": papers[0]}, form=page, follow=True)
    assert "il vous reste 9 codes de secours" in say(elsewhere)
    assert elsewhere.get("/gestion").status_code == 200


def test_an_agent_changes_its_password_and_its_codes(client, world, agent):
    enter_password(client)
    install(client, world)
    client.get("/gestion")
    assert client.page.find("a", href=SECURITY)
    client.get(SECURITY)
    assert "Il vous reste 10 codes de secours" in say(client)
    assert client.page.find("a", href=f"{INSTALL}/retirer") is None
    assert client.get(f"{INSTALL}/retirer").location == SECURITY
    page = "/mon-compte/codes-de-secours"
    assert client.submit(page, {"current": "pas celui-ci"}, form=page).status_code == 422
    client.submit(page, {"current": PASSWORD}, form=page)
    assert len(client.page.select(".codes li")) == 10
    page = "/mon-compte/mot-de-passe"
    client.submit(page, {"current": PASSWORD, "password": ANOTHER_PASSWORD}, form=page, follow=True)
    assert "Votre mot de passe est changé." in say(client)


def test_a_demonstration_opens_at_once(app, client, world, agent, monkeypatch):
    monkeypatch.setitem(app.config, "STAFF_NEED_CODES", False)
    assert enter_password(client).location == "/espace"
    assert client.get("/gestion").status_code == 200
    install(client, world, current=PASSWORD)
    client.submit(f"{INSTALL}/retirer", {"current": PASSWORD}, form=f"{INSTALL}/retirer", follow=True)
    assert "Le code de sécurité n’est plus demandé." in say(client)


# --- Parents --------------------------------------------------------------------------------------


def test_a_parent_takes_a_second_factor_and_leaves_it(client, world, clock):
    parent_with_password(world)
    enter_password(client, "claire@example.org")
    client.get("/mon-compte")
    assert client.page.find("a", href=SECURITY)
    client.get(SECURITY)
    assert "Non installé" in say(client)
    application = install(client, world, current=PASSWORD)
    assert client.page.find("a", string=re.compile("continuer"))["href"] == SECURITY
    clock.advance(minutes=5)
    elsewhere = client.application.test_client()
    assert enter_password(elsewhere, "claire@example.org").location == CODE
    assert elsewhere.get("/accueil").location == CODE
    elsewhere.submit(CODE, {"code": pyotp.TOTP(application).at(world.now)}, form=CODE)
    assert elsewhere.get("/accueil").status_code == 200
    page = f"{INSTALL}/retirer"
    elsewhere.submit(page, {"current": PASSWORD}, form=page)
    assert enter_password(client.application.test_client(), "claire@example.org").location == "/espace"
    assert client.get("/accueil").status_code == 303, "the other browsers are signed out"


def test_the_code_is_also_asked_after_a_provisional_password(client, world):
    parent_with_password(world)
    enter_password(client, "claire@example.org")
    install(client, world, current=PASSWORD)
    client.submit("/mot-de-passe-oublie", {"email": "claire@example.org"})
    code = provisional_code(deliver(world))
    elsewhere = client.application.test_client()
    elsewhere.submit("/", {"email": "claire@example.org", "password": code}, form="/")
    page = "/choisir-un-mot-de-passe"
    assert elsewhere.submit(page, {"password": ANOTHER_PASSWORD}, form=page).location == CODE


def test_the_service_takes_the_lost_code_of_a_parent_away(app, client, world):
    parent = parent_with_password(world)
    enter_password(client, "claire@example.org")
    install(client, world, current=PASSWORD)
    household, guardian = world.one(Household), world.one(Guardian)
    desk = app.test_client()
    desk.sign_in(world.staff(StaffRole.RECEPTION))
    page = f"/gestion/familles/{household.id}/adultes/{guardian.id}/acces/code"
    desk.get(f"/gestion/familles/{household.id}")
    assert desk.page.find("a", href=page)
    desk.submit(page, {"channel": "counter"}, follow=True)
    assert "Le code de sécurité est retiré." in say(desk)
    event = world.all(AuditEvent)[-1]
    assert (event.action, event.channel, event.object_id) == (
        "second_factor.reset", Channel.COUNTER, parent.id,
    )  # fmt: skip
    assert client.get("/accueil").status_code == 303
    assert enter_password(client, "claire@example.org").location == "/espace"


# --- Signed-in browsers ---------------------------------------------------------------------------


def test_signed_in_browsers_are_named_and_ended(client, world, clock):
    parent = parent_with_password(world)
    phone, tablet = client.application.test_client(), client.application.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = PHONE
    enter_password(phone, "claire@example.org")
    clock.advance(minutes=1)
    tablet.sign_in(parent)
    enter_password(client, "claire@example.org")
    client.get(SECURITY)
    for words in (
        "Firefox sur Android",
        "Navigateur inconnu",
        "Cet appareil, connecté depuis mardi 12 janvier",
    ):
        assert words in say(client).replace("\u00a0", " ")
    first, *_ = world.all(select(UserSession).order_by(UserSession.created_at))
    client.submit(SECURITY, form=f"/mon-compte/appareils/{first.id}/deconnecter", follow=True)
    assert "Cet appareil est déconnecté." in say(client)
    assert phone.get("/accueil").status_code == 303
    assert tablet.get("/accueil").status_code == 200
    client.submit(SECURITY, form="/mon-compte/appareils/deconnecter", follow=True)
    assert tablet.get("/accueil").status_code == 303
    assert client.get("/accueil").status_code == 200


def test_the_first_browser_of_an_account_is_no_news(client, world):
    """Just activated, or known for years before the portal remembered browsers: only a second one is news."""
    parent_with_password(world)
    enter_password(client, "claire@example.org")
    assert world.all(OutgoingMail) == []
    client.submit("/accueil", form="/deconnexion")
    enter_password(client, "claire@example.org")
    assert world.all(OutgoingMail) == []
    enter_password(client.application.test_client(), "claire@example.org")
    assert world.one(OutgoingMail).kind is MailKind.NEW_DEVICE


def test_a_sign_in_from_another_browser_is_told_once(client, world):
    user = parent_with_password(world)
    world.add(LastSignIn(user_id=user.id, at=world.now))
    client.environ_base["HTTP_USER_AGENT"] = PHONE
    enter_password(client, "claire@example.org")
    mail = world.one(OutgoingMail)
    assert (mail.kind, mail.to_address) == (MailKind.NEW_DEVICE, "claire@example.org")
    assert "Firefox sur\u00a0Android" in mail.text
    assert f"https://portail.test{SECURITY}" in mail.text
    client.submit("/accueil", form="/deconnexion")
    enter_password(client, "claire@example.org")
    assert len(world.all(OutgoingMail)) == 1
    client.set_cookie(known_browsers.COOKIE, "forged")
    client.submit("/accueil", form="/deconnexion")
    enter_password(client, "claire@example.org")
    assert len(world.all(OutgoingMail)) == 2


def test_a_computer_is_known_for_each_of_its_accounts(client, world):
    for email in ("claire@example.org", "karim@example.org") * 2:
        if not world.all(select(User).where(User.email == email)):
            user = parent_with_password(world, email)
            world.add(LastSignIn(user_id=user.id, at=world.now))
        enter_password(client, email)
        client.submit("/accueil", form="/deconnexion")
    assert len(world.all(OutgoingMail)) == 2


def test_an_agent_is_told_after_the_code_and_not_where_it_was_installed(client, world, agent, clock):
    enter_password(client)
    application = install(client, world)
    clock.advance(minutes=5)
    client.submit("/gestion", form="/deconnexion")
    for browser in (client, client.application.test_client()):
        enter_password(browser)
        browser.submit(CODE, {"code": pyotp.TOTP(application).at(world.now)}, form=CODE)
        clock.advance(minutes=5)
    kinds = [mail.kind for mail in world.all(OutgoingMail)]
    assert kinds == [MailKind.SECOND_FACTOR_CHANGED, MailKind.NEW_DEVICE]


def test_nobody_ends_the_session_of_somebody_else(app, client, world):
    parent = parent_with_password(world)
    other = world.parent(world.household("MARTIN"))
    with app.app_context(), write_transaction() as session:
        sessions.open_session(session, other.id, other.kind, world.now)
    foreign = world.one(UserSession)
    client.sign_in(parent)
    client.get(SECURITY)
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    address = f"/mon-compte/appareils/{foreign.id}/deconnecter"
    assert client.post(address, data={"csrf_token": token}).status_code == 404
    assert foreign.id in [row.id for row in world.all(UserSession)]


def test_an_agent_who_looks_at_a_portal_is_not_led_there(client, world):
    parent_with_password(world)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    with client.session_transaction() as cookie:
        cookie[OBSERVED] = world.one(Guardian).id
    client.get("/mon-compte")
    assert client.page.find("a", href=SECURITY) is None
    assert client.get(SECURITY).status_code == 404
