"""What a mail says: the portal's template, the town's words around it (S113), the person who reads it.

The name of the person is put in last, so that the same mail to many families is made once.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from markupsafe import escape
from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from domain.enums import MailKind
from domain.mail_texts import FIRST_NAME, TownWords, filled
from domain.settings import TownSettings, settings_from_rows
from models import MailText, Setting

_SUBJECT_LINE = re.compile(r"\s*Objet\s*:(.*)\n")
_SUBJECT_LENGTH = 200
_OWN = "mail_text."
# Stands for the first name until it is known: a private character, which nobody types.
_NAME = "\ue000"


@dataclass(frozen=True, slots=True)
class Body:
    subject: str
    text: str
    html: str

    def read_by(self, first_name: str) -> "Body":
        """The same, to this person; without a name the space before it goes too."""
        if not first_name:
            subject, text, html = (part.replace(f" {_NAME}", "").replace(_NAME, "") for part in self._parts)
            return Body(subject, text, html)
        subject, text, html = self._parts
        name = str(escape(first_name))
        return Body(
            subject.replace(_NAME, first_name), text.replace(_NAME, first_name), html.replace(_NAME, name)
        )

    @property
    def _parts(self) -> tuple[str, str, str]:
        return self.subject, self.text, self.html


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the facts of a mail: the town, and its words for this kind."""

    town: TownSettings
    words: TownWords


def frame(session: Session, kind: MailKind) -> Frame:
    """One statement."""
    own = [
        select(literal(f"{_OWN}{name}"), column).where(MailText.kind == kind)
        for name, column in (
            ("subject", MailText.subject),
            ("opening", MailText.opening),
            ("closing", MailText.closing),
        )
    ]
    rows = dict(session.execute(union_all(select(Setting.key, Setting.value), *own)).all())
    words = {name.removeprefix(_OWN): rows.pop(name) for name in list(rows) if name.startswith(_OWN)}
    return Frame(settings_from_rows(rows), TownWords(**words))


def render(kind: MailKind, around: Frame, context: dict[str, Any]) -> Body:
    """A mail knows the town and the addresses of the portal, not the page that caused it.

    What the town wrote opens it in the place of « Bonjour », and closes it before the signature.
    """
    environment = current_app.jinja_env
    known = {"town": around.town, "link": link, **context}
    # The macro of the pages makes paragraphs of what the town typed, and text of its tags.
    paragraphs = environment.get_template("components/paragraphs.html").module.paragraphs
    opening, closing = (_filled(text, around, "") for text in (around.words.opening, around.words.closing))
    whole = environment.get_template(f"mails/{kind}.txt").render(
        known, opening=lambda greeting: opening or greeting, closing=closing
    )
    first_line = _SUBJECT_LINE.match(whole)
    if first_line is None:
        raise ValueError(f"mails/{kind}.txt must start with « Objet : ».")
    subject = _on_one_line(first_line[1])
    html = environment.get_template(f"mails/{kind}.html").render(
        known, opening=lambda greeting: paragraphs(opening or greeting), closing=paragraphs(closing)
    )
    own = _on_one_line(_filled(around.words.subject, around, subject))
    return Body(
        subject=(own or subject)[:_SUBJECT_LENGTH], text=whole[first_line.end() :].strip() + "\n", html=html
    )


def with_words(around: Frame, words: TownWords) -> Frame:
    """The frame as it would be with other words."""
    return replace(around, words=words)


def link(endpoint: str, **values: Any) -> str:
    """An absolute address of the portal, from its configuration: a forged Host header changes nothing."""
    return public_url() + current_app.url_map.bind("portail.invalid").build(endpoint, values)


def public_url() -> str:
    return current_app.config["PUBLIC_URL"]


def _filled(text: str, around: Frame, subject: str) -> str:
    town = around.town
    values = {
        FIRST_NAME: _NAME,
        "commune": town.name,
        "portail": town.portal_name,
        "service": town.service_name,
        "téléphone": town.phone,
        "mail": town.email,
        "objet": subject,
    }
    return filled(text.strip(), values.__getitem__)


def _on_one_line(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" \u00a0")
