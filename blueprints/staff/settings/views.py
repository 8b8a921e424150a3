"""The town's identity, contact and texts."""

from flask import flash, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.settings import blueprint
from blueprints.staff.settings.forms import SettingsForm
from domain.permissions import Permission
from services import town as town_service

CALENDAR_KEYS = frozenset({"school_zone", "holiday_variant"})


@blueprint.route("", methods=["GET", "POST"])
@staff(Permission.SETTINGS_MANAGE)
def index() -> Response:
    form = SettingsForm(obj=town())
    changed = attempt(form, lambda: town_service.save_settings(form.settings(), author=author(), now=now()))
    if changed is NOT_DONE:
        return shown(form, "staff/settings/index.html")
    if changed & CALENDAR_KEYS:
        flash("La zone ou les jours fériés ont changé\u00a0: remplissez maintenant le calendrier.", "info")
        return done(url_for("staff_calendar.index"), "Les réglages sont enregistrés.")
    return done(url_for("staff_settings.index"), "Les réglages sont enregistrés.")
