"""Which passwords are refused: too short, in everybody's list, made of what outsiders know (S21)."""

import re
from collections.abc import Iterable

from sqlalchemy import func, select

from adapters import common_passwords
from domain.errors import Refused
from domain.passwords import check_password
from extensions import db
from models import Child, Guardian, HouseholdChild, HouseholdGuardian, Setting, StaffMember, User

# A shorter word of the town's name (« ville », « grand ») is an ordinary word in a sentence.
_LONG_WORD = 6


def require_good(password: str, user_id: int | None = None, words: Iterable[str] = ()) -> None:
    """Raise Refused `password`, with what to choose instead, for a password that others would guess.

    Compared with the town's name, the names and the address of `user_id` and of the children, and `words`.
    """
    known = [*_town_words(), *_words_of(words)]
    if user_id is not None:
        known += _words_of(_names(user_id))
    faults = check_password(password, known, common_passwords.is_common)
    if faults:
        raise Refused("password", " ".join(faults))


def _town_words() -> list[str]:
    name = db.session.scalar(select(Setting.value).where(Setting.key == "name")) or ""
    return [name, *(word for word in re.split(r"\W+", name) if len(word) >= _LONG_WORD)]


def _words_of(texts: Iterable[str]) -> list[str]:
    """The texts and their words; of an address, what stands before the @."""
    words: list[str] = []
    for text in texts:
        local = text.partition("@")[0]
        words += [local, *re.split(r"[\W_]+", local)]
    return words


def _names(user_id: int) -> list[str]:
    person = db.session.execute(
        select(
            User.email,
            func.coalesce(Guardian.first_name, StaffMember.first_name, "").label("first_name"),
            func.coalesce(Guardian.last_name, StaffMember.last_name, "").label("last_name"),
            Guardian.id.label("guardian_id"),
        )
        .outerjoin(Guardian, Guardian.user_id == User.id)
        .outerjoin(StaffMember, StaffMember.user_id == User.id)
        .where(User.id == user_id)
    ).one()
    children = db.session.scalars(
        select(Child.first_name)
        .join(HouseholdChild, HouseholdChild.child_id == Child.id)
        .join(HouseholdGuardian, HouseholdGuardian.household_id == HouseholdChild.household_id)
        .where(HouseholdGuardian.guardian_id == person.guardian_id)
    )
    return [person.email, person.first_name, person.last_name, *children]
