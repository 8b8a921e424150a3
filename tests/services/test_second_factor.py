"""The second factor: taken, given at each sign-in, lost (R50, S114, security S06)."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from domain.enums import AccountKind, MailKind, SessionKind
from domain.errors import NotFound, Refused
from domain.throttle import FREE_FAILURES
from models import AuditEvent, OutgoingMail, RecoveryCode, SecondFactor, UserSession
from services import credentials, second_factor, sessions, sign_in
from services.accounts import Author
from services.second_factor import Asker
from services.sign_in import Outcome
from services.transaction import write_transaction
from tests.accesses import NETWORK, parent_with_password, password_hash
from tests.factories import PASSWORD


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def agent(world):
    return world.staff(email="agnes@example.org", password_hash=password_hash())


def asker(world, user, kind=SessionKind.CODE_AWAITED) -> Asker:
    """A browser of the account, in a session of this kind."""
    with write_transaction() as session:
        token = sessions.open_session(session, user.id, user.kind, world.now, kind)
    row = world.one(select(UserSession).where(UserSession.token_hash == credentials.token_hash(token)))
    return Asker(user.id, row.id, kind, token, NETWORK, "Firefox sur Windows")


def shown_by(application, when) -> str:
    return pyotp.TOTP(application).at(when)


def application_of(who) -> str:
    """What a telephone keeps of the offer that this browser shows."""
    return second_factor.offer(who.token, "agnes@example.org", "Portail").typed.replace(" ", "")


def install(world, user, kind=SessionKind.CODE_AWAITED, password=None) -> tuple[str, second_factor.Entered]:
    """The application of the account, and what was answered to its first code."""
    who = asker(world, user, kind)
    application = application_of(who)
    return application, second_factor.confirm(who, shown_by(application, world.now), password, world.now)


def refused(act, *arguments) -> str:
    with pytest.raises(Refused) as refusal:
        act(*arguments)
    return refusal.value.code


def sign_in_as(world, email="agnes@example.org", password=PASSWORD) -> sign_in.SignIn:
    return sign_in.sign_in(email, password, NETWORK, world.now)


def session_of(world, token) -> UserSession:
    return world.one(select(UserSession).where(UserSession.token_hash == credentials.token_hash(token)))


# --- Whom a password lets in ----------------------------------------------------------------------


def test_the_password_of_an_agent_opens_nothing_but_a_wait(world, agent):
    entered = sign_in_as(world)
    assert entered.outcome is Outcome.CODE_AWAITED
    waiting = session_of(world, entered.token)
    assert (waiting.kind, waiting.expires_at) == (SessionKind.CODE_AWAITED, world.now + timedelta(minutes=30))


def test_a_demonstration_lets_an_agent_in_unless_it_chose_a_code(app, world, agent, monkeypatch):
    monkeypatch.setitem(app.config, "STAFF_NEED_CODES", False)
    assert sign_in_as(world).outcome is Outcome.WELCOME
    install(world, agent, SessionKind.FULL, PASSWORD)
    assert sign_in_as(world).outcome is Outcome.CODE_AWAITED


def test_a_parent_enters_with_the_password_until_it_takes_a_second_factor(world):
    parent = parent_with_password(world)
    assert sign_in_as(world, parent.email).outcome is Outcome.WELCOME
    install(world, parent, SessionKind.FULL, PASSWORD)
    assert sign_in_as(world, parent.email).outcome is Outcome.CODE_AWAITED


# --- Taking one -----------------------------------------------------------------------------------


def test_a_first_code_puts_it_in_use_and_gives_ten_codes_on_paper(world, agent):
    asker(world, agent, SessionKind.FULL)
    application, entered = install(world, agent)
    factor = world.one(SecondFactor)
    assert (factor.user_id, factor.secret) == (agent.id, application)
    (session,) = world.all(UserSession)
    assert (session.kind, session.device) == (SessionKind.FULL, "Firefox sur Windows")
    assert session.token_hash == credentials.token_hash(entered.token)
    assert len(set(entered.codes)) == 10
    assert all(re.fullmatch(r"([0-9a-z]{4}-){3}[0-9a-z]{4}", code) for code in entered.codes)
    assert {row.code_hash for row in world.all(RecoveryCode)} == set(
        map(credentials.token_hash, entered.codes)
    )
    assert [event.action for event in world.all(AuditEvent)] == ["second_factor.set"]
    assert [mail.kind for mail in world.all(OutgoingMail)] == [MailKind.SECOND_FACTOR_CHANGED]


def test_the_secret_rests_sealed(app, world, agent):
    application, _ = install(world, agent)
    database = app.config["SQLALCHEMY_DATABASE_URI"]
    with second_factor.db.engine.connect() as connection:
        (stored,) = connection.exec_driver_sql("SELECT secret FROM second_factor").scalars()
    assert application not in stored, database


def test_a_wrong_first_code_installs_nothing(world, agent):
    who = asker(world, agent)
    assert refused(second_factor.confirm, who, "000000", None, world.now) == "code"
    assert world.all(SecondFactor) == []
    assert len(world.all(UserSession)) == 1


def test_another_browser_is_offered_another_secret(world, agent):
    assert application_of(asker(world, agent)) != application_of(asker(world, agent))


def test_changing_it_from_an_open_session_needs_the_password(world, agent):
    first, entered = install(world, agent)
    who = asker(world, agent, SessionKind.FULL)
    code = shown_by(application_of(who), world.now)
    assert refused(second_factor.confirm, who, code, "pas celui-ci", world.now) == "current"
    assert world.one(SecondFactor).secret == first
    changed = second_factor.confirm(who, code, PASSWORD, world.now)
    assert world.one(SecondFactor).secret == application_of(who) != first
    assert len(world.all(RecoveryCode)) == 10
    assert not set(changed.codes) & set(entered.codes)
    assert [row.token_hash for row in world.all(UserSession)] == [credentials.token_hash(changed.token)]


def test_the_password_alone_never_replaces_a_second_factor(world, agent):
    """Whoever knows the password and not the telephone is kept at the code."""
    install(world, agent)
    who = asker(world, agent)
    code = shown_by(application_of(who), world.now)
    assert refused(second_factor.confirm, who, code, None, world.now) == "session_ended"


# --- Giving a code --------------------------------------------------------------------------------


def test_a_code_opens_a_new_session_and_works_once(world, agent, clock):
    application, _ = install(world, agent)
    clock.advance(minutes=5)
    who, late = asker(world, agent), asker(world, agent)
    code = shown_by(application, world.now)
    entered = second_factor.answer(who, f" {code[:3]} {code[3:]} ", world.now)
    assert session_of(world, entered.token).kind is SessionKind.FULL
    assert credentials.token_hash(who.token) not in [row.token_hash for row in world.all(UserSession)]
    assert refused(second_factor.answer, late, code, world.now) == "code"
    clock.advance(seconds=30)
    assert second_factor.answer(late, shown_by(application, world.now), world.now).token


def test_the_code_that_installed_it_does_not_sign_in(world, agent):
    application, _ = install(world, agent)
    assert refused(second_factor.answer, asker(world, agent), shown_by(application, world.now), world.now)


@pytest.mark.parametrize(
    ("seconds", "opens"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_the_clock_of_a_telephone_may_be_thirty_seconds_off(world, agent, clock, seconds, opens):
    application, _ = install(world, agent)
    clock.advance(minutes=5)
    code = shown_by(application, world.now + timedelta(seconds=seconds))
    if opens:
        assert second_factor.answer(asker(world, agent), code, world.now).token
    else:
        assert refused(second_factor.answer, asker(world, agent), code, world.now) == "code"


@pytest.mark.parametrize("code", ["", "123", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code_is_refused(world, agent, code):
    install(world, agent)
    assert refused(second_factor.answer, asker(world, agent), code, world.now) == "code"


def test_codes_are_counted_with_passwords_and_no_password_wipes_them_out(world, agent, clock):
    """Who knows the password cannot try codes without end by signing in again between them."""
    application, _ = install(world, agent)
    clock.advance(minutes=5)
    tried = 0
    for _ in range(20):
        entered = sign_in_as(world)
        if entered.outcome is Outcome.THROTTLED:
            break
        who = Asker(
            agent.id, session_of(world, entered.token).id, SessionKind.CODE_AWAITED, entered.token, NETWORK
        )
        if refused(second_factor.answer, who, "000000", world.now) == "throttled":
            break
        tried += 1
    assert tried <= FREE_FAILURES
    who = asker(world, agent)
    assert refused(second_factor.answer, who, shown_by(application, world.now), world.now) == "throttled"
    clock.advance(minutes=16)
    assert second_factor.answer(who, shown_by(application, world.now), world.now).token
    assert sign_in_as(world).outcome is Outcome.CODE_AWAITED


def test_thirty_agents_sign_in_from_one_network(world, clock):
    """The counter of the network gets both tries of a good sign-in back."""
    for number in range(40):
        agent = world.staff(email=f"agent-{number}@example.org", password_hash=password_hash())
        application, _ = install(world, agent)
        clock.advance(seconds=31)
        who = asker(world, agent)
        assert sign_in_as(world, agent.email).outcome is Outcome.CODE_AWAITED
        assert second_factor.answer(who, shown_by(application, world.now), world.now).token
        clock.advance(seconds=-31)


def test_a_session_that_ended_meanwhile_opens_nothing(world, agent, clock):
    application, _ = install(world, agent)
    who = asker(world, agent)
    clock.advance(minutes=31)
    assert refused(second_factor.answer, who, shown_by(application, world.now), world.now) == "session_ended"


# --- Codes on paper -------------------------------------------------------------------------------


def test_a_recovery_code_opens_once_and_is_told(world, agent):
    _, installed = install(world, agent)
    paper = installed.codes[3]
    entered = second_factor.answer_on_paper(asker(world, agent), paper.upper().replace("-", " "), world.now)
    assert (session_of(world, entered.token).kind, entered.left) == (SessionKind.FULL, 9)
    assert refused(second_factor.answer_on_paper, asker(world, agent), paper, world.now) == "code"
    assert world.all(AuditEvent)[-1].action == "second_factor.recovery_code_used"
    assert "codes de secours a servi" in world.all(OutgoingMail)[-1].text


@pytest.mark.parametrize("code", ["", "k7mp-x3hd-9wqt-fz2v", "n’importe quoi"])
def test_another_recovery_code_is_refused(world, agent, code):
    install(world, agent)
    assert refused(second_factor.answer_on_paper, asker(world, agent), code, world.now) == "code"


def test_the_codes_of_a_colleague_open_nothing(world, agent):
    _, installed = install(world, agent)
    other = world.staff()
    install(world, other)
    assert (
        refused(second_factor.answer_on_paper, asker(world, other), installed.codes[0], world.now) == "code"
    )


def test_new_codes_on_paper_kill_the_former(world, agent):
    _, installed = install(world, agent)
    who = asker(world, agent, SessionKind.FULL)
    codes = second_factor.renew_codes(who, PASSWORD, world.now)
    assert (
        refused(second_factor.answer_on_paper, asker(world, agent), installed.codes[0], world.now) == "code"
    )
    assert second_factor.answer_on_paper(asker(world, agent), codes[0], world.now).left == 9


# --- Losing it ------------------------------------------------------------------------------------


def test_an_agent_of_a_town_cannot_do_without(world, agent):
    install(world, agent)
    who = asker(world, agent, SessionKind.FULL)
    assert refused(second_factor.remove, who, PASSWORD, world.now) == "compulsory"


def test_a_parent_may_do_without_again(world):
    parent = parent_with_password(world)
    install(world, parent, SessionKind.FULL, PASSWORD)
    who = asker(world, parent, SessionKind.FULL)
    assert refused(second_factor.remove, who, "pas celui-ci", world.now) == "current"
    entered = second_factor.remove(who, PASSWORD, world.now)
    assert world.all(SecondFactor) == world.all(RecoveryCode) == []
    assert [row.token_hash for row in world.all(UserSession)] == [credentials.token_hash(entered.token)]
    assert sign_in_as(world, parent.email).outcome is Outcome.WELCOME


def test_an_administrator_frees_a_colleague(world, agent):
    install(world, agent)
    administrator = world.staff()
    second_factor.reset(agent.id, author=Author(administrator.id), now=world.now)
    assert world.all(SecondFactor) == world.all(RecoveryCode) == world.all(UserSession) == []
    event = world.all(AuditEvent)[-1]
    assert (event.action, event.actor_user_id, event.object_id) == (
        "second_factor.reset", administrator.id, agent.id,
    )  # fmt: skip
    mail = world.all(OutgoingMail)[-1]
    assert (mail.to_address, mail.kind) == (agent.email, MailKind.SECOND_FACTOR_CHANGED)
    assert "Le service a retiré" in mail.text
    assert install(world, agent)[1].codes


def test_nobody_resets_its_own_nor_one_that_is_not_there(world, agent):
    install(world, agent)
    author = Author(agent.id)
    other = world.staff()
    for user_id, code in ((agent.id, "own_factor"), (other.id, "no_factor")):
        with pytest.raises(Refused) as refusal:
            second_factor.reset(user_id, author=author, now=world.now)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        second_factor.reset(987654, author=author, now=world.now)


def test_a_family_that_activates_or_is_asked_nothing_stays_as_it_was(world):
    """The kind of session that a password opens is that of before for who has no second factor."""
    parent = parent_with_password(world)
    with write_transaction() as session:
        assert sessions.kind_after_password(session, parent.id, AccountKind.FAMILY) is SessionKind.FULL
        assert sessions.kind_after_password(session, parent.id, AccountKind.STAFF) is SessionKind.CODE_AWAITED
