"""The guide of the format: every example in it is read by the program, every key of the format is in it."""

import re
from pathlib import Path

import pytest

from adapters import rulebook_files
from domain.rulebook import (
    absences,
    billing,
    counts,
    cutoff_schema,
    cutoffs,
    enrolment,
    expectations,
    ladders,
    money,
    named,
    prices,
    quantities,
    questions,
    quotients,
    rulebook,
    scenario,
    schema,
    tables,
    totals,
    values,
)
from domain.rulebook.tree import Faults

GUIDE = (Path(__file__).parents[3] / "docs" / "reglement-format.md").read_text(encoding="utf-8")
RULEBOOKS = re.findall(r"```yaml reglement\n(.*?)```", GUIDE, re.S)
SCENARIOS = re.findall(r"```yaml scenario\n(.*?)```", GUIDE, re.S)
HEADER = """
reglement: {nom: Exemple}
calendrier: {jours_d_ecole: [lundi, mardi, jeudi, vendredi], jours_feries: metropole, vacances: zone_b}
"""
MODULES = (
    absences, billing, counts, cutoff_schema, cutoffs, enrolment, ladders, money, named, prices, quantities,
    quotients, rulebook, scenario, tables, totals, values,
)  # fmt: skip


def read(text):
    faults = Faults()
    if not text.startswith("reglement:"):
        text = HEADER + text + ("" if "activites:" in text else "activites: {exemple: {nom: Exemple}}\n")
    root = rulebook_files.parse(text, faults)
    return (None if root is None else rulebook.read(root, rulebook_files, faults)), faults


@pytest.mark.parametrize("text", RULEBOOKS)
def test_every_example_is_a_correct_rulebook(text):
    book, faults = read(text)
    assert [str(fault) for fault in faults.errors] == []
    assert book.activities


def test_the_scenario_of_the_guide_answers_as_it_says():
    book, _ = read(RULEBOOKS[0])
    faults = Faults()
    found = scenario.read(rulebook_files.parse(SCENARIOS[0], faults), book, faults)
    assert [str(fault) for fault in faults] == []
    assert [expectations.differences(one) for one in questions.answer_all(book, found)] == [[], [], [], []]


def keys_of_the_format():
    keys = {key.word for module in MODULES for key in vars(module).values() if isinstance(key, schema.Key)}
    for module in MODULES:
        source = Path(module.__file__).read_text(encoding="utf-8")
        keys |= set(re.findall(r'Key\(\s*"([a-z_]+)"', source))
    return keys


def test_the_index_by_everyday_words_names_what_exists():
    index = GUIDE.partition("## Trouver comment l’écrire")[2].partition("\n## ")[0]
    read_by_their_own = {"forme", "operation", "si_ferme", "sauf"}
    facts = {"quotient", "etat", "cause"}
    written = {word for code in re.findall(r"`([^`]+)`", index) for word in re.findall(r"([a-z_]+):", code)}
    assert len(written) > 25
    assert sorted(written - keys_of_the_format() - read_by_their_own - facts) == []


def test_every_key_of_the_format_is_in_the_guide():
    keys = keys_of_the_format()
    assert len(keys) > 120
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", GUIDE)] == []
