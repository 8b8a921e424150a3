"""When the days of a booking period can be asked for, and how its places are given (S91, R17).

A first-come period is booked between its two instants. A period with an allotment collects wishes between
them, then everybody waits for the town's answer; the places that are left go first come, until the limits of
each day.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.enums import PlacesMode
from domain.french import NBSP, format_moment


@dataclass(frozen=True, slots=True)
class BookingWindow:
    """The instants of a period; `allotted_at` is when its wishes got their answer."""

    opens_at: datetime
    closes_at: datetime | None
    mode: PlacesMode
    allotted_at: datetime | None

    @property
    def takes_wishes(self) -> bool:
        """True until the allotment: a day is wished for, nobody takes a place."""
        return self.mode is PlacesMode.ALLOTMENT and self.allotted_at is None

    def has_opened(self, now: datetime) -> bool:
        return self.opens_at <= now

    def is_over(self, now: datetime) -> bool:
        """True once nothing more can be asked; an allotment opens what it left, by the limits of each day."""
        return self.allotted_at is None and self.closes_at is not None and self.closes_at <= now

    def is_open(self, now: datetime) -> bool:
        return self.has_opened(now) and not self.is_over(now)

    def closed_words(self, now: datetime, *, year: bool = False) -> str:
        """Why nothing can be asked, without final point; empty while something can. `year`: names that of
        the opening."""
        if not self.has_opened(now):
            return f"Les {self._acts} ouvrent le {format_moment(self.opens_at, year=year)}"
        if not self.is_over(now):
            return ""
        since = f"Les {self._acts} sont clos{self._feminine} depuis le {format_moment(self.closes_at)}"
        return f"{since}{NBSP}: les places vont être attribuées" if self.takes_wishes else since

    def note(self, now: datetime) -> str:
        """What families read of the period in a list, as a sentence; empty when there is nothing to say."""
        closed = self.closed_words(now, year=True)
        if closed:
            return f"{closed}."
        if self.allotted_at is not None:
            return f"Places attribuées{NBSP}: celles qui restent se réservent dès maintenant."
        if self.closes_at is None:
            return ""
        until = format_moment(self.closes_at)
        if self.takes_wishes:
            return f"Demandes jusqu’au {until}. Les places sont attribuées ensuite."
        return f"Réservations jusqu’au {until}."

    def wish_words(self) -> str:
        """What becomes of a wish: « Vœu : réponse après le jeudi 14 janvier, 10 h »."""
        if self.closes_at is None:
            return f"Vœu{NBSP}: les places seront attribuées par le service"
        return f"Vœu{NBSP}: réponse après le {format_moment(self.closes_at)}"

    @property
    def _acts(self) -> str:
        return "vœux" if self.takes_wishes else "réservations"

    @property
    def _feminine(self) -> str:
        return "" if self.takes_wishes else "es"
