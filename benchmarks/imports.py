"""What importing the application costs, in times of `import flask`.

    .venv/bin/python -m benchmarks.imports

Fresh interpreters with compiled modules, in turns; the CPU time of the import statement is kept, and the
median of the ratios of neighbours.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping

import config
from benchmarks.report import tell

RUNS = 7
MOST = 4
CLOCKED = "import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
# Libraries that one page or one command needs: they must not weigh on every worker.
HEAVY = (
    "alembic", "email_validator", "fontTools", "fpdf", "holidays", "icalendar", "openpyxl", "phonenumbers",
    "PIL", "stdnum", "xlsxwriter", "yaml",
)  # fmt: skip
LOADED = f"import app, sys; app.create_app; print(*[name for name in {HEAVY} if name in sys.modules])"


def compiled(folder: str) -> dict[str, str]:
    """The environment of a machine where the modules were compiled by an earlier start, here in `folder`."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, "PYTHONPYCACHEPREFIX": folder}


def run(code: str, environment: Mapping[str, str]) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(  # noqa: S603  our own interpreter
        command, cwd=config.ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def main() -> None:
    costs: dict[str, list[float]] = {"flask": [], "app": []}
    with tempfile.TemporaryDirectory() as folder:
        environment = compiled(folder)
        loaded = run(LOADED, environment).split()
        for _ in range(RUNS):
            for module, found in costs.items():
                found.append(float(run(CLOCKED.format(module=module), environment)))
    flask, app = (statistics.median(found) * 1000 for found in costs.values())
    ratio = statistics.median(app / flask for flask, app in zip(*costs.values(), strict=True))
    tell(f"import app ({app:.0f} ms) / import flask ({flask:.0f} ms)", ratio, MOST)
    tell("libraries loaded that one page needs", len(loaded), 0)


if __name__ == "__main__":
    main()
