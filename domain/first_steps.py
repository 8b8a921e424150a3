"""What a town must have before it opens to families: each step true or not, from what is there (S106, S107).

Nobody ticks a step: it is done when the data say so, and undone when they no longer do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.french import NBSP, enumerate_fr, plural
from domain.settings import TownSettings

MOST_NAMED = 3
_OF_A_REAL_TOWN = ("mail", "backups")


@dataclass(frozen=True, slots=True)
class ActivityState:
    """What an activity offered to families has: presence types, days to come, rules, a régie."""

    name: str
    has_presence_types: bool
    has_days: bool
    has_rules: bool
    has_regie: bool


@dataclass(frozen=True, slots=True)
class TownState:
    """What is there; `mail_chosen` without `mail_arrived`: a server is set and no trial came back. A
    demonstration sends no mail and keeps no backup."""

    settings: TownSettings
    has_calendar: bool
    mail_chosen: bool
    mail_arrived: bool
    facilities: int
    activities: Sequence[ActivityState]
    regies: int
    has_rulebook: bool
    households: int
    has_backup: bool
    backup_problem: str
    is_demonstration: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `key` names its screen; `sentence` says what is there, or what to do."""

    key: str
    name: str
    is_done: bool
    sentence: str


def steps(town: TownState) -> tuple[Step, ...]:
    """Every step, in the order in which a town takes them."""
    every = (
        _contact(town.settings),
        _identity(town.settings),
        _calendar(town),
        _mail(town),
        _facilities(town),
        _activities(town),
        _rulebook(town),
        _regie(town),
        _families(town),
        _backups(town),
    )
    return tuple(one for one in every if not (town.is_demonstration and one.key in _OF_A_REAL_TOWN))


def _contact(settings: TownSettings) -> Step:
    missing = settings.missing
    said = f"Il manque {enumerate_fr(missing)}." if missing else f"{settings.name}, {settings.contact}."
    return Step("settings", "La commune et son service", not missing, said)


def _identity(settings: TownSettings) -> Step:
    chosen = [
        *(["la couleur"] if settings.colour else []),
        *(["le logo"] if settings.logo else []),
    ]
    said = f"Choisi{NBSP}: {enumerate_fr(chosen)}." if chosen else "Choisissez la couleur, ajoutez le logo."
    return Step("identity", "La couleur et le logo", bool(chosen), said)


def _calendar(town: TownState) -> Step:
    said = (
        "Les jours fériés et les vacances de cette année sont connus."
        if town.has_calendar
        else f"Remplissez les jours fériés et les vacances{NBSP}: les délais en dépendent."
    )
    return Step("calendar", "Le calendrier de l’année", town.has_calendar, said)


def _mail(town: TownState) -> Step:
    if town.mail_arrived:
        said = "Un mail d’essai est arrivé."
    elif town.mail_chosen:
        said = "Envoyez un mail d’essai, puis recopiez son code."
    else:
        said = "Choisissez par où partent les mails, puis envoyez un mail d’essai."
    return Step("mail", "Les mails", town.mail_arrived, said)


def _facilities(town: TownState) -> Step:
    said = (
        f"{plural(town.facilities, 'structure', 'structures')}."
        if town.facilities
        else f"Créez la première{NBSP}: école, accueil de loisirs…"
    )
    return Step("facilities", "Les structures", town.facilities > 0, said)


def _activities(town: TownState) -> Step:
    lacking = [*_lacking(town.activities)]
    if not town.activities:
        said = f"Ajoutez à une structure ce que les familles réservent{NBSP}: repas, garderie, journée."
    elif lacking:
        said = " ".join(lacking)
    else:
        said = f"{plural(len(town.activities), 'activité', 'activités')}, avec des jours ouverts."
    name = "Les activités, leurs types de présence, leurs jours"
    return Step("activities", name, bool(town.activities) and not lacking, said)


def _lacking(activities: Sequence[ActivityState]) -> Iterator[str]:
    for words, names in (
        ("Sans type de présence", [one.name for one in activities if not one.has_presence_types]),
        ("Sans jour ouvert", [one.name for one in activities if not one.has_days]),
    ):
        if names:
            yield f"{words}{NBSP}: {_named(names)}."


def _named(names: Sequence[str]) -> str:
    """A few names, and how many others."""
    more = len(names) - MOST_NAMED
    return enumerate_fr([*names[:MOST_NAMED], *([plural(more, "autre", "autres")] if more > 0 else [])])


def _rulebook(town: TownState) -> Step:
    without = [one.name for one in town.activities if not one.has_rules]
    is_done = town.has_rulebook and bool(town.activities) and not without
    if is_done:
        said = "Chaque activité a ses délais et ses prix."
    elif not town.has_rulebook:
        said = "Partez du règlement d’une commune qui ressemble à la vôtre."
    elif without:
        said = f"Sans délai ou sans prix{NBSP}: {_named(without)}."
    else:
        said = "Il attend vos activités."
    return Step("rulebook", "Le règlement", is_done, said)


def _regie(town: TownState) -> Step:
    without = [one.name for one in town.activities if not one.has_regie]
    is_done = bool(town.regies and town.activities) and not without
    if not town.regies:
        said = "Créez la régie qui encaisse, puis choisissez-la dans chaque activité."
    elif without:
        said = f"Sans régie{NBSP}: {_named(without)}."
    elif is_done:
        said = "Chaque activité a la sienne."
    else:
        said = "Elle attend vos activités."
    return Step("regie", "La régie qui facture", is_done, said)


def _families(town: TownState) -> Step:
    said = (
        f"{plural(town.households, 'dossier', 'dossiers')}."
        if town.households
        else "Importez vos familles d’un tableur, ou créez un premier dossier."
    )
    return Step("families", "Les familles", town.households > 0, said)


def _backups(town: TownState) -> Step:
    is_done = town.has_backup and not town.backup_problem
    said = (
        "La dernière a été restaurée à part et vérifiée."
        if is_done
        else town.backup_problem or "La première se fait la nuit prochaine."
    )
    return Step("backups", "Les sauvegardes", is_done, said)
