"""Pages for everybody: structures, how to register."""

from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.guards import public
from queries.directory import facility_sheets


@blueprint.get("/structures")
@public
def facilities() -> Response:
    return answer("public/facilities.html", sheets=facility_sheets())


@blueprint.get("/inscription")
@public
def registration() -> Response:
    return answer("public/registration.html")
