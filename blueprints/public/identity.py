"""The colours and the logo of the town, at addresses that change with them: kept for ever (R59)."""

from flask import abort, make_response
from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared.guards import public
from blueprints.shared.pages import town
from domain.town_colours import is_colour, is_readable, palette
from services import town_identity

FOR_EVER = "public, max-age=31536000, immutable"


@blueprint.get("/couleurs/<name>.css")
@public
def colours(name: str) -> Response:
    """The custom properties of one colour, worked out from the address alone: nothing is read."""
    colour = f"#{name}"
    if not is_colour(colour) or not is_readable(colour):
        abort(404)
    rules = "".join(f"--{key}:{value};" for key, value in palette(colour).items())
    response = make_response(f":root{{{rules}}}\n")
    response.mimetype = "text/css"
    response.headers["Cache-Control"] = FOR_EVER
    return response


@blueprint.get("/logo/<name>")
@public
def logo(name: str) -> Response:
    """The logo in use; any other file of the store stays unseen."""
    if not name or name != town().logo_name:
        abort(404)
    response = make_response(town_identity.read_logo(name))
    response.mimetype = "image/png"
    response.headers["Cache-Control"] = FOR_EVER
    return response
