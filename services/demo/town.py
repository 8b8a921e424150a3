"""The demonstration's town: the guide's three structures, with rules taken from real règlements.

Each rule names the case of the study it comes from (`source`). Where the real text leaves a value
in no bracket, the choice made here is written beside it.
"""

from dataclasses import dataclass
from typing import Any

from domain.enums import ActivityKind, DocumentOwner, FacilityKind, ValidationMode

SETTINGS = {
    "name": "Grand Cahors",
    "portal_name": "Portail famille",
    "service_name": "Espace Accueil Famille",
    "email": "accueil.famille@demo.example",
    "phone": "05 36 49 01 00",
    "address": "72 rue Wilson, 46000 Cahors",
    "opening_hours": "du lundi au vendredi, 8\u00a0h\u00a030 – 12\u00a0h et 13\u00a0h\u00a030 – 17\u00a0h",
    "school_zone": "C",
    "holiday_variant": "metropole",
}

LINKS = (
    ("Calendrier scolaire officiel", "https://www.education.gouv.fr/calendrier-scolaire-100148"),
    ("Calculer et télécharger son quotient familial (CAF)", "https://www.caf.fr/"),
    (
        "Vaccinations obligatoires en collectivité",
        "https://www.service-public.fr/particuliers/vosdroits/F724",
    ),
)

DOCUMENTS = (
    ("Justificatif de domicile", DocumentOwner.HOUSEHOLD, "Facture d’énergie ou d’eau, bail ou acte, de moins de trois mois."),
    ("Attestation de ressources annuelles", DocumentOwner.HOUSEHOLD, "Quotient familial délivré par la CAF ou la MSA."),
    ("Livret de famille", DocumentOwner.HOUSEHOLD, "Les pages des parents et des enfants inscrits."),
    ("Vaccination de l’enfant", DocumentOwner.CHILD, "Les vaccins obligatoires en collectivité, selon l’année de naissance."),
    ("Attestation d’assurance", DocumentOwner.CHILD, "Responsabilité civile de l’enfant, pour l’année scolaire."),
)  # fmt: skip

_ALL_DAYS = {"base": "all", "minus_public_holidays": False, "minus_school_holidays": False}
_MONDAY_TO_FRIDAY = {"base": "mon_fri", "minus_public_holidays": False, "minus_school_holidays": False}


def _ladder(cutoff: dict[str, Any], late: str = "refuse") -> dict[str, Any]:
    return {"stages": [{"until": cutoff, "outcome": "free"}], "otherwise": late}


# A-mametz: before Friday 9 h for Monday and Tuesday, before Tuesday 9 h for Thursday and Friday.
CANTEEN_LIMIT = _ladder(
    {
        "form": "weekday_map",
        "compare": "before",
        "entries": [
            {"for": ["mon", "tue"], "day": "fri", "weeks_before": 1, "time": "09:00"},
            {"for": ["thu", "fri"], "day": "tue", "weeks_before": 0, "time": "09:00"},
        ],
    }
)
# A-cruas, garderie: until the second day before, 12 h, week-ends not counted.
CARE_LIMIT = _ladder(
    {
        "form": "before",
        "n": 2,
        "set": _MONDAY_TO_FRIDAY,
        "time": "12:00",
        "clear_days": False,
        "compare": "until",
    }
)
# A-cruas, ALSH mercredi: until Thursday 12 h of the week before. A late booking is put to the structure.
WEDNESDAY_LIMIT = {
    "form": "week_cutoff",
    "day": "thu",
    "weeks_before": 1,
    "time": "12:00",
    "compare": "until",
}
# A-eragny, vacances: closed fifteen clear days before; counted here from each day.
HOLIDAY_LIMIT = {
    "form": "before", "n": 15, "set": _ALL_DAYS, "time": "24:00", "clear_days": True, "compare": "until",
}  # fmt: skip
# A-la-tessoualle: third calendar day before, 23 h 59, week-ends counted.
THREE_DAYS_LIMIT = {
    "form": "before", "n": 3, "set": _ALL_DAYS, "time": "23:59", "clear_days": False, "compare": "until",
}  # fmt: skip


def price_table(
    version: str, resident: list[tuple[str | None, int]], non_resident: list[tuple[str | None, int]]
) -> dict[str, Any]:
    """A table from (upper bound excluded, cents) pairs; the last bound is None. Unknown quotient pays the last price."""
    return {"version": version, "rows": {"resident": _row(resident), "non_resident": _row(non_resident)}}


def _row(steps: list[tuple[str | None, int]]) -> dict[str, Any]:
    lower, brackets = "0", []
    for upper, cents in steps:
        brackets.append(
            {"lower": lower, "lower_included": True, "upper": upper, "upper_included": False, "cents": cents}
        )
        lower = upper or ""
    return {"brackets": brackets, "unknown_cents": steps[-1][1]}


def _plus(steps: list[tuple[str | None, int]], cents: int) -> list[tuple[str | None, int]]:
    return [(upper, price + cents) for upper, price in steps]


# B-roncq: eight brackets of residents; « plus de 1900 » leaves 1900 itself out: here it is in the last bracket.
_MEAL = [
    ("400", 50),
    ("640", 175),
    ("860", 235),
    ("1150", 305),
    ("1500", 355),
    ("1700", 405),
    ("1900", 460),
    (None, 490),
]
# B-loon-plage, périscolaire: seven brackets, « jusqu'à 369 », read here as « moins de 370 ».
_CARE_BOUNDS = ("370", "500", "701", "901", "1201", "1501", None)
_MORNING = list(zip(_CARE_BOUNDS, (35, 65, 90, 110, 150, 200, 225), strict=True))
_EVENING = list(zip(_CARE_BOUNDS, (50, 90, 120, 145, 170, 250, 300), strict=True))
# B-cenon-sur-vienne, ALSH: « jusqu'à 700 », « 701 à 1100 »: a decimal quotient follows the lower bracket.
_DAY_BOUNDS = ("701", "1101", "1451", None)
_DAY_RESIDENT = list(zip(_DAY_BOUNDS, (623, 887, 1143, 1354), strict=True))
_DAY_OUTSIDE = list(zip(_DAY_BOUNDS, (937, 1201, 1457, 1663), strict=True))
# B-saffre: fourteen brackets, day or half-day with meal; outsiders pay their bracket plus 2 EUR.
_SAFFRE_BOUNDS = (
    "451",
    "551",
    "651",
    "751",
    "851",
    "951",
    "1051",
    "1151",
    "1251",
    "1351",
    "1551",
    "1751",
    "1951",
    None,
)
_SAFFRE_DAY = list(
    zip(
        _SAFFRE_BOUNDS,
        (720, 770, 850, 1005, 1130, 1235, 1420, 1570, 1710, 1840, 1985, 2195, 2305, 2490),
        strict=True,
    )
)
_SAFFRE_HALF = list(
    zip(
        _SAFFRE_BOUNDS,
        (635, 660, 700, 770, 835, 915, 980, 1055, 1120, 1195, 1260, 1365, 1425, 1510),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class DemoPresence:
    name: str
    short_name: str
    table: dict[str, Any]
    source: str


@dataclass(frozen=True, slots=True)
class DemoActivity:
    name: str
    kind: ActivityKind
    days: str  # "school", "wednesday" or "holiday"
    capacity: int
    ladder: dict[str, Any]
    source: str
    presences: tuple[DemoPresence, ...]
    has_waiting_list: bool = False


@dataclass(frozen=True, slots=True)
class DemoFacility:
    name: str
    kind: FacilityKind
    address: str
    phone: str
    hours: str
    mode: ValidationMode
    activities: tuple[DemoActivity, ...]


_LEISURE_DAY = (
    DemoPresence(
        "Journée avec repas",
        "Journée",
        price_table("2026", _DAY_RESIDENT, _DAY_OUTSIDE),
        "B-cenon-sur-vienne",
    ),
)
_LEISURE_FORMULAS = (
    DemoPresence(
        "Journée avec repas",
        "Journée",
        price_table("2026", _SAFFRE_DAY, _plus(_SAFFRE_DAY, 200)),
        "B-saffre",
    ),
    DemoPresence(
        "Demi-journée avec repas",
        "Demi-j.",
        price_table("2026", _SAFFRE_HALF, _plus(_SAFFRE_HALF, 200)),
        "B-saffre",
    ),
)

FACILITIES = (
    DemoFacility(
        "Écoles de Cahors", FacilityKind.SCHOOL, "Place des Écoles, 46000 Cahors", "05 36 49 01 10",
        "Garderie du matin dès 7\u00a0h\u00a030, garderie du soir jusqu’à 18\u00a0h\u00a030", ValidationMode.AUTOMATIC,
        (
            DemoActivity("Garderie du matin", ActivityKind.MORNING, "school", 40, CARE_LIMIT, "A-cruas",
                         (DemoPresence("Garderie matin", "Matin", price_table("2026", _MORNING, _MORNING), "B-loon-plage"),)),
            DemoActivity("Restaurant scolaire", ActivityKind.MEAL, "school", 120, CANTEEN_LIMIT, "A-mametz",
                         (DemoPresence("Repas enfant", "Repas", price_table("2026", _MEAL, [(None, 650)]), "B-roncq"),)),
            DemoActivity("Garderie du soir", ActivityKind.EVENING, "school", 50, CARE_LIMIT, "A-cruas",
                         (DemoPresence("Garderie soir", "Soir", price_table("2026", _EVENING, _EVENING), "B-loon-plage"),)),
        ),
    ),
    DemoFacility(
        "ALSH Saint-Géry", FacilityKind.LEISURE_CENTRE, "Le Bourg, 46330 Saint-Géry-Vers", "05 36 49 01 20",
        "7\u00a0h\u00a030 – 18\u00a0h\u00a030, les mercredis et pendant les vacances", ValidationMode.MANUAL,
        (
            DemoActivity("Mercredis", ActivityKind.DAY, "wednesday", 24, _ladder(WEDNESDAY_LIMIT, "on_request"), "A-cruas", _LEISURE_DAY),
            DemoActivity("Vacances", ActivityKind.DAY, "holiday", 24, _ladder(HOLIDAY_LIMIT, "on_request"), "A-eragny", _LEISURE_DAY),
        ),
    ),
    DemoFacility(
        "ALSH Labastide-Marnhac", FacilityKind.LEISURE_CENTRE, "Route de Montcuq, 46090 Labastide-Marnhac", "05 36 49 01 30",
        "8\u00a0h – 18\u00a0h, les mercredis et pendant les vacances", ValidationMode.AUTOMATIC,
        (
            DemoActivity("Mercredis", ActivityKind.DAY, "wednesday", 10, _ladder(THREE_DAYS_LIMIT), "A-la-tessoualle", _LEISURE_FORMULAS, True),
            DemoActivity("Vacances", ActivityKind.DAY, "holiday", 10, _ladder(THREE_DAYS_LIMIT), "A-la-tessoualle", _LEISURE_FORMULAS, True),
        ),
    ),
)  # fmt: skip
