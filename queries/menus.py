"""Menus of the kitchens (R34): a week as staff types it, two weeks as everybody reads them, one day."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from domain.allergens import from_text, in_words
from domain.calendar import week_days
from domain.enums import Allergen
from models import Activity, Facility, Kitchen, Menu, MenuDish
from queries.reading import read


@dataclass(frozen=True, slots=True)
class Dish:
    name: str
    allergens: tuple[Allergen, ...]

    @property
    def words(self) -> str:
        """« gluten, lait »; empty for none."""
        return in_words(self.allergens)


@dataclass(frozen=True, slots=True)
class DayMenu:
    day: date
    dishes: tuple[Dish, ...]


@dataclass(frozen=True, slots=True)
class Eater:
    """A structure that eats what a kitchen cooks."""

    facility_id: int
    name: str


@dataclass(frozen=True, slots=True)
class KitchenMenus:
    """The menus of a kitchen, and the structures that eat them."""

    kitchen_id: int
    kitchen: str
    eaters: tuple[Eater, ...]
    days: tuple[DayMenu, ...]

    def in_week(self, monday: date) -> "KitchenMenus":
        """The same kitchen, its menus of one week."""
        days = set(week_days(monday))
        return replace(self, days=tuple(one for one in self.days if one.day in days))


_FIRST, _LAST = bindparam("first"), bindparam("last")
_DISHES = (
    select(Menu.day, MenuDish.name, MenuDish.allergens)
    .join(MenuDish, MenuDish.menu_id == Menu.id)
    .where(Menu.day.between(_FIRST, _LAST))
    .order_by(Menu.day, MenuDish.position)
)
_OF_KITCHEN = _DISHES.where(Menu.kitchen_id == bindparam("kitchen_id"))
_OF_FACILITY = _DISHES.where(
    Menu.kitchen_id.in_(
        select(Activity.kitchen_id)
        .join(Kitchen, Kitchen.id == Activity.kitchen_id)
        .where(Activity.facility_id == bindparam("facility_id"), Kitchen.is_active)
    )
)
_PUBLIC = (
    _DISHES.add_columns(Kitchen.id.label("kitchen_id"), Kitchen.name.label("kitchen"))
    .join(Kitchen, Kitchen.id == Menu.kitchen_id)
    .where(Kitchen.is_active)
    .order_by(None)
    .order_by(Kitchen.position, Kitchen.name, Menu.day, MenuDish.position)
)
_EATERS = (
    select(Activity.kitchen_id, Facility.id, Facility.name)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(Activity.kitchen_id.is_not(None), Activity.is_active, Facility.is_active)
    .order_by(Facility.position, Facility.name)
)


def week(kitchen_id: int, day: date) -> dict[date, tuple[Dish, ...]]:
    """The menus of the week of a day. One statement."""
    days = week_days(day)
    rows = read(_OF_KITCHEN, {"kitchen_id": kitchen_id, "first": days[0], "last": days[-1]})
    return {one.day: one.dishes for one in _days(rows)}


def of_day(facility_id: int, day: date) -> tuple[Dish, ...]:
    """What is served in a structure on a day. One statement."""
    rows = read(_OF_FACILITY, {"facility_id": facility_id, "first": day, "last": day})
    return tuple(_dish(row) for row in rows)


def published(today: date) -> tuple[KitchenMenus, ...]:
    """The menus of this week and the next, by kitchen. Two statements."""
    first, last = public_span(today)
    rows: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in read(_PUBLIC, {"first": first, "last": last}):
        rows[(row.kitchen_id, row.kitchen)].append(row)
    eaters: dict[int, list[Eater]] = defaultdict(list)
    for kitchen_id, *eater in read(_EATERS, {}) if rows else ():
        eaters[kitchen_id].append(Eater(*eater))
    return tuple(
        KitchenMenus(*kitchen, tuple(dict.fromkeys(eaters[kitchen[0]])), _days(own))
        for kitchen, own in rows.items()
    )


def public_weeks(today: date) -> tuple[date, date]:
    """The mondays of the two weeks that everybody reads: this one and the next."""
    monday = week_days(today)[0]
    return monday, monday + timedelta(weeks=1)


def public_span(today: date) -> tuple[date, date]:
    """First and last day of the menus that everybody reads."""
    this, following = public_weeks(today)
    return this, week_days(following)[-1]


HAS_PUBLISHED = (
    select(Menu.id)
    .join(Kitchen, Kitchen.id == Menu.kitchen_id)
    .where(Kitchen.is_active, Menu.day.between(bindparam("menus_from"), bindparam("menus_to")))
    .exists()
)


def are_published(today: date) -> bool:
    """Whether there is anything to read. One statement."""
    first, last = public_span(today)
    return bool(read(select(HAS_PUBLISHED), {"menus_from": first, "menus_to": last}).scalar_one())


def _days(rows: Collection[Any]) -> tuple[DayMenu, ...]:
    found: dict[date, list[Dish]] = defaultdict(list)
    for row in rows:
        found[row.day].append(_dish(row))
    return tuple(DayMenu(day, tuple(dishes)) for day, dishes in found.items())


def _dish(row: Any) -> Dish:
    return Dish(row.name, from_text(row.allergens))
