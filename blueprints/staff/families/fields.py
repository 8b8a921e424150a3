"""Fields of the family file: what is typed becomes what the file stores, or an instruction in French."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask import session
from wtforms import DateField, SelectChoice, SelectMultipleField, StringField, ValidationError
from wtforms.validators import DataRequired, Length, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.staff.fields import EnumRadio
from domain.enums import Channel
from domain.labels import label
from domain.people import normalise_email

# A number without its country is looked for in France, then in the overseas departments.
PHONE_REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT")
MOST_QUOTIENT = 100_000
LAST_CHANNEL = "channel"  # in the signed cookie
SERVICE_CHANNELS = (Channel.PHONE, Channel.COUNTER, Channel.MAIL, Channel.PAPER)


def squeeze(text: str | None) -> str:
    """One line without useless spaces."""
    return " ".join((text or "").split())


class LineField(StringField):
    """A short text on one line. `required` is the instruction shown when it is empty."""

    def __init__(
        self, text: str, length: int, required: str = "", validators: Sequence[Any] = (), **options: Any
    ):
        needed = [DataRequired(required)] if required else []  # blanks are no answer
        limit = Length(max=length, message=f"Raccourcissez à {length} caractères.")
        super().__init__(text, [*needed, limit, *validators], filters=[squeeze], **options)


class PlainDateField(DateField):
    """A day from the browser's own picker, or typed « 04/05/2019 » where there is none."""

    def __init__(self, text: str, validators: Sequence[Any] = (), **options: Any):
        super().__init__(text, list(validators), format=["%Y-%m-%d", "%d/%m/%Y"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Indiquez une date qui existe, par exemple 04/05/2019.") from None


class QuotientField(StringField):
    """A quotient familial; `data` is in hundredths: « 622,50 » gives 62250."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = re.sub(r"\s", "", valuelist[0] if valuelist else "").replace(",", ".")
        self.data = None
        if not text:
            return
        try:
            value = Decimal(text) * 100
            valid = value == value.to_integral_value() and 0 <= value <= MOST_QUOTIENT * 100
        except InvalidOperation:
            valid = False
        if not valid:
            raise ValueError("Indiquez le quotient en chiffres, par exemple 622,50.")
        self.data = int(value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data / 100:.2f}".replace(".", ",")


class TicksField(SelectMultipleField):
    """A list of boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def channel_field() -> EnumRadio:
    """How the family told it (S06); the channel of the last act is chosen beforehand, else the telephone."""
    return EnumRadio(
        "La famille vous l’a dit",
        Channel,
        "Choisissez comment la famille vous l’a dit.",
        choices=[SelectChoice(channel.value, label(channel)) for channel in SERVICE_CHANNELS],
        default=_last_channel,
    )


def _last_channel() -> Channel:
    last = session.get(LAST_CHANNEL)
    return Channel(last) if last in SERVICE_CHANNELS else Channel.PHONE


def remember_channel(channel: Channel) -> None:
    """Chosen beforehand in the next form of this browser, until sign-out."""
    session[LAST_CHANNEL] = channel.value


def optional_email(_form: Any, field: StringField) -> None:
    """Empty, or an address of the right form, stored as it is compared (S04)."""
    if not field.data:
        raise StopValidation()
    try:
        field.data = normalise_email(validate_email(field.data, check_deliverability=False).normalized)
    except EmailNotValidError:
        raise ValidationError("Indiquez une adresse complète, par exemple nom@exemple.fr.") from None


def phone(_form: Any, field: StringField) -> None:
    """Empty, or a number written « 06 12 34 56 78 », « +32 470 12 34 56 »."""
    if not field.data:
        raise StopValidation()
    number = _parse_phone(field.data)
    if number is None:
        raise ValidationError("Indiquez un numéro complet, par exemple 06 12 34 56 78.")
    abroad = phonenumbers.region_code_for_country_code(number.country_code) not in PHONE_REGIONS
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL if abroad else phonenumbers.PhoneNumberFormat.NATIONAL
    field.data = phonenumbers.format_number(number, form)


def _parse_phone(text: str) -> phonenumbers.PhoneNumber | None:
    """The number in the region in which it exists, else a French one of the right length: new ranges are
    opened before the library knows them.
    """
    found = []
    for region in PHONE_REGIONS:
        try:
            found.append(phonenumbers.parse(text, region))
        except phonenumbers.NumberParseException:
            return None
    existing = (number for number in found if phonenumbers.is_valid_number(number))
    return next(existing, found[0] if phonenumbers.is_possible_number(found[0]) else None)


def postcode(_form: Any, field: StringField) -> None:
    """Empty, or five figures."""
    if not field.data:
        raise StopValidation()
    field.data = field.data.replace(" ", "")
    if not re.fullmatch(r"[0-9]{5}", field.data):
        raise ValidationError("Indiquez un code postal de cinq chiffres, par exemple 46000.")
