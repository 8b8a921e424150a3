"""The counter of statements counts questions, not the frame of a transaction."""

import pytest
from sqlalchemy import select, text

from extensions import db
from models import Child, Household
from services.transaction import write_transaction
from tests import statements


def test_only_questions_are_counted(app):
    with app.app_context(), statements.recorded() as sent:
        db.session.execute(select(Child.id)).all()
        with write_transaction() as session:
            session.execute(select(Household.id)).all()
            session.execute(text("SAVEPOINT one"))
    assert [statement.split("\n")[0] for statement in sent] == ["SELECT child.id ", "SELECT household.id "]


def test_too_many_statements_are_shown(app):
    with (
        app.app_context(),
        pytest.raises(AssertionError, match=r"(?s)2 statements, at most 1:.*2\. SELECT household"),
    ):
        _ask_twice_under(1)


def _ask_twice_under(limit: int) -> None:
    with statements.at_most(limit):
        db.session.execute(select(Child.id)).all()
        db.session.execute(select(Household.id)).all()


def test_counting_stops_with_the_block(app):
    with app.app_context():
        with statements.at_most(0) as sent:
            pass
        db.session.execute(select(Child.id)).all()
    assert sent == []
