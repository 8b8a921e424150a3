"""The commands of a rulebook, as a secretary runs them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import rulebook_cli

CASES = Path(__file__).parents[2] / "cases"
RULEBOOK = str(CASES / "A-bertholene.reglement.yaml")


def run(*arguments):
    return CliRunner().invoke(rulebook_cli.group, [str(one) for one in arguments])


def test_check_says_that_a_rulebook_is_correct_and_what_it_leaves_open():
    found = run("verifier", CASES / "A-lons-le-saunier.reglement.yaml")
    assert found.exit_code == 0
    assert "règlement correct, 1 activité(s), 2 avertissement(s)" in found.output
    assert "un mardi, mais le 2019-11-30 est un samedi" in found.output


def test_check_refuses_a_faulty_rulebook_and_tells_every_fault(tmp_path):
    path = tmp_path / "reglement.yaml"
    path.write_text("reglement: {titre: X}\ncalendrier: {}\n", encoding="utf-8")
    found = run("verifier", path)
    assert found.exit_code == 1
    assert "partie" in found.output
    assert "activites" in found.output
    assert "n’est pas utilisable" in found.output


def test_the_calendar_gives_each_service_day_with_its_limits():
    arguments = ("calendrier", RULEBOOK, "--activite", "cantine", "--du", "2025-09-17", "--au", "2025-09-18")
    assert run(*arguments).output.replace("\xa0", " ") == (
        "jeudi 18 septembre 2025\n"
        "  reserver (portail) : libre jusqu’au mardi 9 septembre, 12 h ; ensuite refus\n"
        "  modifier (portail) : libre jusqu’au lundi 8 septembre, 12 h ; ensuite refus\n"
        "  annuler (portail) : libre jusqu’au lundi 8 septembre, 12 h ; ensuite refus\n"
    )
    (day,) = json.loads(run(*arguments, "--json").output)
    assert day["jour"] == "2025-09-18"
    assert day["delais"][0]["etapes"][0]["jusqu_a"] == "2025-09-09 12:00"


@pytest.mark.parametrize(
    ("activity", "first", "last", "said"),
    [
        ("piscine", "2025-09-01", "2025-09-02", "Activité inconnue"),
        ("cantine", "2025-09-02", "2025-09-01", "Le calendrier va d’un jour"),
    ],
)
def test_the_calendar_refuses_what_it_cannot_show(activity, first, last, said):
    found = run("calendrier", RULEBOOK, "--activite", activity, "--du", first, "--au", last)
    assert found.exit_code == 1
    assert said in found.output


def test_a_scenario_is_answered_with_its_explanations_as_text_and_as_json():
    scenario = CASES / "A-bertholene.scenario.yaml"
    said = run("simuler", RULEBOOK, scenario)
    assert said.exit_code == 0
    assert "reprendre un jour annulé est une modification" in said.output
    answers = json.loads(run("simuler", RULEBOOK, scenario, "--json").output)
    assert answers[0]["reponse"]["limite"] == "2025-09-09 12:00"
    assert answers[0]["explication"][0]["regle"] == "activites.cantine.delais[1].etapes[1]"
    assert answers[0]["ecarts"] == []


def test_a_scenario_that_expects_something_else_ends_in_error(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text(
        "questions:\n  - {question: permis, activite: cantine, action: reserver, jour: 2025-09-18, "
        "canal: portail, a: 2025-09-09 12:01, attendu: {permis: oui}}\n",
        encoding="utf-8",
    )
    found = run("simuler", RULEBOOK, path)
    assert found.exit_code == 1
    assert "ÉCART : permis : oui attendu, non obtenu." in found.output


def test_a_faulty_scenario_says_where(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text("faits: {age: 3}\nquestions: [{question: prix, activite: piscine}]\n", encoding="utf-8")
    found = run("simuler", RULEBOOK, path)
    assert found.exit_code == 1
    assert "scenario.yaml : ligne 1, faits.age : le fait" in found.output.replace("\xa0", " ")
