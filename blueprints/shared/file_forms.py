"""Forms of the family file, made from its fields: shape only. What is typed is checked by the service."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired
from wtforms.widgets import DateInput

from domain.enums import ChoiceList
from domain.family_file import NO, VACCINATIONS, YES, FieldKind, Person, Vaccination
from domain.labels import label
from queries.family_file import FieldView, PersonView, Question, SectionView

Choices = Mapping[ChoiceList, Sequence[str]]
NOTHING = SelectChoice("", "Non renseigné")
YES_NO = [SelectChoice(YES, "Oui"), SelectChoice(NO, "Non")]
# What browsers may fill in by themselves, of the adult who types.
AUTOCOMPLETE = {
    "household.address": "address-line1",
    "household.address_extra": "address-line2",
    "household.postcode": "postal-code",
    "household.city": "address-level2",
    "guardian.first_name": "given-name",
    "guardian.last_name": "family-name",
    "guardian.birth_date": "bday",
    "guardian.mobile_phone": "tel",
}


class FileForm(FlaskForm):
    """Any form of the file. `etat` is `blueprints.shared.form_state`."""

    etat = HiddenField()

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Put each instruction under its field."""
        for name, message in errors.items():
            self[name].errors = [message]


# --- Fields ---------------------------------------------------------------------------------------


def section_form(
    view: SectionView,
    choices: Choices,
    kept: MultiDict | None = None,
    *,
    base: type[FileForm] = FileForm,
    **options: Any,
) -> FileForm:
    """The form of a section: one control for each field that may be changed, beside those of `base`. `kept`:
    typed before; `options` go to the form: `formdata=None` leaves out what was sent.
    """
    controls = {one.field.name: _control(one, choices) for one in view.editable}
    form_class = type("SectionForm", (base,), controls)
    data = {one.field.name: typed_at_first(one) for one in view.editable}
    return form_class(data=data, **_typed(kept), **options)


def _typed(kept: MultiDict | None) -> dict[str, MultiDict]:
    return {} if kept is None else {"formdata": kept}


def typed_at_first(one: FieldView) -> str:
    """What the control is filled with. An IBAN is never sent back to a page."""
    return "" if one.field.kind is FieldKind.IBAN else one.shown or ""


def typed(form: FileForm, view: SectionView) -> dict[str, str]:
    """What was typed, by field. An IBAN left empty stays as it is."""
    texts = {one.field.name: form[one.field.name].data or "" for one in view.editable}
    return {
        one.field.name: texts[one.field.name]
        for one in view.editable
        if one.field.kind is not FieldKind.IBAN or texts[one.field.name].strip()
    }


def _control(one: FieldView, choices: Choices) -> Field:
    field = one.field
    options: dict[str, Any] = {
        "validators": [InputRequired()] if one.policy.is_required else [],
        "description": field.help,
        "render_kw": {"autocomplete": AUTOCOMPLETE.get(field.key, "off")},
    }
    offered = _offered(one, choices)
    if field.kind is FieldKind.YES_NO:
        return RadioField(field.label, choices=YES_NO, **options | {"render_kw": {}})
    if offered:
        return SelectField(field.label, choices=[NOTHING, *offered], **options)
    options["render_kw"]["maxlength"] = field.length
    if field.kind is FieldKind.TEXT:
        options["render_kw"]["rows"] = 3
        return TextAreaField(field.label, **options)
    if field.kind is FieldKind.PHONE:
        return TelField(field.label, **options)
    if field.kind is FieldKind.DATE:
        del options["render_kw"]["maxlength"]
        return StringField(field.label, widget=DateInput(), **options)
    if field.kind is FieldKind.POSTCODE:
        options["render_kw"]["inputmode"] = "numeric"
    return StringField(field.label, **options)


def _offered(one: FieldView, choices: Choices) -> list[SelectChoice]:
    """The words of a list; none for a list that the town has not written: then one types freely."""
    kind = one.field.choices
    if kind is None:
        return []
    if isinstance(kind, ChoiceList):
        return _labels(choices[kind], one.value, one.shown)
    return _members(kind)


def _labels(offered: Sequence[str], *present: str | None) -> list[SelectChoice]:
    """The town's words, and the present one when the town has taken it off its list since."""
    if not offered:
        return []
    words = dict.fromkeys((*offered, *filter(None, present)))
    return [SelectChoice(word, word) for word in words]


def _members(kind: type[StrEnum]) -> list[SelectChoice]:
    return [
        SelectChoice(one.value, VACCINATIONS[one] if isinstance(one, Vaccination) else label(one))
        for one in kind
    ]


# --- People ---------------------------------------------------------------------------------------


def person_form(
    view: PersonView | None,
    choices: Choices,
    kept: MultiDict | None = None,
    *,
    base: type[FileForm] = FileForm,
    **options: Any,
) -> FileForm:
    """The form of somebody who may fetch the child; `view` is None for a new person."""
    shown = view.shown if view else Person("", "", may_collect=True)
    offered = _labels(choices[ChoiceList.RELATIONSHIP], shown.relationship)
    relationship = "Lien avec l’enfant"
    off = {"autocomplete": "off", "maxlength": 80}
    controls = {
        "first_name": StringField("Prénom", [InputRequired()], render_kw=off),
        "last_name": StringField("Nom", [InputRequired()], render_kw=off),
        "relationship": SelectField(relationship, choices=[NOTHING, *offered])
        if offered
        else StringField(relationship, render_kw=off),
        "phone": TelField("Téléphone", render_kw={"autocomplete": "off", "maxlength": 30}),
        "may_collect": BooleanField("Peut venir chercher l’enfant"),
        "is_emergency_contact": BooleanField("À prévenir en cas d’urgence"),
    }
    form_class = type("PersonForm", (base,), controls)
    data = {name: getattr(shown, name) for name in controls}
    return form_class(data=data, **_typed(kept), **options)


def typed_person(form: FileForm) -> Person:
    """The person as it was typed."""
    return Person(
        first_name=form.first_name.data or "",
        last_name=form.last_name.data or "",
        relationship=form.relationship.data or "",
        phone=form.phone.data or "",
        may_collect=form.may_collect.data,
        is_emergency_contact=form.is_emergency_contact.data,
    )


# --- Authorisations -------------------------------------------------------------------------------


def questions_form(
    questions: Sequence[Question],
    kept: MultiDict | None = None,
    *,
    base: type[FileForm] = FileForm,
    **options: Any,
) -> FileForm:
    """One « oui » or « non » a question."""
    controls = {
        one.field: RadioField(
            f"{one.name}, {one.facility}" if one.facility else one.name,
            choices=YES_NO,
            description=one.description,
        )
        for one in questions
    }
    form_class = type("QuestionsForm", (base,), controls)
    data = {one.field: one.shown for one in questions}
    return form_class(data=data, **_typed(kept), **options)


def answered(form: FileForm, questions: Sequence[Question]) -> dict[tuple[int, int | None], bool]:
    """The answers given; a question left open is not among them."""
    return {
        (one.type_id, one.facility_id): form[one.field].data == YES
        for one in questions
        if form[one.field].data in (YES, NO)
    }
