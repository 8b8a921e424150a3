"""A day of a month, or the last one of a month that is too short."""

from datetime import date

from domain.calendar import ONE_DAY, add_months


def clamped(year: int, month: int, day_of_month: int) -> date:
    """That day, or the last of the month when the month is shorter."""
    following = add_months(year, month, 1)
    last = (date(*following, 1) - ONE_DAY).day
    return date(year, month, min(day_of_month, last))
