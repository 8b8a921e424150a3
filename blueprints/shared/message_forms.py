"""The form of one message, the same for a family and for an agent (R52)."""

import secrets

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import HiddenField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from blueprints.shared.fields import LineField
from domain.errors import Refused
from domain.french import NBSP
from services.conversations import FILES_AT_ONCE, LONGEST, SUBJECT_LENGTH, Letter
from services.safe_files import Upload

FILES_HELP = f"Photo ou PDF, {FILES_AT_ONCE} fichiers au plus, 12{NBSP}Mo chacun."


class MessageForm(FlaskForm):
    """An answer. `submission_key` names the sending: sent twice, it is one message."""

    submission_key = HiddenField(validators=[InputRequired(), Length(min=20, max=40)])
    text = TextAreaField(
        "Votre message",
        [
            DataRequired("Écrivez votre message."),
            Length(max=LONGEST, message=f"Raccourcissez le message{NBSP}: {LONGEST} caractères au plus."),
        ],
    )
    files = MultipleFileField("Pièces jointes (facultatif)")
    looks = {
        "text": {"rows": "6", "maxlength": str(LONGEST)},
        "files": {"help": FILES_HELP, "accept": "image/*,application/pdf", "data_most": "12"},
    }

    def letter(self) -> Letter:
        """What was typed, with the chosen files read."""
        uploads = tuple(
            Upload(one.stream.read(), one.filename or "") for one in self.files.data or () if one.filename
        )
        return Letter(self.text.data or "", self.submission_key.data or "", uploads)

    def refuse(self, refusal: Refused) -> None:
        place = self[refusal.code if refusal.code in self else "files"]
        place.errors = [*place.errors, refusal.message]


class NewMessageForm(MessageForm):
    """A new conversation: with whom, about what."""

    facility = SelectField("À qui écrivez-vous\u00a0?", validate_choice=True, coerce=int)
    subject = LineField("Objet", SUBJECT_LENGTH, required="Indiquez l’objet du message, en quelques mots.")
    looks = MessageForm.looks

    def offer(self, service: str | None, facilities: list[tuple[int, str]]) -> None:
        """The service as a whole (0), unless `service` is None, then the structures."""
        whole = [] if service is None else [(0, service)]
        self.facility.choices = [SelectChoice(str(value), name) for value, name in [*whole, *facilities]]

    @property
    def facility_id(self) -> int | None:
        return self.facility.data or None


def new_key() -> str:
    return secrets.token_urlsafe(24)
