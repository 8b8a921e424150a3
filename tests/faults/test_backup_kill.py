"""kill -9 in the middle of a backup: never half an archive, and the next one is whole (R55)."""

import random
import time

import pytest
from sqlalchemy import select

from models import DocumentCategory
from services import backups

pytestmark = pytest.mark.fault


def test_a_killed_backup_leaves_no_half_archive(town, sized):
    category = town.world.one(select(DocumentCategory).limit(1))
    town.world.sent_document(town.world.household(), category)
    rng = random.Random(5)  # noqa: S311  moments, not secrets
    began = time.monotonic()
    with town.running(town.flask("backup")) as whole:
        assert whole.process.wait(60) == 0, town.last_words()
    lasts = time.monotonic() - began
    killed = 0
    for _ in range(sized(ordinary=6, full=100)):
        with town.running(town.flask("backup")) as run:
            time.sleep(rng.uniform(0.3, 0.95) * lasts)
            if run.process.poll() is None:
                run.kill()
                killed += 1
    with town.running(town.flask("backup")) as last:
        assert last.process.wait(60) == 0, town.last_words()
    with town.app.app_context():
        found = list(backups.folder().iterdir())
        for archive in found:
            if archive.suffix == backups.SUFFIX:
                backups.prove(archive)
        assert {path.suffix for path in found} <= {backups.SUFFIX, ".json", ""}
    assert killed
