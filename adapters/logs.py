"""What the portal writes to the terminal or the journal of the machine: a line an event, nothing of anybody.

The message of an exception may quote what a family typed, and that of a database the whole row: neither is
written. Its type, the place where it arose and, of a database, the name of the fault are enough to mend it.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

ROOT = Path(__file__).resolve().parent.parent
TEXT, JSON = "texte", "json"
_FRAMES = 6  # the last ones: where it arose


class OneLine(logging.Formatter):
    """Each event on a line, for a person (`texte`) or for a collector (`json`)."""

    def __init__(self, shape: str = TEXT) -> None:
        super().__init__()
        self._shape = shape

    def format(self, record: logging.LogRecord) -> str:
        found = {
            "at": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fault(record.exc_info[1] if record.exc_info else None),
        }
        if self._shape == JSON:
            return json.dumps(found, ensure_ascii=False)
        at, level, logger, message = (found.pop(name) for name in ("at", "level", "logger", "message"))
        more = "".join(f" {name}={value}" for name, value in found.items())
        return f"{at} {level} {logger}: {message}{more}".replace("\n", " ")


def _fault(error: BaseException | None) -> dict[str, str]:
    if error is None:
        return {}
    every = traceback.extract_tb(error.__traceback__)
    frames = ([one for one in every if _is_ours(one.filename)] or every)[-_FRAMES:]
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "cause": _cause(error),
        "where": " < ".join(f"{_short(one.filename)}:{one.lineno} {one.name}" for one in reversed(frames)),
    }


def _cause(error: BaseException) -> str:
    """What the machine says of its own fault: a full disk, a broken constraint; never a value."""
    if isinstance(error, DBAPIError):
        driver: Any = error.orig
        named = getattr(getattr(driver, "diag", None), "constraint_name", None)
        code = getattr(driver, "sqlstate", None)
        return f"{code} {named or ''}".strip() if code else str(driver)  # SQLite names columns, never values
    if isinstance(error, OSError):
        return error.strerror or ""
    return ""


def _is_ours(file_name: str) -> bool:
    path = Path(file_name)
    return path.is_relative_to(ROOT) and "site-packages" not in path.parts


def _short(file_name: str) -> str:
    path = Path(file_name)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


class _Lines(logging.Handler):
    """The one handler of the portal: made again, it takes the place of the former."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # a line that cannot be written stops nobody
            self.handleError(record)


def start(shape: str) -> None:
    """Have every logger of this process write lines of this shape. Raises ValueError for another shape."""
    if shape not in (TEXT, JSON):
        raise ValueError(f"PORTAIL_LOGS : écrivez « {TEXT} » ou « {JSON} »")
    root = logging.getLogger()
    for former in [one for one in root.handlers if isinstance(one, _Lines)]:
        root.removeHandler(former)
    handler = _Lines()
    handler.setFormatter(OneLine(shape))
    root.addHandler(handler)
