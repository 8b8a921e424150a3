"""Papers that the service had seen become accepted documents; none is lost."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from domain.enums import Channel, DocumentState
from extensions import db
from models import Document
from tests.migrations.conftest import migrate_to

pytestmark = pytest.mark.load  # a town of long ago, brought up each time

SUMMER, WINTER = date(2026, 7, 3), date(2027, 1, 5)


def write(table: str, *rows: dict[str, Any]) -> None:
    """Insert rows in the table as it is now, whatever the models say."""
    with db.engine.execution_options(write=True).begin() as connection:
        found = sa.Table(table, sa.MetaData(), autoload_with=connection)
        connection.execute(found.insert(), rows)


@pytest.fixture
def migrated(bare_town: Flask):
    migrate_to(bare_town, "0002")
    with bare_town.app_context():
        write(
            "household",
            {
                "id": 1, "number": 2001, "name": "SOLIGNAC", "address": "", "address_extra": "",
                "postcode": "", "city": "", "family_situation": "", "residency": "resident",
                "created_at": datetime(2026, 6, 1, tzinfo=UTC), "search_text": "",
            },
        )  # fmt: skip
        write("child", {"id": 1, "first_name": "Léo", "last_name": "SOLIGNAC", "birth_date": SUMMER})
        write(
            "document_category",
            {
                "id": 1, "name": "Assurance", "description": "", "owner": "child", "is_required": True,
                "position": 0, "is_active": True,
            },
        )  # fmt: skip
        seen = {"category_id": 1, "household_id": 1}
        write(
            "document_receipt",
            {**seen, "child_id": None, "received_on": SUMMER, "valid_until": None},
            {**seen, "child_id": 1, "received_on": WINTER, "valid_until": date(2027, 8, 31)},
        )
    migrate_to(bare_town, "0003")
    with bare_town.app_context():
        yield


@pytest.mark.usefixtures("migrated")
def test_a_paper_seen_at_the_counter_is_an_accepted_document_without_file():
    rows = db.session.scalars(sa.select(Document).order_by(Document.id)).all()

    assert [(row.child_id, row.valid_until) for row in rows] == [(None, None), (1, date(2027, 8, 31))]
    assert {(row.state, row.channel, row.file_key) for row in rows} == {
        (DocumentState.ACCEPTED, Channel.COUNTER, None)
    }
    assert [row.submitted_at for row in rows] == [
        datetime(2026, 7, 3, 10, tzinfo=UTC),
        datetime(2027, 1, 5, 11, tzinfo=UTC),
    ]
    assert "document_receipt" not in sa.inspect(db.engine).get_table_names()
