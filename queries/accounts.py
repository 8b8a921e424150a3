"""Who is behind a session, and what the guards need to know about that person."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row, bindparam, func, select

from domain.enums import AccountKind, AccountStatus, MailKind, MailState, SessionKind, StaffRole
from domain.permissions import Permission, role_is_scoped, role_may
from domain.settings import FIRST_ADMINISTRATOR, SPARE_ADMINISTRATOR
from extensions import db
from models import (
    ActivationToken,
    Conversation,
    EmailChange,
    Guardian,
    HouseholdGuardian,
    OutgoingMail,
    RecoveryCode,
    SecondFactor,
    Setting,
    StaffFacility,
    StaffMember,
    User,
    UserSession,
)
from queries.conversations import unread_by
from queries.reading import read


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The signed-in person for one request; `token` is the session's secret, never shown.

    `household_ids` in the order of the file; `facility_ids` is None when the role sees every
    facility. `has_factor`: the account has a second factor. `observer` is the agent who looks at this
    person's portal, read only (R51). `unread_messages` counts the conversations of the households where the
    service wrote what this person has not read (R52).
    """

    token: str
    session_id: int
    user_id: int
    kind: AccountKind
    session_kind: SessionKind
    email: str
    first_name: str
    last_name: str
    household_ids: tuple[int, ...] = ()
    guardian_id: int | None = None
    role: StaffRole | None = None
    facility_ids: frozenset[int] | None = None
    can_read_medical: bool = False
    unread_messages: int = 0
    has_factor: bool = False
    observer: "SignedInUser | None" = None

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.token

    @property
    def is_staff(self) -> bool:
        return self.kind is AccountKind.STAFF

    @property
    def is_full(self) -> bool:
        """False while a new password or a code is still to come: nothing of the account is shown."""
        return self.session_kind is SessionKind.FULL

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def initials(self) -> str:
        return f"{self.first_name[:1]}{self.last_name[:1]}".upper()

    def may(self, permission: Permission) -> bool:
        if permission is Permission.MEDICAL_READ:
            return self.can_read_medical
        return self.role is not None and role_may(self.role, permission)


_UNREAD = (
    select(func.count())
    .where(Conversation.household_id == HouseholdGuardian.household_id, unread_by(User.id))
    .correlate(HouseholdGuardian, User)
    .scalar_subquery()
    .label("unread")
)
_BY_TOKEN = (
    select(
        UserSession.id,
        UserSession.kind,
        User.id.label("user_id"),
        User.kind.label("account_kind"),
        User.email,
        Guardian.id.label("guardian_id"),
        Guardian.first_name,
        Guardian.last_name,
        HouseholdGuardian.household_id,
        StaffMember.first_name.label("staff_first_name"),
        StaffMember.last_name.label("staff_last_name"),
        StaffMember.role,
        StaffMember.can_read_medical,
        StaffFacility.facility_id,
        _UNREAD,
        SecondFactor.confirmed_at,
    )
    .join(User, User.id == UserSession.user_id)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    .outerjoin(Guardian, Guardian.user_id == User.id)
    .outerjoin(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
    .outerjoin(StaffMember, StaffMember.user_id == User.id)
    .outerjoin(StaffFacility, StaffFacility.staff_id == StaffMember.id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.expires_at > bindparam("now", type_=UserSession.expires_at.type),
        User.status == AccountStatus.ACTIVE,
    )
    .order_by(HouseholdGuardian.position, HouseholdGuardian.household_id)
)


def signed_in_user(token: str, token_hash: str, now: datetime) -> SignedInUser | None:
    """The person of a live session, or None when it ended or the account is not active. One statement."""
    rows = read(_BY_TOKEN, {"token_hash": token_hash, "now": now}).all()
    if not rows:
        return None
    first = rows[0]
    staff = first.account_kind is AccountKind.STAFF
    scoped = first.role is not None and role_is_scoped(first.role)
    return SignedInUser(
        token=token,
        session_id=first.id,
        user_id=first.user_id,
        kind=first.account_kind,
        session_kind=first.kind,
        email=first.email,
        first_name=(first.staff_first_name if staff else first.first_name) or "",
        last_name=(first.staff_last_name if staff else first.last_name) or "",
        household_ids=tuple(dict.fromkeys(row.household_id for row in rows if row.household_id is not None)),
        guardian_id=first.guardian_id,
        role=first.role,
        facility_ids=frozenset(row.facility_id for row in rows if row.facility_id is not None)
        if scoped
        else None,
        can_read_medical=bool(first.can_read_medical),
        unread_messages=_unread(rows),
        has_factor=first.confirmed_at is not None,
    )


def _unread(rows: Sequence[Row]) -> int:
    """Each household counts once, however many rows tell of it."""
    return sum({row.household_id: row.unread for row in rows if row.household_id is not None}.values())


_OBSERVED = (
    select(
        User.id,
        User.email,
        Guardian.first_name,
        Guardian.last_name,
        HouseholdGuardian.household_id,
        _UNREAD,
    )
    .join(Guardian, Guardian.user_id == User.id)
    .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
    .where(Guardian.id == bindparam("guardian_id"), Guardian.merged_into_id.is_(None))
    .order_by(HouseholdGuardian.position, HouseholdGuardian.household_id)
)


def observed_adult(guardian_id: int, observer: SignedInUser) -> SignedInUser | None:
    """The adult as the portal knows it, carried by the session of the agent who looks. One statement."""
    rows = read(_OBSERVED, {"guardian_id": guardian_id}).all()
    if not rows:
        return None
    return SignedInUser(
        token=observer.token,
        session_id=observer.session_id,
        user_id=rows[0].id,
        kind=AccountKind.FAMILY,
        session_kind=SessionKind.FULL,
        email=rows[0].email,
        first_name=rows[0].first_name,
        last_name=rows[0].last_name,
        household_ids=tuple(row.household_id for row in rows),
        guardian_id=guardian_id,
        unread_messages=_unread(rows),
        observer=observer,
    )


_ADMINISTRATOR = (
    select(StaffMember.id)
    .join(User, User.id == StaffMember.user_id)
    .where(StaffMember.role == StaffRole.ADMINISTRATOR, User.status == AccountStatus.ACTIVE)
    .limit(1)
)


class LinkState(StrEnum):
    """What an activation link is worth now."""

    VALID = "valid"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ActivationLink:
    """`email` is the address that the link proves, told only while it can be used (S11)."""

    state: LinkState
    email: str = ""


def activation_link(token_hash: str, now: datetime) -> ActivationLink:
    """The state of an activation link; looking at it changes nothing (S15).

    Every link of an account that was activated reads « used »: its owner can sign in. A suspended
    access keeps to itself.
    """
    row = db.session.execute(
        select(ActivationToken.expires_at, ActivationToken.used_at, User.status, User.email)
        .join(User, User.id == ActivationToken.user_id)
        .where(ActivationToken.token_hash == token_hash)
    ).one_or_none()
    if row is None or row.status in (AccountStatus.SUSPENDED, AccountStatus.CLOSED):
        return ActivationLink(LinkState.UNKNOWN)
    if row.status is AccountStatus.ACTIVE:
        return ActivationLink(LinkState.USED)
    if row.used_at is not None or row.expires_at <= now:
        return ActivationLink(LinkState.EXPIRED)
    return ActivationLink(LinkState.VALID, row.email)


@dataclass(frozen=True, slots=True)
class WaitingEmail:
    """An address that waits for its proof (S38). `valid_until` is None until its mail leaves; `is_lost`: no
    server took that mail, the address may be wrong."""

    email: str
    valid_until: datetime | None
    is_lost: bool


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser where the account is signed in; `is_this_one`: the one that asks."""

    id: int
    device: str
    since: datetime
    is_this_one: bool


def open_sessions(user_id: int, own_id: int, now: datetime) -> tuple[OpenSession, ...]:
    """The browsers signed in to an account, this one first, then the latest. One statement."""
    rows = db.session.execute(
        select(UserSession.id, UserSession.device, UserSession.created_at)
        .where(UserSession.user_id == user_id, UserSession.expires_at > now)
        .order_by((UserSession.id == own_id).desc(), UserSession.created_at.desc(), UserSession.id.desc())
    )
    return tuple(OpenSession(*row, row.id == own_id) for row in rows)


def recovery_codes_left(user_id: int) -> int:
    """How many codes on paper still work."""
    return (
        db.session.scalar(
            select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )


_WAITING_EMAIL = select(
    EmailChange.new_email,
    EmailChange.expires_at,
    select(OutgoingMail.id)
    .where(
        OutgoingMail.user_id == EmailChange.user_id,
        OutgoingMail.to_address == EmailChange.new_email,
        OutgoingMail.kind == MailKind.EMAIL_CHANGE,
        OutgoingMail.created_at >= EmailChange.created_at,
        OutgoingMail.state.in_((MailState.BOUNCED, MailState.ABANDONED)),
    )
    .exists(),
)


def waiting_email(user_id: int) -> WaitingEmail | None:
    """The new sign-in address that the account asked for, None without one. One statement."""
    row = db.session.execute(_WAITING_EMAIL.where(EmailChange.user_id == user_id)).one_or_none()
    return WaitingEmail(*row) if row else None


def email_of_link(token_hash: str, now: datetime) -> str | None:
    """The address that a link proves; None once it was used, given up or is too old."""
    return db.session.scalar(
        select(EmailChange.new_email)
        .join(User, User.id == EmailChange.user_id)
        .where(
            EmailChange.token_hash == token_hash,
            EmailChange.expires_at > now,
            User.status == AccountStatus.ACTIVE,
        )
    )


def has_administrator() -> bool:
    """Whether somebody can manage the portal."""
    return db.session.scalar(_ADMINISTRATOR) is not None


def is_administrator_link(token_hash: str, now: datetime) -> bool:
    """Whether the page that creates the first administrator, or a spare one, may be shown for this link."""
    keys = (FIRST_ADMINISTRATOR, SPARE_ADMINISTRATOR)
    stored: dict[str, str] = dict(
        db.session.execute(select(Setting.key, Setting.value).where(Setting.key.in_(keys))).all()
    )
    first = hmac.compare_digest(stored.get(FIRST_ADMINISTRATOR, ""), token_hash)
    return first or is_spare_link(stored.get(SPARE_ADMINISTRATOR), token_hash, now)


def is_spare_link(stored: str | None, token_hash: str, now: datetime) -> bool:
    """Whether a link is the one that the setting row keeps, and its hour is not over."""
    known, _, ends = (stored or "").partition(":")
    return hmac.compare_digest(known, token_hash) and now.timestamp() < int(ends)
