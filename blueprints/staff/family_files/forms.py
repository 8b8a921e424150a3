"""Forms of the import, the export and the merge of families."""

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice
from wtforms.validators import InputRequired

from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import EnumRadio, UploadField
from domain.labels import label
from domain.merging import KEPT, OTHER
from queries.merges import Comparison
from services.family_exports import FileKind

EXPORT_CHOICES = (
    SelectChoice(FileKind.XLSX, "Un classeur XLSX, une feuille par sujet"),
    SelectChoice(FileKind.CSV, "Des fichiers CSV, réunis dans un ZIP"),
)


class ImportForm(StaffForm):
    file = UploadField("Fichier des familles", [InputRequired("Choisissez le fichier à importer.")])
    looks = {"file": {"help": "XLSX ou CSV, 5\u00a0Mo et 5\u00a0000 lignes au plus.", "accept": ".xlsx,.csv"}}


class ConfirmImportForm(StaffForm):
    key = HiddenField()
    seen = HiddenField()
    replace = BooleanField("Remplacer aussi les valeurs qui diffèrent par celles du fichier")


class ExportForm(StaffForm):
    kind = EnumRadio("Format", FileKind, "Choisissez le format du fichier.", choices=EXPORT_CHOICES)
    with_health = BooleanField("Joindre les informations de santé")
    looks = {
        "with_health": {"help": "Chaque famille verra que vous les avez lues. Gardez ce fichier en lieu sûr."}
    }


# --- Merge ------------------------------------------------------------------------------------------------


class MergeForm(StaffForm):
    """One radio for each value that differs, made by `merge_form`."""

    seen = HiddenField()

    def answers(self) -> dict[str, str]:
        return {field.name: field.data for field in self if isinstance(field, RadioField)}


def merge_form(comparison: Comparison, seen: str, *, fresh: bool = False) -> MergeForm:
    """The choices of a comparison, each with the value that is suggested. `fresh` forgets what was sent."""
    fields = {
        line.choice.key: RadioField(
            line.choice.label,
            choices=[
                SelectChoice(KEPT, f"{line.kept or 'non renseigné'} (fiche gardée)"),
                SelectChoice(OTHER, f"{line.other or 'non renseigné'} (doublon)"),
            ],
            default=line.suggested,
        )
        for line in comparison.lines
        if line.differs
    }
    if comparison.accesses is not None:
        mine, theirs = comparison.accesses
        fields["access"] = RadioField(
            "Accès au portail qui reste ouvert",
            [InputRequired("Choisissez lequel des deux accès reste ouvert.")],
            choices=[
                SelectChoice(KEPT, f"{mine.email} ({label(mine.status)})"),
                SelectChoice(OTHER, f"{theirs.email} ({label(theirs.status)})"),
            ],
        )
    form_class = type("ComparisonForm", (MergeForm,), fields)
    form = form_class(formdata=None) if fresh else form_class()
    if fresh or not form.is_submitted():
        form.seen.data = seen
    return form
