"""« Voir comme la famille »: an agent opens the portal as one adult sees it, read only (R51)."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared import sessions as browser_sessions
from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import household_file
from domain.permissions import Permission
from services import observations
from services.accounts import Author


@blueprint.post("/<int:household_id>/adultes/<int:guardian_id>/voir")
@staff(Permission.FAMILY_VIEW)
def observe(household_id: int, guardian_id: int) -> Response:
    household_file(household_id)
    observations.start(household_id, guardian_id, author=Author(current_user.user_id), now=now())
    browser_sessions.observe(guardian_id)
    return done(url_for("home.index"))
