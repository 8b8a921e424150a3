# ruff: noqa: E501  a form of limit a line reads better than folded
"""Every form of limit against a second opinion that shares no code with the engine (tests/oracle).

Four school years in the three zones, day by day; then forms drawn at random.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from domain.clock_time import FOREVER, NEVER_EVER
from domain.rulebook import cutoffs, days
from domain.rulebook.trace import Unanswered
from tests.domain.rulebook.helpers import rulebook_of
from tests.oracle import town as oracle_town
from tests.oracle.limits import ALWAYS, NEVER, Oracle, Silent, TooShort
from tests.oracle.town import FIRST_DAY, LAST_DAY, ZONES, Town

EVERY_DAY = oracle_town.days(FIRST_DAY, LAST_DAY)
ALL = {"base": "tous", "sans_feries": "non", "sans_vacances": "non"}
SCHOOL = {"base": "ecole", "sans_feries": "oui", "sans_vacances": "oui"}
WORKING = {"base": "lundi_vendredi", "sans_feries": "oui", "sans_vacances": "non"}
SATURDAYS_TOO = {"base": "lundi_samedi", "sans_feries": "oui", "sans_vacances": "non"}
OPEN = {"base": "ouverture", "sans_feries": "non", "sans_vacances": "non"}
OFFICE = {"base": "mairie", "sans_feries": "non", "sans_vacances": "non"}
TERM_TUESDAYS = {"base": "tous", "sans_feries": "non", "sans_vacances": "oui", "jours": ["mardi"]}
BUT_TWO_DAYS = {**WORKING, "fermetures": ["2024-06-14", "2026-03-27"]}


def before(n, counted=ALL, at="10:00", clear="non", compare="incluse", **more):
    return {
        "forme": "jours_avant",
        "jours": n,
        "compte": counted,
        "francs": clear,
        "heure": at,
        "limite": compare,
        **more,
    }


def hours(n, counted=ALL, reference="12:00", **more):
    return {
        "forme": "heures_avant",
        "heures": n,
        "heure_de_reference": reference,
        "compte": counted,
        "limite": "exclue",
        **more,
    }


def week(day, weeks, at="12:00", compare="incluse", **more):
    return {"forme": "semaine", "jour": day, "semaines_avant": weeks, "heure": at, "limite": compare, **more}


def month(day, months, at="18:00", **more):
    return {"forme": "mois", "le": day, "mois_avant": months, "heure": at, "limite": "minute_incluse", **more}


def period(anchor, n, counted=ALL, clear="non", at="24:00", **more):
    return {
        "forme": "avant_periode",
        "repere": anchor,
        "jours": n,
        "compte": counted,
        "francs": clear,
        "heure": at,
        "limite": "incluse",
        **more,
    }


BY_WEEKDAY = {
    "forme": "selon_le_jour",
    "limite": "exclue",
    "entrees": [
        {"pour": ["lundi", "mardi"], "jour": "vendredi", "semaines_avant": 1, "heure": "09:00"},
        {"pour": "mercredi", "jour": "lundi", "semaines_avant": 0, "heure": "24:00"},
        {"pour": ["jeudi", "vendredi"], "jour": "mardi", "semaines_avant": 0, "heure": "09:30"},
    ],
}
PUBLISHED = {
    "forme": "dates",
    "limite": "incluse",
    "dates": [
        {"periode": "automne", "date": "2024-10-04", "heure": "12:00"},
        {"mois": "2024-10", "date": "2024-09-20", "heure": "18:00"},
        {"mois": "2025-03", "date": "2025-02-14", "heure": "24:00"},
        {"periode": "hiver", "date": "2025-02-07", "heure": "08:00"},
        {"periode": "ete", "date": "2026-06-12", "heure": "00:00"},
    ],
}
FIXED = {"forme": "date_fixe", "date": "2025-03-30", "heure": "02:30", "limite": "incluse"}
FORMS = {
    "the same day": before(0, at="08:30"),
    "the eve": before(1),
    "two days at the end of the day": before(2, at="24:00", compare="exclue"),
    "a night of clock change": before(1, at="02:30", compare="minute_incluse"),
    "the school day before": before(1, SCHOOL, at="08:30"),
    "five school days": before(5, SCHOOL),
    "two working days": before(2, WORKING),
    "three days but Sundays": before(3, SATURDAYS_TOO),
    "two clear days": before(2, WORKING, clear="oui"),
    "two days of the activity": before(2, OPEN),
    "two days of the town hall": before(2, OFFICE),
    "the Tuesday of term before": before(1, TERM_TUESDAYS),
    "working days but two": before(3, BUT_TWO_DAYS),
    "48 hours": hours(48),
    "72 hours, week-ends left out": hours(72, WORKING),
    "36 hours, week-ends left out": hours(36, WORKING, reference="08:30"),
    "30 hours of school days": hours(30, SCHOOL),
    "7 hours": hours(7, SCHOOL, reference="02:00"),
    "hours back to a midnight": hours(8, WORKING, reference="08:00"),
    "hours that end at half past on a closed day": hours(
        49, reference="12:30", si_ferme="jour_suivant", jours_ouverts=WORKING
    ),
    "a midnight, moved once chosen": {
        "la_plus_tard_de": [week("dimanche", 1, at="00:00"), month(1, 1, at="00:00")],
        "si_ferme": "jour_suivant",
        "jours_ouverts": WORKING,
    },
    "by weekday": BY_WEEKDAY,
    "Thursday of the week before": week("jeudi", 1),
    "Monday of the same week": week("lundi", 0, at="00:00"),
    "Sunday two weeks before": week("dimanche", 2, at="02:00"),
    "the 18th of the month before": month(18, 1),
    "the last day of the month before": month(31, 1),
    "the 29th five months before": month(29, 5, at="24:00"),
    "the 5th of the same month": month(5, 0),
    "fifteen clear days before a period": period("debut_de_periode", 15, clear="oui"),
    "ten days before the holidays": period("debut_des_vacances", 10),
    "three working days before the next holidays": period("debut_des_prochaines_vacances", 3, WORKING),
    "five working days before the month": period("debut_du_mois", 5, WORKING, at="12:00"),
    "three days before the week": period("debut_de_semaine", 3, at="09:00"),
    "published dates": PUBLISHED,
    "one moment": FIXED,
    "the earliest": {"la_plus_tot_de": [week("jeudi", 1), month(1, 0), before(2, SCHOOL)]},
    "the latest": {"la_plus_tard_de": [week("jeudi", 1), month(1, 0, at="08:00"), before(4, SCHOOL)]},
    "the earliest of always": {"la_plus_tot_de": ["toujours", before(2)]},
    "the latest of never": {"la_plus_tard_de": ["jamais", before(2)]},
    "always": "toujours",
    "never": "jamais",
    "moved before": week("jeudi", 1, si_ferme="jour_precedent", jours_ouverts=OFFICE),
    "moved after": week("jeudi", 1, si_ferme="jour_suivant", jours_ouverts=WORKING),
    "kept on a closed day": week("jeudi", 1, si_ferme="garder", jours_ouverts=OFFICE),
    "midnight that begins a closed day": month(20, 1, at="00:00", si_ferme="jour_precedent", jours_ouverts=WORKING),
    "midnight that ends a closed day": month(20, 1, at="24:00", si_ferme="jour_suivant", jours_ouverts=WORKING),
    "hours that end on a closed day": hours(48, reference="12:00", si_ferme="jour_precedent", jours_ouverts=WORKING),
    "hours that end at a midnight": hours(60, reference="12:00", si_ferme="jour_precedent", jours_ouverts=WORKING),
    "moved once chosen": {
        "la_plus_tot_de": [week("dimanche", 1), month(1, 0)],
        "si_ferme": "jour_suivant",
        "jours_ouverts": OFFICE,
    },
    "after a public holiday": {
        **BY_WEEKDAY,
        "sauf": [
            {"quand": {"lundi_ferie": "oui"}, "limite": before(3, WORKING)},
            {"quand": {"retour_de_vacances": "oui"}, "limite": before(1, SCHOOL, at="09:00", compare="exclue")},
            {"quand": {"ferie_dans_la_semaine": "oui"}, "limite": week("mercredi", 1)},
        ],
    },
    "never on the eve of holidays": {**before(1), "sauf": [{"quand": {"veille_de_vacances": "oui"}, "limite": "jamais"}]},
    "an exception is not moved": {
        **before(2),
        "sauf": [{"quand": {"semaine_paire": "oui"}, "limite": week("dimanche", 1)}],
        "si_ferme": "jour_precedent",
        "jours_ouverts": SCHOOL,
    },
}  # fmt: skip


@cache
def town(zone):
    return Town(zone)


@cache
def cutoff_of(form, zone):
    """The engine's limit, read from a rulebook that says `form` (JSON), with its rulebook."""
    stage = {"jusqu_a": json.loads(form), "effet": "libre"}
    ladder = {"actions": ["reserver"], "canaux": "tous", "etapes": [stage], "ensuite": "refus"}
    activity = {"nom": "Cantine", "ouverture": town(zone).opening, "delais": [ladder]}
    text = {
        "reglement": {"nom": "Essai"},
        "calendrier": town(zone).section,
        "activites": {"cantine": activity},
    }
    book = rulebook_of(json.dumps(text), "")
    return book, book.activities["cantine"].ladders.versions[0].rule[0].stages[0].until


def said_by_engine(book, cutoff, day):
    try:
        limit, compare = cutoffs.resolve(
            cutoff, book.context({}, day=day), book.activities["cantine"].opening
        )
    except Unanswered:
        return "silent"
    return {FOREVER: ALWAYS, NEVER_EVER: NEVER}.get(limit, limit), compare.value


def said_by_oracle(judge, form, day):
    try:
        return judge.moment(form, day), judge.word(form, day)
    except Silent:
        return "silent"


def disagreements(form, zone, judge, service_days=EVERY_DAY):
    """The days on which they differ, with what each says."""
    book, cutoff = cutoff_of(json.dumps(form), zone)
    pairs = (
        (day, said_by_engine(book, cutoff, day), said_by_oracle(judge, form, day)) for day in service_days
    )
    return [one for one in pairs if one[1] != one[2]]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", FORMS)
def test_a_form_says_what_a_count_by_hand_says_on_every_day_of_four_school_years(name, zone):
    assert disagreements(FORMS[name], zone, Oracle(town(zone))) == []


# --- What a day is

DAY_FACTS = (
    "jour", "mois", "ferie", "vacances", "jour_d_ecole", "retour_de_vacances", "veille_de_vacances", "semaine_paire",
    "ferie_dans_la_semaine", *(f"{word}_ferie" for word in oracle_town.WEEK),
)  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_is_what_a_count_by_hand_says(zone):
    book, _ = cutoff_of('"toujours"', zone)
    judge, words = Oracle(town(zone)), {True: "oui", False: "non"}
    for day in EVERY_DAY:
        context = book.context({}, day=day)
        for name in DAY_FACTS:
            found = context.fact(name, "le test")
            said = words[found] if isinstance(found, bool) else found
            assert said == judge.fact(name, day), (day, name)
        assert context.fact("date", "le test") == day
        assert (context.fact("annee", "le test"), context.fact("jour_du_mois", "le test")) == (
            day.year,
            day.day,
        )
        assert (day in book.activities["cantine"].opening) is (day in judge.town.ouverture), day


# --- Whether the limit itself is in time


@pytest.mark.parametrize("compare", days.Compare)
@pytest.mark.parametrize("seconds", [-60, -1, 0, 1, 59, 60, 61])
def test_the_limit_itself_is_in_time_as_its_word_says(compare, seconds):
    for limit in (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, 59, tzinfo=UTC)):
        moment = limit + timedelta(seconds=seconds)
        expected = Oracle(town("zone_a")).in_time(moment, limit, compare.value)
        assert compare.in_time(moment, limit) is expected


# --- Forms drawn at random

WORDS = oracle_town.WEEK
weekdays = st.sampled_from(WORDS)
yes_or_no = st.sampled_from(("oui", "non"))
compares = st.sampled_from(("incluse", "exclue", "minute_incluse"))
clocks = st.one_of(
    st.sampled_from(("00:00", "02:00", "02:30", "24:00")),
    st.times().map(lambda time: time.strftime("%H:%M")),
)
some_days = st.dates(FIRST_DAY, LAST_DAY)
counted_days = st.fixed_dictionaries(
    {
        "base": st.sampled_from(("tous", "lundi_vendredi", "lundi_samedi", "ecole", "ouverture", "mairie")),
        "sans_feries": yes_or_no,
        "sans_vacances": yes_or_no,
    },
    optional={
        "jours": st.lists(st.sampled_from(("lundi", "vendredi")), min_size=1, max_size=2, unique=True),
        "fermetures": st.lists(some_days.map(str), min_size=1, max_size=3, unique=True),
    },
)
numbers_and_clear = st.one_of(
    st.tuples(st.integers(0, 12), st.just("non")), st.tuples(st.integers(1, 12), st.just("oui"))
)


@st.composite
def entries_by_weekday(draw):
    """Each weekday, or only some of them, with a limit that does not come after it."""
    found = []
    for word in draw(st.lists(weekdays, min_size=1, max_size=7, unique=True)):
        weeks = draw(st.integers(0, 3))
        last = WORDS.index(word) if weeks == 0 else 6
        day = WORDS[draw(st.integers(0, last))]
        found.append({"pour": word, "jour": day, "semaines_avant": weeks, "heure": draw(clocks)})
    return {"forme": "selon_le_jour", "entrees": found, "limite": draw(compares)}


plain_forms = st.one_of(
    st.sampled_from(("toujours", "jamais")),
    st.builds(
        lambda n, counted, at, compare: before(n[0], counted, at, n[1], compare),
        numbers_and_clear, counted_days, clocks, compares,
    ),
    st.builds(hours, st.integers(0, 200), counted_days, clocks),
    st.builds(week, weekdays, st.integers(0, 5), clocks, compares),
    st.builds(month, st.integers(1, 31), st.integers(0, 3), clocks),
    st.builds(
        lambda anchor, n, counted, at: period(anchor, n[0], counted, n[1], at),
        st.sampled_from(list(cutoffs.Anchor)).map(str), numbers_and_clear, counted_days, clocks,
    ),
    st.builds(lambda day, at: {**FIXED, "date": str(day), "heure": at}, some_days, clocks),
    entries_by_weekday(),
)  # fmt: skip
conditions = st.one_of(
    st.fixed_dictionaries({"jour": weekdays}),
    st.fixed_dictionaries({"mois": st.integers(1, 12)}),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("ferie", "vacances", "jour_d_ecole", "retour_de_vacances", "veille_de_vacances", "semaine_paire", "ferie_dans_la_semaine", "lundi_ferie", "jeudi_ferie", "dimanche_ferie"), yes_or_no),
    ).filter(bool),
)  # fmt: skip
extremes = st.one_of(
    st.fixed_dictionaries({word: st.lists(plain_forms, min_size=2, max_size=3)})
    for word in ("la_plus_tot_de", "la_plus_tard_de")
)
exceptions = st.fixed_dictionaries({"quand": conditions, "limite": st.one_of(plain_forms, extremes)})
ways_out = st.fixed_dictionaries(
    {"si_ferme": st.sampled_from(("garder", "jour_precedent", "jour_suivant")), "jours_ouverts": counted_days}
)
adapted = st.builds(
    lambda form, added, closed: {**form, **({"sauf": added} if added else {}), **closed},
    st.one_of(plain_forms.filter(lambda form: isinstance(form, dict)), extremes),
    st.lists(exceptions, max_size=3),
    st.one_of(st.just({}), ways_out),
)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(plain_forms, extremes, adapted),
    st.sampled_from(ZONES),
    st.lists(some_days, min_size=5, max_size=5),
)
def test_a_form_drawn_at_random_says_what_a_count_by_hand_says(form, zone, service_days):
    try:
        assert disagreements(form, zone, Oracle(town(zone)), service_days) == []
    except TooShort:
        reject()
