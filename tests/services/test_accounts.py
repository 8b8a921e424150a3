"""Life of an access: opened by the service, activated once, suspended, its password changed (S04 to S41)."""

import threading
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from domain.enums import AccountKind, AccountStatus, Channel, MailKind, SessionKind, StaffRole
from domain.errors import NotFound, Refused
from extensions import db
from models import (
    ActivationToken,
    AuditEvent,
    Guardian,
    OutgoingMail,
    ProvisionalPassword,
    StaffFacility,
    StaffMember,
    User,
    UserSession,
)
from queries import accounts as account_queries
from queries.accounts import LinkState
from services import accounts, credentials, sessions, sign_in
from services.sign_in import Outcome
from services.transaction import write_transaction
from tests.accesses import (
    ANOTHER_PASSWORD,
    NETWORK,
    KeepingTransport,
    activation_token,
    deliver,
    open_access,
    parent_with_password,
    provisional_code,
)
from tests.factories import PASSWORD


@pytest.fixture(autouse=True)
def _context(app):
    with app.app_context():
        yield


@pytest.fixture
def author(world):
    return accounts.Author(world.staff().id, Channel.COUNTER)


def sign_in_as(world, password=PASSWORD, email="claire@example.org", network=NETWORK):
    return sign_in.sign_in(email, password, network, world.now)


def ask_code(world, email="claire@example.org", mailbox=None):
    sign_in.request_provisional_password(email, NETWORK, world.now)
    return provisional_code(deliver(world, mailbox))


def link_state(world, token):
    db.session.rollback()  # as a new request would: what the worker wrote since is seen
    return account_queries.activation_link(credentials.token_hash(token), world.now).state


def open_session_ids(user):
    return list(db.session.scalars(select(UserSession.id).where(UserSession.user_id == user.id)))


def open_session(world, user, kind=SessionKind.FULL):
    with write_transaction() as session:
        sessions.open_session(session, user.id, user.kind, world.now, kind)
    return open_session_ids(user)[-1]


# --- Opening (S04 to S07) -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email", ["", "   ", "claire", "claire@", "claire@exemple", "a@b.fr, c@d.fr", "claire@exa mple.fr"]
)
def test_an_access_needs_a_valid_address(world, author, email):
    guardian = world.guardian(world.household())
    with pytest.raises(Refused) as refusal:
        accounts.open_access(guardian.id, email=email, author=author, now=world.now)
    assert refusal.value.code == "email_invalid"
    assert world.all(OutgoingMail) == []
    assert world.one(Guardian).user_id is None


def test_one_address_is_one_person(world, author):
    household = world.household()
    world.parent(household, email="claire@example.org")
    second = world.guardian(household, "Paul")
    with pytest.raises(Refused, match="demandez une autre adresse") as refusal:
        accounts.open_access(second.id, email=" CLAIRE@example.org", author=author, now=world.now)
    assert refusal.value.code == "email_used"
    assert world.all(OutgoingMail) == []


def test_opening_is_in_the_journal_with_its_channel(world, app):
    user_id = open_access(world, app)
    (event,) = world.all(AuditEvent)
    assert (event.action, event.object_id, event.channel) == ("access.opened", user_id, Channel.PHONE)
    assert event.household_id is not None
    assert world.one(select(User).where(User.id == user_id)).status is AccountStatus.INVITED


def test_an_access_is_opened_once(world, author):
    guardian = world.guardian(world.household())
    accounts.open_access(guardian.id, email="claire@example.org", author=author, now=world.now)
    with pytest.raises(Refused):
        accounts.open_access(guardian.id, email="autre@example.org", author=author, now=world.now)
    with pytest.raises(NotFound):
        accounts.open_access(999, email="autre@example.org", author=author, now=world.now)


# --- Activation (S10 to S15) ----------------------------------------------------------------------


def test_looking_at_a_link_consumes_nothing_and_using_it_does(world, app):
    user_id = open_access(world, app)
    token = activation_token(deliver(world))
    assert [link_state(world, token) for _ in range(10)] == [LinkState.VALID] * 10
    assert accounts.activate(token, PASSWORD, world.now)
    user = world.one(select(User).where(User.id == user_id))
    assert (user.status, user.email_verified_at) == (AccountStatus.ACTIVE, world.now)
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert link_state(world, token) is LinkState.USED
    with pytest.raises(Refused) as refusal:
        accounts.activate(token, ANOTHER_PASSWORD, world.now)
    assert refusal.value.code == accounts.DEAD_LINK
    assert sign_in_as(world).outcome is Outcome.WELCOME


def test_only_the_hash_of_the_link_is_stored(world, app):
    open_access(world, app)
    token = activation_token(deliver(world))
    assert len(token) == 50
    assert world.one(ActivationToken).token_hash == credentials.token_hash(token) != token


def test_a_link_lives_seven_days(world, app, clock):
    open_access(world, app)
    token = activation_token(deliver(world))
    clock.advance(days=7, seconds=-1)
    assert link_state(world, token) is LinkState.VALID
    clock.advance(seconds=1)
    assert link_state(world, token) is LinkState.EXPIRED
    with pytest.raises(Refused):
        accounts.activate(token, PASSWORD, world.now)


def test_an_expired_link_brings_a_new_one_to_the_same_address(world, app, clock):
    open_access(world, app)
    old = activation_token(deliver(world))
    clock.advance(days=8)
    accounts.renew_expired_link(old, NETWORK, world.now)
    mailbox = deliver(world)
    assert mailbox.sent[0]["To"] == "claire@example.org"
    assert link_state(world, activation_token(mailbox)) is LinkState.VALID
    assert link_state(world, old) is LinkState.EXPIRED


def test_an_unknown_link_brings_nothing(world):
    accounts.renew_expired_link("A" * 50, NETWORK, world.now)
    assert link_state(world, "A" * 50) is LinkState.UNKNOWN
    assert deliver(world).sent == []


def test_resending_is_logged_and_kills_the_former_link(world, app, author):
    user_id = open_access(world, app)
    former = activation_token(deliver(world))
    accounts.resend_activation(user_id, author=author, now=world.now, email="claire.solignac@example.org")
    mailbox = deliver(world)
    assert mailbox.sent[0]["To"] == "claire.solignac@example.org"
    assert link_state(world, former) is LinkState.EXPIRED
    assert accounts.activate(activation_token(mailbox), PASSWORD, world.now)
    assert [event.action for event in world.all(AuditEvent)] == [
        "access.opened",
        "access.resent",
        "access.activated",
    ]


def test_an_active_access_is_not_invited_again(world, author):
    user = parent_with_password(world)
    with pytest.raises(Refused):
        accounts.resend_activation(user.id, author=author, now=world.now)


def test_a_refused_password_leaves_the_link_usable(world, app):
    open_access(world, app)
    token = activation_token(deliver(world))
    with pytest.raises(Refused) as refusal:
        accounts.activate(token, "trop court", world.now)
    assert refusal.value.code == "password"
    assert accounts.activate(token, PASSWORD, world.now)


@pytest.mark.race
def test_one_of_many_simultaneous_uses_of_a_link_succeeds(world, app):
    open_access(world, app)
    token = activation_token(deliver(world))
    outcomes = at_once(app, 8, lambda _: accounts.activate(token, PASSWORD, world.now))
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert len(world.all(UserSession)) == 1


def at_once(app, number, act):
    """What each of `number` threads got, a result or its refusal."""
    start, outcomes = threading.Barrier(number), [None] * number

    def work(position):
        with app.app_context():
            start.wait()
            try:
                outcomes[position] = act(position)
            except Refused as refusal:
                outcomes[position] = refusal
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(position,)) for position in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


# --- Passwords that are refused (S21) -------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["onze signes", "motdepasse1234", "azertyuiop1234", "cantine2026-2027", "doudoudoudou", "Léa-Léa-2019xx",
     "vive solignac 46", "claire.martin46", "grandcahors2027", "aaaaaaaaaaaaaa", "123456789012"],
)  # fmt: skip
def test_a_password_that_others_would_guess_is_refused_with_a_reason(world, password):
    world.settings(name="Grand Cahors")
    household = world.household()
    user = world.parent(household, email="claire.martin@example.org")
    world.child(household, "Léa")
    session_id = open_session(world, user, SessionKind.RESTRICTED)
    with pytest.raises(Refused, match=r"\w") as refusal:
        accounts.choose_password(session_id, user.id, password, world.now)
    assert refusal.value.code == "password"
    assert open_session_ids(user) == [session_id]


@pytest.mark.parametrize("password", ["douzesignes!", "correct cheval agrafe pile", "xK9" * 42 + "pq"])
def test_length_is_enough_and_the_whole_password_counts(world, password):
    user = parent_with_password(world)
    session_id = open_session(world, user)
    accounts.change_password(session_id, user.id, PASSWORD, password, NETWORK, world.now)
    assert sign_in_as(world, password[:-1]).outcome is Outcome.REFUSED
    assert sign_in_as(world, password).outcome is Outcome.WELCOME


# --- Signing in (S20, S24) ------------------------------------------------------------------------


def test_case_and_outer_spaces_of_the_address_do_not_count(world):
    parent_with_password(world)
    assert sign_in_as(world, email="  CLAIRE@Example.ORG ").outcome is Outcome.WELCOME


@pytest.mark.parametrize("status", [AccountStatus.INVITED, AccountStatus.SUSPENDED, AccountStatus.CLOSED])
def test_only_an_active_access_signs_in(world, status):
    parent_with_password(world, status=status)
    assert sign_in_as(world).outcome is Outcome.REFUSED
    assert world.all(UserSession) == []


@pytest.mark.parametrize("password", ["un mot de passe faux", "k7mp-x3hd-9wqt-fz2v"])
def test_an_unknown_address_costs_the_same_verifications(world, monkeypatch, password):
    parent_with_password(world)
    verified = []
    real = credentials.matches
    monkeypatch.setattr(credentials, "matches", lambda *pair: verified.append(pair) or real(*pair))
    sign_in_as(world, password)
    known = len(verified)
    sign_in_as(world, password, email="inconnue@example.org")
    assert known == len(verified) - known >= 1


def test_a_hash_made_with_other_parameters_is_renewed_at_sign_in(world):
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    parent_with_password(world, password_hash=old)
    assert sign_in_as(world).outcome is Outcome.WELCOME
    assert world.one(User).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert sign_in_as(world).outcome is Outcome.WELCOME


def test_the_stand_in_hash_has_the_parameters_in_force():
    assert not credentials.is_outdated(credentials._NOBODY)


def test_sessions_end_after_their_absolute_life(world, clock):
    parent, agent = parent_with_password(world), world.staff()
    (
        open_session(world, parent),
        open_session(world, agent),
        open_session(world, parent, SessionKind.RESTRICTED),
    )
    lives = {(row.user_id, row.kind): row.expires_at - row.created_at for row in world.all(UserSession)}
    assert lives == {
        (parent.id, SessionKind.FULL): timedelta(hours=24),
        (agent.id, SessionKind.FULL): timedelta(hours=10),
        (parent.id, SessionKind.RESTRICTED): timedelta(minutes=10),
    }


def test_a_thousand_tries_reach_the_verifier_five_times(world, monkeypatch):
    parent_with_password(world)
    verified = []
    monkeypatch.setattr(credentials, "matches", lambda *pair: verified.append(pair) and False)
    outcomes = {
        sign_in_as(world, f"essai numéro {number}", network=str(number)).outcome for number in range(1000)
    }
    assert outcomes == {Outcome.REFUSED, Outcome.THROTTLED}
    assert len(verified) == 5


def test_the_delay_doubles_to_a_quarter_of_an_hour_and_never_locks_for_good(world, clock):
    parent_with_password(world)
    for number in range(500):
        sign_in_as(world, "mauvais mot de passe", network=str(number))
        clock.advance(seconds=20)
    assert sign_in_as(world).outcome is Outcome.THROTTLED
    clock.advance(minutes=15)
    assert sign_in_as(world).outcome is Outcome.WELCOME
    assert sign_in_as(world, "mauvais").outcome is Outcome.REFUSED  # the count started afresh


def test_a_network_is_slowed_down_whatever_the_addresses(world, clock):
    parent_with_password(world)
    for number in range(30):
        assert sign_in_as(world, "mauvais", email=f"x{number}@example.org").outcome is Outcome.REFUSED
    assert sign_in_as(world).outcome is Outcome.THROTTLED
    assert sign_in_as(world, network="198.51.100.0/24").outcome is Outcome.WELCOME
    clock.advance(minutes=10)
    assert sign_in_as(world).outcome is Outcome.WELCOME


def test_good_sign_ins_do_not_use_up_the_network(world):
    parent_with_password(world)
    assert {sign_in_as(world).outcome for _ in range(35)} == {Outcome.WELCOME}


def test_simultaneous_tries_are_all_counted(world, app):
    parent_with_password(world)
    outcomes = at_once(
        app, 12, lambda number: sign_in_as(world, f"mauvais essai {number}", network=str(number)).outcome
    )
    assert outcomes.count(Outcome.REFUSED) == 5
    assert outcomes.count(Outcome.THROTTLED) == 7


# --- Provisional password (S23) -------------------------------------------------------------------


def test_a_code_opens_a_restricted_session_once(world):
    parent_with_password(world)
    code = ask_code(world)
    opened = sign_in_as(world, f" {code.upper().replace('-', ' ')} ")
    assert opened.outcome is Outcome.CHOOSE_PASSWORD
    assert world.one(UserSession).kind is SessionKind.RESTRICTED
    assert sign_in_as(world, code).outcome is Outcome.REFUSED


def test_a_code_dies_sixty_minutes_after_it_left(world, clock):
    parent_with_password(world)
    code = ask_code(world)
    clock.advance(minutes=60, seconds=1)
    assert sign_in_as(world, code).outcome is Outcome.REFUSED


def test_a_code_lives_until_then(world, clock):
    parent_with_password(world)
    code = ask_code(world)
    clock.advance(minutes=59, seconds=59)
    assert sign_in_as(world, code).outcome is Outcome.CHOOSE_PASSWORD


def test_the_newest_code_replaces_the_former(world):
    parent_with_password(world)
    first, second = ask_code(world), ask_code(world)
    assert sign_in_as(world, first).outcome is Outcome.REFUSED
    assert sign_in_as(world, second).outcome is Outcome.CHOOSE_PASSWORD


def test_the_old_password_works_until_then_and_cancels_the_code(world):
    parent_with_password(world)
    code = ask_code(world)
    assert sign_in_as(world).outcome is Outcome.WELCOME
    assert sign_in_as(world, code).outcome is Outcome.REFUSED


def test_five_wrong_tries_destroy_a_code(world, clock):
    parent_with_password(world)
    code = ask_code(world)
    for _ in range(5):
        sign_in_as(world, "aaaa-bbbb-cccc-dddd")
        clock.advance(minutes=1)
    assert sign_in_as(world, code).outcome is Outcome.REFUSED


@pytest.mark.race
@pytest.mark.parametrize("attempt", range(3))
def test_one_of_twenty_simultaneous_uses_of_a_code_succeeds(world, app, monkeypatch, attempt):
    parent_with_password(world)
    code = ask_code(world)
    # The counters of tries would already stop most of them: without them the row count alone decides.
    monkeypatch.setattr(sign_in.throttling, "admit", lambda *_: True)
    outcomes = [result.outcome for result in at_once(app, 20, lambda _: sign_in_as(world, code))]
    assert outcomes.count(Outcome.CHOOSE_PASSWORD) == 1
    assert len(world.all(UserSession)) == 1


def test_the_new_password_ends_everything_else_and_is_announced(world):
    user = parent_with_password(world)
    open_session(world, user)
    code = ask_code(world)
    sign_in_as(world, code)
    restricted = world.one(select(UserSession).where(UserSession.kind == SessionKind.RESTRICTED)).id
    token = accounts.choose_password(restricted, user.id, ANOTHER_PASSWORD, world.now)
    (session,) = world.all(UserSession)
    assert (session.token_hash, session.kind) == (credentials.token_hash(token), SessionKind.FULL)
    assert world.all(ProvisionalPassword) == []
    assert sign_in_as(world).outcome is Outcome.REFUSED
    assert sign_in_as(world, ANOTHER_PASSWORD).outcome is Outcome.WELCOME
    mailbox = deliver(world)
    assert "a été changé" in mailbox.last_text
    assert ANOTHER_PASSWORD not in mailbox.last_text


@pytest.mark.parametrize("written", [str, str.upper, lambda code: code.replace("-", "")])
def test_the_provisional_password_cannot_be_kept(world, written):
    user = parent_with_password(world)
    code = ask_code(world)
    sign_in_as(world, code)
    with pytest.raises(Refused, match="provisoire"):
        accounts.choose_password(world.one(UserSession).id, user.id, written(code), world.now)


def test_a_full_session_or_a_used_one_cannot_choose_a_password(world):
    user = parent_with_password(world)
    with pytest.raises(Refused) as refusal:
        accounts.choose_password(open_session(world, user), user.id, ANOTHER_PASSWORD, world.now)
    assert refusal.value.code == "session_ended"
    assert sign_in_as(world).outcome is Outcome.WELCOME


def test_staff_sign_in_again_after_choosing(world):
    agent = world.staff()
    session_id = open_session(world, agent, SessionKind.RESTRICTED)
    assert accounts.choose_password(session_id, agent.id, ANOTHER_PASSWORD, world.now) is None
    assert world.all(UserSession) == []


@pytest.mark.parametrize("email", ["inconnue@example.org", "claire@example.org"])
def test_requests_beyond_three_an_hour_send_nothing(world, clock, email):
    user = parent_with_password(world)
    mailbox = KeepingTransport()
    for _ in range(500):
        sign_in.request_provisional_password(email, NETWORK, world.now)
        deliver(world, mailbox)
        clock.advance(seconds=1)
    assert len(mailbox.sent) == (3 if email == user.email else 0)
    assert world.one(select(User).where(User.id == user.id)).password_hash == user.password_hash
    clock.advance(hours=1)
    sign_in.request_provisional_password("claire@example.org", NETWORK, world.now)
    assert deliver(world).sent


@pytest.mark.parametrize("email", ["inconnue@example.org", "claire@example.org"])
def test_asking_for_a_code_makes_nothing_slow(world, monkeypatch, email):
    """S24: the code is made, hashed and sent by the worker, so no time tells who has an account."""
    parent_with_password(world)

    def slow(*_):
        raise AssertionError("hashed while the visitor waits")

    for name in ("hash_secret", "matches", "new_code"):
        monkeypatch.setattr(credentials, name, slow)
    sign_in.request_provisional_password(email, NETWORK, world.now)
    assert world.all(ProvisionalPassword) == []


def test_who_has_not_activated_gets_the_link_again(world, app):
    open_access(world, app)
    deliver(world)
    sign_in.request_provisional_password("claire@example.org", NETWORK, world.now)
    assert link_state(world, activation_token(deliver(world))) is LinkState.VALID


def test_a_suspended_access_gets_no_code(world):
    parent_with_password(world, status=AccountStatus.SUSPENDED)
    sign_in.request_provisional_password("claire@example.org", NETWORK, world.now)
    assert world.all(OutgoingMail) == []


# --- Changing, suspending (S41, S112) -------------------------------------------------------------


def test_changing_the_password_needs_the_current_one_and_ends_other_sessions(world):
    user = parent_with_password(world)
    own, _other = open_session(world, user), open_session(world, user)
    with pytest.raises(Refused) as refusal:
        accounts.change_password(own, user.id, "mauvais", ANOTHER_PASSWORD, NETWORK, world.now)
    assert refusal.value.code == "current"
    assert len(open_session_ids(user)) == 2
    token = accounts.change_password(own, user.id, PASSWORD, ANOTHER_PASSWORD, NETWORK, world.now)
    assert [row.token_hash for row in world.all(UserSession)] == [credentials.token_hash(token)]
    assert [row.kind for row in world.all(OutgoingMail)] == [MailKind.PASSWORD_CHANGED]


def test_a_stolen_session_cannot_guess_the_current_password(world):
    user = parent_with_password(world)
    own = open_session(world, user)
    codes = []
    for _ in range(7):
        with pytest.raises(Refused) as refusal:
            accounts.change_password(own, user.id, "mauvais", ANOTHER_PASSWORD, NETWORK, world.now)
        codes.append(refusal.value.code)
    assert codes == ["current"] * 5 + ["throttled"] * 2


def test_suspending_closes_every_door(world, author):
    user = parent_with_password(world)
    open_session(world, user)
    code = ask_code(world)
    accounts.suspend_access(user.id, author=author, now=world.now)
    assert open_session_ids(user) == []
    assert sign_in_as(world).outcome is Outcome.REFUSED
    assert sign_in_as(world, code).outcome is Outcome.REFUSED
    event = world.all(AuditEvent)[-1]
    assert (event.action, event.before, event.after) == (
        "access.suspended",
        {"status": "active"},
        {"status": "suspended"},
    )


def test_a_reopened_access_keeps_its_password(world, author):
    user = parent_with_password(world)
    accounts.suspend_access(user.id, author=author, now=world.now)
    accounts.reopen_access(user.id, author=author, now=world.now)
    assert sign_in_as(world).outcome is Outcome.WELCOME


def test_an_access_suspended_before_its_activation_is_invited_anew(world, app, author):
    user_id = open_access(world, app)
    token = activation_token(deliver(world))
    accounts.suspend_access(user_id, author=author, now=world.now)
    assert link_state(world, token) is LinkState.UNKNOWN
    accounts.reopen_access(user_id, author=author, now=world.now)
    assert link_state(world, token) is LinkState.EXPIRED
    assert link_state(world, activation_token(deliver(world))) is LinkState.VALID


def test_nobody_suspends_oneself(world, author):
    with pytest.raises(Refused):
        accounts.suspend_access(author.user_id, author=author, now=world.now)


# --- Staff ----------------------------------------------------------------------------------------


def test_a_colleague_is_invited_and_activates(world, author):
    school = world.facility()
    colleague = accounts.NewStaff(
        "Jeanne", "FABRE", "jeanne@example.org", StaffRole.DIRECTOR, frozenset({school.id})
    )
    user_id = accounts.create_staff_invitation(colleague, author=author, now=world.now)
    assert accounts.activate(activation_token(deliver(world)), PASSWORD, world.now) is None
    assert sign_in_as(world, email="jeanne@example.org").outcome is Outcome.CODE_AWAITED
    member = world.one(select(StaffMember).where(StaffMember.user_id == user_id))
    assert member.role is StaffRole.DIRECTOR
    assert [row.facility_id for row in world.all(StaffFacility)] == [school.id]


def test_the_first_administrator_is_created_once(world):
    old = accounts.first_administrator_invitation(world.now).rpartition("/")[2]
    token = accounts.first_administrator_invitation(world.now).rpartition("/")[2]
    person = {
        "first_name": "Jeanne",
        "last_name": "FABRE",
        "email": "jeanne@example.org",
        "password": PASSWORD,
    }
    with pytest.raises(Refused):
        accounts.create_first_administrator(old, **person, now=world.now)
    accounts.create_first_administrator(token, **person, now=world.now)
    with pytest.raises(Refused):
        accounts.create_first_administrator(token, **person | {"email": "autre@example.org"}, now=world.now)
    assert accounts.first_administrator_invitation(world.now) is None
    user = world.one(User)
    assert (user.kind, user.status) == (AccountKind.STAFF, AccountStatus.ACTIVE)
    assert sign_in_as(world, email="jeanne@example.org").outcome is Outcome.CODE_AWAITED


def test_the_server_makes_one_more_administrator_when_none_can_come_in(world, clock):
    """A telephone, its codes and a mailbox lost together: whoever holds the server begins again."""
    world.staff()
    person = {"first_name": "Jeanne", "last_name": "FABRE", "password": PASSWORD}
    old, late, good = (
        accounts.spare_administrator_invitation(world.now).rpartition("/")[2] for _ in range(3)
    )
    with pytest.raises(Refused):
        accounts.create_first_administrator(old, **person, email="a@example.org", now=world.now)
    with pytest.raises(Refused):
        accounts.create_first_administrator(late, **person, email="a@example.org", now=world.now)
    clock.advance(minutes=61)
    with pytest.raises(Refused):
        accounts.create_first_administrator(good, **person, email="a@example.org", now=world.now)
    good = accounts.spare_administrator_invitation(world.now).rpartition("/")[2]
    accounts.create_first_administrator(good, **person, email="jeanne@example.org", now=world.now)
    with pytest.raises(Refused):
        accounts.create_first_administrator(good, **person, email="b@example.org", now=world.now)
    assert [member.role for member in world.all(StaffMember)] == [StaffRole.ADMINISTRATOR] * 2
