"""What PostgreSQL is asked around the statements: as little as it takes, and a plan is made once."""

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import select, text

from extensions import db
from models import Child, Household
from services.transaction import write_transaction

pytestmark = pytest.mark.postgresql
MANY = 12  # more often than it takes to prepare a statement
PREPARED = text("SELECT statement FROM pg_prepared_statements")


@pytest.fixture
def postgresql(app):
    """The application, on PostgreSQL, with no connection open yet."""
    with app.app_context():
        db.engine.dispose()
        yield app
        db.session.remove()


def status() -> TransactionStatus:
    """Of the connection that the session holds."""
    return db.session.connection().connection.dbapi_connection.info.transaction_status


def read_again() -> None:
    """As each request does: a connection of the pool, a statement, the connection given back."""
    db.session.execute(select(Child.id).where(Child.id == 1)).all()
    db.session.remove()


def prepared() -> list[str]:
    found = [statement for statement in db.session.scalars(PREPARED) if "FROM child" in statement]
    db.session.remove()
    return found


def test_reading_opens_no_transaction(postgresql):
    db.session.execute(select(Child.id)).all()
    assert status() is TransactionStatus.IDLE


def test_a_statement_that_is_read_often_is_prepared_once_and_stays(postgresql):
    for _ in range(MANY):
        read_again()
    assert len(prepared()) == 1


def test_a_write_between_two_reads_forgets_no_prepared_statement(postgresql, world):
    for _ in range(MANY):
        read_again()
        world.household()
    assert len(prepared()) == 1


def test_a_write_is_a_transaction_even_on_a_connection_that_has_read(postgresql, world):
    household = world.household()
    read_again()
    with pytest.raises(ZeroDivisionError):
        rename_and_fail(household.id)
    assert world.one(select(Household)).name == household.name


def rename_and_fail(household_id: int) -> float:
    with write_transaction() as session:
        session.get(Household, household_id).name = "AUTRE"
        session.flush()
        assert status() is TransactionStatus.INTRANS
        return 1 / 0
