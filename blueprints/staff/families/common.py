"""What every page of a family file does: find it within sight, save a form, answer."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.time import today
from blueprints.staff.families.fields import remember_channel
from blueprints.staff.families.forms import StaffForm
from domain.errors import Refused, Stale
from domain.permissions import Permission
from queries import households as household_queries
from queries.households import HouseholdFile
from services.accounts import Author

FORM = "staff/families/edit.html"


def household_file(household_id: int) -> HouseholdFile:
    """The file, if this agent may see it. Raises NotFound."""
    return household_queries.household_file(
        household_id,
        facility_ids=current_user.facility_ids,
        today=today(),
        sees_secrets=current_user.may(Permission.FAMILIES_WRITE),
    )


def author(form: StaffForm) -> Author:
    """This agent, and the channel that the form says."""
    channel = form["channel"].data
    remember_channel(channel)
    return Author(current_user.user_id, channel)


def page_of(household_id: int) -> str:
    return url_for("staff_families.show", household_id=household_id)


def edit(
    household: HouseholdFile,
    form: StaffForm,
    save: Callable[[], Any],
    *,
    title: str,
    submit: str = "Enregistrer",
    message: str | Callable[[Any], str] = "C’est enregistré.",
    current: Mapping[str, Any] | None = None,
    template: str = FORM,
    back: str = "",
    **context: Any,
) -> Response:
    """Show a form; when it is sent and right, `save()` and go to `back`, else to the file, with `message`.

    `message` may be a function of what `save` returned. `current` holds the values that stand: after
    Stale they are shown instead of what was typed, with 409; any other refusal is shown in the form, 422.
    """
    context |= {"household": household, "form": form, "title": title, "submit_label": submit, "back": back}
    if form.is_submitted() and form.validate():
        try:
            saved = save()
        except Stale as stale:
            form.process(formdata=None, data=current)
            return answer(template, status=409, stale=stale.message, **context)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return done(
                back or page_of(household.household_id), message(saved) if callable(message) else message
            )
    return answer(template, status=422 if form.errors else 200, stale=None, **context)
