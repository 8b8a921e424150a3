"""How much memory a worker of the web server takes, fresh and after many pages.

    .venv/bin/python -m benchmarks.memory

The server as `serve` starts it, two workers. The figure is the proportional set size (PSS) that the kernel
counts: its own pages, and its share of those that several processes hold.
"""

import tempfile
from itertools import cycle, islice
from pathlib import Path

import cli
from benchmarks.report import tell
from tests.running_town import Running, Town

MOST_MB = 75
PAGES = 200
KIB = 1024


def workers(server: Running) -> list[int]:
    """The processes that answer: the children of gunicorn."""
    return [pid for pid in server.pids() if pid != server.process.pid]


def megabytes(pid: int) -> float:
    """PSS of a process, in millions of bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (pss,) = [line for line in lines if line.startswith("Pss:")]
    return int(pss.split()[1]) * KIB / 1e6


def heaviest(server: Running) -> float:
    return max(megabytes(pid) for pid in workers(server))


def visit(server: Running, town: Town) -> None:
    """The pages of a parent, again and again; every other connection reaches the other worker."""
    family = town.family(town.canteen(weeks=8), children=2)
    (key,) = family.drafts([(child, [place]) for place, child in enumerate(family.children[:1])])
    parent = server.browser(family.parent)
    paths = [
        "/accueil",
        "/planning",
        "/mon-foyer",
        "/documents",
        "/reservations",
        f"/reservations/{key}/planning",
        f"/reservations/{key}/recapitulatif",
    ]
    for path in islice(cycle(paths), PAGES):
        if parent.get(path).status != 200:
            raise RuntimeError(path)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), "sqlite://")
        with town.serving(cli.gunicorn_command("127.0.0.1", town.port)) as server:
            tell("memory of a fresh worker", heaviest(server), MOST_MB, "MB")
            visit(server, town)
            tell(f"memory of a worker after {PAGES} pages", heaviest(server), MOST_MB, "MB")


if __name__ == "__main__":
    main()
