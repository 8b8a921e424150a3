"""What the town does with each field of the family file, and the words that it offers in its lists."""

from sqlalchemy import select

from domain.enums import ChoiceList
from domain.family_file import Policy, policies
from extensions import db
from models import FieldRule, ListChoice
from queries.reading import read

_RULES = select(
    FieldRule.field,
    FieldRule.is_shown,
    FieldRule.is_editable,
    FieldRule.is_required,
    FieldRule.needs_control,
)
_CHOICES = (
    select(ListChoice.kind, ListChoice.label)
    .where(ListChoice.is_active)
    .order_by(ListChoice.position, ListChoice.label)
)


def field_policies() -> dict[str, Policy]:
    """The policy of every field by its key (`FileField.key`). One statement."""
    rows = read(_RULES, {})
    return policies({row.field: Policy(*row[1:]) for row in rows})


def choices() -> dict[ChoiceList, tuple[str, ...]]:
    """The words that the town offers in each list, in its order. One statement."""
    offered: dict[ChoiceList, list[str]] = {kind: [] for kind in ChoiceList}
    for kind, label in db.session.execute(_CHOICES):
        offered[kind].append(label)
    return {kind: tuple(labels) for kind, labels in offered.items()}
