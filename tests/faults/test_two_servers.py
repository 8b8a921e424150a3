"""Two application servers on one PostgreSQL behind nginx, files in a bucket, by configuration only (R60)."""

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select
from urllib3.filepost import encode_multipart_formdata

from domain.enums import MailState, RunState, StaffRole
from models import AuditEvent, BillingRun, OutgoingMail, Resource
from services import backups, credentials
from tests.adapters.test_mail import Mailbox, free_port
from tests.buckets import bucket_server, names_in, settings_of
from tests.conftest import missing_tool
from tests.faults.test_mail_server import Listening, queue_notices, worker_of
from tests.load.proxy import nginx, proxied
from tests.running_town import Browser, Running, Town

pytestmark = [pytest.mark.fault, pytest.mark.postgresql]
PASSWORD = "trois-chats-et-un-velo"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Servers:
    """Two machines of one town, each with `serve`: its web server and its worker."""

    towns: tuple[Town, Town]
    running: tuple[Running, Running]
    door: int  # port of nginx
    bucket_names: Callable[[], list[str]]

    def browsers(self, cookie: str) -> list[Browser]:
        """The same visitor at each server, and at the door."""
        return [Browser(port, cookie) for port in (*(town.port for town in self.towns), self.door)]


@pytest.fixture(scope="module")
def servers(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    if nginx() is None:
        missing_tool("This test needs the proxy: apt-get install nginx-light")
    folder, door = tmp_path_factory.mktemp("servers"), free_port()
    name = f"town_{os.urandom(6).hex()}"
    server = database_url.replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as connection, bucket_server() as bucket:
        connection.execute(f"CREATE DATABASE {name}")
        shared = settings_of(bucket) | {
            "PORTAIL_URL": f"http://127.0.0.1:{door}",
            "PORTAIL_PROXY": "1",
            "PORTAIL_BACKUPS": str(folder / "backups"),
            "PORTAIL_BACKUP_KEY": str(folder / "backup_key"),
            "WEB_CONCURRENCY": "1",
        }
        url = f"{database_url.rpartition('/')[0]}/{name}"
        first = machine(folder / "first", url, shared)
        (folder / "second").mkdir()
        for secret in ("secret_key", "sealing_keys"):
            shutil.copy(first.folder / secret, folder / "second" / secret)
        second = machine(folder / "second", url, shared | {"SMTP_PORT": str(first.smtp_port)})
        with ExitStack() as stack:
            running = tuple(stack.enter_context(town.starting()) for town in (first, second))
            for town, server in zip((first, second), running, strict=True):
                town.wait_for(lambda town=town, server=server: town.answers(server))
            stack.enter_context(proxied(first, second, port=door))
            yield Servers((first, second), running, door, lambda: names_in(bucket))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def machine(folder: Path, url: str, settings: dict[str, str]) -> Town:
    folder.mkdir(exist_ok=True)
    town = Town(folder, url, **settings)
    with town.app.app_context():
        town.app.extensions["sealer"].seal(b"", "nothing")  # its keys exist from now on
    return town


def test_a_session_and_a_slowed_account_are_the_same_everywhere(servers):
    town = servers.towns[0]
    parent = town.world.parent(
        town.world.household(), password_hash=credentials.hash_secret(PASSWORD), email="claire@example.org"
    )
    at_the_door = Browser(servers.door, "")
    at_the_door.get("/")
    signed_in = at_the_door.post("/", {"email": parent.email, "password": PASSWORD})
    assert signed_in.status == 303
    for browser in servers.browsers(at_the_door.cookie):
        for _ in range(2):  # nginx turns
            assert browser.get("/planning").status == 200
    at_the_door.get("/accueil")
    assert at_the_door.post("/deconnexion").status == 303
    assert {browser.get("/planning").status for browser in servers.browsers(at_the_door.cookie)} == {303}

    tries = servers.browsers("")
    for place in range(6):
        browser = tries[place % 3]
        browser.get("/")
        browser.post("/", {"email": parent.email, "password": "wrong"})
    for browser in tries:
        browser.get("/")
        answer = browser.post("/", {"email": parent.email, "password": PASSWORD})
        assert answer.status == 429, answer.text
        assert "Patientez quelques minutes" in answer.text


def test_a_file_sent_to_one_server_is_read_on_the_other(servers):
    first = servers.towns[0]
    agent = servers.running[0].browser(first.world.staff(StaffRole.ADMINISTRATOR))
    page = "/gestion/contenus/ressources/nouvelle"
    token = re.search(r'name="csrf_token" value="([^"]+)"', agent.get(page).text)[1]
    body, kind = encode_multipart_formdata(
        {
            "csrf_token": token,
            "title": "Règlement intérieur",
            "position": "1",
            "is_active": "y",
            "file": ("reglement.pdf", PDF, "application/pdf"),
        }
    )
    assert agent.send(page, body, kind).status == 303
    resource = first.world.one(Resource)
    parent = servers.running[1].browser(first.world.parent(first.world.household()))
    answer = parent.get(f"/ressources/{resource.id}")
    assert (answer.status, answer.text.encode()) == (200, PDF)
    assert f"portail/files/{resource.file_key}" in servers.bucket_names()
    assert not any((town.folder / "files").exists() for town in servers.towns)


def test_each_mail_leaves_once_and_each_job_is_done_once_even_when_its_leader_falls(servers):
    first, mailbox = servers.towns[0], Mailbox()
    regie = first.world.regie()
    with Listening(first, mailbox):
        addresses = queue_notices(first, 30)
        asked = ask_for_a_draft(first, regie, date(2026, 9, 1))
        first.wait_for(lambda: set(states(first, addresses)) == {MailState.SENT})
        first.wait_for(lambda: drafts(first, asked) == 1)
        received = [message["To"] for message in mailbox.accepted]
        assert sorted(one for one in received if one in addresses) == sorted(addresses)
        first.wait_for(lambda: is_backed_up(first))
        assert len(list((first.folder.parent / "backups").glob("*.age"))) == 1

        (leader,) = leaders(first)
        machine = next(one for one in servers.running if worker_of(one) == leader)
        os.kill(leader, signal.SIGKILL)
        again = ask_for_a_draft(first, regie, date(2026, 10, 1))
        first.wait_for(lambda: drafts(first, again) == 1)
        first.wait_for(lambda: len(machine.pids()) and worker_is_back(machine, leader))
        assert len(leaders(first)) == 1
    assert (drafts(first, asked), drafts(first, again)) == (1, 1)
    assert len(list((first.folder.parent / "backups").glob("*.age"))) == 1


def ask_for_a_draft(town: Town, regie, month: date) -> int:
    return town.world.billing_run(regie, month, state=RunState.PREPARING).id


def drafts(town: Town, run_id: int) -> int:
    """How many times the draft was made."""
    assert town.world.one(select(BillingRun.state).where(BillingRun.id == run_id))
    told = (AuditEvent.action == "billing_run.prepared") & (AuditEvent.object_id == run_id)
    return town.world.one(select(func.count()).select_from(AuditEvent).where(told))


def states(town: Town, addresses: list[str]) -> list[MailState]:
    """Of the mails to these; another one may wait since the mail server was away."""
    return town.world.all(select(OutgoingMail.state).where(OutgoingMail.to_address.in_(addresses)))


def is_backed_up(town: Town) -> bool:
    with town.app.app_context():
        known = backups.state()
    return {"backup", "proof"} <= set(known) and not any(one.problem for one in known.values())


def leaders(town: Town) -> list[int]:
    """The processes of the workers that hold the turn, by what PostgreSQL knows of who connected."""
    query = (
        "SELECT client_port FROM pg_stat_activity JOIN pg_locks USING (pid) "
        "WHERE locktype = 'advisory' AND granted AND datname = %s"
    )
    with psycopg.connect(town.maintenance_url, autocommit=True) as connection:
        ports = [row[0] for row in connection.execute(query, [town.database_name])]
    return [process_of(port) for port in ports]


def process_of(port: int) -> int:
    """The process whose connection leaves from this port of the loopback."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    inode = next(line.split()[9] for line in lines if line.split()[1].endswith(f":{port:04X}"))
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == f"socket:[{inode}]":
                return int(link.parts[2])
        except OSError:
            continue
    raise AssertionError(f"nobody holds port {port}")


def worker_is_back(server: Running, former: int) -> bool:
    workers = [pid for pid in server.pids() if server.command_of(pid)[-1:] == ["worker"]]
    return bool(workers) and workers != [former]
