"""An act in another process, killed at a chosen statement: what a power cut leaves."""

import os
import signal
from collections.abc import Callable

import sqlalchemy as sa


def killed_before(statement: int, act: Callable[[], object]) -> bool:
    """Do it in another process, killed before its nth statement; whether it was. Fails when the act does."""
    pid = os.fork()
    if pid == 0:
        left = [statement]

        def count(*_told: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        status = 1
        try:
            sa.event.listen(sa.Engine, "before_cursor_execute", count)
            act()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
