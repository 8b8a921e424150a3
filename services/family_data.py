"""A parent takes its data away, or an agent does for a family on paper; the journal keeps it (R54)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from domain.calendar import paris_now
from domain.errors import NotFound
from exports import family_data as archives
from exports.tables import Sheet
from queries import family_data
from services import audit, document_store, medical_readings
from services.accounts import Author
from services.medical_readings import Reading
from services.transaction import write_transaction

PLACE = "la remise des données de la famille"
LOST = "Ce fichier n’a pas pu être ouvert. Demandez-le au service.".encode()


@dataclass(frozen=True, slots=True)
class ByAgent:
    """An agent hands them over: no bank account; health only with the right, each reading in the register."""

    reads_health: bool


def archive(
    guardian_id: int, *, author: Author, now: datetime, by_agent: ByAgent | None = None
) -> Iterator[bytes]:
    """The pieces of the archive of an adult's data: rows are read now, files one by one as they leave.

    The caller has checked that the adult is within reach. Raises NotFound.
    """
    owner = family_data.owner(guardian_id)
    with_health = by_agent is None or by_agent.reads_health
    found = family_data.tables(owner, with_health=with_health, with_bank=by_agent is None)
    sheets = [Sheet(*table) for table in found]
    files = family_data.files(owner, with_health=with_health)
    with write_transaction() as session:
        if by_agent is not None and with_health:
            for child_id in owner.children:
                medical_readings.record(session, child_id, Reading(author.user_id, PLACE), now=now)
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="family_data.exported",
            object_type="guardian",
            object_id=guardian_id,
            household_id=owner.households[0] if owner.households else None,
            after={"rows": sum(len(sheet.rows) for sheet in sheets), "files": len(files)},
        )
    readers: list[tuple[str, Callable[[], bytes]]] = [(one.name, partial(_read, one.key)) for one in files]
    return archives.archive(f"Données de {owner.name}", sheets, readers, paris_now(now))


def _read(key: str) -> bytes:
    try:
        return document_store.read(key)
    except NotFound:
        return LOST
