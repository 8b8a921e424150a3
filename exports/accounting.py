"""The tables of the accountant (R47): bills, lines, late debtors, journal. Amounts are numbers, in euros.

The names in brackets are those of an ORMC file (PES V2), for whoever writes it from these tables.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.accounting import (
    MOST_ADDRESS_LINES,
    AccountBill,
    Codes,
    Debtor,
    JournalEntry,
    bill_object,
    by_debtor,
    capitals,
    debt_number,
    line_object,
    titled,
)
from domain.enums import PaymentMethod
from domain.french import month_title
from domain.labels import label
from domain.money import ActivityMoney, Money, MonthMoney, total
from exports.tables import Cell, Sheet

_CODES = (
    "Poste comptable (IdPost)",
    "Code collectivité (CodCol)",
    "Code budget (CodBud)",
    "Article comptable",
)
_DEBTOR = (
    "Dossier (IdTiers)", "Foyer", "Civilité (Civilite)", "Nom (Nom)", "Prénom (Prenom)", "Adresse 1 (Adr1)",
    "Adresse 2 (Adr2)", "Adresse 3 (Adr3)", "Code postal (CP)", "Ville (Ville)",
)  # fmt: skip
_BILL = (
    "Nature", "N° de facture (NumeroFacture)", "N° de dette (NumDette)", "Exercice (Exer)", "Mois facturé",
    "Émise le", "À régler avant le", "Facture corrigée", "Objet (ObjPce)",
)  # fmt: skip
_LINE = (
    "N° de facture (NumeroFacture)", "N° de dette (NumDette)", "Ligne (IdLigne)", "Enfant", "Activité",
    "Jour", "Objet (ObjLignePce)", "Code produit (CodProdLoc)", "Article comptable", "Montant HT (MtHT)",
    "Montant TTC",
)  # fmt: skip


def bills_sheet(codes: Codes, bills: Sequence[AccountBill]) -> Sheet:
    """One row a bill; a credit note is a reduction, with a minus."""
    titles = (
        *_BILL, *_CODES, *_DEBTOR, "Destinataire de la facture", "Montant HT (MtHT)", "Montant TTC", "Avoirs",
        "Réglé", "Reste à régler", "État",
    )  # fmt: skip
    return Sheet("Factures", titles, [_bill_row(codes, bill) for bill in bills])


def lines_sheet(codes: Codes, bills: Sequence[AccountBill]) -> Sheet:
    """One row a line of these bills."""
    rows: list[Sequence[Cell]] = []
    for bill in bills:
        debt = debt_number(codes.regie_id, bill.year, bill.number)
        rows += [
            (
                bill.reference, debt, line.position, line.child, line.activity, line.day, line_object(line),
                line.product_code, codes.article, _euros(line.cents), _euros(line.cents),
            )
            for line in bill.lines
        ]  # fmt: skip
    return Sheet("Lignes", _LINE, rows)


def debtors_sheet(codes: Codes, bills: Sequence[AccountBill]) -> Sheet:
    """One row a late bill; « à titrer » is about all that its debtor owes."""
    owed = by_debtor(bills)
    titles = (
        *_DEBTOR, "N° de facture (NumeroFacture)", "N° de dette (NumDette)", "Mois facturé",
        "À régler avant le", "Objet (ObjPce)", *_CODES, "Reste à régler (MtHT)", "Total du débiteur",
        "À titrer",
    )  # fmt: skip
    rows = []
    for bill in sorted(bills, key=lambda one: (one.debtor.name, one.debtor.household_id, one.due_day)):
        total = owed[bill.debtor.household_id]
        rows.append(
            (
                *_debtor_cells(bill.debtor), bill.reference,
                debt_number(codes.regie_id, bill.year, bill.number), _month(bill), bill.due_day,
                bill_object(bill, codes.name), *_code_cells(codes), _euros(bill.left_cents), _euros(total),
                titled(total),
            )
        )  # fmt: skip
    return Sheet("Débiteurs à titrer", titles, rows)


def journal_sheets(entries: Sequence[JournalEntry]) -> list[Sheet]:
    """The movements, then their totals by means."""
    titles = (
        "Jour", "Mouvement", "Foyer", "Moyen", "Référence", "Factures", "Encaissé", "Remboursé", "Versé",
    )  # fmt: skip
    rows = [
        (
            one.day, one.what, one.household, label(one.method), one.reference, one.bills,
            _amount(one.received_cents), _amount(one.refunded_cents), _amount(one.deposited_cents),
        )
        for one in entries
    ]  # fmt: skip
    totals = [(label(method), *_totals(entries, method)) for method in PaymentMethod]
    of_all = ("Tous les moyens", *_totals(entries, *PaymentMethod))
    used = [row for row in totals if any(row[1:])]
    return [
        Sheet("Journal", titles, rows),
        Sheet("Totaux", ("Moyen", "Encaissé", "Remboursé", "Versé"), [*used, of_all]),
    ]


_MONEY = (
    "Facturé",
    "Avoirs",
    "Payé en ligne",
    "Prélevé",
    "Payé au guichet",
    "Confirmé par le Trésor",
    "En attente",
    "En retard",
)


def months_sheet(months: Sequence[MonthMoney]) -> Sheet:
    """One row a month of a school year, then the total."""
    rows = [(month_title(one.month.year, one.month.month), *_money_cells(one.money)) for one in months]
    whole = ("Total", *_money_cells(total(one.money for one in months)))
    return Sheet("Mois", ("Mois", *_MONEY), [*rows, whole])


def activities_sheet(activities: Sequence[ActivityMoney]) -> Sheet:
    """One row an activity, then the total."""
    rows = [(one.name or "Factures entières", *_money_cells(one.money)) for one in activities]
    whole = ("Total", *_money_cells(total(one.money for one in activities)))
    return Sheet("Activités", ("Activité", *_MONEY), [*rows, whole])


def _money_cells(money: Money) -> tuple[Decimal, ...]:
    return tuple(_euros(cents) for cents in (money.billed, money.credited, *money.places))


def _bill_row(codes: Codes, bill: AccountBill) -> Sequence[Cell]:
    return (
        label(bill.kind), bill.reference, debt_number(codes.regie_id, bill.year, bill.number), bill.year,
        _month(bill), bill.issue_day, bill.due_day, bill.corrects, bill_object(bill, codes.name),
        *_code_cells(codes), *_debtor_cells(bill.debtor), bill.recipient, _euros(bill.total_cents),
        _euros(bill.total_cents), _euros(bill.credited_cents), _euros(bill.settled_cents),
        _euros(bill.left_cents), label(bill.state),
    )  # fmt: skip


def _code_cells(codes: Codes) -> tuple[str, ...]:
    return codes.treasury_post, codes.collectivity_code, codes.budget_code, codes.article


def _debtor_cells(debtor: Debtor) -> tuple[Cell, ...]:
    lines = debtor.address_lines
    kept = [*lines[: MOST_ADDRESS_LINES - 1], " ".join(lines[MOST_ADDRESS_LINES - 1 :])]
    kept += [""] * (MOST_ADDRESS_LINES - len(kept))
    return (
        debtor.number, debtor.name, debtor.civility, capitals(debtor.last_name), capitals(debtor.first_name),
        *kept, debtor.postcode, capitals(debtor.town),
    )  # fmt: skip


def _month(bill: AccountBill) -> str:
    return month_title(bill.month.year, bill.month.month)


def _totals(entries: Iterable[JournalEntry], *methods: PaymentMethod) -> tuple[Decimal, Decimal, Decimal]:
    ours = [one for one in entries if one.method in methods]
    return (
        _euros(sum(one.received_cents for one in ours)),
        _euros(sum(one.refunded_cents for one in ours)),
        _euros(sum(one.deposited_cents for one in ours)),
    )


def _euros(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _amount(cents: int) -> Decimal | None:
    return _euros(cents) if cents else None
