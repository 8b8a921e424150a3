"""Agents: invited, given a role and structures, suspended; one administrator always remains (S108, S114)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.enums import StaffRole
from domain.errors import NotFound, Refused
from domain.permissions import role_is_scoped
from extensions import db
from models import StaffFacility, StaffMember
from services import accounts, audit, records, second_factor, sessions
from services.accounts import Author, NewStaff
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class ColleagueData:
    """What is typed of a colleague. `facility_ids` counts for a role limited to structures;
    `can_read_medical` is a right of the person, whatever the role (S114)."""

    first_name: str
    last_name: str
    role: StaffRole
    facility_ids: frozenset[int] = frozenset()
    can_read_medical: bool = False


def invite(colleague: NewStaff, *, author: Author, now: datetime) -> int:
    """Invite a colleague by mail; returns the id of the account.

    Raises Refused `no_facility`, and what `accounts.create_staff_invitation` raises.
    """
    _refuse_without_facility(colleague.role, colleague.facility_ids)
    return accounts.create_staff_invitation(colleague, author=author, now=now)


def update(user_id: int, data: ColleagueData, *, author: Author, now: datetime) -> None:
    """Change the name, role, structures and medical right of a colleague, at once for open sessions.

    Raises Refused `no_facility`, or `last_administrator` when nobody else could manage the portal; NotFound.
    """
    _refuse_without_facility(data.role, data.facility_ids)
    with write_transaction() as session:
        if data.role is not StaffRole.ADMINISTRATOR:
            accounts.refuse_losing_the_last_administrator(session, user_id)
        member = _member(session, user_id)
        columns = {
            "first_name": data.first_name,
            "last_name": data.last_name,
            "role": data.role,
            "can_read_medical": data.can_read_medical,
        }
        records.change(session, member, columns, author=author, now=now)
        wanted = data.facility_ids if role_is_scoped(data.role) else frozenset()
        _set_facilities(session, member.id, wanted, author, now)


def suspend(user_id: int, *, author: Author, now: datetime) -> None:
    """Close the access of a colleague; the sessions end at once.

    Raises what `accounts.suspend_access` raises; NotFound.
    """
    _member(db.session(), user_id)
    accounts.suspend_access(user_id, author=author, now=now)


def reopen(user_id: int, *, author: Author, now: datetime) -> None:
    """Open the access again. Raises Refused `not_suspended`, NotFound."""
    _member(db.session(), user_id)
    accounts.reopen_access(user_id, author=author, now=now)


def resend(user_id: int, *, author: Author, now: datetime) -> None:
    """Send the activation mail again. Raises Refused `not_waiting`, NotFound."""
    _member(db.session(), user_id)
    accounts.resend_activation(user_id, author=author, now=now)


def reset_code(user_id: int, *, author: Author, now: datetime) -> None:
    """Free a colleague who lost the telephone and the recovery codes: the next sign-in installs another.

    Raises what `second_factor.reset` raises; NotFound.
    """
    _member(db.session(), user_id)
    second_factor.reset(user_id, author=author, now=now)


def end_sessions(user_id: int, *, author: Author, now: datetime) -> None:
    """Sign a colleague out everywhere; the access stays open. Raises NotFound."""
    _member(db.session(), user_id)
    with write_transaction() as session:
        sessions.end_all(session, user_id)
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="access.sessions_ended",
            object_type="user",
            object_id=user_id,
        )


# --- What must stay true ------------------------------------------------------------------------


def _member(session: Session, user_id: int) -> StaffMember:
    member = session.scalar(select(StaffMember).where(StaffMember.user_id == user_id))
    if member is None:
        raise NotFound
    return member


def _refuse_without_facility(role: StaffRole, facility_ids: frozenset[int]) -> None:
    if role_is_scoped(role) and not facility_ids:
        raise Refused("no_facility", "Choisissez au moins une structure pour ce rôle.")


def _set_facilities(
    session: Session, staff_id: int, wanted: frozenset[int], author: Author, now: datetime
) -> None:
    known = frozenset(
        session.scalars(select(StaffFacility.facility_id).where(StaffFacility.staff_id == staff_id))
    )
    if wanted == known:
        return
    session.execute(
        delete(StaffFacility).where(
            StaffFacility.staff_id == staff_id, StaffFacility.facility_id.in_(known - wanted)
        )
    )
    session.add_all(StaffFacility(staff_id=staff_id, facility_id=facility) for facility in wanted - known)
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action="staff_member.facilities",
        object_type="staff_member",
        object_id=staff_id,
        before={"facility_ids": sorted(known)},
        after={"facility_ids": sorted(wanted)},
    )
