"""Who was told that its quotient is not proven, and who may still be told (R41)."""

from datetime import date

from sqlalchemy import bindparam, exists, func, or_, select

from domain.calendar import paris_now
from domain.enums import AccountStatus, DocumentEffect, DocumentState
from domain.quotient_warnings import Warned, season_of
from models import (
    Document,
    DocumentCategory,
    Guardian,
    Household,
    HouseholdGuardian,
    QuotientFamilial,
    QuotientWarning,
    User,
)
from queries.reading import read

_WARNED = (
    select(QuotientWarning.household_id, func.count(), func.max(QuotientWarning.sent_at))
    .where(QuotientWarning.season == bindparam("season"))
    .group_by(QuotientWarning.household_id)
)
_PROVEN = exists().where(
    QuotientFamilial.household_id == Household.id,
    QuotientFamilial.valid_from <= bindparam("today"),
    or_(QuotientFamilial.valid_to.is_(None), QuotientFamilial.valid_to >= bindparam("today")),
)
_PROOF_WAITS = exists().where(
    Document.household_id == Household.id,
    Document.state == DocumentState.SUBMITTED,
    Document.category_id == DocumentCategory.id,
    DocumentCategory.effect == DocumentEffect.QUOTIENT,
)
_READS_MAILS = exists().where(
    HouseholdGuardian.household_id == Household.id,
    Guardian.id == HouseholdGuardian.guardian_id,
    User.id == Guardian.user_id,
    User.status == AccountStatus.ACTIVE,
    User.email_verified_at.is_not(None),
)
_UNPROVEN = select(Household.id).where(~_PROVEN, ~_PROOF_WAITS, _READS_MAILS).order_by(Household.id)
_IS_UNPROVEN = _UNPROVEN.where(Household.id == bindparam("household"))


def warned(season: date) -> dict[int, Warned]:
    """By household, the warnings of a school year, named by any of its days. One statement."""
    return {
        household_id: Warned(sent, paris_now(last).date())
        for household_id, sent, last in read(_WARNED, {"season": season_of(season)})
    }


def unproven(today: date) -> list[int]:
    """The households without a quotient in force, with an adult who reads mails and no proof that waits for
    the service. One statement."""
    return [household_id for (household_id,) in read(_UNPROVEN, {"today": today})]


def is_unproven(household_id: int, today: date) -> bool:
    """The same question about one household. One statement."""
    return read(_IS_UNPROVEN, {"today": today, "household": household_id}).one_or_none() is not None
