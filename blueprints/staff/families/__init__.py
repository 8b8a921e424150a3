"""Household files: search, create, edit, open access."""

from flask import Blueprint

blueprint = Blueprint("staff_families", __name__, url_prefix="/gestion/familles")

# The routes register themselves on the blueprint.
from blueprints.staff.families import (  # noqa: E402, F401
    access,
    children,
    counter,
    custody,
    data,
    documents,
    edits,
    facts,
    links,
    observation,
    papers,
    schooling,
    views,
)
