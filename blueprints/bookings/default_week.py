"""« Ma semaine type »: the days wanted every week, then what that would change, then the recap (R20, R21)."""

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints.bookings.acting import acting, step
from blueprints.bookings.default_week_form import WeekForm, all_value
from blueprints.bookings.wizard import counter_household, gates_of
from blueprints.shared.answers import done
from blueprints.shared.converters import row_number
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from domain.default_week import Plan
from domain.errors import NotFound, Refused
from queries import default_week as weeks
from queries.default_week import Asked
from queries.family import children_of, members_of
from services import default_weeks
from services.default_weeks import Choice


@step("/semaine-type", "GET", "POST")
def default_week() -> Response:
    """The grid without a draft: reading it writes nothing. `foyer` chooses among the adult's households."""
    household_ids = acting().household_ids
    household_id = request.args.get("foyer", household_ids[0] if household_ids else 0, type=row_number)
    if household_id not in household_ids:
        raise NotFound
    return _grid(None, household_id, None)


@step("/<key>/semaine-type", "GET", "POST")
def edit_week(key: str) -> Response:
    asked = _asked(key)
    return _validated(key, asked) or _grid(key, asked.household_id, asked.plan)


def _asked(key: str) -> Asked:
    return weeks.asked(acting().author.user_id, acting().household_ids, key)


def _validated(key: str, asked: Asked) -> Response | None:
    """A draft that was validated shows its receipt, as every step does."""
    return done(url_for(".recap", key=key)) if asked.is_submitted else None


def _grid(key: str | None, household_id: int, plan: Plan | None) -> Response:
    page = weeks.week_page(
        household_id, children_of(acting().household_ids), town().school_zone, now(), today()
    )
    form = WeekForm().offer(page, plan, today())
    gates = gates_of([household_id])
    if form.validate_on_submit():
        closed = [] if acting().by_agent else [gate.sentence for gate, _ in gates]
        form.form_errors += closed
        asked = None if closed else _ask(key, household_id, form)
        if asked is not None:
            return done(url_for(".week_preview", key=asked))
    ticked = {*(form.jour.data or ()), *(form.tous.data or ())}
    html = render_template(
        "bookings/default_week.html",
        page=page,
        form=form,
        ticked=ticked,
        opened={value.rpartition(":")[2] for value in ticked},
        all_value=all_value,
        gates=gates,
        key=key,
        address=request.full_path.rstrip("?"),
        household=counter_household() if acting().by_agent else None,
        households=_households(),
    )
    return html, 422 if form.errors else 200


def _ask(key: str | None, household_id: int, form: WeekForm) -> str | None:
    """The draft that keeps the plan; None, and the sentence in the form, when it is refused."""
    try:
        return default_weeks.ask(acting().author, key, household_id, form.plan, now())
    except Refused as refusal:
        form.form_errors.append(refusal.message)
        return None


def _households() -> list[tuple[int, str]]:
    """The adult's households, to go from one to the other; none when there is only one."""
    if len(acting().household_ids) < 2:
        return []
    return [(one.household_id, one.name) for one in members_of(acting().household_ids).households]


@step("/<key>/semaine-type/apercu", "GET")
def week_preview(key: str) -> Response:
    """Every addition and every removal, before anything goes into the draft."""
    asked = _asked(key)
    validated = _validated(key, asked)
    if validated:
        return validated
    if asked.plan is None:
        return done(url_for(".edit_week", key=key))
    former = weeks.stored_week(asked.household_id)
    found = weeks.proposal(asked.draft_id, asked.household_id, asked.plan, former, now(), today())
    preview = weeks.preview(found, asked.plan, children_of(acting().household_ids))
    return render_template("bookings/week_preview.html", key=key, plan=asked.plan, preview=preview)


@step("/<key>/semaine-type/confirmer", "POST")
def confirm_week(key: str) -> Response:
    """Put what the preview says, as it was ticked, into the draft."""
    choice = Choice(*(frozenset(request.form.getlist(name)) for name in ("attente", "reprendre", "retirer")))
    if default_weeks.fill(acting().author, key, choice, now()) or _has_draft(key):
        return done(url_for(".recap", key=key))
    flash("Votre semaine type est enregistrée. Vos réservations n’ont pas changé.", "ok")
    return done(url_for(".new" if acting().by_agent else "bookings.agenda"))


def _has_draft(key: str) -> bool:
    try:
        _asked(key)
    except NotFound:
        return False
    return True
