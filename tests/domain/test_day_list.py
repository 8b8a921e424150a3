"""Several days in one sentence."""

from datetime import date, timedelta

from domain.day_list import MOST_NAMED, list_days, name_days

MONDAY = date(2027, 2, 1)


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_days_of_a_month_name_it_once():
    days = [date(2027, 2, 8), MONDAY, date(2027, 2, 4)]
    assert plain(list_days(days)) == "lun. 1er, jeu. 4 et lun. 8 février"


def test_each_month_is_named():
    assert plain(list_days([MONDAY, date(2027, 3, 1)])) == "lun. 1er février, lun. 1er mars"


def test_the_same_month_of_two_years_is_two_months():
    assert plain(name_days([MONDAY, date(2028, 2, 1)])) == "lun. 1er février, mar. 1er février"


def test_many_days_are_summed_up_with_their_weekdays():
    weeks = range(MOST_NAMED)
    days = [MONDAY + timedelta(weeks=week, days=offset) for week in weeks for offset in (0, 3)]
    assert plain(list_days(days)) == "16 jours, les lundis et jeudis, du lun. 1er févr. au jeu. 25 mars"


def test_a_day_given_twice_is_said_once():
    assert plain(list_days([MONDAY] * (MOST_NAMED + 1))) == "lun. 1er février"


def test_the_longest_list_that_is_named_and_the_first_that_is_not():
    days = [MONDAY + timedelta(days=offset) for offset in range(MOST_NAMED + 1)]
    assert "jours" not in list_days(days[:MOST_NAMED])
    assert "9\xa0jours" in list_days(days)
