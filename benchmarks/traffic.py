"""Parents at the wizard, through nginx and `./portail serve`: what many cost each of them (P7, P8, P12).

    .venv/bin/python -m benchmarks.traffic

Every figure is a ratio within one run, on a machine that does nothing else: the parents share its processors
with the server. A parent touches a day, adds it, takes it back, without end.
"""

import asyncio
import random
import socket
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.report import tell
from tests.load.families import Painting, Visitor, open_wizard, sign_in, source_of
from tests.load.opening_morning import settle
from tests.load.proxy import proxied
from tests.running_town import Town

FAMILIES, CROWD = 400, 64
ROUNDS, ALONE_SECONDS, CROWD_SECONDS, MORNING_SECONDS, MOST_PAUSE = 5, 3, 6, 30, 4.0
IDLE, STALLED, PROBES = 200, 32, 200
LEAST_THROUGHPUT, MOST_CROWD_P95, MOST_MORNING_P95, MOST_SLOWED = 1.6, 50, 6, 2
Parent = tuple[Visitor, Painting]


async def at_once() -> None:
    """A parent who does not think."""


async def arrive(port: int, people: Sequence[tuple[str, str]]) -> list[Parent]:
    """Everybody in front of the planning, a few at a time."""
    room = asyncio.Semaphore(8)

    async def one(number: int, email: str, password: str) -> Parent:
        visitor = Visitor("127.0.0.1", port, source_of(number), defaultdict(list))
        async with room:
            await sign_in(visitor, email, password, at_once)
            return visitor, await open_wizard(visitor, at_once)

    return list(await asyncio.gather(*(one(number, *who) for number, who in enumerate(people))))


async def touch(parents: Sequence[Parent], seconds: float, pause: float = 0) -> list[float]:
    """What each touch took, of all parents, in `seconds`. Anything but an answer of 200 stops the bench."""
    until = time.monotonic() + seconds

    async def go_on(visitor: Visitor, painting: Painting) -> list[float]:
        rng = random.Random(visitor.source)  # noqa: S311  moments and days, not secrets
        visitor.told.clear()
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(0, pause))
            day = rng.choice(painting.days)
            for wanted in ("book", "unbook"):
                await painting.touch(visitor, day, wanted)
                await asyncio.sleep(rng.uniform(0, pause))
        return visitor.told["touched day"]

    return sum(await asyncio.gather(*(go_on(*parent) for parent in parents)), [])


async def compare(port: int, people: Sequence[tuple[str, str]]) -> None:
    parents = await arrive(port, people)
    throughput, slow, alone = [], [], []
    for _ in range(ROUNDS):
        single = await touch(parents[:1], ALONE_SECONDS)
        many = await touch(parents[:CROWD], CROWD_SECONDS)
        alone.append(statistics.median(single))
        throughput.append(len(many) / CROWD_SECONDS / (len(single) / ALONE_SECONDS))
        slow.append(p95(many) / alone[-1])
    morning = await touch(parents, MORNING_SECONDS, MOST_PAUSE)
    median = statistics.median(alone)
    gain = statistics.median(throughput)
    tell(f"one parent / {CROWD} parents, touches a second (1 / {gain:.2f})", 1 / gain, 1 / LEAST_THROUGHPUT)
    tell(
        f"{CROWD} parents, p95 / median of one ({median * 1000:.1f} ms)",
        statistics.median(slow),
        MOST_CROWD_P95,
    )
    share = f"{len(morning) / MORNING_SECONDS:.0f} touches a second"
    tell(f"{len(parents)} parents with pauses, p95 ({share})", p95(morning) / median, MOST_MORNING_P95)


def p95(durations: Sequence[float]) -> float:
    return statistics.quantiles(durations, n=20)[-1]


def probe(port: int) -> float:
    """The median seconds of a page on a fresh connection."""
    found = []
    for _ in range(PROBES):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
            visitor.sendall(b"GET /structures HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = visitor.recv(100)
            while visitor.recv(65536):
                continue
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer)
        found.append(time.monotonic() - began)
    return statistics.median(found)


def stall(port: int) -> None:
    """Connections that say nothing, and forms that never end: does anybody else notice (P12)?"""
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nemail="
    quiet = probe(port)
    with ExitStack() as stack:
        for number in range(IDLE + STALLED):
            bad = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            if number >= IDLE:
                bad.sendall(head)
        slowed = probe(port)
    tell(f"{IDLE} idle and {STALLED} stalled connections, a page", slowed / quiet, MOST_SLOWED)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), "sqlite://")
        people = settle(town, FAMILIES)
        with town.serving(PORTAIL_PROXY="1"), proxied(town) as (port, _):
            asyncio.run(compare(port, people))
            stall(port)


if __name__ == "__main__":
    main()
