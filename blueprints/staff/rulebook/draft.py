"""The draft of the règlement: written or imported, checked, looked at beside what is in force, published."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import NOT_DONE, attempt, author
from blueprints.staff.rulebook import blueprint
from blueprints.staff.rulebook.forms import MOST_BYTES, DraftForm, PublishForm
from domain.calendar import ONE_DAY
from domain.errors import BusinessError
from domain.permissions import Permission
from domain.rulebook.tree import Fault
from queries import rulebook_pages
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
    return answer("staff/rulebook/draft.html", status=status, form=form, faults=faults, kept=kept)


def _save(form: DraftForm) -> None:
    """Raises BadRulebook, BusinessError; the form then shows what was given."""
    form.text.data = form.given_text()
    rulebooks.save_draft(form.text.data, author=author(), author_name=_agent(), now=now())


@blueprint.post("/brouillon/abandonner")
@staff(MANAGE)
def discard_draft() -> Response:
    rulebooks.discard_draft(author=author(), now=now())
    return done(url_for("staff_rulebook.index"), "Le brouillon est abandonné.")


@blueprint.route("/brouillon/publier", methods=["GET", "POST"])
@staff(MANAGE)
def publish() -> Response:
    """What the draft changes beside the version in force on its first day, then its publication."""
    from blueprints.staff.rulebook.changes import in_words  # loaded by who compares
    from queries import rulebook_analysis

    draft = rulebook_pages.draft(today())
    if draft is None:
        return done(url_for("staff_rulebook.index"), "Il n’y a pas de brouillon\u00a0: commencez-en un.")
    form = PublishForm(data={"valid_from": today() + ONE_DAY, "fingerprint": draft.line.fingerprint})
    if request.method == "POST" and request.form.get("etape") == "publier" and _publish(form) is not NOT_DONE:
        return done(url_for("staff_rulebook.index"), "Le règlement est publié.")
    day = form.first_day() or today()
    former = rulebook_pages.in_force(day)
    found = None
    if former is not None:
        compared = rulebook_analysis.comparison(former.line, draft.line, max(day, today()))
        found = in_words(compared, rulebook_pages.lexicon(draft.line))
    refused = request.method == "POST" and bool(form.errors)
    return answer(
        "staff/rulebook/publish.html",
        status=422 if refused else 200,
        form=form,
        draft=draft,
        former=former,
        comparison=found,
        warnings=rulebooks.check(draft.text).warnings,
    )


def _publish(form: PublishForm) -> object:
    return attempt(
        form,
        lambda: rulebooks.publish_draft(form.first_day(), form.fingerprint.data, author=author(), now=now()),
        in_the_past="valid_from",
        in_force="valid_from",
    )


def _agent() -> str:
    return f"{current_user.first_name} {current_user.last_name}".strip()
