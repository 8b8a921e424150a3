"""Sign-in, activation, forgotten password, sign-out."""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

from blueprints.auth import codes, observation, views  # noqa: E402, F401  the routes register themselves on the blueprint
