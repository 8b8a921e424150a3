"""How `./portail serve` runs the application. gunicorn reads this file by itself, from the project's folder.

The address comes from `serve --host --port`. A proxy that buffers requests and answers (Caddy or nginx)
must stand in front: sixteen idle connections are enough to freeze a bare Python server.
"""

import errno
import gc
import os
import socket
import sys

from config import load as configuration

# Two processes serve twice as many pages as one; more threads serve fewer. One worker a core.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 2

# The application is loaded once: the workers share its memory, and one that is replaced answers at once. No
# connection to the database is open then. Looking for garbage meanwhile would cost a fifth of the start.
preload_app = True
gc.disable()

# On the morning when bookings open, parents queue here in order.
backlog = 2048

if configuration()["BEHIND_PROXY"]:
    # One queue for everybody: a worker takes a connection when it can soon answer, and the proxy opens one a
    # request. Connections kept open would stay with the worker that accepted them, and the parents of the
    # busier one would wait half as long again as the others.
    worker_connections = 2 * threads
    keepalive = 0
else:
    # Browsers keep their connections open and silent: a worker accepts them all. Without `reuse_port` one of
    # the two may receive nearly every one.
    reuse_port = True
    keepalive = 75

# A worker that gives no sign of life is replaced; no page may take that long.
timeout = 60
# What a stop or a restart leaves to the requests under way.
graceful_timeout = 30

# The sign of life is a touched file: in memory, a slow disk cannot make a healthy worker look dead.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - gunicorn makes a private unlinked file
# Nobody manages the server through a socket in the home folder.
control_socket_disable = True

# Errors to the terminal or the journal. The proxy keeps the access log; addresses of pages are personal data.
errorlog = "-"
accesslog = None


def when_ready(_server) -> None:
    """What is loaded stays and is not looked at again: a page would pause for tens of milliseconds now and
    then, and each worker would end with a copy of its own of the memory that it shares."""
    gc.freeze()
    gc.enable()


def on_starting(server) -> None:
    """Stop at once when the address is taken: with `reuse_port` a second server would share it unseen."""
    for address in server.cfg.address:
        if isinstance(address, str):  # a Unix socket: never shared
            continue
        with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                sys.exit(_refusal(*address, error))


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Le port {port} est déjà utilisé sur {host}\u00a0: le portail tourne peut-être déjà. "
            "Arrêtez l’autre programme ou choisissez un autre port avec --port."
        )
    return f"Impossible d’écouter sur {host}, port {port}\u00a0: {error.strerror}."
