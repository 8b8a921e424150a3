"""What a town may want done before a family books, in words that say what to do (R05, R06, S72)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Refused


class GateKind(StrEnum):
    CERTIFICATION = "certification"
    CONSENT = "consent"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing to do first, for one household. `target_id`: the household, the text to accept, or the
    category of the document to send, which is about `child_id` if any.
    """

    kind: GateKind
    household_id: int
    target_id: int
    sentence: str
    child_id: int | None = None


def certification_gate(household_id: int, name: str) -> Gate:
    sentence = (
        f"Confirmez d’abord que le dossier de la famille {name} est exact\u00a0: "
        "le service le demande chaque année."
    )
    return Gate(GateKind.CERTIFICATION, household_id, household_id, sentence)


def consent_gate(household_id: int, text_id: int, name: str) -> Gate:
    """`text_id` is the version to accept."""
    sentence = f"Lisez et acceptez d’abord «\u00a0{name}\u00a0»."
    return Gate(GateKind.CONSENT, household_id, text_id, sentence)


def document_gate(household_id: int, category_id: int, name: str, child_id: int | None, child: str) -> Gate:
    """A document is missing, expired or refused; `child` is empty for the household's."""
    whose = f" pour {child}" if child else ""
    sentence = f"Transmettez d’abord le document «\u00a0{name}\u00a0»{whose}, sur la page Documents."
    return Gate(GateKind.DOCUMENT, household_id, category_id, sentence, child_id)


def refuse_closed(gates: Sequence[Gate]) -> None:
    """Raises Refused `gated` with every reason when something is to be done first."""
    if gates:
        raise Refused("gated", " ".join(gate.sentence for gate in gates))
