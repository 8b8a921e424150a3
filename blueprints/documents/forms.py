"""The form that sends a document (S64 to S71)."""

from collections.abc import Sequence
from datetime import date

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length

from blueprints.shared.fields import PlainDateField, TicksField, squeeze
from domain.enums import AbsenceKind, DocumentEffect
from domain.errors import Refused
from domain.french import NBSP, format_day
from domain.labels import label
from queries.documents import BookedDay, Category
from services.documents import Upload

# Under which field a refusal of the service is shown; the files answer for all that is not here.
PLACES = {"issued_on": "issued_on", "absence_kind": "absence_kind", "absence_days": "absence_days"}


class SendForm(FlaskForm):
    """`upload_key` names the sending: sent twice, it is one document."""

    upload_key = HiddenField(validators=[InputRequired(), Length(min=20, max=64)])
    absence_kind = RadioField(
        "Nature du justificatif",
        [AnyOf(list(AbsenceKind), "Choisissez la nature du justificatif.")],
        choices=[SelectChoice(kind.value, label(kind)) for kind in AbsenceKind],
        validate_choice=False,
    )
    # A day cancelled meanwhile is told by the service, which knows why.
    absence_days = TicksField("Jours d’absence", coerce=date.fromisoformat, validate_choice=False)
    files = MultipleFileField("Fichiers ou photos")
    issued_on = PlainDateField("Date écrite sur le document (facultatif)")
    comment = TextAreaField(
        "Message pour le service (facultatif)",
        [Length(max=500, message=f"Raccourcissez à 500{NBSP}caractères.")],
        filters=[squeeze],
    )
    is_private = BooleanField("Ne pas montrer ce document à l’autre foyer de l’enfant")

    def shape(self, category: Category, days: Sequence[BookedDay], *, has_other_home: bool) -> None:
        """Keep the questions that this category asks."""
        if category.effect is DocumentEffect.ABSENCE:
            self.absence_days.choices = [
                SelectChoice(
                    one.day.isoformat(), f"{format_day(one.day).capitalize()}, {', '.join(one.activities)}"
                )
                for one in days
                if not one.is_justified
            ]
            del self.issued_on
        else:
            del self.absence_kind, self.absence_days
        if not has_other_home:
            del self.is_private

    def tick(self, day: str) -> None:
        """Tick a day of absence at once, when it is one of those offered."""
        if "absence_days" in self and day in [value for value, *_ in self.absence_days.iter_choices()]:
            self.absence_days.data = [date.fromisoformat(day)]

    def uploads(self) -> tuple[Upload, ...]:
        """The chosen files, read."""
        return tuple(
            Upload(one.stream.read(), one.filename or "") for one in self.files.data or () if one.filename
        )

    def show_refusal(self, refusal: Refused) -> None:
        place = self[PLACES.get(refusal.code, "files")]
        place.errors = [*place.errors, refusal.message]
