"""From the days of a month to the bill of a household: priced, totalled, each line told (R40 to R43).

The engine of the règlement prices together everything that one household owes one régie under one version, so
that packages, caps and siblings see all of it (P7 to P10). The order in which the days come changes nothing.

Rounding: each line is brought to the cent once and the bill is the sum of its lines. Where the règlement adds
totals of its own, the last of these lines takes what rounding left, so that the bill is the engine's total.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from textwrap import shorten
from typing import Any, NamedTuple

from domain.charges import NO_THRESHOLD, Charge, Finding, MonthBill, Threshold
from domain.enums import FindingKind, InvoiceLineKind
from domain.errors import BusinessError
from domain.french import NBSP, enumerate_fr, format_day, format_euros, month_title, plural
from domain.quotient_warnings import NEVER, Warned
from domain.rulebook.bill_totals import Change, changes
from domain.rulebook.bills import price_all
from domain.rulebook.counts import Presence
from domain.rulebook.memo import Memo
from domain.rulebook.needs import facts_read
from domain.rulebook.quotes import arithmetic, cents_of, is_without_quotient, lacks_quotient, unanswered
from domain.rulebook.rulebook import LATE, Activity, Rulebook
from domain.rulebook.wording.text import capital, small

NO_TARIFF = "Aucun tarif n’est en vigueur pour ce jour."
LONGEST_LABEL = 200
UNBOOKED = "Présence sans réservation."


class InForce(NamedTuple):
    """The version of the règlement of a service day; `said` names it to a reader. `asking` are the activities
    whose price depends on what the limits answered to the booking. `memo` holds the prices of a billing."""

    version_id: int
    said: str
    book: Rulebook
    asking: frozenset[str] = frozenset()
    memo: Memo | None = None


def asking_limits(book: Rulebook) -> frozenset[str]:
    """The activities with an adjustment « si: delai », or a rule that reads whether the booking was late."""
    waiting = (
        name
        for name, activity in book.activities.items()
        if LATE in facts_read((activity.tariff, activity.counts, book.totals), book)
        or any(one.when is None for one in _adjustments(activity))
    )
    return frozenset(waiting)


def _adjustments(activity: Activity) -> Iterable[Any]:
    versions = () if activity.tariff is None else activity.tariff.versions
    return (one for version in versions for one in version.rule.adjustments)


class Day(NamedTuple):
    """A day to bill. `what` is the presence as people call it, `activity` its activity's name in the
    règlement, `activity_label` the same for people.

    `facts` are those of the child on that day, `booked_at` the instant of the booking, `extras` and `is_late`
    what the limits answered to it (None: nothing was booked), `order` what was booked in one go.
    `told_cents`: what the family was told to stay due although the child does not come, with `why`; it is
    never calculated again, None for a child who comes. `is_left_open`: the day was given up when no tariff
    said what that leaves due, and nobody can say it any more.
    `in_force` is None where no tariff says a price. `is_unmarked`: nobody said yet whether the child came.
    """

    child_id: int
    child: str
    activity_id: int
    activity: str
    activity_label: str
    what: str
    day: date
    booking_id: int | None
    in_force: InForce | None
    facts: Mapping[str, Any]
    booked_at: datetime | None = None
    is_late: bool | None = None
    extras: tuple[str, ...] = ()
    order: str = ""
    told_cents: int | None = None
    why: tuple[str, ...] = ()
    is_unmarked: bool = False
    is_left_open: bool = False

    @property
    def named(self) -> str:
        """« Repas enfant du mardi 12 janvier »."""
        return _named(self.what, self.day)


@lru_cache(maxsize=1024)
def _named(what: str, day: date) -> str:
    return f"{capital(what)} du {format_day(day)}"


class CarriedBill(NamedTuple):
    """A former bill that was too small to be issued."""

    invoice_id: int
    month: date
    cents: int


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that a household owes a régie for a month.

    `days` may hold days before the month: the rules of a longer period count them with it, and they are not
    billed. `warned`: how often the family was told that its quotient is not proven.
    """

    household_id: int
    regie_id: int | None
    days: Sequence[Day]
    carried: Sequence[CarriedBill] = ()
    warned: Warned = NEVER
    threshold: Threshold = NO_THRESHOLD


class _Unit(NamedTuple):
    """A priced day, and its arithmetic."""

    day: Day
    presence: Presence
    sentences: tuple[str, ...]


def month_bill(account: Account, month: date, today: date) -> MonthBill:
    """The bill of the month that begins on `month`, as it stands on `today`.

    Lines by child, activity and day, then the totals of the règlement, then what is carried. What cannot be
    priced is a blocking finding and no line.
    """
    own = [one for one in account.days if one.day >= month]
    charges = [_told_line(one) for one in own if one.told_cents]
    totals: list[Charge] = []
    findings = [_unmarked(one) for one in own if one.is_unmarked and one.day < today]
    unknown: list[Day] = []
    unpriced: list[Day] = []  # by a règlement that wants a quotient
    for in_force, days in _by_version(account.days):
        if in_force is None:
            for one in (one for one in days if _is_billed(one, month)):
                findings.append(_left_open(one) if one.is_left_open else _unpriced(one, NO_TARIFF))
            continue
        units, faults = _priced(in_force, days)
        faults = [(one, fault) for one, fault in faults if _is_billed(one, month)]
        findings += [_unpriced(one, unanswered(in_force.book, fault)) for one, fault in faults]
        unpriced += [one for one, fault in faults if lacks_quotient(fault)]
        billed = [unit for unit in units if _is_billed(unit.day, month)]
        charges += [_presence_line(unit, in_force) for unit in billed]
        unknown += [unit.day for unit in billed if is_without_quotient(unit.presence.context)]
        more, problem = _totals(in_force, units, month)
        totals += more
        findings += problem
    if unknown or unpriced:
        findings.append(_quotient(len(unknown), len(unpriced), account.warned))
    carried = [
        _carried_line(one) for one in sorted(account.carried, key=lambda one: (one.month, one.invoice_id))
    ]
    return MonthBill(
        account.household_id,
        account.regie_id,
        (*sorted(charges, key=_place), *totals, *carried),
        tuple(sorted(findings, key=lambda one: (one.kind.value, one.booking_id or 0, one.sentence))),
        account.threshold,
    )


def _place(line: Charge) -> tuple:
    return line.child_id, line.activity_id, line.day, line.booking_id or 0, line.label


def _is_billed(day: Day, month: date) -> bool:
    """A day of the month on which the child came, or is expected."""
    return day.day >= month and day.told_cents is None


# --- Prices


def _by_version(days: Iterable[Day]) -> list[tuple[InForce | None, list[Day]]]:
    """The days of each version, the first version first, in the order of the engine."""
    groups: dict[int, tuple[InForce | None, list[Day]]] = {}
    for one in days:
        key = 0 if one.in_force is None else one.in_force.version_id
        groups.setdefault(key, (one.in_force, []))[1].append(one)
    for in_force, own in groups.values():
        own.sort(key=_order_of(in_force))
    return sorted(groups.values(), key=lambda group: _order_of(group[0])(group[1][0]))


def _order_of(in_force: InForce | None) -> Callable[[Day], tuple]:
    """By day, then activity of the file, then child: the order of entry changes nothing."""
    names = () if in_force is None else in_force.book.activities
    ranks = {name: rank for rank, name in enumerate(names)}
    return lambda one: (
        one.day, ranks.get(one.activity, -1), one.child, one.child_id, one.booking_id or 0, one.what,
    )  # fmt: skip


def _priced(in_force: InForce, days: Sequence[Day]) -> tuple[list[_Unit], list[tuple[Day, BusinessError]]]:
    """The days with their amounts, and those without a price with the reason."""
    try:
        return _all_priced(in_force, days), []
    except BusinessError as error:
        found = {index: _fault(in_force, one) for index, one in enumerate(days)}
        alone = {index: fault for index, fault in found.items() if fault is not None}
        if not alone:
            return [], [(one, error) for one in days]
    units, faults = _priced(in_force, [one for index, one in enumerate(days) if index not in alone])
    return units, [*((days[index], fault) for index, fault in alone.items()), *faults]


def _fault(in_force: InForce, one: Day) -> BusinessError | None:
    """Why this day has no price of its own."""
    try:
        _all_priced(in_force, [one])
    except BusinessError as error:
        return error
    return None


def _all_priced(in_force: InForce, days: Sequence[Day]) -> list[_Unit]:
    book = in_force.book
    presences = [_presence(book, one) for one in days]
    price_all(book, presences, memo=in_force.memo)
    units = []
    for one, presence in zip(days, presences, strict=True):
        units.append(_Unit(one, presence, _sentences(book, presence)))
        if one.told_cents is not None:
            presence.amount = Decimal(one.told_cents) / 100
    return units


def _sentences(book: Rulebook, presence: Presence) -> tuple[str, ...]:
    known = presence.known
    if known is None:
        return arithmetic(book, presence)
    if known.sentences is None:
        known.sentences = arithmetic(book, presence)
    return known.sentences


def _presence(book: Rulebook, one: Day) -> Presence:
    context = book.context(one.facts, day=one.day, now=one.booked_at)
    if one.is_late is not None:
        context = context.with_facts(**{LATE: one.is_late})
    extras = frozenset(one.extras)
    return Presence(one.activity, str(one.child_id), one.day, context.given, one.order, extras, context)


def _totals(in_force: InForce, units: Sequence[_Unit], month: date) -> tuple[list[Charge], list[Finding]]:
    """The lines that the règlement adds to those of the days."""
    own = [unit for unit in units if unit.day.day >= month]
    if not own:
        return [], []
    before = [unit.presence for unit in units if unit.day.day < month]
    try:
        found = changes(in_force.book, before, [unit.presence for unit in own])
    except BusinessError as error:
        why = unanswered(in_force.book, error)
        said = f"Les totaux du règlement ne peuvent pas être calculés. {why}"
        return [], [Finding(FindingKind.UNPRICED, said, is_blocking=True)]
    may_change = any(unit.day.is_unmarked for unit in own)
    cents = [cents_of(one.amount) for one in found]
    if found:
        exact = sum((unit.presence.amount for unit in own), sum((one.amount for one in found), Decimal(0)))
        lines = sum(cents_of(unit.presence.amount) for unit in own)
        cents[-1] += cents_of(exact) - lines - sum(cents)
    return [_total_line(*one, in_force, may_change) for one in zip(found, cents, strict=True) if one[1]], []


# --- Lines


def _presence_line(unit: _Unit, in_force: InForce) -> Charge:
    one = unit.day
    cents, quotient = _written(unit.presence)
    label, explanation = _words(
        one.activity_label, one.what, one.day, unit.sentences, one.booking_id is not None, in_force.said
    )
    return Charge(
        InvoiceLineKind.PRESENCE,
        label,
        cents,
        explanation,
        one.child_id,
        one.activity_id,
        one.booking_id,
        one.day,
        in_force.version_id,
        quotient,
        None,
        one.is_unmarked,
    )


def _written(presence: Presence) -> tuple[int, int | None]:
    """The cents of a price and the quotient that it read, in hundredths; the memo of a price holds both, for
    it depends on that quotient."""
    known = presence.known
    if known is None:
        return cents_of(presence.amount), _quotient_read(presence)
    if known.written is None:
        known.written = cents_of(known.amount), _quotient_read(presence)
    return known.written


def _quotient_read(presence: Presence) -> int | None:
    context = presence.context
    quotient = context.given.get("quotient") if "quotient" in context.reads else None
    is_known = isinstance(quotient, Decimal) and quotient.is_finite()
    return int(quotient * 100) if is_known else None


# Texts that the lines of many families share are made once.


@lru_cache(maxsize=4096)
def _words(
    activity: str, what: str, day: date, sentences: tuple[str, ...], is_booked: bool, said: str
) -> tuple[str, tuple[str, ...]]:
    """The label of a presence and its explanation."""
    first, *others = sentences
    unbooked = () if is_booked else (UNBOOKED,)
    explanation = (f"{_named(what, day)}, {small(first)}", *others, *unbooked, said)
    return _label(activity, what, day), explanation


@lru_cache(maxsize=1024)
def _label(activity: str, what: str, day: date) -> str:
    """« Cantine, repas enfant, mardi 12 janvier », without the activity when that is too long for a line."""
    whole = f"{activity}, {small(what)}, {format_day(day)}"
    return whole if len(whole) <= LONGEST_LABEL else f"{what}, {format_day(day)}"


def _told_line(one: Day) -> Charge:
    named = f"{one.named}, l’enfant n’est pas venu{NBSP}: {format_euros(one.told_cents)}."
    return Charge(
        InvoiceLineKind.ABSENCE,
        _label(one.activity_label, one.what, one.day),
        one.told_cents,
        (named, *one.why),
        one.child_id,
        one.activity_id,
        one.booking_id,
        one.day,
        None if one.in_force is None else one.in_force.version_id,
    )


def _total_line(change: Change, cents: int, in_force: InForce, may_change: bool) -> Charge:
    return Charge(
        InvoiceLineKind.ADJUSTMENT,
        shorten(change.label, LONGEST_LABEL, placeholder="…"),
        cents,
        (*change.sentences, in_force.said),
        int(change.child) if change.child else None,
        rulebook_version_id=in_force.version_id,
        is_provisional=may_change,
    )


def _carried_line(one: CarriedBill) -> Charge:
    month = month_title(one.month.year, one.month.month).lower()
    return Charge(
        InvoiceLineKind.CARRIED,
        f"Report de {month}",
        one.cents,
        (f"Le montant de {month}, {format_euros(one.cents)}, était trop petit pour une facture à part.",),
        carried_from_id=one.invoice_id,
    )


# --- Findings


def _unmarked(one: Day) -> Finding:
    said = f"{one.child}, {small(one.named)}{NBSP}: ni présent ni absent. Pointez ce jour."
    return Finding(FindingKind.UNMARKED, said, is_blocking=True, booking_id=one.booking_id)


def _unpriced(one: Day, *why: str) -> Finding:
    said = f"{one.child}, {small(one.named)}{NBSP}: le prix ne peut pas être calculé. {' '.join(why)}"
    return Finding(FindingKind.UNPRICED, said, is_blocking=True, booking_id=one.booking_id)


def _left_open(one: Day) -> Finding:
    """Told, never blocking: a day that is past can neither be booked nor given up again."""
    said = (
        f"{one.child}, {small(one.named)}{NBSP}: annulé quand aucun tarif ne disait ce qui reste dû. "
        "Rien n’est demandé à la famille pour ce jour."
    )
    return Finding(FindingKind.UNPRICED, said, is_blocking=False, booking_id=one.booking_id)


def _quotient(days: int, unpriced: int, warned: Warned) -> Finding:
    """Never blocking: the règlement says what the absence of a quotient costs. What comes before the three
    warnings is told, for the service to decide."""
    parts = []
    if days:
        parts.append(f"{plural(days, 'jour', 'jours')} au tarif prévu sans quotient")
    if unpriced:
        parts.append(f"{plural(unpriced, 'jour', 'jours')} sans prix")
    said = f"Quotient familial non connu{NBSP}: {enumerate_fr(parts)}, {warned.words}."
    return Finding(FindingKind.QUOTIENT, said, is_blocking=False)
