"""A family, or the service with it, confirms that its file is exact (R05)."""

from datetime import datetime

from sqlalchemy import func, select

from domain.calendar import paris_now
from domain.certification import AnnualDay, season
from domain.errors import NotFound
from models import Certification, Household
from services import audit
from services.accounts import Author
from services.transaction import write_transaction


def certify(
    household_id: int, *, asked_from: AnnualDay, author: Author, author_name: str, now: datetime
) -> None:
    """Confirm a file until the day before it is asked again. Once is enough: a second tap adds nothing.

    Raises NotFound.
    """
    until = season(paris_now(now).date(), asked_from)[1]
    with write_transaction() as session:
        if session.get(Household, household_id, with_for_update=True) is None:
            raise NotFound
        last = session.scalar(
            select(func.max(Certification.valid_until)).where(Certification.household_id == household_id)
        )
        if last is not None and last >= until:
            return
        row = Certification(
            household_id=household_id,
            author_user_id=author.user_id,
            author_name=author_name,
            channel=author.channel,
            certified_at=now,
            valid_until=until,
        )
        session.add(row)
        session.flush()
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="certification.given",
            object_type="certification",
            object_id=row.id,
            household_id=household_id,
            after={"valid_until": until.isoformat()},
        )
