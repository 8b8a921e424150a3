"""The town's own words around each kind of mail, looked at before they are kept (S113)."""

import re
from collections.abc import Mapping

from flask import request, url_for
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import Length

from blueprints.shared.answers import answer, done
from blueprints.shared.fields import LineField
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, shown, step
from blueprints.staff.content import blueprint
from blueprints.staff.families.forms import StaffForm, values_of
from domain.enums import MailKind
from domain.errors import NotFound
from domain.field_values import too_long
from domain.labels import label
from domain.mail_texts import GROUPS, LONGEST_SUBJECT, LONGEST_TEXT, TownWords, words_of
from domain.people import fold
from domain.permissions import Permission
from services import mail_texts

MANAGE = Permission.CONTENT_MANAGE
# In addresses: « facture-disponible ».
NAMES: Mapping[MailKind, str] = {kind: fold(label(kind)).replace(" ", "-") for kind in MailKind}
KINDS: Mapping[str, MailKind] = {name: kind for kind, name in NAMES.items()}
PLACES = {"subject": "subject", "opening": "opening", "closing": "closing"}
_BODY = re.compile(r"<body>(.*)</body>", re.DOTALL)
_LINK = re.compile(r"<a [^>]*>(.*?)</a>", re.DOTALL)


class MailTextForm(StaffForm):
    subject = LineField("Objet", LONGEST_SUBJECT)
    opening = TextAreaField("Pour commencer", [Length(max=LONGEST_TEXT, message=too_long(LONGEST_TEXT))])
    closing = TextAreaField("Pour finir", [Length(max=LONGEST_TEXT, message=too_long(LONGEST_TEXT))])
    looks = {
        "subject": {"help": "Laissez vide pour garder l’objet du portail."},
        "opening": {"rows": "4", "help": "À la place de «\u00a0Bonjour\u00a0». Laissez vide pour le garder."},
        "closing": {"rows": "4", "help": "Avant la signature et les coordonnées du service."},
    }

    def words(self) -> TownWords:
        return values_of(self, TownWords)


@blueprint.get("/mails")
@staff(MANAGE)
def mails() -> Response:
    """Every kind of mail, and those that the town worded."""
    return answer("staff/content/mails.html", groups=GROUPS, own=mail_texts.own_words(), names=NAMES)


@blueprint.route("/mails/<name>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_mail(name: str) -> Response:
    """The words for one kind of mail beside what an invented family would read."""
    kind = KINDS.get(name)
    if kind is None:
        raise NotFound
    own = mail_texts.own_words().get(kind, TownWords())
    form = MailTextForm(obj=own)
    back = url_for(".mails")
    if step() == "reset":
        mail_texts.save(kind, TownWords(), author=author(), now=now())
        return done(back, f"{label(kind)}\u00a0: le texte du portail est remis.")
    if step() == "preview":
        attempt(form, lambda: mail_texts.checked(kind, form.words()), **PLACES)
    else:
        saved = attempt(
            form, lambda: mail_texts.save(kind, form.words(), author=author(), now=now()), **PLACES
        )
        if saved is not NOT_DONE:
            return done(back, "Le texte du mail est enregistré." if saved else "Rien n’a changé.")
    typed = own if form.errors or request.method == "GET" else form.words()
    mail = mail_texts.example(kind, typed, now())
    return shown(
        form,
        "staff/content/mail.html",
        kind=kind,
        own=own,
        words=words_of(kind),
        mail=mail,
        html=_shown_html(mail.html),
        is_preview=step() == "preview" and not form.errors,
    )


def _shown_html(html: str) -> str:
    """The body of a mail that a template made, its links told apart and leading nowhere: they are those of
    an invented family."""
    found = _BODY.search(html)
    return _LINK.sub(r"<u>\1</u>", found[1] if found else "")
