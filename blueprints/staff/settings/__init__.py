"""The town's identity, contact and texts."""

from flask import Blueprint

blueprint = Blueprint("staff_settings", __name__, url_prefix="/gestion/reglages")

from blueprints.staff.settings import identity, mail, room, views  # noqa: E402, F401  the routes register themselves
