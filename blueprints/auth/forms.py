"""Forms of the access: shape only; which passwords are good is decided by `services.password_policy`."""

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import Email, InputRequired, Length

from domain.french import NBSP
from domain.passwords import LEAST_LENGTH, MOST_LENGTH

LONGEST_EMAIL = 254
LONGEST_CODE = 40
TOO_LONG = f"Ce texte est trop long{NBSP}: raccourcissez-le."
PASSWORD_HELP = (
    f"Au moins {LEAST_LENGTH}{NBSP}caractères. Le plus simple{NBSP}: quatre mots sans rapport entre eux. "
    f"Évitez votre nom, les prénoms de vos enfants et celui de la commune."
)


def _email(label: str = "Adresse e-mail") -> EmailField:
    return EmailField(
        label,
        [
            InputRequired("Indiquez votre adresse e-mail."),
            Length(max=LONGEST_EMAIL, message=TOO_LONG),
            Email("Indiquez une adresse e-mail complète, par exemple nom@exemple.fr."),
        ],
        filters=[lambda text: text.strip() if text else text],
    )


def _new_password(label: str) -> PasswordField:
    """The rules of length are told by the policy, which says how many characters are missing."""
    return PasswordField(label, [InputRequired("Choisissez un mot de passe.")], description=PASSWORD_HELP)


def _code(label: str, missing: str) -> StringField:
    return StringField(label, [InputRequired(missing), Length(max=LONGEST_CODE, message=TOO_LONG)])


class SignInForm(FlaskForm):
    """No shape is asked of the address: whatever is typed gets the same neutral answer."""

    email = EmailField(
        "Adresse e-mail",
        [InputRequired("Indiquez votre adresse e-mail."), Length(max=LONGEST_EMAIL, message=TOO_LONG)],
    )
    password = PasswordField(
        "Mot de passe",
        [InputRequired("Indiquez votre mot de passe."), Length(max=MOST_LENGTH, message=TOO_LONG)],
    )
    suite = HiddenField()


class ForgottenPasswordForm(FlaskForm):
    email = _email()


class NewPasswordForm(FlaskForm):
    password = _new_password("Nouveau mot de passe")


class ActivationForm(FlaskForm):
    password = _new_password("Votre mot de passe")


class OwnPasswordForm(FlaskForm):
    """The password again, before an act about one's own access. `current` is the code of its refusal."""

    current = PasswordField("Mot de passe actuel", [InputRequired("Indiquez votre mot de passe actuel.")])


class ChangePasswordForm(OwnPasswordForm):
    """Field names are the codes of the refusals of `services.accounts.change_password`."""

    password = _new_password("Nouveau mot de passe")


class CodeForm(FlaskForm):
    """Field names are the codes of the refusals of `services.second_factor`."""

    code = _code("Code à six chiffres", "Tapez le code que montre l’application.")


class RecoveryCodeForm(FlaskForm):
    code = _code("Code de secours", "Tapez un de vos codes de secours.")


class InstallCodeForm(OwnPasswordForm):
    """The password is not asked of who has just signed in with it."""

    code = _code("Code à six chiffres", "Tapez le code que montre l’application.")

    def forgo_password(self) -> None:
        del self.current

    @property
    def password(self) -> str | None:
        return self.current.data if self.current else None


class EmailChangeForm(OwnPasswordForm):
    """Field names are the codes of the refusals of `services.email_changes.ask`."""

    email = _email("Nouvelle adresse e-mail")


class FirstAdministratorForm(FlaskForm):
    first_name = StringField(
        "Prénom", [InputRequired("Indiquez votre prénom."), Length(max=80, message=TOO_LONG)]
    )
    last_name = StringField("Nom", [InputRequired("Indiquez votre nom."), Length(max=80, message=TOO_LONG)])
    email = _email("Adresse e-mail professionnelle")
    password = _new_password("Mot de passe")


def show_refusal(form: FlaskForm, code: str, message: str) -> None:
    """Put the sentence of a refusal under the field that it is about, or on top of the form."""
    field = {"email_invalid": "email", "email_used": "email", "email_same": "email"}.get(code, code)
    errors = form[field].errors if field in form else form.form_errors
    errors.append(message)  # type: ignore[union-attr]
