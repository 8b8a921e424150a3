"""The town's words around the mails of the portal (S113): kept, taken back, looked at before."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.enums import MailKind
from domain.errors import Refused
from domain.french import NBSP
from domain.mail_texts import LONGEST_SUBJECT, LONGEST_TEXT, TownWords, check
from extensions import db
from models import MailText
from services import audit, mail_bodies, mail_examples
from services.accounts import Author
from services.mail_bodies import Body
from services.transaction import write_transaction


def own_words() -> dict[MailKind, TownWords]:
    """The words of the town, by kind; a kind that it left alone is absent. One statement."""
    rows = db.session.execute(select(MailText.kind, MailText.subject, MailText.opening, MailText.closing))
    return {kind: TownWords(*words) for kind, *words in rows}


def save(kind: MailKind, words: TownWords, *, author: Author, now: datetime) -> bool:
    """Keep the words of the town for a kind of mail; all empty, the portal's stand again. False when nothing
    changed. Raises Refused `subject`, `opening` or `closing`, as `checked`."""
    words = checked(kind, words)
    with write_transaction() as session:
        row = session.get(MailText, kind)
        former = TownWords(row.subject, row.opening, row.closing) if row else TownWords()
        if former == words:
            return False
        if words.is_own:
            session.merge(MailText(kind=kind, **asdict(words)))
        elif row is not None:
            session.delete(row)
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="mail_text.updated",
            object_type="mail_text",
            object_id=list(MailKind).index(kind),
            before={"kind": kind.value, **asdict(former)},
            after={"kind": kind.value, **asdict(words)},
        )
    return True


def checked(kind: MailKind, words: TownWords) -> TownWords:
    """The words as they are kept, without useless spaces. Raises Refused `subject`, `opening`, `closing`."""
    kept = TownWords(" ".join(words.subject.split()), _tidy(words.opening), _tidy(words.closing))
    for code, text, most in (
        ("subject", kept.subject, LONGEST_SUBJECT),
        ("opening", kept.opening, LONGEST_TEXT),
        ("closing", kept.closing, LONGEST_TEXT),
    ):
        if len(text) > most:
            raise Refused(code, f"Raccourcissez ce texte{NBSP}: {most} caractères au plus.")
    check(kind, kept)
    return kept


def example(kind: MailKind, words: TownWords, now: datetime) -> Body:
    """What an invented family, or the service, would read with these words. Nothing is written."""
    around = mail_bodies.with_words(mail_bodies.frame(db.session(), kind), words)
    return mail_bodies.render(kind, around, dict(mail_examples.example(kind, now))).read_by(
        mail_examples.FIRST_NAME
    )


def preview(kind: MailKind, first_name: str, context: Mapping[str, Any]) -> Body:
    """A mail with these facts as it would leave now. Nothing is written."""
    around = mail_bodies.frame(db.session(), kind)
    return mail_bodies.render(kind, around, dict(context)).read_by(first_name)


def _tidy(text: str) -> str:
    return text.replace("\r", "").strip()
