"""The draft of the règlement as text or file, and the day from which it holds."""

from datetime import date

from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, TextAreaField
from wtforms.validators import InputRequired

from blueprints.staff.families.forms import StaffForm
from domain.errors import BusinessError

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
