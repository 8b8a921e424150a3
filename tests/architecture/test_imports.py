"""Who may know whom (docs/architecture.md): read in the imports, without running anything."""

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.sources import LAYERS, Module, imports, parse, product

# For each layer, the parts of the product that it may import besides itself.
ARROWS = {
    "domain": set(),
    "extensions": set(),
    "models": {"domain.direct_debits", "domain.enums", "domain.ledger", "extensions", "guards"},
    "adapters": {"domain"},
    "exports": {"domain"},
    "queries": {"models", "domain", "extensions.db", "extensions.UtcDateTime"},
    "services": {"queries", "models", "domain", "adapters", "exports", "extensions"},
    "blueprints": {"services", "queries", "domain"},
}
# Single arrows beside the layers: checking addresses and numbers, naming static files,
# loading the signed-in user.
EXCEPTIONS = {
    ("blueprints.shared.pages", "adapters.static_files"),
    ("blueprints.shared.fields", "adapters.addresses"),
    ("blueprints.shared.fields", "adapters.numbers"),
    ("blueprints.shared.form_state", "adapters.sealing.SealBroken"),
    ("blueprints.shared.kept_forms", "adapters.sealing.SealBroken"),
    ("blueprints.shared.sessions", "extensions.login_manager"),
    ("blueprints.demo.views", "adapters.mail.FolderTransport"),
}
# Blueprints reach the database through services and queries only.
NOT_FOR_BLUEPRINTS = ("sqlalchemy", "flask_sqlalchemy", "models", "extensions.db", "services.transaction")
CLOCK = {"now", "today", "utcnow"}
CLOCK_HOLDERS = {"datetime", "date", "func"}


def _is_within(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


def forbidden_arrows(module: Module) -> Iterator[str]:
    for name in imports(module):
        target = name.partition(".")[0]
        if target in ("app", "simulator") or (target == "cli" and module.layer != "app"):
            yield f"{module.name} imports {name}"
        if module.layer not in ARROWS or target == module.layer or (module.name, name) in EXCEPTIONS:
            continue
        if target in LAYERS and not _is_within(name, ARROWS[module.layer]):
            yield f"{module.name} imports {name}"
        elif module.layer == "domain" and target not in sys.stdlib_module_names:
            yield f"{module.name} imports {name}: domain knows the standard library only"


def database_in_blueprints(module: Module) -> Iterator[str]:
    if module.layer == "blueprints":
        yield from (
            f"{module.name} uses {name}"
            for name in imports(module)
            if _is_within(name, set(NOT_FOR_BLUEPRINTS))
        )


def stray_blueprint_users(module: Module) -> Iterator[str]:
    if module.layer not in ("app", "blueprints"):
        yield from (
            f"{module.name} imports {name}" for name in imports(module) if name.startswith("blueprints")
        )


def stray_commits(module: Module) -> Iterator[str]:
    if module.name == "services.transaction":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield f"{module.name}:{node.lineno} commits"


def stray_clocks(module: Module) -> Iterator[str]:
    """Reading the time of the machine or of the database. Durations (monotonic) are free, and so is the
    age of a file, which adapters compare with `time.time`."""
    if module.name == "adapters.clock":
        return
    if "time.time" in imports(module):
        yield f"{module.name} imports time.time"
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        holder = node.func.value
        name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
        called = node.func.attr
        ages = (name, called) == ("time", "time") and module.layer != "adapters"
        if (name in CLOCK_HOLDERS and called in CLOCK) or ages:
            yield f"{module.name}:{node.lineno} reads the clock: {name}.{called}()"


def stray_folders(module: Module) -> Iterator[str]:
    """A file that a town keeps is on the disk or in a bucket: `services.file_stores` alone chooses."""
    if module.name in ("services.file_stores", "services.backups"):  # the latter opens a copy aside
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("FileStore", "ObjectStore"):
            yield f"{module.name}:{node.lineno} keeps files by itself: use services.file_stores"


def methods_of_models(module: Module) -> Iterator[str]:
    if module.name != "models":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            yield from (
                f"models.{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)
            )


def unbounded_numbers(module: Module) -> Iterator[str]:
    """`.get("type", type=int)`: a number of thirty digits would reach the engine, which fails on it."""
    if module.layer != "blueprints":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.keyword) and node.arg == "type" and getattr(node.value, "id", "") == "int":
            yield f"{module.name}:{node.lineno} reads an unbounded number: use type=row_number"


RULES = (
    forbidden_arrows,
    database_in_blueprints,
    stray_blueprint_users,
    stray_folders,
    stray_commits,
    stray_clocks,
    methods_of_models,
    unbounded_numbers,
)
PLANTED = [
    (forbidden_arrows, "services.outbox", "from simulator.payfip.server import Server"),
    (forbidden_arrows, "domain.rules", "from models import Child"),
    (forbidden_arrows, "domain.rules", "import sqlalchemy"),
    (forbidden_arrows, "models", "from domain.labels import label"),
    (forbidden_arrows, "adapters.mail", "import services.outbox"),
    (forbidden_arrows, "exports.pdf", "from queries import family"),
    (forbidden_arrows, "queries.home", "from services import outbox"),
    (forbidden_arrows, "queries.home", "from adapters.clock import now"),
    (forbidden_arrows, "services.outbox", "from app import create_app"),
    (forbidden_arrows, "blueprints.home.views", "from adapters import clock"),
    (forbidden_arrows, "blueprints.home.views", "def view():\n    from extensions import csrf"),
    (database_in_blueprints, "blueprints.home.views", "from sqlalchemy import select"),
    (database_in_blueprints, "blueprints.home.views", "from extensions import db"),
    (database_in_blueprints, "blueprints.home.views", "from models import Child"),
    (database_in_blueprints, "blueprints.home.views", "from services.transaction import write_transaction"),
    (stray_blueprint_users, "services.outbox", "from blueprints.shared.time import now"),
    (stray_blueprint_users, "cli", "import blueprints.auth"),
    (stray_commits, "services.outbox", "def f(session):\n    session.commit()"),
    (stray_clocks, "domain.rules", "from datetime import datetime\ndatetime.now()"),
    (stray_clocks, "services.outbox", "import datetime\ndatetime.datetime.utcnow()"),
    (stray_clocks, "queries.home", "from datetime import date\ndate.today()"),
    (stray_clocks, "queries.home", "from sqlalchemy import func\nfunc.now()"),
    (stray_clocks, "blueprints.home.views", "import time\ntime.time()"),
    (stray_clocks, "blueprints.home.views", "from time import time"),
    (unbounded_numbers, "blueprints.home.views", "request.args.get('page', 1, type=int)"),
    (methods_of_models, "models", "class Child:\n    def age(self):\n        return 1"),
]


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps_the_rule(rule):
    assert [fault for module in product() for fault in rule(module)] == []


@pytest.mark.parametrize(("rule", "name", "text"), PLANTED)
def test_a_planted_fault_is_seen(rule, name, text):
    assert list(rule(parse(name, text)))


def test_every_exception_is_still_needed():
    used = {(module.name, name) for module in product() for name in imports(module)}
    assert used >= EXCEPTIONS
