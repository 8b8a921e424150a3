"""The default week of a household: asked for in a draft, filled in day by day, kept at « Valider » (R21).

Nothing is booked and nothing is given up here: the days go into the draft, like days that were touched.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.default_week import DefaultWeek, Plan, clashes, from_tree, to_tree
from domain.errors import NotFound, Refused, Stale
from domain.french import weekday_name
from models import BookingDraft, DefaultWeekDay
from queries import default_week as weeks
from queries.booking_days import ChildDay
from queries.default_week import Proposal
from services import audit
from services.booking_drafts import Author, has_lines, new_draft, take_draft, write_wishes
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Choice:
    """What the family ticked in the preview: waiting lists, days given up before, days outside of the week;
    the values are those of the boxes."""

    waiting: Collection[str]
    again: Collection[str]
    dropped: Collection[str]


def ask(author: Author, key: str | None, household_id: int, plan: Plan, now: datetime) -> str:
    """Keep the plan in the draft `key`, or in a new one for this household. Returns its key.

    Raises NotFound for another household or draft, Stale once it is validated, Refused for a draft of
    another household and for a child who would come twice to one activity.
    """
    _refuse_clashes(plan.week)
    with write_transaction() as session:
        if household_id not in author.household_ids:
            raise NotFound
        if key is None:
            draft = new_draft(author, household_id, now)
            session.add(draft)
        else:
            draft = take_draft(session, author, key, now)
            if draft.household_id != household_id:
                raise NotFound
        draft.default_week = to_tree(plan)
        return draft.key


def _refuse_clashes(week: DefaultWeek) -> None:
    twice = clashes(week)
    if twice:
        raise Refused(
            "twice",
            f"Le {weekday_name(twice[0].weekday)}, deux présences sont cochées pour un même enfant dans la "
            "même activité. Gardez-en une.",
        )


def fill(author: Author, key: str, choice: Choice, now: datetime) -> int:
    """Put into the draft what its plan adds and what was ticked; returns how many days.

    Days that the draft holds already stay as they are, so that confirming twice adds nothing. When no day
    changes there is nothing to validate: the week becomes the household's at once, and the draft goes. Raises
    NotFound, Stale once the draft is validated, Refused `no_week` without a plan.
    """
    found = _proposal(author, key, now)
    days = _chosen(found, choice)
    with write_transaction() as session:
        draft = take_draft(session, author, key, now)
        if days:
            first = min(days, key=lambda day: (day.day, day.child_id))
            draft.child_id, draft.facility_id = first.child_id, first.facility_id
            draft.month = first.day.replace(day=1)
            draft.presence_type_id = first.wish_type_id
            write_wishes(session, days)
        elif not has_lines(session, draft.id):
            keep(session, draft.id, author, now)
            session.delete(draft)
    return len(days)


def _proposal(author: Author, key: str, now: datetime) -> Proposal:
    asked = weeks.asked(author.user_id, author.household_ids, key)
    if asked.is_submitted:
        raise Stale("Cette demande est déjà validée. Ouvrez l’historique pour la retrouver.")
    if asked.plan is None:
        raise Refused("no_week", "Cochez d’abord les jours de votre semaine type.")
    former = weeks.stored_week(asked.household_id)
    today = paris_now(now).date()
    return weeks.proposal(asked.draft_id, asked.household_id, asked.plan, former, now, today)


def _chosen(found: Proposal, choice: Choice) -> list[ChildDay]:
    days = [day for day, _ in found.added]
    days += [
        day for day, verdict in found.waiting if weeks.waiting_value(day, verdict.rank) in choice.waiting
    ]
    days += [day for day, _ in found.again if weeks.day_value(day) in choice.again]
    days += [day for day, _ in found.dropped if weeks.day_value(day) in choice.dropped]
    return days


def keep(session: Session, draft_id: int, author: Author, now: datetime) -> None:
    """Make the plan of a draft that was just validated the default week of its household."""
    draft = session.get_one(BookingDraft, draft_id)
    if draft.default_week is None:
        return
    week = from_tree(draft.default_week).week
    session.execute(delete(DefaultWeekDay).where(DefaultWeekDay.household_id == draft.household_id))
    session.add_all(
        DefaultWeekDay(
            household_id=draft.household_id,
            child_id=one.presence.child_id,
            presence_type_id=one.presence.presence_type_id,
            weekday=one.weekday,
            parity=one.parity,
        )
        for one in sorted(week.days)
    )
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=draft.channel,
        action="default_week.kept",
        object_type="household",
        object_id=draft.household_id,
        household_id=draft.household_id,
        after={"days": len(week.days)},
    )
