"""A town that runs for real: `serve` and its workers as processes, a database of its own, the system's clock.

    with town.serving() as server:
        parent = server.browser(account)
        parent.post(f"/reservations/{key}/valider").reference

The test process fills the database before and reads it after, through `town.world`, and holds no connection
in between: what a crash leaves is repaired by the portal, not kept alive by the test.
"""

import http.client
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.pool import NullPool

import cli
import config
from app import create_app
from domain.enums import LineAction
from domain.workflow import ACTIVE_STATES
from extensions import sqlite_driver
from models import Booking, BookingDraft, BookingDraftLine, Child, User
from services.transaction import write_transaction
from tests.adapters.test_mail import free_port
from tests.factories import Canteen, World, weekdays
from tests.strict_client import StrictClient

PATIENCE_SECONDS = 60  # a process that says nothing for so long is broken, however busy the machine
RECEIPT = "/reservations/demandes/"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str
    text: str

    @property
    def reference(self) -> str | None:
        """The reference of the request whose receipt this answer leads to."""
        found = self.status == 303 and self.location.startswith(RECEIPT)
        return self.location.removeprefix(RECEIPT) if found else None


class Browser:
    """One cookie, one fresh connection a request. A server that dies raises OSError or HTTPException."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie, self.token = port, cookie, ""

    def get(self, path: str) -> Answer:
        answer = self._ask("GET", path, None, {})
        token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self.token = token[1] if token else self.token
        return answer

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Send a form with the token of the last page that was read."""
        body = urlencode({"csrf_token": self.token, **(form or {})})
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self._ask("POST", path, body, headers)

    def send(self, path: str, body: bytes, kind: str) -> Answer:
        """Post a body as it is."""
        return self._ask("POST", path, body, {"Content-Type": kind})

    def _ask(self, method: str, path: str, body: str | bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, {"Cookie": self.cookie, **headers})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for changed in response.headers.get_all("Set-Cookie", ()):
            if "session=" in (cookie := changed.partition(";")[0]):  # not the one of known browsers
                self.cookie = cookie
        location = urlsplit(response.getheader("Location", "")).path
        return Answer(response.status, location, text)


class Running:
    """A process of the portal and its descendants, one process group."""

    def __init__(self, process: subprocess.Popen, town: "Town") -> None:
        self.process, self.town = process, town

    def kill(self) -> None:
        """SIGKILL to the whole group: no handler runs, nothing is flushed."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    def stop(self) -> None:
        """Ask to end, insist if nothing happens; whatever is left of the group is killed."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def browser(self, user: User) -> Browser:
        return Browser(self.town.port, self.town.cookie_of(user))

    def pids(self) -> list[int]:
        """Every living process of the group."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == self.process.pid and fields[0] != "Z":
                found.append(int(folder.name))
        return found

    def command_of(self, pid: int) -> list[str]:
        """The words of the command line of a process."""
        return (Path("/proc") / str(pid) / "cmdline").read_text().split("\0")[:-1]

    def limit_files(self, size: int) -> None:
        """Let no process of the group write beyond `size` bytes of a file: to them the disk is full."""
        for pid in self.pids():
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


class Town:
    """An instance folder, its database with the schema of the migrations, and what starts on them."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        """`settings` are further words of the environment."""
        self.folder, self.port, self.smtp_port = folder, free_port(), free_port()
        self._words: list[str] = []
        self._settings = settings
        self._database = {} if database_url.startswith("sqlite") else {"DATABASE_URL": database_url}
        engine: dict[str, Any] = {"poolclass": NullPool}
        if not self._database:
            engine["module"] = sqlite_driver
        self.app = create_app(config.load(self.environment()) | {"SQLALCHEMY_ENGINE_OPTIONS": engine})
        self.app.test_client_class = StrictClient
        self.world = World(self.app)
        with self.app.app_context():
            cli.prepare_database()

    @property
    def is_sqlite(self) -> bool:
        return not self._database

    @property
    def database_file(self) -> Path:
        return self.folder / "portail.db"

    @property
    def database_name(self) -> str:
        """Of the PostgreSQL database."""
        return self._database["DATABASE_URL"].rpartition("/")[2]

    @property
    def maintenance_url(self) -> str:
        """Another database of the same PostgreSQL, as psycopg reads it."""
        return f"{self._database['DATABASE_URL'].rpartition('/')[0]}/postgres".replace("+psycopg", "")

    def environment(self) -> dict[str, str]:
        ours = ("PORTAIL_", "SMTP_", "DATABASE_URL", "WEB_CONCURRENCY", "MAIL_SENDER", "FLASK_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return inherited | self._database | {
            "PORTAIL_INSTANCE": str(self.folder),
            "PORTAIL_URL": f"http://127.0.0.1:{self.port}",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.smtp_port),
            "WEB_CONCURRENCY": "2",
        } | self._settings  # fmt: skip

    # Processes

    @contextmanager
    def running(self, command: Sequence[str], **environment: str) -> Iterator[Running]:
        """A process of the portal in a group of its own, gone at the end whatever happened."""
        process = subprocess.Popen(
            command,
            cwd=config.ROOT,
            env=self.environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        listener = threading.Thread(target=self._words.extend, args=(process.stdout,))
        listener.start()
        started = Running(process, self)
        try:
            yield started
        finally:
            started.stop()
            listener.join()
            process.stdout.close()

    def flask(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flask", "--app", "app", *arguments]

    @contextmanager
    def serving(self, command: Sequence[str] = (), **environment: str) -> Iterator[Running]:
        """`./portail serve` (or another command that listens on the same port), ready to answer."""
        with self.starting(command, **environment) as server:
            self.wait_for(lambda: self.answers(server))
            yield server

    def starting(self, command: Sequence[str] = (), **environment: str) -> AbstractContextManager[Running]:
        """`serving` that does not wait until it answers."""
        return self.running(command or self.flask("serve", "--port", str(self.port)), **environment)

    def answers(self, server: Running) -> bool:
        """Whether the server is ready; fails when it never will be."""
        assert server.process.poll() is None, f"The server did not start:\n{self.last_words()}"
        try:
            return Browser(self.port, "").get("/structures").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def wait_for(self, happens: Callable[[], bool]) -> None:
        """Until `happens` is true; fails with what the processes said when it never is."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not happens():
            assert time.monotonic() < end, f"It never happened:\n{self.last_words()}"
            time.sleep(0.02)

    def last_words(self) -> str:
        """The end of what the processes wrote."""
        return "".join(self._words)[-5000:]

    def has_said(self, sentence: str, times: int = 1) -> bool:
        """Whether the processes wrote a line with `sentence`, so many times."""
        return sum(sentence in line for line in list(self._words)) >= times

    def turn_of_the_worker(self) -> None:
        """One `worker --once`, to its end."""
        with self.running(self.flask("worker", "--once")) as worker:
            assert worker.process.wait(PATIENCE_SECONDS) == 0, self.last_words()

    # People and drafts

    def cookie_of(self, user: User) -> str:
        """A session of this person, opened in the database without the sign-in page."""
        client, name = self.app.test_client(), self.app.config["SESSION_COOKIE_NAME"]
        client.sign_in(user)
        return f"{name}={client.get_cookie(name).value}"

    def canteen(self, weeks: int, capacity: int | None = None, *, waiting_list: bool = False) -> Canteen:
        """A canteen that opens in six weeks, on the school days of some weeks."""
        first = self.world.now.date() + timedelta(days=42)
        canteen = self.world.canteen(weekdays(first, first + timedelta(weeks=weeks, days=-1)), capacity)
        if waiting_list:
            with self.app.app_context(), write_transaction() as session:
                session.merge(canteen.activity).has_waiting_list = True
        return canteen

    def family(self, canteen: Canteen, children: int = 1) -> "Family":
        household = self.world.household()
        family = Family(self, canteen, household.id, self.world.parent(household))
        for _ in range(children):
            child = self.world.child(household)
            first, last = canteen.period.first_day, canteen.period.last_day
            self.world.enrol(child, canteen.facility, first_day=first, last_day=last)
            family.children.append(child)
        return family


class Family:
    """A parent and the children who may eat at a canteen."""

    def __init__(self, town: Town, canteen: Canteen, household_id: int, parent: User) -> None:
        self.town, self.canteen, self.household_id, self.parent = town, canteen, household_id, parent
        self.children: list[Child] = []

    def drafts(self, wishes: Sequence[tuple[Child, Sequence[int]]], *, changing: bool = False) -> list[str]:
        """A draft a wish, ready to be validated; a wish is a child and positions of openings. Their keys.

        They book; `changing` gives up the days that are booked or waited for.
        """
        now = self.town.world.now
        booked = self._booked() if changing else set()
        rows = [
            BookingDraft(
                key=f"{self.parent.id}-{os.urandom(8).hex()}",
                user_id=self.parent.id,
                household_id=self.household_id,
                child_id=child.id,
                facility_id=self.canteen.facility.id,
                month=self.canteen.openings[places[0]].day.replace(day=1),
                presence_type_id=self.canteen.meal.id,
                created_at=now,
                updated_at=now,
            )
            for child, places in wishes
        ]
        self.town.world.add(*rows)
        self.town.world.add(
            *(
                BookingDraftLine(
                    draft_id=row.id,
                    child_id=child.id,
                    opening_id=self.canteen.openings[place].id,
                    presence_type_id=self.canteen.meal.id,
                    day=self.canteen.openings[place].day,
                    action=LineAction.CANCEL
                    if (child.id, self.canteen.openings[place].id) in booked
                    else LineAction.BOOK,
                )
                for row, (child, places) in zip(rows, wishes, strict=True)
                for place in places
            )
        )
        return [row.key for row in rows]

    def _booked(self) -> set[tuple[int, int]]:
        """(child, opening) of the active bookings of the household."""
        own = Booking.household_id == self.household_id, Booking.state.in_(ACTIVE_STATES)
        return {(row.child_id, row.opening_id) for row in self.town.world.all(select(Booking).where(*own))}


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """An empty town on a database of its own, on the engine of the run."""
    if database_url.startswith("sqlite"):
        yield Town(tmp_path, database_url)
        return
    name = f"town_{os.urandom(6).hex()}"
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield Town(tmp_path, f"{database_url.rpartition('/')[0]}/{name}")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
