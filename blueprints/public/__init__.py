"""Pages for everybody: structures, how to register, the règlement in force."""

from flask import Blueprint

blueprint = Blueprint("public", __name__)

from blueprints.public import announcements, feed, identity, installation, legal, menus, views  # noqa: E402, F401
