"""Supporting documents: what is asked for, what was received."""

from flask import render_template
from flask_login import current_user

from blueprints.documents import blueprint
from blueprints.shared.guards import parent
from blueprints.shared.time import today
from queries import family


@blueprint.get("")
@parent
def index() -> str:
    members = family.members_of(current_user.household_ids)
    documents = family.expected_documents(current_user.household_ids, members, today())
    return render_template("documents/index.html", documents=documents, households=members.households)
