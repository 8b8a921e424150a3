"""The parent's home page, useful links and resources."""

from flask import Blueprint

blueprint = Blueprint("home", __name__)

from blueprints.home import views  # noqa: E402, F401  the routes register themselves on the blueprint
