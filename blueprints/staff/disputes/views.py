"""Contested lines: the list, and the answer to one (R43)."""

from flask import url_for
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.disputes import blueprint
from blueprints.staff.families.forms import StaffForm
from domain.enums import DisputeState
from domain.french import NBSP
from domain.permissions import Permission
from queries import line_disputes as dispute_queries
from services import line_disputes
from services.line_disputes import LONGEST

MANAGE = Permission.BILLING_MANAGE


class AnswerForm(StaffForm):
    decision = RadioField(
        "Décision",
        [InputRequired("Choisissez d’accepter ou de refuser.")],
        choices=[
            SelectChoice(DisputeState.ACCEPTED.value, "Accepter"),
            SelectChoice(DisputeState.REFUSED.value, "Refuser"),
        ],
    )
    words = TextAreaField(
        "Réponse à la famille",
        [
            InputRequired(f"Écrivez la réponse{NBSP}: la famille la lira."),
            Length(max=LONGEST, message=f"Raccourcissez la réponse{NBSP}: {LONGEST} caractères au plus."),
        ],
    )


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    return answer(
        "staff/disputes/index.html",
        waiting=dispute_queries.waiting(),
        answered=dispute_queries.answered(),
    )


@blueprint.route("/<int:dispute_id>", methods=["GET", "POST"])
@staff(MANAGE)
def show(dispute_id: int) -> Response:
    """One line, what the family says of it, and the answer."""
    found = dispute_queries.dispute(dispute_id)
    form = AnswerForm()
    made = attempt(
        form,
        lambda: line_disputes.answer(
            dispute_id, DisputeState(form.decision.data), form.words.data, author(), now()
        ),
        no_words="words",
    )
    if made is not NOT_DONE:
        return done(url_for(".show", dispute_id=dispute_id), "La réponse est envoyée à la famille.")
    return shown(form, "staff/disputes/show.html", dispute=found)
