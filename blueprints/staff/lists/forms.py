"""Forms of the lists and of the authorisations."""

from wtforms import BooleanField

from blueprints.shared.fields import LineField
from blueprints.staff.facilities.forms import POSITION_HELP, position_field, text_area
from blueprints.staff.families.forms import StaffForm, values_of
from services.lists import AuthorisationData, ChoiceData

_POSITION = {"help": POSITION_HELP, "inputmode": "numeric"}
# The shortest column that holds a label.
LABEL_LENGTH = 60


class ChoiceForm(StaffForm):
    label = LineField("Nom", LABEL_LENGTH, required="Indiquez le nom que les familles liront.")
    position = position_field()
    is_active = BooleanField("Proposé aux familles", default=True)
    looks = {
        "position": _POSITION,
        "is_active": {"help": "Décoché, il n’est plus proposé\u00a0; les dossiers qui l’ont le gardent."},
    }

    def data_typed(self) -> ChoiceData:
        return values_of(self, ChoiceData)


class AuthorisationForm(StaffForm):
    name = LineField(
        "Autorisation", 120, required="Indiquez l’autorisation, par exemple Sortie à la piscine."
    )
    description = text_area("Explication pour les familles", 1000)
    is_per_facility = BooleanField("Une réponse pour chaque structure")
    is_safety = BooleanField("Compte pour la sécurité de l’enfant")
    position = position_field()
    is_active = BooleanField("Demandée aux familles", default=True)
    looks = {
        "is_per_facility": {"help": "Les parents répondent pour chaque structure où l’enfant est inscrit."},
        "is_safety": {"help": "Un «\u00a0non\u00a0» est montré à l’équipe aussitôt, avant votre contrôle."},
        "position": _POSITION,
        "is_active": {"help": "Décochée, elle n’est plus demandée\u00a0; les réponses données sont gardées."},
    }

    def data_typed(self) -> AuthorisationData:
        return values_of(self, AuthorisationData)
