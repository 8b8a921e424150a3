"""nginx in front of a running town, with the file that towns copy (`deploy/nginx.conf`), on the loopback."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import config
from tests.adapters.test_mail import free_port
from tests.running_town import Town

# What the system's own nginx.conf puts around a site: as many connections as Debian's, no daemon.
AROUND = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def nginx() -> str | None:
    """The program, wherever Debian puts it."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def site(port: int, upstreams: Sequence[int], cache: Path) -> str:
    """`deploy/nginx.conf` on the loopback: its ports, its cache, no certificate; the rest as shipped."""
    text = (config.ROOT / "deploy/nginx.conf").read_text()
    for shipped, ours in (
        (r"server \{\n    listen 80;.*?\n\}\n", ""),
        (r"\n    ssl_\w+ .*;", ""),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port} backlog=2048;"),
        (r"server 127\.0\.0\.1:8000;", " ".join(f"server 127.0.0.1:{one};" for one in upstreams)),
        (r"/var/cache/nginx/portail", str(cache)),
    ):
        text, found = re.subn(shipped, ours, text, flags=re.DOTALL if "server \\{" in shipped else 0)
        assert found, shipped
    return text


@contextmanager
def proxied(town: Town, *others: Town, port: int = 0) -> Iterator[tuple[int, int]]:
    """(port, process id) of an nginx in front of the town, and of its other servers."""
    program, port = nginx(), port or free_port()
    assert program is not None
    folder = town.folder / "nginx"
    folder.mkdir()
    (folder / "site.conf").write_text(site(port, [one.port for one in (town, *others)], folder / "cache"))
    settings = folder / "nginx.conf"
    settings.write_text(AROUND.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    process = subprocess.Popen([program, "-p", folder, "-c", settings], stderr=subprocess.DEVNULL)
    try:
        town.wait_for(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, (folder / "error.log").read_text()
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
