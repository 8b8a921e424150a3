"""A throw-away PostgreSQL cluster from the system's binaries, run by an ordinary user."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.scratch import scratch_folder

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


def _ordinary_user() -> str | None:
    """The user that runs the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@contextmanager
def throwaway_cluster(*, in_memory: bool = False) -> Iterator[str]:
    """Start an empty cluster, yield its URL, stop it, remove it. `in_memory`: for tests, not for figures."""
    found = binaries()
    if found is None:
        from tests.conftest import missing_tool

        missing_tool(INSTALL)
        return
    with scratch_folder("portail-postgresql-", in_memory=in_memory) as folder:
        owner = _ordinary_user()
        if owner:
            shutil.chown(folder, owner)
        data, port = folder / "data", _free_port()

        def run(program: str, *arguments: str | Path) -> None:
            command = [found / program, "-D", data, *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=owner)

        run("initdb", "-U", "portail", "-A", "trust", "-E", "UTF8", "--no-sync")
        settings = f"-p {port} -k '' -h 127.0.0.1 -c max_connections=120"
        run("pg_ctl", "-o", settings, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql+psycopg://portail@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
