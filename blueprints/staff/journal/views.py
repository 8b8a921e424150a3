"""Who did what and when: period, person, family, act; taken away as a table (S115)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import author
from blueprints.staff.family_files.exports import sent
from blueprints.staff.journal import blueprint
from blueprints.staff.journal.forms import SearchForm
from domain.permissions import Permission
from queries import journal
from services import journal_exports
from services.family_exports import FileKind


@blueprint.get("")
@staff(Permission.AUDIT_READ)
def index() -> Response:
    form = SearchForm(request.args)
    form.offer(journal.actions_seen())
    search = form.search()
    asked = {name: value for name, value in request.args.items() if name in form and value}
    return answer(
        "staff/journal/index.html",
        status=422 if form.errors else 200,
        form=form,
        asked=asked,
        found=journal.page(search, request.args.get("page", 1, type=row_number)),
        limit=journal.EXPORT_LIMIT,
        here=url_for("staff_journal.index"),
    )


@blueprint.post("/exporter")
@staff(Permission.AUDIT_READ)
def export() -> Response:
    form = SearchForm(request.form)
    kind = FileKind.CSV if request.form.get("kind") == FileKind.CSV else FileKind.XLSX
    return sent(journal_exports.export(kind, form.search(), author=author(), now=now()))
