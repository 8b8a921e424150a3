"""The decision on the ticked lines of a case."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.shared.fields import TicksField, squeeze
from domain.errors import NotFound, Refused
from queries.staff_requests import Case

ACCEPT, REFUSE = "accepter", "refuser"
REASON_LENGTH = 500


class DecisionForm(FlaskForm):
    """Everything that can be accepted is ticked beforehand; `reason` reaches the family."""

    lines = TicksField(
        "Lignes", [InputRequired("Cochez au moins une ligne.")], coerce=int, validate_choice=False
    )
    reason = TextAreaField(
        "Motif",
        [Length(max=REASON_LENGTH, message=f"Raccourcissez le motif à {REASON_LENGTH} caractères.")],
        filters=[squeeze],
    )

    def require_lines_of(self, case: Case) -> None:
        """Raises NotFound for another case's line; one that was answered meanwhile is stale, not wrong."""
        if not {line.line_id for line in case.lines}.issuperset(self.lines.data or ()):
            raise NotFound

    def tick_what_can_be_accepted(self, case: Case) -> None:
        self.lines.data = [line.line_id for line in case.open_lines if line.can_be_accepted]

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal of the services where it can be mended."""
        if refusal.code == "reason_missing":
            self.reason.errors = [*self.reason.errors, refusal.message]
        else:
            self.form_errors.append(refusal.message)
