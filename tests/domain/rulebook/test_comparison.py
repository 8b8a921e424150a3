# ruff: noqa: E501  a rule a line reads better than folded
"""Two versions side by side: the rules that differ, and what changes for whom."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.rulebook.change_words import say_length, say_rule_change
from domain.rulebook.comparison import compare
from domain.rulebook.price_changes import price_changes
from domain.rulebook.rule_changes import Change, rule_changes
from tests.domain.rulebook.changed import CASES, TWELVE_WEEKS, changed, said, side, text_of

NAMES = sorted(path.name.removesuffix(".reglement.yaml") for path in CASES.glob("*.reglement.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_version_compared_with_itself_differs_in_nothing(name):
    found = changed(name, days=TWELVE_WEEKS[:14])
    assert (found.rules, found.texts, found.added, found.removed) == ((), (), (), ())
    for one in found.activities:
        assert (one.limits, one.opened, one.closed, one.problem) == ((), (), (), "")
        assert one.prices is None or one.prices.changes == ()


# --- The text


def rules(case, *replaced):
    return [say_rule_change(one).replace("\u00a0", " ") for one in changed(case, *replaced, days=[]).rules]


def test_one_value_changed_is_one_rule_changed():
    found = changed("B-saffre", ("10.05, demi_journee: 5.05", "10.20, demi_journee: 5.05"), days=[])
    (one,) = found.rules
    assert (one.kind, one.old, one.new) == (Change.CHANGED, "10,05", "10,20")
    assert one.path == "activites.alsh.tarif.prix.table.lignes[4].valeur.journee"
    assert one.old_line == one.new_line > 0
    (sentence,) = found.texts
    assert "10,05" in sentence.old[0]
    assert "10,20" in sentence.new[0]


def test_a_rule_is_said_in_words():
    assert rules("A-bertholene", ('"12:00"', '"10:00"')) == [
        "activités › « Cantine » › délai (actions : réserver ; canaux : portail) › étape › jusqu’à › heure : 12:00 → 10:00",
        "activités › « Cantine » › délai (actions : modifier, annuler ; canaux : portail) › étape › jusqu’à › heure : 12:00 → 10:00",
    ]
    assert rules(
        "B-buthiers", ("{enfants: {plus_de: 2}, valeur: 4.40}", "{enfants: {plus_de: 2}, valeur: 4.60}")
    ) == [
        "activités › « Cantine » › tarif › prix › sinon › table › ligne (enfants : plus de 2) › valeur : 4,40 → 4,60"
    ]


def test_rules_that_come_go_and_move():
    moved = "        - {nom: trois_enfants, si: {enfants_inscrits: {de: 3}}, operation: decaler_tranche, fait: quotient, de: -1}\n"
    kept = "        - {nom: exterieur, si: {provenance: exterieur}, operation: ajouter, valeur: 2.00, portee: unite}\n"
    (gone,) = changed("B-saffre", (moved, ""), days=[]).rules
    assert (gone.kind, gone.new, gone.new_line) == (Change.REMOVED, "", 0)
    assert gone.label.endswith("ajustement «\u00a0trois enfants\u00a0»")
    old, new = side(text_of("B-saffre").replace(moved, "")), side(text_of("B-saffre"))
    (came,) = rule_changes(old.root, new.root)
    assert (came.kind, came.old, came.old_line) == (Change.ADDED, "", 0)
    (order,) = changed("B-saffre", (moved + kept, kept + moved), days=[]).rules
    assert (order.kind, order.old, order.new) == (
        Change.MOVED,
        "«\u00a0trois enfants\u00a0», «\u00a0extérieur\u00a0»",
        "«\u00a0extérieur\u00a0», «\u00a0trois enfants\u00a0»",
    )


def test_layout_comments_and_zeros_do_not_count():
    text = text_of("B-saffre")
    other = "# une remarque\n" + text.replace("valeur: 2.00", "valeur: 2.0").replace(
        "faits:\n", "\nfaits:\n\n"
    )
    assert rule_changes(side(text).root, side(other).root) == []


def test_activities_of_one_version_only_are_named():
    old, new = side(text_of("A-bertholene")), side(text_of("A-cruas"))
    found = compare(old, new, TWELVE_WEEKS)
    assert (found.added, found.removed) == (("Accueil de loisirs du mercredi", "Garderie"), ("Cantine",))
    assert found.activities == ()


# --- Prices: what changes for whom


def test_families_for_whom_the_same_changes_are_said_together():
    assert said("B-saffre", ("10.05, demi_journee: 5.05", "10.20, demi_journee: 5.05")) == [
        "enfants inscrits : jusqu’à 2, formule journée, quotient familial de plus de 650 à 750 : "
        "de 10,05 € à 12,05 € → de 10,20 € à 12,20 € (+0,15 €)",
        "enfants inscrits : à partir de 3, formule journée, quotient familial de plus de 750 à 850 : "
        "de 10,05 € à 12,05 € → de 10,20 € à 12,20 € (+0,15 €)",
    ]
    assert said("B-hauterives", ("valeur: 2.00", "valeur: 3.00")) == [
        "résidence : extérieur, quotient familial connu : de 7,00 € à 18,00 € → de 8,00 € à 19,00 € (+1,00 €)"
    ]
    assert said("B-buthiers", ("valeur: 4.70", "valeur: 4.60")) == [
        "occasionnel : non, 2 enfants : 4,70 € → 4,60 € (−0,10 €)"
    ]


def test_a_bound_that_moves_changes_only_who_is_between():
    assert said(
        "B-montech",
        ("{plus_de: 437, a: 820}, valeur: 2.50", "{plus_de: 437, a: 900}, valeur: 2.50"),
        ("{plus_de: 820, a: 1200}, valeur: 2.80", "{plus_de: 900, a: 1200}, valeur: 2.80"),
    ) == ["quotient familial de plus de 820 à 900 : 2,80 € → 2,50 € (−0,30 €)"]


def test_a_slope_is_said_with_what_it_adds_at_both_ends():
    assert said("B-fay-aux-loges", ("plafond: 4.50", "plafond: 5.00")) == [
        "convive : enfant, quotient familial de plus de 1 250 à moins de 1 388,88 : 4,50 € → de 4,50 € à 5,00 € (de 0,00 € à +0,50 €)",
        "convive : enfant, quotient familial à partir de 1 388,88 ou inconnu : 4,50 € → 5,00 € (+0,50 €)",
    ]


def test_a_steeper_slope_is_cut_where_it_meets_the_old_and_the_new_bounds():
    assert said("B-fay-aux-loges", ("taux: 0.0036", "taux: 0.0040")) == [
        "convive : enfant, quotient familial de plus de 650 à 722,22 : 2,60 € → de 2,60 € à 2,89 € (de 0,00 € à +0,29 €)",
        "convive : enfant, quotient familial de plus de 722,22 à 1 125 : de 2,60 € à 4,05 € → de 2,89 € à 4,50 € (de +0,29 € à +0,45 €)",
        "convive : enfant, quotient familial de plus de 1 125 à moins de 1 250 : de 4,05 € à 4,50 € → 4,50 € (de 0,00 € à +0,45 €)",
    ]


def test_what_changes_whatever_the_quotient_does_not_speak_of_it():
    text = text_of("B-grand-perigueux")
    old = side(text)
    new = side(
        text.replace(
            "arrondi: {au: 0.01, vers: plus_proche, apres: [total]}",
            "ajustements: [{nom: plus, si: toujours, operation: ajouter, valeur: 1, portee: unite}]\n      arrondi: {au: 0.01, vers: plus_proche, apres: [total]}",
        )
    )
    (one,) = price_changes(old.book, new.book, "alsh").changes
    assert (one.measure, dict(one.facts), one.difference.low) == (None, {}, 1)


def test_families_told_apart_by_different_facts_are_all_said():
    assert said(
        "B-buthiers",
        ("valeur: 5.45", "valeur: 5.50"),
        ("valeur: 4.70", "valeur: 4.80"),
        ("valeur: 4.40", "valeur: 4.50"),
    ) == [
        "occasionnel : oui : 5,45 € → 5,50 € (+0,05 €)",
        "occasionnel : non, 2 enfants ou plus : de 4,40 € à 4,70 € → de 4,50 € à 4,80 € (+0,10 €)",
    ]
    assert said("B-buthiers", ("valeur: 4.90", "valeur: 5.00"), ("valeur: 4.40", "valeur: 4.50")) == [
        "occasionnel : non, 1 enfant ou 3 enfants ou plus : de 4,40 € à 4,90 € → de 4,50 € à 5,00 € (+0,10 €)"
    ]


def test_each_rank_is_said_with_its_own_change():
    assert said("B-goncelin--reduction-par-rang", ("0.40", "0.50")) == [
        "2e enfant : 4,00 € → 3,90 € (−0,10 €)",
        "3e enfant : 3,60 € → 3,40 € (−0,20 €)",
        "4e enfant : 3,20 € → 2,90 € (−0,30 €)",
    ]


def test_a_dated_price_changes_from_its_day():
    days = [date(2024, 3, 1) + timedelta(days=number) for number in range(250)]
    (one,) = said("B-hauterives", ("0.69}", "0.70}"), days=days)
    assert one == (
        "à partir du dimanche 1er septembre 2024, demi-heures : 1, quotient familial de 716 à moins de 1 001 : 0,69 € → 0,70 € (+0,01 €)"
    )
    (one,) = said("B-hauterives", ("0.58}", "0.60}"), days=days)
    assert one.startswith("du vendredi 1er mars 2024 au samedi 31 août 2024, demi-heures : 1, ")


def test_a_family_that_gets_a_price_is_told_why_it_had_none():
    last = "            - {quotient: {plus_de: 1500}, valeur: 3.50}\n"
    (one,) = said("B-montech", (last, last + "            - {quotient: inconnu, valeur: 3}\n"))
    assert one.startswith(
        "quotient familial inconnu : pas de prix → 3,00 € (activites.mercredi.tarif.prix.table "
    )


def test_a_price_that_needs_a_fact_without_end_is_not_compared_in_silence():
    found = changed("B-quiberon", ("organisme: commune", "organisme: association"))
    assert [one.prices.missing for one in found.activities] == [("prix_de_la_famille",)]
    assert not found.activities[0].is_same


def test_a_tariff_of_one_version_only_is_said():
    old = text_of("B-montech")
    new = old.replace(
        "    tarif: {prix: prix_du_jour, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}\n", ""
    )
    for first, second, word in ((old, new, "retiré"), (new, old, "nouveau")):
        found = compare(side(first), side(second), TWELVE_WEEKS)
        assert found.activities[0].problem == f"Le tarif est {word}."


def test_a_total_over_a_period_is_compared_too():
    found = changed("B-montech", ("6.58", "6.60"))
    (cap,) = found.totals
    assert (cap.label, [one.old.low for one in cap.changes], cap.extent.high) == (
        "plafond mensuel",
        [Decimal("6.58")],
        Decimal("0.02"),
    )
    (package, refund) = changed("B-saussay", ("valeur: 57", "valeur: 56")).totals
    (one,) = package.changes
    assert one.facts["mode"] == ("carte",)
    assert (refund.changes, refund.missing) == ((), ("repas_rembourses",))


# --- Limits


def test_an_earlier_hour_is_said_once_for_all_its_days():
    (booking, *_) = changed("A-bertholene", ('"12:00"', '"10:00"')).activities[0].limits
    assert (booking.action, booking.channels, len(booking.days)) == ("reserver", ("portail",), 48)
    assert booking.shifts == (timedelta(hours=2), timedelta(hours=2))
    assert said("A-bertholene", ('"12:00"', '"10:00"'))[0] == (
        "réserver (portail), libre : 2 h plus tôt, 48 jours, du mardi 1er septembre au lundi 23 novembre ; "
        "par exemple mardi 1er septembre : jusqu’au mardi 25 août, 12 h → jusqu’au mardi 25 août, 10 h"
    )


def test_a_week_is_seven_days_even_when_the_clock_changes_in_it():
    (booking, *_) = changed("A-bertholene", ("semaines_avant: 1", "semaines_avant: 2")).activities[0].limits
    assert {one.shift for one in booking.days} == {timedelta(days=-7)}
    assert booking.shifts == (timedelta(days=7), timedelta(days=7))


def test_a_channel_that_opens_is_new_for_the_others_only():
    lines = said("A-bertholene", ("canaux: [portail]", "canaux: tous"))
    assert [line.split(" : ")[0] for line in lines] == [
        "réserver (autres canaux)", "modifier (autres canaux)", "annuler (autres canaux)",
    ]  # fmt: skip
    assert "nouveau, 48 jours" in lines[0]


def test_what_follows_the_last_limit_counts_too():
    lines = said("A-bertholene", ("ensuite: refus", "ensuite: sur_demande"))
    assert len(lines) == 3
    assert "refus → sur_demande" in lines[0]


def test_days_that_open_or_close_are_counted():
    (cantine,) = changed(
        "A-bertholene",
        ("jours: [lundi, mardi, jeudi, vendredi], ecole", "jours: [lundi, mardi, mercredi, jeudi], ecole"),
    ).activities
    assert {day.weekday() for day in cantine.opened} == {2}
    assert {day.weekday() for day in cantine.closed} == {4}


def test_days_before_those_compared_count_in_the_delays():
    one_day = '{forme: jours_avant, jours: 1, compte: {base: ouverture, sans_feries: non, sans_vacances: non}, francs: non, heure: "HOUR", limite: incluse}'
    old, new = (
        side(text_of("A-bertholene").replace(
            '{forme: semaine, jour: mardi, semaines_avant: 1, heure: "12:00", limite: incluse}', one_day.replace("HOUR", hour)
        ))
        for hour in ("12:00", "10:00")
    )  # fmt: skip
    first, second = date(2026, 9, 3), date(2026, 9, 10)
    found = compare(old, new, [second], service_days={"cantine": [first, second]})
    (change,) = found.activities[0].limits
    (day,) = change.days
    assert (day.day, "jeudi 3\u00a0septembre" in day.old) == (second, True)
    assert compare(old, new, [second], service_days={}).activities[0].limits == ()


def test_far_too_many_kinds_of_families_are_said_not_compared():
    names = [f"fait_{letter}" for letter in "abcdefghijklmnop"]
    facts = "faits: {" + ", ".join(f"{name}: oui_non" for name in names) + "}\n"
    cases = ", ".join(f"{{si: {{{name}: inconnu}}, valeur: 1}}" for name in names)
    price = f"prix: {{cas: [{cases}], sinon: PRIX}}, arrondi: {{au: 0.01, vers: plus_proche, apres: [total]}}"
    text = (
        "reglement: {nom: X}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: metropole, vacances: []}\n"
    )
    text += facts + f"activites: {{cantine: {{nom: Cantine, tarif: {{{price}}}}}}}\n"
    found = compare(side(text.replace("PRIX", "2")), side(text.replace("PRIX", "3")), TWELVE_WEEKS)
    assert "Trop de cas à essayer" in found.activities[0].problem


def test_the_days_and_the_facts_of_a_town_can_be_given():
    (cantine,) = changed(
        "A-bertholene", ('"12:00"', '"10:00"'), service_days={"cantine": TWELVE_WEEKS[:2]}
    ).activities
    assert [len(one.days) for one in cantine.limits] == [2, 2, 2]
    (one,) = said(
        "B-hauterives",
        ("valeur: 2.00", "valeur: 3.00"),
        facts={"residence": "exterieur", "formule": "journee", "quotient": Decimal(300)},
    )
    assert one.endswith(" : 12,00 € → 13,00 € (+1,00 €)")


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=1), "1 jour"),
        (timedelta(days=2, hours=3), "2 jours 3 h"),
        (timedelta(minutes=30), "30 min"),
        (timedelta(seconds=1), "moins d’une minute"),
    ],
)
def test_a_length_is_said_in_days_and_hours(length, words):
    assert say_length(length).replace("\u00a0", " ") == words
