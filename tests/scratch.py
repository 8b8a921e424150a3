"""Folders that live as long as a run of the tests, in memory where the machine has room to spare.

What waits for a disk proves nothing there: a town is emptied and written thousands of times. What is about
a disk (kills, copies, full disks) takes pytest's own folders. Never for figures.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOM_BYTES = 4 * 1024**3


@contextmanager
def scratch_folder(prefix: str, *, in_memory: bool = True) -> Iterator[Path]:
    """A new folder, removed at the end.

    Not in pytest's own temporary tree, which another run of root may close to others.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_memory() if in_memory else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    place = Path("/dev/shm")  # noqa: S108  a folder of our own inside
    return place if place.is_dir() and shutil.disk_usage(place).free > ROOM_BYTES else None
