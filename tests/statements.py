"""How many SQL statements a piece of code sends: pages promise a number that does not grow with the town."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

# Not questions to the database but the frame around them.
FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Yield a list that fills with each statement sent meanwhile, by any connection of this process."""
    statements: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest: object) -> None:
        if not statement.lstrip().upper().startswith(FRAME):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def at_most(limit: int) -> Iterator[list[str]]:
    """Fail, showing the statements, when more than `limit` were sent."""
    with recorded() as statements:
        yield statements
    if len(statements) > limit:
        raise AssertionError(f"{len(statements)} statements, at most {limit}:\n\n{shown(statements)}")


def shown(statements: list[str]) -> str:
    return "\n\n".join(f"{number}. {statement}" for number, statement in enumerate(statements, start=1))
