"""A blank is no answer where one is required: the form says what to write, nothing fails behind it."""

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import InputRequired

from blueprints.shared.fields import PlainDateField
from blueprints.staff.families.fields import QuotientField
from blueprints.staff.fields import ClockField, EurosField, NumberField

FIELDS = {
    "day": PlainDateField("Jour", [InputRequired("Écrivez.")]),
    "clock": ClockField("Heure", required="Écrivez."),
    "euros": EurosField("Montant", [InputRequired("Écrivez.")]),
    "quotient": QuotientField("Quotient", [InputRequired("Écrivez.")]),
    "number": NumberField("Nombre", 1, 9, required="Écrivez."),
}


@pytest.mark.parametrize("blank", ["", " ", "\u00a0\t"])
@pytest.mark.parametrize("name", FIELDS)
def test_a_blank_is_no_answer(name, blank):
    form = type("OneField", (Form,), {name: FIELDS[name]})(MultiDict({name: blank}))
    assert not form.validate()
    assert form.errors[name]
