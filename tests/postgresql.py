"""A throw-away PostgreSQL cluster from the system's binaries, run by an ordinary user."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALL = "PostgreSQL manque : installez-le (Debian : apt install postgresql)."


def binaries() -> Path | None:
    """The folder of the newest installed server, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = str(folders[0]) if folders else shutil.which("initdb")
    return Path(found).parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def throwaway_cluster(folder: Path) -> Iterator[str]:
    """Start an empty cluster in `folder`, yield its URL, stop it. As root it runs as an ordinary user."""
    found = binaries()
    if found is None:
        from tests.conftest import missing_tool

        missing_tool(INSTALL)
        return
    options: dict = {}
    if os.geteuid() == 0:
        owner = next(
            name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}
        )
        for parent in (folder, *folder.parents[:2]):
            parent.chmod(0o755)
        shutil.chown(folder, owner)
        options = {"user": owner}
    data, port = folder / "data", _free_port()
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **options}
    subprocess.run(
        [found / "initdb", "-D", data, "-U", "portail", "-A", "trust", "-E", "UTF8", "--no-sync"], **quiet
    )
    settings = f"-p {port} -k '' -h 127.0.0.1 -c max_connections=120"
    subprocess.run(
        [found / "pg_ctl", "-D", data, "-o", settings, "-l", folder / "log", "-w", "start"], **quiet
    )
    try:
        yield f"postgresql+psycopg://portail@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([found / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)
