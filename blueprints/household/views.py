"""The household's file and the signed-in adult's own account."""

from flask import abort, render_template
from flask_login import current_user

from blueprints.household import blueprint
from blueprints.shared.guards import parent
from blueprints.shared.time import today
from queries import family


@blueprint.get("/mon-foyer")
@parent
def index() -> str:
    files = family.household_files(current_user.household_ids, current_user.user_id, today())
    return render_template("household/index.html", files=files, today=today())


@blueprint.get("/mon-compte")
@parent
def account() -> str:
    own = family.own_account(current_user.user_id)
    return render_template("household/account.html", own=own or abort(404))
