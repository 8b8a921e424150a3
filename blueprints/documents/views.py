"""« Transmettre un document »: the tree, the sending, what became of each (S62 to S76)."""

import secrets

from flask import render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.documents import blueprint
from blueprints.documents.forms import SendForm
from blueprints.shared.answers import answer, done, is_htmx
from blueprints.shared.downloads import sealed_pdf, sealed_picture
from blueprints.shared.guards import parent
from blueprints.shared.network import network
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from domain import documents as rules
from domain.enums import AbsenceKind
from domain.errors import NotFound, Refused
from queries import documents as document_queries
from queries import family
from queries.documents import Category, Owner
from services import document_store, documents
from services.accounts import Author
from services.documents import Sending

receive_files(blueprint, None, dict.fromkeys(("send_for_household", "send_for_child"), rules.SENDING_BYTES))


def _members() -> family.Members:
    return family.members_of(current_user.household_ids)


@blueprint.get("")
@parent
def index() -> str:
    return render_template("documents/index.html", branches=document_queries.tree(_members(), today()))


# --- Sending ------------------------------------------------------------------------------------------------


@blueprint.route("/<int:category_id>/foyer/<int:household_id>", methods=["GET", "POST"])
@parent
def send_for_household(category_id: int, household_id: int) -> Response:
    category = document_queries.category(category_id, about_a_child=False)
    for one in _members().households:
        if one.household_id == household_id:
            return _send(category, Owner(household_id, None, f"la famille {one.name}"))
    raise NotFound


@blueprint.route("/<int:category_id>/enfant/<int:child_id>", methods=["GET", "POST"])
@parent
def send_for_child(category_id: int, child_id: int) -> Response:
    category = document_queries.category(category_id, about_a_child=True)
    members = _members()
    for child in members.children:
        if child.child_id == child_id:
            home = next(one for one in members.households if child_id in one.child_ids)
            return _send(category, Owner(home.household_id, child_id, child.first_name))
    raise NotFound


def _send(category: Category, owner: Owner) -> Response:
    days = (
        document_queries.booked_days(owner.child_id, owner.household_id, today())
        if owner.child_id is not None
        else ()
    )
    form = SendForm(upload_key=secrets.token_urlsafe(24))
    form.shape(category, days, has_other_home=_has_other_home(owner))
    if request.method == "GET":
        form.tick(request.args.get("jour", ""))
    document_id = _sent(form, category, owner) if form.validate_on_submit() else None
    if document_id is None:
        return _form_page(form, category, owner)
    address = url_for("documents.show", document_id=document_id)
    if not is_htmx():
        return done(address)
    response = _status(document_id)
    response.headers["HX-Push-Url"] = address
    return response


def _has_other_home(owner: Owner) -> bool:
    if owner.child_id is None:
        return False
    return bool(family.adults_elsewhere(owner.child_id, current_user.household_ids))


def _sent(form: SendForm, category: Category, owner: Owner) -> int | None:
    kind = form.absence_kind.data if "absence_kind" in form else None
    days = form.absence_days.data or () if "absence_days" in form else ()
    sending = Sending(
        category_id=category.category_id,
        household_id=owner.household_id,
        child_id=owner.child_id,
        upload_key=form.upload_key.data,
        files=form.uploads(),
        issued_on=form.issued_on.data if "issued_on" in form else None,
        is_private="is_private" in form and form.is_private.data,
        absence_kind=AbsenceKind(kind) if kind else None,
        absence_days=tuple(days),
        comment=form.comment.data,
    )
    try:
        return documents.submit(
            sending,
            author=Author(current_user.user_id),
            author_name=current_user.display_name,
            network=network(),
            now=now(),
        )
    except Refused as refusal:
        form.show_refusal(refusal)
        return None


def _form_page(form: SendForm, category: Category, owner: Owner) -> Response:
    oldest = (
        rules.months_after(today(), -category.max_age_months) if category.max_age_months is not None else None
    )
    return answer(
        "documents/send.html",
        "documents/_send.html",
        status=422 if request.method == "POST" else 200,
        form=form,
        category=category,
        owner=owner,
        oldest=oldest,
    )


# --- One document -------------------------------------------------------------------------------------------


@blueprint.get("/transmis/<int:document_id>")
@parent
def show(document_id: int) -> Response:
    return _status(document_id)


def _status(document_id: int) -> Response:
    document = document_queries.own_document(document_id, _members(), today())
    return answer("documents/show.html", "documents/_status.html", document=document)


@blueprint.get("/transmis/<int:document_id>/fichier")
@parent
def file(document_id: int) -> Response:
    document = document_queries.own_document(document_id, _members(), today())
    return sealed_pdf(document_store.read(document.file_key), document.row.file_name)


@blueprint.get("/transmis/<int:document_id>/apercu")
@parent
def thumbnail(document_id: int) -> Response:
    key = document_queries.own_thumbnail(document_id, _members())
    return sealed_picture(document_store.read(key))


@blueprint.post("/transmis/<int:document_id>/retirer")
@parent
def withdraw(document_id: int) -> Response:
    documents.withdraw(
        document_id, current_user.household_ids, author=Author(current_user.user_id), now=now()
    )
    return done(url_for("documents.index"), "Le document est retiré.")
