"""`python -m simulator.payfip --port 8001`: serve until a signal."""

import argparse
import signal
import threading

from simulator.payfip.server import Server
from simulator.payfip.service import Service


def main() -> None:
    parser = argparse.ArgumentParser(description="Remplace PayFiP pour la démonstration, sans argent.")
    parser.add_argument("--port", type=int, default=8001)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    with Server(Service(), parser.parse_args().port):
        stopping.wait()


if __name__ == "__main__":
    main()
