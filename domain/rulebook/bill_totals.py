"""What the totals of a règlement change in the bill of one month, told in French (P9, P10).

A rule of a month or of a bill sees the month alone. A rule of a week, a year or a period also sees the days
before the month that its period holds: it changes by what it makes of all of them, less what it already made
of those before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from domain.calendar import school_year
from domain.french import NBSP
from domain.rulebook.bills import of_the_bill
from domain.rulebook.counts import Among, Presence, Span
from domain.rulebook.quotes import money_in_words
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.totals import Line, corrections
from domain.rulebook.trace import Step, Trace
from domain.rulebook.versions import Dated
from domain.rulebook.wording.french_names import readable
from domain.rulebook.wording.text import capital

_LONG = (Span.WEEK, Span.PERIOD, Span.SCHOOL_YEAR, Span.CIVIL_YEAR)


@dataclass(frozen=True, slots=True)
class Change:
    """A line that a total adds: its signed amount in euros, for a child (empty: the family)."""

    label: str
    child: str
    amount: Decimal
    sentences: tuple[str, ...]


def long_spans(book: Rulebook) -> frozenset[Span]:
    """The spans of totals and counts that reach beyond a month."""
    spans = {version.rule.span for total in book.totals for version in total.versions}
    counts = (count for activity in book.activities.values() for count in activity.counts)
    spans |= {count.span for count in counts if count.among not in (Among.OPEN_DAYS, Among.ABSENCES)}
    return frozenset(spans & set(_LONG))


def start_of(book: Rulebook, span: Span, day: date) -> date:
    """The first day of the span of `day`."""
    match span:
        case Span.WEEK:
            return day - timedelta(days=day.weekday())
        case Span.SCHOOL_YEAR:
            return school_year(day)[0]
        case Span.CIVIL_YEAR:
            return date(day.year, 1, 1)
    name = book.almanac.period_of(day)
    return day if name is None else book.almanac.periods[name].first_day


def changes(book: Rulebook, before: Sequence[Presence], own: Sequence[Presence]) -> list[Change]:
    """The lines of the month, those of the longer periods first. `before` are the days before the month,
    `own` those of it, all priced and in order. Raises BusinessError when the règlement cannot tell."""
    long = [total for total in book.totals if _is_long(total)]
    short = [total for total in book.totals if not _is_long(total)]
    found = _of_long_spans(long, before, own) if long else []
    if short:
        found += _corrected(short, own)
    subtotal = sum((one.amount for one in (*own, *found)), Decimal(0))
    return [*found, *_of_the_whole(of_the_bill(book, list(own), subtotal), subtotal)]


def _of_the_whole(lines: Iterable[Line], subtotal: Decimal) -> Iterator[Change]:
    """What applies to the whole bill, one after the other, from what the days and the totals come to."""
    for line in lines:
        after = subtotal + line.amount
        if line.amount:
            yield _change(line, subtotal, after)
        subtotal = after


def _is_long(total: Dated) -> bool:
    return any(version.rule.span in _LONG for version in total.versions)


def _fresh(presences: Iterable[Presence]) -> Trace:
    """One new trace for what these presences are about to be asked together."""
    trace = Trace()
    for one in presences:
        one.context.trace = trace
    return trace


def _corrected(totals: Sequence[Dated], presences: Sequence[Presence]) -> list[Change]:
    trace = _fresh(presences)
    return list(_told(corrections(totals, presences), trace))


def _of_long_spans(
    totals: Sequence[Dated], before: Sequence[Presence], own: Sequence[Presence]
) -> list[Change]:
    """What all the days change, less what those before the month already did."""
    done: dict[tuple[str, str], Decimal] = {}
    for one in _corrected(totals, before):
        done[one.label, one.child] = done.get((one.label, one.child), Decimal(0)) + one.amount
    whole: dict[tuple[str, str], list[Change]] = {}
    for one in _corrected(totals, [*before, *own]):
        whole.setdefault((one.label, one.child), []).append(one)
    return list(_less(whole, done))


def _less(
    whole: dict[tuple[str, str], list[Change]], done: dict[tuple[str, str], Decimal]
) -> Iterator[Change]:
    for (label, child), parts in whole.items():
        already = done.pop((label, child), Decimal(0))
        amount = sum((one.amount for one in parts), Decimal(0)) - already
        if amount:
            said = parts[-1].sentences
            if already:
                said += (f"Déjà compté les mois précédents{NBSP}: {money_in_words(already)}.",)
            yield Change(label, child, amount, said)
    for (label, child), already in done.items():
        yield Change(
            label, child, -already, (f"Repris des mois précédents{NBSP}: {money_in_words(-already)}.",)
        )


def _told(lines: Iterable[Line], trace: Trace) -> Iterator[Change]:
    """Each line with the step that made it; the parts of children share one step, in their order."""
    lines = list(lines)
    steps = iter([step for step in trace.steps if _is_change(step)])
    left = Decimal(0)
    for line in lines:
        if not line.amount:
            continue
        if not left:
            step = next(one for one in steps if one.rule == line.rule)
            left = step.result - _before(step)
        left -= line.amount
        yield _change(line, _before(step), step.result)


def _change(line: Line, before: Decimal, after: Decimal) -> Change:
    label = capital(readable(line.label))
    said = f"{label}{NBSP}: de {money_in_words(before)} à {money_in_words(after)}."
    return Change(label, line.child, line.amount, (said,))


def _is_change(step: Step) -> bool:
    return "total" in dict(step.inputs) and step.result != _before(step)


def _before(step: Step) -> Decimal:
    """The sum that a total changed."""
    return dict(step.inputs)["total"]
