"""The password typed again before an act that changes how one signs in (security S08); tries are counted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from domain.enums import AccountKind
from domain.errors import Refused
from domain.french import NBSP
from extensions import db
from models import User
from services import credentials, throttling


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has just proved to be the owner of the account; `tries` to be given back once the act is done."""

    user_id: int
    email: str
    kind: AccountKind
    tries: throttling.Tries


def require_password(user_id: int, password: str, network: str, now: datetime) -> Owner:
    """The owner, when this is the password of the account. Outside of any write transaction.

    Raises Refused `throttled`, or `current` for a wrong password.
    """
    account = db.session.execute(
        select(User.email, User.kind, User.password_hash).where(User.id == user_id)
    ).one()
    tries = throttling.sign_in_tries(account.email, network)
    if not throttling.admit(tries, now):
        raise throttled()
    if not credentials.matches(account.password_hash, password):
        raise Refused("current", f"Ce n’est pas votre mot de passe actuel{NBSP}: tapez-le de nouveau.")
    return Owner(user_id, account.email, account.kind, tries)


def throttled() -> Refused:
    return Refused(
        "throttled", f"Trop d’essais en peu de temps{NBSP}: patientez quelques minutes avant de recommencer."
    )
