"""The children of the household and their sheets."""

from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.children import blueprint
from blueprints.shared import file_forms, form_state, kept_forms
from blueprints.shared.answers import answer
from blueprints.shared.file_pages import (
    SECTIONS,
    SLUGS,
    Place,
    edit_section,
    form_place,
    opened_form,
    sent,
    sent_by,
    viewer,
)
from blueprints.shared.form_state import FormState
from blueprints.shared.guards import parent
from blueprints.shared.time import today
from domain.enums import SubjectKind
from domain.errors import NotFound
from domain.family_file import ADDED_PERSON_FIELD, PERSON_FIELD, YES, Policy, person_from_text, person_to_text
from domain.field_values import FieldErrors
from domain.people import age
from queries import custody, custody_swaps, enrolments, family, family_file, field_rules, planning
from queries.family_file import ChildFile, PersonView
from services import change_requests


@blueprint.get("")
@parent
def index() -> str:
    children = family.children_with_enrolments(current_user.household_ids, today())
    by_name = family.children_by_name(current_user.household_ids)
    return render_template("children/index.html", children=children, by_name=by_name, today=today(), age=age)


@blueprint.get("/<int:child_id>")
@parent
def sheet(child_id: int) -> str:
    summary = family.child_sheet(current_user.household_ids, child_id, today())
    stays = custody.family_stays(child_id, current_user.household_ids, today())
    return render_template(
        "children/sheet.html",
        summary=summary,
        file=family_file.child_file(child_id, viewer(), today()),
        requests=enrolments.requests_of_child(child_id, current_user.household_ids),
        upcoming=planning.next_bookings(current_user.household_ids, summary.child, today()),
        adults_elsewhere=family.adults_elsewhere(child_id, current_user.household_ids),
        stays=stays,
        swaps=custody_swaps.of_child(child_id, current_user.household_ids) if stays else (),
        slugs=SLUGS,
        today=today(),
        age=age,
    )


@blueprint.route("/<int:child_id>/<any(identite,sante,alimentation):section>", methods=["GET", "POST"])
@parent
def edit(child_id: int, section: str) -> Response:
    """Identity, health or diet of a child (S43 to S45)."""
    return edit_section(SECTIONS[section], _place(child_id))


def _place(child_id: int) -> Place:
    """The child, in a household of the signed-in adult. Raises NotFound for anybody else's child."""
    name, household_id = family.child_and_home(current_user.household_ids, child_id)
    return Place(
        child_id, household_id, name, url_for("children.sheet", child_id=child_id), f"Fiche de {name}"
    )


def _file(child_id: int) -> ChildFile:
    return family_file.child_file(child_id, viewer(), today())


def _require_editable(policy: Policy) -> None:
    if not (policy.is_shown and policy.is_editable):
        raise NotFound


# --- People who may fetch the child (S46) ---------------------------------------------------------


@blueprint.route("/<int:child_id>/personnes/nouvelle", methods=["GET", "POST"])
@parent
def add_person(child_id: int) -> Response:
    where, found = _place(child_id), _file(child_id)
    _require_editable(found.people_policy)
    return _edit_person(where, None, found.people_policy)


@blueprint.route("/<int:child_id>/personnes/<int:person_id>", methods=["GET", "POST"])
@parent
def edit_person(child_id: int, person_id: int) -> Response:
    where, found = _place(child_id), _file(child_id)
    _require_editable(found.people_policy)
    return _edit_person(where, _person(found, person_id), found.people_policy)


@blueprint.route("/<int:child_id>/personnes/ajouts/<string(maxlength=40):name>", methods=["GET", "POST"])
@parent
def edit_addition(child_id: int, name: str) -> Response:
    """Somebody whom a parent added and who waits for the control; `name` ends that of its field."""
    where, found = _place(child_id), _file(child_id)
    _require_editable(found.people_policy)
    field = f"{ADDED_PERSON_FIELD}:{name}"
    for view in found.people:
        if view.pending is not None and view.pending.field == field:
            return _edit_person(where, view, found.people_policy)
    raise NotFound


@blueprint.route("/<int:child_id>/personnes/<int:person_id>/retirer", methods=["GET", "POST"])
@parent
def remove_person(child_id: int, person_id: int) -> Response:
    """Asked on a page of its own: the people at the door act on it at once (S52)."""
    where, found = _place(child_id), _file(child_id)
    _require_editable(found.people_policy)
    view = _person(found, person_id)
    form = file_forms.FileForm()
    place = form_place(SubjectKind.PERSON, person_id, "retirer")
    if request.method != "POST":
        form.etat.data = form_state.seal(place, _person_state(view))
        needs_control = found.people_policy.needs_control
        return answer(
            "children/remove_person.html", form=form, view=view, where=where, needs_control=needs_control
        )
    state = form_state.opened(place, form.etat.data)
    declared = change_requests.declare_person(
        child_id, person_id, None, seen=_seen_person(state), **sent_by(where.household_id, state.key)
    )
    return sent(declared, where.back)


def _person(found: ChildFile, person_id: int) -> PersonView:
    for view in found.people:
        if view.person_id == person_id:
            return view
    raise NotFound


def _edit_person(where: Place, view: PersonView | None, policy: Policy) -> Response:
    person_id = view.person_id if view else None
    added = view.pending.field if view and view.pending and person_id is None else None
    place = form_place(SubjectKind.CHILD, where.subject_id, f"personne-{added or person_id}")
    kept = kept_forms.kept(place)
    form = file_forms.person_form(view, field_rules.choices(), kept)
    page: dict[str, Any] = {
        "form": form,
        "view": view,
        "where": where,
        "needs_control": policy.needs_control,
        "kept": kept is not None,
    }
    if request.method != "POST":
        return opened_form("children/person.html", place, _person_state(view), page)
    state = form_state.opened(place, form.etat.data)
    try:
        declared = change_requests.declare_person(
            where.subject_id,
            person_id,
            file_forms.typed_person(form),
            seen=_seen_person(state),
            added=added,
            **sent_by(where.household_id, state.key),
        )
    except FieldErrors as refusal:
        form.show_errors(refusal.errors)
        return answer("children/person.html", status=422, **page)
    return sent(declared, where.back)


def _person_state(view: PersonView | None) -> FormState:
    """An addition was never official: there is nothing that was seen."""
    is_official = view is not None and view.person_id is not None
    return FormState({PERSON_FIELD: person_to_text(view.person) if is_official else None}, {})


def _seen_person(state: FormState) -> Any:
    text = state.seen[PERSON_FIELD]
    return None if text is None else person_from_text(text)


# --- Authorisations (S47 to S50) ------------------------------------------------------------------


@blueprint.route("/<int:child_id>/autorisations", methods=["GET", "POST"])
@parent
def authorisations(child_id: int) -> Response:
    """Every question that the town puts about a child, on one form."""
    where, found = _place(child_id), _file(child_id)
    _require_editable(found.questions_policy)
    if not found.questions:
        raise NotFound
    place = form_place(SubjectKind.CHILD, child_id, "autorisations")
    kept = kept_forms.kept(place)
    form = file_forms.questions_form(found.questions, kept)
    if request.method != "POST":
        page = {
            "form": form,
            "questions": found.questions,
            "where": where,
            "needs_control": found.questions_policy.needs_control,
            "kept": kept is not None,
        }
        answers = {one.field: one.answer for one in found.questions}
        return opened_form("children/authorisations.html", place, FormState(answers, {}), page)
    state = form_state.opened(place, form.etat.data)
    seen = {
        (one.type_id, one.facility_id): state.seen[one.field] == YES
        for one in found.questions
        if state.seen.get(one.field) is not None
    }
    declared = change_requests.declare_authorisations(
        child_id,
        file_forms.answered(form, found.questions),
        seen=seen,
        **sent_by(where.household_id, state.key),
    )
    return sent(declared, where.back)
