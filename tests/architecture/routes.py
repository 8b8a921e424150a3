"""The table of routes (routes.csv) and what each guard answers to each role.

A route is one line: endpoint, methods, address, guard. When a route is new, changed or gone, the
test prints the lines to add or remove; read them before pasting, they say who may come in.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from domain.enums import StaffRole
from domain.permissions import ROLE_PERMISSIONS, Permission

TABLE = Path(__file__).with_name("routes.csv")
IMPLIED = {"HEAD", "OPTIONS"}
# What somebody in each role receives; PASS is the view itself.
PASS, SIGN_IN, CHOOSE_PASSWORD, HOME = "pass", "sign in", "choose a password", "home"
GIVE_CODE, INSTALL_CODE = "give a code", "install the application of codes"
STAFF = "staff:"
GUARDS = {
    "public", "signed_in", "any_session", "restricted", "code_awaited", "installs_code", "own_account",
    "parent", "observer", "demo", *(STAFF + one for one in Permission),
}  # fmt: skip


class Role(StrEnum):
    ANONYMOUS = "anonymous"
    PARENT = "parent"
    RESTRICTED_PARENT = "restricted parent"
    OTHER_PARENT = "parent of another family"
    SUSPENDED = "suspended"
    RECEPTION = "reception"
    DIRECTOR = "director of a facility"
    OTHER_DIRECTOR = "director of another facility"
    LEADER = "animator of a facility"
    OTHER_LEADER = "animator of another facility"
    COLLECTOR = "régie"
    ADMINISTRATOR = "administrator"
    CODE_AWAITED = "agent whose code is awaited"
    WITHOUT_FACTOR = "agent without a second factor"
    OBSERVER = "agent who looks at a family’s portal"
    MEDICAL_READER = "reception with the medical right"


STRANGERS = {Role.ANONYMOUS, Role.SUSPENDED}
# An agent who looks at the portal as a family is met as that family.
FAMILIES = {Role.PARENT, Role.OTHER_PARENT, Role.OBSERVER}
STAFF_ROLES = {
    Role.RECEPTION: StaffRole.RECEPTION,
    Role.DIRECTOR: StaffRole.DIRECTOR,
    Role.OTHER_DIRECTOR: StaffRole.DIRECTOR,
    Role.LEADER: StaffRole.LEADER,
    Role.OTHER_LEADER: StaffRole.LEADER,
    Role.COLLECTOR: StaffRole.COLLECTOR,
    Role.ADMINISTRATOR: StaffRole.ADMINISTRATOR,
    Role.MEDICAL_READER: StaffRole.RECEPTION,
}
# Whose session is kept to one page, and the guard of that page.
KEPT_TO = {
    Role.RESTRICTED_PARENT: (CHOOSE_PASSWORD, "restricted"),
    Role.CODE_AWAITED: (GIVE_CODE, "code_awaited"),
    Role.WITHOUT_FACTOR: (INSTALL_CODE, "installs_code"),
}


@dataclass(frozen=True, slots=True)
class Route:
    endpoint: str
    methods: tuple[str, ...]
    path: str
    guard: str

    @property
    def line(self) -> str:
        return ";".join((self.endpoint, " ".join(self.methods), self.path, self.guard))


def expected(guard: str, role: Role) -> str | int:
    """What the guard answers to the role: PASS, a place to go first, or a status."""
    if guard == "public":
        return PASS
    if guard == "demo":  # these pages do not exist in a real town
        return 404
    if role in STRANGERS:
        return SIGN_IN
    if guard == "any_session":
        return PASS
    room, own_guard = KEPT_TO.get(role, (None, None))
    if guard == own_guard:
        return PASS
    if guard in ("restricted", "code_awaited"):
        return HOME
    if room:
        return room
    if guard == "signed_in":
        return PASS
    if guard in ("own_account", "installs_code"):
        return 404 if role is Role.OBSERVER else PASS
    if guard == "observer":
        return PASS if role is Role.OBSERVER else 404
    if guard == "parent":
        return PASS if role in FAMILIES else 404
    if role in FAMILIES:
        return 404
    return PASS if guard.removeprefix(STAFF) in permissions_of(role) else 403


def permissions_of(role: Role) -> frozenset[Permission]:
    """What the role gives, and the medical right of the one agent who was granted it."""
    granted = {Permission.MEDICAL_READ} if role is Role.MEDICAL_READER else frozenset()
    return ROLE_PERMISSIONS[STAFF_ROLES[role]] | granted


def table() -> list[Route]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Route(row["endpoint"], tuple(row["methods"].split()), row["path"], row["guard"])
            for row in csv.DictReader(file, delimiter=";")
        ]


def in_code(app: Flask) -> list[Route]:
    return [route_of(app, rule) for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)]


def route_of(app: Flask, rule: Rule) -> Route:
    guard = getattr(app.view_functions[rule.endpoint], "guard", "none")
    return Route(rule.endpoint, tuple(sorted(set(rule.methods or ()) - IMPLIED)), rule.rule, guard)


def rules(app: Flask) -> Iterator[tuple[Rule, Route]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        yield rule, route_of(app, rule)
