"""The test client fills and sends forms as a browser would, and refuses what a browser could not do."""

from pathlib import Path

import pytest
from flask import Flask, request

from blueprints.shared.sessions import token_hash
from domain.enums import SessionKind
from queries import accounts
from tests.strict_client import StrictClient
from tests.strict_html import HtmlFault

PAGE = """<!doctype html><html lang="fr"><head><title>Essai</title></head><body><main><h1>Essai</h1>
<form id="f" method="post" action="/envoi" hx-post="/envoi" hx-target="this" hx-swap="outerHTML">
<input type="hidden" name="csrf_token" value="jeton"><input type="hidden" name="version" value="7">
<label>Nom <input name="nom" value="Léo"></label>
<label>Note <textarea name="note">
Bonjour</textarea></label>
<label><input type="checkbox" name="oui" value="1" checked> Oui</label>
<label><input type="checkbox" name="non" value="1"> Non</label>
<label><input type="radio" name="choix" value="a" checked> A</label>
<label><input type="radio" name="choix" value="b"> B</label>
<label>Mois <select name="mois"><option value="1">Janvier</option><option value="2" selected>Février</option></select></label>
<button name="jour" value="12">12</button> <button name="jour" value="13">13</button>
<button name="jour" value="14" disabled>14</button>
</form>
<label>Hors <input name="hors" value="dehors" form="f"></label>
<form method="get" action="/envoi"><label>Chercher <input name="q"></label><button>Chercher</button></form>
</main></body></html>"""  # noqa: E501  a page as a template would write it
KEPT = {
    "csrf_token": ["jeton"], "version": ["7"], "nom": ["Léo"], "note": ["Bonjour"], "oui": ["1"],
    "choix": ["a"], "mois": ["2"], "hors": ["dehors"], "jour": ["12"],
}  # fmt: skip


@pytest.fixture
def browser(tmp_path: Path) -> StrictClient:
    app = Flask(__name__, root_path=str(tmp_path))
    app.config["SECRET_KEY"] = "x"
    app.test_client_class = StrictClient
    app.after_request(_add_policy)
    app.add_url_rule("/", view_func=lambda: PAGE, endpoint="page")
    app.add_url_rule("/fautive", view_func=lambda: PAGE.replace("fr", "en", 1), endpoint="bad")
    app.add_url_rule("/envoi", view_func=_echo, endpoint="echo", methods=["GET", "POST"])
    return app.test_client()


def _add_policy(response):
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    return response


def _echo():
    values = request.form if request.method == "POST" else request.args
    return {"values": values.to_dict(flat=False), "htmx": request.headers.get("HX-Request")}


def test_a_bad_page_fails_the_test_that_reads_it(browser):
    with pytest.raises(HtmlFault, match="GET /fautive"):
        browser.get("/fautive")


def test_a_form_keeps_what_it_holds(browser):
    assert browser.submit("/", form="#f", button=("jour", "12")).json["values"] == KEPT


def test_what_is_typed_replaces_what_was_there(browser):
    sent = browser.submit(
        "/",
        {"nom": "Zoé", "oui": None, "non": "1", "choix": "b"},
        form="#f",
        button=("jour", "13"),
        htmx=True,
    ).json
    changes = {"nom": ["Zoé"], "non": ["1"], "choix": ["b"], "jour": ["13"]}
    assert sent == {
        "values": {name: value for name, value in (KEPT | changes).items() if name != "oui"},
        "htmx": "true",
    }


def test_a_search_form_is_sent_in_the_address(browser):
    assert browser.submit("/", {"q": "Martin"}, form='form[method="get"]').json["values"] == {"q": ["Martin"]}


@pytest.mark.parametrize(
    ("data", "button", "complaint"),
    [
        ({"nmo": "Zoé"}, ("jour", "12"), "no field"),
        ({"mois": "3"}, ("jour", "12"), "mois offers"),
        ({"choix": "c"}, ("jour", "12"), "choix offers"),
        ({}, ("jour", "14"), "No button"),
        ({}, None, "Several named buttons"),
    ],
)
def test_what_no_browser_could_send_is_refused(browser, data, button, complaint):
    with pytest.raises(AssertionError, match=complaint):
        browser.submit("/", data, form="#f", button=button)


def test_forged_values_go_through(browser):
    sent = browser.submit("/", form="#f", button=("jour", "12"), forged={"mois": "99", "prix": "0"}).json[
        "values"
    ]
    assert (sent["mois"], sent["prix"]) == (["99"], ["0"])


@pytest.mark.parametrize("kind", list(SessionKind))
def test_sign_in_opens_a_real_session(app, world, client, kind):
    parent = world.parent(world.household())
    assert not client.is_signed_in()
    client.sign_in(parent, kind)
    assert client.is_signed_in()
    with client.session_transaction() as cookie, app.app_context():
        token = cookie["_user_id"]
        found = accounts.signed_in_user(token, token_hash(token), world.now)
    assert (found.user_id, found.session_kind) == (parent.id, kind)
