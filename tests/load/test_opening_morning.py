"""The opening morning in small: real sign-ins, nginx as towns put it before the portal, nothing sold twice.

`python -m tests.load.opening_morning` is the whole one.
"""

import subprocess
import sys

import pytest

import config
from tests.books import assert_books_balance
from tests.conftest import missing_tool
from tests.load import opening_morning
from tests.load.proxy import nginx

pytestmark = pytest.mark.load

FAMILIES, SECONDS, PAUSE = 60, 20, 0.3


def test_sixty_families_in_twenty_seconds(town):
    if nginx() is None:
        missing_tool("This test needs the proxy that towns use: apt-get install nginx-light")
    morning = opening_morning.run(town, FAMILIES, SECONDS, PAUSE)
    assert morning.errors == []
    assert morning.done == FAMILIES
    assert (morning.overbooked, morning.drifted) == (0, 0)
    assert len(morning.durations["touched day"]) == FAMILIES * opening_morning.DAYS
    assert morning.bookings.total() == FAMILIES * opening_morning.DAYS
    assert morning.bookings["waiting"], "there are fewer places than wishes"
    assert {"nginx", "web 1", "web 2", "mails"} <= set(morning.memory)
    assert_books_balance(town.world)


@pytest.mark.parametrize("address", ["http://192.0.2.1:8000", "http://10.0.0.1"])
def test_the_generator_loads_no_other_machine(address, tmp_path):
    people = tmp_path / "people.json"
    people.write_text("[]")
    options = ["--first", "0", "--step", "1", "--seconds", "1", "--pause", "0"]
    command = [sys.executable, "-m", "tests.load.families", address, str(people), *options]
    done = subprocess.run(command, cwd=config.ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no other" in done.stderr
