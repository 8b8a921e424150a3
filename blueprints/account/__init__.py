"""One's own access, parent or agent: password, second factor, signed-in browsers."""

from flask import Blueprint

blueprint = Blueprint("account", __name__, url_prefix="/mon-compte")

from blueprints.account import codes, views  # noqa: E402, F401  the routes register themselves on the blueprint
