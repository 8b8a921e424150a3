"""The facts that the règlement reads and that only the service can tell."""

from flask import request
from werkzeug.wrappers import Response
from wtforms import Field, RadioField, SelectChoice
from wtforms.validators import InputRequired, ValidationError

from blueprints.shared.converters import row_number
from blueprints.shared.fields import LineField, PlainDateField
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file
from blueprints.staff.families.fields import channel_field
from blueprints.staff.families.forms import StaffForm
from domain.errors import NotFound
from domain.french import of_name
from domain.permissions import Permission
from domain.rulebook.facts import Kind
from domain.rulebook.family_facts import StatableFact, fault_of, value_in_words
from domain.rulebook.wording.text import capital
from queries import rule_facts as fact_queries
from services import rule_facts

_REQUIRED = "Indiquez la réponse."
_HELP = {
    Kind.NUMBER: "Un nombre, par exemple 2 ou 2,5.",
    Kind.DATE: "Une date, par exemple 2026-09-01.",
}


def _form_for(asked: StatableFact) -> type[StaffForm]:
    """The form of one fact: boxes for a closed list, a line otherwise."""

    class FactForm(StaffForm):
        value = _answer(asked)
        valid_from = PlainDateField("À partir du", [InputRequired("Indiquez à partir de quel jour.")])
        valid_to = PlainDateField("Jusqu’au")
        channel = channel_field()
        looks = {
            "value": {"help": _HELP[asked.fact.kind]} if asked.fact.kind in _HELP else {},
            "valid_to": {"help": "Laissez vide si la fin n’est pas connue."},
        }

        def validate_value(self, field: Field) -> None:
            if asked.fact.kind is Kind.NUMBER and field.data:
                field.data = field.data.replace(",", ".")
            fault = fault_of(asked.fact, field.data or "")
            if fault:
                raise ValidationError(capital(fault))

    return FactForm


def _answer(asked: StatableFact) -> Field:
    label = capital(asked.label)
    words = ("oui", "non") if asked.fact.kind is Kind.YES_NO else asked.fact.values
    if not words:
        return LineField(label, 200, required=_REQUIRED)
    choices = [SelectChoice(word, value_in_words(asked.fact, word).capitalize()) for word in words]
    return RadioField(label, [InputRequired(_REQUIRED)], choices=choices)


@blueprint.route("/<int:household_id>/informations/<name>", methods=["GET", "POST"])
@staff(Permission.FAMILIES_WRITE)
def state_fact(household_id: int, name: str) -> Response:
    household = household_file(household_id)
    asked = fact_queries.fact(name, today())
    child_id = request.args.get("enfant", type=row_number)
    whom = "du foyer" if child_id is None else of_name(household.child(child_id).card.first_name)
    if "enfant" in request.args and child_id is None:
        raise NotFound
    form = _form_for(asked)(data={"valid_from": today()})

    def save() -> None:
        said = rule_facts.Statement(name, form.value.data, form.valid_from.data, form.valid_to.data)
        rule_facts.state(household_id, child_id, said, author=author(form), now=now())

    return edit(household, form, save, title=f"Information {whom}", message="L’information est notée.")
