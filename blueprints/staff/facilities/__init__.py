"""Facilities, activities, presence types, periods, openings, rules and prices."""

from flask import Blueprint

blueprint = Blueprint("staff_facilities", __name__, url_prefix="/gestion/structures")

from blueprints.staff.facilities import views  # noqa: E402, F401  the routes register themselves on the blueprint
