"""Forms of the billing."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
    ValidationError,
)
from wtforms.validators import InputRequired, StopValidation

from blueprints.shared.fields import LineField, creditor_identifier, iban, optional_email, phone, squeeze
from blueprints.staff.facilities.forms import POSITION_HELP, position_field, text_area
from blueprints.staff.families.forms import StaffForm, values_of
from blueprints.staff.fields import EurosField, NumberField
from domain.enums import OnlineMode
from domain.french import format_euros, month_title
from domain.invoice_reminders import LATEST, LONGEST_SUBJECT, LONGEST_TEXT, Level
from domain.labels import label
from queries.billing import Line
from services.regies import RegieData

_CODE = re.compile(r"[A-Z0-9]{2,10}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


def _capitals(text: str | None) -> str:
    return squeeze(text).upper().replace(" ", "")


def _code(_form: Any, field: StringField) -> None:
    if not _CODE.fullmatch(field.data):
        raise ValidationError("Indiquez de 2 à 10 lettres sans accent ou chiffres, par exemple CANT.")


def _bic(_form: Any, field: StringField) -> None:
    if not field.data:
        raise StopValidation()
    if not _BIC.fullmatch(field.data):
        raise ValidationError("Indiquez les 8 ou 11 signes du BIC, par exemple TRPUFRP1.")


def optional_code(pattern: str, instruction: str) -> Callable[[Any, StringField], None]:
    """A code that may stay empty."""

    def check(_form: Any, field: StringField) -> None:
        if field.data and not re.fullmatch(pattern, field.data):
            raise ValidationError(instruction)

    return check


def _payfip(form: Any, field: StringField) -> None:
    if form.online_mode.data != OnlineMode.OFF and not field.data:
        raise ValidationError(
            "Sans ce numéro, aucun paiement en ligne. Le Trésor public le donne à l’adhésion."
        )


def _may_collect(form: Any, field: StringField) -> None:
    if field.data and not (form.creditor_name.data and form.iban.data):
        raise ValidationError("Indiquez aussi le nom du créancier et l’IBAN de la régie.")


class RegieForm(StaffForm):
    name = LineField("Nom de la régie", 120, required="Indiquez le nom, par exemple Régie périscolaire.")
    code = StringField(
        "Code des factures",
        [InputRequired("Indiquez un code, par exemple CANT."), _code],
        filters=[_capitals],
    )
    address = LineField("Adresse", 300)
    phone = TelField("Téléphone", [phone], filters=[squeeze])
    email = EmailField("Mail", [optional_email], filters=[squeeze])
    payment_terms = text_area("Comment régler", 1000)
    iban = StringField("IBAN", [iban], filters=[_capitals])
    bic = StringField("BIC", [_bic], filters=[_capitals])
    online_mode = SelectField(
        "Paiement en ligne",
        choices=[SelectChoice(mode.value, label(mode)) for mode in OnlineMode],
        default=OnlineMode.OFF.value,
    )
    payfip_client = StringField(
        "Numéro de client PayFiP (NUMCLI)",
        [optional_code(r"[0-9]{6}", "Indiquez les 6 chiffres donnés par le Trésor public."), _payfip],
        filters=[_capitals],
    )
    creditor_identifier = StringField(
        "Identifiant créancier SEPA (ICS)", [creditor_identifier, _may_collect], filters=[_capitals]
    )
    creditor_name = LineField("Nom du créancier", 70)
    notice_days = NumberField(
        "Jours d’annonce d’un prélèvement", 1, 60, required="Indiquez un nombre de jours, par exemple 14.",
        default=14,
    )  # fmt: skip
    treasury_post = StringField(
        "Poste comptable du Trésor public",
        [optional_code(r"[0-9]{6,7}", "Indiquez les 6 ou 7 chiffres du poste comptable.")],
        filters=[_capitals],
    )
    collectivity_code = StringField(
        "Code collectivité",
        [optional_code(r"[A-Z0-9]{1,3}", "Indiquez de 1 à 3 lettres ou chiffres.")],
        filters=[_capitals],
    )
    budget_code = StringField(
        "Code budget",
        [optional_code(r"[A-Z0-9]{1,2}", "Indiquez 1 ou 2 lettres ou chiffres.")],
        filters=[_capitals],
    )
    accounting_article = StringField(
        "Article comptable",
        [optional_code(r"[A-Z0-9]{1,20}", "Indiquez l’article sans espace, par exemple 7067.")],
        filters=[_capitals],
    )
    due_days = NumberField(
        "Jours pour régler", 1, 120, required="Indiquez un nombre de jours, par exemple 30.", default=30
    )
    position = position_field()
    is_active = BooleanField("Régie en service", default=True)
    looks = {
        "code": {"help": "Il commence le numéro de chaque facture\u00a0: CANT-2027-000123."},
        "payment_terms": {"help": "Imprimé sur la facture\u00a0: guichet, chèque à l’ordre de, horaires."},
        "iban": {"help": "Celui de la régie, si les familles règlent par virement."},
        "online_mode": {
            "help": "À l’essai, les familles voient le bouton et aucun argent ne circule. Choisissez "
            "«\u00a0Activation\u00a0» quand le Trésor public le demande, «\u00a0En service\u00a0» quand il "
            "l’a confirmé."
        },
        "payfip_client": {
            "help": "Six chiffres. En enregistrant, le portail demande à PayFiP à qui est ce numéro.",
            "inputmode": "numeric",
        },
        "creditor_identifier": {
            "help": "Pour le prélèvement automatique. La Banque de France le donne, par le comptable\u00a0: "
            "FR72ZZZ123456. L’argent va sur l’IBAN de la régie."
        },
        "creditor_name": {"help": "Ce que la famille lit sur son mandat et sur son relevé de compte."},
        "notice_days": {
            "help": "Avant chaque prélèvement, la famille connaît le montant et le jour au moins 14 jours à "
            "l’avance, sauf accord avec elle.",
            "inputmode": "numeric",
        },
        "treasury_post": {
            "help": "Ces quatre codes sont ceux de la comptabilité de la commune, pour les exports du "
            "comptable. Laissez vide si vous ne les connaissez pas."
        },
        "accounting_article": {"help": "Par exemple 7067, redevances des services périscolaires."},
        "due_days": {"help": "À partir du jour d’émission.", "inputmode": "numeric"},
        "position": {"help": POSITION_HELP, "inputmode": "numeric"},
        "is_active": {"help": "Décochez pour qu’aucune activité ne la choisisse plus."},
    }

    def data_typed(self) -> RegieData:
        return values_of(self, RegieData, online_mode=OnlineMode(self.online_mode.data))


class NewRegieForm(RegieForm):
    bills_the_rest = BooleanField(
        "Elle facture toutes les activités qui n’ont pas encore de régie", default=True
    )


class PrepareForm(StaffForm):
    regie = SelectField("Régie", coerce=int)
    month = SelectField("Mois", coerce=date.fromisoformat)

    def offer(self, regies: Sequence[tuple[int, str]], months: Sequence[date]) -> "PrepareForm":
        """The régies, and the months that may be billed, the likeliest first."""
        self.regie.choices = [SelectChoice(str(regie_id), name) for regie_id, name in regies]
        self.month.choices = [
            SelectChoice(month.isoformat(), month_title(month.year, month.month)) for month in months
        ]
        return self


class ReminderForm(StaffForm):
    """A level of reminder: when, and in which words."""

    is_active = BooleanField("Envoyer cette relance", default=True)
    days = NumberField(
        "Jours par rapport à l’échéance",
        0,
        LATEST,
        required="Indiquez un nombre de jours, par exemple 8.",
    )
    side = RadioField(
        "Avant ou après",
        choices=[SelectChoice("before", "Avant l’échéance"), SelectChoice("after", "Après l’échéance")],
    )
    subject = LineField("Objet du mail", LONGEST_SUBJECT, required="Indiquez l’objet du mail.")
    text = text_area("Texte du mail", LONGEST_TEXT)
    looks = {
        "days": {"inputmode": "numeric", "help": "0\u00a0: le jour de l’échéance."},
        "side": {"look": "choice"},
        "text": {"rows": "12", "help": "Une ligne vide sépare les paragraphes."},
    }

    def show(self, level: Level) -> "ReminderForm":
        """What stands, for a form that is shown first."""
        self.is_active.data, self.days.data = level.is_active, abs(level.days)
        self.side.data = "before" if level.days < 0 else "after"
        self.subject.data, self.text.data = level.subject, level.text
        return self

    def validate_text(self, field: Any) -> None:
        if not field.data.strip():
            raise ValidationError("Écrivez le texte du mail.")

    def level_typed(self, level: int) -> Level:
        days = -self.days.data if self.side.data == "before" else self.days.data
        return Level(level, days, self.subject.data, self.text.data.strip(), self.is_active.data)


class IssueForm(StaffForm):
    """Nothing to fill in: the button is the answer."""


def credit_form(lines: Sequence[Line]) -> type[StaffForm]:
    """The form of a credit note: what is taken back of each line, nothing by default, and why."""

    class CreditForm(StaffForm):
        reason = LineField("Motif", 300, required="Dites pourquoi, par exemple Repas facturé deux fois.")
        looks = {"reason": {"help": "La famille le lira sur l’avoir."}}

        def refuse(self, refusal: Any) -> None:
            self.form_errors.append(refusal.message)

        def cents(self) -> dict[int, int]:
            """What is taken back, by line; of a discount, a negative amount."""
            typed = {line.line_id: self[f"line_{line.line_id}"].data or 0 for line in creditable}
            return {
                line.line_id: typed[line.line_id] if line.left_cents > 0 else -typed[line.line_id]
                for line in creditable
            }

    creditable = [line for line in lines if line.left_cents]
    for line in creditable:
        name = f"line_{line.line_id}"
        child = f"{line.child}, " if line.child else ""
        setattr(CreditForm, name, EurosField(f"{child}{line.label}"))
        most = format_euros(abs(line.left_cents))
        what = f"Au plus {most}" if line.left_cents > 0 else f"Réduction\u00a0: au plus {most}"
        CreditForm.looks[name] = {"help": f"{what}. Laissez vide pour ne rien changer."}
    return CreditForm
