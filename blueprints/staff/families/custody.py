"""The custody calendar of a child of two households (R02): which weeks, which holidays, which exceptions."""

from collections.abc import Iterable
from dataclasses import fields

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SelectChoice
from wtforms.validators import InputRequired, ValidationError

from blueprints.shared.answers import answer, done
from blueprints.shared.fields import LineField, PlainDateField
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file
from blueprints.staff.families.fields import channel_field
from blueprints.staff.families.forms import CHOICE, StaffForm, values_of
from blueprints.staff.fields import WEEKDAY_CHOICES, EnumRadio
from domain.enums import CustodySplit
from domain.errors import NotFound
from domain.french import of_name
from domain.permissions import Permission
from queries import custody as custody_queries
from queries import custody_swaps
from queries.custody import Home
from queries.households import ChildFile, HouseholdFile
from services import custody as custody_service
from services.accounts import Author
from services.custody import NewCalendar, NewException

BOTH = ["GET", "POST"]
HOLIDAY_SPLITS = (CustodySplit.WEEKS, CustodySplit.HALVES)
_SPLIT_WORDS = {
    CustodySplit.WEEKS: "Les semaines continuent",
    CustodySplit.HALVES: "Par moitiés",
    CustodySplit.FORTNIGHTS: "Par quinzaines",
}


def _choices(splits: Iterable[CustodySplit]) -> list[SelectChoice]:
    return [SelectChoice(split.value, _SPLIT_WORDS[split]) for split in splits]


def _home_field(text: str, required: str) -> RadioField:
    return RadioField(text, [InputRequired(required)], coerce=lambda value: int(value or 0))


class CalendarForm(StaffForm):
    valid_from = PlainDateField("À partir du", [InputRequired("Indiquez à partir de quel jour.")])
    even_household_id = _home_field("Semaines paires chez", "Choisissez le foyer qui a les semaines paires.")
    handover_weekday = RadioField(
        "Jour du changement de foyer",
        [InputRequired("Choisissez le jour où l’enfant change de foyer.")],
        choices=WEEKDAY_CHOICES,
        coerce=lambda value: int(value or 0),
    )
    holiday_split = EnumRadio(
        "Petites vacances", CustodySplit, "Choisissez le partage.", choices=_choices(HOLIDAY_SPLITS)
    )
    summer_split = EnumRadio(
        "Vacances d’été", CustodySplit, "Choisissez le partage.", choices=_choices(CustodySplit)
    )
    seen = HiddenField()
    channel = channel_field()
    looks = {
        "even_household_id": {
            "help": "Les semaines impaires sont à l’autre foyer. Une semaine commence le jour du changement "
            "et porte le numéro du calendrier de ce jour-là."
        },
        "handover_weekday": CHOICE,
        "holiday_split": {
            "help": "Par moitiés\u00a0: la première est au foyer des semaines paires si les vacances "
            "commencent une année paire, à l’autre foyer une année impaire. Un pont de moins d’une "
            "semaine n’est pas partagé."
        },
        "summer_split": {
            "help": "Plus de quatre semaines de vacances. Par quinzaines\u00a0: quatorze jours chacun à "
            "partir du premier jour, la première donnée comme la première moitié."
        },
    }


class EndForm(StaffForm):
    last_day = PlainDateField("Dernier jour", [InputRequired("Indiquez le dernier jour du calendrier.")])
    seen = HiddenField()
    channel = channel_field()
    looks = {"last_day": {"help": "Les calendriers prévus pour plus tard sont abandonnés."}}


class ExceptionForm(StaffForm):
    household_id = _home_field("L’enfant est chez", "Choisissez le foyer où l’enfant sera.")
    first_day = PlainDateField("Du", [InputRequired("Indiquez le premier jour.")])
    last_day = PlainDateField("Au", [InputRequired("Indiquez le dernier jour.")])
    reason = LineField("Motif", 200)
    channel = channel_field()
    looks = {
        "last_day": {"help": "Ce jour est compris."},
        "reason": {"help": "Facultatif. Les deux foyers le lisent."},
    }

    def validate_last_day(self, field: PlainDateField) -> None:
        if self.first_day.data and field.data and field.data < self.first_day.data:
            raise ValidationError("Indiquez un dernier jour qui suit le premier.")


def _found(household_id: int, child_id: int) -> tuple[HouseholdFile, ChildFile]:
    """The file and its child. Raises NotFound."""
    household = household_file(household_id)
    return household, household.child(child_id)


def _address(household_id: int, child_id: int) -> str:
    return url_for("staff_families.custody", household_id=household_id, child_id=child_id)


def _of_two(page: custody_queries.CustodyPage) -> list[SelectChoice]:
    """The two households. Raises NotFound for a child of a single one: there is nothing to share."""
    if len(page.homes) != 2:
        raise NotFound
    return [_choice(home) for home in page.homes]


def _choice(home: Home) -> SelectChoice:
    return SelectChoice(str(home.household_id), home.words)


@blueprint.get("/<int:household_id>/enfants/<int:child_id>/garde")
@staff(Permission.CHILDREN_READ)
def custody(household_id: int, child_id: int) -> Response:
    household, child = _found(household_id, child_id)
    page = custody_queries.custody_page(child_id, today())
    return answer(
        "staff/families/custody.html",
        household=household,
        child=child,
        custody=page,
        swaps=custody_swaps.of_child(child_id),
        today=today(),
    )


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/garde/calendrier", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def set_custody(household_id: int, child_id: int) -> Response:
    household, child = _found(household_id, child_id)
    page = custody_queries.custody_page(child_id, today())
    homes = _of_two(page)
    former = {field.name: getattr(page.newest, field.name, None) for field in fields(NewCalendar)}
    current = former | {"valid_from": today(), "seen": page.seen}
    form = CalendarForm(data=current)
    form.even_household_id.choices = homes

    def save() -> None:
        new = values_of(form, NewCalendar)
        custody_service.set_calendar(
            household_id, child_id, new, seen=form.seen.data, author=author(form), now=now()
        )

    name = of_name(child.card.first_name)
    return edit(
        household, form, save,
        title=f"Calendrier de garde {name}", message="Le calendrier de garde est enregistré.",
        current=current, back=_address(household_id, child_id),
    )  # fmt: skip


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/garde/arreter", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def end_custody(household_id: int, child_id: int) -> Response:
    household, child = _found(household_id, child_id)
    page = custody_queries.custody_page(child_id, today())
    current = {"last_day": today(), "seen": page.seen}
    form = EndForm(data=current)

    def save() -> None:
        custody_service.end_calendar(
            household_id, child_id, form.last_day.data, seen=form.seen.data, author=author(form), now=now()
        )

    return edit(
        household, form, save,
        title=f"Arrêter le calendrier de garde {of_name(child.card.first_name)}", submit="Arrêter",
        message="Le calendrier s’arrête ce jour-là.",
        current=current, back=_address(household_id, child_id),
    )  # fmt: skip


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/garde/exceptions/nouvelle", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def add_custody_exception(household_id: int, child_id: int) -> Response:
    household, child = _found(household_id, child_id)
    page = custody_queries.custody_page(child_id, today())
    form = ExceptionForm()
    form.household_id.choices = _of_two(page)

    def save() -> None:
        new = values_of(form, NewException)
        custody_service.add_exception(household_id, child_id, new, author=author(form), now=now())

    return edit(
        household, form, save,
        title=f"Jours à part pour {child.card.first_name}", message="L’exception est notée.",
        back=_address(household_id, child_id),
    )  # fmt: skip


@blueprint.post("/<int:household_id>/garde/exceptions/<int:exception_id>/retirer")
@staff(Permission.FAMILIES_WRITE)
def remove_custody_exception(household_id: int, exception_id: int) -> Response:
    household_file(household_id)
    child_id = custody_service.remove_exception(
        household_id, exception_id, author=Author(current_user.user_id), now=now()
    )
    return done(_address(household_id, child_id), "L’exception est retirée.")
