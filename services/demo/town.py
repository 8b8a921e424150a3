"""The demonstration's town: the guide's three structures. Its rules are in reglement.yaml."""

from dataclasses import dataclass

from domain.enums import ActivityKind, FacilityKind, ValidationMode
from domain.town_colours import OWN

SETTINGS = {
    "colour": OWN,
    "name": "Grand Cahors",
    "portal_name": "Portail famille",
    "service_name": "Espace Accueil Famille",
    "email": "accueil.famille@demo.example",
    "phone": "05 36 49 01 00",
    "address": "72 rue Wilson, 46000 Cahors",
    "opening_hours": "du lundi au vendredi, 8\u00a0h\u00a030 – 12\u00a0h et 13\u00a0h\u00a030 – 17\u00a0h",
    "school_zone": "C",
    "holiday_variant": "metropole",
    "reminder_hours": "48",
}

CONSENT = (
    "Charte du restaurant scolaire",
    "Au restaurant scolaire, chacun goûte, range son plateau et parle sans crier.\n\n"
    "Les adultes qui encadrent le repas sont là pour aider\u00a0: on les écoute et on leur répond poliment.\n\n"
    "En cas de difficulté, l’équipe en parle avec l’enfant, puis avec ses parents.",
)
LINKS = (
    ("Calendrier scolaire officiel", "https://www.education.gouv.fr/calendrier-scolaire-100148"),
    ("Calculer et télécharger son quotient familial (CAF)", "https://www.caf.fr/"),
    (
        "Vaccinations obligatoires en collectivité",
        "https://www.service-public.fr/particuliers/vosdroits/F724",
    ),
)


# Categories of domain.starting_lists that the demonstration tells a story about.
INSURANCE = "Attestation d’assurance"
HOME_PROOF = "Justificatif de domicile"
INCOME_PROOF = "Attestation de ressources annuelles"
ABSENCE_PROOF = "Justificatif d’absence"
# The activity whose next holidays are wished for, then given by criteria.
ALLOTTED = "saint_gery_vacances"


@dataclass(frozen=True, slots=True)
class DemoPresence:
    name: str
    short_name: str
    rule_name: str
    hours: tuple[int, int]  # minutes from midnight


@dataclass(frozen=True, slots=True)
class DemoActivity:
    name: str
    rule_name: str
    kind: ActivityKind
    days: str  # "school", "wednesday" or "holiday"
    capacity: int
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


_DAY = DemoPresence("Journée avec repas", "Journée", "journee", (8 * 60, 18 * 60))
_HALF_DAY = DemoPresence("Demi-journée avec repas", "Demi-j.", "demi_journee", (8 * 60, 13 * 60 + 30))

FACILITIES = (
    DemoFacility(
        "Écoles de Cahors", FacilityKind.SCHOOL, "Place des Écoles, 46000 Cahors", "05 36 49 01 10",
        "Garderie du matin dès 7\u00a0h\u00a030, garderie du soir jusqu’à 18\u00a0h\u00a030", ValidationMode.AUTOMATIC,
        (
            DemoActivity("Garderie du matin", "garderie_matin", ActivityKind.MORNING, "school", 40,
                         (DemoPresence("Garderie matin", "Matin", "matin", (7 * 60 + 30, 8 * 60 + 30)),)),
            DemoActivity("Restaurant scolaire", "restaurant_scolaire", ActivityKind.MEAL, "school", 120,
                         (DemoPresence("Repas enfant", "Repas", "repas", (12 * 60, 14 * 60)),)),
            DemoActivity("Garderie du soir", "garderie_soir", ActivityKind.EVENING, "school", 50,
                         (DemoPresence("Garderie soir", "Soir", "soir", (16 * 60 + 30, 18 * 60 + 30)),)),
        ),
    ),
    DemoFacility(
        "ALSH Saint-Géry", FacilityKind.LEISURE_CENTRE, "Le Bourg, 46330 Saint-Géry-Vers", "05 36 49 01 20",
        "7\u00a0h\u00a030 – 18\u00a0h\u00a030, les mercredis et pendant les vacances", ValidationMode.MANUAL,
        (
            DemoActivity("Mercredis", "saint_gery_mercredis", ActivityKind.DAY, "wednesday", 24, (_DAY,)),
            DemoActivity("Vacances", ALLOTTED, ActivityKind.DAY, "holiday", 24, (_DAY,), True),
        ),
    ),
    DemoFacility(
        "ALSH Labastide-Marnhac", FacilityKind.LEISURE_CENTRE, "Route de Montcuq, 46090 Labastide-Marnhac", "05 36 49 01 30",
        "8\u00a0h – 18\u00a0h, les mercredis et pendant les vacances", ValidationMode.AUTOMATIC,
        (
            DemoActivity("Mercredis", "labastide_mercredis", ActivityKind.DAY, "wednesday", 10, (_DAY, _HALF_DAY), True),
            DemoActivity("Vacances", "labastide_vacances", ActivityKind.DAY, "holiday", 10, (_DAY, _HALF_DAY), True),
        ),
    ),
)  # fmt: skip
