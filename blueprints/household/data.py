"""« Mes données »: what the portal holds about the signed-in adult, to take away (R54)."""

from flask import abort
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.household import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.downloads import streamed_archive
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from queries import legal
from services import family_data
from services.accounts import Author


@blueprint.get("/mon-compte/donnees")
@parent
def my_data() -> Response:
    if current_user.guardian_id is None:
        abort(404)
    return answer("household/data.html", legal=legal.texts())


@blueprint.post("/mon-compte/donnees")
@parent
def take_my_data() -> Response:
    if current_user.guardian_id is None:
        abort(404)
    author = Author(current_user.user_id)
    return streamed_archive(
        family_data.archive(current_user.guardian_id, author=author, now=now()), "mes-donnees.zip"
    )
