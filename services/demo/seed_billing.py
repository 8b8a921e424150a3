"""A régie that bills everything, last month issued and partly paid, this month as a draft (R42, R46)."""

from datetime import date, datetime

from sqlalchemy import select, update

from domain.calendar import add_months, paris_now
from domain.enums import InvoiceState, OnlineMode, PaymentMethod
from domain.errors import Refused
from models import Activity, Guardian, HouseholdGuardian, Invoice, Payment
from services import billing, deposit_slips, mandates, payments, regies
from services.accounts import Author
from services.deposit_slips import Deposit
from services.mandates import Signing
from services.payments import Received
from services.regies import RegieData
from services.transaction import write_transaction

_REGIE = RegieData(
    name="Régie périscolaire",
    code="PERI",
    address="Hôtel de ville, 73 boulevard Gambetta, 46000 Cahors",
    phone="05 65 20 00 00",
    email="regie@demo.example",
    treasury_post="046009",
    collectivity_code="401",
    budget_code="00",
    accounting_article="7067",
    payfip_client="012345",  # of the stand-in that the demonstration starts: no money moves
    online_mode=OnlineMode.TEST,
    iban="FR7630001007941234567890185",  # these three are the examples of the standards
    creditor_identifier="FR72ZZZ123456",
    creditor_name="Régie périscolaire de Cahors",
    payment_terms="Par chèque à l’ordre de la régie, en espèces au guichet ou par virement.",
)


def bill_the_months(agent_id: int, now: datetime) -> None:
    """Two months back is issued, whose days are all marked, and paid by most; last month is a draft."""
    author, today = Author(agent_id), paris_now(now).date()
    regie_id = regies.create(_REGIE, author=author, now=now)
    with write_transaction() as session:
        session.execute(update(Activity).values(regie_id=regie_id, product_code="PERI"))
    billed, drafted = (date(*add_months(today.year, today.month, back), 1) for back in (-2, -1))
    run_id = billing.prepare(regie_id, billed, author, now)
    try:
        billing.issue(run_id, author, now)
    except Refused:  # a day without a price in the règlement of the demonstration: its draft says so
        return
    _receive(regie_id, run_id, author, now)
    _deposit(regie_id, author, now)
    _sign(regie_id, author, now)
    billing.prepare(regie_id, drafted, author, now)


def _receive(regie_id: int, run_id: int, author: Author, now: datetime) -> None:
    with write_transaction() as session:
        owed = session.execute(
            select(Invoice.household_id, Invoice.total_cents)
            .where(Invoice.run_id == run_id, Invoice.state == InvoiceState.UNSETTLED)
            .order_by(Invoice.id)
        ).all()
    methods = (PaymentMethod.CHEQUE, PaymentMethod.CASH, PaymentMethod.TRANSFER)
    for number, (household_id, cents) in enumerate(owed):
        if number % 3 == 0:
            continue  # stays to be paid, the first family's among them
        part = cents if number % 3 == 1 else max(cents // 2, 1)
        payments.receive(
            Received(
                regie_id,
                household_id,
                methods[number // 3 % len(methods)],
                part,
                paris_now(now).date(),
                f"{1000 + number}",
                f"demo-{number}",
            ),
            author,
            now,
        )


def _sign(regie_id: int, author: Author, now: datetime) -> None:
    """One of the families that still owe something gave a mandate on paper: a batch has what to collect."""
    with write_transaction() as session:
        last = session.execute(
            select(Invoice.household_id, Guardian.id, Guardian.first_name, Guardian.last_name)
            .join(HouseholdGuardian, HouseholdGuardian.household_id == Invoice.household_id)
            .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
            .where(Invoice.regie_id == regie_id, Invoice.state == InvoiceState.UNSETTLED)
            .order_by(Invoice.id.desc(), HouseholdGuardian.position)
            .limit(1)
        ).one_or_none()
    if last is None:
        return
    household_id, guardian_id, first_name, last_name = last
    holder, iban = f"{first_name} {last_name}", "FR7630006000011234567890189"
    today = paris_now(now).date()
    signing = Signing(regie_id, household_id, guardian_id, holder, iban, today, "demo-mandate")
    mandates.enter(signing, author, now)


def _deposit(regie_id: int, author: Author, now: datetime) -> None:
    """The cheques are at the bank, which sends the last one back; the cash waits at the desk."""
    with write_transaction() as session:
        cheques = session.scalars(
            select(Payment.id)
            .where(Payment.regie_id == regie_id, Payment.method == PaymentMethod.CHEQUE)
            .order_by(Payment.id)
        ).all()
    if not cheques:
        return
    today = paris_now(now).date()
    made = Deposit(regie_id, PaymentMethod.CHEQUE, cheques, today, "DFT 0001", "demo-deposit")
    deposit_slips.deposit(made, author, now)
    payments.bounce(cheques[-1], "Provision insuffisante", author, now)
