"""What every template can use: the town, the menus, French formats, addresses of static files."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Flask, g, request, url_for
from flask_login import current_user
from werkzeug.local import LocalProxy

from adapters import static_files
from domain import french, labels
from domain.account_statement import balance_words
from domain.calendar import paris_now
from domain.enums import StaffRole
from domain.permissions import Permission
from domain.schooling import school_year_words
from domain.settings import TownSettings
from queries import online_payments
from queries import town as town_queries


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    icon: str
    url: str
    current: bool
    name: str = ""  # of what a fragment may write anew


PARENT_TABS = (
    ("Accueil", "house", "home.index", ("home", "messages")),
    ("Planning", "calendar-days", "bookings.agenda", ("bookings",)),
    ("Factures", "receipt-euro", "invoices.index", ("invoices",)),
    ("Documents", "file-up", "documents.index", ("documents",)),
    ("Mon foyer", "users", "household.index", ("household", "children", "account")),
)
PARENT_MENU = (
    ("Modifier mon compte utilisateur", "circle-user-round", "household.account"),
    ("Mes enfants", "users", "children.index"),
    ("Messages", "mail", "messages.index"),
    ("Liens utiles", "link", "home.links"),
    ("Ressources", "book-open", "home.resources"),
)
# Where a role that does not decide requests begins its day.
STAFF_HOMES = {
    StaffRole.COLLECTOR: "staff_billing.index",
    StaffRole.LEADER: "staff_day_sheets.index",
}
STAFF_MENU = (("Mon compte", "key-round", "account.security"),)
STAFF_TABS = (
    (
        "À traiter",
        "inbox",
        "staff_desk.index",
        Permission.REQUESTS_READ,
        (
            "staff_dashboard",
            "staff_desk",
            "staff_requests",
            "staff_attendance",
            "staff_messages",
            "staff_announcements",
        ),
    ),
    (
        "Familles",
        "users",
        "staff_families.index",
        Permission.FAMILIES_READ,
        ("staff_families", "staff_family_files", "staff_bookings"),
    ),
    (
        "Structures",
        "building",
        "staff_facilities.index",
        Permission.FACILITIES_MANAGE,
        ("staff_facilities", "staff_schools", "staff_day_sheets", "staff_closures", "staff_kitchens"),
    ),
    (
        "Fermetures",
        "calendar-x",
        "staff_closures.index",
        Permission.CLOSURES_MANAGE,
        ("staff_closures",),
    ),
    (
        "Facturation",
        "receipt-euro",
        "staff_billing.index",
        Permission.PAYMENTS_RECORD,
        (
            "staff_billing",
            "staff_payments",
            "staff_deposits",
            "staff_debits",
            "staff_treasury",
            "staff_disputes",
            "staff_statistics",
        ),
    ),
    (
        "Réglages",
        "settings",
        "staff_settings.room",
        Permission.SETTINGS_MANAGE,
        (
            "staff_settings",
            "staff_rulebook",
            "staff_calendar",
            "staff_content",
            "staff_lists",
            "staff_consents",
            "staff_users",
            "staff_mails",
            "staff_journal",
            "staff_retention",
        ),
    ),
    ("Mails", "mail", "staff_mails.index", Permission.MAILS_READ, ("staff_mails",)),
    (
        "Journée",
        "sun",
        "staff_day_sheets.index",
        Permission.DAY_READ,
        ("staff_day_sheets", "staff_kitchens"),
    ),
)
MOST_TABS = 5  # that a screen of 320 px holds
# Of who looks after the children of a day and reads no request.
DAY_TABS = (
    ("Journée", "sun", "staff_day_sheets.index", Permission.DAY_READ, ("staff_day_sheets",)),
    (
        "Pointage", "clipboard-check", "staff_attendance.index", Permission.ATTENDANCE_MARK,
        ("staff_attendance",),
    ),
    ("Repas", "utensils", "staff_kitchens.index", Permission.DAY_READ, ("staff_kitchens",)),
)  # fmt: skip


def town() -> TownSettings:
    """The town's settings, read once a request."""
    if "town" not in g:
        g.town = town_queries.settings()
    return g.town


def home() -> str:
    """The endpoint of the first page of whoever is signed in."""
    if not current_user.is_staff:
        return "home.index"
    return STAFF_HOMES.get(current_user.role, "staff_dashboard.index")


def _parent_nav() -> list[NavItem]:
    return [
        NavItem(label, icon, url_for(end), request.blueprint in owns)
        for label, icon, end, owns in PARENT_TABS
    ]


def _account_nav() -> list[NavItem]:
    """The account menu; its last entry signs out (the layout makes a POST form of it)."""
    pages = STAFF_MENU if current_user.is_staff else PARENT_MENU
    items = [
        NavItem(label + _unread(end), icon, url_for(end), request.endpoint == end, end.split(".")[0])
        for label, icon, end in pages
    ]
    if current_user.observer:
        return items
    return [*items, NavItem("Se déconnecter", "log-out", url_for("auth.sign_out"), False)]


def _unread(endpoint: str) -> str:
    """How many conversations hold something to read, after the name of their page."""
    unread = current_user.unread_messages if endpoint == "messages.index" else 0
    return f" ({unread} à lire)" if unread else ""


def _staff_nav() -> list[NavItem]:
    """The first five: a page that a tab before leads to gets none of its own, the others are reached from the
    home."""
    offered = STAFF_TABS if current_user.may(Permission.REQUESTS_READ) else DAY_TABS
    tabs: list[NavItem] = []
    led_to: set[str] = set()
    for label, icon, end, permission, owns in offered:
        if current_user.may(permission) and not led_to.issuperset(owns):
            tabs.append(NavItem(label, icon, url_for(end), request.blueprint in owns))
            led_to.update(owns)
    return tabs[:MOST_TABS]


def _context(app: Flask) -> dict[str, Any]:
    signed_in = current_user.is_authenticated and current_user.is_full
    return {
        "town": _lazily(town),
        "demo": app.config["DEMO"],
        "parent_nav": _lazily(_parent_nav) if signed_in and not current_user.is_staff else [],
        "account_nav": _lazily(_account_nav) if signed_in else [],
        "online_notices": _lazily(online_payments.notices) if signed_in and current_user.is_staff else (),
        "staff_nav": _lazily(_staff_nav) if signed_in and current_user.is_staff else [],
        "Permission": Permission,
    }


def _lazily(make: Callable[[], Any]) -> Any:
    """The value of `make`, made when a template first uses it: most fragments need neither town nor menus."""
    return LocalProxy(cache(make))


def init_app(app: Flask) -> None:
    app.context_processor(lambda: _context(app))
    app.jinja_env.globals["asset"] = static_files.asset_url  # macros imported without context need it too
    app.jinja_env.filters |= {
        "euros": french.format_euros,
        "day": french.format_day,
        "short_day": french.format_short_day,
        "moment": french.format_moment,
        "clock": french.format_time,
        "paris_day": lambda moment: paris_now(moment).date(),
        "quoted": french.quoted,
        "month_title": lambda month: french.month_title(month.year, month.month),
        "plural": french.plural,
        "enumerate": french.enumerate_fr,
        "of_name": french.of_name,
        "spaced": french.spaced,
        "weekday": french.weekday_name,
        "school_year": school_year_words,
        "label": labels.label,
        "duration": french.format_duration,
        "balance": balance_words,
    }
