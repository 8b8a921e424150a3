# ruff: noqa: E501  a calendar a line reads better than folded
"""The calendar of a rulebook: territories, zones, lists of days, the town hall and named periods."""

from datetime import date

import pytest

from domain.errors import BusinessError
from tests.domain.rulebook.helpers import check, messages, read, rulebook_of

ACTIVITY = "activites: {c: {nom: C}}\n"


def calendar(words):
    return f"reglement: {{nom: Essai}}\ncalendrier: {{jours_d_ecole: [lundi], {words}}}\n"


@pytest.mark.parametrize(
    ("territory", "own_day"),
    [
        ("metropole", date(2026, 5, 8)),
        ("alsace_moselle", date(2026, 12, 26)),
        ("guadeloupe", date(2026, 5, 27)),
        ("martinique", date(2026, 5, 22)),
        ("guyane", date(2026, 6, 10)),
        ("reunion", date(2026, 12, 20)),
        ("mayotte", date(2026, 4, 27)),
        ("saint_barthelemy", date(2026, 10, 9)),
        ("saint_martin", date(2026, 5, 28)),
        ("saint_pierre_et_miquelon", date(2026, 7, 14)),
    ],
)
def test_the_public_holidays_of_a_territory(territory, own_day):
    book = rulebook_of(ACTIVITY, calendar(f"jours_feries: {territory}, vacances: []"))
    assert book.almanac.is_public_holiday(own_day)
    assert book.almanac.is_public_holiday(date(2026, 7, 14))
    assert not book.almanac.is_public_holiday(date(2026, 7, 15))
    assert book.almanac.holiday_variant == territory


@pytest.mark.parametrize(("zone", "first"), [("zone_a", 7), ("zone_b", 14), ("zone_c", 21)])
def test_the_holidays_of_a_zone(zone, first):
    book = rulebook_of(ACTIVITY, calendar(f"jours_feries: metropole, vacances: {zone}"))
    assert book.almanac.holiday_around(date(2026, 2, first))[0] == date(2026, 2, first)
    assert (book.almanac.holiday_around(date(2026, 2, first))[1] - date(2026, 2, first)).days == 15
    assert book.almanac.next_holiday_start(date(2026, 2, first - 1)) == date(2026, 2, first)
    assert book.almanac.school_zone == zone[-1].upper()


def test_holidays_written_day_by_day():
    words = "jours_feries: [2026-05-01], vacances: [{nom: Pont, du: 2026-05-14, au: 2026-05-17}, {nom: Été, du: 2026-07-04, au: 2026-08-31}]"
    almanac = rulebook_of(ACTIVITY, calendar(words)).almanac
    found = [almanac.is_school_holiday(date(2026, 5, day)) for day in (13, 14, 17, 18)]
    assert found == [False, True, True, False]
    assert almanac.holiday_around(date(2026, 5, 17)) == (date(2026, 5, 14), date(2026, 5, 17))
    assert almanac.holiday_around(date(2026, 5, 18)) is None
    assert almanac.next_holiday_start(date(2026, 5, 14)) == date(2026, 7, 4)
    assert almanac.next_holiday_start(date(2026, 7, 4)) is None
    assert (almanac.school_zone, almanac.holiday_variant) == ("", "")
    assert [almanac.is_public_holiday(date(2026, 5, day)) for day in (1, 8)] == [True, False]


def test_a_named_period_holds_both_its_ends():
    words = "jours_feries: [], vacances: [], periodes: {automne: {du: 2026-10-19, au: 2026-10-30}, suite: {du: 2026-10-30, au: 2026-11-05}}"
    almanac = rulebook_of(ACTIVITY, calendar(words)).almanac
    days = [date(2026, 10, 18), date(2026, 10, 19), date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 6)]
    assert [almanac.period_of(day) for day in days] == [None, "automne", "automne", "suite", None]


def test_the_town_hall():
    words = "jours_feries: [2026-09-16], vacances: [], mairie_ouverte: [mardi, mercredi, jeudi], mairie_fermee: [2026-09-17]"
    almanac = rulebook_of(ACTIVITY, calendar(words)).almanac
    assert [almanac.is_office_open(date(2026, 9, day)) for day in (14, 15, 16, 17)] == [
        False,
        True,
        False,
        False,
    ]


def test_periods_that_overlap_are_a_warning():
    words = "jours_feries: [], vacances: [], periodes: {a: {du: 2026-10-19, au: 2026-10-30}, b: {du: 2026-10-30, au: 2026-11-05}, c: {du: 2026-11-06, au: 2026-11-06}}"
    _, faults = read(ACTIVITY, calendar(words))
    assert [fault.message for fault in faults.warnings] == [
        "les périodes « a » et « b » se chevauchent ; un jour est de la première écrite."
    ]


@pytest.mark.parametrize(
    ("zone", "day", "known"),
    [
        ("zone_a", date(2017, 8, 31), False),
        ("zone_a", date(2017, 9, 1), True),
        ("zone_c", date(2028, 8, 31), True),
        ("zone_c", date(2028, 9, 1), False),
    ],
)
def test_years_whose_holidays_nobody_decided_are_not_answered(zone, day, known):
    almanac = rulebook_of(ACTIVITY, calendar(f"jours_feries: metropole, vacances: {zone}")).almanac
    if known:
        assert almanac.is_school_holiday(day) in (True, False)
    else:
        with pytest.raises(BusinessError):
            almanac.is_school_holiday(day)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("jours_feries: lune, vacances: []", "« lune » n’est pas possible ici"),
        ("jours_feries: [], vacances: zone_d", "« zone_d » n’est pas possible ici"),
        (
            "jours_feries: [], vacances: [], periodes: {p: {du: 2026-10-30, au: 2026-10-29}}",
            "cette période finit avant de commencer.",
        ),
        ("vacances: []", "il manque « jours_feries »"),
        ("jours_feries: []", "il manque « vacances »"),
        ("jours_feries: [], vacances: [{du: 2026-10-30, au: 2026-10-31}]", "il manque « nom »"),
        ("jours_feries: [], vacances: [], mairie_ouverte: []", "au moins 1 élément(s) attendu(s)."),
    ],
)
def test_a_faulty_calendar(words, fault):
    assert fault in "\n".join(messages(ACTIVITY, calendar(words)))


def test_days_ahead_are_counted_on_the_paris_clock():
    book = rulebook_of("montants: {avance: {valeur: jours_d_avance, arrondi: null}}\n" + ACTIVITY)
    check(book, """
        - {nom: veille, question: fait, fait: avance, jour: 2026-09-14, a: 2026-09-13 00:00, attendu: {valeur: 1}}
        - {nom: avant minuit, question: fait, fait: avance, jour: 2026-09-14, a: 2026-09-12 23:59, attendu: {valeur: 2}}
        - {nom: sans acte, question: fait, fait: avance, jour: 2026-09-14, attendu: {fait_manquant: a}}
        - {nom: sans jour, question: fait, fait: avance, a: 2026-09-13 00:00, attendu: {fait_manquant: jour}}
        """)  # fmt: skip


def test_a_file_without_its_parts():
    assert messages("faits: {x: nombre}\n", "") == [
        "ligne 1, fichier : il manque la partie « reglement » : l’identité du règlement.",
        "ligne 1, fichier : il manque la partie « calendrier » : le calendrier.",
        "ligne 1, fichier : il manque la partie « activites » : les activités et leurs règles.",
    ]


def test_who_the_rulebook_is():
    header = "reglement: {nom: Cantine, organisme: Ville, source: site, remarques: [Un., Deux.]}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: []}\n"
    who = rulebook_of(ACTIVITY, header).identity
    assert (who.name, who.organiser, who.source, who.remarks) == (
        "Cantine",
        "Ville",
        "site",
        ("Un.", "Deux."),
    )
    bare = rulebook_of(ACTIVITY, calendar("jours_feries: [], vacances: []")).identity
    assert (bare.organiser, bare.source, bare.remarks) == ("", "", ())
