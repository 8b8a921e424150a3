"""The durations of conservation, in months, and the confirmation of an erasure."""

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice
from wtforms.validators import DataRequired

from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import NumberField
from domain.retention import DURATIONS, Retention


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
    }

    def retention(self) -> Retention:
        months = {kind: self[kind.value].data for kind in DURATIONS}
        return Retention(months, self.is_nightly.data == "oui")


for _kind, _one in DURATIONS.items():
    _needed = f"Indiquez un nombre de mois, entre {_one.least} et {_one.most}."
    setattr(DurationsForm, _kind.value, NumberField(_one.name, _one.least, _one.most, _needed))


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
    return {kind.value: count for kind, count in retention.months.items()} | {"is_nightly": nightly}
