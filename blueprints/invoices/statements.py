"""The statement of account of a family (S54, R46)."""

from flask import abort, render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.invoices import blueprint
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import parent
from blueprints.shared.time import today
from queries.account_statements import statements
from services import printed_statements


@blueprint.get("/releve")
@parent
def statement() -> str:
    """Bills, credit notes, payments and refunds, with what is owed after each."""
    return render_template("invoices/statement.html", statements=statements(current_user.household_ids))


@blueprint.get("/releve/<int:household_id>/pdf")
@parent
def statement_pdf(household_id: int) -> Response:
    """The same on paper, for one household."""
    if household_id not in current_user.household_ids:
        abort(404)
    (found,) = statements([household_id])
    return sealed_pdf(printed_statements.printed(found, today()), "releve-de-compte.pdf")
