"""Limits and prices: guided forms over the text of the règlement, previewed, then in force from a date.

A form holds one act, or one formula, and starts from what the règlement says of it; a rule that says more
than a form can hold is shown in words, and changed in the text.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, author_name, shown, step, typed
from blueprints.staff.facilities import blueprint
from blueprints.staff.facilities.rule_forms import (
    EMPTY_ROWS,
    MOST_STAGES,
    SHAPES,
    STAGES,
    LimitForm,
    TariffForm,
    known_shape,
    limit_form,
    suggested_start,
    values_of_prices,
)
from blueprints.staff.facilities.views import MANAGE
from domain.calendar import school_year
from domain.enums import LineAction
from domain.rulebook.amendments import (
    Amendment,
    RuledActivity,
    amended_limit,
    amended_prices,
    restored_limit,
    restored_prices,
)
from domain.rulebook.guided_prices import USUAL_QUOTIENT
from domain.rulebook.rulebook import Rulebook
from queries import facilities as facility_queries
from queries import rule_versions
from queries.facilities import ActivitySheet, PresenceTypeSheet
from queries.rule_versions import LimitVersion, PriceVersion
from queries.rules import ACTIONS as WORDS
from services import rulebooks

ACTIONS = {"reservation": LineAction.BOOK, "annulation": LineAction.CANCEL}
SLUGS = {action: slug for slug, action in ACTIONS.items()}
HEADINGS = {LineAction.BOOK: "Délai de réservation", LineAction.CANCEL: "Délai d’annulation"}
VERSION_PLACES = {"in_force": "valid_from", "in_the_past": "valid_from"}
PUBLISHED = "La version est publiée."
WITHDRAWN = "La version à venir est retirée."


def _day_or_404(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)


def _first_day(versions: tuple[Any, ...]) -> date:
    return suggested_start(today(), school_year(today())[0], bool(versions))


def _model(versions: tuple[Any, ...]) -> Any:
    """The version that a form starts from: the one named in the address, else the one in force; or None."""
    named = request.args.get("depuis")
    if named:
        return rule_versions.starting(versions, _day_or_404(named))
    return rule_versions.current(versions)


def _drafted(form: LimitForm | TariffForm, amendment: Amendment) -> Rulebook:
    """The règlement with this change; NOT_DONE when it would not hold, with its faults in the form."""
    book, faults = rule_versions.drafted(amendment, form.valid_from.data)
    for fault in faults:
        form.refuse_fault(fault)
    return NOT_DONE if book is None else book


def _amend(form: LimitForm | TariffForm, amendment: Amendment) -> Any:
    """Publish the change; NOT_DONE when a version to come would not hold with it."""
    try:
        rulebooks.amend(
            amendment, form.valid_from.data, author=author(), author_name=author_name(), now=now()
        )
    except rulebooks.BadRulebook as bad:
        for fault in bad.faults:
            form.refuse_fault(fault)
        return NOT_DONE


# --- Limits -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LimitPage:
    """One act of one activity: what its pages show of it."""

    activity: ActivitySheet
    ruled: RuledActivity
    action: LineAction
    slug: str
    versions: tuple[LimitVersion, ...]

    @classmethod
    def of(cls, activity_id: int, slug: str) -> "LimitPage":
        if slug not in ACTIONS:
            abort(404)
        sheet, ruled = facility_queries.activity(activity_id), rule_versions.ruled_activity(activity_id)
        versions = rule_versions.limit_versions(ruled, ACTIONS[slug], today())
        return cls(sheet, ruled, ACTIONS[slug], slug, versions)

    @property
    def heading(self) -> str:
        return HEADINGS[self.action]

    @property
    def rich(self) -> LimitVersion | None:
        """The version in force when it says more than a form can hold."""
        version = rule_versions.current(self.versions)
        return version if version is not None and known_shape(version.limit) is None else None

    @property
    def address(self) -> str:
        return url_for("staff_facilities.deadlines", activity_id=self.activity.id, action=self.slug)

    def amendment(self, form: LimitForm) -> Amendment:
        return amended_limit(self.ruled, WORDS[self.action], form.limit())


@blueprint.get("/activites/<int:activity_id>/delais/<action>")
@staff(MANAGE)
def deadlines(activity_id: int, action: str) -> Response:
    page = LimitPage.of(activity_id, action)
    other = LimitPage.of(activity_id, next(slug for slug in ACTIONS if slug != action))
    return answer(
        "staff/facilities/deadlines.html",
        rule=page,
        versions=[(one, known_shape(one.limit)) for one in page.versions],
        other=other,
        others=[
            (one, known_shape(one.limit))
            for one in other.versions
            if one is rule_versions.current(other.versions) and known_shape(one.limit)
        ],
        shapes=SHAPES,
    )


@blueprint.route("/activites/<int:activity_id>/delais/<action>/nouveau/<shape>", methods=["GET", "POST"])
@staff(MANAGE)
def new_deadline(activity_id: int, action: str, shape: str) -> Response:
    page = LimitPage.of(activity_id, action)
    wanted = _shape_wanted(shape)
    form = _limit_form(page, wanted)
    context = {
        "rule": page,
        "shape": wanted,
        "shapes": SHAPES,
        "more": {slug: SHAPES[slug] for slug in STAGES} if 0 < len(form.stages()) < MOST_STAGES else {},
    }
    if step() == "save" and attempt(form, lambda: _publish_limit(form, page), **VERSION_PLACES) is None:
        return done(page.address, PUBLISHED)
    preview = attempt(form, lambda: _preview_limit(form, page)) if step() == "preview" else NOT_DONE
    if preview is NOT_DONE:
        return shown(form, "staff/facilities/deadline_form.html", **context)
    return answer(
        "staff/facilities/deadline_preview.html", form=form, preview=preview, typed=typed(), **context
    )


def _shape_wanted(shape: str) -> str:
    """The shape of the address, with one limit more or less when that button was pressed."""
    asked = step()
    if asked.startswith("more:"):
        return f"{shape},{asked.removeprefix('more:')}"
    return shape.rpartition(",")[0] or shape if asked == "less" else shape


def _limit_form(page: LimitPage, shape: str) -> LimitForm:
    """The form of a shape, filled from the version it starts from when that has this shape."""
    kind = limit_form(shape)
    if kind is None:
        abort(404)
    source = request.args.get("de", page.slug)
    versions = page.versions if source == page.slug else LimitPage.of(page.activity.id, source).versions
    model = _model(versions)
    fits = model is not None and known_shape(model.limit) == shape
    values = kind.values_of_limit(model.limit) if fits else {}
    return kind(data={"valid_from": _first_day(page.versions), **values})


def _preview_limit(form: LimitForm, page: LimitPage) -> Any:
    book = _drafted(form, page.amendment(form))
    if book is NOT_DONE:
        return NOT_DONE
    first = max(form.valid_from.data, today())
    return rule_versions.limits_preview(page.activity.id, page.ruled, page.action, book, first)


def _publish_limit(form: LimitForm, page: LimitPage) -> Any:
    return _amend(form, page.amendment(form))


@blueprint.post("/activites/<int:activity_id>/delais/<action>/retirer/<day>")
@staff(MANAGE)
def withdraw_deadline(activity_id: int, action: str, day: str) -> Response:
    page = LimitPage.of(activity_id, action)
    restoration = restored_limit(page.ruled, WORDS[page.action])
    rulebooks.withdraw_amendment(
        restoration, _day_or_404(day), author=author(), author_name=author_name(), now=now()
    )
    return done(page.address, WITHDRAWN)


# --- Prices -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PricePage:
    """One formula of one activity: what its pages show of it."""

    presence_type: PresenceTypeSheet
    ruled: RuledActivity
    formula: str
    versions: tuple[PriceVersion, ...]

    @classmethod
    def of(cls, presence_type_id: int) -> "PricePage":
        sheet = facility_queries.presence_type(presence_type_id)
        ruled = rule_versions.ruled_activity(sheet.activity_id)
        versions = rule_versions.price_versions(ruled, sheet.rule_name, today())
        return cls(sheet, ruled, sheet.rule_name, versions)

    @property
    def rich(self) -> PriceVersion | None:
        """The version in force when it says more than the form can hold."""
        version = rule_versions.current(self.versions)
        return version if version is not None and version.prices is None else None

    @property
    def address(self) -> str:
        return url_for("staff_facilities.tariffs", presence_type_id=self.presence_type.id)

    def amendment(self, form: TariffForm) -> Amendment:
        return amended_prices(self.ruled, self.formula, form.prices())


@blueprint.get("/types/<int:presence_type_id>/tarifs")
@staff(MANAGE)
def tariffs(presence_type_id: int) -> Response:
    return answer("staff/facilities/tariffs.html", tariff=PricePage.of(presence_type_id))


@blueprint.route("/types/<int:presence_type_id>/tarifs/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_tariff(presence_type_id: int) -> Response:
    page = PricePage.of(presence_type_id)
    form = _tariff_form(page)
    if step() == "rows":
        form.add_rows()
    if step() == "save" and attempt(form, lambda: _publish_prices(form, page), **VERSION_PLACES) is None:
        return done(page.address, PUBLISHED)
    preview = attempt(form, lambda: _preview_prices(form, page)) if step() == "preview" else NOT_DONE
    if preview is NOT_DONE:
        return shown(form, "staff/facilities/tariff_form.html", tariff=page, empty_rows=EMPTY_ROWS)
    return answer(
        "staff/facilities/tariff_preview.html", tariff=page, form=form, preview=preview, typed=typed()
    )


def _tariff_form(page: PricePage) -> TariffForm:
    """The form, filled from the version it starts from when that is one it can hold."""
    model = _model(page.versions)
    values = values_of_prices(model.prices) if model is not None and model.prices is not None else {}
    form = TariffForm(data={"valid_from": _first_day(page.versions), **values})
    form.asks_unknown = _unknown_has_its_row(form.valid_from.data or today())
    if request.method == "GET" or not form.resident.entries:
        form.add_rows()
    return form


def _unknown_has_its_row(day: date) -> bool:
    """Whether a price says what an unknown quotient costs, rather than the règlement for all prices."""
    taken = rule_versions.tree_in_force(day).get("quotient") or USUAL_QUOTIENT
    return taken.get("inconnu") == USUAL_QUOTIENT["inconnu"]


def _preview_prices(form: TariffForm, page: PricePage) -> Any:
    book = _drafted(form, page.amendment(form))
    if book is NOT_DONE:
        return NOT_DONE
    return rule_versions.prices_preview(book, page.ruled, page.formula, form.prices(), form.valid_from.data)


def _publish_prices(form: TariffForm, page: PricePage) -> Any:
    return _amend(form, page.amendment(form))


@blueprint.post("/types/<int:presence_type_id>/tarifs/retirer/<day>")
@staff(MANAGE)
def withdraw_tariff(presence_type_id: int, day: str) -> Response:
    page = PricePage.of(presence_type_id)
    restoration = restored_prices(page.ruled, page.formula)
    rulebooks.withdraw_amendment(
        restoration, _day_or_404(day), author=author(), author_name=author_name(), now=now()
    )
    return done(page.address, WITHDRAWN)
