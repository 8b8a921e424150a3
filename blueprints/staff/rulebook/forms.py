"""The draft of the règlement as text or file, and the day from which it holds."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import InputRequired

from blueprints.staff.families.forms import StaffForm
from domain.enums import ActivityKind
from domain.errors import BusinessError
from domain.labels import label
from queries.rulebook_pages import PortalActivity

MOST_BYTES = 2_000_000


class DraftForm(StaffForm):
    """A text; a file, when one is given, takes its place."""

    text = TextAreaField("Texte du règlement")
    upload = FileField("Ou un fichier (.yaml)")

    def given_text(self) -> str:
        """What was given. Raises BusinessError for a file that is no text."""
        if not self.upload.data:
            return self.text.data or ""
        content = self.upload.data.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BusinessError("too_big", "Ce fichier dépasse 2\u00a0Mo\u00a0: ce n’est pas un règlement.")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BusinessError(
                "not_text",
                "Ce fichier n’est pas du texte UTF-8. Enregistrez-le en UTF-8, ou collez son texte.",
            ) from None


class PublishForm(StaffForm):
    """From when the draft holds, and which text was looked at."""

    valid_from = DateField("Premier jour de cette version", validators=[InputRequired("Indiquez une date.")])
    fingerprint = HiddenField()

    def first_day(self) -> date | None:
        return self.valid_from.data


class Example(Protocol):
    """What the form needs of a règlement to start from."""

    key: str
    name: str
    activities: Mapping[str, ActivityKind]


class ExamplesForm(StaffForm):
    """For each activity of the portal, the example whose rules it takes; one field an activity."""

    PREFIX = "activite-"

    def choices(self) -> dict[int, tuple[str, str]]:
        """By id of activity, the example and the activity of it that were chosen."""
        return {
            int(name.removeprefix(self.PREFIX)): tuple(field.data.split("/"))
            for name, field in self._fields.items()
            if name.startswith(self.PREFIX) and field.data
        }


def examples_form(activities: Sequence[PortalActivity], examples: Sequence[Example]) -> ExamplesForm:
    """The form for these activities; those of the same kind come first in each list."""
    fields = {
        f"{ExamplesForm.PREFIX}{one.id}": SelectField(
            one.name, choices=[SelectChoice("", "Rien pour le moment"), *_offered(one.kind, examples)]
        )
        for one in activities
    }
    return type("ExamplesOfTown", (ExamplesForm,), fields)()


def _offered(kind: ActivityKind, examples: Sequence[Example]) -> list[SelectChoice]:
    found = [(one, name, of) for one in examples for name, of in one.activities.items()]
    found.sort(key=lambda entry: entry[2] is not kind)
    return [SelectChoice(f"{one.key}/{name}", _called(one, name, of)) for one, name, of in found]


def _called(example: Example, name: str, kind: ActivityKind) -> str:
    if len(example.activities) == 1:
        return example.name
    if len(set(example.activities.values())) == len(example.activities):
        return f"{example.name} ({label(kind).lower()})"
    return f"{example.name} ({name})"
