"""A file of confirmations of the Treasury: what its lines say, and what may become of each (R47, S111).

The first row names the columns; each other one is a bill, an amount and a day. Reading and judging are apart,
so that the same lines are judged again when the bills are held. Amounts in cents.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.calendar import parse_day
from domain.enums import InvoiceKind, InvoiceState
from domain.errors import Refused
from domain.french import NBSP, format_date, format_euros, quoted
from domain.ledger import OPEN_STATES
from domain.people import fold

REFERENCE, AMOUNT, DAY = TITLES = ("Référence", "Montant", "Date")
MOST_LINES = 5000
LONGEST_LINE = 500  # characters of a line that are kept
_AMOUNT = re.compile(r"([0-9]{1,6})(?:[,.]([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file, numbered as a spreadsheet does; `others` are the cells of other columns."""

    number: int
    reference: str
    amount: str
    day: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Billed:
    """What the portal knows of a bill. `online_cents`: what was paid online of it. `confirmed`: the amounts
    and days that the Treasury confirmed before."""

    invoice_id: int
    household_id: int
    kind: InvoiceKind
    state: InvoiceState
    issue_day: date
    settled_on: date | None
    left_cents: int
    online_cents: int
    confirmed: Collection[tuple[int, date]] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a line, in a sentence. An accepted one settles `cents` of a bill on `day`; `is_online`:
    that money was paid online already and is only confirmed."""

    line: Line
    sentence: str
    is_accepted: bool = False
    bill: Billed | None = None
    cents: int = 0
    day: date | None = None
    is_online: bool = False


def read(rows: Sequence[Sequence[str]]) -> list[Line]:
    """The lines of a table. Raises Refused `treasury_columns`, `treasury_empty`, `treasury_too_long`."""
    titles = [fold(cell) for cell in rows[0]] if rows else []
    wanted = [fold(title) for title in TITLES]
    if any(titles.count(title) != 1 for title in wanted):
        raise Refused(
            "treasury_columns",
            f"La première ligne doit nommer une fois chaque colonne{NBSP}: {', '.join(TITLES)}.",
        )
    places = [titles.index(title) for title in wanted]
    others = [place for place in range(len(titles)) if place not in places]
    lines = [_line(number, row, places, others) for number, row in enumerate(rows[1:], 2) if any(row)]
    if not lines:
        raise Refused("treasury_empty", "Ce fichier ne contient aucune ligne sous les titres.")
    if len(lines) > MOST_LINES:
        raise Refused("treasury_too_long", f"Ce fichier dépasse {MOST_LINES} lignes. Séparez-le.")
    return lines


def _line(number: int, row: Sequence[str], places: Sequence[int], others: Sequence[int]) -> Line:
    cells = dict(enumerate(row))
    reference, amount, day = (cells.get(place, "") for place in places)
    return Line(number, reference, amount, day, tuple(cells.get(place, "") for place in others))


def written(line: Line) -> str:
    """A line as text, the columns that are read first; `line_of` reads it back."""
    text = io.StringIO()
    cells = (line.reference, line.amount, line.day, *line.others)
    csv.writer(text, delimiter=";", lineterminator="").writerow(cells)
    return text.getvalue()[:LONGEST_LINE]


def line_of(number: int, text: str) -> Line:
    """The line that `written` kept."""
    reference, amount, day, *others = [*next(csv.reader([text], delimiter=";"), []), "", "", ""]
    return Line(number, reference, amount, day, tuple(others))


def reference_of(line: Line) -> str:
    """The reference as bills have it."""
    return "".join(line.reference.split()).upper()


def judge(
    lines: Iterable[Line], bills: Mapping[str, Billed], today: date, before: Iterable[Line] = ()
) -> list[Verdict]:
    """What becomes of each line, in their order: a line sees what those before it settle. `bills` by
    reference; `before`: the lines of the file that `bills` has seen already."""
    known, seen = dict(bills), {}
    for line in before:
        _first(line, seen)
    verdicts = []
    for line in lines:
        verdict = _judged(line, known, seen, today)
        if verdict.is_accepted and verdict.bill is not None:
            known[reference_of(line)] = _after(verdict.bill, verdict)
        verdicts.append(verdict)
    return verdicts


_Seen = dict[tuple[str, int | None, date | None], int]


def _first(line: Line, seen: _Seen) -> int:
    """The number of the first line that says the same."""
    return seen.setdefault((reference_of(line), cents_of(line.amount), parse_day(line.day)), line.number)


def _judged(line: Line, bills: Mapping[str, Billed], seen: _Seen, today: date) -> Verdict:
    cents, day = cents_of(line.amount), parse_day(line.day)
    bill = bills.get(reference_of(line))
    if cents is None or day is None or bill is None:
        return Verdict(line, next(_unreadable(line, cents, day)), bill=bill)
    first = _first(line, seen)
    reasons = (reason(bill, cents, day, today) for reason in _REASONS)
    refused = _twice(first) if first != line.number else next((one for one in reasons if one), "")
    if refused:
        return Verdict(line, refused, bill=bill, cents=cents, day=day)
    is_online = bill.state is InvoiceState.PAID_ONLINE
    return Verdict(line, _told(bill, cents), True, bill, cents, day, is_online)


def _unreadable(line: Line, cents: int | None, day: date | None) -> Iterator[str]:
    if not reference_of(line):
        yield "Indiquez la référence de la facture."
    if cents is None:
        yield f"Indiquez un montant en euros, par exemple 43,20{NBSP}: {quoted(line.amount)} ne se lit pas."
    if day is None:
        yield f"Indiquez la date, par exemple 15/03/2027{NBSP}: {quoted(line.day)} ne se lit pas."
    yield "Aucune facture n’a cette référence."


def _twice(first: int) -> str:
    return f"Cette ligne répète la ligne {first}."


def _told(bill: Billed, cents: int) -> str:
    if bill.state is InvoiceState.PAID_ONLINE:
        return "Confirme le paiement en ligne."
    left = bill.left_cents - cents
    return f"Paie une partie{NBSP}: il restera {format_euros(left)}." if left else "Solde la facture."


# Why a line that reads well is rejected all the same, the first reason that holds.


def _not_payable(bill: Billed, _cents: int, _day: date, _today: date) -> str:
    if bill.kind is InvoiceKind.CREDIT_NOTE:
        return f"Cette référence est celle d’un avoir{NBSP}: il ne se règle pas."
    if bill.state is InvoiceState.CANCELLED:
        return f"Un avoir a annulé cette facture{NBSP}: elle n’est plus due."
    return ""


def _wrong_day(bill: Billed, _cents: int, day: date, today: date) -> str:
    if day > today:
        return "Cette date n’est pas encore passée."
    if day < bill.issue_day:
        return f"Cette date précède la facture, émise le {format_date(bill.issue_day)}."
    return ""


def _confirmed_before(bill: Billed, cents: int, day: date, _today: date) -> str:
    if (cents, day) in bill.confirmed:
        return "Ce montant est déjà confirmé à cette date pour cette facture."
    if bill.state in OPEN_STATES or bill.state is InvoiceState.PAID_ONLINE:
        return ""
    settled = f" le {format_date(bill.settled_on)}" if bill.settled_on else ""
    return f"Cette facture est déjà soldée{settled}."


def _wrong_amount(bill: Billed, cents: int, _day: date, _today: date) -> str:
    if not cents:
        return "Indiquez un montant supérieur à zéro."
    if bill.state is InvoiceState.PAID_ONLINE:
        paid = format_euros(bill.online_cents)
        return (
            "" if cents == bill.online_cents else f"Le montant diffère{NBSP}: {paid} ont été payés en ligne."
        )
    left = format_euros(bill.left_cents)
    return "" if cents <= bill.left_cents else f"Le montant dépasse ce qui reste à régler, {left}."


_Reason = Callable[[Billed, int, date, date], str]
_REASONS: tuple[_Reason, ...] = (_not_payable, _wrong_day, _confirmed_before, _wrong_amount)


def _after(bill: Billed, verdict: Verdict) -> Billed:
    """The bill once an accepted line is taken, for the lines that follow."""
    if verdict.is_online or verdict.cents == bill.left_cents:
        return replace(bill, state=InvoiceState.SETTLED, settled_on=verdict.day, left_cents=0)
    return replace(bill, left_cents=bill.left_cents - verdict.cents)


def cents_of(text: str) -> int | None:
    """« 1 234,50 € », « 43.2 »; None for what is no amount."""
    match = _AMOUNT.fullmatch(re.sub(r"[\s€]", "", text))
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else None
