"""kill -9 at each step of a restore: the town of before or that of the backup, whole, never between (R55)."""

import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import click
import pytest
from sqlalchemy import select, text

from extensions import db
from models import Document, DocumentCategory, DocumentPage, Household
from services import backups, document_store, restores
from services.transaction import write_transaction
from tests.running_town import Town

pytestmark = pytest.mark.fault

# What Python tells of itself when a program touches the disk or starts another.
STEPS = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen"})
BEFORE, OF_THE_BACKUP = "AUTRE", "SOLIGNAC"


def cut_at(step: int, later: float, act: Callable[[], object]) -> bool:
    """Do it in another process, killed with all it started `later` seconds after its nth step.

    Returns whether it was.
    """
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        left = [step]

        def count(event: str, arguments: tuple) -> None:
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE
            if event in STEPS or writes:
                left[0] -= 1
                if left[0] == 0:
                    strike()

        def strike() -> None:
            if later:
                threading.Timer(later, os.killpg, (0, signal.SIGKILL)).start()
            else:
                os.killpg(0, signal.SIGKILL)

        sys.addaudithook(count)
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


class Two:
    """A town as it was at its backup, then with another name and one document more."""

    def __init__(self, town: Town) -> None:
        self.town, self.world = town, town.world
        self.category = self.world.one(select(DocumentCategory).limit(1))
        self.home = self.world.household(OF_THE_BACKUP)
        self.world.sent_document(self.home, self.category)
        with town.app.app_context():
            self.archive = backups.make(self.world.now)
            self._leave()

    def change(self) -> None:
        """It lives on after the backup."""
        with self.town.app.app_context(), write_transaction() as session:
            session.execute(text("UPDATE household SET name = :name"), {"name": BEFORE})
        self.world.sent_document(self.home, self.category)
        with self.town.app.app_context():
            self._leave()

    def restore(self, number: int) -> None:
        with self.town.app.app_context():
            restores.restore(self.archive, replace=True, now=self.world.now + timedelta(hours=number))

    def name(self) -> str:
        """Of the town that stands; fails unless it is one of the two, whole, each document opened."""
        with self.town.app.app_context():
            name = db.session.scalar(select(Household.name))
            documents = db.session.scalars(select(Document.file_key)).all()
            pages = db.session.scalars(select(DocumentPage.file_key)).all()
            for key in (*documents, *pages):
                assert document_store.read(key)
            if self.town.is_sqlite:
                assert db.session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
            self._leave()
        assert (name, len(documents)) in {(OF_THE_BACKUP, 1), (BEFORE, 2)}
        return name

    @staticmethod
    def _leave() -> None:
        db.session.remove()
        db.engine.dispose()


def test_a_restore_that_is_cut_leaves_the_one_town_or_the_other(town, sized):
    two, rng = Two(town), random.Random(7)  # noqa: S311  moments, not secrets
    stride, step, cuts, seen = sized(ordinary=9, full=1), 1, 0, set()
    two.change()
    while True:
        later = rng.choice((0, 0, 0.02, 0.1))
        is_cut = cut_at(step, later, partial(two.restore, step))
        if not is_cut and not later:
            break  # it has fewer steps
        cuts += is_cut
        name = two.name()
        seen.add(name)
        if name == OF_THE_BACKUP:
            two.change()
        step += stride
    assert two.name() == OF_THE_BACKUP
    click.echo(f"{cuts} cuts, {seen}")
    assert cuts
    assert BEFORE in seen
    assert not list(town.folder.glob(".retour-*")), "what a kill left is swept"
