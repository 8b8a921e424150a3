"""The régies of the town: who collects the money of its activities (R42)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from domain.enums import OnlineMode
from domain.errors import Refused
from models import Activity, Invoice, Regie
from services import records
from services.accounts import Author
from services.transaction import write_transaction

_TAKEN = Refused("name_taken", "Une autre régie porte déjà ce nom ou ce code. Choisissez-en un autre.")


@dataclass(frozen=True, slots=True)
class RegieData:
    """What is typed of a régie. `code` begins the numbers of its bills; `due_days` from the day of issue. The
    four codes after the account name the régie to the accountant."""

    name: str
    code: str
    address: str = ""
    phone: str = ""
    email: str = ""
    payment_terms: str = ""
    iban: str = ""
    bic: str = ""
    treasury_post: str = ""
    collectivity_code: str = ""
    budget_code: str = ""
    accounting_article: str = ""
    due_days: int = 30
    creditor_identifier: str = ""
    creditor_name: str = ""
    notice_days: int = 14
    payfip_client: str = ""
    online_mode: OnlineMode = OnlineMode.OFF
    position: int = 0
    is_active: bool = True


def create(data: RegieData, *, bills_the_rest: bool = False, author: Author, now: datetime) -> int:
    """Add a régie and return its id; with `bills_the_rest` the activities without one take it. Raises Refused
    `name_taken`."""
    with write_transaction() as session:
        regie_id = records.add(session, Regie(**asdict(data)), author=author, now=now, taken=_TAKEN)
        if bills_the_rest:
            for activity in session.scalars(select(Activity).where(Activity.regie_id.is_(None))):
                records.change(session, activity, {"regie_id": regie_id}, author=author, now=now)
        return regie_id


def update(regie_id: int, data: RegieData, *, author: Author, now: datetime) -> None:
    """Change what is typed of a régie. Raises NotFound, Refused `name_taken`, or `code_used` once bills bear
    its code."""
    with write_transaction() as session:
        row = records.get(session, Regie, regie_id)
        issued = select(Invoice.id).where(Invoice.regie_id == regie_id, Invoice.number.is_not(None)).limit(1)
        if data.code != row.code and session.scalar(issued) is not None:
            raise Refused("code_used", "Des factures portent déjà ce code. Il ne change plus.")
        records.change(session, row, asdict(data), author=author, now=now, taken=_TAKEN)
