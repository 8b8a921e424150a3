"""One at a time, on one machine or on several."""

import psycopg
import pytest

from adapters.turns import Turn
from extensions import db


@pytest.fixture
def turns(app, tmp_path):
    """Two that want the same turn, and one that wants another."""
    with app.app_context():
        made = [Turn(db.engine, tmp_path, name) for name in ("backup", "backup", "other")]
        yield made
    for turn in made:
        turn.give_back()


def test_one_has_it_until_it_gives_it_back(turns):
    first, second, other = turns
    assert first.take()
    assert first.take()
    assert not second.take()
    assert other.take()
    first.give_back()
    assert not first.holds()
    assert second.take()


def test_who_waits_has_it_next(turns):
    first, second, _ = turns
    with first:
        assert not second.take()
    with second:
        assert second.holds()


@pytest.mark.postgresql
def test_a_connection_that_was_cut_holds_nothing(turns, database_url):
    first, second, _ = turns
    assert first.take()
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    assert not first.holds()
    assert second.take()
