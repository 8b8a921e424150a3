"""Links, resources, news and document categories as staff edit them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from domain.enums import DocumentEffect, DocumentOwner, DocumentValidity
from domain.errors import NotFound
from extensions import db
from models import DocumentCategory, DocumentCategoryFacility, News, Resource, UsefulLink


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
    effect: DocumentEffect
    validity: DocumentValidity
    validity_months: int | None
    max_age_months: int | None
    is_required: bool
    gates_booking: bool
    is_medical: bool
    facilities: tuple[int, ...]
    position: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class NewsRow:
    id: int
    title: str
    text: str
    first_day: date
    last_day: date | None
    is_active: bool

    def is_shown(self, today: date) -> bool:
        """Whether families read it today."""
        return (
            self.is_active and self.first_day <= today and (self.last_day is None or self.last_day >= today)
        )


NEWS_SHOWN = 50


def news() -> tuple[NewsRow, ...]:
    """The last news, shown or not, the newest first."""
    newest = select(News).order_by(News.first_day.desc(), News.id.desc()).limit(NEWS_SHOWN)
    return tuple(_news(row) for row in db.session.scalars(newest))


def one_news(news_id: int) -> NewsRow:
    """Raises NotFound."""
    return _news(_found(News, news_id))


def _news(row: News) -> NewsRow:
    return NewsRow(row.id, row.title, row.text, row.first_day, row.last_day, row.is_active)


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
    """Every document category in its order, shown or not. Two statements."""
    ordered = select(DocumentCategory).order_by(DocumentCategory.position, DocumentCategory.id)
    needed: dict[int, list[int]] = {}
    for row in db.session.scalars(select(DocumentCategoryFacility)):
        needed.setdefault(row.category_id, []).append(row.facility_id)
    return tuple(_category(row, needed.get(row.id, ())) for row in db.session.scalars(ordered))


def link(link_id: int) -> LinkRow:
    """Raises NotFound."""
    return _link(_found(UsefulLink, link_id))


def resource(resource_id: int) -> ResourceRow:
    """Raises NotFound."""
    return _resource(_found(Resource, resource_id))


def category(category_id: int) -> CategoryRow:
    """Raises NotFound."""
    needed = db.session.scalars(
        select(DocumentCategoryFacility.facility_id).where(
            DocumentCategoryFacility.category_id == category_id
        )
    ).all()
    return _category(_found(DocumentCategory, category_id), needed)


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


def _category(row: DocumentCategory, facility_ids: Iterable[int]) -> CategoryRow:
    return CategoryRow(
        row.id, row.name, row.description, row.owner, row.effect, row.validity, row.validity_months,
        row.max_age_months, row.is_required, row.gates_booking, row.is_medical, tuple(facility_ids),
        row.position, row.is_active,
    )  # fmt: skip
