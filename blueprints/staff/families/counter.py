"""What a family tells the service about a child: official at once, with its channel (S06).

The forms are those of the portal, filled with the official values; what the family declared meanwhile on the
portal stays to be answered. Health is opened by an act that the journal keeps, also to change it (S44).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared import file_forms, form_state
from blueprints.shared.answers import answer, done
from blueprints.shared.file_forms import FileForm
from blueprints.shared.file_pages import SECTIONS, SLUGS, form_place
from blueprints.shared.form_state import FormState
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import household_file
from blueprints.staff.families.fields import channel_field, remember_channel
from domain.enums import FileSection, SubjectKind
from domain.errors import NotFound, Refused, Stale
from domain.family_file import (
    NO,
    PERSON_FIELD,
    YES,
    Person,
    Policy,
    fields_of,
    person_from_text,
    person_to_text,
)
from domain.field_values import FieldErrors
from domain.labels import label
from domain.permissions import Permission
from queries import child_files, field_rules, file_values
from queries.child_files import AnswerLine
from queries.family_file import FieldView, PersonView, Question, SectionView
from services import change_requests, medical_readings
from services.accounts import Author
from services.change_requests import Declared
from services.medical_readings import Reading

BOTH = ["GET", "POST"]
HEALTH_PLACE = "la fiche de l’enfant, pour la modifier"
Texts = Mapping[str, str | None]


class CounterForm(FileForm):
    """A form of the file, and how the family told it."""

    channel = channel_field()


@dataclass(frozen=True, slots=True)
class Counter:
    """One child before the agent; `name` tells its forms apart."""

    household_id: int
    child_id: int
    first_name: str
    name: str
    title: str

    @property
    def place(self) -> str:
        return form_place(SubjectKind.CHILD, self.child_id, f"guichet-{self.name}")

    @property
    def back(self) -> str:
        return url_for("staff_families.child", household_id=self.household_id, child_id=self.child_id)

    def told(self, form: CounterForm, state: FormState) -> dict[str, Any]:
        """Who writes what the family said, as `services.change_requests` takes it."""
        remember_channel(form.channel.data)
        return {
            "household_id": self.household_id,
            "author": Author(current_user.user_id, form.channel.data),
            "author_name": current_user.display_name,
            "submission_key": state.key,
            "now": now(),
        }


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form at the counter: `make` builds it (`formdata=None`: as it is first shown), `seen` are the values
    on screen, `record` writes what was typed. `removal` is the address that takes a person off."""

    make: Callable[..., CounterForm]
    seen: Texts
    record: Callable[[CounterForm, FormState], Declared]
    removal: str = ""


def _counter(household_id: int, child_id: int, name: str, title: str) -> Counter:
    """Raises NotFound for a child of another household, of which this one reads the name only, or out of the
    agent's sight."""
    child = household_file(household_id).child(child_id)
    if child.is_restricted:
        raise NotFound
    return Counter(household_id, child_id, child.card.first_name, name, title)


def _answer(counter: Counter, sheet: Callable[[], Sheet]) -> Response:
    """The page of a form, or what became of what was sent: 422 to correct, 409 with the values that stand."""
    if request.method != "POST" or "etat" not in request.form:
        return _fresh(counter, sheet())
    found = sheet()
    form = found.make()
    state = form_state.opened(counter.place, form.etat.data)
    if not form.channel.validate(form):
        return _page(counter, found, form, status=422)
    try:
        recorded = found.record(form, state)
    except FieldErrors as refusal:
        form.show_errors(refusal.errors)
        return _page(counter, found, form, status=422)
    except Stale as stale:
        return _fresh(counter, sheet(), stale=stale.message)
    return done(counter.back, "C’est enregistré." if recorded.lines else "Rien n’a changé.")


def _fresh(counter: Counter, sheet: Sheet, stale: str | None = None) -> Response:
    form = sheet.make(formdata=None)
    form.etat.data = form_state.seal(counter.place, FormState(sheet.seen, sheet.seen))
    return _page(counter, sheet, form, status=409 if stale else 200, stale=stale)


def _page(
    counter: Counter, sheet: Sheet, form: CounterForm, *, status: int, stale: str | None = None
) -> Response:
    return answer(
        "staff/families/counter.html",
        status=status,
        counter=counter,
        form=form,
        removal=sheet.removal,
        stale=stale,
    )


# --- Fields -------------------------------------------------------------------------------------------------


@blueprint.route(
    "/<int:household_id>/enfants/<int:child_id>/<any(identite,alimentation):section>", methods=BOTH
)
@staff(Permission.FAMILIES_WRITE)
def edit_child_section(household_id: int, child_id: int, section: str) -> Response:
    """Identity or diet of a child (S43, S45)."""
    wanted = SECTIONS[section]
    counter = _counter(household_id, child_id, section, label(wanted))
    return _answer(counter, lambda: _section(counter, wanted))


@blueprint.post("/<int:household_id>/enfants/<int:child_id>/sante/modifier")
@staff(Permission.MEDICAL_READ)
def edit_child_health(household_id: int, child_id: int) -> Response:
    """Health: its form is a reading each time that it is shown (S44, S115)."""
    if not current_user.may(Permission.FAMILIES_WRITE):
        abort(403)
    wanted = FileSection.CHILD_MEDICAL
    counter = _counter(household_id, child_id, SLUGS[wanted], label(wanted))
    medical_readings.read([child_id], Reading(current_user.user_id, HEALTH_PLACE), now=now())
    return _answer(counter, lambda: _section(counter, wanted))


def _section(counter: Counter, section: FileSection) -> Sheet:
    """The whole section with its official values: an agent writes also what the town keeps from families."""
    fields = fields_of(section)
    names = [one.name for one in fields]
    official = file_values.official_of(SubjectKind.CHILD, [counter.child_id], names)[counter.child_id]
    views = tuple(FieldView(one, Policy(), official.get(one.name), None, None) for one in fields)
    view = SectionView(section, views)

    def record(form: CounterForm, state: FormState) -> Declared:
        return change_requests.record(
            SubjectKind.CHILD,
            counter.child_id,
            section,
            file_forms.typed(form, view),
            seen=state.seen,
            may_read_medical=current_user.may(Permission.MEDICAL_READ),
            **counter.told(form, state),
        )

    def make(**options: Any) -> CounterForm:
        return file_forms.section_form(view, field_rules.choices(), base=CounterForm, **options)

    return Sheet(make, {one.field.name: one.value for one in views}, record)


# --- People who may fetch the child (S46) -------------------------------------------------------------------


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/personnes/nouvelle", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def add_person(household_id: int, child_id: int) -> Response:
    counter = _counter(household_id, child_id, "personne", "Ajouter une personne autorisée")
    return _answer(counter, lambda: _person(counter, None))


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/personnes/<int:person_id>", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def edit_person(household_id: int, child_id: int, person_id: int) -> Response:
    counter = _counter(household_id, child_id, f"personne-{person_id}", "Modifier une personne autorisée")
    return _answer(counter, lambda: _person(counter, person_id))


@blueprint.post("/<int:household_id>/enfants/<int:child_id>/personnes/<int:person_id>/retirer")
@staff(Permission.FAMILIES_WRITE)
def remove_person(household_id: int, child_id: int, person_id: int) -> Response:
    """From the form of the person: nobody fetches the child any more under this name (S52)."""
    counter = _counter(household_id, child_id, f"personne-{person_id}", "Modifier une personne autorisée")
    form = CounterForm()
    known = _known(counter, person_id)
    state = form_state.opened(counter.place, form.etat.data)
    if not form.channel.validate(form):
        raise Refused("channel", "Choisissez comment la famille vous l’a dit.")
    try:
        change_requests.record_person(
            child_id, person_id, None, seen=_seen(state), **counter.told(form, state)
        )
    except Stale as stale:
        return _fresh(counter, _person(counter, person_id), stale=stale.message)
    return done(counter.back, f"{known.first_name} {known.last_name} ne vient plus chercher l’enfant.")


def _person(counter: Counter, person_id: int | None) -> Sheet:
    known = None if person_id is None else _known(counter, person_id)
    view = PersonView(person_id, known, None, None) if known else None

    def record(form: CounterForm, state: FormState) -> Declared:
        return change_requests.record_person(
            counter.child_id,
            person_id,
            file_forms.typed_person(form),
            seen=_seen(state),
            **counter.told(form, state),
        )

    def make(**options: Any) -> CounterForm:
        return file_forms.person_form(view, field_rules.choices(), base=CounterForm, **options)

    removal = ""
    if person_id is not None:
        ids = {"household_id": counter.household_id, "child_id": counter.child_id, "person_id": person_id}
        removal = url_for("staff_families.remove_person", **ids)
    return Sheet(make, {PERSON_FIELD: person_to_text(known) if known else None}, record, removal)


def _known(counter: Counter, person_id: int) -> Person:
    """Somebody of the child's official list. Raises NotFound."""
    files = child_files.child_files({counter.child_id: ()}, today(), now())
    for line in files[counter.child_id].people:
        if line.person_id == person_id and line.known is not None:
            return line.known
    raise NotFound


def _seen(state: FormState) -> Person | None:
    text = state.seen[PERSON_FIELD]
    return None if text is None else person_from_text(text)


# --- Authorisations (S47 to S50) ----------------------------------------------------------------------------


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/autorisations", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def edit_authorisations(household_id: int, child_id: int) -> Response:
    """Every question put about the child, on one form."""
    title = label(FileSection.CHILD_AUTHORISATIONS)
    counter = _counter(household_id, child_id, "autorisations", title)
    found = household_file(household_id).child(child_id)
    places = {one.facility_id: one.facility for one in found.enrolments if not one.is_over}
    return _answer(counter, lambda: _questions(counter, places))


def _questions(counter: Counter, places: Mapping[int, str]) -> Sheet:
    files = child_files.child_files({counter.child_id: list(places.items())}, today(), now())
    questions = [_question(line) for line in files[counter.child_id].answers]

    def record(form: CounterForm, state: FormState) -> Declared:
        seen = {
            (one.type_id, one.facility_id): state.seen[one.field] == YES
            for one in questions
            if state.seen.get(one.field) is not None
        }
        answers = file_forms.answered(form, questions)
        return change_requests.record_authorisations(
            counter.child_id, answers, seen=seen, **counter.told(form, state)
        )

    def make(**options: Any) -> CounterForm:
        return file_forms.questions_form(questions, base=CounterForm, **options)

    return Sheet(make, {one.field: one.answer for one in questions}, record)


def _question(line: AnswerLine) -> Question:
    """The question with its official answer."""
    told = None if line.is_allowed is None else YES if line.is_allowed else NO
    return Question(
        line.type_id, line.facility_id, line.name, "", line.facility, told, line.author, None, None, None
    )
