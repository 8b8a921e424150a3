"""Families from a spreadsheet: the model, the dry run, the confirmation (R07)."""

from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import NOT_DONE, attempt, shown
from blueprints.staff.family_files import blueprint
from blueprints.staff.family_files.exports import sent
from blueprints.staff.family_files.forms import ConfirmImportForm, ImportForm
from domain.enums import Channel
from domain.errors import Refused
from domain.family_import import COLUMNS
from domain.french import plural
from domain.permissions import Permission
from services import family_exports, family_imports
from services.accounts import Author
from services.family_exports import FileKind

IMPORT = Permission.FAMILIES_IMPORT
SHOWN_ROWS = 200
_AT_FILE = dict.fromkeys(
    ("table_too_big", "table_unreadable", "import_columns", "import_empty", "import_too_long"), "file"
)

receive_files(blueprint, IMPORT, {"import_families": family_imports.FILE_LIMIT_BYTES})


@blueprint.route("/importer", methods=["GET", "POST"])
@staff(IMPORT)
def import_families() -> Response:
    """Take the file; what it would do is shown on the next page, nothing is written."""
    form = ImportForm()
    key = attempt(
        form,
        lambda: family_imports.keep(form.file.data.read(), owner_id=current_user.user_id, now=now()),
        **_AT_FILE,
    )
    if key is NOT_DONE:
        return shown(form, "staff/family_files/import.html", columns=COLUMNS)
    return done(url_for("staff_family_files.examine_import", fichier=key))


@blueprint.get("/importer/verifier")
@staff(IMPORT)
def examine_import() -> Response:
    key = request.args.get("fichier", "")
    if not key:
        return redirect(url_for("staff_family_files.import_families"), code=303)
    return _examined(ConfirmImportForm(formdata=None), key)


def _examined(form: ConfirmImportForm, key: str) -> Response:
    found = family_imports.examine(key, owner_id=current_user.user_id, today=today())
    form.key.data, form.seen.data = key, family_imports.fingerprint(found.plan)
    return shown(
        form,
        "staff/family_files/import_preview.html",
        reading=found.reading,
        plan=found.plan,
        most=SHOWN_ROWS,
    )


@blueprint.post("/importer/confirmer")
@staff(IMPORT)
def confirm_import() -> Response:
    form = ConfirmImportForm()
    key = form.key.data or ""
    author = Author(current_user.user_id, Channel.SYSTEM)
    try:
        replacing = (form.seen.data or "") if form.replace.data else None
        made = family_imports.apply(key, replacing=replacing, author=author, now=now())
    except Refused as refusal:
        form.refuse(refusal)
        return _examined(form, key)
    counts = (
        plural(made.created, "ligne créée", "lignes créées"),
        plural(made.updated, "complétée", "complétées"),
        plural(made.unchanged, "sans changement", "sans changement"),
    )
    return done(url_for("staff_families.index"), f"L’import est fait\u00a0: {', '.join(counts)}.")


@blueprint.get("/importer/modele.<any(csv,xlsx):kind>")
@staff(IMPORT)
def import_model(kind: str) -> Response:
    return sent(family_exports.model(FileKind(kind)))
