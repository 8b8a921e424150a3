"""Staff accounts, roles and facilities."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.users import blueprint
from blueprints.staff.users.forms import ROLES, ColleagueForm, ConfirmForm, InvitationForm
from domain.french import of_name
from domain.permissions import Permission
from queries import staff_users as staff_queries
from services import staff_users

MANAGE = Permission.STAFF_MANAGE


def _back() -> tuple[str, str]:
    return url_for("staff_users.index"), "Agents"


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    return answer("staff/users/index.html", colleagues=staff_queries.colleagues(), roles=ROLES)


@blueprint.route("/inviter", methods=["GET", "POST"])
@staff(MANAGE)
def invite() -> Response:
    form = InvitationForm()
    form.offer(staff_queries.facility_choices())
    invited = attempt(
        form,
        lambda: staff_users.invite(form.new_staff(), author=author(), now=now()),
        email_invalid="email",
        email_used="email",
        no_facility=form.facility_place,
    )
    if invited is NOT_DONE:
        return form_page(form, "Inviter un agent", _back(), submit="Envoyer l’invitation")
    return done(_back()[0], f"L’invitation part à {form.email.data}. Pensez à faire vérifier les spams.")


@blueprint.route("/<int:user_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit(user_id: int) -> Response:
    found = staff_queries.colleague(user_id)
    form = ColleagueForm(obj=found, data={"facilities": [one for one, _ in found.facilities]})
    form.offer(staff_queries.facility_choices())
    saved = attempt(
        form,
        lambda: staff_users.update(user_id, form.colleague(), author=author(), now=now()),
        last_administrator="role",
        no_facility=form.facility_place,
    )
    if saved is NOT_DONE:
        return form_page(form, f"Modifier {found.name}", _back())
    return done(
        _back()[0], "Le rôle, les structures et les droits sont enregistrés, et valent dès maintenant."
    )


@blueprint.post("/<int:user_id>/suspendre")
@staff(MANAGE)
def suspend(user_id: int) -> Response:
    staff_users.suspend(user_id, author=author(), now=now())
    return done(_back()[0], "L’accès est suspendu. Ses sessions ouvertes sont terminées.")


@blueprint.post("/<int:user_id>/rouvrir")
@staff(MANAGE)
def reopen(user_id: int) -> Response:
    staff_users.reopen(user_id, author=author(), now=now())
    return done(_back()[0], "L’accès est de nouveau ouvert.")


@blueprint.post("/<int:user_id>/renvoyer")
@staff(MANAGE)
def resend(user_id: int) -> Response:
    staff_users.resend(user_id, author=author(), now=now())
    return done(_back()[0], "Le mail d’activation repart. Pensez à faire vérifier les spams.")


@blueprint.post("/<int:user_id>/deconnecter")
@staff(MANAGE)
def end_sessions(user_id: int) -> Response:
    staff_users.end_sessions(user_id, author=author(), now=now())
    return done(_back()[0], "Toutes ses sessions sont terminées. Son accès reste ouvert.")


@blueprint.route("/<int:user_id>/code-de-securite", methods=["GET", "POST"])
@staff(MANAGE)
def reset_code(user_id: int) -> Response:
    """Telephone and recovery codes lost: the colleague installs another at the next sign-in."""
    found = staff_queries.colleague(user_id)
    form = ConfirmForm()
    freed = attempt(form, lambda: staff_users.reset_code(user_id, author=author(), now=now()))
    if freed is NOT_DONE:
        return form_page(
            form,
            f"Retirer le code de sécurité {of_name(found.name)}",
            _back(),
            submit="Retirer le code",
            intro="Quand le téléphone et les codes de secours sont perdus. L’agent est déconnecté et "
            "installe un autre code à sa prochaine connexion. Assurez-vous que c’est bien lui "
            "qui le demande.",
        )
    return done(_back()[0], f"Le code de sécurité {of_name(found.name)} est retiré.")
