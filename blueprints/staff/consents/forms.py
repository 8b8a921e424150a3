"""Forms of the texts to accept."""

from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from blueprints.shared.fields import LineField
from blueprints.staff.facilities.forms import POSITION_HELP, position_field
from blueprints.staff.families.forms import StaffForm, values_of
from services.consents import ConsentData

LONGEST_TEXT = 40_000


def _text_field() -> TextAreaField:
    return TextAreaField(
        "Texte à accepter",
        [
            DataRequired("Écrivez le texte que les parents liront."),
            Length(max=LONGEST_TEXT, message="Ce texte est trop long\u00a0: 40\u00a0000 caractères au plus."),
        ],
        filters=[lambda text: (text or "").strip().replace("\r\n", "\n")],
        render_kw={"rows": 16},
    )


_TEXT = {"help": "Une ligne vide sépare les paragraphes. Un texte publié ne se modifie plus."}


class ConsentForm(StaffForm):
    name = LineField("Nom du texte", 120, required="Indiquez un nom, par exemple Règlement intérieur.")
    is_required = BooleanField("Nécessaire pour réserver", default=True)
    position = position_field()
    is_active = BooleanField("Demandé aux familles", default=True)
    looks = {
        "is_required": {"help": "Un parent qui ne l’a pas accepté ne peut pas réserver."},
        "position": {"help": POSITION_HELP, "inputmode": "numeric"},
        "is_active": {"help": "Décoché, il n’est plus demandé\u00a0; les réponses données sont gardées."},
    }

    def data_typed(self) -> ConsentData:
        return values_of(self, ConsentData)


class NewConsentForm(ConsentForm):
    text = _text_field()
    looks = ConsentForm.looks | {"text": _TEXT}


class VersionForm(StaffForm):
    text = _text_field()
    seen = HiddenField()
    looks = {"text": _TEXT}
