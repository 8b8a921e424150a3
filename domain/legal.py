"""What the law wants told on every site of a town: who publishes it, who hosts it, what it does with personal
data, how accessible it is (R54, R56). Typed on screen; what is missing is said to the staff.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

PREFIX = "legal."


@dataclass(frozen=True, slots=True)
class Legal:
    """Texts of a town; an empty one leaves what the portal can say by itself.

    `publisher`: name and address of the town as a legal person. `director`: who answers for it.
    `host`: name, address and telephone of who runs the machine. `dpo`: how to reach the delegate for data.
    `audit`: who checked the accessibility, when, against which criteria; without an audit the law says « non
    conforme ». `not_accessible`: what is not, and why.
    """

    publisher: str = ""
    director: str = ""
    host: str = ""
    dpo: str = ""
    privacy: str = ""
    audit: str = ""
    not_accessible: str = ""
    accessibility_plan: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What the law wants and the town has not given, in French."""
        asked = (
            (self.publisher, "le nom et l’adresse de la commune"),
            (self.director, "le directeur de la publication"),
            (self.host, "l’hébergeur du portail"),
            (self.dpo, "le contact du délégué à la protection des données"),
        )
        return tuple(words for value, words in asked if not value)

    def to_rows(self) -> dict[str, str]:
        return {f"{PREFIX}{key}": str(value) for key, value in asdict(self).items()}


def from_rows(rows: Mapping[str, str]) -> Legal:
    """From the rows of `Setting`; a missing one takes its first value."""
    stored = {field.name: rows.get(f"{PREFIX}{field.name}") for field in fields(Legal)}
    return Legal(**{name: value for name, value in stored.items() if value is not None})
