"""Which mail server is in force: that of the machine's settings, else that of the screen (S07).

Read at each sending, so that a change on screen holds at once, in the worker as on the web.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

from adapters.mail import MailDelayed, MailTransport, SmtpTransport, transport_from_config
from adapters.sealing import SealBroken
from domain.enums import MailSecurity
from domain.french import NBSP
from domain.mail_server import SERVER_ROW, MailServer
from extensions import db
from models import Setting

# Where a password is sealed.
PASSWORD_PLACE = f"setting.{SERVER_ROW}"
_LOCAL = MailServer("localhost", 25, MailSecurity.NONE)


@dataclass(frozen=True, slots=True)
class InForce:
    """The server that takes the mails, and who decided so."""

    server: MailServer
    from_machine: bool  # set in the environment or in portail.toml
    from_screen: bool

    @property
    def is_chosen(self) -> bool:
        return self.from_machine or self.from_screen


def in_force(rows: Mapping[str, str]) -> InForce:
    """The server, from the rows of the settings; without any, the one of this machine."""
    config = current_app.config
    own = config["MAIL_SENDER"] or f"portail@{urlsplit(config['PUBLIC_URL']).hostname}"
    if config["SMTP_HOST"]:
        security = MailSecurity(config["SMTP_SECURITY"])
        server = MailServer(
            config["SMTP_HOST"], config["SMTP_PORT"], security, config["SMTP_USER"], sender=own
        )
        return InForce(server, True, False)
    stored = rows.get(SERVER_ROW)
    server = MailServer.from_text(stored) if stored else _LOCAL
    sender = config["MAIL_SENDER"] or server.sender or own
    return InForce(replace(server, sender=sender), False, bool(stored))


def current() -> InForce:
    """`in_force`, read. One statement."""
    return in_force(dict(db.session.execute(select(Setting.key, Setting.value)).all()))


class TownTransport:
    """Hands each message to the server that is in force at that moment."""

    def send(self, message: EmailMessage) -> None:
        """See MailTransport."""
        found = current()
        db.session.rollback()  # nothing is held open while the mail server takes its time
        transport_to(found).send(message)


def transport_to(found: InForce, seconds: float = 10) -> MailTransport:
    """The way to a server; `seconds` bounds each exchange. Raises MailDelayed when its password cannot be
    unsealed."""
    if current_app.config["MAIL_FOLDER"] or found.from_machine:
        return transport_from_config(current_app.config, seconds)
    server, password = found.server, ""
    if server.sealed_password:
        try:
            password = current_app.extensions["sealer"].open_text(server.sealed_password, PASSWORD_PLACE)
        except SealBroken as error:
            raise MailDelayed(
                f"Le mot de passe du serveur de mail ne peut plus être lu{NBSP}: saisissez-le de nouveau."
            ) from error
    return SmtpTransport(server.host, server.port, server.user, password, server.security, seconds)
