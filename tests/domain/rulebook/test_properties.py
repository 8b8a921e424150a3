"""Limits never become kinder with time, and are applied as they are said."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rulebook_cli
from domain.calendar import PARIS
from domain.rulebook.ladders import decide, limits

CASES = Path(__file__).parents[2] / "cases"
PLAIN_LADDERS = (
    "A-la-tessoualle",
    "A-saint-laurent-blangy",
    "A-vailhauques",
    "A-bertholene",
    "A-cruas",
    "A-rontalon",
    "A-cuille",
    "A-mauleon",
)
FIRST_DAY = date(2025, 9, 1)
GENEROSITY = {"libre": 3, "supplement": 2, "sur_demande": 1, "refus": 0}


def ladders():
    for name in PLAIN_LADDERS:
        book = rulebook_cli.require_rulebook(CASES / f"{name}.reglement.yaml")
        for activity in book.activities.values():
            for ladder in activity.ladders.versions[0].rule if activity.ladders else ():
                if all(stage.when.path == "" and stage.since is None for stage in ladder.stages):
                    yield pytest.param(book, activity, ladder, id=f"{name}-{ladder.path}")


@pytest.mark.parametrize(("book", "activity", "ladder"), list(ladders()))
@settings(max_examples=60, deadline=None)
@given(offset=st.integers(0, 300), early=st.integers(0, 60 * 24 * 40), later=st.integers(0, 60 * 24 * 10))
def test_time_passing_never_makes_a_rule_kinder_and_the_limit_said_is_the_one_applied(
    book, activity, ladder, offset, early, later
):
    day = FIRST_DAY + timedelta(days=offset)
    if activity.opening is not None and day not in activity.opening:
        return
    context = book.context({}, day=day)
    start = datetime(day.year, day.month, day.day, tzinfo=PARIS) - timedelta(days=35)
    moments = [start + timedelta(minutes=early), start + timedelta(minutes=early + later)]
    answers = [decide(ladder, context, activity.opening, now) for now in moments]
    assert GENEROSITY[answers[1].answer.outcome.value] <= GENEROSITY[answers[0].answer.outcome.value]
    for now, answer in zip(moments, answers, strict=True):
        said = [one for one in limits(ladder, context, activity.opening) if one.answers(now)]
        assert answer.until == (said[0].limit if said else None)
