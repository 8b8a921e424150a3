"""The legal texts of the town, typed on screen; what the last measure of accessibility found (R54, R56)."""

from datetime import datetime

from adapters import accessibility_report
from adapters.accessibility_report import Report
from domain.errors import Refused
from domain.legal import Legal
from domain.settings import CONFORMITY
from queries import legal as legal_queries
from services import town
from services.accounts import Author
from services.transaction import write_transaction


def save(texts: Legal, conformity: str, *, author: Author, now: datetime) -> bool:
    """Write what changed; whether something did. `conformity`: a key of `domain.settings.CONFORMITY`.

    Raises Refused `conformity` for another state than « non conforme » without the audit that the law wants.
    """
    if CONFORMITY[conformity] != CONFORMITY["none"] and not texts.audit:
        raise Refused(
            "conformity",
            "Sans audit, la loi demande d’écrire «\u00a0non conforme\u00a0». Indiquez qui a "
            "fait l’audit, et quand.",
        )
    with write_transaction() as session:
        stated = town.write(session, {"accessibility": conformity}, author=author, now=now)
        former, wanted = legal_queries.texts().to_rows(), texts.to_rows()
        changed = town.keep_changed(session, "legal.updated", former, wanted, author=author, now=now)
    return bool(changed or stated)


def measured() -> Report:
    """The last automatic measure of every page, shipped with this version."""
    return accessibility_report.read()
