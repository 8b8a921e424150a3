"""An evening that closes in the demonstration, and a child who does not come: real acts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.calendar import paris_now
from extensions import db
from models import Activity, Opening
from queries import absences as absence_queries
from queries.absences import Becomes
from queries.closures import Wish
from services import absences, closures
from services.accounts import Author
from services.demo import families
from services.demo.seed_acts import Sender

_SOON = timedelta(days=5)
_REASON = "Formation du personnel"


def close_an_evening(agent_id: int, now: datetime) -> None:
    """The first evening of the next week with children: they are told and pay nothing. None in the summer."""
    first = paris_now(now).date() + _SOON
    evening = db.session.execute(
        select(Activity.id, Activity.facility_id, Opening.day)
        .join(Opening, Opening.activity_id == Activity.id)
        .where(Activity.rule_name == "garderie_soir", Opening.day >= first, Opening.booked > 0)
        .order_by(Opening.day)
        .limit(1)
    ).one_or_none()
    if evening is not None:
        wish = Wish(evening.facility_id, evening.id, None, evening.day, evening.day)
        closures.close(wish, _REASON, scope=None, author=Author(agent_id), now=now)


def tell_an_absence(senders: Mapping[str, Sender], now: datetime) -> None:
    """A child of the main family is absent on its first day that can no longer be cancelled, if any."""
    sender = senders[families.MAIN_FAMILY]
    today = paris_now(now).date()
    homes = [sender.household_id]
    for child_id in sender.child_ids:
        plan = absence_queries.plan(homes, child_id, today, today + _SOON, now)
        late = [line.booked.day for line in plan.lines if line.becomes is Becomes.ABSENT]
        if late:
            teller = absences.Teller(sender.user_id, homes, sender.author_name)
            absences.declare(teller, absences.Wish(child_id, late[0], late[0]), now)
            return
