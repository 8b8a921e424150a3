"""Réglages › Identité: the colour and the logo of the town (R59)."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.settings import blueprint
from blueprints.staff.settings.forms import IdentityForm
from domain.errors import Refused
from domain.permissions import Permission
from domain.town_colours import nearest_readable
from services import town_identity

MANAGE = Permission.SETTINGS_MANAGE

receive_files(blueprint, MANAGE, {"identity": town_identity.LOGO_LIMIT_BYTES})


@blueprint.route("/identite", methods=["GET", "POST"])
@staff(MANAGE)
def identity() -> Response:
    form = IdentityForm(data={"colour": town().main_colour})
    if attempt(form, lambda: _save(form), **form.places) is NOT_DONE:
        return shown(form, "staff/settings/identity.html")
    return done(url_for("staff_settings.identity"), "L’identité de la commune est enregistrée.")


def _save(form: IdentityForm) -> None:
    """The colour first: when it is refused, the logo is not kept either, and the field offers the nearest."""
    try:
        town_identity.save_colour(form.colour.data, author=author(), now=now())
    except Refused as refusal:
        if refusal.code == "unreadable_colour":
            form.colour.data = nearest_readable(form.colour.data)
        raise
    content = form.content()
    if content is not None:
        town_identity.save_logo(content, author=author(), now=now())


@blueprint.post("/identite/retirer-le-logo")
@staff(MANAGE)
def remove_logo() -> Response:
    town_identity.remove_logo(author=author(), now=now())
    return done(url_for("staff_settings.identity"), "Le logo est retiré.")
