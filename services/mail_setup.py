"""The mail server that is chosen on screen, and its trial: a mail sent at once, whose code, typed
back, proves that it arrived (S07).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from adapters.mail import MailError, build_message, explain, named_address
from domain.errors import Refused
from domain.french import NBSP
from domain.mail_server import SERVER_ROW, TRIAL_ROW, MailServer, MailTrial
from domain.settings import settings_from_rows
from extensions import db
from models import Setting
from services import audit, credentials, mail_server
from services.accounts import Author
from services.transaction import write_transaction

_THE_TOWN = 1
_PATIENCE_SECONDS = 8  # somebody waits in front of the screen


# --- The server ---------------------------------------------------------------------------------------------


def save(server: MailServer, password: str, *, author: Author, now: datetime) -> bool:
    """Write the server of the screen; `password` empty keeps the one that is there, of the same host and
    user.

    False when nothing changes. Raises Refused `from_machine` when the machine decides, `in_the_clear`,
    `no_password` for a user without one.
    """
    if current_app.config["SMTP_HOST"]:
        raise Refused("from_machine", "Le serveur de mail est choisi sur la machine elle-même.")
    if server.is_in_the_clear:
        raise Refused(
            "in_the_clear",
            f"Sans protection, les mails et le mot de passe se liraient en route{NBSP}: choisissez TLS ou "
            "STARTTLS.",
        )
    sealed = (
        current_app.extensions["sealer"].seal_text(password, mail_server.PASSWORD_PLACE) if password else ""
    )
    with write_transaction() as session:
        former = _stored(session)
        wanted = replace(server, sealed_password=sealed or _kept_password(former, server))
        if server.user and not wanted.sealed_password:
            raise Refused("no_password", "Indiquez le mot de passe de ce compte.")
        if wanted == former:
            return False
        session.merge(Setting(key=SERVER_ROW, value=wanted.to_text()))
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="mail_server.updated",
            object_type="town",
            object_id=_THE_TOWN,
            before=None if former is None else _shown(former),
            after=_shown(wanted),
        )
    return True


def _stored(session: Session) -> MailServer | None:
    text = session.scalar(select(Setting.value).where(Setting.key == SERVER_ROW))
    return None if text is None else MailServer.from_text(text)


def _kept_password(former: MailServer | None, server: MailServer) -> str:
    """A password goes to no other host and serves no other account."""
    if former is None or (former.host, former.user) != (server.host, server.user):
        return ""
    return former.sealed_password


def _shown(server: MailServer) -> dict[str, str | int]:
    """What the journal holds of it: no password, sealed or not."""
    return {
        "host": server.host,
        "port": server.port,
        "security": server.security,
        "user": server.user,
        "sender": server.sender,
        "password": "•••" if server.sealed_password else "",
    }


# --- The trial ----------------------------------------------------------------------------------------------


def trial_of(rows: Mapping[str, str]) -> MailTrial | None:
    """The trial of the server that is in force, from the rows of the settings; None for another server's."""
    text = rows.get(TRIAL_ROW)
    if text is None:
        return None
    trial = MailTrial.from_text(text)
    return trial if trial.server == mail_server.in_force(rows).server.fingerprint else None


@dataclass(frozen=True, slots=True)
class Standing:
    """The server that is in force, and its trial."""

    found: mail_server.InForce
    trial: MailTrial | None


def standing() -> Standing:
    """One statement."""
    rows = dict(db.session.execute(select(Setting.key, Setting.value)).all())
    return Standing(mail_server.in_force(rows), trial_of(rows))


def send_trial(to: str, *, author: Author, now: datetime) -> None:
    """Send a mail with a code, now, outside of the outbox.

    Raises Refused `not_sent` with what the mail server said, in French.
    """
    rows = dict(db.session.execute(select(Setting.key, Setting.value)).all())
    town, found = settings_from_rows(rows), mail_server.in_force(rows)
    db.session.rollback()  # nothing is held open while the mail server takes its time
    code = f"{secrets.randbelow(10**6):06d}"
    known = {"town": town, "code": code}
    render = current_app.jinja_env.get_template
    domain = found.server.sender.rpartition("@")[2]
    try:
        message = build_message(
            named_address(town.portal_name, found.server.sender),
            town.email,
            to,
            f"Mail d’essai du portail{NBSP}: {code}",
            render("mails/trial.txt").render(known),
            render("mails/trial.html").render(known),
            f"<{uuid4().hex}@{domain}>",
        )
        mail_server.transport_to(found, _PATIENCE_SECONDS).send(message)
    except MailError as error:
        raise Refused("not_sent", explain(error, found.server)) from error
    except ValueError:
        raise Refused(
            "bad_sender", f"L’adresse d’expéditeur {found.server.sender} n’est pas une adresse de mail."
        ) from None
    trial = MailTrial(found.server.fingerprint, to, credentials.token_hash(code), now)
    with write_transaction() as session:
        _write(session, trial, "mail_server.tried", author, now)


def confirm_trial(code: str, *, author: Author, now: datetime) -> None:
    """The code of the trial was read in a mail box. Raises Refused `wrong_code`, `no_trial`."""
    with write_transaction() as session:
        rows = dict(session.execute(select(Setting.key, Setting.value)).all())
        trial = trial_of(rows)
        if trial is None:
            raise Refused("no_trial", "Envoyez d’abord un mail d’essai.")
        if credentials.token_hash(code) != trial.code_hash:
            raise Refused(
                "wrong_code",
                f"Ce n’est pas le code du dernier mail d’essai{NBSP}: recopiez ses six chiffres.",
            )
        _write(session, replace(trial, arrived_at=now), "mail_server.proved", author, now)


def _write(session: Session, trial: MailTrial, action: str, author: Author, now: datetime) -> None:
    session.merge(Setting(key=TRIAL_ROW, value=trial.to_text()))
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type="town",
        object_id=_THE_TOWN,
    )
