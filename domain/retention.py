"""How long each kind of datum is kept, within what the law asks and allows (R54).

Pure: months in, days out. A town chooses inside `least` and `most`; what is computed here is only asked for
by `services.erasures`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from domain.calendar import add_months
from domain.errors import Refused
from domain.french import NBSP


class Retained(StrEnum):
    """A kind of datum with a duration of its own."""

    FAMILY = "family"
    HEALTH = "health"
    DOCUMENTS = "documents"
    MESSAGES = "messages"
    MAILS = "mails"
    JOURNAL = "journal"
    ONLINE = "online"
    ACCOUNTING = "accounting"


@dataclass(frozen=True, slots=True)
class Duration:
    """`months` is the first value. `since`: from when it counts. `source`: the text behind the bounds."""

    kind: Retained
    name: str
    since: str
    months: int
    least: int
    most: int
    source: str


DURATIONS: Mapping[Retained, Duration] = {
    one.kind: one
    for one in (
        Duration(
            Retained.FAMILY, "Dossier d’un foyer",
            "sa dernière activité (réservation, inscription, acte, connexion)",
            24, 12, 60,
            "RGPD, article 5.1.e. Le dossier sert tant que la famille utilise le service, et le temps d’une "
            "réclamation ensuite.",
        ),
        Duration(
            Retained.HEALTH, "Santé d’un enfant", "la fin de sa dernière inscription", 0, 0, 12,
            "RGPD, article 9. Les renseignements de santé ne servent que pendant l’accueil de l’enfant.",
        ),
        Duration(
            Retained.DOCUMENTS, "Fichier d’un document", "son refus, son retrait ou la fin de sa validité",
            3, 0, 24,
            "RGPD, article 5.1.c. Une fois le droit vérifié, il suffit de garder la trace du contrôle.",
        ),
        Duration(
            Retained.MESSAGES, "Échanges avec le service", "le dernier message d’un échange clos", 24, 6, 60,
            "RGPD, article 5.1.e. Le temps de répondre à une réclamation.",
        ),
        Duration(
            Retained.MAILS, "Texte des mails envoyés", "leur envoi", 3, 1, 24,
            "RGPD, article 5.1.c. Leur trace (qui, quand, quel mail) reste dans le dossier.",
        ),
        Duration(
            Retained.JOURNAL, "Détail des actes du journal", "l’acte", 12, 6, 36,
            f"Délibération CNIL 2021-122{NBSP}: de 6 mois à 1 an, 3 ans quand un contrôle interne le "
            "justifie. Qui a fait quoi, et quand, reste.",
        ),
        Duration(
            Retained.ONLINE, "Paiement en ligne qui n’a pas abouti", "la tentative", 13, 2, 13,
            f"Code monétaire et financier, article L.{NBSP}133-24{NBSP}: 13 mois pour contester.",
        ),
        Duration(
            Retained.ACCOUNTING, "Factures, paiements, remboursements", "la facture ou le paiement",
            120, 120, 180,
            f"Code de commerce, article L.{NBSP}123-22, et décret 2012-1246{NBSP}: 10 ans au moins. Les "
            "montants restent ensuite, sans nom.",
        ),
    )
}  # fmt: skip

# Fixed by the portal: nobody needs them longer.
FIXED = (
    ("Connexions ouvertes", "24 heures pour une famille, 10 heures pour un agent"),
    ("Liens d’activation et mots de passe provisoires", "trois mois après leur fin, sans le secret lui-même"),
    ("Demandes commencées et jamais envoyées", "30 jours"),
    ("Compteurs d’essais de connexion", "1 jour"),
)
PREFIX = "retention."
NOTICE = f"{PREFIX}notice_days"
NOTICE_DAYS, LEAST_NOTICE, MOST_NOTICE = 30, 15, 90  # between the mail that tells a family and its erasure
NIGHTLY = f"{PREFIX}nightly"
ASKED = f"{PREFIX}asked"  # an administrator confirmed an erasure that the worker has not begun
TELLING = f"{PREFIX}telling"  # an administrator wants the families told; the worker has not begun


@dataclass(frozen=True, slots=True)
class Retention:
    """The durations of a town in months, how many days before it a family is told of its erasure, and whether
    the worker tells and erases each night by itself."""

    months: Mapping[Retained, int] = field(
        default_factory=lambda: {kind: one.months for kind, one in DURATIONS.items()}
    )
    is_nightly: bool = False
    notice_days: int = NOTICE_DAYS

    def before(self, kind: Retained, today: date) -> date:
        """The day before which data of that kind have been kept long enough."""
        year, month = add_months(today.year, today.month, -self.months[kind])
        return date(year, month, min(today.day, _last_day(year, month)))

    def to_rows(self) -> dict[str, str]:
        rows = {f"{PREFIX}{kind}": str(count) for kind, count in self.months.items()}
        return rows | {NIGHTLY: "oui" if self.is_nightly else "non", NOTICE: str(self.notice_days)}


def _last_day(year: int, month: int) -> int:
    following = add_months(year, month, 1)
    return (date(*following, 1) - date(year, month, 1)).days


def from_rows(rows: Mapping[str, str]) -> Retention:
    """From the rows of `Setting`; a missing one takes its first value."""
    months = {kind: int(rows.get(f"{PREFIX}{kind}", one.months)) for kind, one in DURATIONS.items()}
    return Retention(months, rows.get(NIGHTLY) == "oui", int(rows.get(NOTICE, NOTICE_DAYS)))


def check(retention: Retention) -> None:
    """Raises Refused for a duration that the law does not allow, its code the kind, and `notice_days`."""
    for kind, one in DURATIONS.items():
        if not one.least <= retention.months[kind] <= one.most:
            raise Refused(
                kind.value,
                f"{one.name}{NBSP}: choisissez une durée entre {one.least} et {one.most} mois.",
            )
    if not LEAST_NOTICE <= retention.notice_days <= MOST_NOTICE:
        raise Refused(
            "notice_days", f"Prévenez les familles entre {LEAST_NOTICE} et {MOST_NOTICE} jours à l’avance."
        )
