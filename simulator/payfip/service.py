"""What the stand-in knows: operations, what the visitor chose on the payment page, who is told and when."""

import itertools
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
PAGE_LIFE = timedelta(minutes=15)
KEPT = timedelta(hours=24)  # an operation that nobody used is forgotten in the night
LABELS = ("VILLE DE DEMONSTRATION", "REGIE PERISCOLAIRE", "SANS ARGENT")
UNKNOWN_CLIENT = "000000"
NOTIFY_SECONDS = 10

# Each rule of creerPaiementSecurise: the code of its fault, the field, what it must be.
RULES = (
    ("T1", "numcli", r".+", "Le numéro de client est absent"),
    ("T2", "numcli", r"\d{6}", "Le numéro de client est incorrect"),
    ("S1", "saisie", r"[TXW]", "Le type de saisie est incorrect"),
    ("E1", "exer", r"\d{4}", "L’exercice est incorrect"),
    ("R3", "refdet", r"[A-Za-z0-9]{1,30}", "La référence de la dette est incorrecte"),
    ("O1", "objet", r"[A-Za-z0-9 ]{0,100}", "L’objet est incorrect"),
    ("M1", "montant", r".+", "Le montant est absent"),
    ("M5", "montant", r"\d{1,8}", "Le montant est incorrect"),
    ("A1", "mel", r".+", "L’adresse mail est absente"),
    ("A2", "mel", r"(?=.{6,80}$)[^@\s]+@[^@\s]+", "L’adresse mail est incorrecte"),
    ("N1", "urlnotif", r"https?://\S{1,240}", "L’adresse de notification est incorrecte"),
    ("D1", "urlredirect", r"https?://\S{1,240}", "L’adresse de retour est incorrecte"),
)


class Fault(Exception):
    """A FonctionnelleErreur."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Operation:
    """One payment; `result` is empty as long as nobody chose, `known_at` when the service will tell it."""

    name: str
    order: dict[str, str]
    created_at: datetime
    is_used: bool = False
    result: str = ""
    known_at: datetime | None = None
    changes: dict[str, str] = field(default_factory=dict)  # what a test makes the answer say instead


class Service:
    """Everything in memory. `now` may be a clock of the tests; `tell` posts a notification."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(PARIS),
        tell: Callable[[str, str], None] | None = None,
    ) -> None:
        self._now, self._tell = now, tell or notify
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.operations: dict[str, Operation] = {}
        self.is_down = False  # True: each call gets the 502 of a proxy

    # The three calls of the web service

    def create(self, order: Mapping[str, str]) -> str:
        """creerPaiementSecurise. Raises Fault."""
        for code, name, pattern, message in RULES:
            if not re.fullmatch(pattern, order.get(name, "")):
                raise Fault(code, message)
        if int(order["montant"]) < 100:
            raise Fault("M3", "Le montant est inférieur à 1 euro")
        if order["numcli"] == UNKNOWN_CLIENT:
            raise Fault("T4", "Le numéro de client est inconnu")
        operation = Operation(secrets.token_hex(16), dict(order), self._now())
        with self._lock:
            self.operations[operation.name] = operation
        return operation.name

    def detail(self, name: str) -> dict[str, str]:
        """recupererDetailPaiementSecurise. Raises Fault P1 and P5."""
        operation = self._known(name)
        if not operation.result or operation.known_at is None or self._now() < operation.known_at:
            if not operation.is_used and self._now() > operation.created_at + KEPT:
                self.forget(name)
                raise Fault("P1", "Identifiant d’opération inconnu")
            raise Fault("P5", "Résultat de la transaction non connu")
        at, order = operation.known_at.astimezone(PARIS), operation.order
        answer = {
            "dattrans": at.strftime("%d%m%Y"),
            "exer": order["exer"],
            "heurtrans": at.strftime("%H%M"),
            "idOp": name,
            "mel": order["mel"],
            "montant": order["montant"],
            "numauto": f"{next(self._numbers):06d}" if operation.result in "PV" else "",
            "numcli": order["numcli"],
            "objet": order.get("objet", ""),
            "refdet": order["refdet"],
            "resultrans": operation.result,
            "saisie": order["saisie"],
        }
        return answer | operation.changes

    def client(self, number: str) -> dict[str, str]:
        """recupererDetailClient. Raises Fault."""
        if not re.fullmatch(r"\d{6}", number):
            raise Fault("T2", "Le numéro de client est incorrect")
        if number == UNKNOWN_CLIENT:
            raise Fault("T4", "Le numéro de client est inconnu")
        return {f"libelleN{place}": label for place, label in enumerate(LABELS, 1)} | {"numcli": number}

    # The payment page

    def open(self, name: str) -> Operation:
        """The operation of a payment page. Raises Fault P1, P3 (used) and P4 (too old)."""
        operation = self._known(name)
        if operation.is_used:
            raise Fault("P3", "Ce paiement a déjà été traité")
        if self._now() > operation.created_at + PAGE_LIFE:
            raise Fault("P4", "Ce paiement a commencé il y a plus de 15 minutes")
        return operation

    def decide(self, name: str, result: str, *, delay: float = 0, notices: int = 1) -> Operation:
        """The visitor chose: `result` is known after `delay` seconds, then told `notices` times. Raises
        Fault."""
        with self._lock:
            operation = self.open(name)
            operation.is_used, operation.result = True, result
            operation.known_at = self._now() + timedelta(seconds=delay)
        if notices:
            later = threading.Timer(delay, self.tell, (operation, notices))
            later.daemon = True
            later.start()
        return operation

    def tell(self, operation: Operation, notices: int = 1) -> None:
        """Post the name of the operation to the portal so many times."""
        for _ in range(notices):
            self._tell(operation.order["urlnotif"], operation.name)

    def forget(self, name: str) -> None:
        """From now on P1."""
        with self._lock:
            self.operations.pop(name, None)

    def _known(self, name: str) -> Operation:
        operation = self.operations.get(name)
        if operation is None:
            raise Fault("P1", "Identifiant d’opération inconnu")
        return operation


def notify(address: str, name: str) -> None:
    """The notification of the real service: an unsigned POST that names the operation and nothing else."""
    request = Request(address, urlencode({"idop": name}).encode(), method="POST")  # noqa: S310  checked at creation
    try:
        with urlopen(request, timeout=NOTIFY_SECONDS):  # noqa: S310
            return
    except (URLError, OSError):
        return  # the real service does not insist either
