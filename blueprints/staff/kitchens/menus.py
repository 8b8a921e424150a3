"""The menus of a kitchen: a whole week in one screen, or copied from another (R34)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import FieldList, Form, FormField, HiddenField, SelectChoice, ValidationError
from wtforms.validators import InputRequired

from blueprints.shared.answers import answer, done
from blueprints.shared.fields import LineField, PlainDateField, TicksField
from blueprints.shared.guards import staff
from blueprints.shared.time import asked_day, now
from blueprints.staff.acts import NOT_DONE, attempt, author
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.kitchens import blueprint
from domain.calendar import ONE_DAY, WORKING_WEEK, week_days
from domain.enums import Allergen
from domain.errors import Refused, Stale
from domain.french import NBSP, plural
from domain.labels import label
from domain.menus import day_mark
from domain.permissions import Permission
from queries import meal_counts
from queries import menus as menu_queries
from queries.meal_counts import KitchenSheet
from queries.menus import Dish
from services import menus
from services.menus import DishData

DISHES = 6  # of a day


class DishForm(Form):
    """A line: the dish, and the allergens ticked."""

    name = LineField("Plat", 160)
    allergens = TicksField(
        "Allergènes",
        coerce=Allergen,
        choices=[SelectChoice(one.value, label(one)) for one in Allergen],
    )

    def validate_name(self, field: LineField) -> None:
        if self.allergens.data and not field.data:
            raise ValidationError("Indiquez le nom du plat, ou décochez ses allergènes.")


class WeekForm(StaffForm):
    """Made by `of`: a list of dishes for each day."""

    shown: Sequence[date] = ()

    @classmethod
    def of(
        cls,
        days: Sequence[date],
        known: Mapping[date, Sequence[Dish]],
        marks: Mapping[date, str],
        *,
        is_sent: bool,
    ) -> "WeekForm":
        """The form of some days with what is known of them, and the mark of what is there; `is_sent` False
        when what was sent is not to be read."""
        seen = {_seen_name(day): HiddenField(default=marks.get(day, "")) for day in days}
        fields: dict[str, Any] = {
            _name(day): FieldList(
                FormField(DishForm),
                min_entries=DISHES,
                max_entries=DISHES,
                default=[{"name": one.name, "allergens": one.allergens} for one in known.get(day, ())],
            )
            for day in days
        }
        sent: dict[str, Any] = {} if is_sent else {"formdata": None}
        return type(cls.__name__, (cls,), {**seen, **fields, "shown": days})(**sent)

    @property
    def lines(self) -> list[tuple[date, Any, HiddenField]]:
        """Each day with its lines and the mark of what was there."""
        return [(day, self[_name(day)], self[_seen_name(day)]) for day in self.shown]

    def seen(self) -> dict[date, str]:
        """The marks of the days as they were on screen."""
        return {day: mark.data or "" for day, _, mark in self.lines}

    def menus(self) -> dict[date, list[DishData]]:
        return {
            day: [
                DishData(one.form.name.data, tuple(one.form.allergens.data or ()))
                for one in lines
                if one.form.name.data
            ]
            for day, lines, _ in self.lines
        }


def _name(day: date) -> str:
    return f"jour_{day:%Y%m%d}"


def _seen_name(day: date) -> str:
    return f"vu_{day:%Y%m%d}"


class CopyForm(StaffForm):
    source = PlainDateField(
        "Copier la semaine du", [InputRequired("Indiquez un jour de la semaine à copier.")]
    )


@blueprint.route("/<int:kitchen_id>/menus", methods=["GET", "POST"])
@staff(Permission.MENUS_WRITE)
def week_menus(kitchen_id: int) -> Response:
    """The dishes of a week, a line each."""
    found = _own(kitchen_id)
    form = _week_form(found, asked_day())
    try:
        saved = attempt(
            form, lambda: menus.write_week(kitchen_id, form.menus(), form.seen(), author=author(), now=now())
        )
    except Stale as stale:
        return _page(found, *_compared(found, form), CopyForm(formdata=None), stale=stale.message)
    if saved is NOT_DONE:
        return _page(found, form, {}, CopyForm(formdata=None))
    said = "Les menus sont enregistrés, les familles les lisent." if saved else "Les menus n’ont pas changé."
    return done(_address(kitchen_id, asked_day()), said)


@blueprint.post("/<int:kitchen_id>/menus/copier")
@staff(Permission.MENUS_WRITE)
def copy_menus(kitchen_id: int) -> Response:
    """The menus of another week, onto the days of this one that have none."""
    found = _own(kitchen_id)
    form = CopyForm()
    count = attempt(
        form,
        lambda: menus.copy_week(kitchen_id, form.source.data, asked_day(), author=author(), now=now()),
        nothing="source",
    )
    if count is NOT_DONE:
        return _page(found, _week_form(found, asked_day(), is_sent=False), {}, form)
    said = f"{plural(count, 'jour copié', 'jours copiés')}."
    return done(_address(kitchen_id, asked_day()), said if count else "Chaque jour avait déjà son menu.")


def _own(kitchen_id: int) -> KitchenSheet:
    """The kitchen, when it cooks for nobody but the structures of the agent. Raises NotFound, Refused
    `shared_kitchen`."""
    found = meal_counts.kitchen(kitchen_id, current_user.facility_ids)
    if found.serves_others:
        raise Refused(
            "shared_kitchen",
            f"{found.name} cuisine aussi pour d’autres structures que les vôtres{NBSP}: demandez à "
            "l’administration du portail de taper ses menus.",
        )
    return found


def _week_form(kitchen: KitchenSheet, day: date, *, is_sent: bool = True) -> WeekForm:
    days, known = week_days(day), menu_queries.week(kitchen.kitchen_id, day)
    served = [one.activity_id for one in kitchen.activities]
    opened = meal_counts.open_days(served, days[0], days[-1])
    shown = [one for one in days if one.weekday() in WORKING_WEEK or one in known or one in opened]
    return WeekForm.of(shown, known, _marks(known), is_sent=is_sent)


def _marks(menus_of: Mapping[date, Sequence[Dish]]) -> dict[date, str]:
    return {day: day_mark((one.name, one.allergens) for one in dishes) for day, dishes in menus_of.items()}


def _compared(kitchen: KitchenSheet, form: WeekForm) -> tuple[WeekForm, dict[date, tuple[Dish, ...]]]:
    """What was typed, beside what somebody else wrote meanwhile: the days that the agent did not touch take
    what is there now, the others keep what was typed, and sending again is a choice."""
    known = menu_queries.week(kitchen.kitchen_id, asked_day())
    marks, seen = _marks(known), form.seen()
    mine = {
        day: tuple(Dish(one.name, one.allergens) for one in dishes)
        for day, dishes in form.menus().items()
        if menus.mark(dishes) not in (seen[day], marks.get(day, ""))
    }
    theirs = {day: known.get(day, ()) for day in mine if marks.get(day, "") != seen[day]}
    return WeekForm.of(form.shown, {**known, **mine}, marks, is_sent=False), theirs


def _page(
    kitchen: KitchenSheet,
    form: WeekForm,
    theirs: Mapping[date, Sequence[Dish]],
    copying: CopyForm,
    stale: str = "",
) -> Response:
    days = week_days(asked_day())
    return answer(
        "staff/kitchens/menus.html",
        status=409 if stale else 422 if form.errors or copying.errors else 200,
        kitchen=kitchen,
        stale=stale,
        theirs=theirs,
        form=form,
        copying=copying,
        monday=days[0],
        sunday=days[-1],
        before=days[0] - ONE_DAY,
        after=days[-1] + ONE_DAY,
    )


def _address(kitchen_id: int, day: date) -> str:
    return url_for("staff_kitchens.week_menus", kitchen_id=kitchen_id, jour=week_days(day)[0])
