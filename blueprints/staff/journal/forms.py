"""What is looked for in the journal, typed in the address of the page."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import SelectField

from blueprints.shared.fields import LineField, PlainDateField
from blueprints.staff.fields import NumberField
from queries.journal import Search


class SearchForm(FlaskForm):
    """Every field may stay empty; what cannot be read asks for nothing."""

    class Meta:
        csrf = False  # it only reads

    first_day = PlainDateField("Du")
    last_day = PlainDateField("Au")
    person = LineField("Qui a agi", 80)
    number = NumberField("Numéro de dossier", 1, 99_999_999)
    action = SelectField("Acte", validate_choice=False)

    def offer(self, actions: Sequence[tuple[str, str]]) -> None:
        self.action.choices = [("", "Tous les actes"), *actions]

    def search(self) -> Search:
        self.validate()
        typed = {name: None if field.errors else field.data for name, field in self._fields.items()}
        return Search(
            typed["first_day"], typed["last_day"], typed["person"] or "", typed["number"],
            typed["action"] or "",
        )  # fmt: skip
