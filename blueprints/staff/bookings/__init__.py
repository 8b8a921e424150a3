"""Bookings made, changed and cancelled, and absences told, by the service for the family before it (S116)."""

from typing import Any

from flask import Blueprint, g

blueprint = Blueprint("staff_bookings", __name__, url_prefix="/gestion/familles/<int:household_id>")


@blueprint.url_value_preprocessor
def _meet(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The household of the address is the one that the wizard acts for; its views need not name it."""
    if values:
        g.counter_household_id = values.pop("household_id")


@blueprint.url_defaults
def _stay(_endpoint: str, values: dict[str, Any]) -> None:
    """Every address of the counter is about the same household, unless it says another."""
    if "counter_household_id" in g:
        values.setdefault("household_id", g.counter_household_id)


from blueprints.staff.bookings import views  # noqa: E402, F401  the routes register themselves on the blueprint
