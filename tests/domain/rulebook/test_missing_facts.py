"""Nothing is guessed: without some facts the answer is the same (none is read), or asks for one of them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rulebook_cli
from domain.rulebook import questions
from domain.rulebook.facts import Context, Kind
from domain.rulebook.trace import MissingFact

CASES = Path(__file__).parents[2] / "cases"
SCENARIOS = sorted(CASES.glob("*.scenario.yaml"))
SOMETHING = {
    Kind.NUMBER: Decimal(0),
    Kind.YES_NO: False,
    Kind.DATE: date(2020, 1, 1),
    Kind.CLOCK: Decimal(480),
    Kind.TEXT: "",
}
ASKED_AS = {"quotients": "quotient"}
# A presence takes place unless it is said otherwise: the guide says so, it is no guess.
SAID_BY_THE_GUIDE = {"etat"}


@cache
def opened(path):
    """(rulebook, question) of each question that reads facts, and the facts that may be taken from it."""
    book = rulebook_cli.require_rulebook(path.with_name(path.name.replace(".scenario.", ".reglement.")))
    counted = {count.name for activity in book.activities.values() for count in activity.counts}
    kept = SAID_BY_THE_GUIDE | counted  # a count is given, or made by the bill
    asked = rulebook_cli.open_scenario(path, book).questions
    return book, [(one, names) for one in asked if (names := sorted(facts_of(one) - kept))]


def groups_of(question):
    """The presences, absences or candidates of a question, each with facts of its own."""
    return [(part, question.asked.get(part) or ()) for part in ("presences", "absences", "candidates")]


def facts_of(question):
    own = {name for _, groups in groups_of(question) for group in groups for name in group["facts"]}
    return own | set(question.facts)


def without(question, names):
    """The same question, where nobody gives these facts."""

    def left(facts):
        return {name: value for name, value in facts.items() if name not in names}

    asked = dict(question.asked)
    for part, groups in groups_of(question):
        if groups:
            asked[part] = tuple({**group, "facts": left(group["facts"])} for group in groups)
    return replace(question, asked=asked, facts=left(question.facts))


def guess(book, question, names):
    """What is answered without these facts, when it is neither the answer with them nor a request for one."""
    whole, found = questions.answer(book, question), questions.answer(book, without(question, names))
    if found.missing_fact in {ASKED_AS.get(name, name) for name in names} or found.answer == whole.answer:
        return None
    return found.answer or found.problem


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name.removesuffix(".scenario.yaml"))
def test_without_one_fact_the_answer_is_the_same_or_asks_for_it(path):
    book, asked = opened(path)
    guessed = {
        (question.name, name): found
        for question, names in asked
        for name in names
        if (found := guess(book, question, [name])) is not None
    }
    assert guessed == {}


def questions_with_facts():
    return [(path, index) for path in SCENARIOS for index in range(len(opened(path)[1]))]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_without_any_set_of_facts_the_answer_is_the_same_or_asks_for_one_of_them(data):
    path, index = data.draw(st.sampled_from(questions_with_facts()))
    book, asked = opened(path)
    question, names = asked[index]
    dropped = data.draw(st.sets(st.sampled_from(names), min_size=1))
    assert guess(book, question, dropped) is None


def test_an_engine_that_guesses_is_noticed(monkeypatch):
    honest = Context.fact

    def guessing(self, name, path):
        try:
            return honest(self, name, path)
        except MissingFact:
            fact = self.declared[name]
            return fact.values[0] if fact.values else SOMETHING[fact.kind]

    monkeypatch.setattr(Context, "fact", guessing)
    noticed = sum(
        guess(book, question, [name]) is not None
        for path in SCENARIOS
        for book, asked in [opened(path)]
        for question, names in asked
        for name in names
    )
    assert noticed > 50
