"""Which backups stay (R55)."""

from datetime import UTC, date, datetime, timedelta

from domain.backup_rotation import ASIDE_DAYS, DAYS, MONTHS, kept, kept_aside

TODAY = date(2027, 6, 16)  # a Wednesday


def every_day(count: int) -> set[date]:
    return {TODAY - timedelta(days=age) for age in range(count)}


def test_each_of_the_last_days_stays():
    assert kept(every_day(DAYS), TODAY) == every_day(DAYS)


def test_then_the_last_of_each_week_then_of_each_month():
    found = kept(every_day(400), TODAY)
    assert {day for day in found if (TODAY - day).days < 7} == every_day(7)
    assert date(2027, 5, 30) in found  # a Sunday, the end of its week
    assert date(2027, 6, 3) not in found
    assert date(2027, 1, 31) in found
    assert date(2027, 1, 30) not in found
    assert date(2026, 7, 31) in found
    assert date(2026, 6, 30) not in found
    assert len(found) <= DAYS + 5 + MONTHS


def test_the_only_one_stays_however_old():
    old = date(2020, 1, 1)
    assert kept({old}, TODAY) == {old}
    assert kept(set(), TODAY) == frozenset()


def test_of_what_was_put_aside_the_week_stays_then_the_last_three_for_three_months():
    now = datetime(2027, 6, 16, tzinfo=UTC)

    def ages(*days: int) -> set[datetime]:
        return {now - timedelta(days=one) for one in days}

    assert kept_aside(ages(0, 1, 2, 3, 4), now) == ages(0, 1, 2, 3, 4)
    assert kept_aside(ages(1, DAYS, 20, 30, 40), now) == ages(1, DAYS, 20)
    assert kept_aside(ages(40, ASIDE_DAYS - 1, ASIDE_DAYS, 200), now) == ages(40, ASIDE_DAYS - 1)
    assert kept_aside(set(), now) == frozenset()
