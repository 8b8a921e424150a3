"""What the agenda of two children costs, in times of a bare answer of the same application.

    .venv/bin/python -m benchmarks.agenda

In process, without a server: the requests are interleaved round by round, and the median of the ratios of
each round is kept, so that they hold on a busy machine. The database is temporary; each child has three
bookings on every school day of January.
"""

import gzip
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import date
from itertools import cycle
from pathlib import Path

from flask import Flask
from werkzeug.test import EnvironBuilder

from app import create_app
from benchmarks.report import tell
from blueprints.shared.guards import public
from domain.enums import ActivityKind
from extensions import db, refresh_statistics
from models import Child, User
from services import booking_drafts
from tests.conftest import create_schema, settings_for_tests
from tests.factories import Canteen, World, weekdays
from tests.strict_client import StrictClient

ROUNDS, REQUESTS = 9, 25
MOST_HELLOS, MOST_AGENDAS = 40, 0.7
MOST_PAGE_KB, MOST_FRAGMENT_KB = 8, 1
MONTH = date(2027, 1, 1)
OTHERS = 200  # households that only make the tables grow
Call = Callable[[], bytes]


def application(folder: Path) -> Flask:
    """The portal with one more route, that answers five bytes to anybody."""
    app = create_app(settings_for_tests(f"sqlite:///{folder / 'bench.db'}", folder))
    app.add_url_rule("/hello", "hello", public(lambda: "hello"))
    with app.app_context():
        create_schema()
    return app


def fill(world: World) -> tuple[User, Child, Canteen]:
    """A parent of two children who come to all activities of a school; the elder child; the school."""
    days = weekdays(date(2027, 1, 4), date(2027, 2, 26))
    canteen = world.canteen(days)
    offers = [(canteen.meal, canteen.openings)]
    for name, kind in (
        ("Accueil du matin", ActivityKind.MORNING),
        ("Garderie du soir", ActivityKind.EVENING),
    ):
        activity = world.activity(canteen.facility, name, kind)
        offers.append((world.presence_type(activity, name), world.openings(activity, canteen.period, days)))
    household = world.household()
    children = [world.child(household, name) for name in ("Marie", "Léo")]
    for child in children:
        world.enrol(child, canteen.facility)
        for presence_type, openings in offers:
            for opening in openings[:16]:
                world.booking(household, child, opening, presence_type)
    parent = world.parent(household)
    for _ in range(OTHERS):
        other = world.household()
        world.booking(other, world.child(other), canteen.openings[0], canteen.meal)
    return parent, children[0], canteen


def caller(app: Flask, path: str, cookie: str = "", bodies: Iterable[dict] = (), **headers: str) -> Call:
    """A function that sends one request straight to the application and returns the answer's body."""
    forms = [EnvironBuilder(path, method="POST", data=body, headers=headers) for body in bodies]
    builders = forms or [EnvironBuilder(path, headers=headers)]
    prepared = []
    for builder in builders:
        # The browser that signed in: Flask-Login writes the session again for another one.
        environ = builder.get_environ() | app.test_client().environ_base | {"HTTP_COOKIE": cookie}
        prepared.append((environ, environ["wsgi.input"].read()))
    turns = cycle(prepared)

    def call() -> bytes:
        environ, body = next(turns)
        status: list[str] = []
        answer = app(
            environ | {"wsgi.input": io.BytesIO(body)}, lambda line, _headers, _exc=None: status.append(line)
        )
        content = b"".join(answer)
        answer.close()
        if status != ["200 OK"]:
            raise RuntimeError(f"{path} answered {status}")
        return content

    return call


def measure(calls: dict[str, Call]) -> dict[str, list[float]]:
    """CPU seconds of one request of each kind, round by round."""
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(REQUESTS):
                call()
            rounds[name].append((time.process_time() - start) / REQUESTS)
    return rounds


def ratio(one: list[float], other: list[float]) -> float:
    """The median over the rounds: what slowed a round down slowed both."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def prepare(app: Flask) -> dict[str, Call]:
    world = World(app)
    parent, child, canteen = fill(world)
    with app.app_context():
        with db.engine.execution_options(write=True).begin() as connection:
            refresh_statistics(connection)
        db.engine.dispose()  # as a server starts: with the statistics as they are kept
        author = booking_drafts.Author(parent.id, [1])
        key = booking_drafts.start(author, child.id, MONTH, world.now)
        booking_drafts.choose_place(author, key, canteen.facility.id, MONTH, world.now)
    app.test_client_class = StrictClient
    client = app.test_client()
    client.sign_in(parent)
    client.get("/planning/2027-01")  # puts the token of the forms in the session
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = f"{name}={client.get_cookie(name).value}"
    wishes = [
        {"csrf_token": token, "jour": f"2027-02-01:{wanted}", "type": str(canteen.meal.id)}
        for wanted in ("book", "unbook")
    ]
    touched = caller(app, f"/reservations/{key}/jours", cookie, wishes, **{"HX-Request": "true"})
    return {
        "hello": caller(app, "/hello"),
        "agenda": caller(app, "/planning/2027-01", cookie),
        "touched day": touched,
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = application(Path(folder))
        calls = prepare(app)
        costs = measure(calls)
        sizes = {name: len(gzip.compress(call(), 6)) for name, call in calls.items()}
        with app.app_context():
            db.engine.dispose()
    hello, agenda, touched = costs.values()
    bare, page, fragment = (statistics.median(found) * 1000 for found in costs.values())
    tell(f"agenda ({page:.2f} ms) / bare answer ({bare:.2f} ms)", ratio(agenda, hello), MOST_HELLOS)
    tell(f"touched day ({fragment:.2f} ms) / agenda", ratio(touched, agenda), MOST_AGENDAS)
    tell("agenda of two children, gzip", sizes["agenda"] / 1000, MOST_PAGE_KB, "kB")
    tell("touched day, gzip", sizes["touched day"] / 1000, MOST_FRAGMENT_KB, "kB")


if __name__ == "__main__":
    main()
