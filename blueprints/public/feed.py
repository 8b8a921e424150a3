"""The planning as a calendar program reads it, at a secret address without signing in (R25)."""

from flask import abort, make_response, request
from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared.guards import public
from blueprints.shared.network import network
from blueprints.shared.pace import Pace
from blueprints.shared.time import now
from domain.throttle import FEED_BY_ADDRESS, FEED_MISSES_BY_NETWORK
from services import calendar_feeds
from services.credentials import token_hash

_READS, _MISSES = Pace(FEED_BY_ADDRESS), Pace(FEED_MISSES_BY_NETWORK)
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Disposition": 'inline; filename="planning.ics"',
}


@blueprint.get("/agenda/<token>.ics")
@public
def feed(token: str) -> Response:
    """First name, activity and day of each booking; 404 for an address that nobody holds (any more)."""
    key, moment = token_hash(token), now()
    if _MISSES.is_over(network(), moment) or _READS.is_over(key, moment):
        abort(429)
    found = calendar_feeds.written(key, moment)
    if found is None:
        _MISSES.count(network(), moment)
        abort(404)
    _READS.count(key, moment)
    response = make_response(found.content)
    response.mimetype = "text/calendar"
    response.headers.update(_HEADERS)
    response.last_modified = found.changed_at
    response.add_etag()
    if response.get_etag()[0] in request.if_none_match:
        response.status_code = 304
        response.set_data(b"")
    return response
