"""Two files of one family, two sheets of one person: found, compared, merged (R03)."""

from flask import flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import author
from blueprints.staff.family_files import blueprint
from blueprints.staff.family_files.forms import merge_form
from domain.errors import NotFound, Refused, Stale
from domain.merging import MergeKind
from domain.permissions import Permission
from queries import households as household_queries
from queries import merges as merge_queries
from services import merges

MERGE = Permission.FAMILIES_MERGE
LONGEST_SEARCH = 100


def _kind() -> MergeKind:
    """What the address says is merged; the file itself unless it says better."""
    wanted = request.args.get("quoi", MergeKind.HOUSEHOLD.value)
    if wanted not in list(MergeKind):
        raise NotFound
    return MergeKind(wanted)


def _page_of(household_id: int) -> str:
    return url_for("staff_families.show", household_id=household_id)


@blueprint.get("/<int:household_id>/fusionner")
@staff(MERGE)
def find_duplicate(household_id: int) -> Response:
    """Look for what may be the same; a first search is made with the family's name."""
    household = household_queries.household_file(
        household_id, facility_ids=current_user.facility_ids, today=today()
    )
    kind, kept_id = _kind(), request.args.get("id", household_id, type=row_number)
    name = merge_queries.subject_name(kind, household_id, kept_id)
    text = request.args.get("q", household.name)[:LONGEST_SEARCH].strip()
    found = household_queries.search(text, facility_ids=current_user.facility_ids, today=today())
    ids = [one.household_id for one in found.households]
    return answer(
        "staff/family_files/find_duplicate.html",
        household=household,
        kind=kind,
        kept_id=kept_id,
        name=name,
        text=text,
        candidates=merge_queries.candidates(kind, ids, kept_id),
        back=_page_of(household_id),
    )


@blueprint.route("/<int:household_id>/fusionner/comparer", methods=["GET", "POST"])
@staff(MERGE)
def merge(household_id: int) -> Response:
    household_queries.household_file(household_id, facility_ids=current_user.facility_ids, today=today())
    kind, kept_id = _kind(), request.args.get("id", household_id, type=row_number)
    other_id = request.args.get("avec", type=row_number)
    if other_id is None:
        return redirect(url_for("staff_family_files.find_duplicate", household_id=household_id), code=303)
    merge_queries.subject_name(kind, household_id, kept_id)
    comparison = merge_queries.compare(kind, kept_id, other_id)
    form = merge_form(comparison, merges.fingerprint(comparison))
    status = 200
    if form.validate_on_submit():
        try:
            merges.merge(
                kind, kept_id, other_id, form.answers(), seen=form.seen.data, author=author(), now=now()
            )
        except Stale as stale:
            flash(stale.message, "wait")
            status = 409
            form = merge_form(comparison, merges.fingerprint(comparison), fresh=True)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return done(_page_of(household_id), "La fusion est faite. L’historique des deux est ci-dessous.")
    return answer(
        "staff/family_files/merge.html",
        status=422 if form.errors else status,
        form=form,
        comparison=comparison,
        household_id=household_id,
        search=url_for(
            "staff_family_files.find_duplicate", household_id=household_id, quoi=kind.value, id=kept_id
        ),
    )
