"""How long after `./portail demo` the demonstration answers, on a warm machine.

    .venv/bin/python -m benchmarks.start

Wall-clock time from the command to the first page answered with 200; the demonstration was made by a first
start that does not count. The median of the starts is the figure; all are shown.
"""

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping

import config
from benchmarks.imports import compiled
from benchmarks.report import tell
from tests.adapters.test_mail import free_port

STARTS = 5
MOST_SECONDS = 5
PATIENCE_SECONDS = 120


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address) as page:  # noqa: S310  our own address
            return page.status == 200
    except urllib.error.URLError:
        return False


def seconds_to_first_answer(environment: Mapping[str, str]) -> float:
    port = free_port()
    command = [sys.executable, str(config.ROOT / "portail"), "demo", "--port", str(port)]
    began = time.monotonic()
    silence = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdout=silence, stderr=silence)  # noqa: S603
    try:
        while not answers(f"http://127.0.0.1:{port}/"):
            if process.poll() is not None or time.monotonic() - began > PATIENCE_SECONDS:
                raise RuntimeError("The demonstration did not start.")
            time.sleep(0.02)
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**compiled(f"{folder}/compiled"), "PORTAIL_INSTANCE": f"{folder}/instance"}
        first = seconds_to_first_answer(environment)
        warm = [seconds_to_first_answer(environment) for _ in range(STARTS)]
    shown = ", ".join(f"{one:.1f}" for one in sorted(warm))
    tell(f"demo, warm start ({shown}; making it {first:.1f})", statistics.median(warm), MOST_SECONDS, "s")


if __name__ == "__main__":
    main()
