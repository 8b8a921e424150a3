"""Forms of the schools: a class, the promotion of every pupil in one go."""

from collections.abc import Iterable

from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, SelectChoice, SelectField

from blueprints.shared.fields import LineField
from blueprints.staff.families.forms import StaffForm, add_error
from domain.errors import NotFound
from domain.french import NBSP
from queries.schools import Candidate, ClassLine, PromotionPage
from services.schools import Promotion

NO_CLASS = SelectChoice("", "Sans classe pour l’instant")


def _number(value: object) -> int | None:
    return int(str(value)) if str(value or "").isdecimal() else None


class ClassForm(StaffForm):
    name = LineField("Nom de la classe", 80, required="Indiquez le nom de la classe, par exemple CE1-CE2 B.")
    teacher = LineField("Enseignant", 120)
    looks = {"name": {"help": "Le niveau dans le nom permet de proposer la classe au passage de l’année."}}


class PupilForm(Form):
    child_id = HiddenField()
    class_id = SelectField("Classe", coerce=_number)
    is_held_back = BooleanField("Maintenu")
    leaves = BooleanField("Quitte l’école")


class PromotionForm(StaffForm):
    seen = HiddenField()
    pupils = FieldList(FormField(PupilForm))

    def offer(self, classes: Iterable[ClassLine]) -> "PromotionForm":
        """The classes of next year, for every pupil."""
        choices = [NO_CLASS, *(SelectChoice(str(line.class_id), line.label) for line in classes)]
        for entry in self.pupils:
            entry.form.class_id.choices = choices
        return self

    def promotions(self, candidates: Iterable[Candidate]) -> list[Promotion]:
        """What was decided for each pupil. Raises NotFound for one that the page does not have."""
        known = {str(one.pupil.child_id): one for one in candidates}
        found = []
        for entry in self.pupils:
            form = entry.form
            if form.child_id.data not in known:
                raise NotFound
            found.append(
                Promotion(
                    known[form.child_id.data].pupil.child_id,
                    form.class_id.data,
                    form.is_held_back.data,
                    form.leaves.data and not known[form.child_id.data].is_done,
                )
            )
        return found

    def validate(self, extra_validators: object = None) -> bool:
        valid = super().validate(extra_validators)
        for entry in self.pupils:
            if entry.form.is_held_back.data and entry.form.leaves.data:
                add_error(
                    entry.form.leaves, f"Choisissez l’un ou l’autre{NBSP}: maintenu, ou quitte l’école."
                )
                valid = False
        if not valid:
            self.pupils.errors = [entry.errors for entry in self.pupils]
        return valid


def promotion_data(page: PromotionPage) -> dict[str, object]:
    """What the form shows: the proposal, or what stands already."""
    return {
        "seen": page.seen,
        "pupils": [
            {
                "child_id": one.pupil.child_id,
                "class_id": one.class_id,
                "is_held_back": one.is_held_back,
                "leaves": False,
            }
            for one in page.candidates
        ],
    }
