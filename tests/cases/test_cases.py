"""Real règlements, each a rulebook and scenarios beside this file: every question answers what is expected.

A file is named after its case; `--` in a name separates the case from one of its readings.
"""

from itertools import combinations
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


def readings():
    """The scenarios of each case that has several readings."""
    cases = {}
    for path in SCENARIOS:
        cases.setdefault(path.name.split(".")[0].split("--")[0], []).append(path)
    return {name: paths for name, paths in cases.items() if len(paths) > 1}


@pytest.mark.parametrize("paths", readings().values(), ids=readings())
def test_two_readings_of_a_text_answer_something_differently(paths):
    for one, other in combinations(paths, 2):
        (first, asked), (second, asked_too) = opened(one), opened(other)
        shared = {*first.activities} & {*second.activities}
        every = [
            question
            for question in (*asked.questions, *asked_too.questions)
            if question.asked.get("activity") in {None, *shared}
        ]
        answers = [
            [questions.answer(book, question).answer for question in every] for book in (first, second)
        ]
        assert not shared or answers[0] != answers[1], (one.name, other.name)


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
