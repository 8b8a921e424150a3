"""What the service answers, field by field, with its reason (S35, S37, S109)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import change_rules
from domain.enums import ChangeState, SubjectKind
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from models import ChangeLine, ChangeRequest
from services.accounts import Author
from services.change_requests import subjects, telling
from services.change_requests.declaring import require_medical_right
from services.change_requests.sending import end_line
from services.change_requests.subjects import Giver, Subject
from services.transaction import write_transaction

ANSWERS = frozenset({ChangeState.ACCEPTED, ChangeState.REFUSED})


@dataclass(frozen=True, slots=True)
class Decided:
    """What was answered, in lines; `waiting` lines of the request still have no answer."""

    reference: str
    accepted: int
    refused: int
    waiting: int


def decide(
    request_id: int,
    decisions: Mapping[int, ChangeState],
    reasons: Mapping[int, str],
    *,
    current: Mapping[int, str],
    author: Author,
    now: datetime,
    may_read_medical: bool = False,
) -> Decided:
    """Accept or refuse lines of one request: all of `decisions`, or none. Its author is told by mail.

    `decisions`: ACCEPTED or REFUSED by line id; `reasons`: by line id, needed to refuse, kept when accepting.
    `current`: by line id, the `change_rules.fingerprint` of the official value that the agent saw, needed to
    accept: what the agent has not seen is not overwritten.

    Raises NotFound, Refused `empty`, `reason_missing`, `medical_right`; Stale when a line has an answer or is
    gone already, or when an official value changed since the agent saw it.
    """
    reasons = {line_id: reasons.get(line_id, "").strip() for line_id in decisions}
    _check(decisions, reasons)
    with write_transaction() as session:
        request = session.get(ChangeRequest, request_id)
        if request is None:
            raise NotFound
        require_medical_right(request.section, may_read_medical)
        lines = _lines(session, request_id, decisions)
        for line in lines:
            _decide(session, request, line, decisions[line.id], reasons[line.id], current, author, now)
        telling.announce(session, request, lines, now)
        return _outcome(session, request, lines)


def _check(decisions: Mapping[int, ChangeState], reasons: Mapping[int, str]) -> None:
    if not decisions:
        raise Refused("empty", "Choisissez une réponse pour au moins une ligne.")
    if not ANSWERS.issuperset(decisions.values()):
        raise ValueError("A decision is ACCEPTED or REFUSED.")
    if any(state is ChangeState.REFUSED and not reasons[line_id] for line_id, state in decisions.items()):
        raise Refused("reason_missing", f"Indiquez le motif du refus{NBSP}: la famille le lira.")


def _lines(session: Session, request_id: int, decisions: Mapping[int, ChangeState]) -> list[ChangeLine]:
    """The lines in the order of their ids, their owner locked. Raises NotFound."""
    lines = list(
        session.scalars(
            select(ChangeLine)
            .where(ChangeLine.request_id == request_id, ChangeLine.id.in_(decisions.keys()))
            .order_by(ChangeLine.id)
        )
    )
    if len(lines) != len(decisions):
        raise NotFound
    request = session.get_one(ChangeRequest, request_id)
    for owner in {subject_of(request, line).owner for line in lines}:
        subjects.lock(session, Subject(SubjectKind(owner[0]), owner[1]))
    return lines


def subject_of(request: ChangeRequest, line: ChangeLine) -> Subject:
    """Whose field the line changes."""
    return Subject(line.subject_kind, line.subject_id, request.child_id, request.guardian_id)


def _decide(
    session: Session,
    request: ChangeRequest,
    line: ChangeLine,
    state: ChangeState,
    reason: str,
    current: Mapping[int, str],
    author: Author,
    now: datetime,
) -> None:
    subject, field, wanted = subject_of(request, line), line.field, line.wanted_value
    end_line(session, line.id, state, author.user_id, now, reason)
    official = subjects.official(subject, field)
    if state is ChangeState.ACCEPTED:
        if change_rules.fingerprint(official) != current.get(line.id):
            raise Stale(
                f"Le dossier a changé depuis que vous l’avez ouvert. Voici les valeurs actuelles{NBSP}: "
                "relisez-les avant de répondre."
            )
        giver = Giver(request.author_name, request.created_at)
        subjects.apply(session, subject, field, wanted, giver=giver, now=now)
    telling.record(
        session,
        "change.accepted" if state is ChangeState.ACCEPTED else "change.refused",
        subject,
        household_id=request.household_id,
        author=author,
        now=now,
        before={field: telling.journal_value(subject, field, official)},
        after={field: telling.journal_value(subject, field, wanted)},
    )


def _outcome(session: Session, request: ChangeRequest, lines: list[ChangeLine]) -> Decided:
    accepted = sum(line.state is ChangeState.ACCEPTED for line in lines)
    waiting = session.scalars(
        select(ChangeLine.id).where(
            ChangeLine.request_id == request.id, ChangeLine.state == ChangeState.PENDING
        )
    ).all()
    return Decided(request.reference, accepted, len(lines) - accepted, len(waiting))
