"""The mail server of the town: what a service must know to send, and which one is in force (S07).

Settings of the machine (environment, portail.toml) win over the screen: who runs the machine decides.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from domain.enums import MailSecurity

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The rows of the settings that hold them; neither is a setting that pages read.
SERVER_ROW, TRIAL_ROW = "mail_server", "mail_trial"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go. `sealed_password` is sealed, empty without one; `sender` empty: the portal's own."""

    host: str
    port: int
    security: MailSecurity
    user: str = ""
    sealed_password: str = ""
    sender: str = ""

    def to_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "MailServer":
        values = json.loads(text)
        return cls(**values | {"security": MailSecurity(values["security"])})

    @property
    def is_in_the_clear(self) -> bool:
        """Whether mails and password would cross the network unprotected."""
        return self.security is MailSecurity.NONE and self.host not in LOOPBACK

    @property
    def fingerprint(self) -> str:
        """Tells this server from another one: a trial proves one server only."""
        return sha256(self.to_text().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class MailTrial:
    """A mail sent to see whether mails arrive: its code, typed back, proves that it did."""

    server: str  # the fingerprint of the server that took it
    to: str
    code_hash: str
    sent_at: datetime
    arrived_at: datetime | None = None

    def to_text(self) -> str:
        arrived = self.arrived_at and self.arrived_at.isoformat()
        return json.dumps(asdict(self) | {"sent_at": self.sent_at.isoformat(), "arrived_at": arrived})

    @classmethod
    def from_text(cls, text: str) -> "MailTrial":
        values = json.loads(text)
        arrived = values["arrived_at"] and datetime.fromisoformat(values["arrived_at"])
        return cls(**values | {"sent_at": datetime.fromisoformat(values["sent_at"]), "arrived_at": arrived})
