"""Menus of a kitchen, typed a week at a time (R34)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.allergens import from_text, to_text
from domain.calendar import week_days
from domain.enums import Allergen
from domain.errors import Refused, Stale
from domain.french import NBSP, enumerate_fr, format_day
from domain.menus import day_mark
from models import Kitchen, Menu, MenuDish
from services import records
from services.accounts import Author
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class DishData:
    """A dish and the allergens that it declares."""

    name: str
    allergens: tuple[Allergen, ...] = ()


Menus = Mapping[date, Sequence[DishData]]


def mark(dishes: Iterable[DishData]) -> str:
    """The `domain.menus.day_mark` of a day."""
    return day_mark((one.name, one.allergens) for one in dishes)


def write_week(
    kitchen_id: int, menus: Menus, seen: Mapping[date, str], *, author: Author, now: datetime
) -> bool:
    """Put the dishes of the days that the author changed in the place of what was there; a day without dishes
    has no menu. False when nothing changes.

    `seen`: the mark of each day as it was on screen. A day that somebody else changed meanwhile stays as it
    is; where both changed it, Stale is raised and nothing is written. Raises NotFound.
    """
    with write_transaction() as session:
        kitchen = records.get(session, Kitchen, kitchen_id)
        known = _known(session, kitchen_id, list(menus))
        wanted = {
            day: list(dishes)
            for day, dishes in menus.items()
            if mark(dishes) != seen.get(day, "") and known.get(day, []) != list(dishes)
        }
        taken = [day for day in wanted if mark(known.get(day, ())) != seen.get(day, "")]
        if taken:
            raise Stale(
                f"Quelqu’un d’autre a enregistré {enumerate_fr([format_day(day) for day in sorted(taken)])} "
                f"pendant que vous écriviez{NBSP}: rien de ce que vous avez tapé n’est encore enregistré. "
                "Comparez, puis enregistrez la semaine."
            )
        _write(session, kitchen, wanted, known, author, now)
        return bool(wanted)


def copy_week(kitchen_id: int, source: date, target: date, *, author: Author, now: datetime) -> int:
    """Copy the menus of the week of `source` onto the days of that of `target` that have none; how many days
    were filled. Raises Refused `nothing`: there is no menu to copy; NotFound."""
    days = dict(zip(week_days(source), week_days(target), strict=True))
    with write_transaction() as session:
        kitchen = records.get(session, Kitchen, kitchen_id)
        copied = _known(session, kitchen_id, list(days))
        if not copied:
            raise Refused("nothing", "Cette semaine n’a aucun menu\u00a0: choisissez-en une autre.")
        there = _known(session, kitchen_id, list(days.values()))
        filled = {days[day]: dishes for day, dishes in copied.items() if days[day] not in there}
        _write(session, kitchen, filled, {}, author, now)
        return len(filled)


def _known(session: Session, kitchen_id: int, days: Sequence[date]) -> dict[date, list[DishData]]:
    rows = session.execute(
        select(Menu.day, MenuDish.name, MenuDish.allergens)
        .join(MenuDish, MenuDish.menu_id == Menu.id)
        .where(Menu.kitchen_id == kitchen_id, Menu.day.in_(days))
        .order_by(Menu.day, MenuDish.position)
    )
    found: dict[date, list[DishData]] = {}
    for day, name, allergens in rows:
        found.setdefault(day, []).append(DishData(name, from_text(allergens)))
    return found


def _write(
    session: Session, kitchen: Kitchen, menus: Menus, known: Menus, author: Author, now: datetime
) -> None:
    if not menus:
        return
    old = select(Menu.id).where(Menu.kitchen_id == kitchen.id, Menu.day.in_(list(menus)))
    session.execute(delete(MenuDish).where(MenuDish.menu_id.in_(old)))
    session.execute(delete(Menu).where(Menu.kitchen_id == kitchen.id, Menu.day.in_(list(menus))))
    for day, dishes in menus.items():
        if dishes:
            menu = Menu(kitchen_id=kitchen.id, day=day)
            session.add(menu)
            session.flush()
            session.add_all(
                MenuDish(menu_id=menu.id, position=position, name=one.name, allergens=to_text(one.allergens))
                for position, one in enumerate(dishes, 1)
            )
    before = _told({day: known[day] for day in menus if day in known})
    records.tell(
        session, "menu.written", kitchen, None, author=author, now=now, before=before, after=_told(menus)
    )


def _told(menus: Menus) -> dict[str, Any]:
    """The dishes by day, as the journal keeps them."""
    return {
        day.isoformat(): [
            f"{one.name} ({to_text(one.allergens)})" if one.allergens else one.name for one in dishes
        ]
        for day, dishes in menus.items()
    }
