"""One decision for the sentence and for the refusal (R14): both sides of a limit, every season (S119)."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import rulebook_files
from domain import french
from domain.calendar import PARIS
from domain.enums import Outcome
from domain.rulebook import decisions, rulebook
from domain.rulebook.tree import Faults, planted
from tests import rulebook_texts as written
from tests.domain.helpers import plain

THURSDAY = date(2027, 1, 14)  # a service day of an ordinary week
COMPARES = ("incluse", "exclue", "minute_incluse")
EVE = written.until(written.days_before(1, "10:00"))
TWO_STAGES = {
    "etapes": [
        {
            "jusqu_a": {
                "forme": "semaine",
                "jour": "jeudi",
                "semaines_avant": "1",
                "heure": "12:00",
                "limite": "incluse",
            },
            "effet": "libre",
        },
        {"jusqu_a": written.days_before(1, "08:30"), "effet": "sur_demande"},
    ],
    "ensuite": "refus",
}


def paris(year, month, day, hour=0, minute=0, second=0):
    return datetime(year, month, day, hour, minute, second, tzinfo=PARIS)


def utc_midnight(day):
    return paris(day.year, day.month, day.day).astimezone(UTC)


class Rule:
    """The same limits for booking and for cancelling, in a small règlement."""

    def __init__(self, stages):
        rules = [written.ladder("reserver", stages), written.ladder("annuler", stages)]
        tarif = {
            "prix": "3.20",
            "ajustements": [
                {"nom": "tardif", "si": "delai", "operation": "ajouter", "valeur": "1", "portee": "unite"}
            ],
            "arrondi": written.ROUNDING,
        }
        activities = {"cantine": {"nom": "Cantine", "delais": rules, "tarif": tarif}}
        faults = Faults()
        tree = {**written.empty(), "activites": activities}
        self.book = rulebook.read(planted(tree), rulebook_files, faults)
        assert [str(fault) for fault in faults.errors] == []

    def _ladder(self, action):
        rules = self.book.activities["cantine"].ladders.on(THURSDAY).rule
        return next(one for one in rules if action in one.actions)

    def ask(self, day, now, action="reserver"):
        context = self.book.context({"action": action, "canal": "portail"}, day=day, now=now)
        return decisions.decide(decisions.on_day(self._ladder(action), action, day, context, None), now)

    def in_words(self):
        return decisions.rule_in_words(self._ladder("reserver"), "reserver", self.book.facts)


def ask(stages, day, now, action="reserver"):
    return Rule(stages).ask(day, now, action)


# --- Both sides of a limit


@pytest.mark.parametrize(
    ("action", "now", "outcome", "sentence"),
    [
        ("reserver", (12, 9), Outcome.FREE, "Réservable jusqu’au mercredi 13 janvier, 10 h"),
        ("annuler", (12, 9), Outcome.FREE, "Annulable jusqu’au mercredi 13 janvier, 10 h"),
        ("reserver", (13, 10), Outcome.FREE, "Réservable jusqu’au mercredi 13 janvier, 10 h"),
        (
            "reserver",
            (13, 10, 1),
            Outcome.REFUSE,
            "Trop tard : c’était réservable jusqu’au mercredi 13 janvier, 10 h. Contactez le service.",
        ),
        (
            "annuler",
            (14, 0),
            Outcome.REFUSE,
            "Trop tard : c’était annulable jusqu’au mercredi 13 janvier, 10 h. Contactez le service.",
        ),
        ("annuler", (15, 0), Outcome.REFUSE, "Ce jour est passé : plus aucun changement n’est possible"),
    ],
)
def test_the_sentence_of_a_simple_rule(action, now, outcome, sentence):
    decision = ask(EVE, THURSDAY, paris(2027, 1, *now), action)
    assert (decision.outcome, plain(decision.sentence)) == (outcome, sentence)


def test_before_refuses_the_very_moment_and_says_so():
    rule = Rule(written.until(written.days_before(1, "10:00", limit="exclue")))
    in_time = rule.ask(THURSDAY, paris(2027, 1, 13, 9, 59, 59))
    too_late = rule.ask(THURSDAY, paris(2027, 1, 13, 10))
    assert plain(in_time.sentence) == "Réservable avant le mercredi 13 janvier, 10 h"
    assert too_late.outcome is Outcome.REFUSE
    assert plain(too_late.sentence) == (
        "Trop tard : c’était réservable avant le mercredi 13 janvier, 10 h. Contactez le service."
    )


def test_a_whole_minute_in_time_ends_with_its_last_second():
    rule = Rule(written.until(written.days_before(1, "10:00", limit="minute_incluse")))
    assert rule.ask(THURSDAY, paris(2027, 1, 13, 10, 0, 59)).outcome is Outcome.FREE
    assert rule.ask(THURSDAY, paris(2027, 1, 13, 10, 1)).outcome is Outcome.REFUSE


@pytest.mark.parametrize("limit", COMPARES)
@pytest.mark.parametrize(("days", "clock"), [(4, "24:00"), (3, "00:00")])
def test_midnight_is_never_ambiguous(days, clock, limit):
    rule = Rule(written.until(written.days_before(days, clock, limit=limit), then="sur_demande"))
    assert plain(rule.ask(THURSDAY, paris(2027, 1, 10, 23, 59)).sentence) == (
        "Réservable jusqu’au dimanche 10 janvier inclus"
    )
    assert plain(rule.ask(THURSDAY, paris(2027, 1, 11, 0, 1)).sentence) == (
        "Hors délai depuis le lundi 11 janvier : la demande sera soumise à la structure"
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


def test_a_late_wish_with_a_supplement_says_so():
    late = {"effet": "supplement", "supplements": ["tardif"]}
    rule = Rule({"etapes": EVE["etapes"], "ensuite": late})
    decision = rule.ask(THURSDAY, paris(2027, 1, 13, 11))
    assert (decision.outcome, decision.extras) == (Outcome.EXTRA, ("tardif",))
    assert plain(decision.sentence) == (
        "Hors délai depuis le mercredi 13 janvier, 10 h : réservable avec supplément"
    )


@pytest.mark.parametrize(
    ("stages", "outcome", "sentence"),
    [
        (written.ALWAYS, Outcome.FREE, "Réservable à tout moment"),
        (written.until("toujours"), Outcome.FREE, "Réservable à tout moment"),
        (
            {"etapes": [], "ensuite": "sur_demande"},
            Outcome.ON_REQUEST,
            "Réservation sur demande : la demande sera soumise à la structure",
        ),
        (
            written.until("jamais", then="sur_demande"),
            Outcome.ON_REQUEST,
            "Réservation sur demande : la demande sera soumise à la structure",
        ),
        (written.NEVER, Outcome.REFUSE, "Réservation fermée sur le portail. Contactez le service."),
    ],
)
def test_rules_without_a_limit(stages, outcome, sentence):
    decision = ask(stages, THURSDAY, paris(2027, 1, 1))
    assert (decision.outcome, decision.until, plain(decision.sentence)) == (outcome, None, sentence)


def test_out_of_time_without_a_hard_limit():
    stages = written.until(written.days_before(1, "10:00"), then="sur_demande")
    assert plain(ask(stages, THURSDAY, paris(2027, 1, 14, 7)).sentence) == (
        "Hors délai depuis le mercredi 13 janvier, 10 h : la demande sera soumise à la structure"
    )


def test_the_explanation_holds_the_day_and_the_limit():
    explanation = ask(EVE, THURSDAY, paris(2027, 1, 12)).explanation
    assert [plain(line) for line in explanation] == [
        "Jour demandé : jeudi 14 janvier 2027.",
        "Limite : jusqu’au mercredi 13 janvier, 10 h.",
    ]


def test_a_naive_time_is_a_bug():
    with pytest.raises(ValueError, match="aware"):
        ask(EVE, THURSDAY, paris(2027, 1, 12, 9).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        (EVE, "Réservation jusqu’à la veille du jour réservé, à 10 h au plus tard."),
        (written.ALWAYS, "Réservation à tout moment."),
        (written.until("jamais"), "Réservation fermée sur le portail."),
        (written.until("jamais", then="sur_demande"), "Réservation sur demande à tout moment."),
        (
            TWO_STAGES,
            "Réservation jusqu’au jeudi de la semaine précédente, à 12 h au plus tard ; ensuite sur demande "
            "jusqu’à la veille du jour réservé, à 8 h 30 au plus tard.",
        ),
    ],
)
def test_the_rule_in_general(stages, words):
    assert plain(Rule(stages).in_words()) == words


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


def check_every_minute(rule, service_day, action="reserver", minutes=150):
    """Around the limit, the outcome is what the words had announced and go on saying."""
    announced = rule.ask(service_day, paris(service_day.year - 1, 1, 1), action)
    limit, includes_limit = limit_read_by_a_parent(announced.sentence, service_day)
    end_of_service_day = utc_midnight(service_day) + timedelta(days=1)
    for offset in range(-minutes, minutes + 1):
        now = limit + timedelta(minutes=offset)
        if now >= end_of_service_day:
            break
        for instant in (now, now.astimezone(PARIS)):
            decision = rule.ask(service_day, instant, action)
            if offset or includes_limit is not None:
                in_time = offset < 0 or (offset == 0 and includes_limit)
                assert (decision.outcome is Outcome.FREE) is in_time
            assert limit_read_by_a_parent(decision.sentence, service_day) == (limit, includes_limit)


@pytest.mark.parametrize("limit", COMPARES)
@pytest.mark.parametrize(
    "clock", ["00:00", "01:59", "02:00", "02:30", "03:00", "03:30", "10:00", "23:59", "24:00"]
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
def test_text_and_refusal_agree_every_minute_of_both_clock_changes(service_day, clock, limit):
    check_every_minute(Rule(written.until(written.days_before(1, clock, limit=limit))), service_day)


CLOCKS = [f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in range(0, 24 * 60 + 1, 30)]
clocks, compares = st.sampled_from(CLOCKS), st.sampled_from(COMPARES)
yes_no = st.sampled_from(["oui", "non"])
counts = st.fixed_dictionaries(
    {
        "base": st.sampled_from(["tous", "lundi_vendredi", "lundi_samedi", "ecole"]),
        "sans_feries": yes_no,
        "sans_vacances": yes_no,
    }
)
befores = st.builds(written.days_before, st.integers(0, 15), clocks, counts, compares)
clear_befores = st.builds(written.days_before, st.integers(1, 15), clocks, counts, compares).map(
    lambda cutoff: cutoff | {"francs": "oui"}
)
weeks = st.fixed_dictionaries(
    {
        "forme": st.just("semaine"),
        "jour": st.sampled_from(french.WEEKDAYS),
        "semaines_avant": st.sampled_from(["1", "2", "3"]),
        "heure": clocks,
        "limite": compares,
    }
)


@st.composite
def tables(draw):
    weekdays, cut = draw(st.permutations(french.WEEKDAYS)), draw(st.integers(1, 6))
    entries = [
        {
            "pour": list(group),
            "jour": draw(st.sampled_from(french.WEEKDAYS)),
            "semaines_avant": draw(st.sampled_from(["1", "2", "3"])),
            "heure": draw(clocks),
        }
        for group in (weekdays[:cut], weekdays[cut:])
    ]
    return {"forme": "selon_le_jour", "entrees": entries, "limite": draw(compares)}


cutoffs = st.one_of(befores, clear_befores, weeks, tables())
service_days = st.dates(date(2025, 9, 1), date(2027, 8, 31))


@given(cutoffs, service_days, st.sampled_from(["reserver", "annuler"]))
def test_text_and_refusal_agree_for_any_rule_on_any_day(cutoff, service_day, action):
    check_every_minute(Rule(written.until(cutoff)), service_day, action, minutes=3)


stricter = st.sampled_from([("libre", "refus"), ("libre", "sur_demande"), ("sur_demande", "refus")])
ladders = st.one_of(
    st.builds(lambda cutoff, effects: written.until(cutoff, *effects), cutoffs, stricter),
    st.builds(
        lambda first, second: {
            "etapes": [
                {"jusqu_a": first, "effet": "libre"},
                {"jusqu_a": second, "effet": "sur_demande"},
            ],
            "ensuite": "refus",
        },
        cutoffs,
        cutoffs,
    ),
)


@given(ladders, service_days, st.lists(st.integers(-60 * 24 * 60, 2 * 24 * 60), min_size=2, max_size=12))
def test_time_passing_never_makes_a_rule_kinder(stages, service_day, minutes):
    kindness = [Outcome.REFUSE, Outcome.ON_REQUEST, Outcome.FREE]
    rule, midnight = Rule(stages), utc_midnight(service_day)
    outcomes = [
        kindness.index(rule.ask(service_day, midnight + timedelta(minutes=offset)).outcome)
        for offset in sorted(minutes)
    ]
    assert outcomes == sorted(outcomes, reverse=True)


@given(ladders, service_days, st.integers(-60 * 24 * 60, 24 * 60))
def test_an_answer_holds_until_the_moment_it_says(stages, service_day, offset):
    rule, now = Rule(stages), utc_midnight(service_day) + timedelta(minutes=offset)
    decision = rule.ask(service_day, now)
    if decision.until is None:
        return
    end_of_day = utc_midnight(service_day + timedelta(days=1))
    just_before = min(decision.until, end_of_day) - timedelta(microseconds=1)
    if now <= just_before:
        assert rule.ask(service_day, just_before).outcome is decision.outcome
    minute_later = decision.until + timedelta(minutes=1)
    assert rule.ask(service_day, minute_later).outcome is not decision.outcome
