"""What a household had read before each adult read for itself, its adults have read."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from extensions import db
from models import ConversationReading
from tests.migrations.conftest import migrate_to, write

pytestmark = pytest.mark.load  # a town of long ago, brought up each time

NOW = datetime(2027, 1, 4, tzinfo=UTC)


def test_the_marks_of_a_household_are_those_of_its_adults(bare_town: Flask):
    """One conversation was read, the other not; the household has two accounts and an adult without one."""
    migrate_to(bare_town, "0006")
    with bare_town.app_context():
        write("household", {"id": 1, "number": 2001, "residency": "resident", "created_at": NOW})
        account = {"kind": "family", "status": "active", "created_at": NOW}
        write("user_account", *({**account, "id": one, "email": f"{one}@example.org"} for one in (1, 2)))
        write("guardian", *({"id": one, "user_id": one if one < 3 else None} for one in (1, 2, 3)))
        write("household_guardian", *({"household_id": 1, "guardian_id": one} for one in (1, 2, 3)))
        conversation = {"household_id": 1, "state": "open", "created_at": NOW, "last_message_at": NOW}
        write(
            "conversation",
            {**conversation, "id": 1, "reference": "R-1", "family_read_at": NOW},
            {**conversation, "id": 2, "reference": "R-2", "family_read_at": None},
        )
        message = {"author_user_id": 1, "sent_at": NOW, "is_from_family": False}
        write(
            "message",
            *(
                {**message, "id": one, "conversation_id": 1 + one // 3, "submission_key": f"{one}"}
                for one in (1, 2, 3)
            ),
        )
    migrate_to(bare_town, "head")
    with bare_town.app_context():
        rows = db.session.scalars(sa.select(ConversationReading).order_by(ConversationReading.user_id)).all()
        assert [(one.conversation_id, one.user_id, one.message_id) for one in rows] == [(1, 1, 2), (1, 2, 2)]
        assert {one.read_at for one in rows} == {NOW}
