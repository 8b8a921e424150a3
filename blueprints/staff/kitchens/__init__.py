"""Kitchens: their meals of a day or a week, their steps of production."""

from flask import Blueprint

blueprint = Blueprint("staff_kitchens", __name__, url_prefix="/gestion/cuisines")

from blueprints.staff.kitchens import menus, views  # noqa: E402, F401  the routes register themselves on the blueprint
