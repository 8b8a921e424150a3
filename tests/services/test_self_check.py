"""What the portal says of itself: unsafe settings, the probe, the administrator's home (security S60)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.sealing import load_sealer
from domain.enums import StaffRole
from extensions import db
from services import backups, self_check
from services.self_check import Gravity
from tests.buckets import bucket_server
from tests.views.reading import text


@pytest.fixture
def look(app, monkeypatch):
    """The findings of a gravity under some settings."""

    def run(gravity: Gravity, **settings) -> list[str]:
        safe = {
            "PUBLIC_URL": "https://famille.test",
            "BEHIND_PROXY": True,
            "SMTP_HOST": "smtp.test",
            "SMTP_SECURITY": "tls",
        }
        for name, value in (safe | settings).items():
            monkeypatch.setitem(app.config, name, value)
        with app.app_context():
            found = [one.sentence for one in self_check.installation() if one.gravity is gravity]
            db.session.remove()
        return found

    return run


@pytest.fixture(autouse=True)
def private(app):
    app.config["INSTANCE"].chmod(0o700)


def test_a_safe_town_has_nothing_dangerous(look):
    assert look(Gravity.UNSAFE) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PUBLIC_URL": "http://famille.test"}, "https"),
        ({"BEHIND_PROXY": False}, "PORTAIL_PROXY"),
        ({"SMTP_SECURITY": "none"}, "SMTP_SECURITY"),
        ({"SMTP_SECURITY": "ssl"}, "none, starttls ou tls"),
        ({"DEBUG": True}, "FLASK_DEBUG"),
    ],
)
def test_each_danger_is_named_with_what_to_do(look, settings, said):
    (sentence,) = look(Gravity.UNSAFE, **settings)
    assert said in sentence


def test_a_town_tried_on_one_machine_is_only_warned(look):
    assert look(Gravity.UNSAFE, PUBLIC_URL="http://127.0.0.1:8000", BEHIND_PROXY=False) == []
    assert any("PORTAIL_URL" in one for one in look(Gravity.WARNING, PUBLIC_URL="http://127.0.0.1:8000"))


def test_what_others_read_is_dangerous(look, app, tmp_path):
    key = tmp_path / "sealing_keys"
    key.touch(0o644)
    (sentence,) = look(Gravity.UNSAFE, SEALING_KEYS=key)
    assert f"chmod 600 {key}" in sentence
    key.chmod(0o600)
    app.config["INSTANCE"].chmod(0o755)
    (sentence,) = look(Gravity.UNSAFE, SEALING_KEYS=key)
    assert "chmod 700" in sentence


def test_a_server_without_the_key_of_the_others_does_not_start(look, world, tmp_path, monkeypatch):
    child = world.child(world.household())
    world.health(child, allergies="Arachide")
    assert look(Gravity.UNSAFE) == []
    monkeypatch.setitem(world.app.extensions, "sealer", load_sealer(tmp_path / "sealing_keys"))
    (sentence,) = look(Gravity.UNSAFE)
    assert "sealing_keys" in sentence


def test_files_that_cannot_be_kept_are_told_before_opening(look, world):
    with bucket_server() as bucket:
        assert look(Gravity.UNSAFE, BUCKET=bucket) == []
        assert any(bucket.place in one for one in look(Gravity.FINE, BUCKET=bucket))
        (sentence,) = look(Gravity.UNSAFE, BUCKET=replace(bucket, place="s3://nothing"))
        assert "PORTAIL_S3_KEY" in sentence
        (sentence,) = look(Gravity.UNSAFE, BUCKET=replace(bucket, endpoint="http://s3.example.org"))
        assert "https" in sentence
    away = replace(bucket, place="s3://later")
    assert look(Gravity.UNSAFE, BUCKET=away) == [], "the rest of the portal works without its files"
    assert any("PORTAIL_S3_ENDPOINT" in one for one in look(Gravity.WARNING, BUCKET=away))
    problems = conditions(world.app, world.now).problems
    assert any("stockage des fichiers" in one for one in problems), "the administrator is told"


# --- At any moment ------------------------------------------------------------------------------------------


def conditions(app, now):
    with app.app_context():
        found = self_check.condition(now)
        db.session.remove()
    return found


def night(app, now, **problems):
    """What a night left behind."""
    with app.app_context():
        backups.tell(
            {name: backups.Outcome(now.isoformat(), "x.age", problem) for name, problem in problems.items()}
        )


def test_a_silent_worker_and_an_old_backup_are_told(app, world):
    (app.config["INSTANCE"] / self_check.SIGN_OF_LIFE).unlink(missing_ok=True)
    problems = " ".join(conditions(app, world.now).problems)
    assert "tâches de fond sont arrêtés" in problems
    assert "Aucune sauvegarde" in problems
    with app.app_context():
        self_check.show_life()
    seen = conditions(app, world.now).worker_seen
    night(app, seen, backup="", proof="")
    assert conditions(app, seen).problems == ()
    assert conditions(app, seen + timedelta(minutes=11)).problems
    assert any("plus d’un jour" in one for one in conditions(app, seen + timedelta(hours=27)).problems)


def test_a_backup_that_does_not_come_back_is_told_to_the_administrator_alone(app, world, client):
    night(app, world.now, backup="", proof="La sauvegarde ne se restaure pas\u00a0: 3 lignes manquent")
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    client.get("/gestion")
    assert "La sauvegarde ne se restaure pas" in text(client)
    assert "en échec" in text(client)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get("/gestion")
    assert "sauvegarde" not in text(client)


def test_a_probe_reads_one_word(client, monkeypatch):
    answer = client.get("/sante")
    assert (answer.status_code, answer.json["etat"] in ("ok", "a_voir")) == (200, True)
    monkeypatch.setattr(self_check, "_answers", lambda: False)
    answer = client.get("/sante")
    assert (answer.status_code, answer.json) == (503, {"etat": "en_panne"})
