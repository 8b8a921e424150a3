"""Facilities, activities, presence types, periods, openings, rules and prices."""

from flask import Blueprint

blueprint = Blueprint("staff_facilities", __name__, url_prefix="/gestion/structures")

# The routes register themselves on the blueprint.
from blueprints.staff.facilities import allotments, openings, rules, views  # noqa: E402, F401
