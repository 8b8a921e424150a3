"""The household's file and the signed-in adult's own account."""

from flask import abort, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.auth.forms import EmailChangeForm, show_refusal
from blueprints.household import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.file_pages import SECTIONS, SLUGS, Place, edit_section, viewer
from blueprints.shared.guards import parent
from blueprints.shared.network import network
from blueprints.shared.time import now, today
from domain.enums import SubjectKind
from domain.errors import NotFound, Refused
from queries import accounts as account_queries
from queries import calendar_feeds, family, family_file
from services import change_requests, email_changes
from services.accounts import Author


@blueprint.get("/mon-foyer")
@parent
def index() -> str:
    households = current_user.household_ids
    return render_template(
        "household/index.html",
        files=family.household_files(households, current_user.user_id, today()),
        sheets=family_file.sheets(SubjectKind.HOUSEHOLD, households, viewer()),
        slugs=SLUGS,
        today=today(),
    )


@blueprint.route("/mon-foyer/<int:household_id>/<any(adresse,situation):section>", methods=["GET", "POST"])
@parent
def edit(household_id: int, section: str) -> Response:
    """Address or situation of one of the adult's households (S31, S32)."""
    if household_id not in current_user.household_ids:
        raise NotFound
    name = family.household_name(household_id)
    where = Place(household_id, household_id, f"Famille {name}", url_for("household.index"), "Mon foyer")
    return edit_section(SECTIONS[section], where)


@blueprint.post("/mon-foyer/modifications/<int:change_id>/retirer")
@parent
def withdraw(change_id: int) -> Response:
    """Take back what one declared oneself, while it waits (S36)."""
    line = family_file.own_line(change_id, current_user.user_id, current_user.household_ids)
    change_requests.withdraw(
        change_id, household_id=line.household_id, author=Author(current_user.user_id), now=now()
    )
    if line.child_id is not None:
        back = url_for("children.sheet", child_id=line.child_id)
    else:
        back = url_for("household.index" if line.guardian_id is None else "household.account")
    return done(back, "Votre modification est retirée\u00a0: l’information officielle ne change pas.")


# --- Mon compte utilisateur -----------------------------------------------------------------------


@blueprint.get("/mon-compte")
@parent
def account() -> str:
    if current_user.guardian_id is None:
        abort(404)
    return render_template(
        "household/account.html",
        sheet=family_file.sheet(SubjectKind.GUARDIAN, current_user.guardian_id, viewer()),
        waiting=account_queries.waiting_email(current_user.user_id),
        choices=calendar_feeds.choices(current_user.user_id),
        slugs=SLUGS,
        now=now(),
    )


@blueprint.route("/mon-compte/<any(informations,coordonnees,banque):section>", methods=["GET", "POST"])
@parent
def edit_account(section: str) -> Response:
    """One's own data only: no address of this page names another adult (S39)."""
    if current_user.guardian_id is None or not current_user.household_ids:
        raise NotFound
    where = Place(
        current_user.guardian_id,
        current_user.household_ids[0],
        current_user.display_name,
        url_for("household.account"),
        "Mon compte utilisateur",
    )
    return edit_section(SECTIONS[section], where)


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
        "Un mail vient de partir vers votre nouvelle adresse\u00a0: cliquez sur son lien pour la confirmer.",
    )


@blueprint.post("/mon-compte/adresse-de-connexion/annuler")
@parent
def cancel_email() -> Response:
    email_changes.cancel(current_user.user_id, now())
    return done(url_for("household.account"), "Votre adresse de connexion ne change pas.")
