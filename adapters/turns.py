"""One at a time, whatever the number of processes and machines: a turn that its holder's death gives back.

PostgreSQL keeps it for all the machines (an advisory lock of a connection of its own); with SQLite there is
one machine, and a locked file of the instance folder does.
"""

import fcntl
import hashlib
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Engine


class Turn:
    """`take` it, or `wait` for it; `holds` says whether it is still ours (a connection may have been cut)."""

    def __init__(self, engine: Engine, folder: Path, name: str) -> None:
        self._engine, self._path = engine, folder / f".tour-{name}"
        self._number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        self._held: Any = None

    def take(self) -> bool:
        """Take the turn; False when another has it, or the database does not answer. Raises OSError."""
        return self.holds() or self._try(wait=False)

    def wait(self) -> None:
        """Take the turn when the other gives it back. Raises OSError."""
        if not self.holds() and not self._try(wait=True):
            raise OSError("The database does not answer.")

    def holds(self) -> bool:
        if self._held is None or self._engine.dialect.name == "sqlite":
            return self._held is not None
        try:
            self._held.execute("SELECT 1")
        except Exception:
            self.give_back()
            return False
        return True

    def give_back(self) -> None:
        """Let the next one take it; nothing when it is not ours."""
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def __enter__(self) -> "Turn":
        self.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()

    def _try(self, *, wait: bool) -> bool:
        if self._engine.dialect.name == "sqlite":
            return self._try_file(wait)
        return self._try_postgresql(wait)

    def _try_file(self, wait: bool) -> bool:
        file = self._path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._held = file
        return True

    def _try_postgresql(self, wait: bool) -> bool:
        import psycopg

        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        act = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        try:
            connection = psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            return False
        try:
            (answer,) = connection.execute(f"SELECT {act}(%s)", [self._number]).fetchone()
        except psycopg.OperationalError:
            answer = False
        if answer is False:
            connection.close()
            return False
        self._held = connection
        return True
