"""What an administrator does with many family files, or with two: import, export, merge (R03, R07)."""

from flask import Blueprint

blueprint = Blueprint("staff_family_files", __name__, url_prefix="/gestion/familles")

# The routes register themselves on the blueprint.
from blueprints.staff.family_files import exports, imports, merges  # noqa: E402, F401
