"""The last run of axe over every page, as the tests wrote it: shipped with the portal, read by the statement
of accessibility (R56). `python -m tests.browser.accessibility` makes it again.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("accessibility_report.json")


@dataclass(frozen=True, slots=True)
class Report:
    """`pages`: the names of the pages that were opened. `widths`: in CSS pixels. `violations`: what axe found
    on all of them."""

    measured_on: date
    tool: str
    rules: tuple[str, ...]
    widths: tuple[int, ...]
    pages: tuple[str, ...]
    violations: int


@cache
def read(path: Path = FILE) -> Report:
    found = json.loads(path.read_text(encoding="utf-8"))
    return Report(
        date.fromisoformat(found["measured_on"]),
        found["tool"],
        tuple(found["rules"]),
        tuple(found["widths"]),
        tuple(found["pages"]),
        found["violations"],
    )


def write(report: Report, path: Path = FILE) -> None:
    found = {
        "measured_on": report.measured_on.isoformat(),
        "tool": report.tool,
        "rules": list(report.rules),
        "widths": list(report.widths),
        "violations": report.violations,
        "pages": sorted(report.pages),
    }
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
