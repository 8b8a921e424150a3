"""What every settings page does with its form: run the use case, show a refusal where it belongs."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.staff.families.forms import StaffForm, add_error
from domain.errors import Refused, RuleError
from services.accounts import Author

Result = TypeVar("Result")
NOT_DONE: Any = object()


def author() -> Author:
    """The signed-in agent, as the author of an act."""
    return Author(current_user.user_id)


def author_name() -> str:
    """The name of the signed-in agent, as versions of the règlement keep it."""
    return f"{current_user.first_name} {current_user.last_name}".strip()


def attempt(form: StaffForm, act: Callable[[], Result], **places: str) -> Result:
    """What `act` gives once the form is sound, NOT_DONE otherwise.

    `places` says under which field the refusal of a code is shown (`name_taken="name"`); the form itself
    places the others, on top unless it knows better.
    """
    if not form.validate_on_submit():
        return NOT_DONE
    try:
        return act()
    except (Refused, RuleError) as refusal:
        if refusal.code in places:
            add_error(form[places[refusal.code]], refusal.message)
        else:
            form.refuse(refusal)
        return NOT_DONE


def form_page(form: StaffForm, heading: str, back: tuple[str, str], **context: Any) -> Response:
    """The page of one form. `back` is (address, label); context: submit, intro, notes, multipart, looks."""
    return shown(form, "staff/form_page.html", heading=heading, back=back, **context)


def shown(form: StaffForm, template: str, **context: Any) -> Response:
    """A page that holds `form`: 422 when something is to be corrected."""
    refused = request.method == "POST" and bool(form.errors)
    return answer(template, status=422 if refused else 200, form=form, **context)


def step() -> str:
    """Which button of a form with several steps was pressed."""
    return request.form.get("step", "")


def typed() -> list[tuple[str, Any]]:
    """Everything that was typed: the page of a preview carries it, so that the last step sends it again."""
    return [pair for pair in request.form.items(multi=True) if pair[0] not in ("csrf_token", "step")]
