# ruff: noqa: E501  a rule a line reads better than folded
"""Limits compared day by day: channels, conditions, answers, versions."""

from datetime import date, timedelta

from domain.enums import Outcome
from domain.rulebook.limit_changes import Way, limit_changes
from tests.domain.rulebook.helpers import rulebook_of

MONDAY, TUESDAY = date(2026, 9, 14), date(2026, 9, 15)
FREE = "effet: libre"


def until(weekday="mardi", hour="12:00", compare="incluse"):
    return (
        f'jusqu_a: {{forme: semaine, jour: {weekday}, semaines_avant: 1, heure: "{hour}", limite: {compare}}}'
    )


def rule(stages, channels="tous", actions="[reserver]", otherwise="refus", when=""):
    when = f"si: {when}, " if when else ""
    return f"- {{actions: {actions}, canaux: {channels}, {when}etapes: [{stages}], ensuite: {otherwise}}}"


def stage(limit=None, answer=FREE, when=""):
    return f"{{{limit or until()}, {answer}{f', si: {when}' if when else ''}}}"


def town(*rules):
    lines = "".join(f"\n              {one}" for one in rules)
    return rulebook_of(f"""
        faits: {{residence: [commune, hors_commune], urgent: oui_non}}
        activites:
          cantine:
            nom: Cantine
            ouverture: {{jours: [lundi, mardi, mercredi, jeudi, vendredi], ecole: oui, vacances: oui, feries: oui}}
            delais:{lines}
        """)


def changes(old, new, days=(MONDAY,), **asked):
    return [
        (one.action, one.channels, one.condition, one.outcome, one.way)
        for one in limit_changes(old, new, "cantine", days, **asked)
    ]


def the_change(old, new, days=(MONDAY,)):
    (one,) = limit_changes(old, new, "cantine", days)
    return one


def test_a_later_hour_is_later_for_each_action_and_day():
    old, new = (
        town(rule(stage(until(hour=hour)), actions="[reserver, annuler]")) for hour in ("09:00", "12:00")
    )
    found = limit_changes(old, new, "cantine", [MONDAY, TUESDAY])
    assert [(one.action, one.way, [day.day for day in one.days]) for one in found] == [
        ("reserver", Way.LATER, [MONDAY, TUESDAY]),
        ("annuler", Way.LATER, [MONDAY, TUESDAY]),
    ]
    assert found[0].shifts == (timedelta(hours=3), timedelta(hours=3))
    assert found[0].days[0].shift == timedelta(hours=3)
    back = limit_changes(new, old, "cantine", [MONDAY])[0]
    assert (back.way, back.days[0].shift) == (Way.EARLIER, timedelta(hours=-3))


def test_the_same_limits_change_nothing():
    book = town(rule(stage()), rule(stage(), actions="[annuler]", channels="[portail]"))
    assert changes(book, book, (MONDAY, TUESDAY)) == []


def test_channels_that_change_alike_are_said_together():
    old = town(rule(stage(), channels="[portail, guichet]"), rule("", otherwise="refus"))
    new = town(rule(stage(until(hour="10:00")), channels="[portail, guichet]"), rule("", otherwise="refus"))
    assert changes(old, new) == [("reserver", ("guichet", "portail"), "", Outcome.FREE, Way.EARLIER)]
    everybody = town(rule(stage(until(hour="10:00"))))
    assert changes(town(rule(stage())), everybody) == [("reserver", ("tous",), "", Outcome.FREE, Way.EARLIER)]


def test_a_rule_that_takes_a_channel_leaves_the_others_as_they_were():
    old = town(rule(stage()))
    new = town(rule(stage(until(hour="10:00")), channels="[guichet]"), rule(stage()))
    assert changes(old, new) == [("reserver", ("guichet",), "", Outcome.FREE, Way.EARLIER)]
    others = town(rule(stage(), channels="[guichet]"), rule(stage(until(hour="10:00"))))
    assert changes(old, others) == [("reserver", ("autres",), "", Outcome.FREE, Way.EARLIER)]


def test_a_rule_of_one_version_only_is_new_or_gone():
    old, new = town(rule(stage())), town(rule(stage()), rule(stage(), actions="[annuler]"))
    came = the_change(old, new)
    assert (came.action, came.outcome, came.way, came.shifts) == ("annuler", None, Way.NEW, None)
    assert came.days[0].old == ""
    assert came.days[0].new.replace("\u00a0", " ") == "libre jusqu’au mardi 8 septembre, 12 h ; ensuite refus"
    gone = the_change(new, old)
    assert (gone.way, gone.days[0].new) == (Way.GONE, "")


def test_an_answer_that_comes_or_goes_has_its_own_line():
    late = stage(until("jeudi"), "effet: sur_demande")
    old, new = town(rule(stage())), town(rule(f"{stage()}, {late}"))
    came = the_change(old, new)
    assert (came.outcome, came.way, came.days[0].old) == (Outcome.ON_REQUEST, Way.NEW, "")
    assert "jeudi 10" in came.days[0].new
    assert the_change(new, old).way is Way.GONE


def test_what_an_answer_asks_for_and_what_follows_are_compared():
    asked = "effet: sur_demande, exige: [un certificat]"
    old, new = (town(rule(stage(None, answer))) for answer in ("effet: sur_demande", asked))
    change = the_change(old, new)
    assert (change.outcome, change.way) == (Outcome.ON_REQUEST, Way.OTHER)
    assert change.days[0].new.endswith("(un certificat)")
    after = the_change(town(rule(stage())), town(rule(stage(), otherwise="sur_demande")))
    assert (after.outcome, after.days[0].old, after.days[0].new) == (None, "refus", "sur_demande")


def test_an_instant_that_is_no_longer_in_time_is_another_answer():
    change = the_change(town(rule(stage())), town(rule(stage(until(compare="exclue")))))
    assert change.way is Way.OTHER
    assert (change.days[0].old[:6], change.days[0].new[:5]) == ("jusqu’", "avant")


def test_no_limit_at_all_is_later_without_a_length():
    change = the_change(town(rule(stage())), town(rule(stage("jusqu_a: toujours"))))
    assert (change.way, change.shifts, change.days[0].new) == (Way.LATER, None, "sans limite")
    never = the_change(town(rule(stage())), town(rule(stage("jusqu_a: jamais"))))
    assert (never.way, never.days[0].shift) == (Way.EARLIER, None)


def test_a_rule_for_some_families_is_compared_with_itself():
    some = "{residence: hors_commune}"
    old = town(rule(stage(), when=some), rule(stage()))
    new = town(rule(stage(until(hour="10:00")), when=some), rule(stage()))
    ((_, channels, condition, outcome, way),) = changes(old, new)
    assert (channels, outcome, way) == (("tous",), Outcome.FREE, Way.EARLIER)
    assert condition.startswith("si ")
    assert "hors commune" in condition
    assert changes(old, new, facts={"residence": "commune"}) == []
    ((*_, condition, _, _),) = changes(old, new, facts={"residence": "hors_commune"})
    assert condition == ""


def test_a_rule_without_answer_for_a_day_is_said():
    by_day = 'jusqu_a: {forme: selon_le_jour, limite: exclue, entrees: [{pour: mardi, jour: vendredi, semaines_avant: 1, heure: "09:00"}]}'
    old, new = town(rule(stage())), town(rule(stage(by_day)))
    gone, rest = limit_changes(old, new, "cantine", [MONDAY])
    assert (gone.outcome, gone.way) == (Outcome.FREE, Way.GONE)
    assert "ne dit rien de ce jour" in rest.days[0].new


def test_the_limits_in_force_on_the_day_are_compared():
    def dated(hour):
        return rulebook_of(f"""
            activites:
              cantine:
                nom: Cantine
                ouverture: {{jours: [lundi, mardi], ecole: oui, vacances: oui, feries: oui}}
                delais:
                  versions:
                    - {{nom: avant, du: 2026-01-01, au: 2026-09-14, regle: [{{actions: [reserver], canaux: tous, etapes: [{stage()}], ensuite: refus}}]}}
                    - {{nom: ensuite, du: 2026-09-15, regle: [{{actions: [reserver], canaux: tous, etapes: [{stage(until(hour=hour))}], ensuite: refus}}]}}
            """)

    change = the_change(dated("12:00"), dated("10:00"), (MONDAY, TUESDAY))
    assert [one.day for one in change.days] == [TUESDAY]


def test_an_activity_without_limits_has_none_to_compare():
    nothing = rulebook_of("activites: {cantine: {nom: Cantine}}")
    assert changes(nothing, nothing) == []
    assert changes(nothing, town(rule(stage()))) == [("reserver", ("tous",), "", None, Way.NEW)]
