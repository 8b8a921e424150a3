"""Texts that each adult accepts."""

from flask import Blueprint

blueprint = Blueprint("staff_consents", __name__, url_prefix="/gestion/textes")

from blueprints.staff.consents import views  # noqa: E402, F401  the routes register themselves on the blueprint
