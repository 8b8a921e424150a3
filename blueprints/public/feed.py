"""The planning as a calendar program reads it, at a secret address without signing in (R25)."""

from flask import abort, current_app, make_response, request
from werkzeug.wrappers import Response

from adapters.ics_feed import AllDay, write_calendar
from blueprints.public import blueprint
from blueprints.shared.guards import public
from blueprints.shared.network import network
from blueprints.shared.pace import Pace
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from domain.french import NBSP
from domain.throttle import FEED_BY_ADDRESS, FEED_MISSES_BY_NETWORK
from queries import calendar_feeds
from queries.calendar_feeds import FeedDay
from services.credentials import TOKEN_LENGTH, token_hash

_READS, _MISSES = Pace(FEED_BY_ADDRESS), Pace(FEED_MISSES_BY_NETWORK)
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Disposition": 'inline; filename="planning.ics"',
}


@blueprint.get(f"/agenda/<string(length={TOKEN_LENGTH}):token>.ics")
@public
def feed(token: str) -> Response:
    """First name, activity and day of each booking; 404 for an address that nobody holds (any more)."""
    key, moment = token_hash(token), now()
    if _MISSES.is_over(network(), moment) or _READS.is_over(key, moment):
        abort(429)
    found = calendar_feeds.feed(key, today())
    if found is None:
        _MISSES.count(network(), moment)
        abort(404)
    _READS.count(key, moment)
    response = make_response(write_calendar(town().portal_name, map(_event, found.days)))
    response.mimetype = "text/calendar"
    response.headers.update(_HEADERS)
    response.last_modified = found.changed_at
    response.add_etag()
    if response.get_etag()[0] in request.if_none_match:
        response.status_code = 304
        response.set_data(b"")
    return response


def _event(one: FeedDay) -> AllDay:
    host = current_app.config["PUBLIC_URL"].partition("//")[2]
    return AllDay(
        f"{one.opening_id}-{one.child_id}@{host}",
        one.day,
        f"{one.first_name}{NBSP}: {one.activity}" + ("" if one.is_sure else " (à confirmer)"),
        one.is_sure,
        one.changed_at,
    )
