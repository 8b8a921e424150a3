"""How often an address that writes nothing may be read: counters of this process alone, bounded.

`services.throttling` counts in the database, which a page that is only read never writes; the proxy in front
counts for all processes.
"""

import threading
from collections import OrderedDict, deque
from datetime import datetime

from domain.throttle import Window, window_wait

_MOST_KEYS = 10_000


class Pace:
    """At most so many reads of one key in a period; the keys not seen for longest are forgotten first."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def is_over(self, key: str, now: datetime) -> bool:
        """True when one more read of `key` would be too many. Counts nothing."""
        with self._lock:
            return bool(window_wait(self._window, self._seen.get(key, ()), now))

    def count(self, key: str, now: datetime) -> None:
        with self._lock:
            self._seen.setdefault(key, deque(maxlen=self._window.limit)).append(now)
            self._seen.move_to_end(key)
            if len(self._seen) > _MOST_KEYS:
                self._seen.popitem(last=False)
