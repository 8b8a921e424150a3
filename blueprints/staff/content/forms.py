"""Forms of what the service publishes."""

from collections.abc import Sequence
from dataclasses import fields
from urllib.parse import urlsplit

from wtforms import BooleanField, SelectChoice, TextAreaField, URLField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from blueprints.shared.fields import LineField, PlainDateField, TicksField, squeeze
from blueprints.staff.facilities.forms import POSITION_HELP, position_field, text_area
from blueprints.staff.families.forms import StaffForm, values_of
from blueprints.staff.fields import EnumRadio, NumberField, UploadField
from domain.enums import DocumentEffect, DocumentOwner, DocumentValidity
from services.content import CategoryData, LinkData, NewsData, ResourceData, Upload

SHOWN = "Visible par les familles"
_POSITION = {"help": POSITION_HELP, "inputmode": "numeric"}


def web_address(_form: object, field: URLField) -> None:
    """Only pages of the web: nothing that would run on the reader's machine."""
    try:
        parts = urlsplit(field.data or "")
        good = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in field.data):
        raise ValidationError("Indiquez une adresse complète, par exemple https://www.caf.fr/.")


class LinkForm(StaffForm):
    title = LineField("Titre", 120, required="Indiquez le titre que les familles liront.")
    url = URLField(
        "Adresse du site",
        [
            DataRequired("Indiquez l’adresse du site, par exemple https://www.caf.fr/."),
            Length(max=500, message="Cette adresse est trop longue\u00a0: 500 caractères au plus."),
            web_address,
        ],
        filters=[squeeze],
    )
    position = position_field()
    is_active = BooleanField(SHOWN, default=True)
    looks = {"position": _POSITION}

    def data_typed(self) -> LinkData:
        return values_of(self, LinkData)


class NewsForm(StaffForm):
    title = LineField("Titre", 120, required="Indiquez le titre que les familles liront.")
    text = TextAreaField(
        "Texte",
        [
            DataRequired("Écrivez le texte de l’actualité."),
            Length(max=3000, message="Raccourcissez le texte\u00a0: 3000 caractères au plus."),
        ],
    )
    first_day = PlainDateField("Premier jour", [InputRequired("Indiquez à partir de quel jour la montrer.")])
    last_day = PlainDateField("Dernier jour (facultatif)")
    is_active = BooleanField(SHOWN, default=True)
    looks = {
        "text": {"rows": "6", "help": "Lu par toutes les familles et sur la page d’accueil publique."},
        "last_day": {"help": "Laissez vide pour la montrer jusqu’à ce que vous la retiriez."},
    }

    def data_typed(self) -> NewsData:
        return values_of(self, NewsData)


class ResourceForm(StaffForm):
    title = LineField("Titre", 120, required="Indiquez le titre que les familles liront.")
    file = UploadField("Fichier PDF", [InputRequired("Choisissez le fichier PDF à publier.")])
    position = position_field()
    is_active = BooleanField(SHOWN, default=True)
    looks = {
        "file": {"help": "10\u00a0Mo au plus, au format PDF.", "accept": ".pdf,application/pdf"},
        "position": _POSITION,
    }

    def data_typed(self) -> ResourceData:
        return values_of(self, ResourceData)

    def upload(self) -> Upload | None:
        return Upload(self.file.data.stream, self.file.data.filename) if self.file.data else None


class ReplaceResourceForm(ResourceForm):
    """The file may stay."""

    file = UploadField("Nouveau fichier PDF")
    looks = ResourceForm.looks | {
        "file": {
            "help": "Laissez vide pour garder le fichier actuel. 10\u00a0Mo au plus, au format PDF.",
            "accept": ".pdf,application/pdf",
        }
    }


class CategoryForm(StaffForm):
    name = LineField(
        "Nom du document", 120, required="Indiquez le nom, par exemple Justificatif de domicile."
    )
    description = text_area("Explication pour les familles", 1000)
    owner = EnumRadio("Ce document concerne", DocumentOwner, "Choisissez qui ce document concerne.")
    effect = EnumRadio(
        "Effet quand il est accepté",
        DocumentEffect,
        "Choisissez ce qui se passe quand le document est accepté.",
        default=DocumentEffect.NONE,
    )
    validity = EnumRadio(
        "Durée de validité",
        DocumentValidity,
        "Choisissez jusqu’à quand un document accepté reste valable.",
        default=DocumentValidity.LASTING,
    )
    validity_months = NumberField("Nombre de mois de validité", 1, 240)
    max_age_months = NumberField("Ancienneté maximale, en mois", 1, 240)
    is_required = BooleanField("Demandé aux familles", default=True)
    facilities = TicksField("Seulement pour ces structures", coerce=int)
    gates_booking = BooleanField("Sans ce document, pas de nouvelle réservation")
    is_medical = BooleanField("Document de santé")
    position = position_field()
    is_active = BooleanField("En service", default=True)
    looks = {
        "description": {"help": "Ce qu’il faut fournir, et de quand il doit dater."},
        "validity_months": {"help": "Pour une validité en mois seulement.", "inputmode": "numeric"},
        "max_age_months": {
            "help": "Un document plus ancien est accepté, avec un avertissement. Vide\u00a0: aucune limite.",
            "inputmode": "numeric",
        },
        "is_required": {"help": "S’il manque, la page d’accueil de la famille le signale."},
        "facilities": {"help": "Rien de coché\u00a0: pour toutes les familles."},
        "gates_booking": {"help": "Un document transmis compte dès son envoi, même avant la réponse."},
        "is_medical": {"help": "Seuls les agents qui ont le droit de lire la santé peuvent l’ouvrir."},
        "position": _POSITION,
    }

    def offer(self, facilities: Sequence[tuple[int, str]]) -> None:
        """The structures to choose from; without any, the question is not asked."""
        if facilities:
            self.facilities.choices = [SelectChoice(str(one), name) for one, name in facilities]
        else:
            del self.facilities

    def data_typed(self) -> CategoryData:
        needed = self.facilities.data if self.facilities else ()
        return CategoryData(
            facility_ids=frozenset(needed or ()),
            **{one.name: self[one.name].data for one in fields(CategoryData) if one.name != "facility_ids"},
        )
