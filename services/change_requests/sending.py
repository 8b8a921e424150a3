"""One form sent: its lines, what each becomes, the request, the journal. Inside the caller's transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain import change_rules
from domain.change_rules import Pending, Verdict
from domain.enums import ChangeState, FileSection
from domain.errors import NotFound, Stale
from domain.family_file import due_at
from domain.french import NBSP
from models import ChangeLine, ChangeRequest
from services.accounts import Author
from services.change_requests import telling
from services.change_requests.subjects import Giver, Subject, apply, official
from services.references import new_reference


@dataclass(frozen=True, slots=True)
class DeclaredLine:
    """One field of the form sent, and what became of it: pending, accepted at once, withdrawn."""

    field: str
    state: ChangeState


@dataclass(frozen=True, slots=True)
class Declared:
    """The answer to a form sent; `reference` is None when nothing new was asked."""

    reference: str | None = None
    due_at: datetime | None = None
    lines: tuple[DeclaredLine, ...] = ()
    unchanged: tuple[str, ...] = ()

    def _fields(self, state: ChangeState) -> tuple[str, ...]:
        return tuple(line.field for line in self.lines if line.state is state)

    @property
    def pending(self) -> tuple[str, ...]:
        return self._fields(ChangeState.PENDING)

    @property
    def applied(self) -> tuple[str, ...]:
        return self._fields(ChangeState.ACCEPTED)

    @property
    def withdrawn(self) -> tuple[str, ...]:
        return self._fields(ChangeState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Form:
    """Who sends what, from where. `key` makes a repeated sending one request."""

    household_id: int
    section: FileSection
    author: Author
    author_name: str
    key: str
    now: datetime
    by_service: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """One field of the form. `seen`: the official value on screen; `shown`: what it was filled with."""

    subject: Subject
    field: str
    wanted: str | None
    seen: str | None
    shown: str | None
    needs_control: bool
    is_safety: bool


@dataclass(slots=True)
class _Settled:
    wish: Wish
    verdict: Verdict
    official: str | None
    pending: ChangeLine | None


@dataclass(slots=True)
class _Told:
    """What the journal keeps of a form, by what became of its lines."""

    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str | None] = field(default_factory=dict)


def already_sent(session: Session, form: Form) -> Declared | None:
    """The answer to the same form sent before: a double tap, a second tab. Raises NotFound for another's."""
    request = session.scalar(select(ChangeRequest).where(ChangeRequest.submission_key == form.key))
    if request is None:
        return None
    if request.author_user_id != form.author.user_id or request.household_id != form.household_id:
        raise NotFound
    lines = session.execute(
        select(ChangeLine.field, ChangeLine.state)
        .where(ChangeLine.request_id == request.id)
        .order_by(ChangeLine.id)
    )
    return Declared(request.reference, request.due_at, tuple(DeclaredLine(*line) for line in lines))


def pending_line(session: Session, subject: Subject, field_name: str) -> ChangeLine | None:
    return session.scalar(
        select(ChangeLine).where(
            ChangeLine.subject_kind == subject.kind,
            ChangeLine.subject_id == subject.id,
            ChangeLine.field == field_name,
            ChangeLine.state == ChangeState.PENDING,
        )
    )


def send(session: Session, form: Form, wishes: Sequence[Wish]) -> Declared:
    """Settle every wish. The subjects are locked. Raises Stale when an agent's screen was out of date."""
    judge = _judge_for_service if form.by_service else _judge
    settled = [_settle(session, wish, judge) for wish in wishes]
    for one in settled:
        if one.pending is not None and one.verdict.former is not None:
            end_line(session, one.pending.id, one.verdict.former, form.author.user_id, form.now)
    request = _request(session, form, settled)
    giver = Giver(form.author_name, form.now)
    for one in settled:
        if request is not None and one.verdict.line is not None:
            session.add(_line(request, form, one))
        if one.verdict.applies:
            apply(session, one.wish.subject, one.wish.field, one.wish.wanted, giver=giver, now=form.now)
    _tell(session, form, settled)
    return _answer(request, settled)


def end_line(
    session: Session, line_id: int, state: ChangeState, user_id: int, now: datetime, reason: str = ""
) -> None:
    """Give a line its last state, if nobody has: the one write that two people may race for.

    Raises Stale.
    """
    ended = session.execute(
        update(ChangeLine)
        .where(ChangeLine.id == line_id, ChangeLine.state.in_(change_rules.states_before(state)))
        .values(state=state, decided_at=now, decided_by_user_id=user_id, reason=reason)
    )
    if ended.rowcount != 1:
        raise Stale("Cette modification a déjà reçu une réponse. Voici la situation actuelle.")


def _settle(
    session: Session, wish: Wish, judge: Callable[[Wish, str | None, Pending | None], Verdict]
) -> _Settled:
    line = pending_line(session, wish.subject, wish.field)
    value = official(wish.subject, wish.field)
    pending = None if line is None else Pending(line.wanted_value)
    return _Settled(wish, judge(wish, value, pending), value, line)


def _judge(wish: Wish, value: str | None, pending: Pending | None) -> Verdict:
    return change_rules.declared(
        wish.wanted,
        shown=wish.shown,
        seen=wish.seen,
        official=value,
        pending=pending,
        needs_control=wish.needs_control,
    )


def _judge_for_service(wish: Wish, value: str | None, pending: Pending | None) -> Verdict:
    if wish.wanted == wish.shown:
        return change_rules.NOTHING
    if wish.seen != value:
        raise Stale(
            f"Ce dossier vient d’être modifié par quelqu’un d’autre. Voici les valeurs actuelles{NBSP}: "
            "refaites votre changement si c’est encore utile."
        )
    return change_rules.recorded(wish.wanted, official=value, pending=pending)


def _request(session: Session, form: Form, settled: Sequence[_Settled]) -> ChangeRequest | None:
    """The request that holds the new lines; None without any."""
    new = [one.wish.subject for one in settled if one.verdict.line is not None]
    if not new:
        return None
    request = ChangeRequest(
        reference=new_reference(session, ChangeRequest),
        household_id=form.household_id,
        child_id=new[0].child_id,
        guardian_id=new[0].guardian_id,
        section=form.section,
        author_user_id=form.author.user_id,
        author_name=form.author_name,
        channel=form.author.channel,
        submission_key=form.key,
        created_at=form.now,
        due_at=due_at(form.now),
    )
    session.add(request)
    session.flush()
    return request


def _line(request: ChangeRequest, form: Form, one: _Settled) -> ChangeLine:
    is_open = one.verdict.line is ChangeState.PENDING
    return ChangeLine(
        request_id=request.id,
        subject_kind=one.wish.subject.kind,
        subject_id=one.wish.subject.id,
        field=one.wish.field,
        is_safety=one.wish.is_safety,
        seen_value=one.wish.seen,
        wanted_value=one.wish.wanted,
        state=one.verdict.line,
        decided_at=None if is_open else form.now,
        decided_by_user_id=form.author.user_id if form.by_service and not is_open else None,
    )


def _tell(session: Session, form: Form, settled: Sequence[_Settled]) -> None:
    """One event for what was declared, one for what became official, one for what was withdrawn."""
    told: Mapping[str, _Told] = {action: _Told() for action in ("declared", "applied", "withdrawn")}
    for one in settled:
        action = _action(one.verdict)
        if action is None:
            continue
        wish, former = one.wish, one.official
        if action == "withdrawn" and one.pending is not None:
            former = one.pending.wanted_value
        told[action].before[wish.field] = telling.journal_value(wish.subject, wish.field, former)
        told[action].after[wish.field] = telling.journal_value(wish.subject, wish.field, wish.wanted)
    for action, words in told.items():
        if words.after:
            telling.record(
                session,
                f"change.{action}",
                settled[0].wish.subject,
                household_id=form.household_id,
                author=form.author,
                now=form.now,
                before=words.before,
                after=words.after,
            )


def _action(verdict: Verdict) -> str | None:
    if verdict.applies:
        return "applied"
    if verdict.line is ChangeState.PENDING:
        return "declared"
    return "withdrawn" if verdict.former is ChangeState.WITHDRAWN else None


def _answer(request: ChangeRequest | None, settled: Sequence[_Settled]) -> Declared:
    lines, unchanged = [], []
    for one in settled:
        if one.verdict == change_rules.NOTHING:
            unchanged.append(one.wish.field)
        else:
            lines.append(DeclaredLine(one.wish.field, one.verdict.line or one.verdict.former))
    return Declared(
        request.reference if request else None,
        request.due_at if request else None,
        tuple(lines),
        tuple(unchanged),
    )
