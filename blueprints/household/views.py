"""The household's file and the signed-in adult's own account."""

from flask import abort, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.auth.forms import ChangePasswordForm, EmailChangeForm, show_refusal
from blueprints.household import blueprint
from blueprints.shared import sessions
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import parent
from blueprints.shared.network import network
from blueprints.shared.time import now, today
from domain.errors import Refused
from queries import accounts as account_queries
from queries import family
from services import accounts, email_changes


@blueprint.get("/mon-foyer")
@parent
def index() -> str:
    files = family.household_files(current_user.household_ids, current_user.user_id, today())
    return render_template("household/index.html", files=files, today=today())


@blueprint.get("/mon-compte")
@parent
def account() -> str:
    own = family.own_account(current_user.user_id)
    waiting = account_queries.waiting_email(current_user.user_id)
    return render_template("household/account.html", own=own or abort(404), waiting=waiting, now=now())


@blueprint.route("/mon-compte/mot-de-passe", methods=["GET", "POST"])
@parent
def password() -> Response:
    """The current password, then the new one; this browser goes on with a session of its own (S41)."""
    form = ChangePasswordForm()
    if not form.validate_on_submit():
        return answer("household/password.html", status=422 if form.is_submitted() else 200, form=form)
    user = current_user
    try:
        token = accounts.change_password(
            user.session_id, user.user_id, form.current.data, form.password.data, network(), now()
        )
    except Refused as refusal:
        show_refusal(form, refusal.code, refusal.message)
        return answer("household/password.html", status=422, form=form)
    sessions.start(token)
    return done(url_for("household.account"), "Votre mot de passe est changé.")


@blueprint.route("/mon-compte/adresse-de-connexion", methods=["GET", "POST"])
@parent
def email() -> Response:
    """Another sign-in address: it works once its owner used the link that is sent to it (S38)."""
    form = EmailChangeForm()
    if not form.validate_on_submit():
        return answer("household/email.html", status=422 if form.is_submitted() else 200, form=form)
    try:
        email_changes.ask(current_user.user_id, form.email.data, form.current.data, network(), now())
    except Refused as refusal:
        show_refusal(form, refusal.code, refusal.message)
        return answer("household/email.html", status=422, form=form)
    return done(
        url_for("household.account"),
        "Un mail vient de partir vers votre nouvelle adresse : cliquez sur son lien pour la confirmer.",
    )


@blueprint.post("/mon-compte/adresse-de-connexion/annuler")
@parent
def cancel_email() -> Response:
    email_changes.cancel(current_user.user_id, now())
    return done(url_for("household.account"), "Votre adresse de connexion ne change pas.")
