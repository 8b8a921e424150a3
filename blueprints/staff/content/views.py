"""Useful links, resources, news, document categories."""

from flask import send_file, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.content import blueprint
from blueprints.staff.content.forms import CategoryForm, LinkForm, NewsForm, ReplaceResourceForm, ResourceForm
from domain.permissions import Permission
from queries import content as content_queries
from queries.staff_users import facility_choices
from services import content

MANAGE = Permission.CONTENT_MANAGE
FILE_PLACES = dict.fromkeys(("no_file", "file_empty", "file_too_big", "not_a_pdf"), "file")

receive_files(blueprint, MANAGE, dict.fromkeys(("new_resource", "edit_resource"), content.PDF_LIMIT_BYTES))


def _back() -> tuple[str, str]:
    return url_for("staff_content.index"), "Contenus"


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    return answer(
        "staff/content/index.html",
        links=content_queries.links(),
        resources=content_queries.resources(),
        categories=content_queries.categories(),
        news=content_queries.news(),
        today=today(),
    )


# --- News ---------------------------------------------------------------------------------------


def _save_news(form: NewsForm, news_id: int | None) -> object:
    return attempt(
        form,
        lambda: content.save_news(news_id, form.data_typed(), author=author(), now=now()),
        order="last_day",
    )


@blueprint.route("/actualites/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_news() -> Response:
    form = NewsForm(first_day=today())
    if _save_news(form, None) is NOT_DONE:
        return form_page(form, "Nouvelle actualité", _back(), submit="Publier")
    return done(_back()[0], "L’actualité est publiée.")


@blueprint.route("/actualites/<int:news_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_news(news_id: int) -> Response:
    form = NewsForm(obj=content_queries.one_news(news_id))
    if _save_news(form, news_id) is not NOT_DONE:
        return done(_back()[0], "L’actualité est enregistrée.")
    address = url_for("staff_content.delete_news", news_id=news_id)
    removal = (address, "L’actualité disparaît pour tout le monde.", "Supprimer l’actualité")
    return form_page(form, "Modifier l’actualité", _back(), removal=removal)


@blueprint.post("/actualites/<int:news_id>/supprimer")
@staff(MANAGE)
def delete_news(news_id: int) -> Response:
    content.delete_news(news_id, author=author(), now=now())
    return done(_back()[0], "L’actualité est supprimée.")


# --- Useful links -------------------------------------------------------------------------------


def _save_link(form: LinkForm, link_id: int | None) -> object:
    return attempt(form, lambda: content.save_link(link_id, form.data_typed(), author=author(), now=now()))


@blueprint.route("/liens/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_link() -> Response:
    form = LinkForm()
    if _save_link(form, None) is NOT_DONE:
        return form_page(form, "Nouveau lien utile", _back(), submit="Ajouter le lien")
    return done(_back()[0], "Le lien est ajouté.")


@blueprint.route("/liens/<int:link_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_link(link_id: int) -> Response:
    form = LinkForm(obj=content_queries.link(link_id))
    if _save_link(form, link_id) is not NOT_DONE:
        return done(_back()[0], "Le lien est enregistré.")
    address = url_for("staff_content.delete_link", link_id=link_id)
    removal = (address, "Le lien disparaît pour toutes les familles.", "Supprimer le lien")
    return form_page(form, "Modifier le lien utile", _back(), removal=removal)


@blueprint.post("/liens/<int:link_id>/supprimer")
@staff(MANAGE)
def delete_link(link_id: int) -> Response:
    content.delete_link(link_id, author=author(), now=now())
    return done(_back()[0], "Le lien est supprimé.")


# --- Resources ----------------------------------------------------------------------------------


def _save_resource(form: ResourceForm, resource_id: int | None) -> object:
    return attempt(
        form,
        lambda: content.save_resource(
            resource_id, form.data_typed(), form.upload(), author=author(), now=now()
        ),
        **FILE_PLACES,
    )


@blueprint.route("/ressources/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_resource() -> Response:
    form = ResourceForm()
    if _save_resource(form, None) is NOT_DONE:
        return form_page(form, "Nouvelle ressource", _back(), submit="Publier", multipart=True)
    return done(_back()[0], "La ressource est publiée.")


@blueprint.route("/ressources/<int:resource_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_resource(resource_id: int) -> Response:
    found = content_queries.resource(resource_id)
    form = ReplaceResourceForm(obj=found)
    if _save_resource(form, resource_id) is not NOT_DONE:
        return done(_back()[0], "La ressource est enregistrée.")
    address = url_for("staff_content.delete_resource", resource_id=resource_id)
    removal = (address, "Le fichier est effacé pour toutes les familles.", "Supprimer la ressource")
    return form_page(form, "Modifier la ressource", _back(), multipart=True, removal=removal)


@blueprint.get("/ressources/<int:resource_id>/fichier")
@staff(MANAGE)
def resource_file(resource_id: int) -> Response:
    """The PDF as families get it; the type is ours, never guessed from the file."""
    found = content_queries.resource(resource_id)
    file = content.open_resource(found.file_key)
    response = send_file(file, mimetype="application/pdf", download_name=found.file_name)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/ressources/<int:resource_id>/supprimer")
@staff(MANAGE)
def delete_resource(resource_id: int) -> Response:
    content.delete_resource(resource_id, author=author(), now=now())
    return done(_back()[0], "La ressource est supprimée.")


# --- Document categories ------------------------------------------------------------------------


def _save_category(form: CategoryForm, category_id: int | None) -> object:
    return attempt(
        form,
        lambda: content.save_category(category_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
        months_missing="validity_months",
        wrong_owner="owner",
    )


@blueprint.route("/documents/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_category() -> Response:
    form = CategoryForm()
    form.offer(facility_choices())
    if _save_category(form, None) is NOT_DONE:
        return form_page(form, "Nouveau document demandé", _back(), submit="Ajouter ce document")
    return done(_back()[0], "Le document est ajouté.")


@blueprint.route("/documents/<int:category_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_category(category_id: int) -> Response:
    form = CategoryForm(obj=content_queries.category(category_id))
    form.offer(facility_choices())
    if _save_category(form, category_id) is NOT_DONE:
        return form_page(form, "Modifier le document demandé", _back())
    return done(_back()[0], "Le document est enregistré.")
