"""« Inscrire à une activité »: what may be asked for a child, what is missing, what came of it (R17)."""

import secrets
from datetime import date

from flask import redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from blueprints.children import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.fields import PlainDateField
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from domain.errors import Refused, Stale
from domain.french import NBSP
from queries import enrolments as enrolment_queries
from queries import family
from services import enrolments
from services.booking_drafts import Author
from services.enrolments import Wish

KEY_LENGTH = 64


class AskForm(FlaskForm):
    """The days wanted; `cle` makes a repeated sending one request."""

    cle = HiddenField(validators=[InputRequired("Rechargez la page."), Length(max=KEY_LENGTH)])
    du = PlainDateField("Du", [InputRequired("Indiquez le premier jour.")])
    au = PlainDateField("Au", [InputRequired("Indiquez le dernier jour.")])


@blueprint.get("/<int:child_id>/inscription")
@parent
def enrolment_choices(child_id: int) -> str:
    """Every activity that the child may be enrolled in, or why not."""
    name, household_id = family.child_and_home(current_user.household_ids, child_id)
    choices = enrolment_queries.choices(household_id, child_id, now())
    return render_template("children/enrolment_choices.html", name=name, child_id=child_id, choices=choices)


@blueprint.route("/<int:child_id>/inscription/<int:activity_id>", methods=["GET", "POST"])
@parent
def ask_enrolment(child_id: int, activity_id: int) -> Response:
    """The days, what is missing and what happens next; then « Envoyer la demande »."""
    name, household_id = family.child_and_home(current_user.household_ids, child_id)
    offered = enrolment_queries.offered(activity_id)
    form = AskForm(formdata=request.form if request.method == "POST" else None)
    if form.validate_on_submit():
        try:
            reference = enrolments.ask(
                Author(current_user.user_id, current_user.household_ids),
                Wish(child_id, activity_id, form.du.data, form.au.data),
                submission_key=form.cle.data,
                author_name=current_user.display_name,
                now=now(),
            )
        except Refused as refusal:
            form.form_errors.append(refusal.message)
        else:
            return redirect(url_for("children.enrolment", reference=reference), code=303)
    check = enrolment_queries.check(household_id, child_id, offered, _days(form), now())
    if request.method != "POST":
        form = AskForm(
            formdata=None,
            data={"cle": secrets.token_hex(16), "du": check.first_day, "au": check.last_day},
        )
    return answer(
        "children/ask_enrolment.html",
        status=422 if form.errors else 200,
        form=form,
        check=check,
        name=name,
        child_id=child_id,
        household_id=household_id,
    )


def _days(form: AskForm) -> tuple[date, date] | None:
    """The days of the form, else those of the address; None for the usual ones."""
    typed = [form.du.data, form.au.data]
    if request.method != "POST":
        typed = [_day(request.args.get(name, "")) for name in ("du", "au")]
    first, last = typed
    return (first, last) if first and last and first <= last else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@blueprint.get("/inscriptions/<reference>")
@parent
def enrolment(reference: str) -> str:
    found = enrolment_queries.request(reference, current_user.household_ids)
    return render_template("children/enrolment.html", found=found, stale=None)


@blueprint.post("/inscriptions/<reference>/retirer")
@parent
def withdraw_enrolment(reference: str) -> Response:
    author = Author(current_user.user_id, current_user.household_ids)
    try:
        enrolments.withdraw(author, reference, now=now())
    except Stale as stale:
        found = enrolment_queries.request(reference, current_user.household_ids)
        return answer("children/enrolment.html", status=409, found=found, stale=stale.message)
    return done(
        url_for("children.enrolment", reference=reference),
        f"Votre demande est retirée{NBSP}: rien n’a changé.",
    )
