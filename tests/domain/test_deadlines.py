"""One decision for the sentence and for the refusal (R14): every form of cut-off, in every season (S119)."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import french
from domain.calendar import PARIS, SchoolHoliday, TownCalendar
from domain.deadlines import (
    FOREVER,
    NEVER_EVER,
    Always,
    Before,
    ClockTime,
    DaySet,
    Ladder,
    Never,
    Stage,
    WeekCutoff,
    WeekdayEntry,
    WeekdayMap,
    decide,
    describe,
    ladder_from_data,
    ladder_to_data,
    limit_of,
    step,
)
from domain.enums import Compare, DayBase, LineAction, Outcome
from domain.errors import RuleError
from tests.domain.helpers import changed, plain

CALENDAR = TownCalendar(
    public_holidays={
        date(2025, 11, 11): "Armistice 1918",
        date(2026, 4, 6): "Lundi de Pâques",
        date(2027, 3, 29): "Lundi de Pâques",
    },
    school_holidays=(
        SchoolHoliday(date(2025, 10, 18), date(2025, 11, 2), "Vacances de la Toussaint"),
        SchoolHoliday(date(2026, 10, 17), date(2026, 11, 1), "Vacances de la Toussaint"),
    ),
    office_closed=frozenset({date(2026, 1, 15)}),
)
SCHOOL = DaySet(DayBase.SCHOOL, minus_public_holidays=True, minus_school_holidays=True)
EVERY_DAY = DaySet(DayBase.ALL, minus_public_holidays=False, minus_school_holidays=False)
MON_FRI = DaySet(DayBase.MON_FRI, minus_public_holidays=True, minus_school_holidays=False)
OFFICE = DaySet(DayBase.OFFICE, minus_public_holidays=True, minus_school_holidays=False)
OPEN = DaySet(DayBase.OPEN, minus_public_holidays=False, minus_school_holidays=False)


def before(n, time, *, days=SCHOOL, clear_days=False, compare=Compare.UNTIL):
    return Before(n, days, ClockTime.parse(time), clear_days, compare)


def free_until(cutoff, otherwise=Outcome.REFUSE):
    return Ladder((Stage(cutoff, Outcome.FREE),), otherwise)


def paris(year, month, day, hour=0, minute=0, second=0, fold=0):
    return datetime(year, month, day, hour, minute, second, tzinfo=PARIS, fold=fold)


def ask(ladder, service_day, now, action=LineAction.BOOK):
    return decide(ladder, action, service_day, now, CALENDAR)


# --- P1: counting days


@pytest.mark.parametrize(
    ("day", "n", "day_set", "expected"),
    [
        (date(2025, 9, 18), 1, SCHOOL, date(2025, 9, 16)),  # Thursday: Wednesday does not count
        (date(2025, 9, 18), 1, MON_FRI, date(2025, 9, 17)),
        (date(2025, 9, 15), 1, EVERY_DAY, date(2025, 9, 14)),
        (date(2025, 9, 15), 1, MON_FRI, date(2025, 9, 12)),
        (date(2025, 11, 3), 1, SCHOOL, date(2025, 10, 17)),  # first day after the holidays
        (date(2025, 11, 3), 1, MON_FRI, date(2025, 10, 31)),  # the same day, holidays not taken away
        (
            date(2025, 11, 13),
            2,
            SCHOOL,
            date(2025, 11, 7),
        ),  # over a Wednesday, a public holiday and a week-end
        (date(2025, 11, 12), 1, DaySet(DayBase.MON_FRI, False, False), date(2025, 11, 11)),
        (date(2025, 11, 12), 1, MON_FRI, date(2025, 11, 10)),
        (date(2026, 1, 16), 1, OFFICE, date(2026, 1, 14)),  # the town hall is closed on the 15th
        (
            date(2026, 1, 16),
            1,
            DaySet(DayBase.ALL, False, False, frozenset({date(2026, 1, 15)})),
            date(2026, 1, 14),
        ),
        (date(2026, 1, 16), 0, SCHOOL, date(2026, 1, 16)),
    ],
)
def test_step_counts_the_days_of_the_set_only(day, n, day_set, expected):
    assert step(day, n, day_set, CALENDAR) == expected


def test_step_on_the_open_days_of_the_activity():
    open_days = frozenset({date(2026, 1, 7), date(2026, 1, 14), date(2026, 1, 21)})
    assert step(date(2026, 1, 21), 2, OPEN, CALENDAR, open_days) == date(2026, 1, 7)
    with pytest.raises(RuleError) as fault:
        step(date(2026, 1, 21), 1, OPEN, CALENDAR)
    assert fault.value.code == "open_days_unknown"


@pytest.mark.parametrize("open_days", [frozenset(), frozenset({date(2020, 1, 1)})])
def test_a_calendar_that_cannot_answer_says_so(open_days):
    with pytest.raises(RuleError, match="Complétez les jours") as fault:
        step(date(2026, 1, 21), 1, OPEN, CALENDAR, open_days)
    assert fault.value.code == "calendar_exhausted"


# --- P2: the limit of a day


def local_limit(cutoff, day):
    return limit_of(cutoff, day, CALENDAR).astimezone(PARIS)


def test_the_same_delay_on_four_bases_gives_four_limits():
    monday = date(2025, 11, 3)
    assert local_limit(before(2, "10:00", days=EVERY_DAY), monday) == paris(2025, 11, 1, 10)
    assert local_limit(before(2, "10:00", days=MON_FRI), monday) == paris(2025, 10, 30, 10)
    assert local_limit(before(2, "10:00", days=SCHOOL), monday) == paris(2025, 10, 16, 10)
    assert local_limit(before(0, "10:00"), monday) == paris(2025, 11, 3, 10)


def test_clear_days_count_neither_end():
    cutoff = before(2, "10:00", days=EVERY_DAY, clear_days=True)
    assert local_limit(cutoff, date(2026, 1, 16)) == paris(2026, 1, 13, 10)


def test_24_00_is_the_end_of_the_day():
    assert local_limit(before(1, "24:00", days=EVERY_DAY), date(2026, 1, 16)) == paris(2026, 1, 16)


def test_a_week_cutoff_is_the_same_for_all_days_of_the_week():
    cutoff = WeekCutoff(3, 1, ClockTime.parse("12:00"), Compare.UNTIL)
    for day in range(12, 19):
        assert local_limit(cutoff, date(2026, 1, day)) == paris(2026, 1, 8, 12)


def test_a_week_cutoff_crosses_the_new_year():
    cutoff = WeekCutoff(3, 2, ClockTime.parse("12:00"), Compare.UNTIL)
    assert local_limit(cutoff, date(2027, 1, 4)) == paris(2026, 12, 24, 12)


def test_a_weekday_map_has_its_own_limit_by_day_and_closes_what_it_leaves_out():
    cutoff = WeekdayMap(
        (
            WeekdayEntry(frozenset({0, 1}), 4, 1, ClockTime.parse("09:00")),
            WeekdayEntry(frozenset({3, 4}), 1, 0, ClockTime.parse("09:00")),
        ),
        Compare.BEFORE,
    )
    assert local_limit(cutoff, date(2026, 1, 13)) == paris(2026, 1, 9, 9)
    assert local_limit(cutoff, date(2026, 1, 16)) == paris(2026, 1, 13, 9)
    assert limit_of(cutoff, date(2026, 1, 14), CALENDAR) == NEVER_EVER
    refused = ask(free_until(cutoff), date(2026, 1, 14), paris(2026, 1, 1))
    assert (refused.outcome, refused.until) == (Outcome.REFUSE, None)
    assert plain(refused.sentence) == "Réservation fermée sur le portail. Contactez le service."


def test_always_and_never():
    assert limit_of(Always(), date(2026, 1, 14), CALENDAR) == FOREVER
    assert limit_of(Never(), date(2026, 1, 14), CALENDAR) == NEVER_EVER


@pytest.mark.parametrize(
    ("time", "day", "instant"),
    [
        (
            "02:30",
            date(2026, 10, 25),
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        ),  # exists twice: the second pass
        ("02:30", date(2027, 3, 28), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # does not exist: 3 h 30
        ("24:00", date(2026, 10, 24), datetime(2026, 10, 24, 22, 0, tzinfo=UTC)),
        ("24:00", date(2026, 10, 25), datetime(2026, 10, 25, 23, 0, tzinfo=UTC)),
        ("10:00", date(2026, 10, 26), datetime(2026, 10, 26, 9, 0, tzinfo=UTC)),
        ("10:00", date(2027, 3, 29), datetime(2027, 3, 29, 8, 0, tzinfo=UTC)),
    ],
)
def test_clock_times_on_the_nights_of_a_clock_change(time, day, instant):
    assert ClockTime.parse(time).on(day) == instant


# --- P3: decision and sentence

THURSDAY = date(2027, 1, 14)  # a service day of an ordinary week
EVE = free_until(before(1, "10:00", days=EVERY_DAY))


@pytest.mark.parametrize(
    ("action", "now", "outcome", "sentence"),
    [
        (LineAction.BOOK, (12, 9), Outcome.FREE, "Réservable jusqu’au mercredi 13 janvier, 10 h"),
        (LineAction.CANCEL, (12, 9), Outcome.FREE, "Annulable jusqu’au mercredi 13 janvier, 10 h"),
        (LineAction.BOOK, (13, 10), Outcome.FREE, "Réservable jusqu’au mercredi 13 janvier, 10 h"),
        (
            LineAction.BOOK,
            (13, 10, 1),
            Outcome.REFUSE,
            "Trop tard : c’était réservable jusqu’au mercredi 13 janvier, 10 h. Contactez le service.",
        ),
        (
            LineAction.CANCEL,
            (14, 0),
            Outcome.REFUSE,
            "Trop tard : c’était annulable jusqu’au mercredi 13 janvier, 10 h. Contactez le service.",
        ),
        (
            LineAction.CANCEL,
            (15, 0),
            Outcome.REFUSE,
            "Ce jour est passé : plus aucun changement n’est possible",
        ),
    ],
)
def test_the_sentence_of_a_simple_rule(action, now, outcome, sentence):
    decision = ask(EVE, THURSDAY, paris(2027, 1, *now), action)
    assert (decision.outcome, plain(decision.sentence)) == (outcome, sentence)


def test_before_refuses_the_very_moment_and_says_so():
    ladder = free_until(before(1, "10:00", days=EVERY_DAY, compare=Compare.BEFORE))
    in_time = ask(ladder, THURSDAY, paris(2027, 1, 13, 9, 59, 59))
    too_late = ask(ladder, THURSDAY, paris(2027, 1, 13, 10))
    assert plain(in_time.sentence) == "Réservable avant le mercredi 13 janvier, 10 h"
    assert too_late.outcome is Outcome.REFUSE
    assert plain(too_late.sentence) == (
        "Trop tard : c’était réservable avant le mercredi 13 janvier, 10 h. Contactez le service."
    )


@pytest.mark.parametrize("compare", list(Compare))
@pytest.mark.parametrize(("days", "time"), [(4, "24:00"), (3, "00:00")])
def test_midnight_is_never_ambiguous(days, time, compare):
    ladder = free_until(before(days, time, days=EVERY_DAY, compare=compare), Outcome.ON_REQUEST)
    assert plain(ask(ladder, THURSDAY, paris(2027, 1, 10, 23, 59)).sentence) == (
        "Réservable jusqu’au dimanche 10 janvier inclus"
    )
    assert plain(ask(ladder, THURSDAY, paris(2027, 1, 11, 0, 1)).sentence) == (
        "Hors délai depuis le lundi 11 janvier : la demande sera soumise à la structure"
    )


TWO_STAGES = Ladder(
    (
        Stage(WeekCutoff(3, 1, ClockTime.parse("12:00"), Compare.UNTIL), Outcome.FREE),
        Stage(before(1, "08:30", days=EVERY_DAY), Outcome.ON_REQUEST),
    ),
    Outcome.REFUSE,
)


@pytest.mark.parametrize(
    ("now", "outcome", "until", "sentence"),
    [
        ((7, 12), Outcome.FREE, (7, 12), "Réservable jusqu’au jeudi 7 janvier, 12 h"),
        (
            (7, 12, 1),
            Outcome.ON_REQUEST,
            (13, 8, 30),
            "Hors délai depuis le jeudi 7 janvier, 12 h : la demande sera soumise à la structure, "
            "à envoyer jusqu’au mercredi 13 janvier, 8 h 30",
        ),
        (
            (13, 8, 31),
            Outcome.REFUSE,
            None,
            "Trop tard : la demande était possible jusqu’au mercredi 13 janvier, 8 h 30. "
            "Contactez le service.",
        ),
    ],
)
def test_a_soft_limit_then_a_hard_one(now, outcome, until, sentence):
    decision = ask(TWO_STAGES, THURSDAY, paris(2027, 1, *now))
    assert (decision.outcome, plain(decision.sentence)) == (outcome, sentence)
    assert decision.until == (until and paris(2027, 1, *until))


@pytest.mark.parametrize(
    ("ladder", "outcome", "sentence"),
    [
        (Ladder((), Outcome.FREE), Outcome.FREE, "Réservable à tout moment"),
        (free_until(Always()), Outcome.FREE, "Réservable à tout moment"),
        (
            Ladder((), Outcome.ON_REQUEST),
            Outcome.ON_REQUEST,
            "Réservation sur demande : la demande sera soumise à la structure",
        ),
        (
            free_until(Never(), Outcome.ON_REQUEST),
            Outcome.ON_REQUEST,
            "Réservation sur demande : la demande sera soumise à la structure",
        ),
        (
            Ladder((), Outcome.REFUSE),
            Outcome.REFUSE,
            "Réservation fermée sur le portail. Contactez le service.",
        ),
    ],
)
def test_rules_without_a_limit(ladder, outcome, sentence):
    decision = ask(ladder, THURSDAY, paris(2027, 1, 1))
    assert (decision.outcome, decision.until, plain(decision.sentence)) == (outcome, None, sentence)


def test_out_of_time_without_a_hard_limit():
    decision = ask(
        free_until(before(1, "10:00", days=EVERY_DAY), Outcome.ON_REQUEST), THURSDAY, paris(2027, 1, 14, 7)
    )
    assert plain(decision.sentence) == (
        "Hors délai depuis le mercredi 13 janvier, 10 h : la demande sera soumise à la structure"
    )


def test_the_explanation_holds_the_rule_the_day_and_the_limit():
    explanation = ask(EVE, THURSDAY, paris(2027, 1, 12)).explanation
    assert [plain(line) for line in explanation] == [
        "Réservation jusqu’à la veille (tous les jours, jours fériés compris), 10 h.",
        "Jour demandé : jeudi 14 janvier 2027.",
        "Limite : jusqu’au mercredi 13 janvier, 10 h.",
    ]


def test_a_naive_time_is_a_bug():
    with pytest.raises(ValueError, match="aware"):
        ask(EVE, THURSDAY, paris(2027, 1, 12, 9).replace(tzinfo=None))


# --- Text and refusal agree (R14)

_LIMIT = re.compile(
    r"(?:jusqu’au|(?P<before>avant) le) (?P<weekday>\w+) (?P<day>\d+)(er)? (?P<month>\w+)"
    r"(?: (?P<whole>inclus)|, (?P<hour>\d+) h(?: (?P<minute>\d\d))?(?: \(heure d’(?P<season>hiver|été)\))?)"
)
_MONTHS = {french.month_name(month): month for month in range(1, 13)}


def limit_read_by_a_parent(sentence, service_day):
    """The instant that the words mean, found without any code of the engine: a day, a clock, a season.

    Then whether that very instant is in time; None for a day « inclus »: nobody reads the stroke of midnight.
    """
    match = _LIMIT.search(plain(sentence))
    month, day = _MONTHS[match["month"]], int(match["day"])
    year = service_day.year if (month, day) <= (service_day.month, service_day.day) else service_day.year - 1
    assert french.weekday_name(date(year, month, day).weekday()) == match["weekday"]
    # Adding to a Paris datetime moves its wall clock: exactly what a reader does.
    if match["whole"]:
        return (paris(year, month, day) + timedelta(days=1)).astimezone(UTC), None
    clock = paris(year, month, day) + timedelta(hours=int(match["hour"]), minutes=int(match["minute"] or 0))
    fold = 1 if match["season"] == "hiver" else 0
    return clock.replace(fold=fold).astimezone(UTC), not match["before"]


def check_every_minute(ladder, service_day, action=LineAction.BOOK, minutes=150):
    """Around the limit, the outcome is what the words had announced and go on saying."""
    announced = decide(ladder, action, service_day, paris(service_day.year - 1, 1, 1), CALENDAR)
    limit, includes_limit = limit_read_by_a_parent(announced.sentence, service_day)
    end_of_service_day = paris(service_day.year, service_day.month, service_day.day).astimezone(
        UTC
    ) + timedelta(days=1)
    for offset in range(-minutes, minutes + 1):
        now = limit + timedelta(minutes=offset)
        if now >= end_of_service_day:
            break
        for instant in (now, now.astimezone(PARIS)):
            decision = decide(ladder, action, service_day, instant, CALENDAR)
            if offset or includes_limit is not None:
                in_time = offset < 0 or (offset == 0 and includes_limit)
                assert (decision.outcome is Outcome.FREE) is in_time
            assert limit_read_by_a_parent(decision.sentence, service_day) == (limit, includes_limit)


@pytest.mark.parametrize("compare", list(Compare))
@pytest.mark.parametrize(
    "time", ["00:00", "01:59", "02:00", "02:30", "03:00", "03:30", "10:00", "23:59", "24:00"]
)
@pytest.mark.parametrize(
    "service_day",
    [
        date(2026, 10, 25),
        date(2026, 10, 26),
        date(2026, 10, 27),
        date(2027, 3, 28),
        date(2027, 3, 29),
        date(2027, 3, 30),
    ],
)
def test_text_and_refusal_agree_every_minute_of_both_clock_changes(service_day, time, compare):
    check_every_minute(free_until(before(1, time, days=EVERY_DAY, compare=compare)), service_day)


times = st.integers(0, 24 * 60).map(ClockTime)
day_sets = st.builds(
    DaySet, st.sampled_from([base for base in DayBase if base is not DayBase.OPEN]), *[st.booleans()] * 2
)
befores = st.builds(Before, st.integers(0, 15), day_sets, times, st.just(False), st.sampled_from(Compare))
clear_befores = st.builds(
    Before, st.integers(1, 15), day_sets, times, st.just(True), st.sampled_from(Compare)
)
week_cutoffs = st.builds(WeekCutoff, st.integers(0, 6), st.integers(1, 3), times, st.sampled_from(Compare))


@st.composite
def weekday_maps(draw):
    groups = draw(st.permutations(range(7)))
    cut = draw(st.integers(1, 6))
    entries = tuple(
        WeekdayEntry(frozenset(group), draw(st.integers(0, 6)), draw(st.integers(1, 3)), draw(times))
        for group in (groups[:cut], groups[cut:])
    )
    return WeekdayMap(entries, draw(st.sampled_from(Compare)))


cutoffs = st.one_of(befores, clear_befores, week_cutoffs, weekday_maps())
service_days = st.dates(date(2025, 9, 1), date(2027, 8, 31))
stricter = [
    (Outcome.FREE, Outcome.REFUSE),
    (Outcome.FREE, Outcome.ON_REQUEST),
    (Outcome.ON_REQUEST, Outcome.REFUSE),
]


@st.composite
def ladders(draw):
    some_cutoffs = st.one_of(cutoffs, st.just(Always()), st.just(Never()))
    if draw(st.booleans()):
        first, otherwise = draw(st.sampled_from(stricter))
        return Ladder((Stage(draw(some_cutoffs), first),), otherwise)
    stages = (Stage(draw(some_cutoffs), Outcome.FREE), Stage(draw(some_cutoffs), Outcome.ON_REQUEST))
    return Ladder(stages, Outcome.REFUSE)


@given(cutoffs, service_days, st.sampled_from(LineAction))
def test_text_and_refusal_agree_for_any_rule_on_any_day(cutoff, service_day, action):
    check_every_minute(free_until(cutoff), service_day, action, minutes=3)


@given(ladders(), service_days, st.lists(st.integers(-60 * 24 * 60, 2 * 24 * 60), min_size=2, max_size=12))
def test_time_passing_never_makes_a_rule_kinder(ladder, service_day, minutes):
    midnight = paris(service_day.year, service_day.month, service_day.day).astimezone(UTC)
    kindness = [Outcome.REFUSE, Outcome.ON_REQUEST, Outcome.FREE]
    outcomes = [
        kindness.index(ask(ladder, service_day, midnight + timedelta(minutes=offset)).outcome)
        for offset in sorted(minutes)
    ]
    assert outcomes == sorted(outcomes, reverse=True)


@given(ladders(), service_days, st.integers(-60 * 24 * 60, 24 * 60))
def test_an_answer_holds_until_the_moment_it_says(ladder, service_day, offset):
    now = paris(service_day.year, service_day.month, service_day.day).astimezone(UTC) + timedelta(
        minutes=offset
    )
    decision = ask(ladder, service_day, now)
    if decision.until is None:
        return
    end_of_day = paris(*(service_day + timedelta(days=1)).timetuple()[:3]).astimezone(UTC)
    just_before = min(decision.until, end_of_day) - timedelta(microseconds=1)
    if now <= just_before:
        assert ask(ladder, service_day, just_before).outcome is decision.outcome
    assert (
        ask(ladder, service_day, decision.until + timedelta(microseconds=1)).outcome is not decision.outcome
    )


# --- The rule in words


@pytest.mark.parametrize(
    ("ladder", "words"),
    [
        (free_until(before(1, "08:30")), "Réservation jusqu’à la veille (jours d’école), 8 h 30."),
        (
            free_until(before(2, "12:00", days=MON_FRI)),
            "Réservation jusqu’à 2 jours avant (du lundi au vendredi, hors jours fériés), 12 h.",
        ),
        (
            free_until(before(15, "24:00", days=EVERY_DAY, clear_days=True)),
            "Réservation jusqu’à 15 jours francs avant (tous les jours, jours fériés compris), "
            "minuit (fin du jour).",
        ),
        (
            free_until(before(0, "09:00", compare=Compare.BEFORE)),
            "Réservation jusqu’au jour même, avant 9 h.",
        ),
        (
            TWO_STAGES,
            "Réservation jusqu’au jeudi de la semaine précédente, 12 h ; ensuite sur demande "
            "jusqu’à la veille (tous les jours, jours fériés compris), 8 h 30.",
        ),
        (
            free_until(
                WeekdayMap(
                    (
                        WeekdayEntry(frozenset({0, 1}), 4, 1, ClockTime.parse("09:00")),
                        WeekdayEntry(frozenset({3}), 1, 0, ClockTime.parse("09:00")),
                    ),
                    Compare.UNTIL,
                ),
                Outcome.ON_REQUEST,
            ),
            "Réservation pour le lundi et le mardi, jusqu’au vendredi de la semaine précédente, 9 h ; "
            "pour le jeudi, jusqu’au mardi de la même semaine, 9 h ; "
            "ensuite sur demande, soumise à la structure.",
        ),
        (
            free_until(WeekCutoff(3, 2, ClockTime.parse("12:00"), Compare.UNTIL)),
            "Réservation jusqu’au jeudi, 2 semaines avant, 12 h.",
        ),
        (
            free_until(
                before(1, "10:00", days=DaySet(DayBase.SCHOOL, False, False, frozenset({date(2026, 5, 15)})))
            ),
            "Réservation jusqu’à la veille (jours d’école, jours fériés compris, "
            "vacances scolaires comprises, hors 1 date particulière), 10 h.",
        ),
        (
            free_until(before(1, "10:00", days=DaySet(DayBase.OPEN, True, True))),
            "Réservation jusqu’à la veille (jours d’ouverture, hors jours fériés et vacances scolaires), "
            "10 h.",
        ),
        (free_until(Always()), "Réservation à tout moment."),
        (Ladder((), Outcome.FREE), "Réservation à tout moment."),
        (Ladder((), Outcome.ON_REQUEST), "Réservation sur demande, soumise à la structure."),
        (free_until(Never()), "Réservation fermée sur le portail."),
    ],
)
def test_the_rule_in_general(ladder, words):
    assert plain(describe(ladder, LineAction.BOOK)) == words


# --- The rule as data


@given(ladders())
def test_a_ladder_survives_its_plain_data(ladder):
    assert ladder_from_data(ladder_to_data(ladder)) == ladder


def sound():
    return ladder_to_data(
        Ladder(
            (
                Stage(before(1, "08:30"), Outcome.FREE),
                Stage(
                    WeekdayMap(
                        (WeekdayEntry(frozenset({0}), 4, 1, ClockTime.parse("09:00")),), Compare.UNTIL
                    ),
                    Outcome.ON_REQUEST,
                ),
            ),
            Outcome.REFUSE,
        )
    )


def change(path, value):
    return changed(sound(), path, value)


UNTIL = ("stages", 0, "until")
ENTRY = ("stages", 1, "until", "entries", 0)


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        (change((*UNTIL, "set"), ...), "stages[0].until.set", "indiquez quels jours comptent"),
        (change((*UNTIL, "set", "base"), ...), "stages[0].until.set.base", "indiquez la base de calcul"),
        (
            change((*UNTIL, "set", "minus_public_holidays"), ...),
            "stages[0].until.set.minus_public_holidays",
            "jours fériés",
        ),
        (
            change((*UNTIL, "set", "minus_school_holidays"), ...),
            "stages[0].until.set.minus_school_holidays",
            "vacances scolaires",
        ),
        (
            change((*UNTIL, "set", "base"), "days"),
            "stages[0].until.set.base",
            "all, mon_fri, school, open, office",
        ),
        (
            change((*UNTIL, "set", "extra_closed"), ["2026-02-30"]),
            "stages[0].until.set.extra_closed[0]",
            "date",
        ),
        (change((*UNTIL, "compare"), ...), "stages[0].until.compare", "encore à temps"),
        (change((*UNTIL, "clear_days"), "non"), "stages[0].until.clear_days", "true"),
        (change((*UNTIL, "n"), -1), "stages[0].until.n", "entre 0 et 200"),
        (change((*UNTIL, "n"), True), "stages[0].until.n", "entre 0 et 200"),
        (change((*UNTIL, "time"), "8h30"), "stages[0].until.time", "00:00 et 24:00"),
        (change((*UNTIL, "time"), "24:01"), "stages[0].until.time", "00:00 et 24:00"),
        (change((*UNTIL, "time"), 830), "stages[0].until.time", "00:00 et 24:00"),
        (change((*UNTIL, "form"), "before_hours"), "stages[0].until.form", "before, weekday_map"),
        (change((*UNTIL, "form"), ...), "stages[0].until.form", "indiquez la forme"),
        (change((*UNTIL, "hours"), 48), "stages[0].until", "clé inconnue « hours »"),
        (change(("stages", 0, "outcome"), "surcharge"), "stages[0].outcome", "free, on_request, refuse"),
        (change(("stages", 1, "outcome"), "free"), "stages[1].outcome", "plus stricte"),
        (change(("otherwise",), "on_request"), "otherwise", "plus stricte"),
        (change(("otherwise",), ...), "otherwise", "indiquez le résultat"),
        (change((*ENTRY, "for"), []), "stages[1].until.entries[0].for", "jours de service"),
        (change((*ENTRY, "for"), ["lundi"]), "stages[1].until.entries[0].for[0]", "mon, tue"),
        (change((*ENTRY, "weeks_before"), 0), "stages[1].until.entries[0].day", "après le service du lundi"),
        (change((*ENTRY, "day"), ...), "stages[1].until.entries[0].day", "indiquez le jour de la limite"),
        (change(("stages", 1, "until", "entries"), []), "stages[1].until.entries", "au moins un jour"),
        (
            change(("stages", 1, "until", "entries"), sound()["stages"][1]["until"]["entries"] * 2),
            "stages[1].until.entries[1].for",
            "le lundi figure deux fois",
        ),
        (
            change(
                UNTIL,
                {"form": "week_cutoff", "day": "wed", "weeks_before": 0, "time": "09:00", "compare": "until"},
            ),
            "stages[0].until.day",
            "après le service du lundi",
        ),
        (change((*UNTIL,), "veille"), "stages[0].until", "un ensemble de clés"),
        (change(("stages",), "veille"), "stages", "une liste"),
        (None, "", "un ensemble de clés"),
    ],
)
def test_a_faulty_rule_is_refused_with_its_place_and_what_to_write(data, path, words):
    with pytest.raises(RuleError) as fault:
        ladder_from_data(data)
    assert fault.value.path == path
    assert words in plain(fault.value.message)


def test_clear_days_need_a_day():
    data = change((*UNTIL, "clear_days"), True) | {}
    data["stages"][0]["until"]["n"] = 0
    with pytest.raises(RuleError) as fault:
        ladder_from_data(data)
    assert fault.value.path == "stages[0].until.n"
