"""The outbox: what was sent, what is late, what bounced."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.mails import blueprint
from domain.enums import MailState
from domain.permissions import Permission
from queries import outbox as outbox_queries
from services import outbox

FILTERS = {
    "tous": ("Tous", None),
    "attente": ("En attente", MailState.QUEUED),
    "envoyes": ("Envoyés", MailState.SENT),
    "refuses": ("Refusés", MailState.BOUNCED),
    "non-remis": ("Non remis", MailState.ABANDONED),
}


def _chosen_filter() -> str:
    wanted = request.args.get("etat", "tous")
    return wanted if wanted in FILTERS else "tous"


@blueprint.get("")
@staff(Permission.MAILS_READ)
def index() -> Response:
    chosen = _chosen_filter()
    counts = outbox_queries.counts_by_state()
    listed = outbox_queries.mails(FILTERS[chosen][1], request.args.get("page", 1, type=row_number), counts)
    return answer(
        "staff/mails/index.html", listed=listed, counts=counts, filters=FILTERS, chosen=chosen, now=now()
    )


@blueprint.post("/<int:mail_id>/relancer")
@staff(Permission.MAILS_READ)
def retry(mail_id: int) -> Response:
    outbox.retry(mail_id, actor_user_id=current_user.user_id, now=now())
    return done(url_for("staff_mails.index", etat=_chosen_filter()), "Le mail repart dans quelques secondes.")
