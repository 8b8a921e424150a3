"""The outbox: what was sent, what is late, what bounced."""

from flask import Blueprint

blueprint = Blueprint("staff_mails", __name__, url_prefix="/gestion/mails")

from blueprints.staff.mails import views  # noqa: E402, F401  the routes register themselves on the blueprint
