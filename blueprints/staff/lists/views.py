"""Réglages › Listes (S32, S45) and Réglages › Autorisations (S50)."""

from flask import abort, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.lists import blueprint
from blueprints.staff.lists.forms import AuthorisationForm, ChoiceForm
from domain.enums import ChoiceList
from domain.labels import label
from domain.permissions import Permission
from queries import lists as list_queries
from services import lists

MANAGE = Permission.SETTINGS_MANAGE
SLUGS = {
    "situations": ChoiceList.FAMILY_SITUATION,
    "liens": ChoiceList.RELATIONSHIP,
    "regimes": ChoiceList.DIET,
}


# --- Lists --------------------------------------------------------------------------------------


def _lists() -> tuple[str, str]:
    return url_for("staff_lists.index"), "Listes"


@blueprint.get("/listes")
@staff(MANAGE)
def index() -> Response:
    return answer("staff/lists/index.html", lists=list_queries.all_choices(), slugs=SLUGS)


@blueprint.route("/listes/<name>/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_choice(name: str) -> Response:
    kind = SLUGS.get(name) or abort(404)
    known = list_queries.all_choices()[kind]
    form = ChoiceForm(
        data={"position": max((one.position for one in known), default=0) + 1, "is_active": True}
    )
    added = attempt(
        form,
        lambda: lists.add_choice(kind, form.data_typed(), author=author(), now=now()),
        name_taken="label",
    )
    if added is NOT_DONE:
        return form_page(form, f"{label(kind)}\u00a0: ajouter un choix", _lists(), submit="Ajouter ce choix")
    return done(_lists()[0], "Le choix est ajouté.")


@blueprint.route("/listes/choix/<int:choice_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_choice(choice_id: int) -> Response:
    found = list_queries.choice(choice_id)
    form = ChoiceForm(obj=found)
    saved = attempt(
        form,
        lambda: lists.change_choice(choice_id, form.data_typed(), author=author(), now=now()),
        name_taken="label",
    )
    if saved is NOT_DONE:
        intro = "Un nom que vous changez ici change aussi dans tous les dossiers qui l’ont."
        return form_page(form, f"{label(found.kind)}\u00a0: modifier un choix", _lists(), intro=intro)
    return done(_lists()[0], "Le choix est enregistré.")


# --- Authorisations -----------------------------------------------------------------------------


def _authorisations() -> tuple[str, str]:
    return url_for("staff_lists.authorisations"), "Autorisations"


@blueprint.get("/autorisations")
@staff(MANAGE)
def authorisations() -> Response:
    return answer("staff/lists/authorisations.html", types=list_queries.authorisation_types())


def _save_type(form: AuthorisationForm, type_id: int | None) -> object:
    return attempt(
        form,
        lambda: lists.save_authorisation_type(type_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
    )


@blueprint.route("/autorisations/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_authorisation() -> Response:
    last = max((one.position for one in list_queries.authorisation_types()), default=0)
    form = AuthorisationForm(data={"position": last + 1, "is_active": True})
    if _save_type(form, None) is NOT_DONE:
        return form_page(form, "Nouvelle autorisation", _authorisations(), submit="Ajouter l’autorisation")
    return done(_authorisations()[0], "L’autorisation est ajoutée aux fiches des enfants.")


@blueprint.route("/autorisations/<int:type_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_authorisation(type_id: int) -> Response:
    form = AuthorisationForm(obj=list_queries.authorisation_type(type_id))
    if _save_type(form, type_id) is NOT_DONE:
        return form_page(form, "Modifier l’autorisation", _authorisations())
    return done(_authorisations()[0], "L’autorisation est enregistrée.")
