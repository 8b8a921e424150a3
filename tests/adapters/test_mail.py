"""Mail against a real SMTP server on the loopback: what it accepts, refuses, or never answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from adapters.mail import (
    FolderTransport,
    MailDelayed,
    MailRefused,
    SmtpTransport,
    build_message,
    named_address,
    transport_from_config,
)

OK = "250 OK"


class Mailbox:
    """Answers each recipient and each message with the next prepared line, and keeps what it accepts."""

    def __init__(
        self, recipient_answers: list[str] | None = None, data_answers: list[str] | None = None
    ) -> None:
        self.recipient_answers = recipient_answers or []
        self.data_answers = data_answers or []
        self.accepted: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.recipient_answers.pop(0) if self.recipient_answers else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = self.data_answers.pop(0) if self.data_answers else OK
        if answer == OK:
            self.accepted.append(message_from_bytes(envelope.original_content, policy=policy.default))
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return answer


class HangsUpAfterData(SMTP):
    """Accepts the message, then drops the line instead of answering QUIT."""

    async def smtp_QUIT(self, arg):
        self.transport.abort()


class RefusesSender(SMTP):
    async def smtp_MAIL(self, arg):
        await self.push("550 5.1.0 unknown sender")


@contextmanager
def smtp_server(mailbox: Mailbox, server_class: type[SMTP] = SMTP, **options) -> Iterator[SmtpTransport]:
    class LoopbackController(Controller):
        def factory(self):
            return server_class(self.handler, hostname="localhost", **options)

    controller = LoopbackController(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield SmtpTransport("127.0.0.1", controller.port, timeout=5)
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def a_message(**changes: str) -> EmailMessage:
    fields = {
        "sender": named_address("Ville de Cahors", "portail@cahors.test"),
        "reply_to": "famille@cahors.test",
        "to": "parent@exemple.test",
        "subject": "Votre réservation du jeudi 14 janvier : 12,80 €",
        "text": "Bonjour,\n\nLa cantine de Zoé est réservée : « à jeudi ! » — 12,80 €\n",
        "html": "<p>La cantine de Zoé est réservée : « à jeudi ! »</p>",
        "message_id": "<abc123@cahors.test>",
    }
    return build_message(**{**fields, **changes})


# ---- what a message holds


def test_an_accepted_mail_arrives_with_its_accents_in_text_and_html():
    mailbox = Mailbox()
    with smtp_server(mailbox) as transport:
        transport.send(a_message())

    [received] = mailbox.accepted
    assert mailbox.envelopes == [("portail@cahors.test", ["parent@exemple.test"])]
    assert received["From"] == "Ville de Cahors <portail@cahors.test>"
    assert received["Reply-To"] == "famille@cahors.test"
    assert received["Subject"] == "Votre réservation du jeudi 14 janvier : 12,80 €"
    assert received["Message-ID"] == "<abc123@cahors.test>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["List-Unsubscribe"] is None
    assert received["Date"].datetime.tzinfo is not None
    assert received.get_content_type() == "multipart/alternative"
    text = received.get_body(("plain",)).get_content()
    assert text.splitlines()[2] == "La cantine de Zoé est réservée : « à jeudi ! » — 12,80 €"
    assert "« à jeudi ! »</p>" in received.get_body(("html",)).get_content()


def test_a_mail_goes_through_a_seven_bit_server():
    assert a_message().as_bytes().isascii()
    assert a_message(text="é" * 2000).as_bytes().isascii()


def test_a_mail_sent_again_keeps_its_identifier():
    assert a_message()["Message-ID"] == a_message()["Message-ID"]


def test_the_reply_address_is_optional():
    assert a_message(reply_to="")["Reply-To"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Bonjour\r\nBcc: autre@exemple.test"},
        {"subject": "Bonjour\nBcc: autre@exemple.test"},
        {"to": "parent@exemple.test\r\nBcc: autre@exemple.test"},
        {"to": "parent@exemple.test, autre@exemple.test"},
        {"to": "parent"},
        {"to": ""},
        {"to": "groupe: a@exemple.test, b@exemple.test;"},
        {"reply_to": "a@exemple.test\nBcc: b@exemple.test"},
        {"sender": "portail@cahors.test, autre@exemple.test"},
        {"message_id": "<abc@cahors.test>\r\nBcc: autre@exemple.test"},
        {"message_id": "abc"},
    ],
)
def test_nothing_typed_adds_a_header_or_a_recipient(changes):
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the standard library's
        a_message(**changes)


def test_a_town_name_with_a_comma_stays_one_sender():
    sender = named_address("Mairie de Cahors, service « famille »", "portail@cahors.test")
    assert len(a_message(sender=sender)["From"].addresses) == 1


# ---- what the server answers


def test_a_busy_server_delays_then_takes_the_mail():
    mailbox = Mailbox(recipient_answers=["451 4.7.1 greylisted, come back later"])
    with smtp_server(mailbox) as transport:
        with pytest.raises(MailDelayed, match="greylisted"):
            transport.send(a_message())
        transport.send(a_message())
    assert len(mailbox.accepted) == 1


def test_an_unknown_address_is_refused_with_the_servers_words():
    mailbox = Mailbox(recipient_answers=["550 5.1.1 no such user"])
    with smtp_server(mailbox) as transport, pytest.raises(MailRefused) as caught:
        transport.send(a_message())
    assert str(caught.value) == "Adresse refusée par le serveur de messagerie\u00a0: 550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("554 5.6.0 content refused", MailRefused), ("452 4.3.1 disk full", MailDelayed)],
)
def test_an_answer_after_the_content_counts_too(answer, outcome):
    with smtp_server(Mailbox(data_answers=[answer])) as transport, pytest.raises(outcome):
        transport.send(a_message())


@pytest.mark.parametrize("answer", ["530 authentication required", "554 5.7.1 relay access denied"])
def test_a_server_that_refuses_us_does_not_condemn_the_address(answer):
    with smtp_server(Mailbox(recipient_answers=[answer])) as transport, pytest.raises(MailDelayed):
        transport.send(a_message())


def test_a_refused_sender_does_not_condemn_the_address():
    with (
        smtp_server(Mailbox(), RefusesSender) as transport,
        pytest.raises(MailDelayed, match="unknown sender"),
    ):
        transport.send(a_message())


def test_a_line_cut_after_acceptance_is_not_sent_twice():
    mailbox = Mailbox()
    with smtp_server(mailbox, HangsUpAfterData) as transport:
        transport.send(a_message())
    assert len(mailbox.accepted) == 1


def test_a_silent_server_delays():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = SmtpTransport("127.0.0.1", silent.getsockname()[1], timeout=0.2)
        with pytest.raises(MailDelayed, match="injoignable"):
            transport.send(a_message())


def test_a_stopped_server_delays():
    with smtp_server(Mailbox()) as transport:
        pass
    with pytest.raises(MailDelayed, match="injoignable"):
        transport.send(a_message())


def test_a_wrong_password_delays_and_is_never_shown():
    def refuse(server, session, envelope, mechanism, auth_data):
        return AuthResult(success=False, handled=False)

    with smtp_server(Mailbox(), authenticator=refuse, auth_require_tls=False) as server:
        transport = SmtpTransport(
            "127.0.0.1", server.port, user="portail", password="s3cret-canary", timeout=5
        )
        with pytest.raises(MailDelayed) as caught:
            transport.send(a_message())
    assert "s3cret-canary" not in f"{caught.value}{transport!r}"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")  # loopback only
def test_the_right_password_sends():
    def accept(server, session, envelope, mechanism, auth_data):
        return AuthResult(success=auth_data.password == b"bon")

    mailbox = Mailbox()
    with smtp_server(mailbox, authenticator=accept, auth_require_tls=False, auth_required=True) as server:
        SmtpTransport("127.0.0.1", server.port, user="portail", password="bon", timeout=5).send(a_message())
    assert len(mailbox.accepted) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_without_encryption_gets_nothing_when_encryption_is_asked(security):
    mailbox = Mailbox()
    with smtp_server(mailbox) as server:
        transport = SmtpTransport("127.0.0.1", server.port, security=security, timeout=5)
        with pytest.raises(MailDelayed):
            transport.send(a_message())
    assert mailbox.accepted == []


def test_an_accented_address_is_refused_by_a_server_that_cannot_carry_it():
    with smtp_server(Mailbox()) as transport, pytest.raises(MailRefused, match="accents"):
        transport.send(a_message(to="zoé@exemple.test"))


def test_an_unknown_security_mode_stops_at_the_start():
    with pytest.raises(ValueError, match="starttls"):
        SmtpTransport("localhost", 25, security="ssl")


# ---- the folder of the demonstration


def test_the_folder_lists_the_mails_newest_first(tmp_path):
    folder = FolderTransport(tmp_path / "mails")
    assert folder.mails() == []
    for subject in ("Premier", "Deuxième", "Troisième"):
        folder.send(a_message(subject=subject))

    mails = folder.mails()
    assert [mail.subject for mail in mails] == ["Troisième", "Deuxième", "Premier"]
    assert [mail.subject for mail in folder.mails(limit=1)] == ["Troisième"]
    newest = mails[0]
    assert newest.to == "parent@exemple.test"
    assert newest.sender == "Ville de Cahors <portail@cahors.test>"
    assert "« à jeudi ! » — 12,80 €" in newest.text
    assert "<p>" in newest.html
    assert newest.date.astimezone(UTC)
    assert folder.mail(newest.name) == newest


def test_an_unfinished_mail_is_not_listed(tmp_path, monkeypatch):
    folder = FolderTransport(tmp_path)

    def full_disk(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(MailDelayed, match="No space left"):
        folder.send(a_message())
    assert folder.mails() == []


@pytest.mark.parametrize("name", ["../secret", "0", "", "/etc/passwd", "."])
def test_only_a_listed_mail_can_be_read(tmp_path, name):
    (tmp_path / "secret.eml").write_bytes(a_message().as_bytes())
    folder = FolderTransport(tmp_path / "mails")
    folder.send(a_message())
    assert folder.mail(name) is None


def test_the_demonstration_writes_to_its_folder_and_a_town_to_its_server(tmp_path):
    smtp = {
        "SMTP_HOST": "mail.test",
        "SMTP_PORT": 587,
        "SMTP_USER": "portail",
        "SMTP_PASSWORD": "bon",
        "SMTP_SECURITY": "starttls",
    }
    assert transport_from_config({"MAIL_FOLDER": tmp_path, **smtp}) == FolderTransport(tmp_path)
    assert transport_from_config({"MAIL_FOLDER": None, **smtp}) == SmtpTransport(
        "mail.test", 587, "portail", "bon", "starttls"
    )
