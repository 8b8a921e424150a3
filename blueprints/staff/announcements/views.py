"""Announcements: the same mail to the families of a structure, a group or a day (R52)."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.message_forms import new_key
from blueprints.shared.time import now, today
from blueprints.staff.acts import author, step, typed
from blueprints.staff.announcements import blueprint
from blueprints.staff.announcements.forms import AnnouncementForm
from domain.enums import MailKind
from domain.errors import Refused
from domain.french import NBSP, plural
from domain.permissions import Permission
from queries import announcements as announcement_queries
from services import announcements, mail_texts, outbox
from services.announcements import Announcing

SEND = Permission.ANNOUNCEMENTS_SEND


@blueprint.get("")
@staff(SEND)
def index() -> Response:
    page = request.args.get("page", 1, type=row_number)
    return answer("staff/announcements/index.html", found=announcement_queries.sent(page))


@blueprint.get("/<int:announcement_id>")
@staff(SEND)
def show(announcement_id: int) -> Response:
    """What was sent, and what became of its mails so far."""
    found = announcement_queries.announcement(announcement_id)
    return answer("staff/announcements/show.html", announcement=found)


@blueprint.route("/nouvelle", methods=["GET", "POST"])
@staff(SEND)
def new() -> Response:
    """Written, then looked at with the number of families, then sent."""
    targets = announcement_queries.targets(current_user.facility_ids, today())
    form = AnnouncementForm(submission_key=new_key())
    form.offer(targets)
    if step() != "edit" and form.validate_on_submit():
        announcing = form.announcing(targets)
        if step() != "send":
            return _preview(form, announcing)
        try:
            announcement_id = announcements.send(
                announcing, facility_ids=current_user.facility_ids, author=author(), now=now()
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            found = announcement_queries.announcement(announcement_id)
            families = plural(found.recipients, "famille", "familles")
            return done(
                url_for(".show", announcement_id=announcement_id),
                f"L’annonce part à {families}{NBSP}: les mails sont envoyés dans les minutes qui suivent.",
            )
    return answer("staff/announcements/new.html", status=422 if form.errors else 200, form=form)


def _preview(form: AnnouncementForm, announcing: Announcing) -> Response:
    unsubscribe = "" if announcing.is_service else outbox.link("auth.sign_in")
    context = outbox.announcement_context(announcing.subject, announcing.text.strip(), unsubscribe)
    mail = mail_texts.preview(MailKind.ANNOUNCEMENT, current_user.first_name, context)
    return answer(
        "staff/announcements/preview.html",
        form=form,
        audience=announcing.audience,
        is_service=announcing.is_service,
        reach=announcement_queries.reach(announcing.audience, announcing.is_service, today()),
        subject=mail.subject,
        text=mail.text,
        typed=typed(),
    )
