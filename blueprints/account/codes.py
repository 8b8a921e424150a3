"""The second factor of one's own access: installed, its codes on paper made again, taken away (R50)."""

from flask import current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.account import blueprint
from blueprints.auth.destinations import safe_destination
from blueprints.auth.forms import InstallCodeForm, OwnPasswordForm, show_refusal
from blueprints.shared import known_browsers
from blueprints.shared import sessions as browser_sessions
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import installs_code, own_account
from blueprints.shared.network import device
from blueprints.shared.pages import town
from blueprints.shared.sessions import asker
from blueprints.shared.time import now
from domain.errors import Refused
from services import new_devices, second_factor


@blueprint.route("/code-de-securite", methods=["GET", "POST"])
@installs_code
def install_code() -> Response:
    """The QR code and the secret to type; a first code proves that the application has it."""
    form, chosen = InstallCodeForm(), current_user.is_full
    if not chosen:
        form.forgo_password()
    if form.validate_on_submit():
        try:
            entered = second_factor.confirm(asker(), form.code.data, form.password, now())
        except Refused as refusal:
            show_refusal(form, refusal.code, refusal.message)
        else:
            browser_sessions.start(entered.token)
            new_devices.note_sign_in(current_user.user_id, device(), now(), is_known=True)
            shown = _codes(entered.codes, url_for("account.security" if chosen else "auth.home"))
            return known_browsers.remember(shown, current_user.user_id)
    offer = second_factor.offer(current_user.token, current_user.email, town().portal_name)
    status = 422 if form.is_submitted() else 200
    return answer("account/install_code.html", status=status, form=form, offer=offer)


@blueprint.route("/codes-de-secours", methods=["GET", "POST"])
@own_account
def recovery_codes() -> Response:
    """Ten new codes on paper, shown once; the former ones die."""
    if not current_user.has_factor:
        return redirect(url_for("account.install_code"), 303)
    form = OwnPasswordForm()
    if form.validate_on_submit():
        try:
            codes = second_factor.renew_codes(asker(), form.current.data, now())
            return _codes(codes, url_for("account.security"))
        except Refused as refusal:
            show_refusal(form, refusal.code, refusal.message)
    return answer("account/renew_codes.html", status=422 if form.is_submitted() else 200, form=form)


@blueprint.route("/code-de-securite/retirer", methods=["GET", "POST"])
@own_account
def remove_code() -> Response:
    if not current_user.has_factor or (current_user.is_staff and current_app.config["STAFF_NEED_CODES"]):
        return redirect(url_for("account.security"), 303)
    form = OwnPasswordForm()
    if form.validate_on_submit():
        try:
            entered = second_factor.remove(asker(), form.current.data, now())
        except Refused as refusal:
            show_refusal(form, refusal.code, refusal.message)
        else:
            browser_sessions.start(entered.token)
            return done(url_for("account.security"), "Le code de sécurité n’est plus demandé.")
    return answer("account/remove_code.html", status=422 if form.is_submitted() else 200, form=form)


def _codes(codes: tuple[str, ...], back: str) -> Response:
    """The page itself answers, without a redirection: no address shows these codes again."""
    onwards = safe_destination(request.args.get("suite")) or back
    return answer("account/recovery_codes.html", codes=codes, onwards=onwards)
