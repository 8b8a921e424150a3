"""What a declared change becomes, line by line (S34 to S37, S52): transitions, three values, lateness.

Three values meet in a line: `seen`, the official value that the family had on screen; `official`, the one
that stands now; `wanted`. Values are the texts of `domain.family_file`, None for nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.enums import ChangeState
from domain.family_file import NO, Person

CHANGE_TRANSITIONS: Mapping[ChangeState, frozenset[ChangeState]] = {
    ChangeState.PENDING: frozenset(
        {ChangeState.ACCEPTED, ChangeState.REFUSED, ChangeState.WITHDRAWN, ChangeState.REPLACED}
    ),
    ChangeState.ACCEPTED: frozenset(),
    ChangeState.REFUSED: frozenset(),
    ChangeState.WITHDRAWN: frozenset(),
    ChangeState.REPLACED: frozenset(),
}
_FINGERPRINT_LENGTH = 16


def states_before(following: ChangeState) -> frozenset[ChangeState]:
    """The states from which a line may become `following`: what a conditional update asks."""
    return frozenset(state for state, after in CHANGE_TRANSITIONS.items() if following in after)


@dataclass(frozen=True, slots=True)
class Pending:
    """The line of a field that waits for an answer."""

    wanted: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`line`: the state of the new line, None when there is none. `former`: what the pending line becomes,
    None when it stays, or when there is none.
    """

    line: ChangeState | None = None
    former: ChangeState | None = None

    @property
    def applies(self) -> bool:
        """The wanted value becomes the official one at once."""
        return ChangeState.ACCEPTED in (self.line, self.former)


NOTHING = Verdict()


def shown_at_first(seen: str | None, pending: Pending | None) -> str | None:
    """What a form is filled with: the value that waits for an answer, else the official one."""
    return seen if pending is None else pending.wanted


def declared(
    wanted: str | None,
    *,
    shown: str | None,
    seen: str | None,
    official: str | None,
    pending: Pending | None,
    needs_control: bool,
) -> Verdict:
    """What a value that a family sent becomes. `shown` is what its form was filled with.

    A field left as it was shown changes nothing, whatever happened meanwhile, and neither does the value that
    waits already. The official value withdraws what waited. Without control a value is applied at once,
    unless the service changed the field behind the family's back: then somebody decides.
    """
    if wanted == shown or (pending is not None and wanted == pending.wanted):
        return NOTHING
    if wanted == official:
        return Verdict(former=ChangeState.WITHDRAWN) if pending is not None else NOTHING
    at_once = not needs_control and seen == official
    return Verdict(
        line=ChangeState.ACCEPTED if at_once else ChangeState.PENDING,
        former=ChangeState.REPLACED if pending is not None else None,
    )


def recorded(wanted: str | None, *, official: str | None, pending: Pending | None) -> Verdict:
    """What a value that an agent typed becomes: official at once. What the family declared meanwhile stays to
    be answered, unless it is that very value.
    """
    if wanted == official:
        return NOTHING
    if pending is not None and wanted == pending.wanted:
        return Verdict(former=ChangeState.ACCEPTED)
    return Verdict(line=ChangeState.ACCEPTED)


def is_conflict(wanted: str | None, *, seen: str | None, official: str | None) -> bool:
    """The field changed since the family saw it, and not into what it wants: three values to show (S37)."""
    return official not in (seen, wanted)


def is_late(due_at: datetime, now: datetime) -> bool:
    """The service has gone beyond the time that it gives itself (S34)."""
    return now > due_at


def fingerprint(value: str | None) -> str:
    """What an agent had on screen, in short: a decision names the official value that it replaces (S37)."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def person_is_safety(former: Person | None, wanted: Person | None) -> bool:
    """Somebody may not fetch the child any more: the door has to know at once (S52)."""
    return former is not None and former.may_collect and (wanted is None or not wanted.may_collect)


def authorisation_is_safety(wanted: str | None, *, type_is_safety: bool) -> bool:
    """A « non » to a question of safety is shown at once at the door (S52)."""
    return type_is_safety and wanted == NO
