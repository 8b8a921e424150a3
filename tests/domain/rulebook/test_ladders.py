# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Which ladder answers, by action and channel, and which of its stages at a moment (P3)."""

import pytest

from tests.domain.rulebook.helpers import check, read, rulebook_of

ALL = "{base: tous, sans_feries: non, sans_vacances: non}"


def at(days, clock="10:00", compare="incluse"):
    return f"{{forme: jours_avant, jours: {days}, compte: {ALL}, francs: non, heure: '{clock}', limite: {compare}}}"


def book(ladders, facts="faits: {x: oui_non}"):
    return rulebook_of(
        f"{facts}\nactivites: {{cantine: {{nom: Cantine, annuler_puis_reserver: modification, delais: [{ladders}]}}}}\n"
    )


def allowed(name, expected, day="2026-09-18", moment="2026-09-14 12:00", action="reserver", more=""):
    return f"- {{nom: {name}, question: permis, activite: cantine, action: {action}, jour: {day}, a: {moment}{more}, attendu: {{{expected}}}}}\n"


CHANNELS = book(
    f"{{actions: [reserver], canaux: [portail], etapes: [{{jusqu_a: {at(2)}, effet: libre}}], ensuite: refus}}, "
    f"{{actions: [reserver], canaux: [guichet, telephone], etapes: [{{jusqu_a: {at(1)}, effet: sur_demande}}], ensuite: supplement}}"
)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (", canal: portail", "effet: libre, jusqu_a: 2026-09-16 10:00"),
        (", canal: guichet", "effet: sur_demande, jusqu_a: 2026-09-17 10:00"),
        (", canal: telephone", "effet: sur_demande"),
        ("", "fait_manquant: canal"),
        (
            ", canal: courrier",
            'probleme: "activites.cantine : aucun délai n’est écrit pour l’action « reserver » par « courrier »."',
        ),
    ],
)
def test_the_channel_chooses_the_ladder(channel, expected):
    check(CHANNELS, allowed("c", expected, more=channel))


def test_an_action_without_a_ladder():
    nothing = 'probleme: "activites.cantine : aucun délai n’est écrit pour l’action « annuler »."'
    check(CHANNELS, allowed("a", nothing, action="annuler"))
    check(
        rulebook_of("activites: {cantine: {nom: Cantine}}\n"),
        allowed("b", 'probleme: "activites.cantine n’a pas de délais."'),
    )


def test_a_condition_chooses_the_ladder():
    found = book(
        f"{{actions: [reserver], canaux: tous, si: {{x: oui}}, etapes: [{{jusqu_a: {at(2)}, effet: libre}}], ensuite: refus}}, "
        "{actions: [reserver], canaux: tous, etapes: [], ensuite: sur_demande}"
    )
    check(found, allowed("oui", "effet: libre", more=", faits: {x: oui}"))
    check(found, allowed("non", "effet: sur_demande", more=", faits: {x: non}"))
    check(found, allowed("tu", "fait_manquant: x"))


STAGES = book(
    "{actions: [reserver, modifier], canaux: tous, etapes: ["
    f"{{jusqu_a: {at(9)}, effet: libre}}, "
    f"{{a_partir_de: {at(5)}, jusqu_a: {at(4)}, effet: libre, exige: [appel]}}, "
    f"{{a_partir_de: {at(3)}, jusqu_a: {at(2)}, si: {{x: oui}}, effet: supplement, supplements: [tardif]}}, "
    f"{{a_partir_de: {at(1)}, jusqu_a: {at(0, compare='exclue')}, effet: sur_demande}}], ensuite: refus}}"
)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-09-09 10:00", "permis: oui, effet: libre, exige: [], jusqu_a: 2026-09-09 10:00, ouvre: null"),
        ("2026-09-09 10:00:01", "permis: non, effet: refus, jusqu_a: null, ouvre: 2026-09-13 10:00"),
        ("2026-09-13 09:59:59", "permis: non, ouvre: 2026-09-13 10:00"),
        ("2026-09-13 10:00", "effet: libre, exige: [appel], jusqu_a: 2026-09-14 10:00"),
        ("2026-09-14 10:00:01", "effet: refus, ouvre: 2026-09-15 10:00"),
        ("2026-09-15 10:00", "effet: supplement, supplements: [tardif], permis: oui"),
        ("2026-09-16 12:00", "effet: refus, ouvre: 2026-09-17 10:00"),
        ("2026-09-17 10:00", "effet: sur_demande"),
        ("2026-09-18 09:59:59", "effet: sur_demande"),
        ("2026-09-18 10:00", "effet: refus, ouvre: null"),
        ("2026-09-19 00:00", "effet: refus"),
    ],
)
def test_the_stage_of_a_moment(moment, expected):
    check(STAGES, allowed("m", expected, moment=moment, more=", faits: {x: oui}"))


def test_a_stage_whose_condition_fails_is_passed_over():
    check(
        STAGES,
        allowed(
            "x", "effet: refus, ouvre: 2026-09-17 10:00", moment="2026-09-15 12:00", more=", faits: {x: non}"
        ),
    )
    check(STAGES, allowed("y", "fait_manquant: x", moment="2026-09-15 12:00"))


def test_the_limits_of_a_day_in_their_order():
    check(STAGES, """
        - nom: tout
          question: limite
          activite: cantine
          action: reserver
          jour: 2026-09-18
          attendu:
            limite: 2026-09-09 10:00
            derniere_limite: 2026-09-18 10:00
            ensuite: refus
            etapes:
              - {a_partir_de: null, jusqu_a: 2026-09-09 10:00, effet: libre, exige: [], sous_condition: non}
              - {a_partir_de: 2026-09-13 10:00, jusqu_a: 2026-09-14 10:00, effet: libre, exige: [appel], sous_condition: non}
              - {a_partir_de: 2026-09-15 10:00, jusqu_a: 2026-09-16 10:00, effet: supplement, supplements: [tardif], sous_condition: oui}
              - {a_partir_de: 2026-09-17 10:00, jusqu_a: 2026-09-18 10:00, effet: sur_demande, sous_condition: non}
        - {nom: sans le troisième, question: limite, activite: cantine, action: reserver, jour: 2026-09-18, faits: {x: non}, attendu: {etapes: [{effet: libre}, {effet: libre}, {effet: sur_demande}]}}
        """)  # fmt: skip


def test_a_day_cancelled_then_taken_again_is_a_change():
    found = book(
        f"{{actions: [modifier], canaux: tous, etapes: [{{jusqu_a: {at(1)}, effet: sur_demande}}], ensuite: refus}}, "
        f"{{actions: [reserver], canaux: tous, etapes: [{{jusqu_a: {at(1)}, effet: libre}}], ensuite: refus}}"
    )
    check(found, allowed("neuf", "effet: libre"))
    check(found, allowed("repris", "effet: sur_demande", more=", deja_annule: oui"))


def test_always_and_never():
    found = book(
        "{actions: [reserver], canaux: tous, etapes: [{jusqu_a: jamais, effet: libre}, {jusqu_a: toujours, effet: sur_demande}], ensuite: refus}"
    )
    check(found, allowed("toujours", "effet: sur_demande, jusqu_a: null"))


def test_a_supplement_that_names_no_adjustment_is_a_warning():
    _, faults = read(
        "activites: {c: {nom: C, delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: toujours, effet: supplement}], ensuite: refus}]}}\n"
    )
    assert [fault.message for fault in faults.warnings] == [
        "« supplement » sans « supplements » : le prix ne change pas."
    ]
