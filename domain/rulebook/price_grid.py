"""The price grid of an activity: what each kind of family pays, at each bound and around it.

The quotient is tried at each bound, a cent below, a cent above, and unknown; children from one to four; every
choice that the tariff reads, in all its values. A price that needs a fact without end names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.errors import BusinessError
from domain.french import WEEKDAYS
from domain.rulebook.absences import AbsenceRule
from domain.rulebook.facts import Context
from domain.rulebook.ladders import Answer as LadderAnswer
from domain.rulebook.needs import every_part, facts_read
from domain.rulebook.parts import parts
from domain.rulebook.prices import Tariff, price
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.settlement import settled_later
from domain.rulebook.trials import Subject, Trials, Tried
from domain.rulebook.versions import Dated, Version

NO_EXTRA: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GridRow:
    """One kind of presence and its price in euros.

    `extras` are the adjustments that a limit or an absence would add. Without an `amount`, `missing` names
    the fact that nobody can try, or `problem` says what the règlement does not foresee.
    """

    facts: Mapping[str, Any]
    extras: tuple[str, ...]
    version: str
    since: date | None
    amount: Decimal | None
    rules: tuple[str, ...]
    missing: str
    problem: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of an activity; `axis` names the facts that are tried to the cent.

    `provisional` says, by first day of validity, why only a whole period settles these prices.
    """

    activity: str
    label: str
    rows: tuple[GridRow, ...]
    axis: tuple[str, ...]
    provisional: Mapping[date | None, str]

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts without which some rows have no price."""
        return tuple(dict.fromkeys(row.missing for row in self.rows if row.missing))


def price_grid(
    book: Rulebook, name: str, *, day: date | None = None, facts: Mapping[str, Any] | None = None
) -> Grid:
    """The grid of the activity `name`.

    `day` asks for the prices of that service day, with what it carries (its weekday, holidays…); without it,
    every dated version is shown in turn and the facts of a day are tried like the others. `facts` are settled
    beforehand. Raises BusinessError when the activity has no tariff, or far too many kinds of families.
    """
    activity = book.activities[name]
    if activity.tariff is None:
        raise BusinessError("no_tariff", f"L’activité {activity.label} n’a pas de tarif.")
    rows: list[GridRow] = []
    axis: dict[str, None] = {}
    days = [day] if day is not None else _days(book, name, activity.tariff)
    for start in days:
        for extras in (NO_EXTRA, *extras_of(activity)):
            version = activity.tariff.on(start)
            trials = trials_of([book], name, start, facts or {}, extras, of_that_day=day is not None)
            found = [tried for tried in trials.run() if is_possible(tried.facts)]
            axis.update(
                dict.fromkeys(name for tried in found for name in tried.facts if trials.is_axis(name))
            )
            rows += [_row(tried, extras, version, start) for tried in in_reading_order(found, trials)]
    reasons = {start: settled_later(book, name, book.context(facts or {}, day=start)) for start in days}
    return Grid(name, activity.label, tuple(rows), tuple(axis), reasons)


def _days(book: Rulebook, name: str, tariff: Dated) -> list[date | None]:
    """The day of each version of the tariff, of what it reads, and of the totals that change its prices."""
    totals = [total for total in book.totals if any(name in one.rule.activities for one in total.versions)]
    starts = first_days((tariff, totals), book)
    return [start for start in starts if is_in_force(tariff, start)] or [None]


def is_in_force(rule: Dated, day: date | None) -> bool:
    """True when the rule has a version that day; without a day, when it has no dates."""
    return not rule.changes or (day is not None and any(one.holds(day) for one in rule.versions))


def _row(tried: Tried, extras: tuple[str, ...], version: Version, since: date | None) -> GridRow:
    (answer,) = tried.answers
    return GridRow(
        tried.facts, extras, version.name, since, answer.amount, answer.rules, answer.missing, answer.problem
    )


# --- What comparison tries too


def trials_of(
    books: Sequence[Rulebook], name: str, day: date | None, facts: Mapping[str, Any],
    extras: tuple[str, ...], *, of_that_day: bool,
) -> Trials:  # fmt: skip
    """The trials of a tariff, of the versions in force on `day`, in one rulebook or several at once."""
    subjects = [_subject(book, name, day, extras) for book in books]
    opening = [book.activities[name].opening for book in books]
    weekdays = None
    if all(one is not None and not one.added for one in opening):
        numbers = sorted({number for one in opening for number in one.weekdays})
        weekdays = [WEEKDAYS[number] for number in numbers]
    return Trials(subjects, facts, day, of_that_day, weekdays)


def _subject(book: Rulebook, name: str, day: date | None, extras: tuple[str, ...]) -> Subject:
    """The price of one presence in the activity, which is a fact that its tariff may read."""
    tariff: Tariff = book.activities[name].tariff.on(day).rule
    counted = NO_EXTRA if tariff.quantity is None else facts_read(tariff.quantity, book)
    triggered = frozenset(extras)

    def compute(context: Context) -> Decimal:
        return price(tariff, context.with_facts(activite=name), triggered).amount

    return Subject(book, tariff, compute, frozenset(counted))


def first_days(rule: Any, book: Rulebook) -> list[date]:
    """The first days of every dated version of a rule and of the names that it reads."""
    starts = {part.first_day for part in every_part(rule, book) if isinstance(part, Version)}
    return sorted(day for day in starts if day is not None)


def extras_of(activity: Activity) -> list[tuple[str, ...]]:
    """The adjustments that the limits and the absences of an activity ask for together, each set once."""
    asked = [
        part.extras
        for part in parts((activity.ladders, activity.absences))
        if isinstance(part, LadderAnswer | AbsenceRule) and part.extras
    ]
    return list(dict.fromkeys(asked))


def is_possible(facts: Mapping[str, Any]) -> bool:
    """False for the fourth child of two."""
    rank, children = facts.get("rang"), facts.get("enfants")
    return rank is None or children is None or rank <= children


def in_reading_order(found: list[Tried], trials: Trials) -> list[Tried]:
    """Families of one kind together, their quotients going up, unknown last."""
    kinds: dict[Any, list[Tried]] = {}
    for tried in found:
        rest = tuple(item for item in tried.facts.items() if not trials.is_axis(item[0]))
        kinds.setdefault(rest, []).append(tried)
    return [tried for kind in kinds.values() for tried in kind]
