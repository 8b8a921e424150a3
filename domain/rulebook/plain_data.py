"""Answers as plain data that JSON can hold: exact decimals as text, moments on the Paris clock."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.calendar import paris_now
from domain.clock_time import FOREVER, NEVER_EVER


def moment_text(moment: datetime) -> str | None:
    """« 2025-09-13 23:59 » on the Paris clock; None for no limit."""
    if moment in (FOREVER, NEVER_EVER):
        return None
    return paris_now(moment).strftime("%Y-%m-%d %H:%M")


def plain(value: Any) -> Any:
    """The answer as JSON can hold it: exact decimals as text, dates as ISO text."""
    match value:
        case Decimal():
            return "sans fin" if value.is_infinite() else f"{value:f}"
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
    return value
