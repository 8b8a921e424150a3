"""The portal on the home screen of a phone, and what it shows without a network (R31, R58)."""

import json

from flask import abort, current_app, jsonify, make_response, url_for
from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.public.identity import FOR_EVER
from blueprints.shared.answers import answer
from blueprints.shared.guards import public
from blueprints.shared.pages import town
from services import town_identity

AN_HOUR = "public, max-age=3600"
ASK_AGAIN = "no-cache"
PAPER = "#faf8f3"
# Sides in pixels; a « masque » icon is cut by the phone into the shape of its other icons.
SIZES = {"192": 192, "512": 512, "masque-192": 192, "masque-512": 512, "apple": 180}
MASK = "masque"
APPLE = "apple"
# What the attendance list and « Pas de connexion » need, wherever the network is.
FILES = (
    "css/portail.css",
    "css/gestion.css",
    "js/portail.js",
    "js/installation.js",
    "js/pointage.js",
    "js/hors-ligne.js",
    "vendor/htmx-2.0.11.min.js",
    "vendor/atkinson-hyperlegible-next-2.001.woff2",
    "icons.svg",
    "favicon.svg",
)


@blueprint.get("/application")
@public
def application() -> Response:
    """What a phone must know to put the portal on its home screen."""
    named = town()
    response = jsonify(
        id="/",
        name=f"{named.portal_name}, {named.name}" if named.name else named.portal_name,
        short_name=named.name or named.portal_name,
        lang="fr",
        dir="ltr",
        start_url="/",
        scope="/",
        display="standalone",
        theme_color=named.main_colour,
        background_color=PAPER,
        icons=[
            {
                "src": url_for("public.icon", shape=shape, name=named.look),
                "type": "image/png",
                "sizes": f"{size}x{size}",
                "purpose": "maskable" if shape.startswith(MASK) else "any",
            }
            for shape, size in SIZES.items()
            if shape != APPLE
        ],
    )
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = AN_HOUR
    return response


@blueprint.get("/icones/<shape>/<name>.png")
@public
def icon(shape: str, name: str) -> Response:
    """The icon as the town looks now; its address changes with the logo and the colour."""
    if shape not in SIZES or name != town().look:
        abort(404)
    is_masked = shape.startswith(MASK)
    response = make_response(town_identity.draw_icon(town(), SIZES[shape], is_masked=is_masked))
    response.mimetype = "image/png"
    response.headers["Cache-Control"] = FOR_EVER
    return response


@blueprint.get("/sans-reseau")
@public
def service_worker() -> Response:
    """What the browser runs between the portal and the network: at the root, so that it serves every page.
    Its text changes with each version of the files, which makes browsers take the new one."""
    prepared = current_app.extensions["static_files"]
    files = [prepared.url(one) for one in FILES]
    if town().has_own_colour:
        files.append(url_for("public.colours", name=town().colour[1:]))
    if town().logo_name:
        files.append(url_for("public.logo", name=town().logo_name))
    known = {
        "version": f"{prepared.digest}-{town().look}",
        "files": files,
        "page": url_for("public.offline"),
    }
    script = json.dumps(prepared.url("js/service-worker.js"))
    response = make_response(f"self.portail = {json.dumps(known)};\nimportScripts({script});\n")
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = ASK_AGAIN
    return response


@blueprint.get("/hors-ligne")
@public
def offline() -> Response:
    """« Pas de connexion », kept by the phone and shown in the place of any page."""
    return answer("errors/offline.html")
