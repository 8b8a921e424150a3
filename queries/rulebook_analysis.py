"""What a version of the règlement comes to: its limits, its prices, what it changes (R14, R15).

A room of its own: these tools are loaded by who compares, never by a worker that serves families.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from domain.calendar import ONE_DAY
from domain.errors import NotFound
from domain.openings import days_between
from domain.rulebook.comparison import Comparison, Side, compare
from domain.rulebook.limits_calendar import LimitRow, limits_calendar
from domain.rulebook.price_grid import Grid, price_grid
from domain.rulebook.tree import Node, planted
from extensions import db
from models import Activity, Opening, RulebookVersion
from queries import rulebook_pages, rules

_SPAN = timedelta(weeks=rulebook_pages.WEEKS)


def limits(line: rulebook_pages.VersionLine, name: str, today: date) -> tuple[LimitRow, ...]:
    """Every limit of an activity for the open days of the next twelve weeks. Raises NotFound."""
    last = today + _SPAN - ONE_DAY
    found = rulebook_pages.book(line, today, last)
    if name not in found.activities:
        raise NotFound
    days = open_days(today - rules.LOOK_BACK, last).get(name, ())
    shown = [day for day in days if day >= today]
    return tuple(limits_calendar(found, name, shown, open_days=frozenset(days)))


def prices(line: rulebook_pages.VersionLine, name: str, today: date) -> Grid:
    """The prices of an activity at each bound. Raises NotFound, BusinessError without a tariff."""
    found = rulebook_pages.book(line, today, today)
    if name not in found.activities:
        raise NotFound
    return price_grid(found, name)


def comparison(old: rulebook_pages.VersionLine, new: rulebook_pages.VersionLine, first: date) -> Comparison:
    """What changes from one version to another over the twelve weeks from `first`."""
    last = first + _SPAN - ONE_DAY
    days = open_days(first - rules.LOOK_BACK, last)
    sides = [Side(_root(line), rulebook_pages.book(line, first, last)) for line in (old, new)]
    called = rulebook_pages.words()
    return compare(*sides, days_between(first, last), service_days=days, words=called)


def _root(line: rulebook_pages.VersionLine) -> Node:
    return planted(db.session.scalar(select(RulebookVersion.tree).where(RulebookVersion.id == line.id)))


def open_days(first: date, last: date) -> Mapping[str, list[date]]:
    """The open days of each activity, by its name in the règlement, in order."""
    rows = db.session.execute(
        select(Activity.rule_name, Opening.day)
        .join(Opening, Opening.activity_id == Activity.id)
        .where(Opening.day.between(first, last), Opening.closed_reason.is_(None))
        .order_by(Opening.day)
    )
    found: dict[str, list[date]] = {}
    for name, day in rows:
        found.setdefault(name, []).append(day)
    return found
