"""Where the visitor comes from: the network, which counters of tries are kept for, and the browser."""

from flask import request

from domain.devices import device_name
from domain.throttle import network_of


def network() -> str:
    """« 192.0.2.0/24 » or « 2001:db8::/64 »; behind a proxy, the visitor's own (see BEHIND_PROXY)."""
    return network_of(request.remote_addr or "")


def device() -> str:
    """« Firefox sur Android », for the owner of the account."""
    return device_name(request.headers.get("User-Agent", ""))
