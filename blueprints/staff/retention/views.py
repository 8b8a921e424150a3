"""Durations, preview and confirmation of what is erased (R54)."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.retention import blueprint
from blueprints.staff.retention.forms import DurationsForm, EraseForm, typed
from domain.errors import Stale
from domain.permissions import Permission
from domain.retention import DURATIONS, FIXED
from queries import retention as retention_queries
from services import erasures


@blueprint.route("", methods=["GET", "POST"])
@staff(Permission.RETENTION_MANAGE)
def index() -> Response:
    form = DurationsForm(data=typed(retention_queries.retention()))
    places = {name: name for name in (*DURATIONS, "notice_days")}
    changed = attempt(form, lambda: erasures.save(form.retention(), author=author(), now=now()), **places)
    if changed is NOT_DONE:
        return shown(form, "staff/retention/index.html", fixed=FIXED)
    message = "Les durées sont enregistrées." if changed else "Rien n’a changé."
    return done(url_for("staff_retention.index"), message)


@blueprint.get("/apercu")
@staff(Permission.RETENTION_MANAGE)
def preview() -> Response:
    return _preview(EraseForm())


@blueprint.post("/effacer")
@staff(Permission.RETENTION_MANAGE)
def erase() -> Response:
    form = EraseForm()
    try:
        asked = attempt(form, lambda: erasures.ask(form.seen.data, author=author(), now=now()))
    except Stale as stale:
        return _preview(EraseForm(formdata=None), 409, stale.message)
    if asked is NOT_DONE:
        return _preview(form, 422)
    return done(
        url_for("staff_retention.preview"),
        "L’effacement est confirmé\u00a0: le portail le fait dans la minute.",
    )


@blueprint.post("/prevenir")
@staff(Permission.RETENTION_MANAGE)
def tell() -> Response:
    """The families that were not told yet are, by the worker."""
    erasures.ask_to_tell(author=author(), now=now())
    return done(
        url_for("staff_retention.preview"), "Les familles sont prévenues par un mail, dans la minute."
    )


def _preview(form: EraseForm, status: int = 200, stale: str = "") -> Response:
    found = erasures.preview(now())
    form.seen.data = found.fingerprint
    return answer(
        "staff/retention/preview.html",
        status=status,
        form=form,
        found=found,
        names={kind: one.name for kind, one in DURATIONS.items()},
        is_asked=erasures.is_asked(),
        is_telling=erasures.is_telling(),
        notice_days=retention_queries.retention().notice_days,
        stale=stale,
    )
