"""A turn of the worker: each job alone, so that mails leave whatever becomes of the others."""

from datetime import timedelta

import cli
from cli import Job


def test_a_job_that_fails_keeps_no_other_back_and_is_tried_again(app, world, caplog):
    done = []

    def housekeeping(now):
        done.append("housekeeping")
        if len(done) == 1:
            raise OSError("No space left on device")

    jobs = [
        Job("housekeeping", housekeeping, cli.HOUSEKEEPING_EVERY),
        Job("mails", lambda _: done.append("mails")),
    ]

    def turn(after):
        with app.app_context():
            cli.run_due(jobs, world.now + after)

    turn(timedelta())
    assert done == ["housekeeping", "mails"]
    assert "The worker could not do its housekeeping" in caplog.text
    assert "No space left on device" in caplog.text
    turn(cli.RETRY_AFTER - timedelta(seconds=1))
    assert done[2:] == ["mails"]
    turn(cli.RETRY_AFTER)
    assert done[3:] == ["housekeeping", "mails"]
    turn(cli.RETRY_AFTER + cli.HOUSEKEEPING_EVERY - timedelta(seconds=1))
    assert done[5:] == ["mails"]
    turn(cli.RETRY_AFTER + cli.HOUSEKEEPING_EVERY)
    assert done[6:] == ["housekeeping", "mails"]


def test_a_clock_that_was_set_back_makes_no_job_wait_longer_than_its_pace(app, world):
    done = []
    jobs = [Job("housekeeping", done.append, cli.HOUSEKEEPING_EVERY)]
    for after in (timedelta(), timedelta(minutes=30), timedelta(days=-1), timedelta(days=-1, minutes=30)):
        with app.app_context():
            cli.run_due(jobs, world.now + after)
    assert done == [world.now, world.now - timedelta(days=1)]
