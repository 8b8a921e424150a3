"""The count of a kitchen's meals (R32): when a step of production takes it, what changed since, in words."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from domain.clock_time import ClockTime
from domain.french import format_number, plural

LATE = timedelta(minutes=30)  # of a count that the portal took after its hour
NOTHING_CHANGED = "rien n’a changé"


class Portion(NamedTuple):
    """What is counted together; empty words: no class, an ordinary plate."""

    activity_id: int
    class_name: str
    diet: str


Counts = Mapping[Portion, int]


def step_moment(day: date, days_before: int, minute: int) -> datetime:
    """The instant (UTC) at which a step takes the count of the meals of `day`: `minute` of the clock of
    Paris, as many calendar days before, whatever clock change stands between."""
    return ClockTime(minute).on(day - timedelta(days=days_before))


def step_words(days_before: int, clock: str) -> str:
    """« J-3, 10 h », « le matin même, 9 h »."""
    return f"{f'J-{days_before}' if days_before else 'le jour même'}, {clock}"


def by_diet(counts: Counts) -> dict[str, int]:
    """How many meals of each diet, the ordinary one first, then by name."""
    found: dict[str, int] = {}
    for portion, meals in sorted(counts.items(), key=lambda one: one[0].diet):
        found[portion.diet] = found.get(portion.diet, 0) + meals
    return found


def together(*counts: Counts) -> dict[Portion, int]:
    """The meals of several counts, of each portion."""
    found: dict[Portion, int] = {}
    for one in counts:
        for portion, meals in one.items():
            found[portion] = found.get(portion, 0) + meals
    return found


def difference_words(before: Counts, after: Counts, unexpected: Counts) -> str:
    """« +2 ordinaires, −1 sans porc, +1 non prévu », or that nothing changed: `before` and `after` are of the
    bookings, `unexpected` of the children who came without one. A child who goes to another class alone
    changes no plate."""
    old, new = by_diet(before), by_diet(after)
    changes = [(diet, new.get(diet, 0) - old.get(diet, 0)) for diet in sorted({*old, *new})]
    came = sum(unexpected.values())
    said = [
        *(_signed(diet, change) for diet, change in changes if change),
        *([f"+{unexpected_words(came)}"] if came else []),
    ]
    return ", ".join(said) or NOTHING_CHANGED


def unexpected_words(meals: int) -> str:
    """« 1 non prévu », « 2 non prévus »."""
    return plural(meals, "non prévu", "non prévus")


def _signed(diet: str, change: int) -> str:
    sign = "+" if change > 0 else "−"
    return f"{sign}{format_number(abs(change))} {_plate(diet, abs(change))}"


def _plate(diet: str, meals: int) -> str:
    """« ordinaires », « sans porc », « PAI »."""
    if not diet:
        return "ordinaire" if meals < 2 else "ordinaires"
    return diet if diet[1:2].isupper() else f"{diet[:1].lower()}{diet[1:]}"
