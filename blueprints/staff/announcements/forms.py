"""The form of an announcement."""

from collections.abc import Sequence

from wtforms import BooleanField, HiddenField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from blueprints.shared.fields import LineField, PlainDateField
from blueprints.staff.families.forms import StaffForm, add_error
from domain.errors import NotFound, Refused
from domain.french import NBSP
from queries.announcements import Audience, Target, TargetKind
from services.announcements import LONGEST, SUBJECT_LENGTH, Announcing

WHOLE = "Toute la structure"
_KINDS = {TargetKind.GROUP: "groupe ", TargetKind.CLASS: "classe "}


class AnnouncementForm(StaffForm):
    """`submission_key` names the sending: sent twice, it is one announcement."""

    submission_key = HiddenField(validators=[InputRequired(), Length(min=20, max=40)])
    target = SelectField("Destinataires")
    day = PlainDateField("Seulement les familles dont un enfant est réservé le (facultatif)")
    subject = LineField("Objet", SUBJECT_LENGTH, required="Indiquez l’objet du mail.")
    text = TextAreaField(
        "Texte",
        [
            DataRequired("Écrivez le texte du mail."),
            Length(max=LONGEST, message=f"Raccourcissez le texte{NBSP}: {LONGEST} caractères au plus."),
        ],
    )
    is_service = BooleanField("Information de service")
    looks = {
        "subject": {"maxlength": str(SUBJECT_LENGTH)},
        "text": {
            "rows": "10",
            "help": "«\u00a0Bonjour\u00a0», la signature et les coordonnées du service sont ajoutés. "
            "N’écrivez rien de personnel.",
        },
        "is_service": {
            "help": "Fermeture, changement d’horaires, sécurité\u00a0: envoyée aussi aux familles qui ne "
            "veulent plus d’annonces."
        },
    }

    def offer(self, targets: Sequence[Target]) -> None:
        """The whole town first where it is offered, then structure by structure."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in targets:
            name = WHOLE if one.kind is TargetKind.FACILITY else f"{_KINDS.get(one.kind, '')}{one.name}"
            group = one.facility or "Commune"
            groups.setdefault(group, []).append((one.value, name[:1].upper() + name[1:]))
        self.target.choices = groups

    def announcing(self, targets: Sequence[Target]) -> Announcing:
        """What was typed. Raises NotFound for a target that was not offered."""
        for one in targets:
            if one.value == self.target.data:
                return Announcing(
                    self.subject.data or "",
                    self.text.data or "",
                    Audience(one, self.day.data),
                    self.is_service.data,
                    self.submission_key.data or "",
                )
        raise NotFound

    def refuse(self, refusal: Refused) -> None:
        add_error(self[refusal.code], refusal.message)
