"""« Être prélevé automatiquement »: a family signs a mandate, reads it, ends it (R46)."""

from flask import abort, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired

from blueprints.invoices import blueprint
from blueprints.invoices.online import new_key
from blueprints.shared.answers import answer, done
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.fields import LineField, iban
from blueprints.shared.guards import parent
from blueprints.shared.time import now, today
from domain.direct_debits import mandate_text
from domain.errors import Refused
from domain.french import NBSP
from queries import direct_debits as debit_queries
from queries.direct_debits import MandateRow
from services import mandates, printed_mandates
from services.accounts import Author
from services.mandates import Signing


class MandateForm(FlaskForm):
    holder_name = LineField(
        "Titulaire du compte", 70, required="Indiquez le nom du titulaire, comme sur le RIB."
    )
    iban = StringField(
        "IBAN", [InputRequired("Indiquez l’IBAN, par exemple FR76 3000 6000 0112 3456 7890 189."), iban]
    )
    agrees = BooleanField(
        "J’ai lu ce mandat et je le signe", [InputRequired("Cochez cette case pour signer le mandat.")]
    )
    submission_key = HiddenField()


@blueprint.get("/prelevement")
@parent
def direct_debit() -> Response:
    """The mandates of the family, and the régies that it may sign one for."""
    names = {one: debit_queries.household_name(one) for one in current_user.household_ids}
    known = debit_queries.mandates_of(current_user.household_ids)
    taken = {(one.household_id, one.regie_id) for one in known if one.is_live}
    offers = [
        (household_id, name, regie)
        for household_id, name in names.items()
        for regie in debit_queries.regies()
        if (household_id, regie.regie_id) not in taken
    ]
    return answer("invoices/direct_debit.html", mandates=known, offers=offers, several=len(names) > 1)


@blueprint.route("/prelevement/<int:household_id>/regies/<int:regie_id>", methods=["GET", "POST"])
@parent
def sign_mandate(household_id: int, regie_id: int) -> Response:
    if household_id not in current_user.household_ids or current_user.guardian_id is None:
        abort(404)
    regie = debit_queries.regie(regie_id)
    form = MandateForm()
    if not form.is_submitted():
        form.submission_key.data, form.holder_name.data = new_key(), current_user.display_name
    if form.validate_on_submit():
        try:
            mandates.sign(_signing(form, household_id, regie_id), Author(current_user.user_id), now())
        except Refused as refusal:
            form.form_errors.append(refusal.message)
        else:
            said = "Votre mandat est signé. Le service le vérifie, puis vous écrit."
            return done(url_for(".direct_debit"), said)
    return answer(
        "invoices/sign_mandate.html",
        status=422 if form.errors else 200,
        form=form,
        regie=regie,
        sentences=mandate_text(regie.creditor_name),
        today=today(),
    )


@blueprint.get("/prelevement/mandats/<int:mandate_id>/pdf")
@parent
def mandate_pdf(mandate_id: int) -> Response:
    """The mandate on paper; the whole account for who signed it, its end for everybody else."""
    found = _own(mandate_id)
    account = "" if current_user.observer else debit_queries.account_of(mandate_id, current_user.user_id)
    return sealed_pdf(printed_mandates.printed(found, account), f"mandat-{found.reference.lower()}.pdf")


@blueprint.route("/prelevement/mandats/<int:mandate_id>/revoquer", methods=["GET", "POST"])
@parent
def revoke_mandate(mandate_id: int) -> Response:
    found = _own(mandate_id)
    form = FlaskForm()
    if form.validate_on_submit():
        mandates.revoke_own(mandate_id, current_user.household_ids, Author(current_user.user_id), now())
        said = f"Votre mandat est révoqué{NBSP}: vos factures ne seront plus prélevées."
        return done(url_for(".direct_debit"), said)
    return answer("invoices/revoke_mandate.html", mandate=found, form=form)


def _signing(form: MandateForm, household_id: int, regie_id: int) -> Signing:
    return Signing(
        regie_id=regie_id,
        household_id=household_id,
        guardian_id=current_user.guardian_id,
        holder_name=form.holder_name.data,
        iban=form.iban.data,
        signed_on=today(),
        submission_key=(form.submission_key.data or new_key())[:40],
    )


def _own(mandate_id: int) -> MandateRow:
    found = debit_queries.mandate(mandate_id)
    if found.household_id not in current_user.household_ids:
        abort(404)
    return found
