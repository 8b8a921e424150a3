"""Dated versions of deadline rules and prices: published, never rewritten once in force (primitive P15).

A new version closes the former one the day before it starts. A version that has started stays as it is, for
it may have refused or priced something; one that starts in the future may be replaced or withdrawn.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import ONE_DAY, paris_now
from domain.deadlines import Ladder, ladder_to_data
from domain.enums import LineAction
from domain.errors import Refused, RuleError
from domain.pricing import PriceTable, check_table, table_to_data
from models import Activity, DeadlineRule, PresenceType, Tariff
from services import records
from services.accounts import Author
from services.transaction import write_transaction

Version = TypeVar("Version", DeadlineRule, Tariff)


def publish_deadline_rule(
    activity_id: int,
    action: LineAction,
    ladder: Ladder,
    valid_from: date,
    source: str,
    *,
    author: Author,
    now: datetime,
) -> None:
    """Put a ladder in force from `valid_from`. Raises Refused `in_the_past` or `in_force`, NotFound."""
    with write_transaction() as session:
        records.get(session, Activity, activity_id)
        versions = _ladders(session, activity_id, action)
        new = DeadlineRule(
            activity_id=activity_id,
            action=action,
            valid_from=valid_from,
            ladder=ladder_to_data(ladder),
            source=source,
        )
        _publish(session, new, versions, {"ladder": new.ladder, "source": source}, author, now)


def publish_tariff(
    presence_type_id: int, table: PriceTable, source: str, *, author: Author, now: datetime
) -> None:
    """Put a price table in force from its `valid_from`; its end follows from the versions after it.

    Raises RuleError `bad_table` with the faults of `domain.pricing.check_table`, Refused `in_the_past` or
    `in_force`, NotFound.
    """
    faults = check_table(table)
    if faults:
        raise RuleError("bad_table", " ".join(faults))
    with write_transaction() as session:
        records.get(session, PresenceType, presence_type_id)
        versions = _tables(session, presence_type_id)
        data = table_to_data(table)
        new = Tariff(
            presence_type_id=presence_type_id, valid_from=table.valid_from, table=data, source=source
        )
        _publish(session, new, versions, {"table": data, "source": source}, author, now)


def withdraw_deadline_rule(rule_id: int, *, author: Author, now: datetime) -> None:
    """Remove a ladder that has not started; the former one goes on. Raises Refused `in_force`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, DeadlineRule, rule_id)
        _withdraw(session, row, _ladders(session, row.activity_id, row.action), author, now)


def withdraw_tariff(tariff_id: int, *, author: Author, now: datetime) -> None:
    """Remove a price table that has not started; the former goes on. Raises Refused `in_force`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, Tariff, tariff_id)
        _withdraw(session, row, _tables(session, row.presence_type_id), author, now)


# --- Inside a transaction, the owner's row locked -----------------------------------------------


def _ladders(session: Session, activity_id: int, action: LineAction) -> Sequence[DeadlineRule]:
    return session.scalars(
        select(DeadlineRule)
        .where(DeadlineRule.activity_id == activity_id, DeadlineRule.action == action)
        .order_by(DeadlineRule.valid_from)
    ).all()


def _tables(session: Session, presence_type_id: int) -> Sequence[Tariff]:
    return session.scalars(
        select(Tariff).where(Tariff.presence_type_id == presence_type_id).order_by(Tariff.valid_from)
    ).all()


def _publish(
    session: Session,
    new: Version,
    versions: Sequence[Version],
    content: Mapping[str, Any],
    author: Author,
    now: datetime,
) -> None:
    _refuse_rewriting(new.valid_from, versions, paris_now(now).date())
    same = next((version for version in versions if version.valid_from == new.valid_from), None)
    if same is not None:
        records.change(session, same, content, author=author, now=now)
        return
    former = _before(versions, new.valid_from)
    following = next((version for version in versions if version.valid_from > new.valid_from), None)
    last_day = new.valid_from - ONE_DAY
    if former is not None and (former.valid_to is None or former.valid_to > last_day):
        records.change(session, former, {"valid_to": last_day}, author=author, now=now)
    new.valid_to = following.valid_from - ONE_DAY if following is not None else None
    records.add(session, new, author=author, now=now)


def _refuse_rewriting(valid_from: date, versions: Sequence[Version], today: date) -> None:
    """The past is settled as soon as one version has started; before that any first day will do."""
    started = [version.valid_from for version in versions if version.valid_from <= today]
    if not started:
        return
    if valid_from in started:
        raise Refused(
            "in_force",
            "Une version en vigueur commence déjà ce jour-là et ne se réécrit pas\u00a0: choisissez une date "
            "à partir de demain.",
        )
    if valid_from < today:
        raise Refused(
            "in_the_past",
            "Une version est déjà en vigueur\u00a0: la nouvelle commence aujourd’hui au plus tôt.",
        )


def _withdraw(
    session: Session, row: Version, versions: Sequence[Version], author: Author, now: datetime
) -> None:
    if row.valid_from <= paris_now(now).date():
        raise Refused(
            "in_force",
            "Cette version est en vigueur ou l’a été\u00a0: elle reste dans l’historique. "
            "Publiez une nouvelle version.",
        )
    former = _before(versions, row.valid_from)
    last_day, valid_to = row.valid_from - ONE_DAY, row.valid_to
    records.remove(session, row, author=author, now=now)
    if former is not None and former.valid_to == last_day:
        records.change(session, former, {"valid_to": valid_to}, author=author, now=now)


def _before(versions: Sequence[Version], day: date) -> Version | None:
    """The last version that starts before `day`."""
    return next((version for version in reversed(versions) if version.valid_from < day), None)
