"""Réglages › Textes à accepter (R06): versions, and who answered what."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.consents import blueprint
from blueprints.staff.consents.forms import ConsentForm, NewConsentForm, VersionForm
from domain.errors import NotFound
from domain.permissions import Permission
from queries import consents as consent_queries
from services import consents

MANAGE = Permission.CONTENT_MANAGE


def _page(consent_id: int) -> str:
    return url_for("staff_consents.show", consent_id=consent_id)


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    return answer("staff/consents/index.html", consents=consent_queries.consents())


@blueprint.route("/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new() -> Response:
    form = NewConsentForm(data={"is_active": True, "is_required": True})
    created = attempt(
        form,
        lambda: consents.create(form.data_typed(), form.text.data, author=author(), now=now()),
        name_taken="name",
    )
    if created is NOT_DONE:
        back = (url_for("staff_consents.index"), "Textes à accepter")
        return form_page(form, "Nouveau texte à accepter", back, submit="Publier")
    return done(_page(created), "Le texte est publié\u00a0: chaque parent le trouve sur sa page d’accueil.")


@blueprint.get("/<int:consent_id>")
@staff(MANAGE)
def show(consent_id: int) -> Response:
    """The versions, and who answered one of them: `version` in the address, else the last."""
    consent = consent_queries.consent(consent_id)
    versions = consent_queries.versions(consent_id)
    number = request.args.get("version", consent.number, type=row_number)
    version = next((one for one in versions if one.number == number), None)
    if version is None:
        raise NotFound
    page = request.args.get("page", 1, type=row_number)
    return answer(
        "staff/consents/show.html",
        consent=consent,
        versions=versions,
        version=version,
        answers=consent_queries.answers(version.text_id, page),
    )


@blueprint.route("/<int:consent_id>/modifier", methods=["GET", "POST"])
@staff(MANAGE)
def edit(consent_id: int) -> Response:
    found = consent_queries.consent(consent_id)
    form = ConsentForm(obj=found)
    saved = attempt(
        form,
        lambda: consents.change(consent_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
    )
    if saved is NOT_DONE:
        return form_page(form, "Modifier les réglages du texte", (_page(consent_id), found.name))
    return done(_page(consent_id), "Les réglages du texte sont enregistrés.")


@blueprint.route("/<int:consent_id>/version", methods=["GET", "POST"])
@staff(MANAGE)
def publish(consent_id: int) -> Response:
    """A new version starts from the words of the last one."""
    found = consent_queries.consent(consent_id)
    last = consent_queries.versions(consent_id)[0]
    form = VersionForm(data={"text": last.text, "seen": last.number})
    seen = form.seen.data if str(form.seen.data).isdigit() else 0
    published = attempt(
        form,
        lambda: consents.publish(consent_id, form.text.data, seen=int(seen), author=author(), now=now()),
        same_text="text",
    )
    if published is NOT_DONE:
        intro = "Les parents qui ont accepté la version précédente devront accepter celle-ci."
        back = (_page(consent_id), found.name)
        return form_page(form, f"Nouvelle version de {found.name}", back, submit="Publier", intro=intro)
    return done(_page(consent_id), "La nouvelle version est publiée.")
