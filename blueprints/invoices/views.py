"""Bills, payments and what is coming."""

from flask import render_template
from flask_login import current_user

from blueprints.invoices import blueprint
from blueprints.shared.addresses import month_or_404
from blueprints.shared.guards import parent
from blueprints.shared.time import today
from queries.month_services import month_services
from queries.planning import neighbours


@blueprint.get("")
@blueprint.get("/<month>")
@parent
def index(month: str | None = None) -> str:
    """The services of a month: real since they are booked and accepted, before any bill (S54)."""
    year, number = month_or_404(month) if month else (today().year, today().month)
    previous, following = neighbours(year, number)
    services = month_services(current_user.household_ids, year, number)
    return render_template(
        "invoices/index.html", services=services, previous=previous, following=following, today=today()
    )
