"""The town's identity: its main colour, its logo (R59, S56)."""

from datetime import datetime
from io import BytesIO

from sqlalchemy import select

from adapters import app_icons
from adapters.document_files import UnsafeFile, make_logo
from adapters.files import Store, new_key
from domain.errors import NotFound, Refused
from domain.french import NBSP
from domain.settings import TownSettings, settings_from_rows
from domain.town_colours import is_colour, is_readable, nearest_readable
from models import Setting
from services import file_stores, town
from services.accounts import Author
from services.file_stores import Place
from services.transaction import write_transaction

LOGO_LIMIT_BYTES = 4 * 1024 * 1024
_SENTENCES = {
    "empty": f"Ce fichier est vide{NBSP}: choisissez une autre image.",
    "blank": f"Cette image est transparente{NBSP}: choisissez-en une autre.",
    "unknown_kind": "Choisissez une image PNG, JPEG ou WebP. Un logo SVG s’enregistre d’abord en PNG.",
    "too_many_pixels": f"Cette image est trop grande{NBSP}: réduisez-la, puis envoyez-la de nouveau.",
    "too_heavy": f"Cette image est trop lourde à lire{NBSP}: enregistrez-la en PNG, puis envoyez-la.",
    "unreadable": f"Cette image est abîmée{NBSP}: enregistrez-la de nouveau en PNG, puis envoyez-la.",
    "busy": f"Le portail lit déjà d’autres fichiers{NBSP}: réessayez dans une minute.",
}


def save_colour(colour: str, *, author: Author, now: datetime) -> frozenset[str]:
    """Write the main colour; returns the keys of the settings that changed.

    Raises Refused `not_a_colour`, or `unreadable_colour` with a sentence that proposes the nearest one.
    """
    if not is_colour(colour):
        raise Refused("not_a_colour", "Choisissez une couleur, écrite comme #0e5a5a.")
    if not is_readable(colour):
        raise Refused(
            "unreadable_colour",
            "Cette couleur est trop claire pour que chacun lise le portail. La plus proche qui convient, "
            f"{nearest_readable(colour)}, est choisie ci-dessous{NBSP}: enregistrez pour la garder.",
        )
    return town.save_settings({"colour": colour}, author=author, now=now)


def save_logo(content: bytes, *, author: Author, now: datetime) -> None:
    """Keep the logo, made small and harmless, in the place of the former.

    Raises Refused `too_big`, or one of `_SENTENCES` for what is no picture that the portal takes.
    """
    if len(content) > LOGO_LIMIT_BYTES:
        raise Refused("too_big", f"Cette image dépasse 4{NBSP}Mo{NBSP}: réduisez-la, puis envoyez-la.")
    try:
        logo = make_logo(content)
    except UnsafeFile as error:
        raise Refused(error.code, _SENTENCES[error.code]) from error
    key = new_key(".png")
    _files().save_as(key, BytesIO(logo.png))
    try:
        former = _replace(f"{key} {logo.width} {logo.height}", author, now)
    except BaseException:
        _files().delete(key)
        raise
    _forget(former)


def remove_logo(*, author: Author, now: datetime) -> None:
    """Show the portal's own sign again."""
    _forget(_replace("", author, now))


def read_logo(name: str) -> bytes:
    """The picture of the logo. Raises NotFound when it is gone."""
    try:
        with _files().open(name) as file:
            return file.read()
    except FileNotFoundError:
        raise NotFound from None


def printed_logo(town: TownSettings) -> bytes:
    """The picture for the papers of the town: empty without a logo, and where its file cannot be read: a bill
    without a logo is still a bill."""
    if not town.logo_name:
        return b""
    try:
        return read_logo(town.logo_name)
    except (NotFound, OSError):
        return b""


def draw_icon(settings: TownSettings, size: int, *, is_masked: bool) -> bytes:
    """The icon of the portal on a home screen, a PNG of `size` pixels a side (R58). Raises NotFound."""
    if settings.logo_name:
        return app_icons.logo_icon(read_logo(settings.logo_name), size, is_masked=is_masked)
    return app_icons.sign_icon(settings.main_colour, size, is_masked=is_masked)


def _replace(logo: str, author: Author, now: datetime) -> str:
    """Write the setting; returns the name of the former picture, empty without one."""
    with write_transaction() as session:
        former = settings_from_rows(dict(session.execute(select(Setting.key, Setting.value)).all()))
        town.write(session, {"logo": logo}, author=author, now=now)
    return former.logo_name


def _forget(name: str) -> None:
    if name:
        _files().delete(name)


def _files() -> Store:
    return file_stores.store(Place.FILES)
