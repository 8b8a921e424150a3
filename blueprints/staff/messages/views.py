"""The conversations of the service: their list, a new one with a family, the files joined (R52)."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import staff
from blueprints.shared.message_forms import NewMessageForm, new_key
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import author
from blueprints.staff.families.common import household_file
from blueprints.staff.messages import blueprint
from domain import documents as file_rules
from domain.errors import Refused
from domain.permissions import Permission
from queries import conversations as conversation_queries
from queries import households
from queries.conversations import Standing
from services import conversations, document_store
from services.conversations import Subject

ANSWER = Permission.MESSAGES_ANSWER
STANDINGS = {
    Standing.WAITING: "À répondre",
    Standing.OPEN: "En cours",
    Standing.CLOSED: "Terminés",
    Standing.ALL: "Tous",
}

receive_files(blueprint, ANSWER, {"new": file_rules.SENDING_BYTES})


@blueprint.get("")
@staff(ANSWER)
def index() -> Response:
    wanted = request.args.get("etat", "")
    standing = Standing(wanted) if wanted in list(Standing) else Standing.WAITING
    page = request.args.get("page", 1, type=row_number)
    return answer(
        "staff/messages/index.html",
        found=conversation_queries.of_service(current_user.facility_ids, standing, page),
        standing=standing,
        standings=STANDINGS,
    )


@blueprint.route("/famille/<int:household_id>", methods=["GET", "POST"])
@staff(ANSWER)
def new(household_id: int) -> Response:
    """The service writes first."""
    household = household_file(household_id)
    form = NewMessageForm(submission_key=new_key())
    form.facility.label.text = "De la part de"
    form.offer(
        town().service_name if current_user.facility_ids is None else None,
        [(one.facility_id, one.name) for one in households.facilities(current_user.facility_ids)],
    )
    if form.validate_on_submit():
        try:
            reference = conversations.begin_as_service(
                Subject(household_id, form.facility_id, form.subject.data),
                form.letter(),
                facility_ids=current_user.facility_ids,
                author=author(),
                now=now(),
            )
            return done(
                url_for("staff_desk.message", reference=reference), "Le message est envoyé à la famille."
            )
        except Refused as refusal:
            form.refuse(refusal)
    return answer(
        "staff/messages/new.html", status=422 if form.errors else 200, form=form, household=household
    )


@blueprint.get("/<reference>/fichiers/<int:file_id>")
@staff(ANSWER)
def file(reference: str, file_id: int) -> Response:
    thread = conversation_queries.service_thread(reference, current_user.facility_ids)
    key, name = conversation_queries.file_key(thread, file_id)
    return sealed_pdf(document_store.read(key), name)
