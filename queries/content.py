"""Links, resources and document categories as staff edit them."""

from dataclasses import dataclass

from sqlalchemy import select

from domain.enums import DocumentOwner
from domain.errors import NotFound
from extensions import db
from models import DocumentCategory, Resource, UsefulLink


@dataclass(frozen=True, slots=True)
class LinkRow:
    id: int
    title: str
    url: str
    position: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class ResourceRow:
    id: int
    title: str
    file_key: str
    file_name: str
    size_bytes: int
    position: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class CategoryRow:
    id: int
    name: str
    description: str
    owner: DocumentOwner
    is_required: bool
    position: int
    is_active: bool


def links() -> tuple[LinkRow, ...]:
    """Every link in its order, shown or not."""
    return tuple(
        _link(row)
        for row in db.session.scalars(select(UsefulLink).order_by(UsefulLink.position, UsefulLink.id))
    )


def resources() -> tuple[ResourceRow, ...]:
    """Every resource in its order, shown or not."""
    return tuple(
        _resource(row)
        for row in db.session.scalars(select(Resource).order_by(Resource.position, Resource.id))
    )


def categories() -> tuple[CategoryRow, ...]:
    """Every document category in its order, shown or not."""
    ordered = select(DocumentCategory).order_by(DocumentCategory.position, DocumentCategory.id)
    return tuple(_category(row) for row in db.session.scalars(ordered))


def link(link_id: int) -> LinkRow:
    """Raises NotFound."""
    return _link(_found(UsefulLink, link_id))


def resource(resource_id: int) -> ResourceRow:
    """Raises NotFound."""
    return _resource(_found(Resource, resource_id))


def category(category_id: int) -> CategoryRow:
    """Raises NotFound."""
    return _category(_found(DocumentCategory, category_id))


def _found(table: type, row_id: int):
    row = db.session.get(table, row_id)
    if row is None:
        raise NotFound
    return row


def _link(row: UsefulLink) -> LinkRow:
    return LinkRow(row.id, row.title, row.url, row.position, row.is_active)


def _resource(row: Resource) -> ResourceRow:
    return ResourceRow(
        row.id, row.title, row.file_key, row.file_name, row.size_bytes, row.position, row.is_active
    )


def _category(row: DocumentCategory) -> CategoryRow:
    return CategoryRow(
        row.id, row.name, row.description, row.owner, row.is_required, row.position, row.is_active
    )
