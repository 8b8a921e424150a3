"""What is written to a family whose bill is not paid, in three levels that the service words (R44)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.errors import Refused
from domain.french import NBSP, enumerate_fr, format_day, format_euros, month_title, plural, quoted

LATEST = 365  # days from the due day
LONGEST_SUBJECT, LONGEST_TEXT = 120, 3000

# The words that a text may hold between braces, and what each becomes.
WORDS: Mapping[str, str] = {
    "foyer": "le nom du foyer",
    "facture": "le numéro de la facture",
    "mois": "le mois facturé",
    "reste": "la somme qui reste à régler",
    "echeance": "le jour avant lequel régler",
    "retard": "le nombre de jours de retard",
    "regie": "le nom de la régie",
}
_WORD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Level:
    """One of the three levels. `days`: how many after the due day it is written, negative for before."""

    level: int
    days: int
    subject: str
    text: str
    is_active: bool = True

    @property
    def when(self) -> str:
        """« 5 jours avant l’échéance »."""
        if not self.days:
            return "le jour de l’échéance"
        side = "avant" if self.days < 0 else "après"
        return f"{plural(abs(self.days), 'jour', 'jours')} {side} l’échéance"


@dataclass(frozen=True, slots=True)
class ReminderBill:
    """What a text says of a bill. Cents."""

    household: str
    reference: str
    month: date
    left_cents: int
    issue_day: date
    due_day: date
    regie: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A level made out for one bill; `paragraphs` are the parts of the text between empty lines."""

    subject: str
    text: str

    @property
    def paragraphs(self) -> tuple[tuple[str, ...], ...]:
        """The lines of each part."""
        parts = re.split(r"\n\s*\n", self.text.strip())
        return tuple(tuple(part.splitlines()) for part in parts)


DEFAULTS: Mapping[int, Level] = {
    one.level: one
    for one in (
        Level(
            1,
            -5,
            "Votre facture de {mois} est à régler avant le {echeance}",
            "Bonjour,\n\n"
            "Il reste {reste} à régler sur votre facture {facture} ({mois}, {regie}), avant le "
            "{echeance}.\n\n"
            "Si vous venez de la régler, ne tenez pas compte de ce message.",
        ),
        Level(
            2,
            8,
            "Votre facture de {mois} n’est pas réglée",
            "Bonjour,\n\n"
            "Votre facture {facture} ({mois}, {regie}) était à régler avant le {echeance}. Il reste {reste} "
            "à régler.\n\n"
            f"Une difficulté pour régler{NBSP}? Écrivez-nous ou appelez-nous, nous chercherons une solution "
            "avec vous.\n\n"
            "Si vous venez de la régler, ne tenez pas compte de ce message.",
        ),
        Level(
            3,
            25,
            "Dernier avis avant le Trésor public pour votre facture de {mois}",
            "Bonjour,\n\n"
            "Votre facture {facture} ({mois}, {regie}) a {retard} de retard. Il reste {reste} à régler.\n\n"
            "Sans règlement de votre part, cette somme sera demandée par le Trésor public, qui pourra y "
            "ajouter des frais.\n\n"
            f"Une difficulté pour régler{NBSP}? Contactez-nous sans attendre.",
        ),
    )
}


def check(level: Level, others: Iterable[Level]) -> None:
    """Refuse what cannot be written to families, or a level that does not come after the one before it.

    Raises Refused: `subject`, `text` for a word between braces that means nothing, or for a delay told before
    the due day; `days` for the order.
    """
    for code, typed in (("subject", level.subject), ("text", level.text)):
        _refuse_unknown(code, typed)
    if level.days <= 0 and "{retard}" in level.subject + level.text:
        raise Refused(
            "text", "Avant l’échéance, il n’y a pas de retard\u00a0: enlevez {retard} ou changez les jours."
        )
    for other in others:
        if not (level.is_active and other.is_active) or other.level == level.level:
            continue
        is_after = level.level > other.level
        if level.days == other.days or (level.days > other.days) != is_after:
            side = "après" if is_after else "avant"
            raise Refused(
                "days",
                f"La relance {level.level} vient {side} la relance {other.level}, qui est envoyée "
                f"{other.when}. Changez le nombre de jours.",
            )


def made_out(level: Level, bill: ReminderBill, today: date) -> Letter:
    """The subject and the text of a level for a bill, as they are sent on `today`."""
    known = {
        "foyer": bill.household,
        "facture": bill.reference,
        "mois": month_title(bill.month.year, bill.month.month).lower(),
        "reste": format_euros(bill.left_cents),
        "echeance": format_day(bill.due_day, year=True),
        "retard": plural(max((today - bill.due_day).days, 0), "jour", "jours"),
        "regie": bill.regie,
    }
    return Letter(_filled(level.subject, known), _filled(level.text, known))


def reached(
    levels: Iterable[Level],
    issue_day: date,
    due_day: date,
    last_level: int,
    last_day: date | None,
    today: date,
) -> int | None:
    """The level to write on `today` for a bill whose last one was `last_level` (0: none), on `last_day`.

    The highest that is due, so that one turn after a long stop writes once; None when nothing is. A level
    meant for before the due day is never written after it, and nothing is on the day of the bill itself.
    """
    if today <= issue_day or last_day == today:
        return None
    due = [
        one.level
        for one in levels
        if one.is_active
        and one.level > last_level
        and due_day + timedelta(days=one.days) <= today
        and (one.days >= 0 or today <= due_day)
    ]
    return max(due, default=None)


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: known[word[1].strip()], text)


def _refuse_unknown(code: str, text: str) -> None:
    for word in _WORD.findall(text):
        if word.strip() not in WORDS:
            offered = enumerate_fr([f"{{{name}}}" for name in WORDS])
            raise Refused(
                code,
                f"Le mot {quoted('{' + word + '}')} n’est pas connu. Entre accolades, vous pouvez écrire "
                f"{offered}.",
            )
    if set(_WORD.sub("", text)) & {"{", "}"}:
        raise Refused(code, "Une accolade n’est pas fermée, ou ne sert à rien. Écrivez par exemple {reste}.")
