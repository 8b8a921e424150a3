"""One form of the family file: shown, sent, answered. The same for a household, an adult and a child."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared import file_forms, form_state, kept_forms
from blueprints.shared.answers import answer, done
from blueprints.shared.form_state import FormState
from blueprints.shared.time import now
from domain.enums import FileSection, SubjectKind
from domain.errors import NotFound
from domain.family_file import SECTION_SUBJECTS
from domain.field_values import FieldErrors
from domain.french import NBSP, format_moment
from queries import family_file, field_rules
from queries.family_file import Viewer
from services import change_requests
from services.accounts import Author
from services.change_requests import Declared

# The words of an address for each section.
SLUGS: Mapping[FileSection, str] = {
    FileSection.HOUSEHOLD_ADDRESS: "adresse",
    FileSection.HOUSEHOLD_SITUATION: "situation",
    FileSection.ADULT_IDENTITY: "informations",
    FileSection.ADULT_CONTACT: "coordonnees",
    FileSection.ADULT_BANK: "banque",
    FileSection.CHILD_IDENTITY: "identite",
    FileSection.CHILD_MEDICAL: "sante",
    FileSection.CHILD_DIET: "alimentation",
}
SECTIONS = {slug: section for section, slug in SLUGS.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a form stands: whose sheet, in which household, and the page to go back to."""

    subject_id: int
    household_id: int
    about: str
    back: str
    back_label: str


def viewer() -> Viewer:
    is_agent = current_user.observer is not None
    return Viewer(current_user.user_id, current_user.household_ids, now(), is_agent=is_agent)


def edit_section(section: FileSection, where: Place) -> Response:
    """The page of a form, or what became of what was sent (S33, S34, S40, S51)."""
    kind = SECTION_SUBJECTS[section]
    view = family_file.sheet(kind, where.subject_id, viewer()).section(section)
    if not view.editable:
        raise NotFound
    place = form_place(kind, where.subject_id, SLUGS[section])
    kept = kept_forms.kept(place)
    form = file_forms.section_form(view, field_rules.choices(), kept)
    page: dict[str, Any] = {"form": form, "view": view, "where": where, "kept": kept is not None}
    if request.method != "POST":
        seen = {one.field.name: one.value for one in view.editable}
        shown = {one.field.name: one.shown for one in view.editable}
        return opened_form("household/section.html", place, FormState(seen, shown), page)
    state = form_state.opened(place, form.etat.data)
    try:
        declared = change_requests.declare(
            kind,
            where.subject_id,
            section,
            file_forms.typed(form, view),
            seen=state.seen,
            shown=state.shown,
            **sent_by(where.household_id, state.key),
        )
    except FieldErrors as refusal:
        form.show_errors(refusal.errors)
        return answer("household/section.html", status=422, **page)
    return sent(declared, where.back)


def opened_form(template: str, place: str, state: FormState, page: dict[str, Any]) -> Response:
    """The page of a form that is opened: as it is, or as it was typed before the session ended (`kept`)."""
    if not page["kept"]:
        page["form"].etat.data = form_state.seal(place, state)
    return kept_forms.forget(answer(template, **page))


def form_place(kind: SubjectKind, subject_id: int, name: str) -> str:
    """The name of a form, for what it remembers."""
    return f"{kind.value}:{subject_id}:{name}"


def sent_by(household_id: int, key: str) -> dict[str, Any]:
    """Who sends a form, as every function of `services.change_requests` takes it."""
    return {
        "household_id": household_id,
        "author": Author(current_user.user_id),
        "author_name": current_user.display_name,
        "submission_key": key,
        "now": now(),
    }


def sent(declared: Declared, back: str) -> Response:
    """Back to the sheet, with a sentence that tells what happens next (S33)."""
    return done(back, sentence(declared))


def sentence(declared: Declared) -> str:
    """What became of a form that was sent."""
    if declared.pending and declared.due_at is not None:
        return (
            f"Votre modification est envoyée{NBSP}: le service la contrôle et vous répond avant le "
            f"{format_moment(declared.due_at)}."
        )
    if declared.applied:
        return "Votre modification est enregistrée."
    if declared.withdrawn:
        return f"Votre modification est retirée{NBSP}: l’information officielle ne change pas."
    return f"Vous n’avez rien changé{NBSP}: rien n’a été envoyé."
