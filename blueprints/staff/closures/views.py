"""Closing days: what it would do first, then the act, then its page, where it may be lifted (R12)."""

from datetime import date

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, shown, step, typed
from blueprints.staff.closures import blueprint
from blueprints.staff.closures.forms import ClosureForm
from domain.french import format_euros, plural
from domain.permissions import Permission
from queries import closures as closure_queries
from queries.closures import Wish
from services import closures
from services.closures import Closed

MANAGE = Permission.CLOSURES_MANAGE


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    found = closure_queries.closures(current_user.facility_ids)
    return answer("staff/closures/index.html", closures=found, today=today())


@blueprint.route("/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new() -> Response:
    """First what the closure would do, then, from that page, the act."""
    targets = closure_queries.targets(current_user.facility_ids, today())
    form = ClosureForm(data=_proposed() if request.method == "GET" else None)
    form.offer(targets, closure_queries.causes(today()))
    preview = attempt(form, lambda: closure_queries.preview(_checked(form), now()), past="first")
    if preview is NOT_DONE or step() == "edit":
        return shown(form, "staff/closures/new.html")
    if step() == "save":
        made = attempt(form, lambda: _close(form), past="first", no_opening="first", too_long="last")
        if made is NOT_DONE:
            return shown(form, "staff/closures/new.html")
        return done(url_for("staff_closures.show", closure_id=made.closure_id), _said(made))
    target = next(one for one in targets if one.value == form.target.data)
    return answer("staff/closures/preview.html", form=form, preview=preview, target=target, typed=typed())


def _proposed() -> dict[str, object]:
    """What a link to this page fills in: what closes, and one day."""
    try:
        day = date.fromisoformat(request.args.get("jour", ""))
    except ValueError:
        day = None
    return {"target": request.args.get("quoi", ""), "first": day, "last": day}


def _wish(form: ClosureForm) -> Wish:
    return closure_queries.wish_of(
        form.target.data, form.first.data, form.last.data, form.cause.data, current_user.facility_ids
    )


def _checked(form: ClosureForm) -> Wish:
    wish = _wish(form)
    closures.check(wish, now())
    return wish


def _close(form: ClosureForm) -> Closed:
    return closures.close(
        _wish(form), form.reason.data, scope=current_user.facility_ids, author=author(), now=now()
    )


def _said(made: Closed) -> str:
    if not made.bookings:
        return "Les jours sont fermés. Aucune réservation n’était à annuler."
    cancelled = plural(made.bookings, "réservation annulée", "réservations annulées")
    told = plural(made.households, "famille prévenue", "familles prévenues")
    return f"Les jours sont fermés, {cancelled}, {told}, {format_euros(made.credit_cents)} ne sont plus dus."


@blueprint.get("/<int:closure_id>")
@staff(MANAGE)
def show(closure_id: int) -> Response:
    found = closure_queries.closure(closure_id, current_user.facility_ids)
    return answer("staff/closures/closure.html", closure=found, today=today())


@blueprint.post("/<int:closure_id>/rouvrir")
@staff(MANAGE)
def lift(closure_id: int) -> Response:
    told = closures.lift(closure_id, scope=current_user.facility_ids, author=author(), now=now())
    said = "Les jours sont de nouveau ouverts."
    if told:
        said += f" {plural(told, 'famille est prévenue', 'familles sont prévenues')}."
    return done(url_for("staff_closures.show", closure_id=closure_id), said)
