"""create_app(): configuration, extensions, blueprints, error pages. No business here."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

import cli
import config
from adapters import clock, logs, payfip, sealing, static_files
from adapters.object_store import StoreAway
from blueprints.account import blueprint as account
from blueprints.auth import blueprint as auth
from blueprints.bookings import blueprint as bookings
from blueprints.children import blueprint as children
from blueprints.demo import blueprint as demo
from blueprints.documents import blueprint as documents
from blueprints.home import blueprint as home
from blueprints.household import blueprint as household
from blueprints.invoices import blueprint as invoices
from blueprints.messages import blueprint as messages
from blueprints.public import blueprint as public
from blueprints.shared import errors, observation, pages, readable, security_headers
from blueprints.shared.converters import RowNumber
from blueprints.staff.announcements import blueprint as staff_announcements
from blueprints.staff.attendance import blueprint as staff_attendance
from blueprints.staff.billing import blueprint as staff_billing
from blueprints.staff.bookings import blueprint as staff_bookings
from blueprints.staff.calendar import blueprint as staff_calendar
from blueprints.staff.closures import blueprint as staff_closures
from blueprints.staff.consents import blueprint as staff_consents
from blueprints.staff.content import blueprint as staff_content
from blueprints.staff.dashboard import blueprint as staff_dashboard
from blueprints.staff.day_sheets import blueprint as staff_day_sheets
from blueprints.staff.debits import blueprint as staff_debits
from blueprints.staff.deposits import blueprint as staff_deposits
from blueprints.staff.desk import blueprint as staff_desk
from blueprints.staff.disputes import blueprint as staff_disputes
from blueprints.staff.facilities import blueprint as staff_facilities
from blueprints.staff.families import blueprint as staff_families
from blueprints.staff.family_files import blueprint as staff_family_files
from blueprints.staff.journal import blueprint as staff_journal
from blueprints.staff.kitchens import blueprint as staff_kitchens
from blueprints.staff.lists import blueprint as staff_lists
from blueprints.staff.mails import blueprint as staff_mails
from blueprints.staff.messages import blueprint as staff_messages
from blueprints.staff.payments import blueprint as staff_payments
from blueprints.staff.requests import blueprint as staff_requests
from blueprints.staff.retention import blueprint as staff_retention
from blueprints.staff.rulebook import blueprint as staff_rulebook
from blueprints.staff.schools import blueprint as staff_schools
from blueprints.staff.settings import blueprint as staff_settings
from blueprints.staff.statistics import blueprint as staff_statistics
from blueprints.staff.treasury import blueprint as staff_treasury
from blueprints.staff.users import blueprint as staff_users
from extensions import csrf, db, login_manager, sqlite_driver

BLUEPRINTS = (
    public, auth, account, home, household, children, documents, bookings, invoices, messages, demo,
    staff_dashboard, staff_requests, staff_families, staff_family_files, staff_facilities, staff_calendar,
    staff_rulebook, staff_content, staff_lists, staff_consents, staff_settings, staff_mails, staff_users,
    staff_attendance, staff_day_sheets, staff_desk, staff_schools, staff_bookings, staff_closures,
    staff_billing, staff_payments, staff_deposits, staff_debits, staff_treasury, staff_disputes,
    staff_statistics,
    staff_kitchens,
    staff_messages, staff_announcements,
    staff_journal, staff_retention,
)  # fmt: skip


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the application. `overrides` replaces configuration keys (tests give a clock, a database)."""
    settings = {**config.load(), **(overrides or {})}
    app = Flask(__name__, instance_path=str(settings["INSTANCE"]), static_folder=None)
    app.config.from_mapping(settings)
    app.config.setdefault("CLOCK", clock.SystemClock())
    logs.start(app.config["LOGS"])
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"module": sqlite_driver, "hide_parameters": True})
    else:  # a connection that PostgreSQL closed when it restarted is replaced before a family meets it
        app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"pool_pre_ping": True, "hide_parameters": True})
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    app.extensions["sealer"] = LocalProxy(cache(lambda: sealing.load_sealer(app.config["SEALING_KEYS"])))
    app.url_map.converters["int"] = RowNumber
    db.init_app(app)
    login_manager.init_app(app)
    csrf.init_app(app)
    app.extensions["payment_gateway"] = LocalProxy(cache(lambda: payfip.PayFip(app.config["PAYFIP_URL"])))

    static_files.init_app(app, security_headers.HEADERS)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for endpoint in security_headers.OPEN_TO_OTHER_SITES:
        csrf.exempt(app.view_functions[endpoint])
    readable.init_app(app)
    observation.init_app(app)
    pages.init_app(app)
    errors.init_app(app, failures=(OperationalError, StoreAway))
    security_headers.init_app(app)
    cli.init_app(app)
    _refuse_unguarded_routes(app)
    if app.config["BEHIND_PROXY"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def _refuse_unguarded_routes(app: Flask) -> None:
    """Closed by default: a route without a guard stops the start (security S26)."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static" and not hasattr(app.view_functions[rule.endpoint], "guard"):
            raise RuntimeError(f"The route {rule.rule} ({rule.endpoint}) has no guard.")
