"""Kitchens, the activities that they cook for and their steps of production, entered on screen (R32)."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.errors import Refused
from models import Activity, Kitchen, MealCount, ProductionStep
from services import records
from services.accounts import Author
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class KitchenData:
    """What is typed of a kitchen, its activities apart."""

    name: str
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class StepData:
    """What is typed of a step: so many calendar days before the meal, at a `minute` of the clock of Paris."""

    name: str
    days_before: int
    minute: int
    is_active: bool = True


_NAME_TAKEN = Refused("name_taken", "Une autre cuisine porte déjà ce nom. Choisissez un autre nom.")
_STEP_TAKEN = Refused(
    "moment_taken", "Une autre étape de cette cuisine a déjà lieu à ce moment. Choisissez une autre heure."
)


def create(data: KitchenData, activity_ids: Collection[int], *, author: Author, now: datetime) -> int:
    """Add a kitchen that cooks for these activities and return its id. Raises Refused `name_taken`, NotFound
    for an unknown activity."""
    with write_transaction() as session:
        row = Kitchen(**asdict(data))
        kitchen_id = records.add(session, row, author=author, now=now, taken=_NAME_TAKEN)
        _serve(session, kitchen_id, activity_ids, author, now)
        return kitchen_id


def update(
    kitchen_id: int, data: KitchenData, activity_ids: Collection[int], *, author: Author, now: datetime
) -> None:
    """Change a kitchen; an activity ticked here leaves the kitchen that had it. Raises as `create`."""
    with write_transaction() as session:
        row = records.get(session, Kitchen, kitchen_id)
        records.change(session, row, asdict(data), author=author, now=now, taken=_NAME_TAKEN)
        _serve(session, kitchen_id, activity_ids, author, now)


def _serve(
    session: Session, kitchen_id: int, activity_ids: Collection[int], author: Author, now: datetime
) -> None:
    wanted = set(activity_ids)
    had = set(session.scalars(select(Activity.id).where(Activity.kitchen_id == kitchen_id)))
    for activity_id in sorted(had ^ wanted):
        activity = records.get(session, Activity, activity_id)
        values = {"kitchen_id": kitchen_id if activity_id in wanted else None}
        records.change(session, activity, values, author=author, now=now)


def create_step(kitchen_id: int, data: StepData, *, author: Author, now: datetime) -> int:
    """Add a step and return its id. Raises Refused `moment_taken`, NotFound."""
    with write_transaction() as session:
        records.get(session, Kitchen, kitchen_id)
        row = ProductionStep(kitchen_id=kitchen_id, **asdict(data))
        return records.add(session, row, author=author, now=now, taken=_STEP_TAKEN)


def update_step(step_id: int, data: StepData, *, author: Author, now: datetime) -> None:
    """Change a step; the counts already taken stay. Raises Refused `moment_taken`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, ProductionStep, step_id)
        records.change(session, row, asdict(data), author=author, now=now, taken=_STEP_TAKEN)


def delete_step(step_id: int, *, author: Author, now: datetime) -> None:
    """Remove a step that never took a count. Raises Refused `has_counts`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, ProductionStep, step_id)
        if session.scalar(select(exists().where(MealCount.step_id == step_id))):
            raise Refused(
                "has_counts",
                "Cette étape a déjà relevé des repas\u00a0: modifiez-la et décochez "
                "«\u00a0Étape en service\u00a0».",
            )
        records.remove(session, row, author=author, now=now)
