"""« Connexion et sécurité »: the password, and the browsers where the account is open."""

from flask import current_app, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.account import blueprint
from blueprints.auth.forms import ChangePasswordForm, show_refusal
from blueprints.shared import sessions as browser_sessions
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import own_account
from blueprints.shared.network import device, network
from blueprints.shared.time import now
from domain.errors import Refused
from queries import accounts as account_queries
from services import accounts, sessions


@blueprint.get("/connexion")
@own_account
def security() -> Response:
    user = current_user
    return answer(
        "account/security.html",
        browsers=account_queries.open_sessions(user.user_id, user.session_id, now()),
        codes_left=account_queries.recovery_codes_left(user.user_id) if user.has_factor else 0,
        may_remove=not (user.is_staff and current_app.config["STAFF_NEED_CODES"]),
    )


@blueprint.post("/appareils/<int:session_id>/deconnecter")
@own_account
def end_session(session_id: int) -> Response:
    sessions.end_own(current_user.user_id, session_id)
    return done(url_for("account.security"), "Cet appareil est déconnecté.")


@blueprint.post("/appareils/deconnecter")
@own_account
def end_other_sessions() -> Response:
    sessions.end_own_others(current_user.user_id, current_user.session_id)
    return done(url_for("account.security"), "Vos autres appareils sont déconnectés.")


@blueprint.route("/mot-de-passe", methods=["GET", "POST"])
@own_account
def password() -> Response:
    """The current password, then the new one; this browser goes on with a session of its own (S41)."""
    form = ChangePasswordForm()
    if not form.validate_on_submit():
        return answer("account/password.html", status=422 if form.is_submitted() else 200, form=form)
    user = current_user
    try:
        token = accounts.change_password(
            user.session_id, user.user_id, form.current.data, form.password.data, network(), now(), device()
        )
    except Refused as refusal:
        show_refusal(form, refusal.code, refusal.message)
        return answer("account/password.html", status=422, form=form)
    browser_sessions.start(token)
    return done(url_for("account.security"), "Votre mot de passe est changé.")
