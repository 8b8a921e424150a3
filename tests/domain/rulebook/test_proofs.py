"""What holds for every règlement studied: text and refusal agree, amounts are explained, order is nothing."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rulebook_cli
from domain.calendar import paris_now
from domain.clock_time import FOREVER, NEVER_EVER, ClockTime
from domain.errors import BusinessError
from domain.rulebook import questions
from domain.rulebook.days import Compare
from domain.rulebook.ladders import decide, limits, said_stage
from domain.rulebook.plain_data import plain as plain_answer
from domain.rulebook.prices import Operation
from domain.rulebook.scenario import Question

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(path.name.removesuffix(".reglement.yaml") for path in CASES.glob("*.reglement.yaml"))
GENEROSITY = {"libre": 3, "supplement": 2, "sur_demande": 1, "refus": 0}
# Around both clock changes, a leap day, ISO week 53, a return from holidays, ordinary days of each weekday.
SPECIAL_DAYS = [
    date(2026, 3, 30), date(2026, 10, 26), date(2028, 2, 29), date(2028, 3, 1), date(2021, 1, 4),
    date(2027, 1, 4), date(2026, 11, 2), *(date(2026, 9, 14) + timedelta(days=n) for n in range(5)),
]  # fmt: skip


@cache
def book_of(name):
    return rulebook_cli.require_rulebook(CASES / f"{name}.reglement.yaml")


@cache
def scenario_of(name):
    return rulebook_cli.open_scenario(CASES / f"{name}.scenario.yaml", book_of(name)).questions


def ladders_without_facts():
    """Every ladder that asks nothing of a family, so that any moment has an answer."""
    for name in NAMES:
        for activity in book_of(name).activities.values():
            for version in activity.ladders.versions if activity.ladders else ():
                for ladder in version.rule:
                    if ladder.stages and all(stage.when.is_always for stage in ladder.stages):
                        yield pytest.param(name, activity, ladder, id=f"{name}-{version.name}-{ladder.path}")


def days_of(book, activity, ladder):
    """The special days on which this ladder has limits, with them."""
    for day in SPECIAL_DAYS:
        try:
            if activity.opening is None or day in activity.opening:
                context = book.context({}, day=day)
                yield context, limits(ladder, context, activity.opening)
        except BusinessError:  # a published table says nothing of that month
            continue


LADDERS = list(ladders_without_facts())


def test_most_ladders_are_looked_at():
    assert len(LADDERS) > 50


@pytest.mark.parametrize(("name", "activity", "ladder"), LADDERS)
def test_text_and_refusal_agree_at_each_second_and_minute_around_each_limit(name, activity, ladder):
    for context, stages in days_of(book_of(name), activity, ladder):
        for stage in stages:
            if stage.limit in (FOREVER, NEVER_EVER):
                continue
            said_before = "avant le" in said_stage(stage)
            for seconds in (*range(-180, 181, 60), -1, 1, 59):
                now = stage.limit + timedelta(seconds=seconds)
                last = 59 if stage.compare is Compare.MINUTE else -1 if stage.compare is Compare.BEFORE else 0
                assert (not stage.is_past(now)) is (seconds <= last)
                answered = decide(ladder, context, activity.opening, now)
                open_ones = [one for one in stages if one.answers(now)]
                assert answered.until == (open_ones[0].limit if open_ones else None)
            midnight = paris_now(stage.limit).strftime("%H:%M") == "00:00"
            assert said_before is (stage.compare is Compare.BEFORE and not midnight)


@pytest.mark.parametrize(("name", "activity", "ladder"), LADDERS)
def test_time_passing_never_makes_any_of_them_kinder(name, activity, ladder):
    if any(stage.since is not None for stage in ladder.stages):
        return  # a call window opens in the morning: before it, nobody may call
    for context, _ in days_of(book_of(name), activity, ladder):
        start = ClockTime(0).on(context.day)
        moments = (start - timedelta(hours=hours) for hours in range(24 * 40, -24, -7))
        kindness = [
            GENEROSITY[decide(ladder, context, activity.opening, now).answer.outcome.value] for now in moments
        ]
        assert kindness == sorted(kindness, reverse=True)


# --- Amounts


def priced():
    return [
        pytest.param(name, question, id=f"{name}-{question.name}")
        for name in NAMES
        for question in scenario_of(name)
        if question.kind == "prix" and not questions.answer(book_of(name), question).problem
    ]


@pytest.mark.parametrize(("name", "question"), priced())
def test_the_steps_of_a_price_compute_again_to_its_amount(name, question):
    found = questions.answer(book_of(name), question)
    running = None
    for step in found.trace.steps:
        inputs = dict(step.inputs)
        if "avant" in inputs:
            word = step.text.split("\u00a0: ")[1].split()[0]
            exact = Operation(word).apply(inputs["avant"], inputs["valeur"])
            assert running is None or inputs["avant"] == running
            assert abs(step.result - exact) <= Decimal("0.5")  # where the règlement rounds each adjustment
            running = step.result
        elif "prix_unitaire" in inputs:
            assert running is None or inputs["prix_unitaire"] == running or "arrondi" in step.text
            assert step.result == inputs["prix_unitaire"] * inputs["quantite"]
            running = step.result
        elif step.text.startswith("arrondi"):
            running = step.result if running is not None else None
    assert found.answer["prix"] == running


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_brackets_leave_no_hole(data):
    name, question = data.draw(st.sampled_from([param.values for param in priced() if _by_quotient(param)]))
    cents = data.draw(st.integers(0, 300_000))
    facts = {**question.facts, "quotient": Decimal(cents) / 100}
    found = questions.answer(book_of(name), replace(question, facts=facts))
    assert "n’a pas de ligne" not in found.problem


def _by_quotient(param):
    name, question = param.values
    tables = (CASES / f"{name}.reglement.yaml").read_text(encoding="utf-8")
    return question.facts.get("quotient") is not None and "moins_de: 9999" not in tables


# --- Bills


BILLED = [name for name in NAMES if any(question.kind == "facture" for question in scenario_of(name))]


@st.composite
def bills(draw):
    """A bill of the scenarios, its presences moved, repeated for other children, and shuffled."""
    name = draw(st.sampled_from(BILLED))
    asked = draw(st.sampled_from([one for one in scenario_of(name) if one.kind == "facture"]))
    groups = []
    for child in ("Lou", "Sam", "Zoé")[: draw(st.integers(1, 3))]:
        for group in asked.asked["presences"]:
            days = draw(st.sets(st.integers(0, 60), min_size=1, max_size=8))
            groups.append({**group, "child": child, "days": _open_days(name, group, days), "how_many": None})
    fields = {**asked.asked, "presences": tuple(group for group in groups if group["days"])}
    return name, replace(asked, asked=fields)


def _open_days(name, group, offsets):
    opening = book_of(name).activities[group["activity"]].opening
    start = min(group["days"] or [group["first_day"]])
    days = [start + timedelta(days=offset) for offset in sorted(offsets)]
    return tuple(day for day in days if opening is None or day in opening)


def _bill(name, question: Question):
    return questions.answer(book_of(name), question)


@settings(max_examples=300, deadline=None)
@given(bill=bills())
def test_the_lines_of_a_bill_add_up_for_the_whole_each_child_and_each_payer(bill):
    found = _bill(*bill)
    if found.problem:
        return
    lines = found.answer["lignes"]
    assert found.answer["total"] == sum(line["montant"] for line in lines)
    assert sum(found.answer["par_enfant"].values()) == found.answer["total"]
    assert sum(found.answer["par_payeur"].values()) == found.answer["total"]
    for child, amount in found.answer["par_enfant"].items():
        assert amount == sum(line["montant"] for line in lines if (line["enfant"] or "famille") == child)


@settings(max_examples=200, deadline=None)
@given(bill=bills(), data=st.data())
def test_a_bill_made_again_or_entered_in_another_order_is_the_same(bill, data):
    name, question = bill
    shuffled = data.draw(st.permutations(question.asked["presences"]))
    again = replace(question, asked={**question.asked, "presences": tuple(shuffled)})
    first, second, other = _bill(name, question), _bill(name, question), _bill(name, again)
    assert plain_answer(first.answer) == plain_answer(second.answer)
    assert [step.text for step in first.trace.steps] == [step.text for step in second.trace.steps]
    assert first.answer.get("total") == other.answer.get("total")
