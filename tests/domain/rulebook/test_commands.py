# ruff: noqa: E501  a command a line reads better than folded
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


LIMITS = """
reglement: {nom: X}
calendrier: {jours_d_ecole: [lundi, mardi, jeudi, vendredi], jours_feries: metropole, vacances: []}
faits: {travail: [deux_parents, aucun]}
activites:
  cantine:
    nom: Cantine
    ouverture: {jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}
    delais:
DELAIS
  etude: {nom: Étude}
"""
_EVE = '{forme: jours_avant, jours: JOURS, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: "10:00", limite: incluse}'


def days_before(number):
    return _EVE.replace("JOURS", str(number))


def calendar_lines(tmp_path, limits, first, last, activity="cantine"):
    path = tmp_path / "reglement.yaml"
    path.write_text(LIMITS.replace("DELAIS", limits), encoding="utf-8")
    found = run("calendrier", path, "--activite", activity, "--du", first, "--au", last)
    return found.output.replace("\xa0", " ").splitlines()


DATED = f"""
      versions:
        - nom: ancien
          du: 2026-09-01
          au: 2026-12-31
          regle: [{{actions: [reserver], canaux: tous, etapes: [{{jusqu_a: {days_before(1)}, effet: libre}}], ensuite: refus}}]
        - nom: nouveau
          du: 2027-01-01
          regle: [{{actions: [reserver], canaux: tous, etapes: [{{jusqu_a: {days_before(5)}, effet: libre}}], ensuite: sur_demande}}]
"""
OLD = "  reserver [ancien], demandes faites jusqu’au jeudi 31 décembre 2026 : "
NEW = "  reserver [nouveau], demandes faites à partir du vendredi 1er janvier 2027 : "


@pytest.mark.parametrize(
    ("day", "lines"),
    [
        # The new version is not there yet: nobody can meet it before that day.
        ("2026-12-14", ["  reserver [ancien] : libre jusqu’au dimanche 13 décembre, 10 h ; ensuite refus"]),
        # Its limit is already passed when it comes into force.
        ("2027-01-04", [f"{OLD}libre jusqu’au jeudi 31 décembre inclus ; ensuite une autre version", f"{NEW}sur_demande"]),
        ("2027-01-08", [
            f"{OLD}libre jusqu’au jeudi 31 décembre inclus ; ensuite une autre version",
            f"{NEW}libre jusqu’au dimanche 3 janvier, 10 h ; ensuite sur_demande",
        ]),
    ],
)  # fmt: skip
def test_a_version_is_shown_only_for_the_requests_that_it_governs(tmp_path, day, lines):
    assert calendar_lines(tmp_path, DATED, day, day)[1:] == lines


def test_a_line_says_for_which_channels_and_under_which_condition_it_holds(tmp_path):
    stages = f"{{jusqu_a: {days_before(3)}, effet: libre}}, {{si: {{travail: deux_parents}}, jusqu_a: {days_before(1)}, effet: libre}}"
    limits = f"""
      - {{actions: [reserver], canaux: [guichet], etapes: [{stages}], ensuite: refus}}
      - {{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}}
"""
    assert calendar_lines(tmp_path, limits, "2026-09-14", "2026-09-14")[1:] == [
        "  reserver (guichet) : libre jusqu’au vendredi 11 septembre, 10 h ; "
        "libre jusqu’au dimanche 13 septembre, 10 h, si « travail » est « deux parents » ; ensuite refus",
        "  reserver (autres canaux) : refus",
    ]


def test_a_calendar_without_days_or_without_limits_says_so(tmp_path):
    assert calendar_lines(tmp_path, DATED, "2026-09-12", "2026-09-13") == [
        "Aucun jour d’ouverture entre ces dates."
    ]
    assert calendar_lines(tmp_path, DATED, "2026-09-14", "2026-09-14", "etude")[1:] == [
        "  aucun délai écrit pour ce jour"
    ]


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
    assert said in found.output.replace("\xa0", " ")


def test_the_grid_gives_the_price_of_each_kind_of_family():
    arguments = ("grille", CASES / "B-fay-aux-loges.reglement.yaml", "--activite", "cantine")
    assert run(*arguments, "--fait", "convive=enfant").output.replace("\xa0", " ").replace("\u202f", " ") == (
        "Restaurant scolaire\n"
        "  convive : enfant\n"
        "    quotient familial 0 : 2,60 €\n"
        "    quotient familial 722,21 : 2,60 €\n"
        "    quotient familial 722,22 : 2,60 €\n"
        "    quotient familial 722,23 : 2,60 €\n"
        "    quotient familial 1 249,99 : 4,50 €\n"
        "    quotient familial 1 250 : 4,50 €\n"
        "    quotient familial 1 250,01 : 4,50 €\n"
        "    quotient familial 1 750 : 4,50 €\n"
        "    quotient familial inconnu : 4,50 €\n"
    )
    grid = json.loads(run(*arguments, "--json").output)
    assert grid["lignes"][-1]["faits"] == {"convive": "adulte"}
    assert grid["lignes"][-1]["prix"] == "4.80"
    assert grid["lignes"][0]["regles"][0].startswith("activites.cantine.tarif.prix")


def test_the_grid_names_what_it_lacks_and_shows_each_version():
    said = run("grille", CASES / "B-sene.reglement.yaml", "--activite", "cantine").output
    assert "il manque taux" in said
    dated = ("grille", CASES / "B-hauterives.reglement.yaml", "--activite", "periscolaire")
    assert "à partir du lundi 1er\xa0janvier 2024" in run(*dated).output
    of_a_day = run(*dated, "--jour", "2024-10-01").output
    assert "0,62\xa0€" in of_a_day
    assert "0,58\xa0€" not in of_a_day


@pytest.mark.parametrize(
    ("case", "more", "said"),
    [
        ("A-bertholene", (), "n’a pas de tarif"),
        ("B-sene", ("--fait", "taux=beaucoup"), "--fait taux : un nombre est attendu"),
        ("B-sene", ("--fait", "age"), "n’est pas déclaré"),
    ],
)
def test_the_grid_refuses_what_it_cannot_show(case, more, said):
    found = run("grille", CASES / f"{case}.reglement.yaml", "--activite", "cantine", *more)
    assert found.exit_code == 1
    assert said in found.output.replace("\xa0", " ")


def test_two_rulebooks_are_compared_as_text_and_as_json(tmp_path):
    old = CASES / "A-bertholene.reglement.yaml"
    new = tmp_path / "nouveau.yaml"
    text = old.read_text(encoding="utf-8").replace(
        'mardi, semaines_avant: 1, heure: "12:00"', 'mardi, semaines_avant: 1, heure: "09:00"'
    )
    new.write_text(text, encoding="utf-8")
    days = ("--du", "2025-09-18", "--au", "2025-09-18")
    assert run("comparer", old, new, *days).output.replace("\xa0", " ") == (
        "Règles\n"
        "  activités › « Cantine » › délai (actions : réserver ; canaux : portail) "
        "› étape › jusqu’à › heure : 12:00 → 09:00\n"
        "Phrases\n"
        "  Cantine : délais\n"
        "    avant : La réservation sur le portail est possible jusqu’au mardi de la semaine précédente, à 12 h au plus tard.\n"
        "    après : La réservation sur le portail est possible jusqu’au mardi de la semaine précédente, à 9 h au plus tard.\n"
        "Ce qui change pour qui\n"
        "  Cantine\n"
        "    réserver (portail), libre : 3 h plus tôt, le jeudi 18 septembre ; "
        "jusqu’au mardi 9 septembre, 12 h → jusqu’au mardi 9 septembre, 9 h\n"
    )
    found = json.loads(run("comparer", old, new, *days, "--json").output)
    assert [one["ligne_nouvelle"] for one in found["regles"]] == [20]
    assert [one["partie"] for one in found["phrases"]] == ["Cantine : délais"]
    assert found["activites"][0]["delais"][0]["sens"] == "plus tôt"
    nothing = run("comparer", old, old, *days).output.replace("\xa0", " ")
    assert nothing == "Règles : aucune différence\nCe qui change pour qui : rien pour personne\n"


def test_a_dearer_cap_and_all_its_prices_are_said(tmp_path):
    old = CASES / "B-montech.reglement.yaml"
    new = tmp_path / "nouveau.yaml"
    new.write_text(
        old.read_text(encoding="utf-8").replace("6.58", "6.60").replace("2.50", "2.60"), encoding="utf-8"
    )
    arguments = ("comparer", old, new, "--du", "2026-09-01", "--au", "2026-09-30")
    said = run(*arguments).output.replace("\xa0", " ").split("Ce qui change pour qui\n")[1]
    assert said == (
        "  ALAE du mercredi\n"
        "    prix, quotient familial jusqu’à 820 : 2,50 € → 2,60 € (+0,10 €)\n"
        "  plafond mensuel\n"
        "    prix, quotient familial jusqu’à 820 : 6,58 € → 6,60 € (+0,02 €)\n"
    )
    (cap,) = json.loads(run(*arguments, "--json").output)["cumuls"]
    assert cap["prix"][0]["ecart"] == {"de": "0.02", "a": "0.02"}


def compared_lines(tmp_path, case, *replaced):
    """What `comparer` says of a case and of the same with some texts replaced, in lines with plain spaces."""
    old, new = CASES / f"{case}.reglement.yaml", tmp_path / "nouveau.yaml"
    text = old.read_text(encoding="utf-8")
    for before, after in replaced:
        assert before in text, before
        text = text.replace(before, after)
    new.write_text(text, encoding="utf-8")
    found = run("comparer", old, new, "--du", "2026-09-01", "--au", "2026-09-30")
    return found.output.replace("\xa0", " ").replace("\u202f", " ").splitlines()


NO_FIGURE = "Ce qui change pour qui : aucun prix ni aucune limite entre ces dates"
ABSENCE = ("du: {de: 1, a: 1, unite: jours_reserves}", "du: {de: 1, a: 2, unite: jours_reserves}")


def test_an_absence_rule_that_changes_is_said_with_its_sentences(tmp_path):
    said = compared_lines(tmp_path, "C-saint-lager", ABSENCE)
    (old, new) = (line for line in said if line.startswith(("    avant : ", "    après : ")))
    assert ("seul le 1er jour réservé" in old, "du 1er au 2e jour réservé" in new) == (True, True)
    assert said[-2:] == [
        NO_FIGURE,
        "Une autre règle change, sans que l’effet en soit calculé ici : les absences (Cantine).",
    ]


@pytest.mark.parametrize(
    ("case", "before", "after", "other"),
    [
        ("D-le-rove", "age: {de: 4}", "age: {de: 3}", "les conditions"),
        ("D-villenave", "age_maximum_mois: 3", "age_maximum_mois: 2", "l’inscription (Toutes prestations)"),
    ],
)
def test_no_rule_that_differs_is_said_to_change_nothing(tmp_path, case, before, after, other):
    said = compared_lines(tmp_path, case, (before, after))
    assert said[-2:] == [
        NO_FIGURE,
        f"Une autre règle change, sans que l’effet en soit calculé ici : {other}.",
    ]


def test_other_rules_are_named_beside_the_prices_and_limits_that_change(tmp_path):
    old, new = CASES / "C-saint-lager.reglement.yaml", tmp_path / "nouveau.yaml"
    said = compared_lines(tmp_path, "C-saint-lager", ABSENCE, ("le: 20", "le: 15"))
    days = ("--du", "2026-09-01", "--au", "2026-09-30")
    data = json.loads(run("comparer", old, new, *days, "--json").output)
    assert data["autres_regles"] == [{"partie": "absences", "activite": "Cantine"}]
    assert any("5 jours plus tôt" in line for line in said)
    assert said[-1].endswith("les absences (Cantine).")


def test_a_faulty_rulebook_is_not_compared(tmp_path):
    path = tmp_path / "faux.yaml"
    path.write_text("reglement: {titre: X}\n", encoding="utf-8")
    found = run("comparer", RULEBOOK, path, "--du", "2025-09-18", "--au", "2025-09-18")
    assert found.exit_code == 1
    assert "faux.yaml : ligne 1" in found.output.replace("\xa0", " ")


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verifier", "absent.yaml"), "Le fichier absent.yaml n’existe pas."),
        (("verifier",), "Il manque FICHIER. Aide : ./portail reglement verifier --help"),
        (("simuler", RULEBOOK), "Il manque SCENARIO."),
        (("calendrier", RULEBOOK, "--activite", "cantine", "--du", "17/09/2026", "--au", "2026-09-18"), "17/09/2026 n’est pas une date ; écrivez par exemple 2026-09-01."),
        (("verifier", RULEBOOK, "--vite"), "Cette commande est mal écrite."),
        (("verifier", str(RULEBOOK).replace("reglement.yaml", "scenario.yaml")), "ceci est un scénario ; donnez d’abord le règlement"),
    ],
)  # fmt: skip
def test_a_command_badly_written_is_told_in_french(arguments, said):
    found = run(*arguments)
    assert found.exit_code != 0
    assert said in found.output.replace("\xa0", " ")
    assert "Usage" not in found.output


def test_the_text_is_written_in_french_with_its_rules_and_as_json():
    said = run("texte", CASES / "B-saffre.reglement.yaml").output.replace("\xa0", " ")
    assert "    Moins de 450             7,20 €   3,60 €        6,35 €\n" in said
    assert (
        "Une valeur qui tombe entre deux lignes suit la ligne supérieure. [activites.alsh.tarif.prix]" in said
    )
    sections = json.loads(run("texte", CASES / "B-saffre.reglement.yaml", "--json").output)
    (prices,) = [one for one in sections if one["titre"].endswith("prix")]
    table = prices["phrases"][0]["tableau"]
    assert table["colonnes"] == ["Quotient familial", "Journée", "Demi-journée", "Demi-journée repas"]
    assert table["lignes"][1]["regle"] == "activites.alsh.tarif.prix.table.lignes[2]"


def test_the_text_of_a_faulty_rulebook_is_not_written(tmp_path):
    path = tmp_path / "reglement.yaml"
    path.write_text("reglement: {nom: X}\n", encoding="utf-8")
    found = run("texte", path)
    assert found.exit_code == 1
    assert "il manque" in found.output.replace("\xa0", " ")
