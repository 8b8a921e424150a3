"""The shipped measure of accessibility, made from what `test_pages.py` looked at.

pytest tests/browser/test_pages.py --accessibility FOLDER
python -m tests.browser.accessibility FOLDER
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from adapters.accessibility_report import Report, write
from tests.browser import looks

WIDTHS = (1280, 360)
TOOL = looks.AXE.name.removesuffix(".min.js").replace("axe-core-", "axe-core ")


def note(folder: str, name: str, pages: list[str], faults: list[str]) -> None:
    """What one part of the tests looked at."""
    Path(folder).mkdir(exist_ok=True)
    count = sum(": axe " in fault for fault in faults)
    (Path(folder) / f"{name}.json").write_text(json.dumps({"pages": pages, "violations": count}))


def gather(folder: Path) -> Report:
    parts = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return Report(
        datetime.now(UTC).date(),
        TOOL,
        tuple(looks.AXE_TAGS),
        WIDTHS,
        tuple({page for part in parts for page in part["pages"]}),
        sum(part["violations"] for part in parts),
    )


if __name__ == "__main__":
    write(gather(Path(sys.argv[1])))
