"""Deadlines and prices, in dated versions: read, drafted, previewed, published."""

from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, shown, step, typed
from blueprints.staff.facilities import blueprint
from blueprints.staff.facilities.rule_forms import (
    EMPTY_ROWS,
    SHAPES,
    RuleForm,
    TariffForm,
    holds,
    shape_of,
    suggested_start,
    values_of_rule,
    values_of_table,
)
from blueprints.staff.facilities.views import MANAGE
from domain.calendar import school_year
from domain.enums import LineAction
from queries import facilities as facility_queries
from queries import rule_versions
from services import rules

ACTIONS = {"reservation": LineAction.BOOK, "annulation": LineAction.CANCEL}
HEADINGS = {LineAction.BOOK: "Délai de réservation", LineAction.CANCEL: "Délai d’annulation"}
SLUGS = {action: slug for slug, action in ACTIONS.items()}
VERSION_PLACES = {"in_force": "valid_from", "in_the_past": "valid_from"}
PUBLISHED = "La version est publiée."


def _action_or_404(slug: str) -> LineAction:
    return ACTIONS[slug] if slug in ACTIONS else abort(404)


# --- Deadlines ----------------------------------------------------------------------------------


def _deadlines_url(activity_id: int, action: LineAction) -> str:
    return url_for("staff_facilities.deadlines", activity_id=activity_id, action=SLUGS[action])


@blueprint.get("/activites/<int:activity_id>/delais/<action>")
@staff(MANAGE)
def deadlines(activity_id: int, action: str) -> Response:
    wanted = _action_or_404(action)
    other = next(one for one in LineAction if one is not wanted)
    return answer(
        "staff/facilities/deadlines.html",
        activity=facility_queries.activity(activity_id),
        heading=HEADINGS[wanted],
        slug=action,
        versions=rule_versions.deadline_versions(activity_id, wanted, today()),
        other=rule_versions.current(rule_versions.deadline_versions(activity_id, other, today())),
        other_heading=HEADINGS[other].lower(),
        shapes=SHAPES,
    )


@blueprint.get("/activites/<int:activity_id>/delais/<action>/depuis/<int:rule_id>")
@staff(MANAGE)
def deadline_from(activity_id: int, action: str, rule_id: int) -> Response:
    """The right form to start from a rule that exists."""
    _action_or_404(action)
    rule = rule_versions.deadline_rule(rule_id, activity_id)
    address = url_for(
        "staff_facilities.new_deadline",
        activity_id=activity_id,
        action=action,
        shape=shape_of(rule),
        depuis=rule_id,
    )
    return done(address)


def _model(activity_id: int, shape: str) -> tuple[dict[str, Any], bool]:
    """What a form of `shape` starts from: the rule named in the address; and whether that rule is too rich
    for it, so that it starts empty rather than with a part of the rule."""
    model = request.args.get("depuis", type=int)
    if not model:
        return {}, False
    rule = rule_versions.deadline_rule(model, activity_id)
    if shape != shape_of(rule):
        return {}, False
    return (values_of_rule(rule, shape), False) if holds(rule, shape) else ({}, True)


def _deadline_form(activity_id: int, action: LineAction, shape: str, values: dict[str, Any]) -> RuleForm:
    has_versions = bool(rule_versions.deadline_versions(activity_id, action, today()))
    start = suggested_start(today(), school_year(today())[0], has_versions)
    return SHAPES[shape][0](data={"valid_from": start, **values})


@blueprint.route("/activites/<int:activity_id>/delais/<action>/nouveau/<shape>", methods=["GET", "POST"])
@staff(MANAGE)
def new_deadline(activity_id: int, action: str, shape: str) -> Response:
    wanted = _action_or_404(action)
    if shape not in SHAPES:
        abort(404)
    found = facility_queries.activity(activity_id)
    values, too_rich = _model(activity_id, shape)
    form = _deadline_form(activity_id, wanted, shape, values)
    context = {
        "too_rich": too_rich,
        "activity": found,
        "heading": HEADINGS[wanted],
        "slug": action,
        "shape": shape,
        "shapes": SHAPES,
    }
    if step() == "save" and _publish_deadline(form, activity_id, wanted) is not NOT_DONE:
        return done(_deadlines_url(activity_id, wanted), PUBLISHED)
    if step() != "preview":
        return shown(form, "staff/facilities/deadline_form.html", **context)
    preview = attempt(form, lambda: _preview_deadline(form, activity_id, wanted))
    if preview is NOT_DONE:
        return shown(form, "staff/facilities/deadline_form.html", **context)
    return answer(
        "staff/facilities/deadline_preview.html", form=form, preview=preview, typed=typed(), **context
    )


def _publish_deadline(form: RuleForm, activity_id: int, action: LineAction) -> Any:
    return attempt(
        form,
        lambda: rules.publish_deadline_rule(
            activity_id,
            action,
            form.ladder(),
            form.valid_from.data,
            form.source.data,
            author=author(),
            now=now(),
        ),
        **VERSION_PLACES,
    )


def _preview_deadline(form: RuleForm, activity_id: int, action: LineAction) -> Any:
    first = max(form.valid_from.data, today())
    return rule_versions.limits_preview(activity_id, action, form.ladder(), first)


@blueprint.post("/delais/<int:rule_id>/retirer")
@staff(MANAGE)
def withdraw_deadline(rule_id: int) -> Response:
    activity_id, action = rule_versions.owner_of_deadline(rule_id)
    rules.withdraw_deadline_rule(rule_id, author=author(), now=now())
    return done(_deadlines_url(activity_id, action), "La version à venir est retirée.")


# --- Prices -------------------------------------------------------------------------------------


def _tariffs_url(presence_type_id: int) -> str:
    return url_for("staff_facilities.tariffs", presence_type_id=presence_type_id)


@blueprint.get("/types/<int:presence_type_id>/tarifs")
@staff(MANAGE)
def tariffs(presence_type_id: int) -> Response:
    found = facility_queries.presence_type(presence_type_id)
    versions = rule_versions.tariff_versions(presence_type_id, today())
    return answer("staff/facilities/tariffs.html", presence_type=found, versions=versions)


def _tariff_form(presence_type_id: int) -> TariffForm:
    """The form, filled from the version named in the address when there is one."""
    has_versions = bool(rule_versions.tariff_versions(presence_type_id, today()))
    start = suggested_start(today(), school_year(today())[0], has_versions)
    model = request.args.get("depuis", type=int)
    values = values_of_table(rule_versions.price_table(model, presence_type_id)) if model else {}
    form = TariffForm(data={"valid_from": start, **values})
    if request.method == "GET" or not form.resident.entries:
        form.add_rows()
    return form


@blueprint.route("/types/<int:presence_type_id>/tarifs/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_tariff(presence_type_id: int) -> Response:
    found = facility_queries.presence_type(presence_type_id)
    form = _tariff_form(presence_type_id)
    if step() == "rows":
        form.add_rows()
    if step() == "save" and _publish_tariff(form, presence_type_id) is not NOT_DONE:
        return done(_tariffs_url(presence_type_id), PUBLISHED)
    if step() != "preview":
        return shown(form, "staff/facilities/tariff_form.html", presence_type=found, empty_rows=EMPTY_ROWS)
    table = attempt(form, form.table)
    if table is NOT_DONE:
        return shown(form, "staff/facilities/tariff_form.html", presence_type=found, empty_rows=EMPTY_ROWS)
    return answer(
        "staff/facilities/tariff_preview.html",
        presence_type=found,
        form=form,
        grids=rule_versions.price_grids(table),
        bounds=rule_versions.bound_lines(table),
        typed=typed(),
    )


def _publish_tariff(form: TariffForm, presence_type_id: int) -> Any:
    return attempt(
        form,
        lambda: rules.publish_tariff(
            presence_type_id, form.table(), form.source.data, author=author(), now=now()
        ),
        **VERSION_PLACES,
    )


@blueprint.post("/tarifs/<int:tariff_id>/retirer")
@staff(MANAGE)
def withdraw_tariff(tariff_id: int) -> Response:
    presence_type_id = rule_versions.owner_of_tariff(tariff_id)
    rules.withdraw_tariff(tariff_id, author=author(), now=now())
    return done(_tariffs_url(presence_type_id), "La version à venir est retirée.")
