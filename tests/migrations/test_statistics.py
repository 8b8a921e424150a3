"""What the planner of queries knows after a start, and what it must not know (SQLite)."""

import sqlalchemy as sa

import cli
from extensions import db
from models import Booking

TABLES = sa.text("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'")


def test_a_start_leaves_the_counts_and_no_samples(bare_town):
    with bare_town.app_context():
        cli.prepare_database()
        if db.engine.dialect.name == "sqlite":
            assert db.session.scalars(TABLES).all() == ["sqlite_stat1"]


def test_no_partial_index_of_bookings_compares_the_state_with_one_word():
    """SQLite would plan anew every statement with `state = ?`, each time that it runs."""
    conditions = [str(index.dialect_options["sqlite"]["where"]) for index in Booking.__table__.indexes]
    assert [one for one in conditions if "state =" in one] == []
