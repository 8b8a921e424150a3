"""The kitchens of the town: what they cook on a day or in a week, and how they are set up (R32)."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import asked_day, now
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.family_files.exports import sent
from blueprints.staff.kitchens import blueprint
from blueprints.staff.kitchens.forms import KitchenForm, StepForm
from domain.calendar import ONE_DAY, week_days
from domain.errors import NotFound
from domain.permissions import Permission
from queries import meal_counts
from queries.meal_counts import KitchenDay, KitchenSheet
from services import kitchens, printed_meal_counts
from services.printed_meal_counts import ListKind

READ, MANAGE = Permission.DAY_READ, Permission.KITCHENS_MANAGE


@blueprint.get("")
@staff(READ)
def index() -> Response:
    return answer("staff/kitchens/index.html", kitchens=meal_counts.kitchens(current_user.facility_ids))


@blueprint.get("/<int:kitchen_id>")
@staff(READ)
def show(kitchen_id: int) -> Response:
    """The meals of a day: now, and as each step had them."""
    found, day = _kitchen(kitchen_id), asked_day()
    (counted,) = meal_counts.kitchen_days(found, [day], now(), request.args.get("etape", type=row_number))
    return answer(
        "staff/kitchens/show.html", kitchen=found, day=counted, before=day - ONE_DAY, after=day + ONE_DAY
    )


@blueprint.get("/<int:kitchen_id>/semaine")
@staff(READ)
def week(kitchen_id: int) -> Response:
    found, days = _kitchen(kitchen_id), week_days(asked_day())
    return answer(
        "staff/kitchens/week.html",
        kitchen=found,
        monday=days[0],
        sunday=days[-1],
        days=_open_days(found),
        before=days[0] - ONE_DAY,
        after=days[-1] + ONE_DAY,
    )


@blueprint.get("/<int:kitchen_id>/semaine.<any(pdf, xlsx):kind>")
@staff(READ)
def week_file(kitchen_id: int, kind: str) -> Response:
    """The meals of a week to print or to work with. Raises NotFound for one without meals."""
    found = _kitchen(kitchen_id)
    days = _open_days(found)
    if not days:
        raise NotFound
    return sent(printed_meal_counts.week_file(ListKind(kind), found, days))


def _open_days(kitchen: KitchenSheet) -> list[KitchenDay]:
    """The days of the week that was asked for on which something takes place."""
    days = meal_counts.kitchen_days(kitchen, week_days(asked_day()), now())
    return [one for one in days if one.is_open]


@blueprint.get("/<int:kitchen_id>/repas.<any(pdf, xlsx):kind>")
@staff(READ)
def meals_file(kitchen_id: int, kind: str) -> Response:
    """The meals of a day to print or to work with."""
    found = _kitchen(kitchen_id)
    (counted,) = meal_counts.kitchen_days(found, [asked_day()], now())
    return sent(printed_meal_counts.day_file(ListKind(kind), found, counted))


def _kitchen(kitchen_id: int) -> KitchenSheet:
    return meal_counts.kitchen(kitchen_id, current_user.facility_ids)


# --- Setting up -------------------------------------------------------------------------------------------


def _list() -> tuple[str, str]:
    return url_for("staff_kitchens.index"), "Cuisines"


@blueprint.route("/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_kitchen() -> Response:
    form = KitchenForm().offer(meal_counts.cookable())
    kitchen_id = attempt(
        form,
        lambda: kitchens.create(form.data_typed(), form.activities.data, author=author(), now=now()),
        name_taken="name",
    )
    if kitchen_id is NOT_DONE:
        return form_page(form, "Nouvelle cuisine", _list(), submit="Créer la cuisine")
    said = "La cuisine est créée. Ajoutez les étapes auxquelles elle relève les repas."
    return done(url_for("staff_kitchens.edit_kitchen", kitchen_id=kitchen_id), said)


@blueprint.route("/<int:kitchen_id>/modifier", methods=["GET", "POST"])
@staff(MANAGE)
def edit_kitchen(kitchen_id: int) -> Response:
    """The kitchen, what it cooks for, its steps."""
    found = _kitchen(kitchen_id)
    form = KitchenForm(obj=found).offer(meal_counts.cookable(), kitchen_id)
    saved = attempt(
        form,
        lambda: kitchens.update(
            kitchen_id, form.data_typed(), form.activities.data, author=author(), now=now()
        ),
        name_taken="name",
    )
    if saved is NOT_DONE:
        return answer(
            "staff/kitchens/edit.html",
            status=422 if form.errors else 200,
            kitchen=found,
            form=form,
            back=_list(),
        )
    return done(url_for("staff_kitchens.index"), "La cuisine est enregistrée.")


@blueprint.route("/<int:kitchen_id>/etapes/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_step(kitchen_id: int) -> Response:
    found = _kitchen(kitchen_id)
    form = StepForm()
    made = attempt(
        form,
        lambda: kitchens.create_step(kitchen_id, form.data_typed(), author=author(), now=now()),
        moment_taken="clock",
    )
    if made is NOT_DONE:
        return form_page(form, "Nouvelle étape", _sheet(found), submit="Créer l’étape")
    return done(_sheet(found)[0], "L’étape est créée. Le portail relèvera les repas à cette heure.")


@blueprint.route("/etapes/<int:step_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_step(step_id: int) -> Response:
    step = meal_counts.step(step_id)
    found = _kitchen(step.kitchen_id)
    form = StepForm.of(step)
    saved = attempt(
        form,
        lambda: kitchens.update_step(step_id, form.data_typed(), author=author(), now=now()),
        moment_taken="clock",
    )
    if saved is not NOT_DONE:
        return done(_sheet(found)[0], "L’étape est enregistrée. Les relevés déjà faits ne changent pas.")
    removal = (
        url_for("staff_kitchens.delete_step", step_id=step_id),
        "Une étape se supprime tant qu’elle n’a rien relevé.",
        "Supprimer l’étape",
    )
    return form_page(form, f"Étape {step.name}", _sheet(found), removal=removal)


@blueprint.post("/etapes/<int:step_id>/supprimer")
@staff(MANAGE)
def delete_step(step_id: int) -> Response:
    found = _kitchen(meal_counts.step(step_id).kitchen_id)
    kitchens.delete_step(step_id, author=author(), now=now())
    return done(_sheet(found)[0], "L’étape est supprimée.")


def _sheet(kitchen: KitchenSheet) -> tuple[str, str]:
    return url_for("staff_kitchens.edit_kitchen", kitchen_id=kitchen.kitchen_id), kitchen.name
