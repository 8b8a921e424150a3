"""The fixtures of the faults: a running town, and an outage of its database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest

from tests.running_town import Running, Town, town

__all__ = ["outage", "town"]

UNLIMITED = -1


@contextmanager
def full_disk(server: Running) -> Iterator[None]:
    """The system lets no process of the portal write a byte into a file; SQLite takes it for a full disk."""
    server.limit_files(1)
    yield
    server.limit_files(UNLIMITED)


@contextmanager
def away(server: Running) -> Iterator[None]:
    """PostgreSQL cuts every connection and takes no new one, as while it restarts."""
    name = server.town.database_name
    with psycopg.connect(server.town.maintenance_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(cut, [name])
        yield
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture
def outage(town: Town) -> Callable[[Running], AbstractContextManager[None]]:
    """`with outage(server):` the worst that the engine of the run can do to the portal."""
    return full_disk if town.is_sqlite else away
