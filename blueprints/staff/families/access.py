"""The access of an adult: opened, sent again, suspended, opened again (S04 to S07, S11, S14, S112)."""

from dataclasses import dataclass

from werkzeug.wrappers import Response

from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file
from blueprints.staff.families.forms import AccessForm, AccessWithEmailForm
from domain.errors import NotFound
from domain.french import of_name
from domain.permissions import Permission
from queries.households import AdultFile
from services import accounts, second_factor

SPAM_HINT = (
    "Dites à la personne de regarder aussi dans ses spams (courriers indésirables) "
    "si le mail n’arrive pas dans les minutes qui viennent."
)
NOBODY_TO_ASK = (
    "Le téléphone et le mail du service ne sont pas encore dans les réglages\u00a0: la famille ne saura pas "
    "à qui s’adresser."
)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on an access; `asks_email` when a mail leaves, to an address that is read over first."""

    title: str
    submit: str
    explanation: str
    done: str
    asks_email: bool = False


ACTS = {
    "ouvrir": Act(
        "Ouvrir l’accès {of_name}",
        "Ouvrir l’accès",
        "Un mail part aussitôt\u00a0: il demande de confirmer l’adresse et de choisir un mot de passe. "
        "Le lien qu’il contient est valable sept jours.",
        f"L’accès est ouvert, le mail d’activation part à {{email}}. {SPAM_HINT}",
        asks_email=True,
    ),
    "renvoyer": Act(
        "Renvoyer le mail à {name}",
        "Renvoyer le mail",
        "Un nouveau lien part, les précédents ne servent plus. Corrigez l’adresse si elle était fausse.",
        f"Le mail d’activation repart à {{email}}. {SPAM_HINT}",
        asks_email=True,
    ),
    "suspendre": Act(
        "Suspendre l’accès {of_name}",
        "Suspendre l’accès",
        "La personne est déconnectée aussitôt et ne peut plus se connecter. "
        "Le dossier et les réservations restent.",
        "L’accès est suspendu.",
    ),
    "rouvrir": Act(
        "Rouvrir l’accès {of_name}",
        "Rouvrir l’accès",
        "La personne se connecte de nouveau avec son mot de passe. "
        "Si elle n’en a jamais choisi, un mail d’activation part.",
        "L’accès est rouvert.",
    ),
    "code": Act(
        "Retirer le code de sécurité {of_name}",
        "Retirer le code",
        "Quand le téléphone et les codes de secours sont perdus\u00a0: la personne est déconnectée, puis "
        "entre avec son seul mot de passe. Vérifiez que c’est bien elle qui le demande.",
        "Le code de sécurité est retiré.",
    ),
}


@blueprint.route(
    "/<int:household_id>/adultes/<int:guardian_id>/acces/<any(ouvrir,renvoyer,suspendre,rouvrir,code):act>",
    methods=["GET", "POST"],
)
@staff(Permission.ACCESS_MANAGE)
def access(household_id: int, guardian_id: int, act: str) -> Response:
    household = household_file(household_id)
    adult = household.adult(guardian_id)
    wording = ACTS[act]
    form = AccessWithEmailForm(data={"email": adult.email}) if wording.asks_email else AccessForm()
    return edit(
        household,
        form,
        lambda: _do(act, adult, form),
        title=wording.title.format(name=adult.name, of_name=of_name(adult.name)),
        submit=wording.submit,
        message=lambda email: wording.done.format(email=email),
        explanation=wording.explanation,
        warning=NOBODY_TO_ASK if wording.asks_email and not town().can_be_reached else None,
    )


def _do(act: str, adult: AdultFile, form: AccessForm) -> str:
    """Do the act and return the address. Raises NotFound without account, what the services raise."""
    if act == "ouvrir":
        accounts.open_access(adult.guardian_id, email=form.email.data, author=author(form), now=now())
        return form.email.data
    if adult.user_id is None:
        raise NotFound
    if act == "renvoyer":
        accounts.resend_activation(adult.user_id, email=form.email.data, author=author(form), now=now())
        return form.email.data
    if act == "code":
        second_factor.reset(adult.user_id, author=author(form), now=now())
    elif act == "suspendre":
        accounts.suspend_access(adult.user_id, author=author(form), now=now())
    else:
        accounts.reopen_access(adult.user_id, author=author(form), now=now())
    return adult.email
