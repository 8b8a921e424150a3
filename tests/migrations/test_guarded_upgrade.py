"""An update that fails leaves the town as it was (reliability 3.10)."""

import pytest
from sqlalchemy import text

import cli
import config
from domain.errors import Refused
from extensions import db
from models import Household
from services import upgrades
from tests.running_town import town as town

FOLDER = str(config.ROOT / "migrations")


def set_back(town):
    """A town of the version before."""
    with town.app.app_context():
        with db.engine.execution_options(write=True).begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        db.engine.dispose()


def fail_half_way(town) -> None:
    """An update that writes, then fails; PostgreSQL undoes its own transaction."""
    with upgrades.guarded(FOLDER, town.world.now):
        with db.engine.execution_options(write=True).begin() as connection:
            connection.execute(text("UPDATE household SET name = 'PERDU'"))
            if not town.is_sqlite:
                raise RuntimeError("a step failed")
        raise RuntimeError("a step failed")


@pytest.mark.fault
def test_a_failed_update_is_undone_and_told(town):
    town.world.household("SOLIGNAC")
    set_back(town)
    with town.app.app_context():
        with pytest.raises(Refused, match="la base est comme avant"):
            fail_half_way(town)
        db.engine.dispose()
    assert town.world.one(Household).name == "SOLIGNAC"
    (copy,) = (town.folder / "backups").glob("avant-0001-*")
    assert copy.stat().st_size


@pytest.mark.fault
def test_nothing_is_copied_when_there_is_nothing_to_do(town):
    with town.app.app_context():
        cli.prepare_database()
        db.engine.dispose()
    assert not (town.folder / "backups").exists()
