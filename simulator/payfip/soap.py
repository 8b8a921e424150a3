"""The SOAP messages of PayFiP: document/literal, the parameters wrapped in `arg0`, the answer in `return`."""

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from simulator.payfip.service import Fault, Service

CONTRACT = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/"
    "PaiementSecuriseService"
)
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ERROR = "fr.gouv.finances.cp.tpa.webservice.exceptions.FonctionnelleErreur"


def answer(service: Service, message: bytes) -> tuple[int, str]:
    """(HTTP status, envelope) of a call. Raises ElementTree.ParseError or LookupError for no SOAP call."""
    body = ElementTree.fromstring(message).find(f"{{{ENVELOPE}}}Body")  # noqa: S314  from our own tests
    if body is None or not len(body):
        raise LookupError("No body")
    call = body[0]
    operation = call.tag.rpartition("}")[2]
    given = call[0] if len(call) else ()
    fields = {one.tag.rpartition("}")[2]: one.text or "" for one in given}
    try:
        return 200, _envelope(_returned(operation, _run(service, operation, fields)))
    except Fault as fault:
        return 500, _envelope(_fault(fault))


def _run(service: Service, operation: str, fields: Mapping[str, str]) -> dict[str, str]:
    if operation == "creerPaiementSecurise":
        return {"idOp": service.create(fields)}
    if operation == "recupererDetailPaiementSecurise":
        return service.detail(fields.get("idOp", ""))  # `idop`, in small letters, is unknown: P1
    if operation == "recupererDetailClient":
        return service.client(fields.get("numCli", ""))
    raise LookupError(operation)


def _returned(operation: str, fields: Mapping[str, str]) -> str:
    inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items() if text)
    return f'<ns:{operation}Response xmlns:ns="{CONTRACT}"><return>{inside}</return></ns:{operation}Response>'


def _fault(fault: Fault) -> str:
    return (
        f"<S:Fault><faultcode>S:Server</faultcode><faultstring>{ERROR}</faultstring><detail>"
        f'<ns:FonctionnelleErreur xmlns:ns="{CONTRACT}"><code>{escape(fault.code)}</code>'
        f"<descriptif>{escape(str(fault))}</descriptif><libelle>{escape(str(fault))}</libelle>"
        "<severite>2</severite></ns:FonctionnelleErreur></detail></S:Fault>"
    )


def _envelope(inside: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{ENVELOPE}"><S:Body>{inside}</S:Body>'
        "</S:Envelope>"
    )
