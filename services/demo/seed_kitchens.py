"""Kitchens of the demonstration: who cooks for whom, their steps, two weeks of menus, the adults of today."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from domain.allergens import to_text
from domain.calendar import paris_now, week_days
from domain.enums import Allergen as A
from domain.meal_counts import step_moment
from models import Kitchen, Menu, MenuDish, ProductionStep, Staffing
from services import meal_counts
from services.demo.seed_town import Place

_NINE, _TEN = 9 * 60, 10 * 60
_STEPS = (("Commande", 7, _TEN), ("Confirmation", 1, _TEN), ("Le matin", 0, _NINE))
_SCHOOLS, _CENTRES = "Cuisine des écoles", "Cuisine des accueils de loisirs"
# By rule name: the kitchen of an activity and its children for one adult.
_ACTIVITIES = {
    "restaurant_scolaire": (_SCHOOLS, 14),
    "garderie_matin": (None, 14),
    "garderie_soir": (None, 14),
    "saint_gery_mercredis": (_CENTRES, 12),
    "saint_gery_vacances": (_CENTRES, 12),
    "labastide_mercredis": (_CENTRES, 12),
    "labastide_vacances": (_CENTRES, 12),
}
_WEEK: Sequence[Sequence[tuple[str, tuple[A, ...]]]] = (
    (
        ("Carottes râpées", (A.MUSTARD, A.SULPHITES)),
        ("Lasagnes aux légumes", (A.GLUTEN, A.MILK, A.CELERY)),
        ("Yaourt nature", (A.MILK,)),
        ("Pomme du Quercy", ()),
    ),
    (
        ("Velouté de potiron", (A.MILK,)),
        ("Poulet rôti, ou omelette", (A.EGGS,)),
        ("Haricots verts", ()),
        ("Gâteau aux noix", (A.GLUTEN, A.EGGS, A.MILK, A.NUTS)),
    ),
    (
        ("Betteraves", (A.MUSTARD,)),
        ("Parmentier de lentilles", (A.MILK,)),
        ("Rocamadour", (A.MILK,)),
        ("Compote de poires", ()),
    ),
    (
        ("Taboulé", (A.GLUTEN,)),
        ("Sauté de porc, ou galette de pois chiches", (A.SESAME,)),
        ("Ratatouille", ()),
        ("Fromage blanc", (A.MILK,)),
    ),
    (
        ("Salade verte", (A.MUSTARD, A.SULPHITES)),
        ("Poisson du jour, sauce citron", (A.FISH, A.MILK)),
        ("Riz", ()),
        ("Clémentines", ()),
    ),
)
COUNTED_DAYS = 8  # before now: as long as the first step of production looks ahead


def write_kitchens(session: Session, places: Sequence[Place], today: date) -> None:
    """Kitchens with their steps and menus; the activities get theirs and their ratio; some adults are there
    today, one too few in the evening."""
    kitchens = {}
    for position, name in enumerate((_SCHOOLS, _CENTRES)):
        kitchens[name] = Kitchen(name=name, position=position)
        session.add(kitchens[name])
    session.flush()
    for kitchen in kitchens.values():
        session.add_all(
            ProductionStep(kitchen_id=kitchen.id, name=name, days_before=days, minute=minute)
            for name, days, minute in _STEPS
        )
        _write_menus(session, kitchen, today)
    for place in places:
        cook, place.activity.children_per_adult = _ACTIVITIES.get(place.activity.rule_name, (None, None))
        if cook is not None:
            place.activity.kitchen_id = kitchens[cook].id
        if today in place.openings:
            adults = 1 if place.activity.rule_name == "garderie_soir" else 4
            session.add(Staffing(activity_id=place.activity.id, day=today, adults=adults))


def _write_menus(session: Session, kitchen: Kitchen, today: date) -> None:
    """The week of today and the next, from Monday to Friday."""
    days = [*week_days(today)[:5], *week_days(today + timedelta(days=7))[:5]]
    for number, day in enumerate(days):
        menu = Menu(kitchen_id=kitchen.id, day=day)
        session.add(menu)
        session.flush()
        dishes = _WEEK[(number * 2 if number >= len(_WEEK) else number) % len(_WEEK)]
        session.add_all(
            MenuDish(menu_id=menu.id, position=position, name=name, allergens=to_text(allergens))
            for position, (name, allergens) in enumerate(dishes, 1)
        )


def take_counts(now: datetime) -> None:
    """What the worker would have counted in the last days, at the hour of each step."""
    today = paris_now(now).date()
    for days_ago in range(COUNTED_DAYS, -1, -1):
        day = today - timedelta(days=days_ago)
        for minute in (_NINE, _TEN):
            moment = step_moment(day, 0, minute)
            if moment <= now:
                meal_counts.take_due(moment)
