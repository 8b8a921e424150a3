"""What the foundation holds whatever the code above does: writes, and headers of every answer."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from app import create_app
from blueprints.shared.guards import public
from blueprints.shared.security_headers import HEADERS, headers_for
from extensions import WriteOutsideTransaction, db
from models import Household, Setting
from services.transaction import write_transaction
from tests.conftest import settings_for_tests
from tests.strict_client import StrictClient

ADDRESSES = ("/", "/structures", "/nulle-part", "/accueil", "/gestion/familles")


@pytest.fixture
def household(world) -> Household:
    return world.household()


# --- Writing ------------------------------------------------------------------------------------


def _add_setting() -> None:
    db.session.add(Setting(key="town_name", value="Ailleurs"))
    db.session.flush()


def _update_by_orm() -> None:
    db.session.scalars(db.select(Household)).one().name = "VOLÉ"
    db.session.flush()


def _insert_by_statement() -> None:
    db.session.execute(db.insert(Setting).values(key="town_name", value="Ailleurs"))


def _write_in_text() -> None:
    db.session.execute(text("DELETE FROM household"))


def _write_by_engine() -> None:
    with db.engine.begin() as connection:
        connection.execute(db.update(Household).values(name="VOLÉ"))


def _change_the_schema() -> None:
    db.session.execute(text("DROP TABLE household_child"))


WRITES = [
    _add_setting,
    _update_by_orm,
    _insert_by_statement,
    _write_in_text,
    _write_by_engine,
    _change_the_schema,
]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_outside_of_the_helper_is_refused(app, world, household, write):
    with app.app_context(), pytest.raises(WriteOutsideTransaction):
        write()
    assert world.one(Household).name == household.name
    assert world.all(Setting) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_reading_request_opens_no_write_transaction(app, world, household, method):
    with app.test_request_context("/", method=method), pytest.raises(WriteOutsideTransaction):
        _rename()
    assert world.one(Household).name == household.name


def test_a_post_writes(app, world, household):
    """The control of the tests above: the same code is allowed where it should be."""
    with app.test_request_context("/", method="POST"):
        _rename()
    assert world.one(Household).name == "RENOMMÉ"


def _rename() -> None:
    with write_transaction() as session:
        session.execute(db.update(Household).values(name="RENOMMÉ"))


def test_a_page_that_writes_on_get_fails(app, world, household, client, monkeypatch):
    monkeypatch.setitem(app.view_functions, "public.facilities", public(lambda: _rename() or "ok"))
    with pytest.raises(WriteOutsideTransaction, match="GET /structures"):
        client.get("/structures")
    assert world.one(Household).name == household.name


def test_a_failed_transaction_keeps_nothing(app, world, household):
    with app.app_context(), pytest.raises(ZeroDivisionError):
        _fail_after_writing()
    assert world.one(Household).name == household.name


def _fail_after_writing() -> None:
    with write_transaction() as session:
        session.execute(db.update(Household).values(name="À MOITIÉ"))
        raise ZeroDivisionError


# --- Headers ------------------------------------------------------------------------------------


def test_the_content_policy_is_strict():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("object-src", "base-uri", "frame-ancestors")} == {"'none'"}
    assert set(policy.values()) == {"'none'", "'self'"}


def sent_by(client: StrictClient) -> dict[str, str]:
    return headers_for(client.application.config["PAYFIP_URL"])


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_headers(client, address):
    response = client.get(address)
    assert {name: response.headers.get(name) for name in HEADERS} == sent_by(client)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.fixture
def town_client(app, tmp_path) -> Iterator[StrictClient]:
    """A browser in front of the application as a town runs it, on https."""
    settings = settings_for_tests(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path)
    town = create_app(settings | {"TESTING": False, "SESSION_COOKIE_SECURE": True})
    town.test_client_class = StrictClient
    yield town.test_client()
    with town.app_context():
        db.engine.dispose()


def test_an_unexpected_failure_is_a_page_of_ours(town_client, monkeypatch):
    def fail() -> str:
        raise ZeroDivisionError("a secret of the house")

    monkeypatch.setitem(town_client.application.view_functions, "public.facilities", public(fail))
    response = town_client.get("/structures")
    assert response.status_code == 500
    assert "a secret of the house" not in response.text
    assert {name: response.headers.get(name) for name in HEADERS} == sent_by(town_client)


def test_a_secure_portal_asks_browsers_to_stay_on_https(client, town_client):
    assert "Strict-Transport-Security" not in client.get("/").headers
    assert town_client.get("/").headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_static_files_are_safe_and_kept_for_ever(client):
    client.get("/")
    links = [tag["href"] for tag in client.page.select('link[rel="stylesheet"]')]
    scripts = [tag["src"] for tag in client.page.select("script[src]")]
    assert links
    assert scripts
    for address in links + scripts:
        with client.get(address) as response:
            assert response.status_code == 200, address
            assert response.headers["X-Content-Type-Options"] == "nosniff", address
            assert "immutable" in response.headers["Cache-Control"], address


@pytest.mark.parametrize("origin", ["cross-site", "same-origin"])
def test_a_write_from_another_site_is_refused(app, client, monkeypatch, origin):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    response = client.post("/", headers={"Sec-Fetch-Site": origin})
    assert response.status_code == (403 if origin == "cross-site" else 422)
