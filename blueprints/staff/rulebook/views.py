"""The versions of the règlement, each read as a text, as limits, as prices, as a file; two compared.

The tools of analysis are imported by the pages that use them: a worker that serves families never loads them.
"""

from flask import Response as FlaskResponse
from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import author
from blueprints.staff.rulebook import blueprint
from domain.errors import BusinessError
from domain.permissions import Permission
from domain.rulebook.history import VersionState
from domain.rulebook.rule_names import rule_name
from queries import rulebook_pages
from services import rulebooks

MANAGE = Permission.FACILITIES_MANAGE


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    versions = rulebook_pages.versions(today())
    draft = next((one for one in versions if one.state is VersionState.DRAFT), None)
    return answer("staff/rulebook/index.html", versions=versions, draft=draft, weeks=rulebook_pages.WEEKS)


@blueprint.get("/<int:version_id>")
@staff(MANAGE)
def show(version_id: int) -> Response:
    line = rulebook_pages.version(version_id, today()).line
    sections = rulebook_pages.text_of(line)
    return answer("staff/rulebook/text.html", line=line, sections=sections)


@blueprint.get("/<int:version_id>/limites")
@staff(MANAGE)
def limits(version_id: int) -> Response:
    from blueprints.staff.rulebook.changes import limit_line
    from queries import rulebook_analysis

    line = rulebook_pages.version(version_id, today()).line
    activities, chosen = _chosen_activity(line)
    rows = rulebook_analysis.limits(line, chosen, today()) if chosen else ()
    lexicon = rulebook_pages.lexicon(line)
    return answer(
        "staff/rulebook/limits.html",
        line=line,
        activities=activities,
        chosen=chosen,
        lines=[limit_line(row, lexicon) for row in rows],
        weeks=rulebook_pages.WEEKS,
    )


@blueprint.get("/<int:version_id>/prix")
@staff(MANAGE)
def prices(version_id: int) -> Response:
    from blueprints.staff.rulebook.grids import price_tables
    from queries import rulebook_analysis

    line = rulebook_pages.version(version_id, today()).line
    activities, chosen = _chosen_activity(line)
    tables, problem = (), ""
    if chosen:
        try:
            grid = rulebook_analysis.prices(line, chosen, today())
            tables = price_tables(grid, rulebook_pages.lexicon(line))
        except BusinessError as error:
            problem = error.message
    return answer(
        "staff/rulebook/prices.html",
        line=line,
        activities=activities,
        chosen=chosen,
        tables=tables,
        problem=problem,
    )


def _chosen_activity(
    line: rulebook_pages.VersionLine,
) -> tuple[tuple[rulebook_pages.ActivityName, ...], str]:
    """The activities of a version, and the one asked for (else the first); « » without any."""
    activities = rulebook_pages.activities(rulebook_pages.book(line, today(), today()))
    asked = request.args.get("activite", "")
    names = [one.name for one in activities]
    return activities, asked if asked in names else next(iter(names), "")


@blueprint.get("/<int:version_id>/fichier")
@staff(MANAGE)
def file(version_id: int) -> Response:
    found = rulebook_pages.version(version_id, today())
    return answer("staff/rulebook/file.html", line=found.line, text=found.text)


@blueprint.get("/<int:version_id>/telecharger")
@staff(MANAGE)
def download(version_id: int) -> Response:
    """The file itself, the export of the règlement."""
    found = rulebook_pages.version(version_id, today())
    start = found.line.valid_from.isoformat() if found.line.valid_from else "brouillon"
    name = f"reglement-{rule_name(found.line.name).replace('_', '-')}-{start}.yaml"
    response = FlaskResponse(found.text, mimetype="application/yaml")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/comparer")
@staff(MANAGE)
def compare() -> Response:
    """What changes from one version to another, in words, in limits and in prices."""
    from blueprints.staff.rulebook.changes import in_words
    from queries import rulebook_analysis

    versions = rulebook_pages.versions(today())
    chosen = [
        next((one for one in versions if str(one.id) == request.args.get(word)), None)
        for word in ("ancien", "nouveau")
    ]
    found = None
    if all(chosen):
        old, new = chosen
        start = max(today(), new.valid_from or today())
        found = in_words(rulebook_analysis.comparison(old, new, start), rulebook_pages.lexicon(new))
    return answer(
        "staff/rulebook/compare.html", versions=versions, old=chosen[0], new=chosen[1], comparison=found
    )


@blueprint.post("/<int:version_id>/retirer")
@staff(MANAGE)
def withdraw(version_id: int) -> Response:
    rulebooks.withdraw(version_id, author=author(), now=now())
    return done(
        url_for("staff_rulebook.index"), "La version à venir est retirée\u00a0: la précédente continue."
    )
