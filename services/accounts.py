"""Life of an access: opened by the service, activated by its owner, suspended, its password changed.

Only the service opens accesses (S01). Every act is in the journal; every secret leaves by mail and
rests nowhere (see `services.outbox`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapters import addresses
from domain.enums import AccountKind, AccountStatus, Channel, MailKind, SessionKind, StaffRole
from domain.errors import NotFound, Refused
from domain.french import NBSP
from domain.passwords import normalise_provisional
from domain.people import normalise_email
from domain.permissions import role_is_scoped
from domain.settings import FIRST_ADMINISTRATOR, SPARE_ADMINISTRATOR
from extensions import db
from models import (
    ActivationToken,
    EmailChange,
    Guardian,
    HouseholdGuardian,
    ProvisionalPassword,
    Setting,
    StaffFacility,
    StaffMember,
    User,
)
from queries import accounts as account_queries
from services import (
    audit,
    credentials,
    outbox,
    password_policy,
    reauthentication,
    sessions,
    throttling,
)
from services.transaction import write_transaction

FIRST_ADMINISTRATOR_PATH = "/premier-administrateur/"
SPARE_LINK_LIFE = timedelta(hours=1)
DEAD_LINK = "dead_link"


@dataclass(frozen=True, slots=True)
class Author:
    """Who does an act for somebody else, and how the wish reached the service."""

    user_id: int
    channel: Channel = Channel.PORTAL


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A colleague to invite. `facility_ids` counts for a role limited to structures."""

    first_name: str
    last_name: str
    email: str
    role: StaffRole
    facility_ids: frozenset[int] = frozenset()
    can_read_medical: bool = False


# --- The service opens, resends, suspends (S04 to S08, S112) ------------------------------------------


def open_access(guardian_id: int, *, email: str, author: Author, now: datetime) -> int:
    """Open the portal to an adult and ask for the one activation mail (S07). Returns the id of the account.

    `email` becomes the adult's address. Raises Refused `email_invalid` (S04), `email_used` (S05) or
    `access_exists`; NotFound for an unknown adult.
    """
    address = valid_address(email)
    with write_transaction() as session:
        guardian = session.get(Guardian, guardian_id)
        if guardian is None:
            raise NotFound
        if guardian.user_id is not None:
            raise Refused(
                "access_exists", f"Cette personne a déjà un accès{NBSP}: renvoyez-lui le mail d’activation."
            )
        user = _add_account(session, AccountKind.FAMILY, address, now)
        emails = (guardian.email, address)
        guardian.user_id, guardian.email = user.id, address
        _ask_activation(session, user.id, address, now)
        _record(session, "access.opened", user.id, author, now, after=user.status, emails=emails)
        return user.id


def resend_activation(user_id: int, *, author: Author, now: datetime, email: str | None = None) -> None:
    """Send the activation mail again, logged (S11), to `email` when the address had to be corrected.

    The links sent before stop working. Raises Refused `not_waiting` when the account is not waiting
    for its activation, `email_invalid`, `email_used`; NotFound.
    """
    address = valid_address(email) if email is not None else None
    with write_transaction() as session:
        user = _account(session, user_id)
        if user.status is not AccountStatus.INVITED:
            raise Refused(
                "not_waiting", f"Cet accès n’attend pas d’activation{NBSP}: la personne peut se connecter."
            )
        former = user.email
        if address is not None and address != user.email:
            _refuse_used_address(session, address)
            user.email = address
            session.execute(update(Guardian).where(Guardian.user_id == user_id).values(email=address))
        _expire_links(session, user_id, now)
        _ask_activation(session, user_id, user.email, now)
        _record(session, "access.resent", user_id, author, now, emails=(former, user.email))


def suspend_access(user_id: int, *, author: Author, now: datetime) -> None:
    """Close the door at once: sessions, links and provisional passwords die; the file stays (S112).

    Raises Refused `own_access` for one's own account, `suspended` when it is already, `last_administrator`;
    NotFound.
    """
    with write_transaction() as session:
        refuse_losing_the_last_administrator(session, user_id)
        user = _account(session, user_id)
        if user_id == author.user_id:
            raise Refused(
                "own_access",
                f"Vous ne pouvez pas suspendre votre propre accès{NBSP}: demandez à un collègue.",
            )
        if user.status is AccountStatus.SUSPENDED:
            raise Refused("suspended", "Cet accès est déjà suspendu.")
        close_door(session, user, author, now)


def close_door(session: Session, user: User, author: Author, now: datetime) -> None:
    """Suspend an account that is not, inside the caller's transaction."""
    before = user.status
    user.status = AccountStatus.SUSPENDED
    _forget_secrets(session, user.id, now)
    _record(session, "access.suspended", user.id, author, now, before, AccountStatus.SUSPENDED)


def reopen_access(user_id: int, *, author: Author, now: datetime) -> None:
    """Open a suspended access again: with its password, or with a new activation mail if it never had one.

    Raises Refused `not_suspended`; NotFound.
    """
    with write_transaction() as session:
        user = _account(session, user_id)
        if user.status is not AccountStatus.SUSPENDED:
            raise Refused("not_suspended", "Cet accès n’est pas suspendu.")
        user.status = AccountStatus.ACTIVE if user.password_hash else AccountStatus.INVITED
        if user.status is AccountStatus.INVITED:
            _ask_activation(session, user_id, user.email, now)
        _record(session, "access.reopened", user_id, author, now, AccountStatus.SUSPENDED, user.status)


def create_staff_invitation(colleague: NewStaff, *, author: Author, now: datetime) -> int:
    """Invite a colleague: account, role, facilities and activation mail. Returns the id of the account.

    Raises Refused `email_invalid` or `email_used`.
    """
    address = valid_address(colleague.email)
    with write_transaction() as session:
        user = _add_account(session, AccountKind.STAFF, address, now)
        member = _add_staff(session, user.id, colleague.first_name, colleague.last_name, colleague.role)
        if colleague.can_read_medical:
            _grant_medical_right(session, member, author, now)
        if role_is_scoped(colleague.role):
            session.add_all(
                StaffFacility(staff_id=member.id, facility_id=facility) for facility in colleague.facility_ids
            )
        _ask_activation(session, user.id, address, now)
        _record(session, "staff.invited", user.id, author, now)
        return user.id


# --- The owner activates (S09 to S15) -----------------------------------------------------------------


def activate(token: str, password: str, now: datetime, device: str = "") -> str | None:
    """Use an activation link: the address is proven, the password chosen, the account open (S13).

    Returns the secret of a first session, None for staff, who sign in next. Raises Refused
    `dead_link` (used, expired or unknown: `queries.accounts.activation_link` says which) or
    `password` with what to choose instead.
    """
    link = db.session.execute(
        select(ActivationToken.id, User.id.label("user_id"), User.kind)
        .join(User, User.id == ActivationToken.user_id)
        .where(
            ActivationToken.token_hash == credentials.token_hash(token),
            ActivationToken.used_at.is_(None),
            ActivationToken.expires_at > now,
            User.status == AccountStatus.INVITED,
        )
    ).one_or_none()
    if link is None:
        raise _dead_link()
    password_policy.require_good(password, link.user_id)
    new_hash = credentials.hash_secret(password)
    with write_transaction() as session:
        _use_link(session, link.id, link.user_id, new_hash, now)
        _record(session, "access.activated", link.user_id, Author(link.user_id), now)
        if link.kind is AccountKind.STAFF:
            return None
        return sessions.open_session(session, link.user_id, link.kind, now, device=device)


def renew_expired_link(token: str, network: str, now: datetime) -> None:
    """Ask for a new link to the address that an expired one was sent to, without telling it (S11).

    Does nothing, silently, for a token that is unknown, used already or asked for too often.
    """
    with write_transaction() as session:
        owner = session.execute(
            select(User.id, User.email)
            .join(ActivationToken, ActivationToken.user_id == User.id)
            .where(
                ActivationToken.token_hash == credentials.token_hash(token),
                User.status == AccountStatus.INVITED,
            )
        ).one_or_none()
        if owner and throttling.admit_in(session, throttling.request_tries(owner.email, network), now):
            _ask_activation(session, owner.id, owner.email, now)


# --- Passwords (S23, S41) -----------------------------------------------------------------------------


def choose_password(
    session_id: int, user_id: int, password: str, now: datetime, device: str = ""
) -> str | None:
    """Choose the password that replaces a provisional one, from the restricted session `session_id`.

    Every session of the account ends, this one too. Returns the secret of a new session, which waits for the
    code of a second factor where there is one; None for staff, who sign in again. Raises Refused `password`
    (too simple, or the provisional one) or `session_ended`.
    """
    account = db.session.execute(
        select(User.kind, ProvisionalPassword.password_hash)
        .outerjoin(ProvisionalPassword, ProvisionalPassword.user_id == User.id)
        .where(User.id == user_id)
    ).one()
    password_policy.require_good(password, user_id)
    code = normalise_provisional(password)
    if code is not None and credentials.matches(account.password_hash, code):
        raise Refused("password", "Choisissez un autre mot de passe que le mot de passe provisoire.")
    new_hash = credentials.hash_secret(password)
    with write_transaction() as session:
        sessions.take(session, session_id, user_id, SessionKind.RESTRICTED, now)
        _set_password(session, user_id, new_hash, now)
        if account.kind is AccountKind.STAFF:
            return None
        kind = sessions.kind_after_password(session, user_id, account.kind)
        return sessions.open_session(session, user_id, account.kind, now, kind, device)


def change_password(
    session_id: int, user_id: int, current: str, password: str, network: str, now: datetime, device: str = ""
) -> str:
    """Change one's password; needs the current one and ends every session (S41).

    Returns the secret of the new session that replaces this browser's own: the caller starts it.
    Raises Refused `current` (wrong current password), `password` (too simple), `throttled`,
    `session_ended`.
    """
    owner = reauthentication.require_password(user_id, current, network, now)
    password_policy.require_good(password, user_id)
    new_hash = credentials.hash_secret(password)
    with write_transaction() as session:
        sessions.take(session, session_id, user_id, SessionKind.FULL, now)
        throttling.succeed_in(session, owner.tries)
        _set_password(session, user_id, new_hash, now)
        return sessions.open_session(session, user_id, owner.kind, now, device=device)


# --- The first administrator --------------------------------------------------------------------------


def first_administrator_invitation(now: datetime) -> str | None:
    """The path of a one-time page that creates the first administrator; None once there is one.

    Each call makes a new link and kills the one before; its hash rests in a setting row.
    """
    token = credentials.new_token()
    with write_transaction() as session:
        if _has_administrator(session):
            return None
        session.merge(Setting(key=FIRST_ADMINISTRATOR, value=credentials.token_hash(token)))
        _record_link(session, "staff.first_administrator_link", now)
    return FIRST_ADMINISTRATOR_PATH + token


def spare_administrator_invitation(now: datetime) -> str:
    """The path of a one-time page that creates one more administrator, for an hour: for who holds the server,
    when those there are lost their telephone, their codes or their mail. Kills the one before."""
    token = credentials.new_token()
    ends = int((now + SPARE_LINK_LIFE).timestamp())
    with write_transaction() as session:
        session.merge(Setting(key=SPARE_ADMINISTRATOR, value=f"{credentials.token_hash(token)}:{ends}"))
        _record_link(session, "staff.spare_administrator_link", now)
    return FIRST_ADMINISTRATOR_PATH + token


def create_first_administrator(
    token: str, *, first_name: str, last_name: str, email: str, password: str, now: datetime
) -> None:
    """Create the first administrator, or one more with the spare link of the server, who can sign in at once.

    The link was read on the server's own terminal: its holder is trusted with the address too.
    Raises Refused `dead_link`, `email_invalid`, `email_used` or `password`.
    """
    address = valid_address(email)
    password_policy.require_good(password, words=(first_name, last_name, address))
    new_hash = credentials.hash_secret(password)
    with write_transaction() as session:
        used = session.execute(
            delete(Setting).where(
                Setting.key == FIRST_ADMINISTRATOR, Setting.value == credentials.token_hash(token)
            )
        )
        is_first = used.rowcount == 1 and not _has_administrator(session)
        if not is_first and not _use_spare_link(session, token, now):
            raise _dead_link()
        user = _add_account(session, AccountKind.STAFF, address, now)
        user.status, user.password_hash, user.email_verified_at = AccountStatus.ACTIVE, new_hash, now
        _add_staff(session, user.id, first_name, last_name, StaffRole.ADMINISTRATOR)
        _record(session, "staff.first_administrator", user.id, Author(user.id), now)


# --- Inside a transaction -----------------------------------------------------------------------------


def _use_spare_link(session: Session, token: str, now: datetime) -> bool:
    row = session.get(Setting, SPARE_ADMINISTRATOR, with_for_update=True)
    if row is None or not account_queries.is_spare_link(row.value, credentials.token_hash(token), now):
        return False
    session.delete(row)
    return True


def _record_link(session: Session, action: str, now: datetime) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=None,
        channel=Channel.SYSTEM,
        action=action,
        object_type="town",
        object_id=1,
    )


def valid_address(email: str) -> str:
    """The address as it is stored. Raises Refused `email_invalid` (S04)."""
    if addresses.email(email.strip()) is None:
        raise Refused("email_invalid", "Indiquez une adresse e-mail valide, par exemple nom@exemple.fr.")
    return normalise_email(email)


def _address_used() -> Refused:
    return Refused(
        "email_used",
        f"Cette adresse sert déjà à un autre accès. Chaque personne a la sienne{NBSP}: "
        "demandez une autre adresse e-mail.",
    )


def _refuse_used_address(session: Session, address: str) -> None:
    if session.scalar(select(User.id).where(User.email == address)) is not None:
        raise _address_used()


def _add_account(session: Session, kind: AccountKind, address: str, now: datetime) -> User:
    _refuse_used_address(session, address)
    user = User(kind=kind, status=AccountStatus.INVITED, email=address, created_at=now)
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:  # PostgreSQL: another agent took the address at the same moment
        raise _address_used() from error
    return user


def _add_staff(
    session: Session, user_id: int, first_name: str, last_name: str, role: StaffRole
) -> StaffMember:
    member = StaffMember(
        user_id=user_id, first_name=first_name.strip(), last_name=last_name.strip(), role=role
    )
    session.add(member)
    session.flush()
    return member


def _grant_medical_right(session: Session, member: StaffMember, author: Author, now: datetime) -> None:
    """A right of the person, told by the journal apart from the invitation (S114)."""
    member.can_read_medical = True
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action="staff_member.updated",
        object_type="staff_member",
        object_id=member.id,
        before={"can_read_medical": False},
        after={"can_read_medical": True},
    )


def _account(session: Session, user_id: int) -> User:
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound
    return user


def _ask_activation(session: Session, user_id: int, address: str, now: datetime) -> None:
    outbox.queue_secret(
        session,
        MailKind.ACTIVATION,
        to=address,
        user_id=user_id,
        household_id=household_of(session, user_id),
        now=now,
    )


def _expire_links(session: Session, user_id: int, now: datetime) -> None:
    session.execute(
        update(ActivationToken)
        .where(ActivationToken.user_id == user_id, ActivationToken.expires_at > now)
        .values(expires_at=now)
    )


def _forget_secrets(session: Session, user_id: int, now: datetime) -> None:
    sessions.end_all(session, user_id)
    session.execute(delete(ProvisionalPassword).where(ProvisionalPassword.user_id == user_id))
    session.execute(delete(EmailChange).where(EmailChange.user_id == user_id))
    _expire_links(session, user_id, now)


def _use_link(session: Session, link_id: int, user_id: int, new_hash: str, now: datetime) -> None:
    """Two submissions at once: the row counts let one through."""
    used = session.execute(
        update(ActivationToken)
        .where(
            ActivationToken.id == link_id, ActivationToken.used_at.is_(None), ActivationToken.expires_at > now
        )
        .values(used_at=now)
    )
    opened = session.execute(
        update(User)
        .where(User.id == user_id, User.status == AccountStatus.INVITED)
        .values(status=AccountStatus.ACTIVE, password_hash=new_hash, email_verified_at=now)
    )
    if used.rowcount != 1 or opened.rowcount != 1:
        raise _dead_link()


def _dead_link() -> Refused:
    return Refused(DEAD_LINK, "Ce lien a déjà servi ou n’est plus valable.")


def _set_password(session: Session, user_id: int, new_hash: str, now: datetime) -> None:
    """A new password ends every session and every provisional password, and its owner is told."""
    user = _account(session, user_id)
    user.password_hash = new_hash
    _forget_secrets(session, user_id, now)
    outbox.queue(
        session,
        MailKind.PASSWORD_CHANGED,
        to=user.email,
        user_id=user_id,
        household_id=household_of(session, user_id),
        now=now,
        first_name=outbox.first_name(session, user_id),
        changed_at=now,
    )
    _record(session, "password.changed", user_id, Author(user_id), now)


def refuse_losing_the_last_administrator(session: Session, user_id: int) -> None:
    """Inside the transaction that takes the rights of an account away, before any other lock: the active
    administrators stay so until its end, and two of them cannot take each other's place at once.

    Raises Refused `last_administrator` when nobody else could manage the portal (S114).
    """
    if session.scalar(select(User.kind).where(User.id == user_id)) is not AccountKind.STAFF:
        return
    administrators = session.scalars(
        select(User.id)
        .join(StaffMember, StaffMember.user_id == User.id)
        .where(StaffMember.role == StaffRole.ADMINISTRATOR, User.status == AccountStatus.ACTIVE)
        .order_by(User.id)  # one order of locks for everybody: nobody waits in a circle
        .with_for_update()
    )
    if set(administrators) == {user_id}:
        raise Refused(
            "last_administrator",
            f"C’est le dernier administrateur actif{NBSP}: donnez d’abord ce rôle à une autre personne, "
            "et attendez qu’elle ait activé son accès.",
        )


def _has_administrator(session: Session) -> bool:
    return (
        session.scalar(
            select(StaffMember.id)
            .join(User, User.id == StaffMember.user_id)
            .where(StaffMember.role == StaffRole.ADMINISTRATOR, User.status == AccountStatus.ACTIVE)
            .limit(1)
        )
        is not None
    )


def household_of(session: Session, user_id: int) -> int | None:
    """The first household of a parent, None for staff: where the act and the mail are filed."""
    return session.scalar(
        select(HouseholdGuardian.household_id)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(Guardian.user_id == user_id)
        .order_by(HouseholdGuardian.household_id)
        .limit(1)
    )


def _record(
    session: Session,
    action: str,
    user_id: int,
    author: Author,
    now: datetime,
    before: AccountStatus | None = None,
    after: AccountStatus | None = None,
    emails: tuple[str, str] = ("", ""),
) -> None:
    """`emails`: the address before and after, where the act may change it."""
    former, address = emails
    changes = {"email": (former, address)} if former != address else {}
    changes |= {"status": (before, after)} if before != after else {}
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type="user",
        object_id=user_id,
        household_id=household_of(session, user_id),
        before={name: old for name, (old, _) in changes.items() if old} or None,
        after={name: new for name, (_, new) in changes.items() if new} or None,
    )
