"""How much memory this process held at most, since a moment (Linux)."""

import re
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def restart_peak() -> int:
    """Count the peak from now on; what is held now, in kB."""
    CLEAR.write_text("5")
    return _read("VmRSS")


def peak_kb() -> int:
    """The most that was held since `restart_peak`."""
    return _read("VmHWM")


def _read(name: str) -> int:
    return int(re.search(rf"^{name}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)[1])
