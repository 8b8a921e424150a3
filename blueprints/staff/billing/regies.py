"""The régies: list, add, change."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.billing import blueprint
from blueprints.staff.billing.forms import NewRegieForm, RegieForm
from domain.errors import Refused
from domain.french import NBSP
from domain.permissions import Permission
from queries import billing as billing_queries
from queries.billing import RegieSheet
from services import online_payments
from services import regies as regie_service
from services.regies import RegieData


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
    form = NewRegieForm()
    made = attempt(form, lambda: _created(form), name_taken="name", unknown="payfip_client")
    if made is NOT_DONE:
        back = (url_for(".regies"), "Régies")
        return form_page(form, "Nouvelle régie", back, submit="Créer la régie")
    rest = "" if form.bills_the_rest.data else " Choisissez-la dans les activités qu’elle facture."
    return done(url_for(".regies"), f"La régie est créée.{rest}{made}")


@blueprint.route("/regies/<int:regie_id>", methods=["GET", "POST"])
@staff(Permission.BILLING_MANAGE)
def edit_regie(regie_id: int) -> Response:
    found = billing_queries.regie(regie_id)
    form = RegieForm(obj=found)
    saved = attempt(
        form,
        lambda: _saved(found, form.data_typed()),
        name_taken="name",
        code_used="code",
        unknown="payfip_client",
    )
    if saved is NOT_DONE:
        return form_page(form, found.name, (url_for(".regies"), "Régies"))
    return done(url_for(".regies"), f"La régie est enregistrée.{saved}")


def _created(form: NewRegieForm) -> str:
    data = form.data_typed()
    said = _named(data.payfip_client)
    regie_service.create(data, bills_the_rest=form.bills_the_rest.data, author=author(), now=now())
    return said


def _saved(before: RegieSheet, data: RegieData) -> str:
    same = (data.payfip_client, data.online_mode) == (before.payfip_client, before.online_mode)
    said = "" if same else _named(data.payfip_client)
    regie_service.update(before.id, data, author=author(), now=now())
    return said


def _named(client: str) -> str:
    """Whose number it is, as PayFiP says it; nothing without a number. Raises Refused `unknown`."""
    if not client:
        return ""
    try:
        labels = online_payments.labels_of(client)
    except Refused as refusal:
        if refusal.code == "unknown":
            raise
        return " PayFiP ne répond pas\u00a0: vérifiez le numéro plus tard en l’enregistrant de nouveau."
    return f" PayFiP connaît ce numéro{NBSP}: {', '.join(labels)}."
