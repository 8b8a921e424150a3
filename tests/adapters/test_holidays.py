"""The library against the official calendar of 2026-2027 and the local public holidays (R10)."""

from datetime import date, timedelta

import pytest

from adapters.holidays import public_holidays, school_holidays
from domain.enums import HolidayVariant, SchoolZone
from domain.errors import Refused


def days(first: str, last: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last)


COMMON_2026 = {
    "Vacances de la Toussaint": days("2026-10-17", "2026-11-01"),
    "Vacances de Noël": days("2026-12-19", "2027-01-03"),
    "Pont de l’Ascension": days("2027-05-06", "2027-05-09"),
}
WINTER_AND_SPRING_2027 = {
    SchoolZone.A: (days("2027-02-13", "2027-02-28"), days("2027-04-10", "2027-04-25")),
    SchoolZone.B: (days("2027-02-20", "2027-03-07"), days("2027-04-17", "2027-05-02")),
    SchoolZone.C: (days("2027-02-06", "2027-02-21"), days("2027-04-03", "2027-04-18")),
}


@pytest.mark.parametrize("zone", [SchoolZone.A, SchoolZone.B, SchoolZone.C])
def test_the_school_year_2026_2027_is_the_official_one(zone):
    winter, spring = WINTER_AND_SPRING_2027[zone]
    periods = {label: (first, last) for first, last, label in school_holidays(zone, 2026, 2027)}
    summer = periods.pop("Vacances d’été")
    assert periods == {**COMMON_2026, "Vacances d’hiver": winter, "Vacances de printemps": spring}
    assert summer[0] == date(2027, 7, 3)
    assert date(2027, 8, 31) <= summer[1] <= date(2027, 9, 2)


@pytest.mark.parametrize("zone", [SchoolZone.A, SchoolZone.B, SchoolZone.C])
def test_three_school_years_are_known_without_hole_or_overlap(zone):
    periods = school_holidays(zone, 2025, 2028)
    assert len(periods) == 3 * 6
    assert periods == sorted(periods)
    assert all(first <= last for first, last, _ in periods)
    assert all(previous[1] < following[0] for previous, following in zip(periods, periods[1:], strict=False))
    assert date(2025, 9, 1) <= periods[0][0]


def test_christmas_is_one_period_over_the_new_year():
    christmas = [period for period in school_holidays(SchoolZone.C, 2025, 2026) if "Noël" in period[2]]
    assert christmas == [(*days("2025-12-20", "2026-01-04"), "Vacances de Noël")]


def test_the_last_summer_stops_where_the_texts_stop():
    first_day, last_day, label = school_holidays(SchoolZone.A, 2027, 2028)[-1]
    assert (first_day, last_day, label) == (*days("2028-07-05", "2028-08-31"), "Vacances d’été")
    assert school_holidays(SchoolZone.A, 2026, 2027)[-1][1] == date(2027, 9, 1), (
        "decided by the next year's text"
    )


@pytest.mark.parametrize(("first_year", "last_year"), [(2027, 2029), (2016, 2018)])
def test_years_without_a_published_calendar_are_refused(first_year, last_year):
    with pytest.raises(Refused, match="de septembre 2017 à août 2028") as refusal:
        school_holidays(SchoolZone.A, first_year, last_year)
    assert refusal.value.code == "school_holidays_unpublished"


@pytest.mark.parametrize("zone", [SchoolZone.CORSICA, SchoolZone.OTHER])
def test_zones_that_the_library_lacks_ask_for_a_file(zone):
    with pytest.raises(Refused, match="fichier ICS"):
        school_holidays(zone, 2026, 2027)


def test_years_in_the_wrong_order_are_a_bug():
    with pytest.raises(ValueError, match="2027-2026"):
        school_holidays(SchoolZone.A, 2027, 2026)


def test_the_eleven_public_holidays_of_metropole():
    assert public_holidays(HolidayVariant.METROPOLE, [2027]) == [
        (date(2027, 1, 1), "Jour de l’an"),
        (date(2027, 3, 29), "Lundi de Pâques"),
        (date(2027, 5, 1), "Fête du Travail"),
        (date(2027, 5, 6), "Ascension"),
        (date(2027, 5, 8), "Fête de la Victoire"),
        (date(2027, 5, 17), "Lundi de Pentecôte"),
        (date(2027, 7, 14), "Fête nationale"),
        (date(2027, 8, 15), "Assomption"),
        (date(2027, 11, 1), "Toussaint"),
        (date(2027, 11, 11), "Armistice"),
        (date(2027, 12, 25), "Noël"),
    ]


LOCAL_HOLIDAYS = [
    (HolidayVariant.ALSACE_MOSELLE, date(2027, 3, 26), "Vendredi saint"),
    (HolidayVariant.ALSACE_MOSELLE, date(2027, 12, 26), "Saint-Étienne"),
    (HolidayVariant.GUADELOUPE, date(2027, 5, 27), "Abolition de l’esclavage"),
    (HolidayVariant.MARTINIQUE, date(2027, 5, 22), "Abolition de l’esclavage"),
    (HolidayVariant.GUYANE, date(2027, 6, 10), "Abolition de l’esclavage"),
    (HolidayVariant.REUNION, date(2027, 12, 20), "Abolition de l’esclavage"),
    (HolidayVariant.MAYOTTE, date(2027, 4, 27), "Abolition de l’esclavage"),
    (HolidayVariant.SAINT_BARTHELEMY, date(2027, 10, 9), "Abolition de l’esclavage"),
    (HolidayVariant.SAINT_MARTIN, date(2027, 5, 28), "Abolition de l’esclavage"),
]


@pytest.mark.parametrize(("variant", "day", "label"), LOCAL_HOLIDAYS)
def test_local_public_holidays_are_added_to_the_national_ones(variant, day, label):
    local = public_holidays(variant, [2027])
    assert (day, label) in local
    assert set(public_holidays(HolidayVariant.METROPOLE, [2027])) < set(local)
    assert day not in dict(public_holidays(HolidayVariant.METROPOLE, [2027]))


@pytest.mark.parametrize("variant", list(HolidayVariant))
def test_the_library_knows_every_variant_for_every_year(variant):
    found = public_holidays(variant, range(2025, 2029))
    assert {day.year for day, _ in found} == {2025, 2026, 2027, 2028}
    assert len(found) >= 4 * 11
    assert found == sorted(found)


def test_a_holiday_on_a_sunday_is_not_moved_to_monday():
    days_2026 = dict(public_holidays(HolidayVariant.METROPOLE, [2026]))
    assert days_2026[date(2026, 11, 1)] == "Toussaint"
    assert date(2026, 11, 1) + timedelta(days=1) not in days_2026
