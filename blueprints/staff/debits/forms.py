"""Forms of direct debits."""

from collections.abc import Sequence

from wtforms import HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from blueprints.shared.fields import LineField, PlainDateField, TicksField, iban
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.payments.forms import KEY_CHECKS
from domain.direct_debits import REJECT_WORDS
from domain.french import format_euros
from queries.direct_debits import Candidate


class BatchForm(StaffForm):
    invoices = TicksField("Factures à prélever", coerce=int, validate_choice=False)
    submission_key = HiddenField(validators=KEY_CHECKS)
    looks = {
        "invoices": {"help": "Décochez ce que vous gardez pour un autre lot.", "look": "boxed"},
    }

    def offer(self, candidates: Sequence[Candidate]) -> "BatchForm":
        """The bills that the bank can be asked for, each with what tells it from the others."""
        self.invoices.choices = [SelectChoice(str(one.invoice_id), _told(one)) for one in candidates]
        return self


def _told(one: Candidate) -> str:
    amount = format_euros(one.left_cents)
    return f"{amount}, {one.household}, {one.reference}, compte qui finit par {one.iban_end}"


class PaperMandateForm(StaffForm):
    regie = SelectField("Régie", coerce=int)
    guardian = SelectField("Signé par", coerce=int)
    holder_name = LineField(
        "Titulaire du compte", 70, required="Indiquez le nom du titulaire, comme sur le RIB."
    )
    iban = StringField("IBAN", [InputRequired("Indiquez l’IBAN écrit sur le mandat."), iban])
    signed_on = PlainDateField("Signé le", [InputRequired("Indiquez le jour écrit sur le mandat.")])
    submission_key = HiddenField(validators=KEY_CHECKS)
    looks = {"iban": {"help": "Comparez-le au RIB que la famille a joint.", "autocomplete": "off"}}

    def offer(
        self, regies: Sequence[tuple[int, str]], adults: Sequence[tuple[int, str]]
    ) -> "PaperMandateForm":
        self.regie.choices = [SelectChoice(str(regie_id), name) for regie_id, name in regies]
        self.guardian.choices = [SelectChoice(str(adult_id), name) for adult_id, name in adults]
        return self


class ReasonForm(StaffForm):
    reason = LineField("Motif", 300, required="Indiquez le motif en une phrase.")


class SettleForm(StaffForm):
    settled_on = PlainDateField("Encaissé le", [InputRequired("Indiquez le jour du relevé de compte.")])
    looks = {"settled_on": {"help": "Le jour où l’argent est arrivé sur le compte de la régie."}}


class RejectForm(StaffForm):
    code = SelectField(
        "Motif donné par la banque",
        [InputRequired("Choisissez le motif que la banque a donné.")],
        choices=[SelectChoice(code, f"{code}, {words}") for code, words in REJECT_WORDS.items()],
    )
    rejected_on = PlainDateField("Rejeté le", [InputRequired("Indiquez le jour du rejet.")])
