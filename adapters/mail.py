"""Mail: one message to one person, handed to an SMTP server or to a folder.

The outbox decides when to send and when to try again; what it needs to know is whether a failure
is final for this address (`MailRefused`) or may pass (`MailDelayed`).
"""

import os
import re
import secrets
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import NonASCIILocalPartDefect
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from adapters import clock
from domain.french import NBSP
from domain.mail_server import MailServer

SECURITY_MODES = ("none", "starttls", "tls")
_ANSWER_LENGTH = 300
# Answers about us, not about the address: a password to mend must not cost the families their mail.
_NOT_THE_ADDRESS = frozenset({530, 534, 535, 538})
_POLICY_ANSWER = re.compile(r"5\.7\.\d")


class MailError(Exception):
    """A message did not leave. The text is a French sentence for the service, with the server's answer."""


class MailRefused(MailError):
    """The server refused the address or the message for good: trying again is useless."""


class MailDelayed(MailError):
    """Something that may pass: server down, silent, busy, badly configured. Try again later."""


class MailTransport(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand the message over. Raises MailRefused or MailDelayed; returning means accepted."""


def named_address(display_name: str, address: str) -> str:
    """« Ville de Cahors <portail@cahors.fr> », properly quoted. Raises ValueError on a bad address."""
    return str(Address(display_name=display_name, addr_spec=address))


def build_message(
    sender: str,
    reply_to: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    unsubscribe: str = "",
) -> EmailMessage:
    """A service mail to one person, as plain text and as HTML.

    `sender` and `reply_to` may carry a display name (see `named_address`); `reply_to` may be empty.
    `message_id` has the form `<unique@domain>` and stays the same when the mail is sent again, so
    that a duplicate can be recognised. `unsubscribe` is the address that refuses further mails of this
    sort, by one POST without a page (RFC 8058); empty for a mail that somebody waits for.

    Raises ValueError when a header holds a line break or when an address is not exactly one address:
    nothing that a user typed can add a header or a recipient.
    """
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = to
    if reply_to:
        message["Reply-To"] = reply_to
    for name in ("From", "To", "Reply-To"):
        _require_one_address(message, name)
    message["Subject"] = subject
    message["Date"] = clock.now()
    if not re.fullmatch(r"<[^<>\s]+@[^<>\s]+>", message_id):
        raise ValueError(f"Not a message id: {message_id!r}")
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # out-of-office robots do not answer (RFC 3834)
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Quoted-printable goes through servers that only take seven bits.
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _require_one_address(message: EmailMessage, name: str) -> None:
    header = message[name]
    if header is None:
        return
    # An accented address is legal: whether it can be carried is for the mail server to say.
    faults = [defect for defect in header.defects if not isinstance(defect, NonASCIILocalPartDefect)]
    if faults or len(header.addresses) != 1 or not header.addresses[0].domain:
        raise ValueError(f"{name} must hold one address: {str(header)!r}")


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """A mail server reached by SMTP. `security`: none, starttls or tls; `timeout`: seconds an exchange."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "none"
    timeout: float = 10

    def __post_init__(self) -> None:
        if self.security not in SECURITY_MODES:
            raise ValueError(f"SMTP security is one of {', '.join(SECURITY_MODES)}, not {self.security!r}.")

    def send(self, message: EmailMessage) -> None:
        """See MailTransport. Once the server has accepted the message, nothing can make it look unsent."""
        try:
            connection = self._connect()
        except (OSError, UnicodeError) as error:  # smtplib's errors are OSErrors; a password may not be ASCII
            raise MailDelayed(f"Serveur de messagerie injoignable\u00a0: {_describe(error)}") from error
        try:
            connection.send_message(message)
        except OSError as error:
            raise _verdict(error) from error
        finally:
            with suppress(OSError):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.user:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection


def explain(error: MailError, server: MailServer) -> str:
    """Why a mail did not leave, for who sets the server up: what is wrong and what to look at, in French."""
    cause = error.__cause__
    place = f"{server.host}, port {server.port}"
    said = f" Réponse du serveur{NBSP}: {_describe(cause)}" if _has_answer(cause) else ""
    for kind, sentence in _CAUSES:
        if isinstance(cause, kind):
            return (
                sentence.format(host=server.host, place=place, user=server.user, sender=server.sender) + said
            )
    return str(error)


def _has_answer(cause: BaseException | None) -> bool:
    return isinstance(cause, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)


# From the narrowest kind to the widest: the first that fits speaks.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (
        socket.gaierror,
        f"Le serveur {{host}} est introuvable{NBSP}: son nom est mal écrit, ou cette machine n’a pas accès à "
        "Internet.",
    ),
    (
        ConnectionRefusedError,
        f"Rien ne répond à {{place}}{NBSP}: vérifiez le port (465 avec TLS, 587 avec STARTTLS).",
    ),
    (
        TimeoutError,
        f"{{place}} ne répond pas à temps{NBSP}: vérifiez le nom, le port, et que l’hébergeur de cette "
        "machine laisse sortir les mails.",
    ),
    (
        ssl.SSLCertVerificationError,
        f"Le certificat de {{host}} ne prouve pas que c’est lui{NBSP}: vérifiez le nom du serveur auprès de "
        "votre hébergeur de mail.",
    ),
    (
        ssl.SSLError,
        f"{{place}} ne parle pas TLS dès la connexion{NBSP}: choisissez STARTTLS, ou le port 465.",
    ),
    (
        smtplib.SMTPAuthenticationError,
        "Le serveur refuse le compte {user} ou son mot de passe. Saisissez-les de nouveau.",
    ),
    (
        smtplib.SMTPNotSupportedError,
        f"{{place}} ne propose pas ce qui est demandé{NBSP}: essayez TLS avec le port 465, ou STARTTLS avec "
        "le port 587.",
    ),
    (
        smtplib.SMTPSenderRefused,
        f"Le serveur refuse d’envoyer pour {{sender}}{NBSP}: prenez l’adresse du compte comme expéditeur.",
    ),
    (
        smtplib.SMTPServerDisconnected,
        f"{{place}} coupe la connexion{NBSP}: la protection et le port ne vont pas ensemble (465 avec TLS, "
        "587 avec STARTTLS).",
    ),
    (
        UnicodeError,
        f"Ce mot de passe contient un accent que le serveur ne lit pas{NBSP}: choisissez-en un autre.",
    ),
)


def _verdict(error: Exception) -> MailError:
    """Final for this recipient, or worth another try."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailRefused("Le serveur de messagerie n’accepte pas les accents dans une adresse.")
    code, answer = _answer(error)
    about_recipient = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    about_us = code in _NOT_THE_ADDRESS or _POLICY_ANSWER.match(answer)
    if about_recipient and 500 <= code < 600 and not about_us:
        return MailRefused(f"Adresse refusée par le serveur de messagerie\u00a0: {_describe(error)}")
    return MailDelayed(f"Envoi remis à plus tard par le serveur de messagerie\u00a0: {_describe(error)}")


def _answer(error: Exception) -> tuple[int, str]:
    """Code and text of the server's answer; (0, …) when it gave none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, answer = error.smtp_code, error.smtp_error
    else:
        return 0, str(error) or type(error).__name__
    return code, answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)


def _describe(error: Exception) -> str:
    """The server's answer on one line, short enough for a table."""
    code, answer = _answer(error)
    return " ".join(f"{code or ''} {answer}".split())[:_ANSWER_LENGTH]


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail as the page of sent mails shows it."""

    name: str  # of its file: identifies the mail in an address
    date: datetime  # aware
    sender: str
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class FolderTransport:
    """Writes each message as an .eml file: the demonstration sends nothing to anybody."""

    path: Path

    def send(self, message: EmailMessage) -> None:
        """See MailTransport. The file appears whole or not at all; a full disk is MailDelayed."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"  # sorts by age
            temporary = self.path / f".{name}"
            temporary.write_bytes(message.as_bytes(policy=policy.SMTP))
            os.replace(temporary, self.path / f"{name}.eml")
        except OSError as error:
            raise MailDelayed(f"Dossier des courriels indisponible\u00a0: {_describe(error)}") from error

    def mails(self, limit: int = 100) -> list[StoredMail]:
        """The last mails, newest first."""
        return [_read(path) for path in sorted(self.path.glob("*.eml"), reverse=True)[:limit]]

    def mail(self, name: str) -> StoredMail | None:
        """One mail by its name, None when there is no such mail."""
        path = self.path / f"{name}.eml"
        return _read(path) if re.fullmatch(r"[0-9a-f-]+", name) and path.is_file() else None


def _read(path: Path) -> StoredMail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return StoredMail(
        name=path.stem,
        date=message["Date"].datetime,
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return body.get_content() if body else ""


def transport_from_config(config: Mapping[str, Any], seconds: float = 10) -> MailTransport:
    """The folder MAIL_FOLDER when it is set (demonstration), else the server of the SMTP_ keys; `seconds`
    bounds each exchange with it."""
    if config["MAIL_FOLDER"]:
        return FolderTransport(Path(config["MAIL_FOLDER"]))
    return SmtpTransport(
        host=config["SMTP_HOST"],
        port=config["SMTP_PORT"],
        user=config["SMTP_USER"],
        password=config["SMTP_PASSWORD"],
        security=config["SMTP_SECURITY"],
        timeout=seconds,
    )
