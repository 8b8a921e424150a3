"""The régies: list, add, change."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.billing import blueprint
from blueprints.staff.billing.forms import RegieForm
from domain.permissions import Permission
from queries import billing as billing_queries
from services import regies as regie_service


@blueprint.get("/regies")
@staff(Permission.BILLING_MANAGE)
def regies() -> Response:
    return answer(
        "staff/billing/regies.html",
        regies=billing_queries.regies(),
        unbilled=billing_queries.unbilled_activities(),
    )


@blueprint.route("/regies/nouvelle", methods=["GET", "POST"])
@staff(Permission.BILLING_MANAGE)
def new_regie() -> Response:
    form = RegieForm()
    made = attempt(
        form,
        lambda: regie_service.create(form.data_typed(), author=author(), now=now()),
        name_taken="name",
    )
    if made is NOT_DONE:
        back = (url_for(".regies"), "Régies")
        return form_page(form, "Nouvelle régie", back, submit="Créer la régie")
    return done(url_for(".regies"), "La régie est créée. Choisissez-la dans les activités qu’elle facture.")


@blueprint.route("/regies/<int:regie_id>", methods=["GET", "POST"])
@staff(Permission.BILLING_MANAGE)
def edit_regie(regie_id: int) -> Response:
    found = billing_queries.regie(regie_id)
    form = RegieForm(obj=found)
    saved = attempt(
        form,
        lambda: regie_service.update(regie_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
        code_used="code",
    )
    if saved is NOT_DONE:
        return form_page(form, found.name, (url_for(".regies"), "Régies"))
    return done(url_for(".regies"), "La régie est enregistrée.")
