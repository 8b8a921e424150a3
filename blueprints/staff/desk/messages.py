"""A conversation in the queue: what the family wrote, answered, closed or handed over (R52)."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import SelectChoice, SelectField

from blueprints.shared.guards import staff
from blueprints.shared.message_forms import MessageForm, new_key
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import author
from blueprints.staff.desk import blueprint
from blueprints.staff.desk.frame import Shown, kept, next_case, page
from blueprints.staff.families.forms import StaffForm, add_error
from domain import documents as file_rules
from domain.errors import Refused, Stale
from domain.permissions import Permission
from queries import conversations as conversation_queries
from queries import households
from queries.conversations import Thread
from queries.desk import CaseKey, CaseKind
from services import conversations

ANSWER = Permission.MESSAGES_ANSWER
CLOSES = "terminer"

receive_files(blueprint, ANSWER, {"answer_message": file_rules.SENDING_BYTES})


class HandOverForm(StaffForm):
    facility = SelectField("Confier à", coerce=int)

    def offer(self) -> None:
        """The service as a whole (0), then every structure."""
        names = [(0, town().service_name), *((one.facility_id, one.name) for one in households.facilities())]
        self.facility.choices = [SelectChoice(str(value), name) for value, name in names]


@blueprint.get("/messages/<reference>")
@staff(ANSWER)
def message(reference: str) -> Response:
    return page(shown(found(reference)))


@blueprint.post("/messages/<reference>")
@staff(ANSWER)
def answer_message(reference: str) -> Response:
    thread = found(reference)
    form = MessageForm()
    if form.validate():
        try:
            conversations.answer_as_service(
                reference,
                form.letter(),
                closes=request.form.get("decision") == CLOSES,
                facility_ids=current_user.facility_ids,
                author=author(),
                now=now(),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return next_case(key_of(thread), "La réponse est envoyée. La famille est prévenue.")
    return page(shown(thread, form), status=422)


@blueprint.post("/messages/<reference>/terminer")
@staff(ANSWER)
def close_message(reference: str) -> Response:
    thread = found(reference)
    try:
        conversations.close(reference, facility_ids=current_user.facility_ids, author=author(), now=now())
    except Stale as stale:
        return page(shown(found(reference)), stale=stale.message, status=409)
    return next_case(key_of(thread), "L’échange est terminé.")


@blueprint.post("/messages/<reference>/confier")
@staff(ANSWER)
def hand_over_message(reference: str) -> Response:
    thread = found(reference)
    form = HandOverForm()
    form.offer()
    if form.validate():
        try:
            conversations.hand_over(
                reference,
                form.facility.data or None,
                facility_ids=current_user.facility_ids,
                author=author(),
                now=now(),
            )
        except Refused as refusal:
            add_error(form.facility, refusal.message)
        else:
            return next_case(key_of(thread), "L’échange est confié.")
    return page(shown(thread, hand_over=form), status=422)


def found(reference: str) -> Thread:
    """The conversation, for an agent of its structure. Raises NotFound."""
    return conversation_queries.service_thread(reference, current_user.facility_ids)


def key_of(thread: Thread) -> CaseKey:
    """Its place in the queue; an answered one stands where its last message would."""
    since = thread.line.waits_since or thread.line.last_message_at
    return CaseKey(since, CaseKind.MESSAGE.rank, thread.line.conversation_id)


def shown(thread: Thread, form: MessageForm | None = None, hand_over: HandOverForm | None = None) -> Shown:
    """The conversation as the desk draws it."""
    if hand_over is None:
        hand_over = HandOverForm(formdata=None, facility=thread.line.facility_id or 0)
        hand_over.offer()
    return Shown(
        key_of(thread),
        {
            "thread": thread,
            "form": form or MessageForm(formdata=None, submission_key=new_key()),
            "hand_over": hand_over,
            "address": url_for("staff_desk.answer_message", reference=thread.line.reference, **kept()),
        },
    )
