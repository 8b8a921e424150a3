"""Life of a booking: what follows what, what a wish becomes (S99, S101)."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.enums import Availability, BookingState, LineAction, LineState, Outcome, ValidationMode
from domain.errors import Refused

# A booking that is refused or cancelled stays in the history; booking the day again makes a new one.
BOOKING_TRANSITIONS: Mapping[BookingState, frozenset[BookingState]] = {
    BookingState.REQUESTED: frozenset(
        {
            BookingState.ACCEPTED,
            BookingState.PENDING,
            BookingState.WAITING,
            BookingState.REFUSED,
            BookingState.CANCELLED,
        }
    ),
    BookingState.PENDING: frozenset(
        {BookingState.ACCEPTED, BookingState.WAITING, BookingState.REFUSED, BookingState.CANCELLED}
    ),
    BookingState.WAITING: frozenset(
        {
            BookingState.OFFERED,
            BookingState.ACCEPTED,
            BookingState.PENDING,
            BookingState.REFUSED,
            BookingState.CANCELLED,
        }
    ),
    BookingState.OFFERED: frozenset(
        {BookingState.ACCEPTED, BookingState.PENDING, BookingState.REFUSED, BookingState.CANCELLED}
    ),
    BookingState.ACCEPTED: frozenset({BookingState.CANCELLED}),
    BookingState.REFUSED: frozenset(),
    BookingState.CANCELLED: frozenset(),
}

ACTIVE_STATES = frozenset(state for state, following in BOOKING_TRANSITIONS.items() if following)
PLACE_HOLDING_STATES = frozenset({BookingState.PENDING, BookingState.ACCEPTED, BookingState.OFFERED})
# The bookings of a child who is expected on the day, unless its family said that it does not come.
EXPECTED_STATES = frozenset({BookingState.PENDING, BookingState.ACCEPTED})

# What holds no place of the family's own: it is given up at any time, and nothing is due.
UNPLACED_STATES = frozenset({BookingState.REQUESTED, BookingState.WAITING, BookingState.OFFERED})

# What nobody of the service answers by hand: the family, or the allotment of the places, does.
NOT_BY_HAND = frozenset({BookingState.REQUESTED, BookingState.OFFERED})


def booking_may_become(state: BookingState, following: BookingState) -> bool:
    return following in BOOKING_TRANSITIONS[state]


def check_transition(state: BookingState, following: BookingState) -> None:
    """Raises Refused `bad_transition` when `following` may not come after `state`."""
    if not booking_may_become(state, following):
        raise Refused("bad_transition", "Cette demande a déjà reçu une réponse. Rechargez la page.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish is refused; for `too_late`, the sentence of the deadline decision names the limit."""

    code: str
    message: str


TOO_LATE = Refusal("too_late", "Le délai est passé. Contactez le service.")
CLOSED = Refusal("closed", "L’activité est fermée ce jour-là. Choisissez un autre jour.")
FULL = Refusal("full", "Il n’y a plus de place ce jour-là. Choisissez un autre jour.")
NOT_ACTIVE = Refusal("not_active", "Cette réservation n’est plus active. Rechargez la page.")


def booking_outcome(
    rule: Outcome,
    mode: ValidationMode,
    availability: Availability,
    action: LineAction,
    current: BookingState | None = None,
) -> LineState | Refusal:
    """What a wish becomes under the deadline rule, the mode of the facility and what the day offers.

    Booking: accepted at once when the rule allows it, with or without a
    supplement, the mode automatic and a place is there; pending, its
    place held, when somebody must decide; waiting when the day is full and keeps a list. Cancelling needs the
    `current` state of the booking: what nobody has accepted yet is given back at once while in time (S101),
    a wish, a rank on a waiting list or an offered place at any time.
    """
    if action is LineAction.CANCEL and current in UNPLACED_STATES:
        return LineState.ACCEPTED
    if rule is Outcome.REFUSE:
        return TOO_LATE
    if action is LineAction.CANCEL:
        return _cancel_outcome(rule, mode, current)
    if availability is Availability.CLOSED:
        return CLOSED
    if availability is Availability.FULL:
        return FULL
    if availability is Availability.WAITING_LIST:
        return LineState.WAITING
    return _accepted_or_pending(rule, mode)


def _cancel_outcome(rule: Outcome, mode: ValidationMode, current: BookingState | None) -> LineState | Refusal:
    if current not in ACTIVE_STATES:
        return NOT_ACTIVE
    if rule is Outcome.FREE and current is not BookingState.ACCEPTED:
        return LineState.ACCEPTED
    return _accepted_or_pending(rule, mode)


def _accepted_or_pending(rule: Outcome, mode: ValidationMode) -> LineState:
    at_once = rule in (Outcome.FREE, Outcome.EXTRA) and mode is ValidationMode.AUTOMATIC
    return LineState.ACCEPTED if at_once else LineState.PENDING
