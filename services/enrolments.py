"""A family asks that a child be enrolled in an activity; the règlement and the service answer (R17, S91).

What the règlement refuses is refused at once with its sentence, and nothing is kept. When it asks nothing
more and the structure validates by itself, the child is enrolled at once; else the service decides. The
child's row is locked first, so that of two answers one wins.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import Channel, EnrolmentState, MailKind, ValidationMode
from domain.errors import NotFound, Refused, Stale
from domain.family_file import CONTROL_TIME
from domain.french import NBSP
from models import Activity, Child, EnrolmentRequest, Facility
from queries import enrolments as enrolment_queries
from queries import wizard
from services import accounts, audit, households, outbox
from services.booking_drafts import Author
from services.households import Placement
from services.references import new_reference
from services.transaction import write_transaction

LONGEST = 400  # days: no enrolment goes beyond a school year
_ANSWERED = "Cette demande a déjà reçu une réponse. Voici la situation actuelle."


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be enrolled in what, between two days, both included."""

    child_id: int
    activity_id: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Terms:
    """What the service accepts: the days, both included, and the group whose places the child takes."""

    first_day: date
    last_day: date
    group_id: int | None = None


def ask(author: Author, wish: Wish, *, submission_key: str, author_name: str, now: datetime) -> str:
    """Send a request, or find the one that this form made before. Returns its reference.

    Raises NotFound for somebody else's child or sending, or an activity that is not offered; Refused `dates`,
    `not_admitted` with the sentences of the règlement, `already_asked`, `overlap`.
    """
    with write_transaction() as session:
        household_id = wizard.household_of(wish.child_id, author.household_ids)
        child = session.get_one(Child, wish.child_id, with_for_update=True)
        sent = session.scalar(
            select(EnrolmentRequest).where(EnrolmentRequest.submission_key == submission_key)
        )
        if sent is not None:
            if sent.author_user_id != author.user_id:
                raise NotFound
            return sent.reference
        facility = _facility(session, wish.activity_id)
        check_days(wish.first_day, wish.last_day, paris_now(now).date())
        found = enrolment_queries.admission(
            household_id, wish.child_id, wish.activity_id, wish.first_day, now
        )
        if found.refusals:
            raise Refused("not_admitted", " ".join(found.refusals))
        _refuse_twice(session, wish)
        wanted = Placement(facility.id, wish.first_day, wish.last_day, activity_id=wish.activity_id)
        households.check_placement(session, child.id, wanted)
        request = EnrolmentRequest(
            reference=new_reference(session, EnrolmentRequest),
            household_id=household_id,
            child_id=child.id,
            activity_id=wish.activity_id,
            first_day=wish.first_day,
            last_day=wish.last_day,
            state=EnrolmentState.PENDING,
            unmet=list(enrolment_queries.left_to_see(found)),
            author_user_id=author.user_id,
            author_name=author_name,
            channel=Channel.PORTAL,
            submission_key=submission_key,
            created_at=now,
            due_at=now + CONTROL_TIME,
        )
        session.add(request)
        session.flush()
        _record(session, request, "asked", author.user_id, now)
        if facility.validation_mode is ValidationMode.AUTOMATIC and found.is_complete:
            terms = Terms(
                wish.first_day,
                wish.last_day,
                enrolment_queries.group_of(facility.id, child.birth_date, wish.first_day),
            )
            _enrol(session, request, terms, accounts.Author(author.user_id), now)
            _tell(session, request, now)
        return request.reference


def check_days(first_day: date, last_day: date, today: date) -> None:
    """Raises Refused `dates` for days that no family asks for."""
    if last_day < first_day:
        raise Refused("dates", "Choisissez un dernier jour qui suit le premier.")
    if last_day < today:
        raise Refused("dates", f"Ces dates sont passées{NBSP}: choisissez un dernier jour à venir.")
    if (last_day - first_day).days > LONGEST:
        raise Refused("dates", "Choisissez des dates d’une même année scolaire.")


def withdraw(author: Author, reference: str, *, now: datetime) -> None:
    """Take back a request that nobody has answered. Raises NotFound, Stale."""
    with write_transaction() as session:
        request = _locked(session, reference)
        if request.household_id not in author.household_ids:
            raise NotFound
        _require_pending(request)
        request.state, request.decided_at = EnrolmentState.WITHDRAWN, now
        _record(session, request, "withdrawn", author.user_id, now)


def accept(
    reference: str,
    terms: Terms,
    *,
    facility_ids: Collection[int] | None,
    author: accounts.Author,
    now: datetime,
) -> None:
    """Enrol the child as `terms` say, whatever the règlement lacks. `facility_ids` are those that the agent
    answers for, None for all. Raises NotFound, Stale, Refused `dates`, `overlap`.
    """
    with write_transaction() as session:
        request = _to_decide(session, reference, facility_ids)
        _enrol(session, request, terms, author, now)
        request.decided_by_user_id = author.user_id
        _tell(session, request, now)


def refuse(
    reference: str,
    reason: str,
    *,
    facility_ids: Collection[int] | None,
    author: accounts.Author,
    now: datetime,
) -> None:
    """Say no, with the reason that the family reads. Raises NotFound, Stale, Refused `reason_missing`."""
    reason = reason.strip()
    if not reason:
        raise Refused("reason_missing", f"Indiquez le motif du refus{NBSP}: la famille le lira.")
    with write_transaction() as session:
        request = _to_decide(session, reference, facility_ids)
        request.state, request.reason, request.decided_at = EnrolmentState.REFUSED, reason, now
        request.decided_by_user_id = author.user_id
        _record(session, request, "refused", author.user_id, now, author.channel)
        _tell(session, request, now)


# --- What these acts share ----------------------------------------------------------------------------------


def _facility(session: Session, activity_id: int) -> Facility:
    """The structure of an activity that is offered. Raises NotFound."""
    found = session.scalar(
        select(Facility)
        .join(Activity, Activity.facility_id == Facility.id)
        .where(Activity.id == activity_id, Activity.is_active, Facility.is_active)
    )
    if found is None:
        raise NotFound
    return found


def _refuse_twice(session: Session, wish: Wish) -> None:
    pending = select(EnrolmentRequest.id).where(
        EnrolmentRequest.child_id == wish.child_id,
        EnrolmentRequest.activity_id == wish.activity_id,
        EnrolmentRequest.state == EnrolmentState.PENDING,
    )
    if session.scalar(pending.limit(1)) is not None:
        said = f"Une demande est déjà en cours pour cette activité{NBSP}: le service va y répondre."
        raise Refused("already_asked", said)


def _locked(session: Session, reference: str) -> EnrolmentRequest:
    """The request, its child held first. Raises NotFound."""
    child_id = session.scalar(
        select(EnrolmentRequest.child_id).where(EnrolmentRequest.reference == reference)
    )
    if child_id is None:
        raise NotFound
    session.get_one(Child, child_id, with_for_update=True)
    return session.scalars(
        select(EnrolmentRequest).where(EnrolmentRequest.reference == reference).with_for_update()
    ).one()


def _require_pending(request: EnrolmentRequest) -> None:
    if request.state is not EnrolmentState.PENDING:
        raise Stale(_ANSWERED)


def _to_decide(session: Session, reference: str, facility_ids: Collection[int] | None) -> EnrolmentRequest:
    request = _locked(session, reference)
    facility_id = session.get_one(Activity, request.activity_id).facility_id
    if facility_ids is not None and facility_id not in facility_ids:
        raise NotFound
    _require_pending(request)
    return request


def _enrol(
    session: Session, request: EnrolmentRequest, terms: Terms, author: accounts.Author, now: datetime
) -> None:
    """Write the enrolment that a request asked for."""
    facility_id = session.get_one(Activity, request.activity_id).facility_id
    placement = Placement(
        facility_id,
        terms.first_day,
        terms.last_day,
        activity_id=request.activity_id,
        group_id=terms.group_id,
    )
    request.enrolment_id = households.place(
        session, request.household_id, request.child_id, placement, author, now
    )
    request.state, request.decided_at = EnrolmentState.ACCEPTED, now
    _record(session, request, "accepted", author.user_id, now, author.channel)


def _tell(session: Session, request: EnrolmentRequest, now: datetime) -> None:
    """The answer by mail, to who asked, else to the adults of the household."""
    session.flush()
    outbox.queue_household(
        session,
        MailKind.ENROLMENT_DECISION,
        request.household_id,
        now=now,
        only=request.author_user_id,
        request=enrolment_queries.request(request.reference, [request.household_id]),
    )


def _record(
    session: Session,
    request: EnrolmentRequest,
    act: str,
    user_id: int,
    now: datetime,
    channel: Channel = Channel.PORTAL,
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=user_id,
        channel=channel,
        action=f"enrolment_request.{act}",
        object_type="enrolment_request",
        object_id=request.id,
        household_id=request.household_id,
        after={
            "reference": request.reference,
            "child_id": request.child_id,
            "activity_id": request.activity_id,
            "first_day": request.first_day.isoformat(),
            "last_day": request.last_day.isoformat(),
            "state": request.state.value,
        },
    )
