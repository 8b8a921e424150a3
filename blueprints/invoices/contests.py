"""« Contester cette ligne »: a family says what is wrong on its bill (R43)."""

from flask import url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.invoices import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from domain.errors import Refused
from domain.french import NBSP
from queries import invoices
from services import line_disputes
from services.accounts import Author
from services.line_disputes import LONGEST


class ContestForm(FlaskForm):
    message = TextAreaField(
        "Qu’est-ce qui ne va pas ?".replace(" ?", f"{NBSP}?"),
        [
            InputRequired("Dites ce qui ne va pas, en une phrase."),
            Length(max=LONGEST, message=f"Raccourcissez votre message{NBSP}: {LONGEST} caractères au plus."),
        ],
    )


@blueprint.route("/<int:invoice_id>/lignes/<int:line_id>/contester", methods=["GET", "POST"])
@parent
def contest(invoice_id: int, line_id: int) -> Response:
    page = invoices.bill_page(invoice_id, current_user.household_ids)
    line = page.line(line_id)
    form = ContestForm()
    if form.validate_on_submit():
        try:
            line_disputes.contest(
                line_id,
                invoice_id,
                current_user.household_ids,
                form.message.data,
                Author(current_user.user_id),
                now(),
            )
        except Refused as refusal:
            form.form_errors.append(refusal.message)
        else:
            return done(
                url_for("invoices.bill", invoice_id=invoice_id, _anchor=f"ligne-{line_id}"),
                "Votre contestation est transmise au service. Il répond par mail et sur cette facture.",
            )
    status = 422 if form.errors else 200
    return answer("invoices/contest.html", status=status, bill=page.bill, line=line, form=form)
