"""The form of a closure."""

from collections.abc import Sequence

from wtforms import SelectField, ValidationError
from wtforms.validators import InputRequired

from blueprints.shared.fields import LineField, PlainDateField
from blueprints.staff.families.forms import StaffForm
from queries.closures import Target

OTHER_CAUSE = ("", "Autre raison, rien n’est facturé")


class ClosureForm(StaffForm):
    target = SelectField("Ce qui ferme", [InputRequired("Choisissez ce qui ferme.")])
    first = PlainDateField("Du", [InputRequired("Indiquez le premier jour.")])
    last = PlainDateField("Au", [InputRequired("Indiquez le dernier jour.")])
    cause = SelectField("Cause")
    reason = LineField(
        "Motif pour les familles",
        160,
        required="Indiquez le motif que les familles liront, par exemple Grève du personnel.",
    )
    looks = {
        "target": {"help": "Une structure entière, une de ses activités, ou les enfants d’une classe."},
        "cause": {"help": "Selon la cause, le règlement dit ce qui reste dû. L’aperçu le calcule."},
        "reason": {"help": "Les familles le lisent sur leur planning et dans le mail."},
    }

    def offer(self, targets: Sequence[Target], causes: Sequence[tuple[str, str]]) -> "ClosureForm":
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in targets:
            groups.setdefault(one.facility, []).append((one.value, one.label))
        self.target.choices = groups
        self.cause.choices = [*causes, OTHER_CAUSE]
        return self

    def validate_last(self, field: PlainDateField) -> None:
        if self.first.data and field.data and field.data < self.first.data:
            raise ValidationError("Indiquez un dernier jour qui suit le premier.")
