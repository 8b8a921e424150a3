"""What the journeys share: a family with a password, and the acts that take one through the portal.

Every act finds what it needs by the words that a person reads, and works with scripts and without.
"""

import re
from datetime import date

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from domain.french import format_day
from models import Booking, BookingRequestLine, User
from services.transaction import write_transaction
from tests.accesses import password_hash
from tests.factories import PASSWORD, World
from tests.school_family import SchoolFamily

MONDAY, THURSDAY = date(2027, 2, 1), date(2027, 2, 4)


class SigningFamily(SchoolFamily):
    """The school family; Claire knows her password."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        give_password(world, self.claire)


def give_password(world: World, user: User) -> None:
    """Let `user` sign in with PASSWORD."""
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).where(User.id == user.id).values(password_hash=password_hash()))


# --- Acts ---------------------------------------------------------------------------------------


def sign_in(page: Page, user: User) -> None:
    """Fill the sign-in page that is shown."""
    page.get_by_label("Adresse e-mail").fill(user.email)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def next_step(page: Page) -> None:
    page.get_by_role("button", name="Suivant").click()


def is_step(page: Page, number: int) -> None:
    """The step of the wizard that is shown, as announced."""
    expect(page.get_by_text(f"Étape {number} sur 4")).to_be_attached()


def steps_done(page: Page) -> Locator:
    """The links back to the steps before this one."""
    return page.get_by_role("navigation", name="Étapes de la réservation").get_by_role("link")


def day(page: Page, wanted: date) -> Locator:
    """The button of a day at step 3, by its spoken name: « lundi 1er février : disponible »."""
    spoken = r"\s".join(format_day(wanted).split())
    return page.get_by_role("button", name=re.compile(rf"^{spoken}\b"))


def touch(page: Page, wanted: date, *, chosen: bool = True) -> None:
    """Touch a day at step 3 and wait until the page shows what it became."""
    day(page, wanted).click()
    expect(day(page, wanted)).to_have_attribute("aria-pressed", str(chosen).lower())


def to_planning(page: Page, child: str = "Léo", month: str = "Février 2027") -> None:
    """From the agenda to step 3 for a child of one establishment, and on to the month."""
    follow(page, "Nouvelle réservation")
    page.get_by_label(child).check()
    next_step(page)
    is_step(page, 3)
    if not page.get_by_role("heading", name=month).is_visible():
        follow(page, month)
    expect(page.get_by_role("heading", name=month)).to_be_visible()


def to_recap(page: Page) -> None:
    page.get_by_role("link", name="Récapitulatif").click()
    is_step(page, 4)


def validate(page: Page) -> str:
    """« Valider »; returns the reference shown on the receipt."""
    page.get_by_role("button", name="Valider").click()
    return reference(page)


def reference(page: Page) -> str:
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text(re.compile(r"Demande R-"))
    return title.inner_text().removeprefix("Demande").strip()


# --- What the database holds --------------------------------------------------------------------


def bookings(world: World) -> list[tuple[date, str]]:
    return sorted((booking.day, booking.state.value) for booking in world.all(Booking))


def lines(world: World) -> list[tuple[date, str, str]]:
    return sorted((line.day, line.action.value, line.state.value) for line in world.all(BookingRequestLine))
