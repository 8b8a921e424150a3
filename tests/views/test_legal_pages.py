"""Legal notice, personal data, accessibility: public, in every footer, typed on screen (R54, R56)."""

import pytest
from sqlalchemy import select

import config
from blueprints.shared import cookies
from domain.enums import StaffRole
from models import AuditEvent, UserSession
from services import legal
from services.transaction import write_transaction
from tests.accesses import parent_with_password
from tests.factories import PASSWORD
from tests.views.reading import text

SETTINGS = "/gestion/reglages/mentions"
PAGES = ("/mentions-legales", "/donnees-personnelles", "/accessibilite")


@pytest.mark.parametrize("page", PAGES)
def test_each_is_public_and_linked_in_the_footer_of_every_layout(client, world, page):
    assert client.get(page).status_code == 200
    assert client.page.footer.find("a", href=page)
    client.sign_in(world.parent(world.household()))
    client.get("/accueil")
    assert client.page.footer.find("a", href=page)


def test_without_an_audit_every_page_says_not_conforming(client):
    client.get("/")
    assert "Accessibilité : non conforme" in " ".join(
        client.page.footer.get_text(" ").replace("\u00a0", " ").split()
    )
    client.get("/accessibilite")
    shown = text(client)
    assert "Aucun audit complet n’a encore été fait" in shown
    assert "Défenseur des droits" in shown
    assert "Libre réponse 71120" in shown


def test_the_statement_gives_the_shipped_measure(client, app):
    with app.app_context():
        report = legal.measured()
    client.get("/accessibilite")
    shown = text(client)
    assert f"{len(report.pages)} page" in shown
    assert f"{report.violations} défaut" in shown
    assert report.tool in shown
    assert report.measured_on.strftime("%Y") in shown


def test_what_the_service_types_is_what_visitors_read_and_what_is_missing_is_told(client, world):
    client.sign_in(world.staff())
    client.get(SETTINGS)
    assert "Il manque le nom et l’adresse de la commune, le directeur de la publication" in text(client)
    client.submit(
        SETTINGS,
        {
            "publisher": "Mairie de Cahors\n73 boulevard Gambetta", "director": "Le maire",
            "host": "Numérique du Lot", "dpo": "dpo@cahors.example",
        },
    )  # fmt: skip
    client.get(SETTINGS)
    assert "Il manque" not in text(client)
    told = world.one(select(AuditEvent).where(AuditEvent.action == "legal.updated"))
    assert told.after["legal.host"] == "Numérique du Lot"
    client.get("/mentions-legales")
    assert "73 boulevard Gambetta" in text(client)
    assert "Numérique du Lot" in text(client)
    client.get("/donnees-personnelles")
    assert "dpo@cahors.example" in text(client)


def test_conformity_needs_the_audit_that_the_law_wants(client, world):
    client.sign_in(world.staff())
    refused = client.submit(SETTINGS, {"accessibility": "partial"})
    assert refused.status_code == 422
    assert "Sans audit" in text(client)
    client.submit(SETTINGS, {"accessibility": "partial", "audit": "Mars 2027, tous les critères"})
    client.get("/accessibilite")
    assert client.page.h1.get_text().replace("\u00a0", " ") == "Accessibilité : partiellement conforme"
    assert "tous les critères" in text(client)


def test_the_durations_are_those_in_force(client, world):
    world.settings(**{"retention.family": "36"})
    client.get("/donnees-personnelles")
    assert "36 mois depuis sa dernière activité" in text(client)


def test_only_administrators_type_them(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    assert client.get(SETTINGS).status_code == 403


def test_the_cookies_named_are_those_that_the_portal_sets(client, app, world, monkeypatch):
    """Each path that sets one is walked: signing in, a form sent after the end of the session, signing out.
    Names, lives and what is left are those of the page."""
    given, opened = {}, client.open

    def noted(*args, **options):
        answer = opened(*args, **options)
        for line in answer.headers.getlist("Set-Cookie"):
            given.setdefault(line.partition("=")[0], line)
        return answer

    monkeypatch.setattr(client, "open", noted)
    parent_with_password(world)
    for _ in range(2):
        client.submit("/", {"email": "claire@example.org", "password": PASSWORD}, form="/")
        client.get("/mon-compte/informations")
        hidden = {one["name"]: one["value"] for one in client.page.select("main form input[type=hidden]")}
        with app.app_context(), write_transaction() as session:
            session.query(UserSession).delete()
        client.post("/mon-compte/informations", data=hidden)
    client.submit("/", {"email": "claire@example.org", "password": PASSWORD}, form="/")
    answer = client.submit("/accueil", form="/deconnexion")

    with app.app_context():
        named = cookies.named()
    session_cookie, device, typed = named
    assert set(given) == {one.name for one in named}
    assert "Max-Age" not in given[session_cookie.name]
    assert "Max-Age=34560000" in given[device.name]  # 400 days
    assert "Max-Age=900" in given[typed.name]
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get_cookie(device.name) is not None
    client.get("/donnees-personnelles")
    shown = text(client)
    for one in named:
        assert f"{one.name} : {one.purpose}".replace("\u00a0", " ") in shown
    assert "2 h pour une famille, 30 min pour un agent" in shown
    assert "400 jours. Il reste après la déconnexion." in shown
    assert "15 min, ou dès que c’est affiché" in shown
    assert "Seul « appareil » reste" in shown


def test_a_new_cookie_cannot_go_unnamed():
    """Whoever sets one elsewhere names it in `blueprints.shared.cookies` first."""
    setters = {
        path.name
        for folder in ("blueprints", "services", "queries", "adapters")
        for path in (config.ROOT / folder).rglob("*.py")
        if ".set_cookie(" in path.read_text(encoding="utf-8")
    }
    assert setters == {"known_browsers.py", "kept_forms.py"}
