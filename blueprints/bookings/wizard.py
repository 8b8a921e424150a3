"""The wizard: child, establishment and month, planning, recap (S88 to S98); its draft is on the server."""

from collections.abc import Sequence
from datetime import date

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.bookings.acting import acting, step
from blueprints.bookings.wizard_forms import ChildForm, CounterChildForm, CounterForm, PlaceForm, place_value
from blueprints.shared.answers import answer, done, is_htmx
from blueprints.shared.converters import row_number
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from domain.booking_gates import Gate, GateKind
from domain.calendar import parse_month
from domain.errors import BusinessError, Refused
from queries import booking_gates, households, wizard, wizard_month, wizard_recap
from queries.family import ChildCard, HouseholdName, children_of, homes_of_children
from queries.wizard_recap import MonthSoFar
from services import booking_copies, booking_drafts, booking_requests
from services.booking_drafts import Wanted

STEPS = ("child", "place", "planning", "recap")


def _children() -> tuple[ChildCard, ...]:
    return children_of(acting().household_ids)


def _draft(key: str) -> wizard.Draft:
    return wizard.draft(acting().author.user_id, acting().household_ids, key, now(), today())


def _elsewhere(draft: wizard.Draft, wanted: str) -> Response | None:
    """Where to look at a draft instead: its receipt once validated, else the first step that is not right."""
    if draft.reference:
        return done(url_for(".receipt", reference=draft.reference))
    missing = next(
        (name for name, good in zip(STEPS, (draft.has_child, draft.has_place), strict=False) if not good),
        wanted,
    )
    if STEPS.index(missing) < STEPS.index(wanted):
        return done(url_for(f".{missing}", key=draft.key))
    return None


def _month_argument(name: str = "mois") -> date | None:
    """The month asked for in the address or the form; what is not a month is as good as none."""
    try:
        return date(*parse_month(request.values.get(name, "")[:7]), 1)
    except BusinessError:
        return None


def _day_argument() -> date | None:
    """The day from which the planning was left; what is not a day is as good as none."""
    try:
        return date.fromisoformat(request.values.get("jour", ""))
    except ValueError:
        return None


# --- Step 1 -------------------------------------------------------------------------------------------------


@step("/nouvelle", "GET", "POST")
def new() -> Response:
    """Step 1 without a draft: reading it writes nothing."""
    children = _children()
    form = CounterChildForm() if acting().by_agent else ChildForm()
    form.offer(
        children, homes_of_children(acting().household_ids), request.args.get("enfant", type=row_number)
    )
    if form.validate_on_submit() and _may_book(form):
        author = form.author(acting().author)
        month = _month_argument() or _month_argument("jour")
        key = booking_drafts.start(author, form.child_id, month, now(), _day_argument() or month)
        return _after_child(key, form.child_id)
    unfinished = wizard.unfinished_draft(acting().author.user_id, acting().household_ids, now(), today())
    address, week_address = request.full_path.rstrip("?"), url_for(".default_week")
    return _child_page(form, children, address, unfinished=unfinished, week_address=week_address)


@step("/<key>/enfant", "GET", "POST")
def child(key: str) -> Response:
    draft = _draft(key)
    elsewhere = _elsewhere(draft, "child")
    if elsewhere:
        return elsewhere
    children = _children()
    form = ChildForm().offer(children, homes_of_children(acting().household_ids), draft.child_id)
    if form.validate_on_submit() and _may_book(form):
        booking_drafts.choose_child(acting().author, key, form.child_id, now())
        return _after_child(key, form.child_id)
    address, week_address = url_for(".child", key=key), url_for(".edit_week", key=key)
    return _child_page(form, children, address, unfinished=None, week_address=week_address)


def gates_of(household_ids: Sequence[int], documents: Sequence[Gate] = ()) -> list[tuple[Gate, str]]:
    """What is to be done before booking, each with the address where it is done: none for an agent, who is
    only told."""
    by_agent = acting().by_agent
    adults = booking_gates.adults_of(household_ids) if by_agent else (current_user.guardian_id,)
    found = [*booking_gates.gates(household_ids, adults, town(), today()), *documents]
    each = {gate.sentence: gate for gate in found}.values()
    return [(gate, "" if by_agent else _where_done(gate)) for gate in each]


def _where_done(gate: Gate) -> str:
    places = {
        GateKind.DOCUMENT: _document_address,
        GateKind.CERTIFICATION: lambda gate: url_for("household.certify", household_id=gate.target_id),
        GateKind.CONSENT: lambda gate: url_for("household.read_text", text_id=gate.target_id),
    }
    return places[gate.kind](gate)


def _document_address(gate: Gate) -> str:
    if gate.child_id is not None:
        return url_for("documents.send_for_child", category_id=gate.target_id, child_id=gate.child_id)
    return url_for("documents.send_for_household", category_id=gate.target_id, household_id=gate.household_id)


def _may_book(form: ChildForm) -> bool:
    """Whether the child's household has done what the town wants first; else the form says what to do. An
    agent may go on: the recap asks for a reason."""
    household_id = wizard.household_of(form.child_id, acting().household_ids)
    if acting().by_agent:
        return True
    reasons = [gate.sentence for gate, _ in gates_of([household_id])]
    form.form_errors += reasons
    return not reasons


def _after_child(key: str, child_id: int) -> Response:
    """Step 2, or the planning at once when there is one establishment to choose from."""
    settled = wizard.only_choice(wizard.places(child_id, now(), today(), acting().author.channel), None)
    return done(url_for(".planning" if settled else ".place", key=key))


def counter_household() -> HouseholdName:
    """The family before the agent. Raises NotFound."""
    (household_id,) = acting().household_ids
    return households.household_name(household_id, facility_ids=current_user.facility_ids, today=today())


def _child_page(
    form: ChildForm, children: tuple[ChildCard, ...], address: str, **context: object
) -> Response:
    page = render_template(
        "bookings/wizard_child.html",
        form=form,
        children=children,
        address=address,
        household=counter_household() if acting().by_agent else None,
        gates=gates_of(acting().household_ids),
        **context,
    )
    return page, 422 if form.errors else 200


@step("/<key>/abandonner", "POST")
def discard(key: str) -> Response:
    booking_drafts.discard(acting().author, key, now())
    return done(url_for(".new"), "Votre demande en cours est effacée. Vos réservations n’ont pas changé.")


# --- Step 2 -------------------------------------------------------------------------------------------------


@step("/<key>/etablissement", "GET", "POST")
def place(key: str) -> Response:
    draft = _draft(key)
    elsewhere = _elsewhere(draft, "place")
    if elsewhere:
        return elsewhere
    places = wizard.places(draft.child_id, now(), today(), draft.channel)
    card = next(card for card in _children() if card.child_id == draft.child_id)
    form = PlaceForm().offer(places, draft.facility_id, draft.month)
    if form.validate_on_submit():
        booking_drafts.choose_place(acting().author, key, *form.place, now())
        return done(url_for(".planning", key=key))
    page = render_template(
        "bookings/wizard_place.html",
        form=form,
        draft=draft,
        card=card,
        places=places,
        place_value=place_value,
    )
    return page, 422 if form.errors else 200


# --- Step 3 -------------------------------------------------------------------------------------------------


@step("/<key>/planning", "GET")
def planning(key: str) -> Response:
    """The month to paint. `mois` and `type` in the address choose what is shown; reading writes nothing."""
    draft = _draft(key)
    return _elsewhere(draft, "planning") or _planning(draft)


def _planning(
    draft: wizard.Draft,
    copied: booking_copies.Copied | None = None,
    refusal: Refused | None = None,
    month: date | None = None,
) -> Response:
    painting = wizard_month.painting(
        draft,
        _children(),
        month or _month_argument(),
        request.values.get("type", type=row_number),
        now(),
        today(),
    )
    return answer(
        "bookings/wizard_planning.html",
        "bookings/_wizard_planning.html",
        422 if refusal else 200,
        draft=draft,
        painting=painting,
        copied=copied,
        refusal=refusal,
    )


def _refused(key: str, refusal: Refused, month: date | None) -> Response:
    """htmx shows the sentence in place; without scripts the month comes back with it."""
    if is_htmx():
        raise refusal
    draft = _draft(key)
    return _elsewhere(draft, "planning") or _planning(draft, refusal=refusal, month=month)


@step("/<key>/jours", "POST")
def days(key: str) -> Response:
    """A touched day: `jour` is « 2027-02-01:book », the day and the state wanted, never « the other one »."""
    day, wanted = _wish(request.form.get("jour", ""))
    type_id = request.form.get("type", 0, type=row_number)
    try:
        touched = booking_drafts.set_day(acting().author, key, day, wanted, type_id, now())
    except Refused as refusal:
        return _refused(key, refusal, day.replace(day=1))
    if not is_htmx():
        return done(_planning_address(key, day, type_id))
    # The hottest answer of the portal: the context of pages (town, menus, account) is not even prepared.
    return current_app.jinja_env.get_template("bookings/_wizard_touched.html").render(
        key=key,
        cells=[wizard_month.touched_cell(touched.day, type_id, touched.rules, now(), today())],
        bar=wizard_recap.bar(
            touched.wishes, touched.rules, now(), MonthSoFar(day.replace(day=1), touched.booked_cents)
        ),
    )


def _planning_address(key: str, day: date, type_id: int) -> str:
    return url_for(".planning", key=key, mois=day.isoformat()[:7], type=type_id, _anchor=f"j-{day}")


def _wish(text: str) -> tuple[date, Wanted]:
    """The day and the state of a button; anything else was never one of our buttons."""
    day, _, wanted = text.partition(":")
    try:
        return date.fromisoformat(day), Wanted(wanted)
    except ValueError:
        abort(404)


@step("/<key>/aller-a", "POST")
def switch(key: str) -> Response:
    """Another child or another structure in the same draft: `choix` is « child:facility »."""
    child_id, _, facility_id = request.form.get("choix", "").partition(":")
    month = _month_argument()
    if month is None or not (child_id.isdecimal() and facility_id.isdecimal()):
        abort(404)
    booking_drafts.switch(acting().author, key, int(child_id), int(facility_id), month, now())
    return _planning(_draft(key)) if is_htmx() else done(url_for(".planning", key=key))


@step("/<key>/recopier", "POST")
def copy(key: str) -> Response:
    """Copy the days of the month on other dates and to siblings; what cannot be is listed with its reason."""
    month = _month_argument()
    if month is None:
        abort(404)
    try:
        siblings = request.form.getlist("enfant", type=row_number)
        copied = booking_copies.copy_days(acting().author, key, month, _until(), _dates(), siblings, now())
    except Refused as refusal:
        return _refused(key, refusal, month)
    to_recap = request.form.get("suite") == "recapitulatif"
    if is_htmx() and not to_recap:
        return _planning(_draft(key), copied)
    for sentence in copied.sentences():
        flash(sentence, "ok")
    if to_recap:
        address = url_for(".recap", key=key)
        return ("", {"HX-Redirect": address}) if is_htmx() else done(address)
    return done(url_for(".planning", key=key, mois=request.form["mois"], type=request.form.get("type")))


def _until() -> date | None:
    """The last day of the weekly copy, None when only picked dates are wanted."""
    if request.form.get("semaines") != "oui":
        return None
    try:
        return date.fromisoformat(request.form.get("jusqu", ""))
    except ValueError:
        raise Refused(
            "bad_day", "Indiquez jusqu’à quelle date recopier, par exemple le 2 juillet 2027."
        ) from None


def _dates() -> list[date]:
    """The picked dates; empty fields are none."""
    try:
        return [date.fromisoformat(text) for text in request.form.getlist("date") if text]
    except ValueError:
        raise Refused("bad_day", "Une des dates choisies n’existe pas. Corrigez-la.") from None


# --- Step 4 -------------------------------------------------------------------------------------------------


@step("/<key>/recapitulatif", "GET")
def recap(key: str) -> Response:
    draft = _draft(key)
    elsewhere = _elsewhere(draft, "recap")
    if elsewhere:
        return elsewhere
    if not draft.has_lines:
        return done(url_for(".planning", key=key))
    recap = wizard_recap.recap(draft, _children(), now(), today())
    lacking = booking_gates.document_gates(draft.household_id, recap.booked_places, today())
    return render_template(
        "bookings/wizard_recap.html",
        draft=draft,
        recap=recap,
        gates=[] if recap.only_cancels else gates_of([draft.household_id], lacking),
        counter=CounterForm(obj=draft) if acting().by_agent else None,
    )


@step("/<key>/retirer", "POST")
def remove(key: str) -> Response:
    booking_drafts.remove_line(acting().author, key, request.form.get("ligne", 0, type=row_number), now())
    return done(url_for(".recap", key=key), "Ce jour est retiré de votre demande.")


@step("/<key>/modifier", "POST")
def edit(key: str) -> Response:
    """Back to the planning of one child of the draft."""
    child_id, facility_id = (
        request.form.get(name, 0, type=row_number) for name in ("enfant", "etablissement")
    )
    booking_drafts.resume(acting().author, key, child_id, facility_id, now())
    return done(url_for(".planning", key=key))


@step("/<key>/valider", "POST")
def validate(key: str) -> Response:
    reference = booking_requests.submit(acting().author, key, current_user.display_name, now())
    return redirect(url_for(".receipt", reference=reference), code=303)


@step("/annuler/<int:booking_id>", "POST")
def cancel(booking_id: int) -> Response:
    """From the agenda: a draft that gives one booking up, ready to be validated."""
    key = booking_drafts.start_cancelling(acting().author, booking_id, now())
    return done(url_for(".recap", key=key))
