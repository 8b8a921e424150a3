"""Up to three mails to a household whose quotient is not proven, before it pays the price that the règlement
wants without one (R41). The worker's turn.
"""

from datetime import date, datetime, time

from domain.calendar import add_months, paris_now
from domain.enums import Channel, FindingKind, MailKind
from domain.quotient_warnings import MOST, NEVER, is_due, season_of
from models import QuotientWarning
from queries import quotient_warnings, town
from queries.charges import month_bills
from services import audit, ledger, outbox
from services.transaction import write_transaction

EARLIEST_HOUR = time(8)  # in Paris


def warn(now: datetime) -> int:
    """Write the warnings that are due; how many households were warned. None before eight in the morning, nor
    while the town wants none.

    A household is warned when a day of this month or of the next one is priced without its quotient. Twice
    on a day gives the same rows.
    """
    here, every = paris_now(now), town.settings().quotient_warning_every
    if here.time() < EARLIEST_HOUR or not every:
        return 0
    return sum(
        _warn(household_id, season, every, now) for household_id, season in _found(here.date(), every, now)
    )


def _found(today: date, every: int, now: datetime) -> list[tuple[int, date]]:
    """The households to warn, each with the school year that the warning is for."""
    unproven = quotient_warnings.unproven(today)
    found: dict[int, date] = {}
    for month in (today.replace(day=1), date(*add_months(today.year, today.month, 1), 1)):
        warned = quotient_warnings.warned(month)
        asked = [one for one in unproven if one not in found and is_due(warned.get(one, NEVER), every, today)]
        if not asked:
            continue
        for bill in month_bills(month, now, household_ids=asked):
            if any(one.kind is FindingKind.QUOTIENT for one in bill.findings):
                found.setdefault(bill.household_id, season_of(month))
    return sorted(found.items())


def _warn(household_id: int, season: date, every: int, now: datetime) -> bool:
    """False when another worker was faster, or when the quotient was proven meanwhile."""
    today = paris_now(now).date()
    with write_transaction() as session:
        ledger.hold(session, household_id)
        warned = quotient_warnings.warned(season).get(household_id, NEVER)
        if not is_due(warned, every, today) or not quotient_warnings.is_unproven(household_id, today):
            return False
        number = warned.sent + 1
        session.add(QuotientWarning(household_id=household_id, season=season, number=number, sent_at=now))
        outbox.queue_household(
            session, MailKind.QUOTIENT_WARNING, household_id, now=now, number=number, most=MOST
        )
        audit.record(
            session,
            at=now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="quotient_warning.sent",
            object_type="quotient_warning",
            object_id=household_id,
            household_id=household_id,
            after={"number": number, "season": season.isoformat()},
        )
    return True
