"""The town's own words around a mail of the portal (S113): its subject, what opens it, what closes it.

What the portal has to say (facts, links, secrets) stays: a town writes around it, never instead of it. Words
in braces come from a closed list, so that a slip is told on the screen and not read by families.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.enums import MailKind
from domain.errors import Refused
from domain.french import enumerate_fr, quoted
from domain.people import fold

LONGEST_SUBJECT, LONGEST_TEXT = 160, 2000

# Between braces, what each word becomes.
WORDS: Mapping[str, str] = {
    "prénom": "le prénom de la personne qui reçoit le mail",
    "commune": "le nom de la commune",
    "portail": "le nom du portail",
    "service": "le nom du service",
    "téléphone": "le téléphone du service",
    "mail": "l’adresse mail du service",
}
FIRST_NAME = "prénom"
# In the subject alone: what the portal would have written.
SUBJECT_WORDS: Mapping[str, str] = {"objet": "l’objet du portail"} | WORDS
# To the service itself, at an address that is nobody's.
IMPERSONAL = frozenset({MailKind.DISPUTE_RECEIVED, MailKind.SERVICE_MESSAGE})
# The mails as a list shows them.
GROUPS: Mapping[str, tuple[MailKind, ...]] = {
    "Compte et connexion": (
        MailKind.ACTIVATION,
        MailKind.PROVISIONAL_PASSWORD,
        MailKind.PASSWORD_CHANGED,
        MailKind.EMAIL_CHANGE,
        MailKind.EMAIL_CHANGE_NOTICE,
        MailKind.EMAIL_CHANGED,
        MailKind.SECOND_FACTOR_CHANGED,
        MailKind.NEW_DEVICE,
    ),
    "Réservations": (
        MailKind.BOOKING_RECEIPT,
        MailKind.BOOKING_DECISION,
        MailKind.BOOKING_REMINDER,
        MailKind.PLACE_OFFER,
        MailKind.PLACE_LOST,
        MailKind.ALLOTMENT_RESULT,
        MailKind.ABSENCE_RECEIPT,
        MailKind.CLOSURE,
    ),
    "Dossier de la famille": (
        MailKind.CHANGE_DECISION,
        MailKind.DOCUMENT_DECISION,
        MailKind.DOCUMENT_EXPIRY,
        MailKind.ENROLMENT_DECISION,
        MailKind.CUSTODY_SWAP,
        MailKind.QUOTIENT_WARNING,
        MailKind.ERASURE_NOTICE,
    ),
    "Factures et règlements": (
        MailKind.INVOICE_ISSUED,
        MailKind.INVOICE_REMINDER,
        MailKind.PAYMENT_RECEIPT,
        MailKind.PAYMENT_BOUNCED,
        MailKind.DEBIT_NOTICE,
        MailKind.DEBIT_WITHDRAWN,
        MailKind.MANDATE_CHANGED,
        MailKind.DISPUTE_DECISION,
    ),
    "Messages et annonces": (MailKind.MESSAGE_RECEIVED, MailKind.ANNOUNCEMENT),
    "Au service": (MailKind.SERVICE_MESSAGE, MailKind.DISPUTE_RECEIVED, MailKind.ATTENTION),
}
_WORD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TownWords:
    """The words of the town for one kind of mail; an empty one leaves the portal's."""

    subject: str = ""
    opening: str = ""
    closing: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the town wrote anything."""
        return bool(self.subject or self.opening or self.closing)


def words_of(kind: MailKind) -> Mapping[str, str]:
    """The words that the texts of a mail may hold, and what each means."""
    return {name: meaning for name, meaning in WORDS.items() if name != FIRST_NAME or kind not in IMPERSONAL}


def check(kind: MailKind, words: TownWords) -> None:
    """Raises Refused `subject`, `opening` or `closing` for a word in braces that means nothing there, or a
    brace that is not closed."""
    texts = words_of(kind)
    _check("subject", words.subject, {"objet": SUBJECT_WORDS["objet"], **texts})
    _check("opening", words.opening, texts)
    _check("closing", words.closing, texts)


def filled(text: str, value_of: Callable[[str], str]) -> str:
    """The text with each of its words replaced by what `value_of` gives for its name."""
    names = {fold(name): name for name in SUBJECT_WORDS}
    return _WORD.sub(lambda word: value_of(names[fold(word[1])]), text)


def _check(code: str, text: str, known: Mapping[str, str]) -> None:
    names = {fold(name) for name in known}
    for word in _WORD.findall(text):
        if fold(word) not in names:
            offered = enumerate_fr([f"{{{name}}}" for name in known])
            raise Refused(
                code,
                f"Le mot {quoted('{' + word + '}')} n’est pas connu ici. Entre accolades, vous pouvez écrire "
                f"{offered}.",
            )
    if set(_WORD.sub("", text)) & {"{", "}"}:
        raise Refused(
            code, "Une accolade n’est pas fermée, ou ne sert à rien. Écrivez par exemple {commune}."
        )
