"""Pages for everybody: structures, how to register, the règlement in force."""

from flask import jsonify, make_response
from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.guards import public
from blueprints.shared.time import now, today
from queries import menus, rulebook_pages
from queries.directory import facility_sheets
from services import self_check


@blueprint.get("/structures")
@public
def facilities() -> Response:
    return answer("public/facilities.html", sheets=facility_sheets(), has_menus=menus.are_published(today()))


@blueprint.get("/sante")
@public
def health() -> Response:
    """For a probe: 200 when families are served, 503 when not; nothing about anybody (R56)."""
    found = self_check.condition(now())
    status = "ok" if not found.problems else "a_voir" if found.database else "en_panne"
    return make_response(jsonify(etat=status), 200 if found.database else 503)


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
