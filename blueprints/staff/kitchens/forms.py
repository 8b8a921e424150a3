"""Forms of the kitchens: what they cook for, when they take their counts."""

from collections.abc import Sequence

from wtforms import BooleanField, SelectChoice, ValidationError

from blueprints.shared.fields import LineField, TicksField
from blueprints.staff.facilities.forms import POSITION_HELP, position_field
from blueprints.staff.families.forms import StaffForm, values_of
from blueprints.staff.fields import ClockField, NumberField
from domain.clock_time import MINUTES_A_DAY, ClockTime
from queries.meal_counts import Cookable, Step
from services.kitchens import KitchenData, StepData


class KitchenForm(StaffForm):
    name = LineField("Nom de la cuisine", 120, required="Indiquez un nom, par exemple Cuisine centrale.")
    activities = TicksField("Elle prépare les repas de", coerce=int)
    position = position_field()
    is_active = BooleanField("Cuisine en service", default=True)
    looks = {
        "activities": {"help": "Une activité n’a qu’une cuisine\u00a0: la cocher ici la retire de l’autre."},
        "position": {"help": POSITION_HELP, "inputmode": "numeric"},
        "is_active": {"help": "Décochez pour arrêter les relevés et retirer ses menus, sans rien effacer."},
    }

    def offer(self, cookable: Sequence[Cookable], kitchen_id: int | None = None) -> "KitchenForm":
        """Every activity, with the other kitchen that has it; those of this kitchen are ticked."""
        self.activities.choices = [
            SelectChoice(
                one.activity_id,
                f"{one.facility}, {one.activity}"
                + (
                    f" (aujourd’hui\u00a0: {one.kitchen})" if one.kitchen_id not in (None, kitchen_id) else ""
                ),
            )
            for one in cookable
        ]
        if self.activities.data is None or not self.is_submitted():
            own = [one.activity_id for one in cookable if kitchen_id and one.kitchen_id == kitchen_id]
            self.activities.data = own
        return self

    def data_typed(self) -> KitchenData:
        return values_of(self, KitchenData)


class StepForm(StaffForm):
    name = LineField("Nom de l’étape", 60, required="Indiquez un nom, par exemple Commande ou J-3.")
    days_before = NumberField(
        "Jours avant le repas", 0, 60, required="Indiquez un nombre de jours, 0 pour le jour même."
    )
    clock = ClockField("Heure", required="Indiquez l’heure, par exemple 10:00.", default="10:00")
    is_active = BooleanField("Étape en service", default=True)
    looks = {
        "name": {"help": "Tel que la cuisine le lit."},
        "days_before": {"help": "Jours du calendrier, 0 pour le matin même.", "inputmode": "numeric"},
        "clock": {"help": "Heure de Paris. Le portail relève alors les repas réservés."},
    }

    @classmethod
    def of(cls, step: Step) -> "StepForm":
        """The form of a step that exists."""
        return cls(obj=step, clock=str(ClockTime(step.minute)))

    def validate_clock(self, field: ClockField) -> None:
        if field.data and ClockTime.parse(field.data).minutes == MINUTES_A_DAY:
            raise ValidationError("Indiquez une heure entre 00:00 et 23:59.")

    def data_typed(self) -> StepData:
        return values_of(self, StepData, minute=ClockTime.parse(self.clock.data).minutes)
