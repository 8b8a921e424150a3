"""A second server that has not the keys and folders of the first does not start (R60)."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.sealing import load_sealer, new_key_line
from domain.errors import Refused
from extensions import db
from models import Setting
from safety_cli import check
from services import self_check, servers

NOW = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def machine(app, world, tmp_path, monkeypatch):
    """`machine(name)`: this process becomes that server; it shares the database and the backups."""

    def become(name: str, **settings) -> None:
        folder = tmp_path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        settings = {
            key: tmp_path / value if isinstance(value, Path) else value for key, value in settings.items()
        }
        for key, value in {
            "INSTANCE": folder,
            "SECRET_KEY": "of all",
            "SEALING_KEYS": folder / "sealing_keys",
            "BACKUP_KEY": folder / "backup_key",
            "BACKUPS": tmp_path / "shared",
            **settings,
        }.items():
            monkeypatch.setitem(app.config, key, tmp_path / value if isinstance(value, Path) else value)
        monkeypatch.setitem(app.extensions, "sealer", load_sealer(app.config["SEALING_KEYS"]))

    with app.app_context():
        yield become
        db.session.remove()


@pytest.fixture
def second(machine, tmp_path):
    """The first server has started; this process is now the second, to which its folder was copied."""
    machine("first")
    assert servers.differences() == []
    servers.register(NOW)
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    machine("second")
    return tmp_path / "second"


@pytest.mark.postgresql
def test_a_server_with_everything_of_the_first_starts(second):
    assert servers.differences() == []
    servers.register(NOW)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ({"SECRET_KEY": "of its own"}, "secret_key"),
        ({"SEALING_KEYS": Path("other_keys")}, "sealing_keys"),
        ({"BACKUP_KEY": Path("other_key")}, "backup_key"),
        ({"BACKUPS": Path("not_mounted")}, "dossier partagé"),
        ({"INSTANCE": Path("bare")}, "stockage S3"),
    ],
)
def test_what_it_does_not_share_is_named(machine, second, tmp_path, harm, said):
    (tmp_path / "bare").mkdir(mode=0o700)
    machine("second", **harm)
    sentence, on_purpose = servers.differences()
    assert said in sentence
    assert "--adopter" in on_purpose
    assert sentence in self_check.unsafe()
    with pytest.raises(Refused):
        servers.register(NOW)


@pytest.mark.postgresql
def test_no_key_is_in_the_database(second, tmp_path):
    kept = " ".join(db.session.scalars(select(Setting.value)))
    for key in ("sealing_keys", "backup_key"):
        for line in (second / key).read_text().split():
            assert line not in kept
            assert line.rpartition(":")[2] not in kept
    assert "of all" not in kept


@pytest.mark.postgresql
def test_a_sealing_key_that_was_added_is_asked_of_the_others(machine, second, tmp_path):
    with (second / "sealing_keys").open("a") as file:
        file.write(new_key_line())
    machine("second")
    servers.register(NOW)
    machine("first")
    assert "sealing_keys" in servers.differences()[0]


@pytest.mark.postgresql
def test_a_change_that_is_wanted_is_adopted(app, machine, second):
    machine("second", SECRET_KEY="another, on purpose")
    app.test_cli_runner().invoke(check, ["--adopter"])
    assert servers.differences() == []
    machine("first")
    assert "secret_key" in servers.differences()[0]


def test_a_town_on_one_machine_is_asked_nothing(app, machine):
    machine("first")
    if db.engine.dialect.name != "sqlite":
        return
    servers.register(NOW)
    assert db.session.scalars(select(Setting).where(Setting.key.startswith(servers.ROW))).all() == []
