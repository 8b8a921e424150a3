"""Real règlements, each a rulebook and scenarios beside this file: every question answers what is expected.

A file is named after its case; `--` in a name separates the case from one of its readings.
"""

from pathlib import Path

import pytest

import rulebook_cli
from domain.rulebook import expectations, questions
from tests.cases import coverage

HERE = Path(__file__).parent
SCENARIOS = sorted(HERE.glob("*.scenario.yaml"))


def opened(path):
    book = rulebook_cli.require_rulebook(path.with_name(path.name.replace(".scenario.", ".reglement.")))
    return book, rulebook_cli.open_scenario(path, book)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name.removesuffix(".scenario.yaml"))
def test_case(path):
    book, scenario = opened(path)
    faults = {
        question.name: found
        for question in scenario.questions
        if (found := expectations.differences(questions.answer(book, question)))
    }
    assert faults == {}
    assert all(question.expected for question in scenario.questions)


def test_every_rulebook_has_a_scenario():
    rulebooks = {path.name.replace(".reglement.", ".scenario.") for path in HERE.glob("*.reglement.yaml")}
    assert rulebooks == {path.name for path in SCENARIOS}


def test_every_answer_explains_itself():
    silent = [
        f"{path.name} : {question.name}"
        for path in SCENARIOS
        for book, scenario in [opened(path)]
        for question in scenario.questions
        if question.kind in ("limite", "permis", "prix", "absence")
        if not (found := questions.answer(book, question)).trace.steps and not found.problem
    ]
    assert silent == []


def test_the_table_of_the_documentation_is_up_to_date():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), "python -m tests.cases.coverage"
