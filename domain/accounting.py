"""What the accountant takes away: issued bills with the fields of an ORMC file, debtors, the journal (R47).

Amounts are cents; a credit note is negative, as a reduction. There is no VAT: the amount without tax is the
amount. Text is written as the Treasury wants it: capitals without accents, address lines of 38 signs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from domain.enums import InvoiceKind, InvoiceState, PaymentMethod
from domain.french import NBSP, format_euros, month_title, plural
from domain.people import fold

LONGEST_ADDRESS_LINE, MOST_ADDRESS_LINES, LONGEST_OBJECT = 38, 3, 160
LEAST_TITLED_CENTS = 15_00  # no titre below: small debts wait for others
_NOT_POSTAL = re.compile(r"[^A-Z0-9]+")
_MISTER = frozenset({"pere", "beau pere", "grand pere", "papa", "oncle", "frere", "tuteur"})
_MADAM = frozenset({"mere", "belle mere", "grand mere", "maman", "tante", "soeur", "tutrice"})


@dataclass(frozen=True, slots=True)
class Codes:
    """How the accountant names a régie; what the service did not give is empty."""

    regie_id: int
    name: str
    treasury_post: str
    collectivity_code: str
    budget_code: str
    article: str


@dataclass(frozen=True, slots=True)
class Debtor:
    """The person who owes for a household: its first legal guardian, at the address of its file.

    `first_name` and `last_name` are empty when the file has no legal guardian.
    """

    household_id: int
    number: int
    name: str
    first_name: str
    last_name: str
    relationship: str
    address: str
    postcode: str
    town: str

    @property
    def civility(self) -> str:
        """« M », « MME », or empty when the file does not say how the adult is related to the children."""
        known = fold(self.relationship)
        return "M" if known in _MISTER else "MME" if known in _MADAM else ""

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The address in lines that fit, however many that makes."""
        return address_lines(self.address)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A line of a bill. `product_code`: of its activity, empty for what is about the whole bill."""

    invoice_id: int
    position: int
    child: str
    activity_id: int | None
    activity: str
    product_code: str
    day: date | None
    label: str
    cents: int


@dataclass(frozen=True, slots=True)
class AccountBill:
    """An issued bill, or a credit note; `corrects` is the number of the bill that it corrects."""

    invoice_id: int
    kind: InvoiceKind
    state: InvoiceState
    year: int
    number: int
    reference: str
    corrects: str
    month: date
    issue_day: date
    due_day: date
    recipient: str
    total_cents: int
    credited_cents: int
    settled_cents: int
    debtor: Debtor
    lines: tuple[AccountLine, ...] = ()

    @property
    def left_cents(self) -> int:
        is_bill = self.kind is InvoiceKind.INVOICE
        return self.total_cents - self.credited_cents - self.settled_cents if is_bill else 0


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A movement of the money of a régie. `received_cents` is negative for what was taken back,
    `deposited_cents` left for the Treasury or the bank in a deposit slip."""

    day: date
    what: str
    household: str
    method: PaymentMethod
    reference: str
    bills: str
    received_cents: int = 0
    refunded_cents: int = 0
    deposited_cents: int = 0


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that an ORMC file needs and the portal does not know, with where to give it."""

    sentence: str
    household_id: int | None = None
    activity_id: int | None = None
    regie_id: int | None = None


def capitals(text: str) -> str:
    """« L'ÎLE-D'YEU » as the postal norm has it: « L ILE D YEU »."""
    return _NOT_POSTAL.sub(" ", fold(text).upper()).strip()


def address_lines(address: str) -> tuple[str, ...]:
    """An address in capitals, cut between words into lines of 38 signs; a line of the file begins a line."""
    lines: list[str] = []
    for given in address.splitlines():
        line = ""
        for word in capitals(given).split():
            if line and len(line) + 1 + len(word) > LONGEST_ADDRESS_LINE:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        if line:
            lines.append(line)
    return tuple(lines)


def debt_number(regie_id: int, year: int, number: int) -> str:
    """The number of a debt for the Treasury (NumDette): 13 digits, one for each bill of the town."""
    return f"{year:04d}{regie_id:03d}{number:06d}"


def bill_object(bill: AccountBill, regie: str) -> str:
    """What a bill is about, in 160 signs."""
    month = month_title(bill.month.year, bill.month.month)
    what = "FACTURE" if bill.kind is InvoiceKind.INVOICE else f"AVOIR SUR {bill.corrects}"
    return _cut(capitals(f"{regie} {month} {what} {bill.reference}"))


def line_object(line: AccountLine) -> str:
    """What a line is about, in 160 signs."""
    return _cut(capitals(f"{line.child} {line.label}"))


def _cut(text: str) -> str:
    """The whole words that fit."""
    return text if len(text) <= LONGEST_OBJECT else text[: LONGEST_OBJECT + 1].rpartition(" ")[0]


def by_debtor(bills: Iterable[AccountBill]) -> dict[int, int]:
    """What is left to pay, by household."""
    owed: dict[int, int] = defaultdict(int)
    for bill in bills:
        owed[bill.debtor.household_id] += bill.left_cents
    return dict(owed)


def titled(owed_cents: int) -> str:
    """Whether a debtor can be asked for its debt by the Treasury, in words."""
    if owed_cents >= LEAST_TITLED_CENTS:
        return "oui"
    return f"à cumuler{NBSP}: moins de {format_euros(LEAST_TITLED_CENTS)}"


def lacks(codes: Codes, bills: Sequence[AccountBill]) -> tuple[Lack, ...]:
    """What an ORMC file of these bills would lack: codes of the régie, then activities, then families."""
    found = [Lack(said, regie_id=codes.regie_id) for said in _codes_lacking(codes)]
    lines = [line for bill in bills for line in bill.lines]
    uncoded = {
        line.activity_id: line.activity for line in lines if line.activity_id and not line.product_code
    }
    found += [
        Lack(f"L’activité {name} n’a pas de code produit.", activity_id=activity_id)
        for activity_id, name in sorted(uncoded.items(), key=lambda one: (one[1], one[0]))
    ]
    debtors = {bill.debtor.household_id: bill.debtor for bill in bills}
    for debtor in sorted(debtors.values(), key=lambda one: (one.name, one.household_id)):
        found += [
            Lack(f"Foyer {debtor.name}{NBSP}: {said}", household_id=debtor.household_id)
            for said in _debtor_lacking(debtor)
        ]
    zero = sum(not bill.total_cents for bill in bills)
    if zero:
        found.append(Lack(f"{plural(zero, 'facture', 'factures')} à zéro euro, à laisser de côté."))
    negative = sum(
        bill.kind is InvoiceKind.INVOICE and any(line.cents < 0 for line in bill.lines) for bill in bills
    )
    if negative:
        found.append(
            Lack(
                f"{plural(negative, 'facture a', 'factures ont')} une ligne en moins (une réduction)"
                f"{NBSP}: le fichier officiel n’en accepte pas, il faudra la regrouper avec une autre."
            )
        )
    return tuple(found)


def _codes_lacking(codes: Codes) -> Iterable[str]:
    for value, what in (
        (codes.treasury_post, "le poste comptable du Trésor public"),
        (codes.collectivity_code, "le code collectivité"),
        (codes.budget_code, "le code budget"),
        (codes.article, "l’article comptable"),
    ):
        if not value:
            yield f"{codes.name}{NBSP}: il manque {what}."


def _debtor_lacking(debtor: Debtor) -> Iterable[str]:
    if not debtor.last_name:
        yield "aucun responsable légal, le débiteur doit être une personne."
    elif not debtor.civility:
        yield "la civilité du débiteur n’est pas connue, indiquez son lien avec les enfants."
    if not (len(debtor.postcode) == 5 and debtor.postcode.isdigit()):
        yield "il manque un code postal de 5 chiffres."
    if not debtor.town:
        yield "il manque la ville."
    lines = debtor.address_lines
    if not lines:
        yield "il manque l’adresse."
    elif len(lines) > MOST_ADDRESS_LINES or max(map(len, lines)) > LONGEST_ADDRESS_LINE:
        yield "l’adresse est trop longue, elle tient en 3 lignes de 38 signes."
