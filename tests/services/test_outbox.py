"""The outbox: nothing lost, nothing sent twice, no secret at rest (S07, S13, S118, security 3.5)."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from adapters.mail import MailDelayed, MailRefused
from domain.enums import MailKind, MailState
from domain.errors import Refused
from extensions import db
from models import AuditEvent, OutgoingMail, ProvisionalPassword
from services import accounts, outbox
from services.transaction import write_transaction
from tests.accesses import KeepingTransport, activation_token, deliver, open_access, provisional_code
from tests.adapters.test_mail import Mailbox, smtp_server

DOWN = "Serveur de messagerie injoignable"


def queue_notice(world, to="claire@example.org", *, verified=True, then_fail=False):
    """A mail without secret, written in one transaction; says whether it was queued."""
    world.user(to, email_verified_at=world.now if verified else None)
    with world.app.app_context(), write_transaction() as session:
        queued = outbox.queue(
            session,
            MailKind.PASSWORD_CHANGED,
            to=to,
            now=world.now,
            first_name="Claire",
            changed_at=world.now,
        )
        return queued and (1 // 0 if then_fail else True)


def queue_code(world, user):
    with world.app.app_context(), write_transaction() as session:
        outbox.queue_secret(
            session, MailKind.PROVISIONAL_PASSWORD, to=user.email, user_id=user.id, now=world.now
        )


def test_a_mail_is_written_with_its_act_and_sent_once(world):
    assert queue_notice(world)
    mailbox = deliver(world)
    deliver(world, mailbox)
    (message,) = mailbox.sent
    assert message["To"] == "claire@example.org"
    assert message["Subject"] == "Portail famille : votre mot de passe a changé".replace(" :", "\u00a0:")
    assert "mardi 12\u00a0janvier, 10\u00a0h" in mailbox.last_text
    assert "mardi 12\u00a0janvier, 10\u00a0h" in message.get_body(("html",)).get_content()
    row = world.one(OutgoingMail)
    assert (row.state, row.sent_at, row.last_error) == (MailState.SENT, world.now, "")
    assert row.message_id == message["Message-ID"]


def test_nothing_is_sent_when_the_act_is_undone(world):
    with pytest.raises(ZeroDivisionError):
        queue_notice(world, then_fail=True)
    assert world.all(OutgoingMail) == []


@pytest.mark.parametrize("verified", [False, True])
def test_an_address_that_is_not_proven_gets_no_mail(world, verified):
    assert queue_notice(world, verified=verified) is verified
    assert len(world.all(OutgoingMail)) == verified


def test_what_a_user_typed_cannot_add_a_header_or_markup(world):
    world.settings(portal_name="Portail\r\nBcc: x@example.org", name="<b>Ville</b>")
    queue_notice(world)
    (message,) = deliver(world).sent
    assert message["Bcc"] is None
    assert "&lt;b&gt;Ville" in message.get_body(("html",)).get_content()


def test_a_server_that_is_down_delays_and_loses_nothing(world, clock):
    queue_notice(world)
    waits = []
    for _ in range(8):
        deliver(world, KeepingTransport(MailDelayed(DOWN)))
        row = world.one(OutgoingMail)
        assert (row.state, row.last_error) == (MailState.QUEUED, DOWN)
        waits.append(round((row.next_attempt_at - world.now).total_seconds() / 60))
        clock.move_to(row.next_attempt_at)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert len(deliver(world).sent) == 1


def test_a_mail_is_not_tried_before_its_time(world, clock):
    queue_notice(world)
    deliver(world, KeepingTransport(MailDelayed(DOWN)))
    clock.advance(seconds=59)
    assert deliver(world).sent == []
    clock.advance(seconds=1)
    assert len(deliver(world).sent) == 1


def test_it_is_given_up_after_72_hours_of_failures(world, clock):
    queue_notice(world)
    began = world.now
    while (row := world.one(OutgoingMail)).state is MailState.QUEUED:
        clock.move_to(row.next_attempt_at)
        deliver(world, KeepingTransport(MailDelayed(DOWN)))
    assert row.state is MailState.ABANDONED
    assert timedelta(hours=72) <= world.now - began <= timedelta(hours=74)


def test_an_address_refused_for_good_is_told_and_not_tried_again(world, clock):
    queue_notice(world)
    deliver(world, KeepingTransport(MailRefused("550 inconnu")))
    clock.advance(days=1)
    assert deliver(world).sent == []
    row = world.one(OutgoingMail)
    assert (row.state, row.last_error) == (MailState.BOUNCED, "550 inconnu")


def test_a_dead_server_is_left_alone_after_three_failures(world):
    for number in range(5):
        queue_notice(world, f"parent{number}@example.net")
    down = KeepingTransport(*[MailDelayed(DOWN)] * 5)
    with world.app.app_context():
        assert outbox.deliver_due(world.now, down).delayed == 3
    assert len(down.errors) == 2


def test_one_bad_address_does_not_stop_the_others(world):
    for number in range(5):
        queue_notice(world, f"parent{number}@example.net")
    errors = [MailRefused("550"), MailRefused("550"), MailDelayed("450"), MailRefused("550")]
    with world.app.app_context():
        result = outbox.deliver_due(world.now, KeepingTransport(*errors))
    assert (result.sent, result.bounced, result.delayed) == (1, 3, 1)


def test_a_worker_killed_before_its_mark_makes_one_duplicate_with_the_same_identifier(world, clock):
    class PullsThePlug(KeepingTransport):
        def send(self, message):
            super().send(message)
            raise KeyboardInterrupt

    queue_notice(world)
    first = PullsThePlug()
    with pytest.raises(KeyboardInterrupt):
        deliver(world, first)
    assert deliver(world).sent == []  # the lease holds: nobody sends it meanwhile
    clock.advance(minutes=15)
    second = deliver(world)
    clock.advance(days=1)
    assert deliver(world).sent == []
    assert [mail["Message-ID"] for mail in first.sent] == [mail["Message-ID"] for mail in second.sent]


@pytest.mark.race
def test_two_workers_never_send_the_same_mail(world):
    for number in range(6):
        queue_notice(world, f"parent{number}@example.net")
    mailboxes = [KeepingTransport() for _ in range(4)]
    start = threading.Barrier(len(mailboxes))

    def work(mailbox):
        start.wait()
        try:
            deliver(world, mailbox)
        finally:
            with world.app.app_context():
                db.session.remove()

    threads = [threading.Thread(target=work, args=(mailbox,)) for mailbox in mailboxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    received = [message["To"] for mailbox in mailboxes for message in mailbox.sent]
    assert sorted(received) == [f"parent{number}@example.net" for number in range(6)]


def test_a_late_mail_leaves_at_once_when_asked_and_the_journal_knows(world, clock):
    agent = world.staff()
    queue_notice(world)
    for _ in range(4):
        deliver(world, KeepingTransport(MailDelayed(DOWN)))
        clock.move_to(world.one(OutgoingMail).next_attempt_at)
    clock.advance(minutes=-5)
    with world.app.app_context():
        outbox.retry(world.one(OutgoingMail).id, actor_user_id=agent.id, now=world.now)
    assert len(deliver(world).sent) == 1
    assert [(event.action, event.actor_user_id) for event in world.all(AuditEvent)] == [
        ("mail.retried", agent.id)
    ]


def test_a_mail_that_left_or_is_in_a_workers_hands_is_not_sent_again(world):
    agent = world.staff()
    queue_notice(world)

    class AsksMeanwhile(KeepingTransport):
        def send(self, message):
            super().send(message)
            with pytest.raises(Refused):
                outbox.retry(mail_id, actor_user_id=agent.id, now=world.now)

    mail_id = world.one(OutgoingMail).id
    deliver(world, AsksMeanwhile())
    with world.app.app_context(), pytest.raises(Refused):
        outbox.retry(mail_id, actor_user_id=agent.id, now=world.now)
    assert deliver(world).sent == []


# --- Secrets -------------------------------------------------------------------------------------


def test_opening_an_access_puts_exactly_one_mail_that_says_what_to_do(world, app):
    open_access(world, app)
    mailbox = deliver(world)
    (message,) = mailbox.sent
    token = activation_token(mailbox)
    assert message["To"] == "claire@example.org"
    assert "Portail famille" in message["Subject"]
    assert "confirmer votre adresse" in mailbox.last_text
    assert "créer votre mot de passe" in mailbox.last_text
    assert f"https://portail.test/go/{token}" in message.get_body(("html",)).get_content()


def test_no_secret_rests_in_the_database(world, app):
    user = world.parent(world.household(), email="paul@example.org")
    queue_code(world, user)
    code = provisional_code(deliver(world))
    open_access(world, app)
    token = activation_token(deliver(world))
    dump = whole_database(app)
    for secret in (code, code.replace("-", ""), token):
        assert secret not in dump
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in dump


def whole_database(app) -> str:
    with app.app_context():
        rows = [
            str(list(row))
            for table in db.metadata.sorted_tables
            for row in db.session.execute(text(f'SELECT * FROM "{table.name}"'))  # noqa: S608  our own tables
        ]
    return "\n".join(rows)


def test_the_life_of_a_code_is_counted_from_its_sending(world, clock):
    user = world.parent(world.household())
    queue_code(world, user)
    deliver(world, KeepingTransport(*[MailDelayed(DOWN)]))
    clock.advance(hours=3)
    deliver(world)
    assert world.one(ProvisionalPassword).expires_at == world.now + timedelta(minutes=60)


def test_several_requests_while_the_server_is_down_make_one_mail(world, clock):
    user = world.parent(world.household())
    queue_code(world, user)
    deliver(world, KeepingTransport(MailDelayed(DOWN)))
    queue_code(world, user)
    clock.advance(minutes=1)
    assert len(deliver(world).sent) == 1


def test_an_access_suspended_meanwhile_gets_no_secret(world, app):
    agent = world.staff()
    user_id = open_access(world, app)
    with app.app_context():
        accounts.suspend_access(user_id, author=accounts.Author(agent.id), now=world.now)
    assert deliver(world).sent == []
    assert world.one(OutgoingMail).state is MailState.ABANDONED


def test_a_real_server_that_stops_and_comes_back_gets_every_mail(world, clock):
    for number in range(3):
        queue_notice(world, f"parent{number}@example.net")
    mailbox = Mailbox(["451 greylisted", "451 greylisted"])
    with smtp_server(mailbox) as transport:
        deliver(world, transport)
    clock.advance(minutes=1)
    deliver(world, transport)  # stopped
    clock.advance(minutes=3)
    with smtp_server(mailbox) as transport:
        deliver(world, transport)
    received = sorted(str(message["To"]) for message in mailbox.accepted)
    assert received == [f"parent{number}@example.net" for number in range(3)]
    assert {row.state for row in world.all(OutgoingMail)} == {MailState.SENT}
