"""The children of the household and their sheets."""

from flask import Blueprint

blueprint = Blueprint("children", __name__, url_prefix="/mes-enfants")

from blueprints.children import swaps, views  # noqa: E402, F401  the routes register themselves on the blueprint
