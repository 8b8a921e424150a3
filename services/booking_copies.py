"""Copying the days of a draft onto other dates and to the siblings (S95, S96)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from domain.calendar import ONE_DAY
from domain.day_list import list_days
from domain.enums import LineAction, LineState
from domain.errors import Refused
from domain.french import NBSP, enumerate_fr, plural
from queries import booking_days, wizard
from queries.booking_days import ChildDay
from services.booking_drafts import Author, open_draft, take_draft, with_wish, write_wishes
from services.transaction import write_transaction

FURTHEST = timedelta(days=366)
_ADDED = ("jour ajouté", "jours ajoutés")
_LEFT_OUT = ("jour laissé de côté", "jours laissés de côté")
_CANCELLED = ("annulation recopiée", "annulations recopiées")


@dataclass(frozen=True, slots=True)
class Copied:
    """What copying did, child by child: days booked, bookings given up, and days left out with their reason.

    `spared` are the siblings on whom no cancelling was copied although there were some.
    """

    added: dict[str, list[date]]
    cancelled: dict[str, list[date]]
    skipped: dict[tuple[str, str], list[date]]
    spared: Sequence[str]

    def sentences(self) -> list[str]:
        """What to tell, the good news first."""
        done = [
            f"{plural(len(days), *words)} pour {name}."
            for words, found in ((_ADDED, self.added), (_CANCELLED, self.cancelled))
            for name, days in found.items()
        ]
        if self.spared:
            done.append(
                f"Aucune annulation pour {enumerate_fr(self.spared)}{NBSP}: "
                "les annulations se choisissent enfant par enfant."
            )
        left = [
            f"{plural(len(days), *_LEFT_OUT)} pour {name}{NBSP}: {list_days(days)}. {reason}"
            for (name, reason), days in self.skipped.items()
        ]
        return [*done, *left] or ["Tous ces jours étaient déjà choisis."]


class _Target(NamedTuple):
    """A presence type to put on days for a child."""

    child_id: int
    presence_type_id: int
    action: LineAction
    days: frozenset[date]


def copy_days(
    author: Author,
    key: str,
    month: date,
    until: date | None,
    dates: Iterable[date],
    sibling_ids: Iterable[int],
    now: datetime,
) -> Copied:
    """Copy the days of `month` that the draft holds for its child (S95, S96).

    Every such weekday until `until` (included), on `dates`, and for the siblings the same days and these.
    Cancellings stay with the child: a sibling only gets bookings. What the rules refuse is left out with its
    reason; days without opening are none. Raises NotFound for somebody else's child, Refused when there is
    nothing to copy.
    """
    draft = open_draft(author, key, now)
    wished = booking_days.wishes(draft.id)
    source = [
        day
        for day in wished
        if day.child_id == draft.child_id
        and day.facility_id == draft.facility_id
        and (day.day.year, day.day.month) == (month.year, month.month)
    ]
    if not source:
        raise Refused("nothing_to_copy", "Touchez d’abord les jours à recopier.")
    children = [draft.child_id, *sibling_ids]
    names = wizard.first_names(children, draft.household_id)
    copied, skipped = _judged(draft, wished, _targets(source, until, frozenset(dates), children), now)
    with write_transaction() as session:
        take_draft(session, author, key, now)
        write_wishes(session, copied)
    cancels = any(day.wish is LineAction.CANCEL for day in source)
    return Copied(
        _by_child((day for day in copied if day.wish is LineAction.BOOK), names),
        _by_child((day for day in copied if day.wish is LineAction.CANCEL), names),
        _by_reason(skipped, names),
        [names[child_id] for child_id in children[1:]] if cancels else [],
    )


def _targets(
    source: Sequence[ChildDay], until: date | None, dates: frozenset[date], children: Sequence[int]
) -> list[_Target]:
    """For each presence type of the source, the days it is wanted on; the child comes first of `children`."""
    targets = []
    for type_id, action in dict.fromkeys((day.wish_type_id, day.wish) for day in source):
        own = [day.day for day in source if (day.wish_type_id, day.wish) == (type_id, action)]
        days = frozenset(_every_such_weekday(own, until)) | frozenset(own) | dates
        concerned = children if action is LineAction.BOOK else children[:1]
        targets += [_Target(child_id, type_id, action, days) for child_id in concerned]
    return targets


def _every_such_weekday(days: Sequence[date], until: date | None) -> Iterable[date]:
    if until is None:
        return
    weekdays, day = {day.weekday() for day in days}, min(days)
    until = min(until, day + FURTHEST)
    while day <= until:
        if day.weekday() in weekdays:
            yield day
        day += ONE_DAY


def _judged(
    draft: wizard.Draft, wished: Sequence[ChildDay], targets: Sequence[_Target], now: datetime
) -> tuple[list[ChildDay], list[tuple[ChildDay, str]]]:
    """The open days that the draft does not hold yet: those that can be had, and the others with why."""
    found = [(target, day) for target in targets for day in _open_days(draft, target)]
    if not found:
        return [], []
    days = [day for _, day in found]
    rules = booking_days.rules_for(
        [*wished, *days],
        draft.household_id,
        min(day.day for day in days),
        max(day.day for day in days),
        {target.presence_type_id for target in targets},
    )
    added, skipped = [], []
    for target, day in found:
        wish = with_wish(day, target.action, target.presence_type_id)
        verdict = booking_days.judge(wish, wish.wish, wish.wish_type_id, rules, now)
        if verdict.state is LineState.REFUSED:
            skipped.append((day, verdict.sentence))
        else:
            added.append(wish)
    return added, skipped


def _open_days(draft: wizard.Draft, target: _Target) -> list[ChildDay]:
    days = min(target.days), max(target.days)
    _, shown = booking_days.wishes_and_days(draft.id, target.presence_type_id, *days, target.child_id)
    booked_only = target.action is LineAction.CANCEL
    return [
        day
        for day in shown
        if day.day in target.days and day.wish is None and not (booked_only and day.booking_id is None)
    ]


def _by_child(days: Iterable[ChildDay], names: dict[int, str]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for day in days:
        found.setdefault(names[day.child_id], []).append(day.day)
    return found


def _by_reason(
    skipped: Sequence[tuple[ChildDay, str]], names: dict[int, str]
) -> dict[tuple[str, str], list[date]]:
    found: dict[tuple[str, str], list[date]] = {}
    for day, reason in skipped:
        found.setdefault((names[day.child_id], reason), []).append(day.day)
    return found
