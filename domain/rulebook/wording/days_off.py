"""The calendar in words: school days, holidays, the town hall, named periods, the days of an activity."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from domain.calendar import SchoolHoliday
from domain.french import quoted, weekday_name
from domain.rulebook.almanac import Almanac
from domain.rulebook.openings import OpenDays
from domain.rulebook.wording import numbers
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Place, Sentence, Table, TableRow, both

_VARIANTS = {
    "metropole": "de métropole",
    "alsace_moselle": "d’Alsace et de Moselle",
    "guadeloupe": "de Guadeloupe",
    "martinique": "de Martinique",
    "guyane": "de Guyane",
    "reunion": "de La Réunion",
    "mayotte": "de Mayotte",
    "saint_barthelemy": "de Saint-Barthélemy",
    "saint_martin": "de Saint-Martin",
    "saint_pierre_et_miquelon": "de Saint-Pierre-et-Miquelon",
}


def calendar_sentences(almanac: Almanac, lexicon: Lexicon) -> Iterator[Sentence]:
    """What every delay and every opening counts on."""
    place = Place("calendrier")
    yield place.below("jours_d_ecole").says(
        f"Les jours d’école de la semaine sont {_weekdays(almanac.town.school_weekdays)}"
    )
    yield _public_holidays(almanac, place.below("jours_feries"))
    yield _school_holidays(almanac, place.below("vacances"))
    if almanac.school_added:
        yield place.below("jours_d_ecole_en_plus").says(f"Il y a aussi école {_days(almanac.school_added)}")
    if almanac.school_removed:
        yield place.below("jours_sans_ecole").says(
            f"Il n’y a pas école {_days(almanac.school_removed)} : c’est comme un jour de vacances"
        )
    if almanac.office_weekdays is not None:
        yield place.below("mairie_ouverte").says(
            f"La mairie est ouverte {_weekdays(almanac.office_weekdays)}, hors jours fériés"
        )
    if almanac.town.office_closed:
        yield place.below("mairie_fermee").says(f"La mairie est fermée {_days(almanac.town.office_closed)}")
    for name, period in almanac.periods.items():
        yield place.below(f"periodes.{name}").says(
            f"La période {lexicon.quoted_value('periode', name)} va du "
            f"{numbers.calendar_day(period.first_day)} au {numbers.calendar_day(period.last_day)}, "
            "ces deux jours compris"
        )


def opening_sentences(opening: OpenDays, path: str, label: str, lexicon: Lexicon) -> Iterator[Sentence]:
    """The days on which an activity takes place."""
    place = Place(f"{path}.ouverture")
    yield place.says(f"L’activité {quoted(label)} a lieu {_weekdays(opening.weekdays)}{_seasons(opening)}")
    if opening.periods:
        periods = both(lexicon.quoted_value("periode", name) for name in opening.periods)
        many = "des périodes" if len(opening.periods) > 1 else "de la période"
        yield place.below("periodes").says(f"Elle n’a lieu que pendant les jours {many} {periods}")
    if opening.closed:
        yield place.below("fermetures").says(f"Elle est fermée en plus {_days(opening.closed)}")
    if opening.added:
        yield place.below("ouvertures").says(f"Elle est ouverte en plus {_days(opening.added)}")


def _seasons(opening: OpenDays) -> str:
    public = "jours fériés compris" if opening.on_public_holidays else "sauf les jours fériés"
    seasons = {
        (True, True): ", en période scolaire et pendant les vacances scolaires",
        (True, False): ", en période scolaire seulement",
        (False, True): ", pendant les vacances scolaires seulement",
        (False, False): ", ni en période scolaire ni pendant les vacances scolaires",
    }
    return f"{seasons[opening.in_term, opening.in_holidays]}, {public}"


def _public_holidays(almanac: Almanac, place: Place) -> Sentence:
    variant = almanac.holiday_variant
    if variant:
        return place.says(f"Les jours fériés sont ceux {_VARIANTS[variant]}")
    days = almanac.town.public_holidays
    if not days:
        return place.says("Ce règlement ne donne pas de jours fériés")
    return place.says(f"Les jours fériés sont {_days(days)}")


def _school_holidays(almanac: Almanac, place: Place) -> Sentence:
    zone = almanac.school_zone
    if zone:
        return place.says(f"Les vacances scolaires sont celles de la zone {zone}")
    if not almanac.town.school_holidays:
        return place.says("Ce règlement ne donne pas de dates de vacances scolaires")
    return place.says(
        "Les vacances scolaires sont celles de ce tableau, premier et dernier jours compris",
        _holiday_table(almanac.town.school_holidays, place.rule),
    )


def _holiday_table(holidays: Iterable[SchoolHoliday], rule: str) -> Table:
    rows = (
        TableRow((one.label, numbers.calendar_day(one.first_day), numbers.calendar_day(one.last_day)), rule)
        for one in holidays
    )
    return Table(("Vacances", "Premier jour", "Dernier jour"), tuple(rows), rule)


def _weekdays(weekdays: Iterable[int]) -> str:
    return both(f"le {weekday_name(day)}" for day in sorted(weekdays))


def _days(days: Collection[date]) -> str:
    return both(f"le {numbers.calendar_day(day)}" for day in sorted(days))
