"""Fields that families and agents fill in: what is typed becomes what the file stores, or an instruction in
French.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import DateField, SelectChoice, SelectField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import DataRequired, Length, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from adapters import addresses, numbers
from domain.field_values import WRONG_DATE, WRONG_IBAN, WRONG_PHONE, WRONG_POSTCODE, too_long


def squeeze(text: str | None) -> str:
    """One line without useless spaces."""
    return " ".join((text or "").split())


class LineField(StringField):
    """A short text on one line. `required` is the instruction shown when it is empty."""

    def __init__(
        self, text: str, length: int, required: str = "", validators: Sequence[Any] = (), **options: Any
    ):
        needed = [DataRequired(required)] if required else []  # blanks are no answer
        limit = Length(max=length, message=too_long(length))
        super().__init__(text, [*needed, limit, *validators], filters=[squeeze], **options)


class PlainDateField(DateField):
    """A day from the browser's own picker, or typed « 04/05/2019 » where there is none."""

    def __init__(self, text: str, validators: Sequence[Any] = (), **options: Any):
        super().__init__(text, list(validators), format=["%Y-%m-%d", "%d/%m/%Y"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data, self.raw_data = None, []  # a blank is no answer, where one is required
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(WRONG_DATE) from None


class LabelField(SelectField):
    """One label of a list that the service edits (`queries.lists.choices`); empty is no answer."""

    def __init__(self, text: str, validators: Sequence[Any] = (), **options: Any):
        super().__init__(text, list(validators), default="", **options)

    def pre_validate(self, form: Any) -> None:
        if all(self.data != value for value, *_ in self.iter_choices()):
            raise ValidationError("Choisissez une réponse de la liste.")

    def offer(self, labels: Iterable[str]) -> None:
        self.choices = [SelectChoice("", "Non renseigné"), *(SelectChoice(label, label) for label in labels)]


class TicksField(SelectMultipleField):
    """A list of boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def optional_email(_form: Any, field: StringField) -> None:
    """Empty, or an address of the right form, stored as it is compared (S04)."""
    if not field.data:
        raise StopValidation()
    address = addresses.email(field.data)
    if address is None:
        raise ValidationError("Indiquez une adresse complète, par exemple nom@exemple.fr.")
    field.data = address


def phone(_form: Any, field: StringField) -> None:
    """Empty, or a number written « 06 12 34 56 78 », « +32 470 12 34 56 »."""
    if not field.data:
        raise StopValidation()
    number = numbers.phone(field.data)
    if number is None:
        raise ValidationError(WRONG_PHONE)
    field.data = number


def iban(_form: Any, field: StringField) -> None:
    """Empty, or an IBAN whose key is right, stored without spaces."""
    if not field.data:
        raise StopValidation()
    number = numbers.iban(field.data)
    if number is None:
        raise ValidationError(WRONG_IBAN)
    field.data = number


def creditor_identifier(_form: Any, field: StringField) -> None:
    """Empty, or an ICS whose key is right, stored without spaces."""
    if not field.data:
        raise StopValidation()
    number = numbers.creditor_identifier(field.data)
    if number is None:
        raise ValidationError("Cet ICS n’est pas valable\u00a0: recopiez-le, par exemple FR72ZZZ123456.")
    field.data = number


def postcode(_form: Any, field: StringField) -> None:
    """Empty, or five figures."""
    if not field.data:
        raise StopValidation()
    field.data = field.data.replace(" ", "")
    if not re.fullmatch(r"[0-9]{5}", field.data):
        raise ValidationError(WRONG_POSTCODE)
