"""Invented families of the demonstration: the same ones each time, and no real person."""

from dataclasses import dataclass
from datetime import date
from random import Random

MAIN_FAMILY = "SOLIGNAC"

_SURNAMES = (
    "ALBERT", "BASTIDE", "BÉNAC", "BENALI", "BOUSQUET", "CALMON", "CAZES", "COSTES", "DA COSTA", "DELMAS",
    "DELPECH", "DIALLO", "ESCUDIÉ", "FABRE", "FAURIE", "GARRIGUES", "GINESTET", "HAMIDI", "ISSALY", "JOUVE",
    "KOWALSKI", "LACAM", "LAFON", "LE GOFF", "MARTY", "MERCADIER", "MOULY", "NGUYEN", "NOYER", "OLIVIER",
    "PECH", "PONS", "QUERCY", "RIGAL", "ROUX", "SABATIÉ", "TEYSSÈDRE", "VALETTE", "VIGUIÉ",
)  # fmt: skip
_WOMEN = (
    "Camille",
    "Nadia",
    "Julie",
    "Élodie",
    "Fatou",
    "Inès",
    "Sophie",
    "Maëlle",
    "Anaïs",
    "Linh",
    "Céline",
    "Marta",
)
_MEN = (
    "Thomas",
    "Karim",
    "Julien",
    "Antoine",
    "Mamadou",
    "Benoît",
    "Loïc",
    "Minh",
    "David",
    "Rémi",
    "Paweł",
    "Hugo",
)
_CHILDREN = (
    "Léa", "Louis", "Lina", "Noé", "Jade", "Adam", "Chloé", "Ilyès", "Zoé", "Gabin", "Aya", "Nino", "Rose",
    "Théo", "Anna", "Sacha", "Manon", "Eliott", "Awa", "Mathis", "Alice", "Maël", "Inaya", "Tom", "Élise",
    "Robin",
)  # fmt: skip
_RESIDENT_TOWNS = (
    ("46000", "Cahors"),
    ("46090", "Pradines"),
    ("46090", "Labastide-Marnhac"),
    ("46330", "Saint-Géry-Vers"),
)
_OTHER_TOWNS = (("46220", "Prayssac"), ("46170", "Castelnau-Montratier"))


@dataclass(frozen=True, slots=True)
class DemoChild:
    first_name: str
    birth_date: date
    leisure_centre: int  # index of the leisure centre in town.FACILITIES
    meal_weekdays: tuple[int, ...]
    takes_morning: bool
    takes_evening: bool
    takes_wednesday: bool


@dataclass(frozen=True, slots=True)
class DemoFamily:
    name: str
    parents: tuple[str, ...]
    children: tuple[DemoChild, ...]
    resident: bool
    postcode: str
    city: str
    quotient: int | None


def _child(rng: Random, first_name: str, year: int) -> DemoChild:
    return DemoChild(
        first_name=first_name,
        birth_date=date(year - rng.randint(3, 10), rng.randint(1, 12), rng.randint(1, 28)),
        leisure_centre=rng.choice((1, 2)),
        meal_weekdays=rng.choice(((0, 1, 3, 4), (0, 1, 3, 4), (0, 3), (1, 4), (0, 1, 3))),
        takes_morning=rng.random() < 0.3,
        takes_evening=rng.random() < 0.4,
        takes_wednesday=rng.random() < 0.45,
    )


def _main_family(year: int) -> DemoFamily:
    marie = DemoChild("Marie", date(year - 8, 3, 14), 1, (0, 1, 3, 4), False, True, True)
    leo = DemoChild("Léo", date(year - 6, 10, 2), 1, (0, 1, 3, 4), False, True, False)
    return DemoFamily(MAIN_FAMILY, ("Claire", "Paul"), (marie, leo), True, "46000", "Cahors", 845)


def families(year: int) -> list[DemoFamily]:
    """The main family and 39 others, about 70 children aged 3 to 10 in `year`."""
    rng = Random(46)  # noqa: S311  invented people, the same at each start
    result = [_main_family(year)]
    for name in _SURNAMES:
        resident = rng.random() < 0.85
        postcode, city = rng.choice(_RESIDENT_TOWNS if resident else _OTHER_TOWNS)
        parents = (rng.choice(_WOMEN),) if rng.random() < 0.2 else (rng.choice(_WOMEN), rng.choice(_MEN))
        names = rng.sample(_CHILDREN, rng.choice((1, 1, 2, 2, 2, 3)))
        quotient = None if rng.random() < 0.1 else rng.randint(250, 2100)
        children = tuple(_child(rng, first_name, year) for first_name in names)
        result.append(DemoFamily(name, parents, children, resident, postcode, city, quotient))
    return result
