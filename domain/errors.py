"""Refusals that a user can read and act upon.

Anything else that goes wrong is a bug and is left to the error pages. A message is a French sentence that
says what to do; it may be shown as it stands.
"""


class BusinessError(Exception):
    """A wish that the rules of the town do not allow.

    `code` is stable and short (tests and forms look at it), `message` is the French sentence to show.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RuleError(BusinessError):
    """A rule of the règlement is incomplete or impossible.

    `path` says where in the rule data, for instance `stages[0].until.set`; it is empty when the fault is not
    in a file.
    """

    def __init__(self, code: str, reason: str, path: str = "") -> None:
        super().__init__(code, f"{path} : {reason}" if path else reason)
        self.reason = reason
        self.path = path

    def below(self, parent: str) -> "RuleError":
        """The same fault, its path seen from `parent`."""
        return RuleError(self.code, self.reason, ".".join(part for part in (parent, self.path) if part))


class Refused(BusinessError):
    """The rules are sound and answer no (422)."""


class NotFound(BusinessError):
    """Nothing there, or not the user's: both read the same (404)."""

    def __init__(self, message: str = "Cette page n’existe pas ou ne vous concerne pas.") -> None:
        super().__init__("not_found", message)


class Stale(BusinessError):
    """Somebody else changed the object meanwhile (409): show its true state."""

    def __init__(self, message: str) -> None:
        super().__init__("stale", message)
