"""« Messages »: what the family and the service write to each other (R52)."""

from flask import render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice

from blueprints.messages import blueprint
from blueprints.shared.answers import answer, done, is_htmx
from blueprints.shared.converters import row_number
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import parent
from blueprints.shared.message_forms import MessageForm, NewMessageForm, new_key
from blueprints.shared.network import network
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.shared.uploads import receive_files
from domain import documents as file_rules
from domain.errors import Refused
from queries import conversations as conversation_queries
from queries import family, households
from queries.conversations import Thread
from services import conversations, document_store
from services.accounts import Author
from services.conversations import Subject

receive_files(blueprint, None, dict.fromkeys(("new", "reply"), file_rules.SENDING_BYTES))


class FamilyMessageForm(NewMessageForm):
    household = RadioField("Pour quel foyer\u00a0?", coerce=int)

    def offer_households(self, names: list[tuple[int, str]]) -> None:
        """Asked only where there is a choice."""
        self.household.choices = [SelectChoice(str(value), name) for value, name in names]
        if len(names) < 2:
            del self.household


@blueprint.get("")
@parent
def index() -> str:
    page = request.args.get("page", 1, type=row_number)
    found = conversation_queries.of_family(current_user.household_ids, current_user.user_id, page)
    return render_template("messages/index.html", found=found)


@blueprint.route("/nouveau", methods=["GET", "POST"])
@parent
def new() -> Response:
    form = FamilyMessageForm(submission_key=new_key())
    form.offer(town().service_name, [(one.facility_id, one.name) for one in households.facilities()])
    members = family.members_of(current_user.household_ids)
    form.offer_households([(one.household_id, f"Famille {one.name}") for one in members.households])
    if form.validate_on_submit():
        household_id = form.household.data if "household" in form else current_user.household_ids[0]
        try:
            reference = conversations.begin_as_family(
                Subject(household_id, form.facility_id, form.subject.data),
                form.letter(),
                household_ids=current_user.household_ids,
                author=Author(current_user.user_id),
                network=network(),
                now=now(),
            )
            return done(url_for("messages.show", reference=reference), "Votre message est envoyé au service.")
        except Refused as refusal:
            form.refuse(refusal)
    return answer("messages/new.html", status=422 if form.errors else 200, form=form)


@blueprint.get("/<reference>")
@parent
def show(reference: str) -> Response:
    return _thread_page(_thread(reference), MessageForm(formdata=None, submission_key=new_key()))


@blueprint.post("/<reference>")
@parent
def reply(reference: str) -> Response:
    found = _thread(reference)
    form = MessageForm()
    if form.validate_on_submit():
        try:
            conversations.answer_as_family(
                reference,
                form.letter(),
                household_ids=current_user.household_ids,
                author=Author(current_user.user_id),
                network=network(),
                now=now(),
            )
            return done(url_for("messages.show", reference=reference), "Votre message est envoyé au service.")
        except Refused as refusal:
            form.refuse(refusal)
    return _thread_page(found, form, status=422)


@blueprint.post("/<reference>/lu")
@parent
def mark_read(reference: str) -> Response:
    """Sent by the page itself once it is on screen; without scripts, by a button of it."""
    was_read = conversations.mark_read(
        reference,
        request.form.get("vu", 0, type=row_number),
        household_ids=current_user.household_ids,
        author=Author(current_user.user_id),
        now=now(),
    )
    if is_htmx():
        left = current_user.unread_messages - was_read
        return answer("messages/_read.html", thread=_thread(reference), out_of_band=True, unread=left)
    return done(url_for("messages.show", reference=reference))


@blueprint.get("/<reference>/fichiers/<int:file_id>")
@parent
def file(reference: str, file_id: int) -> Response:
    key, name = conversation_queries.file_key(_thread(reference), file_id)
    return sealed_pdf(document_store.read(key), name)


def _thread(reference: str) -> Thread:
    return conversation_queries.family_thread(reference, current_user.household_ids, current_user.user_id)


def _thread_page(thread: Thread, form: MessageForm, status: int = 200) -> Response:
    return answer("messages/show.html", status=status, thread=thread, form=form)
