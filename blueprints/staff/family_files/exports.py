"""Every family file in a file: what the administrator takes away, noted in the journal (R07)."""

from flask import make_response, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.family_files import blueprint
from blueprints.staff.family_files.forms import ExportForm
from domain.permissions import Permission
from services import family_exports
from services.family_exports import Download


@blueprint.route("/exporter", methods=["GET", "POST"])
@staff(Permission.FAMILIES_EXPORT)
def export_families() -> Response:
    form = ExportForm()
    if not current_user.may(Permission.MEDICAL_READ):
        del form.with_health
    made = attempt(
        form,
        lambda: family_exports.export(
            form.kind.data,
            with_health="with_health" in form and form.with_health.data,
            author=author(),
            now=now(),
        ),
    )
    if made is not NOT_DONE:
        return sent(made)
    back = (url_for("staff_families.index"), "Familles")
    return shown(form, "staff/family_files/export.html", back=back)


def sent(download: Download) -> Response:
    """A file to save."""
    response = make_response(download.content)
    response.headers["Content-Type"] = download.media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{download.name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
