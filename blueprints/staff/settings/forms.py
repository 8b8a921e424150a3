"""The forms of the town's settings, and of what it does with each field of the family file."""

from collections.abc import Mapping

from wtforms import (
    ColorField,
    EmailField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    TelField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, Regexp

from blueprints.shared.fields import LineField, optional_email, phone, squeeze
from blueprints.staff.facilities.forms import text_area
from blueprints.staff.families.forms import StaffForm, values_of
from blueprints.staff.fields import EnumRadio, EnumSelect, NumberField, UploadField
from domain.certification import annual_day
from domain.enums import HolidayVariant, MailSecurity, SchoolZone
from domain.errors import Refused
from domain.family_file import Policy, policies
from domain.field_values import too_long
from domain.legal import Legal
from domain.mail_server import MailServer
from domain.settings import CONFORMITY, TownSettings, tie_hours

FIELD_KEYS = tuple(policies({}))


def _keys(text: str) -> SelectMultipleField:
    return SelectMultipleField(
        text, choices=FIELD_KEYS, validate_choice=False
    )  # unknown keys count for nothing


class SettingsForm(StaffForm):
    name = LineField("Nom de la commune", 80, required="Indiquez le nom de la commune.")
    portal_name = LineField(
        "Nom du portail", 80, required="Indiquez le nom du portail, par exemple Portail famille."
    )
    service_name = LineField(
        "Nom du service", 80, required="Indiquez le nom du service qui répond aux familles."
    )
    email = EmailField(
        "Mail du service",
        [DataRequired("Indiquez l’adresse mail du service."), optional_email],
        filters=[squeeze],
    )
    phone = TelField(
        "Téléphone du service", [DataRequired("Indiquez le téléphone du service."), phone], filters=[squeeze]
    )
    address = LineField("Adresse du service", 200)
    opening_hours = text_area("Horaires du service", 500, tie_hours)
    registration_text = text_area("Comment s’inscrire", 4000)
    school_zone = EnumSelect("Zone de vacances scolaires", SchoolZone, "Choisissez la zone de la commune.")
    holiday_variant = EnumSelect("Jours fériés", HolidayVariant, "Choisissez les jours fériés de la commune.")
    certification_from = LineField(
        "À partir de quel jour de l’année", 5, required="Indiquez un jour et un mois, par exemple 01/09."
    )
    certification_gates = RadioField(
        "Un dossier qui n’est pas confirmé empêche de réserver",
        choices=[SelectChoice("oui", "Oui"), SelectChoice("non", "Non")],
    )
    reminder_hours = RadioField(
        "Rappeler de réserver",
        choices=[
            SelectChoice("0", "Jamais"),
            SelectChoice("24", "1 jour avant"),
            SelectChoice("48", "2 jours avant"),
            SelectChoice("72", "3 jours avant"),
            SelectChoice("168", "7 jours avant"),
        ],
    )
    quotient_warning_days = RadioField(
        "Rappeler de justifier le quotient familial",
        choices=[
            SelectChoice("0", "Jamais"),
            SelectChoice("7", "Tous les 7 jours"),
            SelectChoice("15", "Tous les 15 jours"),
            SelectChoice("30", "Tous les 30 jours"),
        ],
    )
    looks = {
        "quotient_warning_days": {
            "look": "choice",
            "help": "Trois mails au plus par année scolaire, aux foyers dont le prix dépend du quotient et "
            "qui ne l’ont pas justifié, avant de facturer le tarif prévu sans quotient.",
        },
        "reminder_hours": {
            "look": "choice",
            "help": "Un mail avant la limite, aux foyers qui réservent d’habitude et n’ont rien réservé pour "
            "la semaine. Chaque adulte peut le refuser.",
        },
        "certification_from": {
            "help": "Chaque année à partir de ce jour, la famille relit son dossier et le confirme.",
        },
        "certification_gates": {"look": "choice"},
        "email": {"help": "Affiché en bas de chaque page, et adresse de réponse des mails du portail."},
        "phone": {"help": "Affiché en bas de chaque page."},
        "registration_text": {
            "help": "Page publique «\u00a0Inscription\u00a0». Une ligne vide sépare les paragraphes."
        },
        "school_zone": {"help": "Les vacances de la zone se remplissent dans «\u00a0Calendrier\u00a0»."},
    }

    def validate_certification_from(self, field: LineField) -> None:
        try:
            field.data = str(annual_day(field.data))
        except Refused as refusal:
            raise ValidationError(refusal.message) from None

    def values(self) -> dict[str, str]:
        """What was typed, by key of the settings."""
        typed = {
            name: field.data
            for name, field in self._fields.items()
            if name in TownSettings.__dataclass_fields__
        }
        return typed | {key: typed[key].value for key in ("school_zone", "holiday_variant")}


class IdentityForm(StaffForm):
    """The main colour, and a logo when another one is chosen."""

    colour = ColorField("Couleur principale", filters=[lambda text: (text or "").strip().lower()])
    logo = UploadField("Logo (PNG, JPEG ou WebP)")
    looks = {
        "colour": {
            "help": "Celle du bandeau, des boutons et des liens. Le portail vérifie que chacun peut lire."
        },
        "logo": {
            "help": "4\u00a0Mo au plus. Une image large se lit mieux qu’une image haute.",
            "accept": "image/png,image/jpeg,image/webp",
        },
    }
    places = dict.fromkeys(
        ("empty", "blank", "unknown_kind", "too_many_pixels", "too_heavy", "unreadable", "busy", "too_big"),
        "logo",
    ) | {"not_a_colour": "colour", "unreadable_colour": "colour"}

    def content(self) -> bytes | None:
        """The bytes of the picture, None when none was chosen."""
        return self.logo.data.read() if self.logo.data else None


class MailServerForm(StaffForm):
    """The mail server of the town; the password is typed, never shown."""

    host = LineField(
        "Serveur d’envoi",
        200,
        required="Indiquez le nom du serveur, par exemple ssl0.hebergeur.fr.",
        validators=[Regexp(r"^[A-Za-z0-9.:_-]*$", message="Indiquez un nom sans espace ni accent.")],
    )
    security = EnumRadio("Protection", MailSecurity, "Choisissez la protection.")
    port = NumberField("Port", 1, 65535, required="Indiquez le port, par exemple 465.")
    user = LineField("Compte", 200)
    password = PasswordField("Mot de passe", [Length(max=200, message=too_long(200))])
    sender = EmailField("Adresse d’expéditeur", [optional_email], filters=[squeeze])
    looks = {
        "host": {"help": "Votre hébergeur de mail donne ces réglages.", "spellcheck": "false"},
        "security": {"look": "choice"},
        "port": {"help": "465 avec TLS, 587 avec STARTTLS.", "inputmode": "numeric"},
        "user": {"help": "Souvent l’adresse de mail elle-même.", "autocomplete": "off"},
        "password": {"autocomplete": "new-password"},
        "sender": {"help": "Celle que les familles voient. Laissez vide si c’est le compte ci-dessus."},
    }
    places = {"in_the_clear": "security", "no_password": "password"}

    def server(self) -> MailServer:
        """What was typed; an account that is an address sends under it."""
        user = self.user.data
        sender = self.sender.data or (user if "@" in user else "")
        return MailServer(self.host.data, self.port.data, self.security.data, user, sender=sender)


class MailTrialForm(StaffForm):
    to = EmailField(
        "Envoyer à", [DataRequired("Indiquez une adresse que vous lisez."), optional_email], filters=[squeeze]
    )


class MailCodeForm(StaffForm):
    code = LineField("Code reçu", 12, required="Recopiez le code du mail d’essai.")
    looks = {"code": {"inputmode": "numeric", "autocomplete": "one-time-code"}}


class LegalForm(StaffForm):
    """Legal notice, personal data, accessibility; an empty text leaves what the portal says by itself."""

    publisher = text_area("La commune, personne morale", 500)
    director = LineField("Directeur de la publication", 160)
    host = text_area("Hébergeur", 500)
    dpo = text_area("Délégué à la protection des données", 500)
    privacy = text_area("À ajouter à la page «\u00a0Vos données personnelles\u00a0»", 4000)
    accessibility = RadioField(
        "État de conformité", choices=[SelectChoice(key, words) for key, words in CONFORMITY.items()]
    )
    audit = text_area("Audit d’accessibilité", 1000)
    not_accessible = text_area("Contenus non accessibles", 4000)
    accessibility_plan = text_area("Schéma pluriannuel et plan d’action", 2000)
    looks = {
        "publisher": {"help": "Nom, adresse et téléphone de la mairie."},
        "director": {"help": "D’ordinaire le maire."},
        "host": {
            "help": "Nom, adresse et téléphone de qui fait fonctionner la machine\u00a0: la commune, ou un "
            "prestataire."
        },
        "dpo": {"help": "Son nom ou son service, son adresse mail ou postale."},
        "privacy": {"help": "Ce qui est propre à la commune, par exemple un prestataire."},
        "accessibility": {"look": "boxed", "help": "Écrit en bas de chaque page."},
        "audit": {"help": "Qui l’a fait, quand, et la part des critères respectés."},
        "not_accessible": {"help": "Ce qui ne l’est pas, pourquoi, et ce qu’on peut faire à la place."},
        "accessibility_plan": {"help": "Où les lire. La loi les demande à toutes les communes."},
    }  # fmt: skip

    def texts(self) -> Legal:
        return values_of(self, Legal)


class FieldRulesForm(StaffForm):
    """A box for each field of the family file and each question about it; ticked ones arrive by key."""

    is_shown = _keys("Montré")
    is_editable = _keys("Modifiable")
    is_required = _keys("Obligatoire")
    without_control = _keys("Sans contrôle")
    columns = ("is_shown", "is_editable", "is_required", "without_control")

    def policies(self) -> dict[str, Policy]:
        return {
            key: Policy(
                key in self.is_shown.data,
                key in self.is_editable.data,
                key in self.is_required.data,
                key not in self.without_control.data,
            )
            for key in FIELD_KEYS
        }


def ticked(policies: Mapping[str, Policy]) -> dict[str, list[str]]:
    """The boxes that stand, for a form that is shown."""
    return {
        "is_shown": [key for key, policy in policies.items() if policy.is_shown],
        "is_editable": [key for key, policy in policies.items() if policy.is_editable],
        "is_required": [key for key, policy in policies.items() if policy.is_required],
        "without_control": [key for key, policy in policies.items() if not policy.needs_control],
    }
