"""What the service publishes for every family: links (S28), resources (S29), document categories (S75), news
(R52)."""

import os
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from adapters.files import Store, StoredFile
from domain.documents import shown_name
from domain.enums import DocumentEffect, DocumentOwner, DocumentValidity
from domain.errors import NotFound, Refused
from domain.french import NBSP
from domain.labels import label
from models import DocumentCategory, DocumentCategoryFacility, News, Resource, UsefulLink
from services import audit, file_stores, records
from services.accounts import Author
from services.file_stores import Place
from services.transaction import write_transaction

# Whom a document with this effect concerns.
EFFECT_OWNERS = {
    DocumentEffect.QUOTIENT: DocumentOwner.HOUSEHOLD,
    DocumentEffect.ABSENCE: DocumentOwner.CHILD,
}
PDF_LIMIT_BYTES = 10 * 1024 * 1024
# Readers accept some bytes before the header and after the end mark.
_HEAD, _TAIL = 1024, 2048


@dataclass(frozen=True, slots=True)
class LinkData:
    title: str
    url: str
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class ResourceData:
    title: str
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class CategoryData:
    """A document that the town asks for; `facility_ids`: the structures that need it, none for all (S75)."""

    name: str
    description: str
    owner: DocumentOwner
    effect: DocumentEffect = DocumentEffect.NONE
    validity: DocumentValidity = DocumentValidity.LASTING
    validity_months: int | None = None
    max_age_months: int | None = None
    is_required: bool = True
    gates_booking: bool = False
    is_medical: bool = False
    facility_ids: frozenset[int] = frozenset()
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class NewsData:
    """What everybody reads from `first_day` to `last_day`, both included; without end until it is removed."""

    title: str
    text: str
    first_day: date
    last_day: date | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrives: its bytes from the start, and the name it had on the sender's computer."""

    stream: BinaryIO
    name: str


def save_link(link_id: int | None, data: LinkData, *, author: Author, now: datetime) -> None:
    """Add a useful link, or change row `link_id`. Raises NotFound."""
    with write_transaction() as session:
        if link_id is None:
            records.add(session, UsefulLink(**asdict(data)), author=author, now=now)
        else:
            row = records.get(session, UsefulLink, link_id)
            records.change(session, row, asdict(data), author=author, now=now)


def delete_link(link_id: int, *, author: Author, now: datetime) -> None:
    """Raises NotFound."""
    with write_transaction() as session:
        records.remove(session, records.get(session, UsefulLink, link_id), author=author, now=now)


def save_news(news_id: int | None, data: NewsData, *, author: Author, now: datetime) -> None:
    """Add news, or change row `news_id`. Raises NotFound, Refused `order` for an end before its beginning."""
    if data.last_day is not None and data.last_day < data.first_day:
        raise Refused("order", "Le dernier jour vient après le premier. Corrigez les dates.")
    with write_transaction() as session:
        if news_id is None:
            records.add(session, News(**asdict(data)), author=author, now=now)
        else:
            row = records.get(session, News, news_id)
            records.change(session, row, asdict(data), author=author, now=now)


def delete_news(news_id: int, *, author: Author, now: datetime) -> None:
    """Raises NotFound."""
    with write_transaction() as session:
        records.remove(session, records.get(session, News, news_id), author=author, now=now)


def save_category(category_id: int | None, data: CategoryData, *, author: Author, now: datetime) -> None:
    """Add a document category, or change row `category_id`.

    Raises NotFound, Refused `name_taken`, `months_missing` and `wrong_owner` for an effect that the owner
    cannot have.
    """
    taken = Refused("name_taken", "Une autre catégorie porte déjà ce nom. Choisissez un autre nom.")
    _check_category(data)
    columns = asdict(data)
    facility_ids = columns.pop("facility_ids")
    with write_transaction() as session:
        if category_id is None:
            row = DocumentCategory(**columns)
            records.add(session, row, author=author, now=now, taken=taken)
        else:
            row = records.get(session, DocumentCategory, category_id)
            records.change(session, row, columns, author=author, now=now, taken=taken)
        _need_at(session, row.id, facility_ids, author, now)


def _check_category(data: CategoryData) -> None:
    if data.validity is DocumentValidity.MONTHS and not data.validity_months:
        raise Refused("months_missing", "Indiquez pendant combien de mois le document reste valable.")
    only = EFFECT_OWNERS.get(data.effect)
    if only is not None and data.owner is not only:
        raise Refused(
            "wrong_owner",
            f"Cet effet demande que le document concerne «{NBSP}{label(only).lower()}{NBSP}».",
        )


def _need_at(
    session: Session, category_id: int, facility_ids: Collection[int], author: Author, now: datetime
) -> None:
    """Say which structures need it; the journal holds both lists."""
    rows = session.scalars(
        select(DocumentCategoryFacility).where(DocumentCategoryFacility.category_id == category_id)
    ).all()
    former = {row.facility_id for row in rows}
    if former == set(facility_ids):
        return
    for row in rows:
        if row.facility_id not in facility_ids:
            session.delete(row)
    session.add_all(
        DocumentCategoryFacility(category_id=category_id, facility_id=one)
        for one in facility_ids
        if one not in former
    )
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action="document_category.needed_at",
        object_type="document_category",
        object_id=category_id,
        before={"facility_ids": sorted(former)},
        after={"facility_ids": sorted(facility_ids)},
    )


def save_resource(
    resource_id: int | None, data: ResourceData, upload: Upload | None, *, author: Author, now: datetime
) -> None:
    """Add a resource with its PDF, or change row `resource_id`, whose file stays without `upload`.

    Raises Refused `no_file`, `file_empty`, `file_too_big` or `not_a_pdf`; NotFound. The file is on the disk
    before its row is written, and goes when the row could not be.
    """
    if upload is None and resource_id is None:
        raise Refused("no_file", "Choisissez le fichier PDF à publier.")
    stored = _store_pdf(upload) if upload is not None else None
    columns = asdict(data) | (_file_columns(stored, upload) if stored and upload else {})
    try:
        with write_transaction() as session:
            replaced = _write_resource(session, resource_id, columns, author, now)
    except BaseException:
        if stored is not None:
            _store().delete(stored.key)
        raise
    if replaced is not None:
        _store().delete(replaced)


def open_resource(file_key: str) -> BinaryIO:
    """The PDF of a resource, to be sent and closed by the caller. Raises NotFound when it is gone."""
    try:
        return _store().open(file_key)
    except FileNotFoundError as error:
        raise NotFound from error


def delete_resource(resource_id: int, *, author: Author, now: datetime) -> None:
    """Remove a resource and its file. Raises NotFound."""
    with write_transaction() as session:
        row = records.get(session, Resource, resource_id)
        key = row.file_key
        records.remove(session, row, author=author, now=now)
    _store().delete(key)


def _write_resource(
    session: Session, resource_id: int | None, columns: dict, author: Author, now: datetime
) -> str | None:
    """Write the row; returns the key of the file that a new one replaces."""
    if resource_id is None:
        records.add(session, Resource(**columns), author=author, now=now)
        return None
    row = records.get(session, Resource, resource_id)
    former = row.file_key
    records.change(session, row, columns, author=author, now=now)
    return former if row.file_key != former else None


# --- The file -----------------------------------------------------------------------------------


def _store() -> Store:
    return file_stores.store(Place.FILES)


def _store_pdf(upload: Upload) -> StoredFile:
    _check_pdf(upload.stream)
    upload.stream.seek(0)
    return _store().save(upload.stream, ".pdf")


def _check_pdf(stream: BinaryIO) -> None:
    """A PDF says where it starts and where it ends; its name and declared type prove nothing."""
    size = stream.seek(0, os.SEEK_END)
    if size == 0:
        raise Refused("file_empty", "Ce fichier est vide\u00a0: choisissez le bon fichier PDF.")
    if size > PDF_LIMIT_BYTES:
        raise Refused(
            "file_too_big", "Ce fichier dépasse 10 Mo\u00a0: réduisez-le, puis envoyez-le de nouveau."
        )
    stream.seek(0)
    head = stream.read(_HEAD)
    stream.seek(max(0, size - _TAIL))
    if b"%PDF-" not in head or b"%%EOF" not in stream.read():
        raise Refused(
            "not_a_pdf",
            "Ce fichier n’est pas un PDF complet\u00a0: "
            "enregistrez le document au format PDF, puis envoyez-le.",
        )


def _file_columns(stored: StoredFile, upload: Upload) -> dict:
    return {"file_key": stored.key, "file_name": shown_name(upload.name), "size_bytes": stored.size}
