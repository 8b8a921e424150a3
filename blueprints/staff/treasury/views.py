"""Confirmations of the Treasury: what to send, the file, its dry run, what it did (R47, S111)."""

from flask import flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import InputRequired

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.family_files.exports import sent
from blueprints.staff.fields import UploadField
from blueprints.staff.treasury import blueprint
from domain.french import format_moment, plural
from domain.permissions import Permission
from queries import treasury as treasury_queries
from services import treasury_imports
from services.family_exports import FileKind
from services.treasury_imports import LONGEST_NAME

RECORD = Permission.PAYMENTS_RECORD
SHOWN_LINES = 200  # of each list; the file of rejected lines has them all
_AT_FILE = dict.fromkeys(
    ("table_too_big", "table_unreadable", "treasury_columns", "treasury_empty", "treasury_too_long"), "file"
)

receive_files(blueprint, RECORD, {"index": treasury_imports.FILE_LIMIT_BYTES})


class FileForm(StaffForm):
    file = UploadField("Fichier du Trésor public", [InputRequired("Choisissez le fichier à vérifier.")])
    looks = {"file": {"help": "CSV ou XLSX, 5\u00a0Mo et 5\u00a0000 lignes au plus.", "accept": ".csv,.xlsx"}}


class TakeForm(StaffForm):
    key = HiddenField()
    name = HiddenField()


@blueprint.route("", methods=["GET", "POST"])
@staff(RECORD)
def index() -> Response:
    """The files that were taken, and a new one: it is verified on the next page, nothing is written."""
    form = FileForm()
    key = attempt(
        form,
        lambda: treasury_imports.keep(form.file.data.read(), owner_id=current_user.user_id, now=now()),
        **_AT_FILE,
    )
    if key is NOT_DONE:
        return shown(form, "staff/treasury/index.html", imports=treasury_queries.imports())
    name = (form.file.data.filename or "")[:LONGEST_NAME]
    return done(url_for(".examine", fichier=key, nom=name))


@blueprint.get("/verifier")
@staff(RECORD)
def examine() -> Response:
    key = request.args.get("fichier", "")
    if not key:
        return redirect(url_for(".index"), code=303)
    found = treasury_imports.examine(key, owner_id=current_user.user_id, today=today())
    if found.taken_id is not None:
        return _taken_before(found.taken_id)
    name = request.args.get("nom", "")[:LONGEST_NAME]
    form = TakeForm(formdata=None, data={"key": key, "name": name})
    return answer("staff/treasury/preview.html", form=form, found=found, most=SHOWN_LINES)


def _taken_before(import_id: int) -> Response:
    file, _ = treasury_queries.taken_file(import_id)
    when = format_moment(file.created_at, year=True)
    flash(f"Ce fichier a déjà été pris par {file.author_name}, {when}. Rien n’est changé.")
    return redirect(url_for(".show", import_id=import_id), code=303)


@blueprint.post("/confirmer")
@staff(RECORD)
def take() -> Response:
    form = TakeForm()
    name = form.name.data or ""
    return _taken(treasury_imports.apply(form.key.data or "", name, author=author(), now=now()))


@blueprint.post("/<int:import_id>/continuer")
@staff(RECORD)
def go_on(import_id: int) -> Response:
    """Take the lines of a file that wait: a long one, or one that was cut."""
    treasury_imports.go_on(import_id, author=author(), now=now())
    return _taken(import_id)


def _taken(import_id: int) -> Response:
    file, _ = treasury_queries.taken_file(import_id)
    said = plural(file.accepted, "confirmation est enregistrée", "confirmations sont enregistrées")
    return done(url_for(".show", import_id=import_id), f"{said}.")


@blueprint.get("/<int:import_id>")
@staff(RECORD)
def show(import_id: int) -> Response:
    file, lines = treasury_queries.taken_file(import_id)
    return answer("staff/treasury/show.html", file=file, lines=lines, most=SHOWN_LINES)


@blueprint.get("/<int:import_id>/rejets")
@staff(RECORD)
def rejected(import_id: int) -> Response:
    return sent(treasury_imports.rejected(import_id))


@blueprint.get("/a-confirmer.<any(csv,xlsx):kind>")
@staff(RECORD)
def awaited(kind: str) -> Response:
    """What the Treasury may still confirm, in the format that it sends back."""
    return sent(treasury_imports.awaited(FileKind(kind), today()))
