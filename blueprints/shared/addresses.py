"""Parts of addresses that carry a month or a day: what is no month of ours is no page of ours."""

from flask import abort

from domain.calendar import parse_month
from domain.errors import BusinessError


def month_or_404(slug: str) -> tuple[int, int]:
    """(2027, 1) from « 2027-01 »."""
    try:
        return parse_month(slug)
    except BusinessError:
        abort(404)
