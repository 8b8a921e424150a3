"""The menus of a kitchen: a whole week in one screen, or copied from another (R34)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import FieldList, Form, FormField, SelectChoice, ValidationError
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
from domain.french import plural
from domain.labels import label
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
    def of(cls, days: Sequence[date], known: Mapping[date, Sequence[Dish]], *, is_sent: bool) -> "WeekForm":
        """The form of some days with what is known of them; `is_sent` False when another form was."""
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
        return type(cls.__name__, (cls,), {**fields, "shown": days})(**sent)

    @property
    def lines(self) -> list[tuple[date, Any]]:
        """Each day with its lines."""
        return [(day, self[_name(day)]) for day in self.shown]

    def menus(self) -> dict[date, list[DishData]]:
        return {
            day: [
                DishData(one.form.name.data, tuple(one.form.allergens.data or ()))
                for one in lines
                if one.form.name.data
            ]
            for day, lines in self.lines
        }


def _name(day: date) -> str:
    return f"jour_{day:%Y%m%d}"


class CopyForm(StaffForm):
    source = PlainDateField(
        "Copier la semaine du", [InputRequired("Indiquez un jour de la semaine à copier.")]
    )


@blueprint.route("/<int:kitchen_id>/menus", methods=["GET", "POST"])
@staff(Permission.KITCHENS_MANAGE)
def week_menus(kitchen_id: int) -> Response:
    """The dishes of a week, a line each."""
    found = meal_counts.kitchen(kitchen_id, current_user.facility_ids)
    form = _week_form(found, asked_day())
    saved = attempt(form, lambda: menus.write_week(kitchen_id, form.menus(), author=author(), now=now()))
    if saved is NOT_DONE:
        return _page(found, form, CopyForm(formdata=None))
    said = "Les menus sont enregistrés, les familles les lisent." if saved else "Les menus n’ont pas changé."
    return done(_address(kitchen_id, asked_day()), said)


@blueprint.post("/<int:kitchen_id>/menus/copier")
@staff(Permission.KITCHENS_MANAGE)
def copy_menus(kitchen_id: int) -> Response:
    """The menus of another week, onto the days of this one that have none."""
    found = meal_counts.kitchen(kitchen_id, current_user.facility_ids)
    form = CopyForm()
    count = attempt(
        form,
        lambda: menus.copy_week(kitchen_id, form.source.data, asked_day(), author=author(), now=now()),
        nothing="source",
    )
    if count is NOT_DONE:
        return _page(found, _week_form(found, asked_day(), is_sent=False), form)
    said = f"{plural(count, 'jour copié', 'jours copiés')}."
    return done(_address(kitchen_id, asked_day()), said if count else "Chaque jour avait déjà son menu.")


def _week_form(kitchen: KitchenSheet, day: date, *, is_sent: bool = True) -> WeekForm:
    days, known = week_days(day), menu_queries.week(kitchen.kitchen_id, day)
    served = [one.activity_id for one in kitchen.activities]
    opened = meal_counts.open_days(served, days[0], days[-1])
    shown = [one for one in days if one.weekday() in WORKING_WEEK or one in known or one in opened]
    return WeekForm.of(shown, known, is_sent=is_sent)


def _page(kitchen: KitchenSheet, form: WeekForm, copying: CopyForm) -> Response:
    days = week_days(asked_day())
    return answer(
        "staff/kitchens/menus.html",
        status=422 if form.errors or copying.errors else 200,
        kitchen=kitchen,
        form=form,
        copying=copying,
        monday=days[0],
        sunday=days[-1],
        before=days[0] - ONE_DAY,
        after=days[-1] + ONE_DAY,
    )


def _address(kitchen_id: int, day: date) -> str:
    return url_for("staff_kitchens.week_menus", kitchen_id=kitchen_id, jour=week_days(day)[0])
