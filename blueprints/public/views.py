"""Pages for everybody: structures, how to register, the règlement in force."""

from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.guards import public
from blueprints.shared.time import today
from queries import rulebook_pages
from queries.directory import facility_sheets


@blueprint.get("/structures")
@public
def facilities() -> Response:
    return answer("public/facilities.html", sheets=facility_sheets())


@blueprint.get("/inscription")
@public
def registration() -> Response:
    return answer("public/registration.html")


@blueprint.get("/reglement")
@public
def rulebook() -> Response:
    found = rulebook_pages.in_force(today())
    if found is None:
        return answer("public/rulebook.html", version=None)
    sections = rulebook_pages.text_of(found.line)
    return answer("public/rulebook.html", version=found.line, sections=sections)
