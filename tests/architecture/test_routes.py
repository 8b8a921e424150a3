"""Every route, every role: who may come in, whose objects they reach, and that reading writes nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, IntegerConverter
from werkzeug.test import TestResponse

from app import create_app
from blueprints.shared.guards import parent, public
from blueprints.shared.observation import WAYS_OUT, WITHHELD
from blueprints.shared.security_headers import OPEN_TO_OTHER_SITES
from tests import statements
from tests.architecture.routes import (
    CHOOSE_PASSWORD,
    FAMILIES,
    GIVE_CODE,
    GUARDS,
    HOME,
    INSTALL_CODE,
    PASS,
    SIGN_IN,
    STAFF,
    Role,
    Route,
    expected,
    in_code,
    route_of,
    rules,
    table,
)
from tests.architecture.town import Town
from tests.conftest import settings_for_tests
from tests.strict_client import HTMX, StrictClient

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
DOORS = {
    "/": SIGN_IN,
    "/choisir-un-mot-de-passe": CHOOSE_PASSWORD,
    "/code-de-securite": GIVE_CODE,
    "/mon-compte/code-de-securite": INSTALL_CODE,
    "/espace": HOME,
}
SCOPED = {Role.DIRECTOR, Role.OTHER_DIRECTOR, Role.LEADER, Role.OTHER_LEADER}
# Who opens addresses made of the town's objects; the others of the same rights see as much.
VISITORS = [
    Role.PARENT, Role.ADMINISTRATOR, Role.RECEPTION, Role.DIRECTOR, Role.LEADER, Role.COLLECTOR,
    Role.MEDICAL_READER,
]  # fmt: skip
PARAMETER = re.compile(r"<(?:[^<>]*:)?(\w+)>")
SEGMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ENGLISH = {
    "home", "login", "logout", "sign-in", "sign-out", "user", "users", "staff", "booking", "bookings",
    "child", "children", "household", "invoices", "settings", "new", "edit", "delete",
    "facilities", "calendar",
}  # fmt: skip
# Parameters that are words or codes, checked by the view that reads them (404 for any other).
WORDS = {"month", "day", "key", "reference", "token", "name", "action", "shape"}
# What a browser may keep: the address of colours and logo changes with them, and tells of nobody.
FOR_EVER = "public, max-age=31536000, immutable"
KEPT = {
    "public.feed": "private, no-cache",
    "public.colours": FOR_EVER,
    "public.logo": FOR_EVER,
    "public.icon": FOR_EVER,
    "public.application": "public, max-age=3600",
    "public.service_worker": "no-cache",
}
READING = ("SELECT", "EXPLAIN", "SHOW", "WITH")


def among(*first: Role) -> list:
    """Every role: these each time, the others with --all."""
    return [pytest.param(one, marks=[] if one in first else pytest.mark.wide) for one in Role]


@pytest.fixture
def town(world) -> Town:
    return Town(world)


@pytest.fixture
def knocker(client) -> StrictClient:
    """A client that looks at statuses only; pages are read by the tests of reading."""
    client.reads_pages = False
    return client


# --- The table ----------------------------------------------------------------------------------


def differences(code: list[Route], listed: list[Route]) -> str:
    added = [f"+ {route.line}" for route in code if route not in listed]
    gone = [f"- {route.line}" for route in listed if route not in code]
    return "\n".join(added + gone)


def test_the_table_lists_every_route_with_its_guard(app):
    found = differences(in_code(app), table())
    assert not found, f"tests/architecture/routes.csv, to add (+) and to remove (-):\n{found}"


def test_a_new_a_changed_and_a_stale_route_are_seen(app):
    code = in_code(app)
    changed = [Route(one.endpoint, one.methods, one.path, "public") for one in code[1:2]]
    assert differences(code, code[1:]).startswith("+ ")
    assert differences(code[1:], code).startswith("- ")
    assert differences(code, code[:1] + changed + code[2:]).count("\n") == 1


def test_each_guard_is_known(app):
    assert [route.line for route in in_code(app) if route.guard not in GUARDS] == []


def test_each_route_has_one_guard_and_no_more(app):
    assert [name for name, view in app.view_functions.items() if _guard_count(view) != 1] == []


def _guard_count(view: object) -> int:
    count = 0
    while hasattr(view, "guard"):
        count, view = count + 1, getattr(view, "__wrapped__", None)
    return count


def test_two_guards_are_seen():
    assert _guard_count(public(parent(lambda: ""))) == 2
    assert _guard_count(lambda: "") == 0


def test_the_application_refuses_to_start_with_an_unguarded_route(tmp_path, database_url, monkeypatch):
    unguarded = Flask.register_blueprint
    monkeypatch.setattr(
        Flask,
        "register_blueprint",
        lambda app, blueprint: (
            unguarded(app, blueprint),
            app.add_url_rule("/ouvert", blueprint.name, lambda: ""),
        ),
    )
    with pytest.raises(RuntimeError, match="/ouvert"):
        create_app(settings_for_tests(database_url, tmp_path))


# --- Addresses ----------------------------------------------------------------------------------


def bad_address(rule: Rule) -> list[str]:
    words = [part for part in rule.rule.split("/") if part and "<" not in part]
    faults = [f"{rule.rule}: « {word} »" for word in words if not SEGMENT.fullmatch(word) or word in ENGLISH]
    for name, converter in rule._converters.items():
        if not isinstance(converter, (IntegerConverter, AnyConverter)) and name not in WORDS:
            faults.append(f"{rule.rule}: parameter {name} has no type")
    return faults


def test_addresses_are_french_words_with_typed_parameters(app):
    assert [fault for rule in app.url_map.iter_rules() for fault in bad_address(rule)] == []


@pytest.mark.parametrize("path", ["/Mes_Enfants", "/mesEnfants", "/users", "/enfants/<child_id>", "/élèves"])
def test_a_bad_address_is_seen(path):
    planted = Flask("planted")
    planted.add_url_rule(path, "x", lambda: "")
    rule = next(rule for rule in planted.url_map.iter_rules() if rule.endpoint == "x")
    assert bad_address(rule)


# --- Guard × role -------------------------------------------------------------------------------


@contextmanager
def probes(app: Flask) -> Iterator[None]:
    """Behind each guard, put a view that only says that it was reached."""
    cells = []
    for view in app.view_functions.values():
        cell = view.__closure__[view.__code__.co_freevars.index("view")]
        cells.append((cell, cell.cell_contents))
        cell.cell_contents = lambda **_parameters: (PASS, 200, {"Content-Type": "text/plain"})
    try:
        yield
    finally:
        for cell, view in cells:
            cell.cell_contents = view


def any_address(rule: Rule) -> str:
    """An address that matches the rule; behind the probes the objects need not exist."""
    values = {}
    for name, converter in rule._converters.items():
        if isinstance(converter, IntegerConverter):
            values[name] = 1
        elif isinstance(converter, AnyConverter):
            values[name] = sorted(converter.items)[0]
        else:
            values[name] = "x"
    return _build(rule, values)


def _build(rule: Rule, values: dict) -> str:
    """Not `Rule.build`, which refuses the words that a rule does not know."""
    return PARAMETER.sub(lambda match: str(values[match[1]]), rule.rule)


def outcome(response: TestResponse) -> str | int:
    if response.status_code == 200 and response.text == PASS:
        return PASS
    if response.status_code == 303:
        return DOORS.get(response.location.partition("?")[0], response.location)
    return response.status_code


@pytest.mark.parametrize(
    "role",
    among(Role.ANONYMOUS, Role.PARENT, Role.RECEPTION, Role.LEADER, Role.CODE_AWAITED, Role.ADMINISTRATOR),
)
def test_each_guard_answers_each_role_as_the_table_says(app, town, knocker, monkeypatch, role):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    guards = {route.endpoint: route.guard for route in table()}
    town.sign_in(knocker, role)
    with probes(app):
        wrong = {
            f"{method} {rule.rule}": (found, wanted)
            for rule, _route in rules(app)
            for method in METHODS
            if (found := outcome(knocker.open(any_address(rule), method=method)))
            != (wanted := _wanted(rule, method, guards, role, app))
        }
    assert wrong == {}


def _wanted(rule: Rule, method: str, guards: dict[str, str], role: Role, app: Flask) -> str | int:
    """Another rule, with a guard of its own, may hold the same address with the method."""
    leaves = method == "POST" and rule.endpoint in WAYS_OUT
    if role is Role.OBSERVER and method != "GET" and not leaves:
        return 403
    if role is Role.OBSERVER and rule.endpoint in WITHHELD:
        return 403
    try:
        endpoint, _values = app.url_map.bind("localhost").match(any_address(rule), method=method)
    except MethodNotAllowed:
        return 405
    return expected(guards.get(endpoint, "none"), role)


@pytest.mark.parametrize("role", [Role.ANONYMOUS, Role.SUSPENDED])
def test_htmx_is_told_to_go_to_the_sign_in_page(app, town, knocker, monkeypatch, role):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    town.sign_in(knocker, role)
    with probes(app):
        for rule, route in rules(app):
            if expected(route.guard, role) != SIGN_IN:
                continue
            response = knocker.open(any_address(rule), method=route.methods[0], headers=HTMX)
            assert (response.status_code, response.headers["HX-Redirect"]) == (401, "/"), rule.rule


def test_the_matrix_sees_a_wrong_guard(app, town, knocker):
    view = app.view_functions["home.index"]
    app.view_functions["home.index"] = public(view.__wrapped__)
    try:
        with probes(app):
            assert outcome(knocker.get("/accueil")) == PASS != expected("parent", Role.ANONYMOUS)
    finally:
        app.view_functions["home.index"] = view


def test_a_demonstration_shows_its_mails_to_anybody(app, town, knocker, monkeypatch):
    monkeypatch.setitem(app.config, "DEMO", True)
    assert knocker.get("/demonstration/mails").status_code == 200


@pytest.mark.parametrize("role", [Role.ANONYMOUS, Role.ADMINISTRATOR])
def test_no_post_passes_without_its_token(app, town, knocker, role):
    """Who is signed out meets sign-in, everybody else is told that nothing was done (S25)."""
    town.sign_in(knocker, role)
    with probes(app):
        for rule, route in rules(app):
            if "POST" not in route.methods or route.endpoint in OPEN_TO_OTHER_SITES:
                continue
            response = knocker.post(any_address(rule))
            to_sign_in = role is Role.ANONYMOUS and route.guard != "public"
            wanted = (303, "/") if to_sign_in else (400, None)
            door = response.location and response.location.partition("?")[0]  # it may lead back to the form
            assert (response.status_code, door) == wanted, rule.rule


# --- Whose objects ------------------------------------------------------------------------------


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Let a write go as far as its commit, then undo it: each request finds the same town."""

    def undo(session: Session) -> None:
        session.flush()
        session.rollback()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "commit", undo)
        yield


class Visitor:
    """Somebody in a role who opens addresses made of the town's objects."""

    def __init__(self, app: Flask, town: Town, client, role: Role) -> None:
        self.app, self.town, self.client, self.role = app, town, client, role
        self.values, self.bodies = town.values(role), town.bodies()

    def value(self, route: Route, name: str):
        return self.values.get(f"{route.endpoint} {name}") or self.values[name]

    def address(self, rule: Rule, route: Route, **replaced: str) -> str:
        """The address with one's own objects; `replaced` names which value another parameter takes."""
        chosen = {
            name: getattr(self.value(route, name), replaced.get(name, "own"))
            for name in sorted(rule.arguments)
        }
        return _build(rule, chosen)

    def status(self, route: Route, method: str, address: str) -> int:
        self.town.sign_in(self.client, self.role)
        data = self.bodies.get(route.endpoint, {}) if method == "POST" else None
        with nothing_kept(), self.client.open(address, method=method, data=data) as response:
            return response.status_code

    def routes(self) -> Iterator[tuple[Rule, Route, str]]:
        """The routes with parameters that this role may call, one by one with their methods."""
        for rule, route in rules(self.app):
            if rule.arguments and route.guard != "public" and expected(route.guard, self.role) == PASS:
                yield from ((rule, route, method) for method in route.methods)


@pytest.fixture
def visit(app, town, knocker, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return lambda role: Visitor(app, town, knocker, role)


@pytest.mark.parametrize("role", VISITORS)
def test_ones_own_objects_are_found(visit, role):
    """Without this the tests below could pass on addresses that lead nowhere."""
    visitor = visit(role)
    lost = {
        f"{method} {rule.rule}": status
        for rule, route, method in visitor.routes()
        if (status := visitor.status(route, method, visitor.address(rule, route))) in (403, 404, 405)
        or status >= 500
    }
    assert lost == {}


@pytest.mark.parametrize("role", VISITORS)
def test_an_unknown_object_is_not_found(visit, role):
    visitor = visit(role)
    found = [
        f"{method} {address}"
        for rule, route, method in visitor.routes()
        for name in sorted(rule.arguments)
        if visitor.status(route, method, address := visitor.address(rule, route, **{name: "unknown"})) != 404
    ]
    assert found == []


@pytest.mark.parametrize("role", VISITORS)
def test_somebody_elses_object_is_not_found(visit, role):
    """A family never reaches another's; staff do not reach an object through a file that it is not in."""
    visitor = visit(role)
    found = [
        f"{method} {address}"
        for rule, route, method in visitor.routes()
        for name in foreign_names(visitor, rule, route)
        if visitor.status(route, method, address := visitor.address(rule, route, **{name: "foreign"})) != 404
    ]
    assert found == []


def foreign_names(visitor: Visitor, rule: Rule, route: Route) -> list[str]:
    owned = [name for name in sorted(rule.arguments) if visitor.value(route, name).foreign is not None]
    sees_everything = route.guard.startswith(STAFF) and visitor.role not in SCOPED
    return owned if len(owned) > 1 or not sees_everything else []


@pytest.mark.parametrize("role", [Role.OTHER_PARENT, Role.OTHER_DIRECTOR, Role.OTHER_LEADER])
def test_a_known_address_does_not_open_for_another_family_or_structure(visit, role):
    visitor = visit(role)
    found = [
        f"{method} {address}"
        for rule, route, method in visitor.routes()
        if any(visitor.value(route, name).foreign is not None for name in rule.arguments)
        and visitor.status(route, method, address := visitor.address(rule, route)) != 404
    ]
    assert found == []


# --- Reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", among(Role.PARENT, Role.RECEPTION, Role.ADMINISTRATOR))
def test_reading_writes_nothing_and_is_not_kept(app, town, client, role):
    """Each page that a role may read, checked by the strict client, stays private and only reads."""
    visitor = Visitor(app, town, client, role)
    for rule, route in rules(app):
        if "GET" not in route.methods:
            continue
        town.sign_in(client, role)
        with statements.recorded() as sent, client.get(visitor.address(rule, route)) as response:
            pass
        writes = [statement for statement in sent if not statement.lstrip().upper().startswith(READING)]
        assert writes == [], f"GET {rule.rule}"
        assert response.status_code < 500, f"GET {rule.rule}"
        assert response.headers["Cache-Control"] == KEPT.get(route.endpoint, "no-store"), f"GET {rule.rule}"
        allowed = expected(route.guard, role) == PASS and (role in FAMILIES or role is Role.ADMINISTRATOR)
        # Of an observer, the form of health too is closed.
        withheld = role is Role.OBSERVER and route.endpoint in {*WITHHELD, "children.edit"}
        if allowed and role is not Role.OTHER_PARENT and route.guard != "public" and not withheld:
            assert response.status_code in (200, 303), f"GET {rule.rule}"


def test_route_of_reads_the_guard(app):
    lines = {route.line for _rule, route in rules(app)}
    assert "home.index;GET;/accueil;parent" in lines
    assert route_of(app, next(app.url_map.iter_rules("auth.home"))).guard == "signed_in"
