"""Forms of the import and the export of families."""

from wtforms import BooleanField, HiddenField, SelectChoice
from wtforms.validators import InputRequired

from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import EnumRadio, UploadField
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
    replace = BooleanField("Remplacer aussi les valeurs qui diffèrent par celles du fichier")


class ExportForm(StaffForm):
    kind = EnumRadio("Format", FileKind, "Choisissez le format du fichier.", choices=EXPORT_CHOICES)
    with_health = BooleanField("Joindre les informations de santé")
    looks = {
        "with_health": {"help": "Chaque famille verra que vous les avez lues. Gardez ce fichier en lieu sûr."}
    }
