"""A calendar in the iCalendar format (RFC 5545), as telephones and calendar programs read it (R25)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

PARIS = "Europe/Paris"
_REFRESH = timedelta(hours=4)  # how often a program is asked to come back


@dataclass(frozen=True, slots=True)
class AllDay:
    """An event that takes a whole day of Paris. `uid` never changes, `is_sure` is false for what may still be
    refused; `changed_at` is aware."""

    uid: str
    day: date
    summary: str
    is_sure: bool
    changed_at: datetime


def write_calendar(name: str, events: Iterable[AllDay]) -> bytes:
    """The calendar called `name`; the same events give the same bytes."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Portail famille//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", PARIS)
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    for one in events:
        calendar.add_component(_event(one))
    return calendar.to_ical()


def _event(one: AllDay) -> object:
    from icalendar import Event

    event = Event()
    event.add("uid", one.uid)
    event.add("dtstamp", one.changed_at)
    event.add("last-modified", one.changed_at)
    event.add("dtstart", one.day)
    event.add("dtend", one.day + timedelta(days=1))
    event.add("summary", one.summary)
    event.add("status", "CONFIRMED" if one.is_sure else "TENTATIVE")
    event.add("transp", "TRANSPARENT")  # a child at the canteen does not make its parent busy
    return event
