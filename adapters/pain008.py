"""The file of direct debits that a bank reads: ISO 20022 pain.008.001.08, checked against its schema (R46).

The standard file of the library sepaxml. The variant of the Treasury for its deposit accounts (DFT), with the
régie as ultimate creditor, is not made: the DDFiP says which one it takes (docs/exploitation.md).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree

SCHEMA = "pain.008.001.08"
_SPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects: `identifier` is its ICS; without `bic` the bank finds itself by the IBAN."""

    name: str
    identifier: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One debit, in cents. `sequence`: `FRST` or `RCUR`."""

    name: str
    iban: str
    cents: int
    sequence: str
    mandate: str
    signed_on: date
    end_to_end: str
    words: str


def debit_file(
    message: str, made_at: datetime, creditor: Creditor, day: date, debits: Sequence[Asked]
) -> bytes:
    """The file; the same twice for the same arguments. `message` is its name at the bank, 35 signs at most.

    Raises sepaxml.validation.ValidationError when it does not follow the schema.
    """
    from sepaxml import SepaDD  # half a second: loaded only by who takes a file
    from sepaxml.validation import try_valid_xml

    config = {
        "name": _plain(creditor.name, 70),
        "IBAN": creditor.iban,
        "batch": True,
        "creditor_id": creditor.identifier,
        "currency": "EUR",
    }
    if creditor.bic:
        config["BIC"] = creditor.bic
    made = SepaDD(config, schema=SCHEMA, clean=True)
    for one in debits:
        made.add_payment(
            {
                "name": _plain(one.name, 70),
                "IBAN": one.iban,
                "amount": one.cents,
                "type": one.sequence,
                "collection_date": day,
                "mandate_id": one.mandate,
                "mandate_date": one.signed_on,
                "description": _plain(one.words, 140),
                "endtoend_id": one.end_to_end,
            }
        )
    content = _named(made.export(validate=False), message, made_at)
    try_valid_xml(content, SCHEMA)
    return content


def _plain(text: str, length: int) -> str:
    """The letters, figures and signs that every bank reads."""
    from text_unidecode import unidecode

    return " ".join(_NOT_SEPA.sub(" ", unidecode(text)).split())[:length]


def _named(content: bytes, message: str, made_at: datetime) -> bytes:
    """The library draws names by lot: ours are those of the batch, so that a file taken twice is the same."""
    root = ElementTree.fromstring(content)  # noqa: S314  our own words, written a moment ago
    root.find(f".//{_SPACE}MsgId").text = message  # type: ignore[union-attr]
    root.find(f".//{_SPACE}CreDtTm").text = made_at.strftime("%Y-%m-%dT%H:%M:%S")  # type: ignore[union-attr]
    for number, part in enumerate(root.iter(f"{_SPACE}PmtInfId"), 1):
        part.text = f"{message}-{number}"
    ElementTree.register_namespace("", _SPACE[1:-1])
    return b'<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root, "utf-8")
