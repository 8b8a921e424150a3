"""The durations of conservation, in months, and the confirmation of an erasure."""

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice
from wtforms.validators import DataRequired

from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import NumberField
from domain.french import NBSP
from domain.retention import DURATIONS, LEAST_NOTICE, MOST_NOTICE, Retention


class DurationsForm(StaffForm):
    """One number a kind, in the order of `domain.retention`; each says its bounds and their source."""

    is_nightly = RadioField(
        "Effacer chaque nuit ce qui a été gardé assez longtemps",
        choices=[SelectChoice("oui", "Oui"), SelectChoice("non", "Non, je confirme chaque effacement")],
    )
    looks = {
        kind.value: {
            "help": f"En mois, de {one.least} à {one.most}, depuis {one.since}. {one.source}",
            "inputmode": "numeric",
        }
        for kind, one in DURATIONS.items()
    } | {
        "notice_days": {
            "help": f"En jours, de {LEAST_NOTICE} à {MOST_NOTICE}. Chaque adulte qui a un accès reçoit "
            f"un mail{NBSP}; une connexion, ou un acte du service sur le dossier, le garde.",
            "inputmode": "numeric",
        }
    }

    def retention(self) -> Retention:
        months = {kind: self[kind.value].data for kind in DURATIONS}
        return Retention(months, self.is_nightly.data == "oui", self.notice_days.data)


for _kind, _one in DURATIONS.items():
    _needed = f"Indiquez un nombre de mois, entre {_one.least} et {_one.most}."
    setattr(DurationsForm, _kind.value, NumberField(_one.name, _one.least, _one.most, _needed))


DurationsForm.notice_days = NumberField(
    "Prévenir la famille avant d’effacer son dossier",
    LEAST_NOTICE,
    MOST_NOTICE,
    f"Indiquez un nombre de jours, entre {LEAST_NOTICE} et {MOST_NOTICE}.",
)


class EraseForm(StaffForm):
    """`seen`: the families that were on screen."""

    seen = HiddenField()
    is_understood = BooleanField(
        "J’ai relu cette liste. Je sais que cet effacement ne se défait pas.",
        [DataRequired("Cochez cette case pour confirmer que vous avez relu la liste.")],
    )


def typed(retention: Retention) -> dict[str, int | str]:
    """The values that stand, for a form that is shown."""
    nightly = "oui" if retention.is_nightly else "non"
    months = {kind.value: count for kind, count in retention.months.items()}
    return months | {"is_nightly": nightly, "notice_days": retention.notice_days}
