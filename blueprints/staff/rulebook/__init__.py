"""The règlement: its versions, its draft, what it says, what a new version changes."""

from flask import Blueprint

blueprint = Blueprint("staff_rulebook", __name__, url_prefix="/gestion/reglement")

from blueprints.staff.rulebook import draft, examples, views  # noqa: E402, F401  the routes register themselves
