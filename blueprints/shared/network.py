"""The network of the visitor: what counters of tries are kept for."""

from flask import request

from domain.throttle import network_of


def network() -> str:
    """« 192.0.2.0/24 » or « 2001:db8::/64 »; behind a proxy, the visitor's own (see BEHIND_PROXY)."""
    return network_of(request.remote_addr or "")
