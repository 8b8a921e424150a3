"""Réglages › Serveur de mail: which one, and a trial that says whether mails arrive."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.settings import blueprint
from blueprints.staff.settings.forms import MailCodeForm, MailServerForm, MailTrialForm
from domain.permissions import Permission
from services import mail_setup

MANAGE = Permission.SETTINGS_MANAGE


def _page(form: StaffForm) -> Response:
    """The page of three forms, where `form` is the one that was sent."""
    standing = mail_setup.standing()
    seen = standing.found.server if standing.found.is_chosen else None
    forms = {
        MailServerForm: lambda: MailServerForm(formdata=None, obj=seen),
        MailTrialForm: lambda: MailTrialForm(formdata=None, to=current_user.email),
        MailCodeForm: lambda: MailCodeForm(formdata=None),
    }
    server, trial, code = (form if isinstance(form, kind) else make() for kind, make in forms.items())
    return shown(
        form, "staff/settings/mail_server.html",
        standing=standing, server_form=server, trial_form=trial, code_form=code,
    )  # fmt: skip


def _back(message: str) -> Response:
    return done(url_for("staff_settings.mail_server"), message)


@blueprint.route("/serveur-de-mail", methods=["GET", "POST"])
@staff(MANAGE)
def mail_server() -> Response:
    found = mail_setup.standing().found
    form = MailServerForm(obj=found.server if found.is_chosen else None)
    saved = attempt(
        form,
        lambda: mail_setup.save(form.server(), form.password.data or "", author=author(), now=now()),
        **form.places,
    )
    if saved is NOT_DONE:
        return _page(form)
    return _back("Le serveur de mail est enregistré\u00a0: envoyez maintenant un mail d’essai.")


@blueprint.post("/serveur-de-mail/essai")
@staff(MANAGE)
def try_mail() -> Response:
    form = MailTrialForm()
    if attempt(form, lambda: mail_setup.send_trial(form.to.data, author=author(), now=now())) is NOT_DONE:
        return _page(form)
    return _back(f"Le serveur a pris le mail pour {form.to.data}. Ouvrez-le, puis recopiez son code ici.")


@blueprint.post("/serveur-de-mail/code")
@staff(MANAGE)
def confirm_mail() -> Response:
    form = MailCodeForm()
    done_so = attempt(
        form,
        lambda: mail_setup.confirm_trial(form.code.data.replace(" ", ""), author=author(), now=now()),
        wrong_code="code",
        no_trial="code",
    )
    if done_so is NOT_DONE:
        return _page(form)
    return _back("Les mails du portail arrivent.")
