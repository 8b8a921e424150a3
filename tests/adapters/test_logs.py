"""One line an event, and nothing of what a family typed (security: logs)."""

import json
import logging

import pytest
from sqlalchemy.exc import IntegrityError

from adapters import logs
from domain.enums import Residency
from models import Household


@pytest.fixture
def logger():
    """A logger of the portal; the handlers of the test bench come back."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield logging.getLogger("portail.test")
    root.handlers[:] = before


def test_a_line_for_a_person(logger, capsys):
    logs.start(logs.TEXT)
    logger.warning("The worker could not do its %s", "mails")
    line = capsys.readouterr().err
    assert line.endswith("warning portail.test: The worker could not do its mails\n")
    assert line.count("\n") == 1


def test_a_line_for_a_collector_says_where_it_arose_and_not_what_was_typed(logger, capsys):
    logs.start(logs.JSON)
    try:
        int("SOLIGNAC")
    except ValueError:
        logger.exception("Failure %s", 500)
    line = capsys.readouterr().err
    found = json.loads(line)
    assert (found["level"], found["message"], found["error"]) == (
        "error",
        "Failure 500",
        "builtins.ValueError",
    )
    assert "tests/adapters/test_logs.py" in found["where"]
    assert "SOLIGNAC" not in line


def test_a_row_that_the_database_refuses_is_not_quoted(world, logger, capsys):
    logs.start(logs.TEXT)
    world.household(name="SOLIGNAC", number=7)
    taken = Household(number=7, name="LAVERGNE", residency=Residency.RESIDENT, created_at=world.now)
    try:
        world.add(taken)
    except IntegrityError:
        logger.exception("The act could not be written")
    line = capsys.readouterr().err
    assert "LAVERGNE" not in line
    assert "IntegrityError" in line
    assert "UNIQUE" in line or "23505" in line


def test_a_full_disk_is_named(logger, capsys):
    logs.start(logs.TEXT)
    try:
        raise OSError(28, "No space left on device")
    except OSError:
        logger.exception("A document could not be stored")
    assert "cause=No space left on device" in capsys.readouterr().err


def test_started_again_a_line_is_written_once_and_another_shape_is_refused(logger, capsys):
    logs.start(logs.TEXT)
    logs.start(logs.TEXT)
    logger.warning("once")
    assert capsys.readouterr().err.count("once") == 1
    with pytest.raises(ValueError, match="PORTAIL_LOGS"):
        logs.start("xml")
