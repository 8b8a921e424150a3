"""Every page of every role at every width: it fits, a thumb hits, axe finds nothing (S81, R56, R58)."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import update

from adapters import accessibility_report
from domain.enums import ActivityKind, BookingState, SessionKind
from models import Activity, Facility, Guardian, Household, Menu, MenuDish, PresenceType, Staffing
from services import meal_counts
from services.transaction import write_transaction
from tests.architecture.routes import FAMILIES, PASS, Role, Route, expected, table
from tests.architecture.town import KINDS, Town
from tests.browser import accessibility, looks
from tests.factories import World

WIDTHS = (1280, 320, 360)
AXE_WIDTHS = accessibility.WIDTHS
FRIDAY, TODAY = date(2027, 2, 5), date(2027, 1, 12)
PARAMETER = re.compile(r"<(?:[^:>]+:)?(\w+)>")
FILES = {
    "home.resource",
    "staff_content.resource_file",
    "staff_desk.document_page",
    "staff_family_files.export_families",
    "staff_family_files.import_model",
    "staff_rulebook.download",
    "documents.file",
    "documents.thumbnail",
    "messages.file",
    "staff_messages.file",
    "bookings.print_receipt",
    "invoices.mandate_pdf",
    "invoices.pdf",
    "invoices.presence_pdf",
    "invoices.statement_pdf",
    "invoices.tax_pdf",
    "public.colours",
    "public.application",
    "public.feed",
    "public.icon",
    "public.service_worker",
    "public.health",
    "public.logo",
    "staff_attendance.resume",
    "staff_billing.export",
    "staff_billing.money_file",
    "staff_debits.mandate_pdf",
    "staff_deposits.pdf",
    "staff_statistics.file",
    "staff_treasury.awaited",
    "staff_treasury.rejected",
    "staff_bookings.print_receipt",
    "staff_kitchens.meals_file",
    "staff_kitchens.week_file",
    "staff_day_sheets.list_file",
}
# (role, beginning of the endpoint): small enough to be shared between processes.
PARTS = [
    (Role.ANONYMOUS, ""),
    (Role.RESTRICTED_PARENT, "auth."),
    (Role.CODE_AWAITED, "auth."),
    (Role.WITHOUT_FACTOR, "account."),
    (Role.PARENT, "bookings."),
    (Role.PARENT, ("home.", "household.", "children.", "documents.", "invoices.", "messages.")),
    (Role.RECEPTION, "staff_"),
    (Role.DIRECTOR, "staff_"),
    (
        Role.ADMINISTRATOR,
        ("staff_dashboard.", "staff_requests.", "staff_mails.", "staff_users.", "staff_settings."),
    ),
    (Role.ADMINISTRATOR, "staff_families."),
    (Role.ADMINISTRATOR, "staff_facilities."),
    (Role.ADMINISTRATOR, ("staff_bookings.", "staff_closures.")),
    (Role.ADMINISTRATOR, ("staff_payments.", "staff_deposits.", "staff_debits.", "staff_treasury.")),
    (Role.ADMINISTRATOR, ("staff_billing.", "staff_disputes.", "staff_statistics.")),
    (Role.ADMINISTRATOR, ("staff_calendar.", "staff_content.")),
    (Role.ADMINISTRATOR, ("staff_messages.", "staff_announcements.")),
    (Role.ADMINISTRATOR, ("staff_rulebook.",)),
    (Role.ADMINISTRATOR, ("staff_desk.", "staff_day_sheets.", "staff_attendance.")),
    (Role.ADMINISTRATOR, ("staff_lists.", "staff_consents.", "staff_family_files.", "staff_schools.")),
    (Role.ADMINISTRATOR, ("staff_journal.", "staff_retention.", "staff_messages.", "staff_announcements.")),
    (Role.ADMINISTRATOR, "staff_kitchens."),
    (Role.PARENT, ("messages.", "account.")),
]


class LongTown(Town):
    """The town of the routes, with the longest names and the fullest day."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.settings(
            name="Communauté d’agglomération du Grand Cahors",
            phone="05 36 49 01 00",
            email="accueil.famille@grand-cahors.example",
        )
        own = self.own
        with world.app.app_context(), write_transaction() as session:
            for table, row, columns in (
                (Household, own.household, {"name": "DE LA ROCHEFOUCAULD-MONTMORENCY"}),
                (
                    Guardian,
                    own.guardian,
                    {"first_name": "Marie-Charlotte", "last_name": "DE LA ROCHEFOUCAULD"},
                ),
                (Facility, own.canteen.facility, {"name": "Accueil de loisirs de Labastide-Marnhac"}),
            ):
                session.execute(update(table).where(table.id == row.id).values(**columns))
        brother = world.child(own.household, "Maximilien-Alexandre", birth_date=date(2017, 3, 2))
        sister = world.child(own.household, "Léonie-Marguerite", birth_date=date(2021, 3, 2))
        world.enrol(brother, own.canteen.facility, group_name="CE2 de madame Vandenberghe")
        self._fill_friday(brother)
        self._fill_today(brother)
        world.enrol(sister, self.other.canteen.facility)

    def _fill_today(self, brother) -> None:
        """A child who eats today, one adult too few, a menu, a count that the kitchen took."""
        world, own, kitchen = self.world, self.own, self.kitchens[0]
        today = next(one for one in own.canteen.openings if one.day == TODAY)
        world.booking(own.household, brother, today, own.canteen.meal)
        menu = world.add(Menu(kitchen_id=kitchen.id, day=TODAY))
        world.add(
            MenuDish(menu_id=menu.id, position=1, name="Parmentier de lentilles", allergens="gluten,milk"),
            Staffing(activity_id=own.canteen.activity.id, day=TODAY, adults=0),
        )
        with world.app.app_context():
            with write_transaction() as session:
                activity = session.get_one(Activity, own.canteen.activity.id)
                activity.children_per_adult, activity.is_declared = 10, True
                meal = session.get_one(PresenceType, own.canteen.meal.id)
                meal.starts_minute, meal.ends_minute = 12 * 60, 14 * 60
            meal_counts.take_due(world.now)

    def _fill_friday(self, brother) -> None:
        """Two children, two activities, every state: four lines on a Friday (S81)."""
        world, own = self.world, self.own
        evening = world.activity(own.canteen.facility, "Garderie du soir", ActivityKind.EVENING, position=1)
        stay = world.presence_type(evening, "Garderie jusqu’à 18 h 30", 110)
        (opening,) = world.openings(evening, own.canteen.period, [FRIDAY], capacity=1)
        meal = next(one for one in own.canteen.openings if one.day == FRIDAY)
        world.booking(own.household, own.child, opening, stay)
        world.booking(own.household, brother, opening, stay, BookingState.WAITING)
        world.booking(own.household, brother, meal, own.canteen.meal, BookingState.PENDING)


@pytest.fixture
def town(world) -> LongTown:
    return LongTown(world)


def addresses(town: Town, role: Role, part: str | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The name and the address, with the role's own objects, of each page that the role may read."""
    values = town.values(role)
    for route in table():
        if is_page_of(route, role) and route.endpoint.startswith(part):
            yield (
                route.endpoint,
                PARAMETER.sub(lambda found, route=route: own_value(values, route, found[1]), route.path),
            )


def is_page_of(route: Route, role: Role) -> bool:
    own_pages = (
        route.guard == "public" if role is Role.ANONYMOUS else route.guard not in ("public", "any_session")
    )
    return (
        "GET" in route.methods
        and own_pages
        and expected(route.guard, role) == PASS
        and route.endpoint not in FILES
    )


def own_value(values: dict, route: Route, name: str) -> str:
    return str((values.get(f"{route.endpoint} {name}") or values[name]).own)


def look_at(page: Page, address: str, *, is_family: bool, with_axe: bool) -> Iterator[str]:
    response = page.goto(address)
    if not response.ok:
        yield f"{address}: status {response.status}"
        return
    looks.unfold(page)
    for width in WIDTHS:
        faults = looks.faults_of_layout(page, width)
        if width == 360 and is_family:
            faults += looks.small_targets(page)
        if with_axe and width in AXE_WIDTHS:
            faults += looks.faults_of_access(page)
        yield from (f"{address}, {width} px: {fault}" for fault in faults)


@pytest.mark.parametrize(
    ("role", "part"), PARTS, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_the_pages_of_a_role(visit, app: Flask, town, role, part, request):
    visit.expects(404, 410)
    page = visit(town.users[role], 1280, kind=KINDS.get(role, SessionKind.FULL))
    is_family = role in FAMILIES or role in (Role.ANONYMOUS, Role.RESTRICTED_PARENT)
    with_axe = role not in (Role.RECEPTION, Role.DIRECTOR)  # the administrator's pages, fewer of them
    found = list(addresses(town, role, part))
    assert found
    faults = [
        fault
        for _, address in found
        for fault in look_at(page, address, is_family=is_family, with_axe=with_axe)
    ]
    if with_axe and (folder := request.config.getoption("--accessibility")):
        accessibility.note(folder, request.node.callspec.id, [name for name, _ in found], faults)
    assert faults == [], "\n" + "\n".join(faults)


# --- Pages in the middle of something -----------------------------------------------------------


def no_child(page: Page) -> None:
    page.goto("/reservations/nouvelle")
    page.get_by_role("button", name="Suivant").click()
    expect(page.locator("#erreurs")).to_be_visible()


def touched_too_late(page: Page) -> None:
    page.goto("/reservations/" + "A" * 32 + "/planning?mois=2027-01")
    page.locator("#j-2027-01-12").click()
    expect(page.locator("#alertes")).not_to_be_empty()


def copied(page: Page) -> None:
    page.goto("/reservations/" + "A" * 32 + "/planning")
    page.get_by_role("button", name="Recopier", exact=True).click()
    expect(page.locator("#planning .alert.ok")).to_be_visible()


def open_day(page: Page) -> None:
    page.goto("/planning/2027-02")
    page.locator(f'a[href$="/{FRIDAY}"]').click()
    expect(page.locator("#jour-titre")).to_be_visible()


def bad_password(page: Page) -> None:
    page.goto("/mon-compte/mot-de-passe")
    page.get_by_label("Mot de passe actuel").fill("autre chose")
    page.get_by_label("Nouveau mot de passe").fill("court")
    page.get_by_role("button", name="Valider").click()
    expect(page.locator("#erreurs")).to_be_visible()


def nowhere(page: Page) -> None:
    page.goto("/nulle-part")


def menu(page: Page) -> None:
    page.goto("/espace")
    page.locator("details.menu summary").click()


def bad_family(page: Page) -> None:
    page.goto("/gestion/familles/nouveau")
    page.locator("main form").evaluate("form => form.submit()")  # the browser would ask for the fields first
    expect(page.locator("#erreurs")).to_be_visible()


MOMENTS = [
    *(
        (Role.PARENT, act)
        for act in (no_child, touched_too_late, copied, open_day, bad_password, nowhere, menu)
    ),
    (Role.ADMINISTRATOR, menu),
    (Role.ADMINISTRATOR, bad_family),
]


@pytest.mark.parametrize(("role", "act"), MOMENTS, ids=lambda value: getattr(value, "__name__", value))
def test_pages_in_the_middle_of_something(visit, town, role, act):
    visit.expects(404, 422)
    page = visit(town.users[role], 360)
    act(page)
    faults = looks.small_targets(page) if role in FAMILIES or act is menu else []
    for width in (360, 320):
        faults += looks.faults_of_layout(page, width)
    faults += looks.faults_of_access(page)
    assert faults == [], "\n" + "\n".join(faults)


def test_each_page_is_in_a_part():
    """A page that no part names would be looked at by nobody."""
    for role in {role for role, _ in PARTS}:
        names = tuple(
            name for one, part in PARTS if one is role for name in ([part] if isinstance(part, str) else part)
        )
        missed = [
            route.endpoint
            for route in table()
            if is_page_of(route, role) and not route.endpoint.startswith(names)
        ]
        same_for_all = ("auth.home", "auth.choose_password", "account.")  # looked at as a parent
        assert [name for name in missed if not name.startswith(same_for_all)] == []


def test_the_shipped_measure_is_that_of_these_pages():
    """What the statement of accessibility says was really looked at: the same tool, rules and widths, and
    nearly all of today's pages. Else measure again, see `tests.browser.accessibility`."""
    report = accessibility_report.read()
    assert report.tool == accessibility.TOOL
    assert report.rules == tuple(looks.AXE_TAGS)
    assert report.widths == accessibility.WIDTHS
    assert report.violations == 0
    today = {
        route.endpoint
        for route in table()
        if any(is_page_of(route, role) for role in (Role.ANONYMOUS, Role.PARENT, Role.ADMINISTRATOR))
    }
    measured = set(report.pages)
    assert len(today - measured) <= len(today) / 10, sorted(today - measured)
    assert len(measured - today) <= len(today) / 10, sorted(measured - today)


def test_axe_is_the_announced_file():
    announced = (looks.AXE.parent / "README.md").read_text(encoding="utf-8")
    assert f"`{hashlib.sha256(looks.AXE.read_bytes()).hexdigest()}`" in announced


BROKEN = """<!doctype html><html lang="fr"><head><title>Cassée</title></head><body><main>
<h1>Un</h1><h1>Deux</h1><nav><a href="/">Petit</a></nav><input>
<div style="width: 900px">Large</div><p style="position: absolute; left: -20px">Dehors</p>
<div style="width: 20px; overflow: hidden"><span style="white-space: nowrap">Des mots coupés</span></div>
</main></body></html>"""


def test_faults_are_seen(chromium):
    """The control of the tests above."""
    page = chromium.new_page()
    page.set_content(BROKEN)
    layout = "\n".join(looks.faults_of_layout(page, 360))
    for words in (
        "scrolls sideways",
        "one h1",
        "outside of the screen: <p> Dehors",
        "cut by its frame",
    ):
        assert words in layout
    assert "small for a thumb: <a> Petit" in "\n".join(looks.small_targets(page))
    assert "axe label: input" in "\n".join(looks.faults_of_access(page))
    page.close()
