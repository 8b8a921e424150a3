"""Sign-in, activation, forgotten password as a visitor meets them (S10 to S25)."""

import re

import pytest
from click.testing import CliRunner
from flask import session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

import cli
from domain.enums import AccountStatus, SessionKind, StaffRole
from models import OutgoingMail, User, UserSession
from services import accounts
from tests.accesses import (
    ANOTHER_PASSWORD,
    activation_token,
    deliver,
    open_access,
    parent_with_password,
    password_hash,
    provisional_code,
)
from tests.factories import PASSWORD

CLAIRE = {"email": "claire@example.org", "password": PASSWORD}
COOKIE = "session"


def say(client):
    return re.sub(r"\s+", " ", client.page.main.get_text(" "))


def sign_in(client, follow=False, page="/", **changes):
    return client.submit(page, CLAIRE | changes, follow=follow)


# --- Sign-in --------------------------------------------------------------------------------------


def test_the_root_is_the_sign_in_page_for_a_stranger(client, world):
    world.settings(phone="05 65 00 00 00", email="accueil.famille@example.org")
    answer = client.get("/")
    assert answer.status_code == 200
    assert len(answer.data) < 100_000
    for name in ("email", "password"):
        assert client.page.find("input", attrs={"name": name})
    for text in ("Une question, une difficulté", "Nous sommes à votre écoute", "Mot de passe oublié"):
        assert text in say(client)
    links = {link["href"] for link in client.page.main.find_all("a")}
    contact = {"tel:+33565000000", "mailto:accueil.famille@example.org"}
    assert {"/mot-de-passe-oublie", "/structures", "/inscription"} | contact <= links


def test_what_watches_the_site_asks_the_head_of_the_page(client):
    assert client.head("/").status_code == 200


def test_a_link_on_the_town_s_own_site_opens_sign_in_without_a_cookie(client):
    """S16: the tile « Portail Famille » of another site, in a browser that never came here."""
    headers = {"Referer": "https://www.ville.example/", "Sec-Fetch-Site": "cross-site"}
    answer = client.get("/", headers=headers)
    assert answer.status_code == 200
    assert client.page.h1.get_text() == "Connexion"


def test_a_family_signs_in_and_out(client, world):
    parent_with_password(world)
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/espace")
    assert client.get("/espace").location == "/accueil"
    assert client.get("/").location == "/espace"


def test_staff_sign_in_through_the_same_page(client, world):
    """Their second factor comes next: see tests/views/test_own_access.py."""
    world.staff(email="agnes@example.org", password_hash=password_hash())
    sign_in(client, email="agnes@example.org")
    assert client.get("/espace").location == "/mon-compte/code-de-securite"


def test_a_wrong_pair_gets_the_same_answer_whoever_it_names(client, world):
    world.parent(world.household(), email="invitee@example.org", status=AccountStatus.INVITED)
    world.user("suspendue@example.org", status=AccountStatus.SUSPENDED, password_hash=password_hash())
    parent_with_password(world)
    tries = (
        {"password": "un mauvais mot de passe"},
        {"email": "inconnue@example.org"},
        {"email": "invitee@example.org"},
        {"email": "suspendue@example.org"},
    )
    answers = [sign_in(client.application.test_client(), **fields) for fields in tries]
    assert {answer.status_code for answer in answers} == {422}
    assert len({anonymous(answer.text, fields) for answer, fields in zip(answers, tries, strict=True)}) == 1
    assert len({tuple(answer.headers.keys()) for answer in answers}) == 1
    assert world.all(UserSession) == []
    assert world.all(OutgoingMail) == []


def anonymous(html, fields):
    """The page without the token of the form and without what the visitor typed."""
    html = re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", html)
    return html.replace(fields.get("email", CLAIRE["email"]), "…")


def test_the_refusal_explains_the_activation_mail_and_how_to_get_it_again(client, world):
    open_access(world, client.application)
    sign_in(client)
    subject = deliver(world).sent[0]["Subject"]
    assert f"Ouvrez le mail «\u00a0{subject}\u00a0»" in client.page.main.get_text()
    assert "Pensez à vérifier dans vos spams" in say(client)
    link = client.page.main.find("a", string="Recevoir un nouveau mail")
    assert link["href"] == "/mot-de-passe-oublie"
    assert world.all(UserSession) == []


def test_the_typed_address_stays_and_the_password_does_not(client, world):
    sign_in(client, password="un mauvais mot de passe")
    assert client.page.find("input", attrs={"name": "email"})["value"] == "claire@example.org"
    assert not client.page.find("input", attrs={"name": "password"}).get("value")


def test_too_many_tries_get_one_neutral_sentence(client, world):
    parent_with_password(world)
    for email in ("claire@example.org", "inconnue@example.org"):
        for _ in range(5):
            sign_in(client, email=email, password="un mauvais mot de passe")
    known = sign_in(client)
    unknown = sign_in(client, email="inconnue@example.org")
    assert (known.status_code, unknown.status_code) == (429, 429)
    assert anonymous(known.text, {}) == anonymous(unknown.text, {"email": "inconnue@example.org"})
    assert "Patientez quelques minutes" in say(client)


def test_an_empty_form_says_what_is_missing(client):
    answer = client.submit("/", {"email": "", "password": ""})
    assert answer.status_code == 422
    assert "Indiquez votre adresse e-mail." in say(client)
    assert "Indiquez votre mot de passe." in say(client)


# --- Where one was going (S25) --------------------------------------------------------------------


def test_a_deep_link_is_opened_after_signing_in(client, world):
    parent_with_password(world)
    refused = client.get("/mes-enfants?ordre=age")
    assert refused.status_code == 303
    assert sign_in(client, page=refused.location).location == "/mes-enfants?ordre=age"


@pytest.mark.parametrize(
    ("suite", "sentence"),
    [
        ("/reservations/brouillon/planning?mois=2027-02", " : votre demande est gardée."),
        ("/reservations/brouillon/recapitulatif", " : votre demande est gardée."),
        ("/mes-enfants", "."),
    ],
)
def test_after_the_session_ended_the_page_says_what_is_kept(client, suite, sentence):
    client.get("/", query_string={"suite": suite})

    said = client.page.select_one("main .alert p").get_text().replace("\u00a0", " ")
    assert said == f"Reconnectez-vous pour continuer{sentence}"


@pytest.mark.parametrize("suite", [None, "", "//evil.example", "/inconnue"])
def test_without_a_page_to_go_back_to_nothing_is_said(client, suite):
    client.get("/", query_string={"suite": suite} if suite is not None else {})

    assert "Reconnectez-vous" not in say(client)


def test_the_opening_hours_end_the_sentence_and_never_break(client, world):
    world.settings(opening_hours="Du lundi au vendredi, 8 h 30 - 17 h.\nFermé le mercredi")
    client.get("/")

    hours = "du lundi au vendredi, 8\u00a0h\u00a030 - 17\u00a0h, fermé le mercredi."
    assert f"Nous sommes à votre écoute\u00a0: {hours}" in client.page.main.get_text()


HOSTILE = [
    "https://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example",
    "\\\\evil.example", "/\\/evil.example", "http:evil.example", "https:/evil.example",
    "https:///evil.example", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
    "/%2f/evil.example", "/%2F%2Fevil.example", "/%5cevil.example", "%2f%2fevil.example",
    "/\tevil.example", "/\n/evil.example", "/\r\nLocation: https://evil.example", "/%0d%0aLocation:x",
    "/%00", " //evil.example", "\t//evil.example", "/accueil\\@evil.example",
    "/accueil//evil.example", "/../evil", "/accueil/../../x", "evil.example", "@evil.example",
    "/@evil.example", "https://evil.example\\@portail.test", "//portail.test@evil.example", "/inconnue",
    "/deconnexion", "/", "/?suite=//evil.example", "?suite=x", "#", "/choisir-un-mot-de-passe",
    "http://[::1", "/\u202eevil", "/accueil\u2028", "ｈttps://evil.example", "/／evil.example",
    "mailto:x@evil.example",
]  # fmt: skip


@pytest.mark.parametrize("wanted", HOSTILE)
def test_a_hostile_destination_leads_home(client, world, wanted):
    parent_with_password(world)
    client.get("/")
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    answer = client.post("/", data={**CLAIRE, "csrf_token": token, "suite": wanted})
    assert (answer.status_code, answer.location) == (303, "/espace")


def test_hostile_destinations_are_more_than_forty():
    assert len(set(HOSTILE)) >= 40


# --- The end of a session (F1, S25) ---------------------------------------------------------------


def replay(app, cookie):
    """A copied cookie in another browser: where does it lead?"""
    thief = app.test_client()
    thief.set_cookie(COOKIE, cookie)
    return thief.get("/espace").location


@pytest.fixture
def signed_in(client, world):
    user = parent_with_password(world)
    sign_in(client)
    return user, client.get_cookie(COOKIE).value


def test_a_copied_cookie_opens_the_portal_as_long_as_the_session_lives(app, signed_in):
    assert replay(app, signed_in[1]) == "/accueil"


def test_sign_out_kills_the_cookie_wherever_it_is(client, app, world, signed_in):
    client.get("/go/" + "A" * 50)
    token = client_token(client)
    answer = client.post("/deconnexion", data={"csrf_token": token})
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert world.all(UserSession) == []
    assert replay(app, signed_in[1]).startswith("/?suite=")
    client.get(answer.location)
    assert "Vous êtes déconnecté" in say(client)


# --- A page left open -----------------------------------------------------------------------------


def send_from_an_old_page(client, address, page, **headers):
    """Send the form of a page that was shown in a session of before: its token is worth nothing now."""
    headers = {"Referer": f"http://localhost{page}"} | headers
    return client.post(address, data={"csrf_token": "of-another-session"}, headers=headers)


def test_signed_out_in_another_tab_leads_to_sign_in_and_back(client):
    answer = send_from_an_old_page(client, "/reservations/brouillon/jours", "/planning/2027-01")

    assert (answer.status_code, answer.location) == (303, "/?suite=/planning/2027-01")


def test_signed_out_in_another_tab_leads_htmx_to_sign_in_and_back(client):
    headers = {"HX-Request": "true"}
    answer = send_from_an_old_page(client, "/reservations/brouillon/jours", "/planning/2027-01", **headers)

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/?suite=/planning/2027-01"


@pytest.mark.parametrize(
    ("referrer", "link"), [("/accueil", "/accueil"), ("//ailleurs.example/", "/"), ("", "/")]
)
def test_a_dead_token_of_a_signed_in_visitor_is_told_with_the_way_back(client, signed_in, referrer, link):
    client.set_cookie(COOKIE, signed_in[1])
    answer = send_from_an_old_page(client, "/deconnexion", referrer)

    assert answer.status_code == 400
    assert "La page était ouverte depuis trop longtemps" in say(client)
    assert client.page.main.find("a")["href"] == link


def test_a_dead_token_of_a_public_form_is_told(client):
    answer = send_from_an_old_page(client, "/", "/?suite=/planning")

    assert answer.status_code == 400
    assert client.page.main.find("a")["href"] == "/?suite=/planning"


def client_token(client):
    """A real token for a form, as the pages of the portal carry one."""
    with client.application.test_request_context():
        serializer = client.application.session_interface.get_signing_serializer(client.application)
        session.update(serializer.loads(client.get_cookie(COOKIE).value))
        token = generate_csrf()
        client.set_cookie(COOKIE, serializer.dumps(dict(session)))
    return token


def test_a_password_change_kills_the_cookie(app, world, signed_in):
    user, cookie = signed_in
    with app.app_context():
        session_id = world.one(UserSession).id
        accounts.change_password(session_id, user.id, PASSWORD, ANOTHER_PASSWORD, "", world.now)
    assert replay(app, cookie).startswith("/?suite=")


def test_a_suspension_kills_the_cookie(app, world, signed_in):
    user, cookie = signed_in
    with app.app_context():
        accounts.suspend_access(user.id, author=accounts.Author(world.staff().id), now=world.now)
    assert replay(app, cookie).startswith("/?suite=")


def test_signing_in_changes_the_session(client, world):
    parent_with_password(world)
    client.get("/")
    before = client.get_cookie(COOKIE).value
    sign_in(client)
    after = client.get_cookie(COOKIE).value
    serializer = client.application.session_interface.get_signing_serializer(client.application)
    assert set(serializer.loads(before)) == {"csrf_token"}
    assert "csrf_token" not in serializer.loads(after)


@pytest.mark.parametrize(("hours", "expected"), [(1.9, "/accueil"), (2.1, "/?suite=/espace")])
def test_a_family_session_sleeps_two_hours_at_most(client, world, clock, hours, expected):
    parent_with_password(world)
    sign_in(client)
    clock.advance(hours=hours)
    assert client.get("/espace").location == expected


def test_a_busy_family_session_ends_after_a_day(client, world, clock):
    parent_with_password(world)
    sign_in(client)
    for _ in range(23):
        clock.advance(hours=1)
        assert client.get("/espace").location == "/accueil"
    clock.advance(hours=1)
    assert client.get("/espace").location == "/?suite=/espace"


def test_a_staff_session_sleeps_thirty_minutes_and_lives_ten_hours(client, world, clock):
    client.sign_in(world.staff())
    for _ in range(29):
        clock.advance(minutes=20)
        assert client.get("/espace").location.startswith("/gestion")
    clock.advance(minutes=20)
    assert client.get("/espace").location == "/?suite=/espace"
    client.sign_in(world.staff())
    clock.advance(minutes=31)
    assert client.get("/espace").location == "/?suite=/espace"


# --- Forgotten password (S22 to S24) --------------------------------------------------------------


def ask_code(client, world):
    client.submit("/mot-de-passe-oublie", {"email": "claire@example.org"})
    return provisional_code(deliver(world))


def test_known_and_unknown_addresses_get_the_same_answer(client, world):
    parent_with_password(world)
    answers = []
    for email in ("claire@example.org", "inconnue@example.org"):
        asked = client.submit("/mot-de-passe-oublie", {"email": email})
        answers.append(
            (asked.status_code, asked.data, list(asked.headers.keys()), client.get(asked.location).data)
        )
    assert answers[0] == answers[1]
    assert [row.to_address for row in world.all(OutgoingMail)] == ["claire@example.org"]


def test_requests_beyond_the_limit_read_like_the_first(client, world):
    parent_with_password(world)
    read = {client.submit("/mot-de-passe-oublie", {"email": "claire@example.org"}, follow=True).data}
    deliver(world)
    for _ in range(5):
        read.add(client.submit("/mot-de-passe-oublie", {"email": "claire@example.org"}, follow=True).data)
    assert len(read) == 1
    assert len(world.all(OutgoingMail)) <= 3


def test_an_unreadable_address_is_told_at_once(client, world):
    assert client.submit("/mot-de-passe-oublie", {"email": "claire"}).status_code == 422
    assert "nom@exemple.fr" in say(client)


def test_the_code_leads_to_the_choice_of_a_password_and_nowhere_else(client, world):
    parent_with_password(world)
    code = ask_code(client, world)
    assert sign_in(client, password=code).location == "/choisir-un-mot-de-passe"
    for address in ("/espace", "/accueil", "/mes-enfants", "/mon-compte"):
        assert client.get(address).location == "/choisir-un-mot-de-passe"
    refused = client.get("/accueil", headers={"HX-Request": "true"})
    assert (refused.status_code, refused.headers["HX-Redirect"]) == (401, "/choisir-un-mot-de-passe")
    answer = client.submit(
        "/choisir-un-mot-de-passe",
        {"password": ANOTHER_PASSWORD},
        form='form[action="/choisir-un-mot-de-passe"]',
    )
    assert answer.location == "/espace"
    assert client.get("/espace").location == "/accueil"
    assert sign_in(client.application.test_client(), password=PASSWORD).status_code == 422


def test_the_way_one_was_going_survives_the_choice_of_a_password(client, world):
    parent_with_password(world)
    code = ask_code(client, world)
    chosen = sign_in(client, page="/?suite=/mes-enfants", password=code).location
    form = f'form[action="{chosen}"]'
    assert client.submit(chosen, {"password": ANOTHER_PASSWORD}, form=form).location == "/mes-enfants"


def test_a_bad_new_password_is_explained_and_can_be_corrected(client, world):
    user = parent_with_password(world)
    client.sign_in(user, SessionKind.RESTRICTED)
    answer = client.submit(
        "/choisir-un-mot-de-passe", {"password": "trop court"}, form='form[action="/choisir-un-mot-de-passe"]'
    )
    assert answer.status_code == 422
    assert "ajoutez encore 2\u00a0caractères" in client.page.main.get_text()


def test_one_may_leave_without_choosing_and_keep_the_password(client, world):
    user = parent_with_password(world)
    client.sign_in(user, SessionKind.RESTRICTED)
    assert client.submit("/choisir-un-mot-de-passe", {}, form="/deconnexion").status_code == 303
    assert sign_in(client).location == "/espace"


def test_a_full_session_has_nothing_to_choose(client, world):
    client.sign_in(parent_with_password(world))
    assert client.get("/choisir-un-mot-de-passe").location == "/espace"


# --- Activation -----------------------------------------------------------------------------------


def test_a_family_activates_its_access_after_ten_scanners_looked(client, world):
    open_access(world, client.application)
    address = "/go/" + activation_token(deliver(world))
    for _ in range(10):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert "Au moins 12\u00a0caractères" in client.page.main.get_text()
    field = client.page.find("input", attrs={"name": "password"})
    assert (field["autocomplete"], field.has_attr("onpaste")) == ("new-password", False)
    answer = client.submit(address, {"password": PASSWORD})
    assert answer.location == "/espace"
    assert client.get("/espace").location == "/accueil"
    assert world.one(select(User).where(User.email == "claire@example.org")).email_verified_at == world.now


def test_a_used_link_says_so_and_offers_to_sign_in_or_to_get_a_mail(client, world):
    open_access(world, client.application)
    address = "/go/" + activation_token(deliver(world))
    client.submit(address, {"password": PASSWORD})
    other = client.application.test_client()
    assert other.get(address).status_code == 410
    assert other.page.h1.get_text() == "Lien déjà utilisé"
    assert {"/", "/mot-de-passe-oublie"} <= {link["href"] for link in other.page.main.find_all("a")}


def test_an_expired_link_sends_a_new_one_without_showing_the_address(client, world, clock):
    open_access(world, client.application)
    address = "/go/" + activation_token(deliver(world))
    clock.advance(days=8)
    assert client.get(address).status_code == 410
    assert "claire" not in client.page.get_text()
    sent = client.submit(address, {}, follow=True)
    assert "claire" not in sent.text
    assert "spams" in say(client)
    assert deliver(world).sent[0]["To"] == "claire@example.org"


def test_an_unknown_link_is_not_found(client):
    assert client.get("/go/" + "A" * 50).status_code == 404


def test_a_weak_password_keeps_the_link_alive(client, world):
    open_access(world, client.application)
    address = "/go/" + activation_token(deliver(world))
    assert client.submit(address, {"password": "azertyuiop123456"}).status_code == 422
    assert "trop facile" in say(client) or "plus utilisés" in say(client)
    assert client.submit(address, {"password": PASSWORD}).status_code == 303


def test_a_colleague_signs_in_after_activating(client, world):
    with client.application.app_context():
        colleague = accounts.NewStaff("Jeanne", "FABRE", "jeanne@example.org", StaffRole.RECEPTION)
        accounts.create_staff_invitation(colleague, author=accounts.Author(world.staff().id), now=world.now)
    client.submit("/go/" + activation_token(deliver(world)), {"password": PASSWORD}, follow=True)
    assert "Connectez-vous" in say(client)
    assert sign_in(client, email="jeanne@example.org").location == "/mon-compte/code-de-securite"


# --- The first administrator ----------------------------------------------------------------------


def test_the_first_administrator_page_works_once(client, world):
    with client.application.app_context():
        address = accounts.first_administrator_invitation(world.now)
    person = {"first_name": "Jeanne", "last_name": "FABRE", "email": "jeanne", "password": PASSWORD}
    assert client.submit(address, person).status_code == 422
    answer = client.submit(address, person | {"email": "jeanne@example.org"}, follow=True)
    assert "Votre compte d’administration est créé" in answer.text
    assert sign_in(client, email="jeanne@example.org").location == "/mon-compte/code-de-securite"
    assert client.get(address).status_code == 404
    assert "Le premier compte d’administration est créé" in say(client)
    assert client.page.main.find("a", string="Se connecter")["href"] == "/"
    assert not client.page.find("a", string="Recevoir un nouveau mail")


def test_an_unknown_first_administrator_link_says_where_the_good_one_is(client):
    assert client.get("/premier-administrateur/x").status_code == 404
    assert "Seul le dernier lien affiché par le serveur sert." in say(client)


def test_the_command_of_the_server_shows_a_link_that_works(app, client, world):
    world.staff()
    with app.app_context():
        said = CliRunner().invoke(cli.administrator).output
    address = re.search(r"https://portail\.test(/premier-administrateur/\w+)", said)[1]
    assert client.get(address).status_code == 200
    person = {
        "first_name": "Jeanne",
        "last_name": "FABRE",
        "email": "jeanne@example.org",
        "password": PASSWORD,
    }
    client.submit(address, person, follow=True)
    assert "Votre compte d’administration est créé" in say(client)
    assert client.get(address).status_code == 404
