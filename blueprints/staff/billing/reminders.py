"""When and how families are reminded of a bill that is not paid (R44)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, shown, step
from blueprints.staff.billing import blueprint
from blueprints.staff.billing.forms import ReminderForm
from domain.errors import NotFound
from domain.invoice_reminders import WORDS, Letter, Level, check, made_out
from domain.permissions import Permission
from queries import invoice_reminders as reminder_queries
from services import invoice_reminders


@blueprint.get("/relances")
@staff(Permission.BILLING_MANAGE)
def reminders() -> Response:
    return answer("staff/billing/reminders.html", levels=reminder_queries.levels())


@blueprint.route("/relances/<int:level>", methods=["GET", "POST"])
@staff(Permission.BILLING_MANAGE)
def edit_reminder(level: int) -> Response:
    """The wording of a level, shown on the last bill that was issued; « Enregistrer » writes it."""
    levels = reminder_queries.levels()
    found = next((one for one in levels if one.level == level), None)
    if found is None:
        raise NotFound
    form = ReminderForm()
    if request.method == "GET":
        form.show(found)
    places = {"subject": "subject", "text": "text", "days": "days"}
    if step() == "preview":
        attempt(form, lambda: check(form.level_typed(level), levels), **places)
    else:
        saved = attempt(
            form,
            lambda: invoice_reminders.save(form.level_typed(level), author=author(), now=now()),
            **places,
        )
        if saved is not NOT_DONE:
            return done(url_for(".reminders"), "La relance est enregistrée." if saved else "Rien n’a changé.")
    typed = found if form.errors or request.method == "GET" else form.level_typed(level)
    is_preview = step() == "preview" and not form.errors
    return shown(
        form,
        "staff/billing/reminder.html",
        level=found,
        words=WORDS,
        letter=_letter(typed),
        is_preview=is_preview,
    )


def _letter(level: Level) -> Letter | None:
    """The level made out for the last bill issued, None before the first one."""
    bill = reminder_queries.newest_bill()
    return None if bill is None else made_out(level, bill, today())
