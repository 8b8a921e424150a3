"""PayFiP, the Treasury's payment service, through its web service and `eopayment` (S57, R45).

Only the SOAP client of eopayment is used: its `Payment` compares nothing and rounds. It weighs 36 MB, so it
is imported when a first payment is asked for.
"""

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from adapters.payment_gateway import GatewayRefused, GatewaySilent, Order
from domain.enums import OnlineMode
from domain.french import NBSP
from domain.online_payments import LEAST_CENTS, MOST_CENTS, Answer, Outcome

if TYPE_CHECKING:
    from eopayment.payfip_ws import PayFiP as SoapClient

Result = TypeVar("Result")

SERVICE_PATH, PAGE_PATH = "/services/securite", "/paiementws.web"
BEGIN_SECONDS, ASK_SECONDS = 8, 10

_OUTCOMES = {
    "P": Outcome.CARD,
    "V": Outcome.DEBIT,
    "R": Outcome.REFUSED,
    "Z": Outcome.REFUSED,
    "A": Outcome.CANCELLED,
    # Faults. P1: unknown for good; the page was used, is too old, or has no result yet: none of them says
    # that nothing will be paid.
    "P1": Outcome.UNKNOWN,
    "P3": Outcome.PENDING,
    "P4": Outcome.PENDING,
    "P5": Outcome.PENDING,
}
_MODES = {"T": OnlineMode.TEST, "X": OnlineMode.ACTIVATION, "W": OnlineMode.PRODUCTION}
_LETTERS = {mode: letter for letter, mode in _MODES.items()}
# What eopayment calls the faults that are no answer of the service about the operation.
_NO_ANSWER = frozenset({"SOAP error", "HTTP error", "Unexpected error", "unknown", "inconnu"})
_REFDET = re.compile(r"[A-Za-z0-9]{6,30}")
_CLIENT = re.compile(r"\d{6}")
_LONGEST_EMAIL, _SHORTEST_EMAIL, _LONGEST_URL = 80, 6, 249
_SOAP_ADDRESS = re.compile(r'(<soap:address location=")[^"]*(")')


class PayFip:
    """The service at `base`: the Treasury's, or a simulator's. Begins nothing in production without TLS."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._own = threading.local()

    def begin(self, order: Order) -> str:
        """The idOp of a new payment. Raises GatewayRefused or GatewaySilent."""
        self._check(order)
        from eopayment.payfip_ws import normalize_objet

        answer = self._call(
            lambda soap: soap.get_idop(
                numcli=order.client,
                saisie=_LETTERS[order.mode],
                exer=str(order.year),
                refdet=order.refdet,
                montant=str(order.amount_cents),
                mel=order.email,
                url_notification=order.notify_url,
                url_redirect=order.return_url,
                objet=normalize_objet(order.subject) or None,
                timeout=BEGIN_SECONDS,
            )
        )
        operation = str(getattr(answer, "idOp", answer) or "")
        if not operation:
            raise GatewaySilent("creerPaiementSecurise gave no idOp")
        return operation

    def page_of(self, operation: str) -> str:
        return f"{self._base}{PAGE_PATH}?idop={quote(operation)}"

    def ask(self, operation: str) -> Answer:
        """What became of an operation. Raises GatewaySilent."""
        try:
            found = self._call(lambda soap: soap.get_info_paiement(operation, timeout=ASK_SECONDS))
        except GatewayRefused as fault:
            outcome = _OUTCOMES.get(fault.code, Outcome.ODD) if fault.code.startswith("P") else Outcome.ODD
            return Answer(outcome, fault.code, raw={"code": fault.code, "message": str(fault)})
        fields = _texts(found)
        if not fields:
            raise GatewaySilent("recupererDetailPaiementSecurise gave nothing")
        return _answer(fields)

    def labels(self, client: str) -> tuple[str, ...]:
        """The labels of a NUMCLI. Raises GatewayRefused for an unknown one, GatewaySilent."""
        fields = _texts(self._call(lambda soap: soap.get_info_client(client, timeout=ASK_SECONDS)))
        return tuple(filter(None, (fields.get(f"libelleN{number}", "") for number in (1, 2, 3))))

    def _check(self, order: Order) -> None:
        """What the service would refuse with a code, or worse take. Raises GatewayRefused."""
        if not _CLIENT.fullmatch(order.client):
            raise GatewayRefused("T2", "Le numéro de client PayFiP de la régie n’a pas six chiffres.")
        if not LEAST_CENTS <= order.amount_cents <= MOST_CENTS:
            raise GatewayRefused("M3", "Le service de paiement ne prend pas moins de 1\u00a0€.")
        if not _REFDET.fullmatch(order.refdet):
            raise GatewayRefused("R3", "La référence du paiement n’a pas de 6 à 30 lettres ou chiffres.")
        if "@" not in order.email or not _SHORTEST_EMAIL <= len(order.email) <= _LONGEST_EMAIL:
            raise GatewayRefused(
                "A2",
                f"Le service de paiement ne prend pas d’adresse mail de plus de {_LONGEST_EMAIL} signes. "
                "Changez votre adresse dans «\u00a0Mon compte\u00a0».",
            )
        if max(len(order.notify_url), len(order.return_url)) > _LONGEST_URL:
            raise GatewayRefused("N1", "L’adresse du portail est trop longue pour le service de paiement.")
        if order.mode is OnlineMode.PRODUCTION and urlsplit(self._base).scheme != "https":
            raise GatewayRefused("W", "Aucun paiement réel ne passe par une adresse sans chiffrement.")

    def _call(self, act: Callable[["SoapClient"], Result]) -> Result:
        from eopayment.payfip_ws import PayFiPError

        try:
            return act(self._soap)
        except PayFiPError as error:
            if error.code in _NO_ANSWER:
                raise GatewaySilent(f"{error.code}: {error.message}") from error
            raise GatewayRefused(str(error.code), _said(error.message)) from error

    @property
    def _soap(self) -> "SoapClient":
        """The SOAP client of this thread: its connections and its time limit are not made for two."""
        if not hasattr(self._own, "soap"):
            self._own.soap = self._client()
        return self._own.soap

    def _client(self) -> "SoapClient":
        """A client aimed at our address: eopayment keeps its `service_url` without using it, so the service
        is described by a copy of its WSDL with the address replaced."""
        from eopayment import payfip_ws
        from zeep import Settings

        ours = rf"\g<1>{self._base}{SERVICE_PATH}\g<2>"
        # An element that is new one day is no reason to read nothing.
        settings = Settings(strict=False, forbid_dtd=True, forbid_entities=True)
        bundled = Path(payfip_ws.__file__).with_name("resource")
        with TemporaryDirectory() as folder:
            for source in bundled.glob("PaiementSecuriseService*"):
                text = _SOAP_ADDRESS.sub(ours, source.read_text(encoding="utf-8"))
                Path(folder, source.name).write_text(text, encoding="utf-8")
            soap = payfip_ws.PayFiP(
                wsdl_url=Path(folder, "PaiementSecuriseService.wsdl").as_uri(),
                zeep_client_kwargs={"settings": settings},
            )
            _ = soap.client  # reads the folder now
        return soap


def _answer(fields: Mapping[str, str]) -> Answer:
    code, amount = fields.get("resultrans", ""), fields.get("montant", "")
    return Answer(
        _OUTCOMES.get(code, Outcome.ODD) if len(code) == 1 else Outcome.ODD,
        code,
        refdet=fields.get("refdet", ""),
        amount_cents=int(amount) if re.fullmatch(r"\d{1,12}", amount) else None,
        client=fields.get("numcli", ""),
        mode=_MODES.get(fields.get("saisie", "")),
        authorisation=fields.get("numauto", ""),
        at=_moment(fields.get("dattrans", ""), fields.get("heurtrans", "")),
        raw=fields,
    )


def _texts(found: Any) -> dict[str, str]:
    """The fields that a SOAP answer fills, as texts."""
    if found is None:
        return {}
    names = dir(found)
    values = {name: getattr(found, name) for name in names}
    return {name: value for name, value in values.items() if isinstance(value, str) and value}


def _moment(day: str, hour: str) -> datetime | None:
    """JJMMAAAA and HHMM, of Paris; None when they are not given or not readable."""
    try:
        naive = datetime.strptime(f"{day} {hour}", "%d%m%Y %H%M")  # noqa: DTZ007  the zone is added below
    except ValueError:
        return None
    return naive.replace(tzinfo=ZoneInfo("Europe/Paris"))


def _said(message: Any) -> str:
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message or "")
    return f"Le service de paiement a répondu{NBSP}: {text or 'sans explication'}"
