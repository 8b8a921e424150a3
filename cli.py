"""Commands of the `portail` launcher: start a town or a demonstration, run the outbox worker."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import FrameType
from typing import Any

import click
from flask import Flask, current_app
from werkzeug.local import LocalProxy

import config
import safety_cli
from adapters.turns import Turn
from domain.errors import Refused
from extensions import db, refresh_statistics

WORKER_PAUSE_SECONDS = 2
HOUSEKEEPING_EVERY = timedelta(hours=1)
QUOTIENT_WARNINGS_EVERY = timedelta(hours=6)  # it prices two months of those who proved nothing
MEAL_COUNTS_EVERY = timedelta(minutes=1)
WAITING_LISTS_EVERY = timedelta(minutes=10)
ATTENTION_EVERY = timedelta(minutes=10)
BACKUP_LOOK_EVERY = timedelta(minutes=5)
ONLINE_PAYMENTS_EVERY = timedelta(seconds=10)
SEALS_EVERY = timedelta(seconds=30)
ERASURES_EVERY = timedelta(minutes=1)
RETRY_AFTER = timedelta(minutes=1)
RESTART_PAUSE_SECONDS = 5

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Adresse d’écoute.")
port_option = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port."
)
# A command that gives its arguments as they are to a group loaded only when it is called.
HANDED_OVER: dict[str, Any] = {
    "add_help_option": False,
    "context_settings": {"ignore_unknown_options": True, "allow_interspersed_args": False},
}


def init_app(app: Flask) -> None:
    for command in (serve, administrator, demo, worker, reglement, migrations):
        app.cli.add_command(command)
    safety_cli.init_app(app)
    app.extensions["migrate"] = LocalProxy(cache(lambda: _migrations(app)))


def _migrations(app: Flask) -> object:
    """Flask-Migrate, set up when a command first asks for it: Alembic would weigh on every web worker."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(config.ROOT / "migrations"))
    return app.extensions["migrate"]


@click.command("serve")
@host_option
@port_option
def serve(host: str, port: int) -> None:
    """Démarre le portail de la commune (serveur et envoi des mails)."""
    from services import accounts, self_check, servers

    dangers = self_check.unsafe()
    if dangers:
        raise click.ClickException("Le portail ne démarre pas ainsi.\n" + "\n".join(dangers))
    prepare_database()
    clock = current_app.config["CLOCK"]
    try:
        servers.register(clock.now())
    except Refused as refusal:
        raise click.ClickException(refusal.message) from None
    say(f"Portail : {current_app.config['PUBLIC_URL']} (écoute sur http://{host}:{port})")
    say("Placez devant lui un serveur mandataire HTTPS (Caddy ou nginx) : voir docs/installation.md.")
    invitation = accounts.first_administrator_invitation(clock.now())
    if invitation:
        say("Aucun administrateur pour l’instant. Créez le premier avec ce lien, valable une seule fois :")
        say(f"  {current_app.config['PUBLIC_URL']}{invitation}")
    sys.exit(supervise(host, port, {}))


@click.command("administrateur")
def administrator() -> None:
    """Affiche un lien qui crée un administrateur, quand plus aucun ne peut entrer."""
    from services import accounts

    path = accounts.spare_administrator_invitation(current_app.config["CLOCK"].now())
    say("Créez un administrateur avec ce lien, valable une heure et une seule fois :")
    say(f"  {current_app.config['PUBLIC_URL']}{path}")
    say("Dans « Réglages › Agents », il retire le code de sécurité d’un collègue ou suspend son accès.")


@click.command("demo")
@host_option
@port_option
def demo(host: str, port: int) -> None:
    """Démarre une commune de démonstration, avec des familles inventées."""
    from services import demo as demo_town

    if not current_app.config["DEMO"]:
        raise click.ClickException(
            "Lancez la démonstration par « ./portail demo » : elle a ses propres données."
        )
    prepare_database()
    demo_town.ensure(current_app.config["CLOCK"].now(), current_app.config["INSTANCE"])
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104  compared, not bound
    say(f"Démonstration : {address}")
    for role, email, password in demo_town.SIGN_INS:
        say(f"  {role:<15} {email}  mot de passe : {password}")
    say(f"Mails envoyés par la démonstration : {address}/demonstration/mails")
    beside = free_port_from(port + 1)
    say(f"Paiement en ligne simulé, sans argent : http://127.0.0.1:{beside}")
    payfip = subprocess.Popen(
        [sys.executable, "-m", "simulator.payfip", "--port", str(beside)], cwd=config.ROOT
    )
    try:
        where = {"PORTAIL_URL": address, "PORTAIL_PAYFIP_URL": f"http://127.0.0.1:{beside}/tpa"}
        code = supervise(host, port, {"PORTAIL_DEMO": "1", **where})
    finally:
        payfip.terminate()
        payfip.wait()
    sys.exit(code)


@click.command("worker")
@click.option("--once", is_flag=True, help="Traite ce qui est dû, puis s’arrête.")
def worker(once: bool) -> None:
    """Envoie mails, rappels, sert les listes d’attente, fait le ménage (lancé par « serve » ou « demo »)."""
    from services import (
        attention,
        audit_seals,
        billing,
        booking_reminders,
        erasures,
        housekeeping,
        invoice_reminders,
        mail_server,
        mandates,
        meal_counts,
        online_payments,
        outbox,
        quotient_warnings,
        self_check,
        waiting_lists,
    )

    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    clock, transport = current_app.config["CLOCK"], mail_server.TownTransport()
    jobs = (
        Job("housekeeping", housekeeping.clean, HOUSEKEEPING_EVERY),
        Job("offers", waiting_lists.expire),
        Job("waiting lists", waiting_lists.tidy, WAITING_LISTS_EVERY),
        Job("online payments", online_payments.check_due, ONLINE_PAYMENTS_EVERY),
        Job("drafts", billing.make_asked),
        Job("meal counts", meal_counts.take_due, MEAL_COUNTS_EVERY),
        Job("mails", lambda now: outbox.deliver_due(now, transport), is_alone=False),
        Job("reminders", booking_reminders.remind, HOUSEKEEPING_EVERY),
        Job("bill reminders", invoice_reminders.remind, HOUSEKEEPING_EVERY),
        Job("direct debits", mandates.tidy, HOUSEKEEPING_EVERY),
        Job("quotient warnings", quotient_warnings.warn, QUOTIENT_WARNINGS_EVERY),
        Job("erasures", erasures.work, ERASURES_EVERY),
        Job("seals of the journal", audit_seals.seal, SEALS_EVERY),
    )
    if not current_app.config["DEMO"]:
        jobs += (Job("attention", attention.tell, ATTENTION_EVERY),)
    if not once and not current_app.config["DEMO"]:
        jobs += (Job("backup", NightlyBackup(), BACKUP_LOOK_EVERY),)
    turn = Turn(db.engine, current_app.config["INSTANCE"], "worker")
    while not stopping.is_set():
        self_check.show_life()  # before the jobs: one of them asks whether the worker lives
        leads = turn.take()
        run_due([job for job in jobs if leads or not job.is_alone], clock.now())
        if once:
            break
        stopping.wait(WORKER_PAUSE_SECONDS)
    turn.give_back()


class NightlyBackup:
    """The backup of the night in a process of its own: it may last, mails must not wait for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, now: datetime) -> None:
        from services import backups

        if self._process is not None and self._process.poll() is None:
            return
        if backups.is_due(now):
            command = [sys.executable, "-m", "flask", "--app", "app", "backup"]
            self._process = subprocess.Popen(command, cwd=config.ROOT, stdout=subprocess.DEVNULL)


@dataclass(slots=True)
class Job:
    """Something that the worker does, no sooner than `every` after the last time.

    Of the workers of several servers one leads: it alone does what `is_alone`, and another takes over when it
    falls. All of them send mails, each mail being claimed by one.
    """

    name: str
    act: Callable[[datetime], object]
    every: timedelta = timedelta(0)
    is_alone: bool = True
    next_at: datetime | None = None


def run_due(jobs: Iterable[Job], now: datetime) -> None:
    """One turn of the worker: each job alone, so that one which fails keeps none of the others back.

    One that failed is tried again a minute later at the latest: the database may be away for a moment
    (restart, full disk), and a log is no place for the same failure at every turn. A clock that was set back
    makes nothing wait longer than its pace.
    """
    for job in jobs:
        if job.next_at is not None and timedelta(0) < job.next_at - now <= job.every:
            continue
        job.next_at = now + job.every
        try:
            job.act(now)
        except Exception:
            job.next_at = now + min(job.every, RETRY_AFTER)
            current_app.logger.exception("The worker could not do its %s", job.name)
        finally:
            db.session.remove()


@click.command("reglement", **HANDED_OVER)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def reglement(arguments: tuple[str, ...]) -> None:
    """Vérifie un règlement, montre ses limites, répond à un scénario."""
    import rulebook_cli  # a worker of the application server never pays for the rule engine

    rulebook_cli.group.main(list(arguments), prog_name="portail reglement")


@click.command("db", **HANDED_OVER)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def migrations(arguments: tuple[str, ...]) -> None:
    """Écrit et applique les changements de la base (Flask-Migrate)."""
    from flask_migrate.cli import db as group

    group.main(list(arguments), prog_name="portail db")


def say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()


def free_port_from(port: int) -> int:
    """The first port from this one on that nobody listens to on the loopback address."""
    for candidate in range(port, min(port + 100, 65536)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", candidate)):
                return candidate
    raise click.ClickException("Aucun port libre pour le paiement en ligne simulé.")


def prepare_database() -> None:
    """Bring the schema up to date and the query planner's statistics with it.

    A town is copied first: when the update fails, it is as it was before, and the reason is told.
    """
    from flask_migrate import upgrade

    from services import restores, upgrades

    folder = str(config.ROOT / "migrations")
    try:
        with upgrades.guarded(folder, current_app.config["CLOCK"].now()) as is_old:
            if is_old:  # else another server of this town may be writing
                upgrade(directory=folder)
    except Refused as refusal:
        raise click.ClickException(refusal.message) from refusal
    restores.tell(current_app.config["CLOCK"].now())
    db.session.remove()
    with db.engine.execution_options(write=True).begin() as connection:
        refresh_statistics(connection)
    db.engine.dispose()


def supervise(host: str, port: int, environment: Mapping[str, str]) -> int:
    """Run the web server and the worker until one signal; restart the worker if it falls.

    Returns the exit code of the web server.
    """
    environment = {**os.environ, **environment}
    server = subprocess.Popen(gunicorn_command(host, port), env=environment, cwd=config.ROOT)
    processes = {"worker": start_worker(environment)}
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        server.terminate()
        processes["worker"].terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while server.poll() is None:
        if processes["worker"].poll() is not None and not stopping.wait(RESTART_PAUSE_SECONDS):
            processes["worker"] = start_worker(environment)
        try:
            server.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
    processes["worker"].terminate()
    processes["worker"].wait()
    return server.returncode


def gunicorn_command(host: str, port: int) -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", "--config", str(config.ROOT / "gunicorn.conf.py"),
        "--bind", f"{host}:{port}", "app:create_app()",
    ]  # fmt: skip


def start_worker(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "worker"], env=environment, cwd=config.ROOT
    )
