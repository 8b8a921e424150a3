"""The draft of the règlement: written or imported, checked, looked at beside what is in force, published."""

from datetime import date
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import NOT_DONE, attempt, author, author_name
from blueprints.staff.rulebook import blueprint
from blueprints.staff.rulebook.forms import MOST_BYTES, DraftForm, PublishForm
from domain.calendar import ONE_DAY
from domain.errors import BusinessError
from domain.permissions import Permission
from domain.rulebook.tree import Fault
from queries import rulebook_pages
from queries.rulebook_pages import VersionText
from services import rulebooks

MANAGE = Permission.FACILITIES_MANAGE

receive_files(blueprint, MANAGE, {"edit_draft": 2 * MOST_BYTES})


@blueprint.route("/brouillon", methods=["GET", "POST"])
@staff(MANAGE)
def edit_draft() -> Response:
    """The text of the draft; a text with faults comes back with all of them, nothing is lost."""
    kept = rulebook_pages.draft(today())
    start = kept or rulebook_pages.in_force(today())
    form = DraftForm(data={"text": start.text if start else rulebooks.first_text()})
    faults: tuple[Fault, ...] = ()
    if form.validate_on_submit():
        try:
            _save(form)
        except rulebooks.BadRulebook as bad:
            faults = bad.faults
        except BusinessError as refusal:
            form.refuse(refusal)
        else:
            return done(url_for("staff_rulebook.publish"), "Le brouillon est enregistré.")
    refused = bool(faults) or bool(form.errors)
    status = 422 if refused and request.method == "POST" else 200
    shown = _with_their_lines(faults, form.text.data or "")
    return answer("staff/rulebook/draft.html", status=status, form=form, faults=shown, kept=kept)


def _with_their_lines(faults: tuple[Fault, ...], text: str) -> list[tuple[Fault, str]]:
    """Each fault with what its line says: a text area numbers no line."""
    lines = text.splitlines() or [""]
    return [(fault, lines[min(fault.line, len(lines)) - 1].strip()) for fault in faults]


def _save(form: DraftForm) -> None:
    """Raises BadRulebook, BusinessError; the form then shows what was given."""
    form.text.data = form.given_text()
    rulebooks.save_draft(form.text.data, author=author(), author_name=author_name(), now=now())


@blueprint.post("/brouillon/abandonner")
@staff(MANAGE)
def discard_draft() -> Response:
    rulebooks.discard_draft(author=author(), now=now())
    return done(url_for("staff_rulebook.index"), "Le brouillon est abandonné.")


@blueprint.route("/brouillon/publier", methods=["GET", "POST"])
@staff(MANAGE)
def publish() -> Response:
    """What the draft changes beside the version in force on its first day, then its publication."""
    draft = rulebook_pages.draft(today())
    if draft is None:
        return done(url_for("staff_rulebook.index"), "Il n’y a pas de brouillon\u00a0: commencez-en un.")
    first = today() if rulebook_pages.in_force(today()) is None else today() + ONE_DAY
    form = PublishForm(data={"valid_from": first, "fingerprint": draft.line.fingerprint})
    if request.method == "POST" and request.form.get("etape") == "publier" and _publish(form) is not NOT_DONE:
        return done(url_for("staff_rulebook.index"), "Le règlement est publié.")
    day = form.first_day() or today()
    former = rulebook_pages.in_force(day)
    checked = rulebooks.check(draft.text)
    return answer(
        "staff/rulebook/publish.html",
        status=422 if request.method == "POST" and form.errors else 200,
        form=form,
        draft=draft,
        former=former,
        comparison=_compared(former, draft, max(day, today())),
        warnings=checked.warnings,
        left_out=rulebook_pages.left_out(checked.tree["activites"]),
        next_start=rulebook_pages.first_day_after(day),
    )


def _compared(former: VersionText | None, draft: VersionText, first: date) -> Any:
    """What changes from `first` for whom (Changes); None without a version to compare with."""
    if former is None:
        return None
    from blueprints.staff.rulebook.changes import in_words  # loaded by who compares
    from queries import rulebook_analysis

    compared = rulebook_analysis.comparison(former.line, draft.line, first)
    return in_words(compared, rulebook_pages.lexicon(draft.line))


def _publish(form: PublishForm) -> object:
    return attempt(
        form,
        lambda: rulebooks.publish_draft(form.first_day(), form.fingerprint.data, author=author(), now=now()),
        in_the_past="valid_from",
        in_force="valid_from",
    )
