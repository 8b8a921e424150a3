"""The days of a bill that are told together (R43, S55, S56)."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bill_groups import alike, common_reasons
from domain.day_list import number_days
from domain.enums import InvoiceLineKind
from domain.french import format_day
from tests.domain.test_day_list import plain

JANUARY = date(2027, 1, 4)


@dataclass(frozen=True)
class Line:
    kind: InvoiceLineKind
    label: str
    amount_cents: int
    explanation: tuple[str, ...]
    day: date | None


def meal(offset: int, cents: int = 320, why: str = "tranche C") -> Line:
    """As `domain.billing` writes it."""
    day = JANUARY + timedelta(days=offset)
    said = (f"Repas du {format_day(day)}, {why}.", "Règlement n° 1.")
    return Line(InvoiceLineKind.PRESENCE, f"Cantine, repas, {format_day(day)}", cents, said, day)


def test_days_that_differ_by_their_day_alone_are_told_once():
    (group,) = alike([meal(0), meal(1), meal(3)])
    assert plain(group.counted) == "Cantine, repas : 3 × 3,20 €"
    assert group.explanation == ("Repas, tranche C.", "Règlement n° 1.")
    assert plain(group.days) == "4, 5 et 7 janvier"
    assert group.total_cents == 960


@pytest.mark.parametrize("other", [meal(1, cents=321), meal(1, why="tranche D")])
def test_a_day_of_another_price_or_reason_stands_alone(other):
    first, second = alike([meal(0), other])
    assert first.lines == (meal(0),)
    assert second.lines == (other,)
    assert second.label == other.label
    assert second.explanation == other.explanation
    assert second.days == ""


def test_another_kind_of_line_stands_alone():
    due = meal(1)
    due = Line(InvoiceLineKind.ABSENCE, due.label, due.amount_cents, due.explanation, due.day)
    assert [len(group.lines) for group in alike([meal(0), due, meal(2)])] == [2, 1]


def test_lines_without_a_day_may_be_told_together():
    stamp = Line(InvoiceLineKind.ADJUSTMENT, "Pénalité", 500, (), None)
    (group,) = alike([stamp, stamp])
    assert plain(group.counted) == "Pénalité : 2 × 5,00 €"
    assert group.days == ""


def test_days_of_two_months_name_both():
    assert plain(number_days([date(2027, 1, 30), date(2027, 2, 1)])) == "30 janvier, 1er février"


def test_what_explains_every_line_is_found_once():
    groups = alike([meal(0), meal(1), meal(3, cents=500)])
    assert common_reasons(groups) == ("Règlement n° 1.",)
    assert common_reasons(groups[:1]) == ()
    assert common_reasons([*groups, *alike([Line(InvoiceLineKind.CARRIED, "Report", 1, (), None)])]) == (
        "Règlement n° 1.",
    )


LINES = st.lists(
    st.one_of(
        st.builds(meal, st.integers(0, 30), st.sampled_from([-100, 0, 320]), st.sampled_from(["a", "b"])),
        st.builds(
            Line, st.sampled_from(InvoiceLineKind), st.text(max_size=3), st.integers(-500, 500),
            st.lists(st.text(max_size=3), max_size=2).map(tuple), st.none(),
        ),
    ),
    max_size=40,
)  # fmt: skip


@given(LINES)
def test_grouping_changes_no_sum_and_loses_no_line(lines):
    groups = alike(lines)
    assert sum(group.total_cents for group in groups) == sum(line.amount_cents for line in lines)
    told = [id(line) for group in groups for line in group.lines]
    assert sorted(told) == sorted(map(id, lines))
    for group in groups:
        assert {line.amount_cents for line in group.lines} == {group.lines[0].amount_cents}
        assert len(group.lines) * group.lines[0].amount_cents == group.total_cents
