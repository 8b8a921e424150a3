"""The one place that writes: every use case opens its transaction here, and only here stands `commit`."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import has_request_context, request
from sqlalchemy.orm import Session

from extensions import WriteOutsideTransaction, db

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@contextmanager
def write_transaction() -> Iterator[Session]:
    """Open a write transaction, commit it at the end, undo everything on any exception.

    The read transaction that loading the signed-in user opened is ended first: objects read before
    are expired, so pass ids, not entities. On SQLite the write lock is taken at once (waits up to
    ten seconds); on PostgreSQL rows are locked by the conditional updates of the callers.
    Keep the body short: no mail, no file, no network, no password hashing.

    Raises WriteOutsideTransaction when called while answering a GET, HEAD or OPTIONS.
    """
    if has_request_context() and request.method in SAFE_METHODS:
        raise WriteOutsideTransaction(f"{request.method} {request.path} must not write.")
    session = db.session()
    session.rollback()
    session.connection(execution_options={"write": True})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
