"""Forms of the cash desk."""

from collections.abc import Sequence
from secrets import token_urlsafe

from wtforms import HiddenField, RadioField, SelectChoice, SelectField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.shared.fields import LineField, PlainDateField, TicksField
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import EurosField
from domain.enums import PaymentMethod
from domain.french import format_euros
from domain.labels import label
from domain.ledger import HAND_METHODS, REFUND_METHODS
from queries.payments import Bill

KEY_LENGTH = 40
NOTHING_CAME = "rien"
KEY_CHECKS = [InputRequired("Rechargez la page et recommencez."), Length(max=KEY_LENGTH)]


def new_key() -> str:
    """What tells one showing of a form from another: sent twice, it acts once."""
    return token_urlsafe(24)


class PaymentForm(StaffForm):
    amount = EurosField("Montant", [InputRequired("Indiquez le montant reçu, par exemple 43,20.")])
    method = SelectField(
        "Moyen de paiement",
        [InputRequired("Choisissez comment la famille a payé.")],
        choices=[SelectChoice(method.value, label(method)) for method in HAND_METHODS],
    )
    received_on = PlainDateField("Reçu le", [InputRequired("Indiquez le jour de l’encaissement.")])
    reference = LineField("Numéro du chèque, du bordereau ou du virement", 120)
    regie = SelectField("Régie", coerce=int)
    bills = TicksField("Factures réglées", coerce=int)
    submission_key = HiddenField(validators=KEY_CHECKS)
    looks = {
        "bills": {"help": "Sans choix, la plus ancienne est payée d’abord. Ce qui reste paiera la suivante."}
    }

    def offer(self, regies: Sequence[tuple[int, str]], bills: Sequence[Bill]) -> "PaymentForm":
        """The régies, and the bills that may be paid; a field with nothing to choose goes away."""
        self.regie.choices = [SelectChoice(str(regie_id), name) for regie_id, name in regies]
        self.bills.choices = [
            SelectChoice(str(bill.invoice_id), f"{bill.reference}, reste {format_euros(bill.left_cents)}")
            for bill in bills
        ]
        if not bills:
            del self.bills
        return self

    @property
    def bill_ids(self) -> frozenset[int]:
        return frozenset(self.bills.data) if "bills" in self else frozenset()


class CancelForm(StaffForm):
    reason = LineField("Motif", 300, required="Dites pourquoi, par exemple Chèque sans provision.")


class BounceForm(StaffForm):
    reason = LineField("Ce que dit la banque", 300, required="Dites pourquoi, par exemple Sans provision.")


class RefundForm(StaffForm):
    amount = EurosField("Montant rendu", [InputRequired("Indiquez le montant rendu, par exemple 12,00.")])
    method = SelectField(
        "Moyen de paiement",
        [InputRequired("Choisissez comment la somme est rendue.")],
        choices=[SelectChoice(method.value, label(method)) for method in REFUND_METHODS],
    )
    refunded_on = PlainDateField("Rendu le", [InputRequired("Indiquez le jour où la somme est rendue.")])
    reason = LineField("Motif", 300, required="Dites pourquoi, par exemple Départ de la commune.")
    reference = LineField("Numéro du virement, du chèque ou du reçu", 120)
    submission_key = HiddenField(validators=KEY_CHECKS)
    looks = {"reason": {"help": "La famille le lira."}}


class CancelRefundForm(StaffForm):
    reason = LineField("Motif", 300, required="Dites pourquoi, par exemple Virement revenu.")
    looks = {"reason": {"help": "La famille le lira."}}


class ConfirmForm(StaffForm):
    confirmed_on = PlainDateField(
        "Confirmée le", [InputRequired("Indiquez le jour que donne le Trésor public.")]
    )
    submission_key = HiddenField(validators=KEY_CHECKS)


class DecideForm(StaffForm):
    outcome = RadioField(
        "Qu’est devenu ce paiement\u00a0?",
        [InputRequired("Dites si l’argent est arrivé.")],
        choices=[
            SelectChoice(PaymentMethod.ONLINE_CARD.value, "L’argent est arrivé, par carte"),
            SelectChoice(PaymentMethod.ONLINE_DEBIT.value, "L’argent est arrivé, par prélèvement"),
            SelectChoice(NOTHING_CAME, "Rien n’a été payé"),
        ],
    )
    amount = EurosField("Montant arrivé", [Optional()])
    reason = LineField("Comment le savez-vous\u00a0?", 300, required="Dites-le, par exemple Relevé de mars.")
    looks = {
        "amount": {"help": "Il paie les factures\u00a0; ce qui dépasse paiera la suivante."},
        "reason": {"help": "Le relevé du compte, la réponse du Trésor public. Gardé avec le paiement."},
    }

    @property
    def method(self) -> PaymentMethod | None:
        return None if self.outcome.data == NOTHING_CAME else PaymentMethod(self.outcome.data)
