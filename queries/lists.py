"""The lists that the service edits, and the authorisations that it asks for (S32, S45, S50)."""

from dataclasses import dataclass

from sqlalchemy import select

from domain.enums import ChoiceList
from domain.errors import NotFound
from extensions import db
from models import AuthorisationType, ListChoice


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    id: int
    kind: ChoiceList
    label: str
    position: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class AuthorisationRow:
    """A question put to the parents of each child, as the service edits it."""

    id: int
    name: str
    description: str
    is_per_facility: bool
    is_safety: bool
    position: int
    is_active: bool


_CHOICE = (ListChoice.id, ListChoice.kind, ListChoice.label, ListChoice.position, ListChoice.is_active)
_CHOICES = select(*_CHOICE).order_by(ListChoice.position, ListChoice.label)
_TYPE = (
    AuthorisationType.id,
    AuthorisationType.name,
    AuthorisationType.description,
    AuthorisationType.is_per_facility,
    AuthorisationType.is_safety,
    AuthorisationType.position,
    AuthorisationType.is_active,
)
_TYPES = select(*_TYPE).order_by(AuthorisationType.position, AuthorisationType.name)


def choices(kind: ChoiceList, *current: str) -> tuple[str, ...]:
    """The labels that a form offers, in the town's order; `current` ones stay offered even if hidden since.

    One statement.
    """
    labels = db.session.scalars(
        select(ListChoice.label)
        .where(ListChoice.kind == kind, ListChoice.is_active)
        .order_by(ListChoice.position, ListChoice.label)
    )
    return tuple(dict.fromkeys([*labels, *(label for label in current if label)]))


def all_choices() -> dict[ChoiceList, tuple[ChoiceRow, ...]]:
    """Every label of every list in its order, offered or not. One statement."""
    rows = [ChoiceRow(*row) for row in db.session.execute(_CHOICES)]
    return {kind: tuple(row for row in rows if row.kind is kind) for kind in ChoiceList}


def choice(choice_id: int) -> ChoiceRow:
    """Raises NotFound."""
    row = db.session.execute(select(*_CHOICE).where(ListChoice.id == choice_id)).one_or_none()
    if row is None:
        raise NotFound
    return ChoiceRow(*row)


def authorisation_types() -> tuple[AuthorisationRow, ...]:
    """Every authorisation in its order, asked for or not. One statement."""
    return tuple(AuthorisationRow(*row) for row in db.session.execute(_TYPES))


def authorisation_type(type_id: int) -> AuthorisationRow:
    """Raises NotFound."""
    row = db.session.execute(select(*_TYPE).where(AuthorisationType.id == type_id)).one_or_none()
    if row is None:
        raise NotFound
    return AuthorisationRow(*row)
