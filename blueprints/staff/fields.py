"""Fields of the settings pages: rules, prices, places, hours. What is typed becomes what services take, or an
instruction in French.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from flask_wtf.file import FileField
from wtforms import IntegerField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from domain.clock_time import ClockTime
from domain.errors import RuleError
from domain.french import weekday_name
from domain.labels import label

Choice = TypeVar("Choice", bound=StrEnum)
Choices = Sequence[SelectChoice]
_CLOCK = re.compile(r"([0-9]{1,2})(?:[h:]([0-9]{2})?)?", re.IGNORECASE)
_EUROS = re.compile(r"([0-9]{1,5})(?:[,.]([0-9]{1,2}))?")
WEEKDAY_CHOICES = tuple(SelectChoice(str(number), weekday_name(number).capitalize()) for number in range(7))


def enum_choices(kind: type[Choice]) -> list[SelectChoice]:
    """(value, French word) of every member."""
    return [SelectChoice(member.value, label(member)) for member in kind]


def _coerce(kind: type[Choice]) -> Callable[[Any], Choice | None]:
    return lambda value: kind(value) if value else None


class _KnownChoice:
    """A choice that is not in the list is one that was not made: the same instruction answers both."""

    def pre_validate(self, form: Any) -> None:
        """What is asked is said by `InputRequired`."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)  # type: ignore[misc]
        except ValueError:
            self.data, self.raw_data = None, []


class EnumRadio(_KnownChoice, RadioField):
    """One member of a closed list, as buttons."""

    def __init__(
        self, text: str, kind: type[Choice], required: str, choices: Choices = (), **options: Any
    ) -> None:
        offered = choices or enum_choices(kind)
        super().__init__(text, [InputRequired(required)], coerce=_coerce(kind), choices=offered, **options)


class EnumSelect(_KnownChoice, SelectField):
    """One member of a closed list, as a drop-down list."""

    def __init__(
        self, text: str, kind: type[Choice], required: str, choices: Choices = (), **options: Any
    ) -> None:
        offered = choices or enum_choices(kind)
        super().__init__(text, [InputRequired(required)], coerce=_coerce(kind), choices=offered, **options)


class YesNo(_KnownChoice, RadioField):
    """An answer that nobody may guess: nothing is ticked beforehand. `data` is True, False or None."""

    def __init__(self, text: str, required: str, yes: str = "Oui", no: str = "Non", **options: Any) -> None:
        super().__init__(
            text,
            [InputRequired(required)],
            choices=[SelectChoice("1", yes), SelectChoice("0", no)],
            coerce=_yes,
            **options,
        )


def _yes(value: Any) -> bool | None:
    return None if value is None else value in ("1", True)


class NumberField(IntegerField):
    """A whole number from `least` to `most`; empty gives None unless `required` tells what to write."""

    def __init__(
        self,
        text: str,
        least: int,
        most: int,
        required: str = "",
        validators: Sequence[Any] = (),
        **options: Any,
    ) -> None:
        needed = [InputRequired(required)] if required else []
        super().__init__(text, [*needed, *validators], **options)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        text = re.sub(r"\s", "", valuelist[0] if valuelist else "")
        self.data = None
        if not text:
            self.raw_data = []  # a blank is no answer, where one is required
            return
        if not re.fullmatch(r"[0-9]{1,9}", text) or not self.least <= int(text) <= self.most:
            raise ValueError(f"Indiquez un nombre entier entre {self.least} et {self.most}.")
        self.data = int(text)


class ClockField(StringField):
    """A time of the Paris clock: « 12:00 », « 9 h 30 », « 24 h »; `data` is « 09:30 »."""

    def __init__(self, text: str, required: str = "", **options: Any) -> None:
        super().__init__(text, [InputRequired(required)] if required else [], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = re.sub(r"\s", "", valuelist[0] if valuelist else "")
        self.data = None
        if not text:
            self.raw_data = []  # a blank is no answer, where one is required
            return
        match = _CLOCK.fullmatch(text)
        try:
            self.data = str(ClockTime.parse(f"{int(match[1]):02d}:{match[2] or '00'}" if match else ""))
        except RuleError:
            raise ValueError("Indiquez une heure entre 00:00 et 24:00, par exemple 08:30.") from None

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.data or ""


class EurosField(StringField):
    """An amount typed as « 3,20 »; `data` is in cents."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = re.sub(r"[\s€]", "", valuelist[0] if valuelist else "")
        self.data = None
        if not text:
            self.raw_data = []  # « € » alone is no answer, where one is required
            return
        match = _EUROS.fullmatch(text)
        if not match:
            raise ValueError("Indiquez un montant en euros, par exemple 3,20.")
        self.data = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data // 100},{self.data % 100:02d}"


class UploadField(FileField):
    """A file to send; `data` is None when none was chosen."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata([one for one in valuelist if getattr(one, "filename", "")])
