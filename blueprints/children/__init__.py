"""The children of the household and their sheets."""

from flask import Blueprint

blueprint = Blueprint("children", __name__, url_prefix="/mes-enfants")

# The routes register themselves on the blueprint.
from blueprints.children import enrolments, swaps, views  # noqa: E402, F401
