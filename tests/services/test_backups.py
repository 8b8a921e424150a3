"""Backups: whole, encrypted, proved by restoring them aside, brought back on a bare machine (R55)."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

import cli
import config
from adapters import backup_archive, database_copies
from adapters.backup_archive import ArchiveBroken
from adapters.clock import FixedClock
from adapters.database_copies import CopyFailed
from adapters.sealing import SealBroken
from app import create_app
from domain.enums import MailKind, MailState
from domain.errors import Refused
from extensions import db
from models import AuditEvent, Document, DocumentCategory, Household, Invoice, OutgoingMail, UserSession
from services import backups, document_store, restores
from services.transaction import write_transaction
from tests.buckets import bucket_server, names_in, settings_of
from tests.running_town import Town
from tests.running_town import town as town

pytestmark = pytest.mark.fault  # each test builds a town from its migrations
LINES = [{"label": "Repas du 4 janvier", "amount_cents": 320}]


@pytest.fixture
def lively(town):
    """A town with a family, a bill, a payment, a sealed document, an open session and a mail that waits."""
    town.app.config["CLOCK"] = FixedClock(town.world.now)
    home = town.world.household("SOLIGNAC")
    parent = town.world.parent(home)
    regie = town.world.regie()
    town.world.invoice(regie, home, date(2027, 1, 1), LINES)
    town.world.payment(regie, home, 500)
    town.world.sent_document(home, town.world.one(select(DocumentCategory).limit(1)))
    town.cookie_of(parent)
    town.world.add(
        OutgoingMail(
            kind=MailKind.INVOICE_ISSUED,
            state=MailState.QUEUED,
            message_id="<attente@portail.test>",
            to_address=parent.email,
            subject="Votre facture",
            created_at=town.world.now,
            next_attempt_at=town.world.now,
        )
    )
    return town


def run(town: Town, act, *arguments, **options):
    with town.app.app_context():
        try:
            return act(*arguments, **options)
        finally:
            db.session.remove()


def made(town: Town) -> Path:
    return run(town, backups.make, town.world.now)


def test_a_backup_holds_every_row_and_the_totals_of_the_ledger(lively):
    manifest = run(lively, backups.prove, made(lively))
    assert manifest["rows"]["household"] == 1
    assert manifest["ledger"] == {
        "billed": 320, "credited": 0, "settled": 0, "received": 500, "allocated": 0,
    }  # fmt: skip
    documents = [name for name in manifest["files"] if name.startswith("documents/")]
    assert len(documents) == len(list((lively.folder / "documents").iterdir()))
    assert documents


def test_no_key_nor_name_is_read_in_it(lively):
    archive = made(lively)
    assert b"SOLIGNAC" not in archive.read_bytes()
    opened = lively.folder / "opened"
    opened.mkdir()
    backup_archive.read(archive, lively.folder / "backup_key", opened)
    kept = {path.name for path in opened.rglob("*")}
    assert not kept & {"sealing_keys", "backup_key", "secret_key"}
    assert archive.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("harm", ["altered", "cut", "other key"])
def test_an_archive_that_was_harmed_is_not_believed(lively, harm):
    archive = made(lively)
    content = archive.read_bytes()
    if harm == "altered":
        middle = len(content) // 2
        archive.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif harm == "cut":
        archive.write_bytes(content[: len(content) // 2])
    else:
        (lively.folder / "backup_key").unlink()
    with pytest.raises(ArchiveBroken):
        run(lively, backups.prove, archive)
    assert not [path for path in (lively.folder / "backups").iterdir() if path.name.startswith(".essai")]


def test_the_proof_counts_again(lively, monkeypatch):
    """A backup whose rows are not those that were counted fails its proof."""
    counted = backups.facts

    def one_less(connection):
        found = counted(connection)
        found["rows"]["household"] -= 1
        return found

    monkeypatch.setattr(backups, "facts", one_less)
    archive = made(lively)
    monkeypatch.setattr(backups, "facts", counted)
    with pytest.raises(CopyFailed, match="rows"):
        run(lively, backups.prove, archive)


def test_the_proof_opens_documents_with_the_keys_of_the_town(lively):
    archive = made(lively)
    stored = next((lively.folder / "documents").iterdir())
    stored.write_bytes(b"x" * stored.stat().st_size)
    run(lively, backups.prove, archive)  # what was backed up is whole
    with pytest.raises(SealBroken):
        run(lively, backups.prove, made(lively))


# --- The night ----------------------------------------------------------------------------------------------


def test_a_night_makes_proves_and_tells(lively):
    now = datetime(2027, 1, 12, 9, tzinfo=UTC)
    done = run(lively, backups.nightly, now)
    assert {name: outcome.problem for name, outcome in done.items()} == {
        "backup": "",
        "proof": "",
        "journal": "",
    }
    assert run(lively, backups.state)["proof"].moment == now
    assert not run(lively, backups.is_due, now + timedelta(hours=10))
    assert run(lively, backups.is_due, now + timedelta(hours=18))  # half past two in the morning is past


def test_what_a_killed_backup_left_is_swept(lively):
    left = lively.folder / "backups"
    (left / ".copie-x").mkdir(parents=True)
    (left / ".copie-x" / "portail.db").touch()
    (left / "portail-2020-01-01-023000.unfinished").touch()
    done = run(lively, backups.nightly, lively.world.now)
    kept = {path.name for path in left.iterdir()}
    assert kept == {done["backup"].file, backups.STATE, ".verrou"}


def test_a_night_that_fails_says_why_and_is_tried_again(lively, monkeypatch):
    def full(*_arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(database_copies, "copy", full)
    now = lively.world.now
    done = run(lively, backups.nightly, now)
    assert "No space left" in done["backup"].problem
    assert "proof" not in done
    assert not run(lively, backups.is_due, now + timedelta(minutes=59))
    assert run(lively, backups.is_due, now + timedelta(hours=1))
    assert not list((lively.folder / "backups").glob("*.age"))


@pytest.mark.parametrize(("command", "problem"), [("cp {fichier} %s", ""), ("false", "a échoué")])
def test_a_copy_leaves_the_machine(lively, tmp_path, command, problem):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lively.app.config["OFF_SITE"] = command.replace("%s", str(elsewhere))
    done = run(lively, backups.nightly, lively.world.now)
    assert problem in done["off_site"].problem
    assert bool(done["off_site"].problem) == bool(problem)
    assert [path.name for path in elsewhere.iterdir()] == ([] if problem else [done["backup"].file])


def test_old_backups_go(lively):
    archive = made(lively)
    for name in ("portail-2020-12-28-023000.age", "portail-2020-12-29-023000.age"):
        shutil.copy(archive, archive.with_name(name))
    gone = run(lively, backups.rotate, date(2021, 1, 12))
    assert gone == ["portail-2020-12-28-023000.age"]
    assert archive.exists()


# --- The return ---------------------------------------------------------------------------------------------


def bare_machine(town: Town, folder: Path, **environment: str) -> Flask:
    """Another machine with the two keys that were kept apart, and nothing else."""
    folder.mkdir(mode=0o700)
    for name in ("backup_key", "sealing_keys"):
        shutil.copy(town.folder / name, folder / name)
    return create_app(config.load(town.environment() | {"PORTAIL_INSTANCE": str(folder)} | environment))


def back(app, archive, now, replace=False):
    with app.app_context():
        try:
            return restores.restore(archive, replace=replace, now=now)
        finally:
            db.session.remove()


def test_a_town_comes_back_on_a_bare_machine(lively, tmp_path):
    archive, now = made(lively), lively.world.now
    bare = bare_machine(lively, tmp_path / "bare")
    # The database of this machine is the same one with PostgreSQL, full of the town.
    restored = back(bare, archive, now + timedelta(hours=1), replace=not lively.is_sqlite)
    assert restored.made_at == now
    assert (restored.put_aside is None) is lively.is_sqlite
    assert restored.frozen_mails == 1
    with bare.app_context():
        assert sorted(path.name for path in (tmp_path / "bare" / "documents").iterdir()) == sorted(
            path.name for path in (lively.folder / "documents").iterdir()
        )
        assert db.session.scalar(select(Household.name)) == "SOLIGNAC"
        assert db.session.scalar(select(Invoice.total_cents)) == 320
        assert db.session.scalar(select(UserSession.id)) is None
        mail = db.session.scalars(select(OutgoingMail)).one()
        assert (mail.state, mail.last_error) == (MailState.ABANDONED, restores.FROZEN)
        db.session.remove()
        db.engine.dispose()


def test_a_town_is_not_replaced_unasked_and_what_was_there_is_kept(lively):
    archive, now = made(lively), lively.world.now
    with lively.app.app_context(), write_transaction() as session:
        session.execute(text("UPDATE household SET name = 'AUTRE'"))
    with pytest.raises(Refused, match="--remplacer"):
        back(lively.app, archive, now)
    late = Path(lively.folder / "documents" / ("ab" * 16))
    late.write_bytes(b"sent after the backup")
    restored = back(lively.app, archive, now, replace=True)
    assert lively.world.one(Household).name == "SOLIGNAC"
    assert (restored.put_aside / ("portail.db" if lively.is_sqlite else "portail.dump")).stat().st_size
    assert not late.exists()
    assert (restored.put_aside / "documents" / late.name).read_bytes() == b"sent after the backup"


def test_the_settings_of_the_machine_stay_and_a_bare_one_takes_those_of_the_backup(lively):
    settings = lively.folder / "portail.toml"
    settings.write_text('smtp_port = "2525"\n')
    archive, now = made(lively), lively.world.now
    settings.write_text('smtp_port = "2526"\n')
    back(lively.app, archive, now, replace=True)
    assert settings.read_text() == 'smtp_port = "2526"\n'
    settings.unlink()
    back(lively.app, archive, now + timedelta(hours=1), replace=True)
    assert settings.read_text() == 'smtp_port = "2525"\n'


def test_the_journal_tells_the_return_at_the_next_start(lively):
    back(lively.app, made(lively), lively.world.now, replace=True)
    for _ in range(2):
        run(lively, cli.prepare_database)
    told = select(AuditEvent).where(AuditEvent.action == "town.restored")
    assert len(lively.world.all(told)) == 1


def test_a_town_moves_to_a_bucket_and_back(lively, tmp_path):
    """The files of a backup go where the settings say, wherever they came from."""
    with lively.app.app_context():
        (key,) = db.session.scalars(select(Document.file_key))
        content = document_store.read(key)
        db.session.remove()
    now, first = lively.world.now, made(lively)
    with bucket_server() as bucket:
        there = bare_machine(lively, tmp_path / "there", **settings_of(bucket))
        back(there, first, now, replace=not lively.is_sqlite)
        with there.app_context():
            assert document_store.read(key) == content
            assert not (tmp_path / "there" / "documents").exists()
            late = document_store.store().save(b"sent after the first backup")
            archive = backups.make(now + timedelta(hours=1))
            backups.prove(archive)
            document_store.store().delete(late)
            assert restores.restore(archive, replace=True, now=now + timedelta(hours=1)).put_aside
            assert document_store.read(late) == b"sent after the first backup"
            db.session.remove()
            db.engine.dispose()
        assert any("avant-restauration" in name for name in names_in(bucket))
        with there.app_context():
            gone = backups.rotate_aside(now + timedelta(days=100))
            db.engine.dispose()
        # A shared database was put aside the first time too.
        assert len(gone) == (1 if lively.is_sqlite else 2)
        assert not any((tmp_path / "there" / name).exists() for name in gone)
        assert not any("avant-restauration" in name for name in names_in(bucket))
        back(lively.app, archive, now, replace=True)
    with lively.app.app_context():
        assert document_store.read(key) == content
        db.session.remove()


def test_what_was_put_aside_before_updates_and_restores_does_not_stay_for_ever(lively):
    now = lively.world.now
    ages = (1, 10, 20, 30, 40)
    for place, pattern in (("backups", "avant-0005-{}-portail.db"), ("", "avant-restauration-{}")):
        (lively.folder / place).mkdir(exist_ok=True)
        for days in ages:
            path = lively.folder / place / pattern.format(f"{now - timedelta(days=days):{backups.STAMP}}")
            path.mkdir() if "restauration" in path.name else path.touch()
            if path.is_dir():
                (path / "documents").mkdir()
    (lively.folder / "avant-restauration-a-garder").mkdir()  # by hand: none of ours
    run(lively, backups.nightly, now)
    assert len(list((lively.folder / "backups").glob("avant-*"))) == 3
    left = {path.name for path in lively.folder.glob("avant-restauration-*")}
    wanted = {f"avant-restauration-{now - timedelta(days=days):{backups.STAMP}}" for days in (1, 10, 20)}
    assert left == wanted | {"avant-restauration-a-garder"}


def test_a_broken_backup_replaces_nothing(lively):
    archive, now = made(lively), lively.world.now
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(ArchiveBroken):
        back(lively.app, archive, now, replace=True)
    assert lively.world.one(Household).name == "SOLIGNAC"
    assert (lively.folder / "documents").is_dir()


def test_a_database_that_does_not_come_back_leaves_all_as_it_was(lively, monkeypatch):
    archive, now = made(lively), lively.world.now
    before = sorted(path.name for path in (lively.folder / "documents").iterdir())

    def fail(*_arguments):
        raise CopyFailed("pg_restore: no space left")

    monkeypatch.setattr(database_copies, "bring_back", fail)
    with pytest.raises(CopyFailed):
        back(lively.app, archive, now, replace=True)
    assert lively.world.one(Household).name == "SOLIGNAC"
    assert sorted(path.name for path in (lively.folder / "documents").iterdir()) == before
    assert not list(lively.folder.glob("avant-restauration-*"))


def test_without_its_key_the_sentence_says_which_file_to_bring(lively):
    archive = made(lively)
    (lively.folder / "backup_key").unlink()
    with pytest.raises(Refused, match="backup_key"):
        back(lively.app, archive, lively.world.now, replace=True)


def test_a_backup_made_under_a_clock_that_ran_ahead_puts_no_night_off(lively):
    run(lively, backups.nightly, lively.world.now + timedelta(days=400))
    assert run(lively, backups.is_due, lively.world.now)


def test_the_state_file_may_be_lost(lively):
    run(lively, backups.nightly, lively.world.now)
    (lively.folder / "backups" / backups.STATE).write_text("{")
    assert run(lively, backups.state) == {}
    assert run(lively, backups.is_due, lively.world.now)
