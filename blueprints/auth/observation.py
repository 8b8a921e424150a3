"""The end of « voir comme la famille » (R51)."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.auth import blueprint
from blueprints.shared import sessions as browser_sessions
from blueprints.shared.answers import done
from blueprints.shared.guards import observer
from blueprints.shared.time import now
from services import observations
from services.accounts import Author


@blueprint.post("/quitter-l-espace")
@observer
def leave_family() -> Response:
    """Back to the family file, as the agent again."""
    guardian_id, households = current_user.guardian_id, current_user.household_ids
    observations.end(guardian_id, author=Author(current_user.observer.user_id), now=now())
    browser_sessions.stop_observing()
    return done(url_for("staff_families.show", household_id=households[0]), "Vous avez quitté l’espace.")
