"""Proof that every write is in the journal (S115): the bench reads each statement of each transaction.

A transaction of a service that changed a business table and commits without an event raises Untold, so the
test that made it fails, whatever it is about. What tests and the demonstration build by hand is not an act.
The same holds for the history of bookings: who makes one or changes its state adds a step (R26).
"""

import re
import sys
from pathlib import Path

from sqlalchemy import Connection, Engine, event

ROOT = Path(__file__).parent.parent
BUILDERS = ("tests/", "services/demo/", "benchmarks/")
JOURNAL = "audit_event"
# Tables that hold no fact of a family or of the town, and why each needs no event.
NO_EVENT = {
    "user_session": "a browser signed in or out; its own table is the trace",
    "last_sign_in": "when an account was opened; its session is the trace",
    "throttle": "a counter of tries",
    "provisional_password": "a one-time secret: asking and sending it is told by its mail",
    "activation_token": "a one-time secret: the invitation that asked for it has its event",
    "email_change": "a request until its link is used: asking, giving up and confirming have their events",
    "booking_draft": "what a parent is still choosing: nothing is decided before « Valider »",
    "booking_draft_line": "same",
    "audit_seal": "the seal of the journal itself",
    "outgoing_mail": "the outbox is its own journal: each attempt is written on the mail",
}
HISTORY = "booking_event"
_NEW_STATE = re.compile(
    r'^\s*(INSERT\s+INTO\s+"?booking"?\s|UPDATE\s+"?booking"?\s+SET\s.*?\bstate\s*=.*?\bWHERE\b)',
    re.IGNORECASE | re.DOTALL,
)
STATE = "the state of a booking"
# Counters, no fact of a family: when the payment service is asked again, which code served last.
_COUNTED = re.compile(r"^\s*UPDATE (online_payment|second_factor) SET (.*) WHERE", re.IGNORECASE)
_COUNTERS = {"online_payment": {"next_check_at", "checks"}, "second_factor": {"last_step"}}
_WRITE = re.compile(r'^\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?', re.IGNORECASE)


class Untold(AssertionError):
    """A service changed these tables and no event says so."""


def watch() -> None:
    """Follow every engine of this process."""
    event.listen(Engine, "begin", _forget)
    event.listen(Engine, "rollback", _forget)
    event.listen(Engine, "after_cursor_execute", _note)
    event.listen(Engine, "commit", _refuse_untold)


def _forget(connection: Connection) -> None:
    connection.info["written"] = set()


def _note(connection, cursor, statement, _parameters, _context, _many) -> None:
    if (found := _WRITE.match(statement)) and cursor.rowcount != 0 and not _only_counts(statement):
        written = connection.info.setdefault("written", set())
        written.add(found[2].lower())
        if _NEW_STATE.match(statement):
            written.add(STATE)


def _only_counts(statement: str) -> bool:
    found = _COUNTED.match(statement)
    return found is not None and set(re.findall(r"(\w+)=", found[2])) <= _COUNTERS[found[1]]


def _refuse_untold(connection: Connection) -> None:
    written = connection.info.pop("written", set())
    if STATE in written and HISTORY not in written and _writer_is_a_service():
        raise Untold("No step of the history tells this change of a booking.")
    untold = written - NO_EVENT.keys() - {STATE}
    if untold and JOURNAL not in written and _writer_is_a_service():
        raise Untold(f"No event tells this change of {', '.join(sorted(untold))}.")


def _writer_is_a_service() -> bool:
    """True when what opened the write transaction that commits is the portal itself."""
    frame = sys._getframe()
    while frame is not None and not frame.f_code.co_filename.endswith("services/transaction.py"):
        frame = frame.f_back
    while frame is not None and frame.f_code.co_filename.endswith(("transaction.py", "contextlib.py")):
        frame = frame.f_back
    if frame is None:
        return False
    writer = Path(frame.f_code.co_filename).relative_to(ROOT).as_posix()
    return not writer.startswith(BUILDERS)
