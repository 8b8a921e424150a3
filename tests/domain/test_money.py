"""The money of a school year: parts that add up, bars that fit (S58)."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.money import PLACES, Bar, Money, MonthMoney, Segment, bars, by_activity, total, whole

CENTS = st.integers(0, 10_000_00)


@given(st.lists(st.tuples(CENTS, st.integers(1, 7)), min_size=1, max_size=12))
def test_parts_are_whole_cents_that_add_up(parts):
    exact = [cents / of for cents, of in parts]
    wanted = round(sum(exact))
    found = whole(exact, wanted)
    assert sum(found) == wanted
    assert all(abs(one - part) < 1.001 for one, part in zip(found, exact, strict=True))


def test_who_loses_most_gets_the_cent():
    assert whole([1.2, 1.9, -0.1], 3) == [1, 2, 0]
    assert whole([], 0) == []


def test_activities_add_up_to_what_is_known_of_the_bills():
    known = Money(300, 0, 100, 0, 0, 0, 0, 200)
    shares = {"": (100, 0, 33.33, 0, 0, 0, 0, 66.67), "Cantine": (200, 0, 66.67, 0, 0, 0, 0, 133.33)}
    canteen, others = by_activity(shares, known)
    assert (canteen.name, others.name) == ("Cantine", "")
    assert total([canteen.money, others.money]) == known


def test_the_longest_bar_is_the_whole_width_and_an_empty_month_has_none():
    months = [
        MonthMoney(date(2027, 1, 1), Money(1000, 200, 400, 0, 0, 0, 0, 400)),
        MonthMoney(date(2027, 2, 1), Money(400, 0, 0, 0, 0, 0, 400, 0)),
        MonthMoney(date(2027, 3, 1), Money()),
    ]
    january, february = bars(months)
    assert january == Bar(
        date(2027, 1, 1), 800, (Segment("online", 400, 0, 50), Segment("late", 400, 50, 50))
    )
    assert february.segments == (Segment("waiting", 400, 0, 50),)
    assert bars([]) == ()


def test_the_places_of_the_money_are_those_of_the_plot():
    money = Money(21, 0, 1, 2, 3, 4, 5, 6)
    assert money.places == (1, 2, 3, 4, 5, 6)
    assert sum(money.places) == money.owed
    assert set(PLACES) < set(Money.__slots__)
