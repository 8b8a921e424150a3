"""The parent's home page, useful links and resources."""

from flask import render_template, send_file
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.home import blueprint
from blueprints.shared.guards import parent
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from queries import certifications, consents, home
from services import content


@blueprint.get("/accueil")
@parent
def index() -> str:
    page = home.home(current_user.household_ids, current_user.user_id, now())
    standings = certifications.standings(current_user.household_ids, today(), town().certification_day)
    return render_template(
        "home/index.html",
        page=page,
        to_confirm=[one for one in standings if one.is_due],
        texts=consents.waiting_texts(current_user.guardian_id),
        today=today(),
    )


@blueprint.get("/liens-utiles")
@parent
def links() -> str:
    return render_template("home/links.html", links=home.useful_links())


@blueprint.get("/ressources")
@parent
def resources() -> str:
    return render_template("home/resources.html", resources=home.resources())


@blueprint.get("/ressources/<int:resource_id>")
@parent
def resource(resource_id: int) -> Response:
    """A PDF shown by the browser itself; the type is ours, never guessed from the file."""
    found = home.resource(resource_id)
    file = content.open_resource(found.file_key)
    response = send_file(file, mimetype="application/pdf", download_name=found.file_name)
    response.headers["Cache-Control"] = "no-store"
    return response
