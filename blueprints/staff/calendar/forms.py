"""Forms of the calendar."""

from datetime import date

from wtforms.validators import InputRequired

from blueprints.shared.fields import LineField, PlainDateField
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import UploadField


def _label(name: str, example: str) -> LineField:
    return LineField(name, 80, required=f"Indiquez un nom, par exemple {example}.")


class PublicHolidayForm(StaffForm):
    day = PlainDateField("Jour", [InputRequired("Indiquez le jour, par exemple 14/07/2027.")])
    label = _label("Nom", "Fête nationale")


class SchoolHolidayForm(StaffForm):
    label = _label("Nom", "Vacances d’hiver")
    first_day = PlainDateField(
        "Premier jour sans école", [InputRequired("Indiquez le premier jour sans école.")]
    )
    last_day = PlainDateField(
        "Dernier jour sans école", [InputRequired("Indiquez le dernier jour sans école.")]
    )
    looks = {"last_day": {"help": "La veille de la reprise."}}


class FillForm(StaffForm):
    """Nothing to type: the act alone."""


class ImportForm(StaffForm):
    file = UploadField("Fichier ICS", [InputRequired("Choisissez le fichier ICS à importer.")])
    looks = {
        "file": {
            "help": "512\u00a0ko au plus. Il se télécharge sur education.gouv.fr, calendrier scolaire.",
            "accept": ".ics,text/calendar",
        }
    }


def period_to_text(period: tuple[date, date, str]) -> str:
    """A period as the page of the preview carries it."""
    first, last, label = period
    return f"{first.isoformat()} {last.isoformat()} {label}"


def period_from_text(text: str) -> tuple[date, date, str]:
    """The period carried by the page; ValueError for anything else."""
    first, last, label = text.split(" ", 2)
    if not label.strip() or len(label) > 80:
        raise ValueError(text)
    return date.fromisoformat(first), date.fromisoformat(last), label
