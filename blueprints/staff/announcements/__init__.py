"""Announcements: the same mail to many families."""

from flask import Blueprint

blueprint = Blueprint("staff_announcements", __name__, url_prefix="/gestion/annonces")

from blueprints.staff.announcements import views  # noqa: E402, F401  its routes
