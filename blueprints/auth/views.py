"""Sign-in, activation, forgotten password, sign-out."""

from flask import redirect, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from blueprints.auth import blueprint
from blueprints.auth.destinations import goes_on, safe_destination
from blueprints.auth.forms import (
    ActivationForm,
    FirstAdministratorForm,
    ForgottenPasswordForm,
    NewPasswordForm,
    SignInForm,
    show_refusal,
)
from blueprints.shared import known_browsers, pages
from blueprints.shared import sessions as browser_sessions
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import any_session, public, restricted, signed_in, waiting_room
from blueprints.shared.network import device, network
from blueprints.shared.time import now, today
from domain.errors import Refused
from queries import accounts as account_queries
from queries import home as home_queries
from queries.accounts import LinkState
from services import accounts, credentials, email_changes, new_devices, sessions
from services import sign_in as signing
from services.sign_in import Outcome

SIGN_IN_STATUS = {Outcome.REFUSED: 422, Outcome.THROTTLED: 429}
LINK_STATUS = {LinkState.VALID: 200, LinkState.USED: 410, LinkState.EXPIRED: 410, LinkState.UNKNOWN: 404}
# Not the cookies: that of the session is emptied, the one of known browsers says that this is one of them.
CLEAR_BROWSER = '"cache", "storage"'


@blueprint.route("/", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    if current_user.is_authenticated:
        return redirect(url_for("auth.home"), 303)
    form = SignInForm(suite=request.args.get("suite"))
    shown = {
        "form": form,
        "left": "deconnexion" in request.args,
        "goes_on": goes_on(form.suite.data),
        "news": home_queries.news_of(today()),
    }
    if request.method != "POST":  # HEAD too: what watches the site asks no more
        return answer("auth/sign_in.html", outcome=None, **shown)
    if not form.validate():
        return answer("auth/sign_in.html", status=422, outcome=None, **shown)
    result = signing.sign_in(form.email.data, form.password.data, network(), now(), device())
    if result.token is None:
        status = SIGN_IN_STATUS[result.outcome]
        return answer("auth/sign_in.html", status=status, outcome=result.outcome.value, **shown)
    return enter(result.token, form.suite.data, tells=True)


def enter(token: str, wanted: str | None, message: str | None = None, *, tells: bool = False) -> Response:
    """Start a session: on to where one was going, by way of the page that it is kept to first.

    `tells`: the owner gets a mail when the account was never open in this browser (security S07) and was in
    another one; not after an act that has a mail of its own.
    """
    browser_sessions.start(token)
    room, destination = waiting_room(), safe_destination(wanted)
    if room:
        return done(url_for(room, suite=destination), message)
    is_known = not tells or known_browsers.knows(current_user.user_id)
    new_devices.note_sign_in(current_user.user_id, device(), now(), is_known=is_known)
    response = done(destination or url_for("auth.home"), message)
    return known_browsers.remember(response, current_user.user_id)


@blueprint.get("/espace")
@signed_in
def home() -> Response:
    """The first page of whoever is signed in."""
    return redirect(url_for(pages.home()), 303)


@blueprint.post("/deconnexion")
@any_session
def sign_out() -> Response:
    """The row goes, so the cookie is dead wherever it was copied; the browser forgets the rest (S25)."""
    sessions.sign_out(current_user.session_id)
    return _signed_out(url_for("auth.sign_in", deconnexion=""))


def _signed_out(address: str) -> Response:
    logout_user()
    session.clear()
    response = redirect(address, 303)
    response.headers["Clear-Site-Data"] = CLEAR_BROWSER
    return response


# --- Forgotten password -------------------------------------------------------------------------


@blueprint.route("/mot-de-passe-oublie", methods=["GET", "POST"])
@public
def forgotten_password() -> Response:
    form = ForgottenPasswordForm()
    if not form.validate_on_submit():
        return answer("auth/forgotten_password.html", status=422 if form.is_submitted() else 200, form=form)
    signing.request_provisional_password(form.email.data, network(), now())
    return done(url_for("auth.mail_sent"))


@blueprint.get("/mot-de-passe-oublie/envoye")
@public
def mail_sent() -> Response:
    return answer("auth/mail_sent.html")


@blueprint.route("/choisir-un-mot-de-passe", methods=["GET", "POST"])
@restricted
def choose_password() -> Response:
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return answer("auth/choose_password.html", status=422 if form.is_submitted() else 200, form=form)
    try:
        token = accounts.choose_password(
            current_user.session_id, current_user.user_id, form.password.data, now(), device()
        )
    except Refused as refusal:
        show_refusal(form, refusal.code, refusal.message)
        return answer("auth/choose_password.html", status=422, form=form)
    return _after_new_password(token, "Votre nouveau mot de passe est enregistré.")


def _after_new_password(token: str | None, message: str) -> Response:
    """Families go on, staff sign in with the password they have just chosen."""
    session.clear()
    if token is None:
        return done(url_for("auth.sign_in"), f"{message} Connectez-vous avec lui.")
    return enter(token, request.args.get("suite"), message)


# --- Activation -----------------------------------------------------------------------------------


@blueprint.route("/go/<string(maxlength=100):token>", methods=["GET", "POST"])
@public
def activate(token: str) -> Response:
    """GET only looks, so that mail scanners burn nothing (S15); POST uses the link."""
    form = ActivationForm()
    if form.validate_on_submit():
        try:
            opened = accounts.activate(token, form.password.data, now(), device())
        except Refused as refusal:
            if refusal.code != accounts.DEAD_LINK:
                show_refusal(form, refusal.code, refusal.message)
        else:
            return _after_new_password(
                opened, "Votre adresse est confirmée et votre mot de passe enregistré."
            )
    link = account_queries.activation_link(credentials.token_hash(token), now())
    status = 422 if form.errors and link.state is LinkState.VALID else LINK_STATUS[link.state]
    return answer(f"auth/link_{link.state}.html", status=status, form=form, token=token, email=link.email)


@blueprint.post("/go/<string(maxlength=100):token>/nouveau-lien")
@public
def renew_link(token: str) -> Response:
    accounts.renew_expired_link(token, network(), now())
    return done(url_for("auth.mail_sent"))


@blueprint.route("/nouvelle-adresse/<string(maxlength=100):token>", methods=["GET", "POST"])
@public
def confirm_email(token: str) -> Response:
    """GET only looks, so that mail scanners burn nothing; POST proves the new address (S38)."""
    if request.method == "POST":
        own_session = current_user.session_id if current_user.is_authenticated else None
        try:
            user_id = email_changes.confirm(token, now(), own_session)
        except Refused as refusal:
            return answer("auth/email_link_dead.html", status=410, reason=refusal.message)
        message = "Votre nouvelle adresse e-mail est confirmée."
        if current_user.is_authenticated and current_user.user_id == user_id:
            return done(url_for("household.account"), message)
        return done(url_for("auth.sign_in"), f"{message} Connectez-vous avec elle.")
    email = account_queries.email_of_link(credentials.token_hash(token), now())
    if email is None:
        return answer("auth/email_link_dead.html", status=404, reason=None)
    return answer("auth/email_link.html", token=token, email=email)


@blueprint.route("/premier-administrateur/<string(maxlength=100):token>", methods=["GET", "POST"])
@public
def first_administrator(token: str) -> Response:
    form = FirstAdministratorForm()
    if not account_queries.is_administrator_link(credentials.token_hash(token), now()):
        return _dead_administrator_link()
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return answer("auth/first_administrator.html", status=status, form=form, token=token)
    fields = {name: form[name].data for name in ("first_name", "last_name", "email", "password")}
    try:
        accounts.create_first_administrator(token, **fields, now=now())
    except Refused as refusal:
        if refusal.code == accounts.DEAD_LINK:
            return _dead_administrator_link()
        show_refusal(form, refusal.code, refusal.message)
        return answer("auth/first_administrator.html", status=422, form=form, token=token)
    return done(url_for("auth.sign_in"), "Votre compte d’administration est créé. Connectez-vous.")


def _dead_administrator_link() -> Response:
    exists = account_queries.has_administrator()
    return answer("auth/first_administrator_dead.html", status=404, exists=exists)
