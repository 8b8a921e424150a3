"""The form of a new deposit slip."""

from collections.abc import Sequence

from wtforms import HiddenField, SelectChoice
from wtforms.validators import InputRequired

from blueprints.shared.fields import LineField, PlainDateField, TicksField
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.payments.forms import KEY_CHECKS
from domain.french import format_date, format_euros
from queries.deposit_slips import Item


class DepositForm(StaffForm):
    payments = TicksField("Règlements à déposer", coerce=int, validate_choice=False)
    deposited_on = PlainDateField("Déposé le", [InputRequired("Indiquez le jour du dépôt.")])
    reference = LineField("Référence donnée par le Trésor public ou la banque", 120)
    submission_key = HiddenField(validators=KEY_CHECKS)
    looks = {
        "payments": {"help": "Décochez ce que vous gardez pour un autre bordereau.", "look": "boxed"},
        "reference": {"help": "Facultative\u00a0: laissez vide si vous ne l’avez pas encore."},
    }

    def offer(self, items: Sequence[Item]) -> "DepositForm":
        """The payments that may be deposited, each with what tells it from the others; the service judges
        what was ticked, a form sent twice naming what is deposited already."""
        self.payments.choices = [SelectChoice(str(item.payment_id), _told(item)) for item in items]
        return self


def _told(item: Item) -> str:
    number = f", {item.reference}" if item.reference else ""
    amount, day = format_euros(item.amount_cents), format_date(item.received_on)
    return f"{amount}, {item.household}, reçu le {day}{number}"
