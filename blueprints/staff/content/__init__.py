"""Useful links, resources, news, document categories, mail texts."""

from flask import Blueprint

blueprint = Blueprint("staff_content", __name__, url_prefix="/gestion/contenus")

from blueprints.staff.content import mails, views  # noqa: E402, F401  their routes
