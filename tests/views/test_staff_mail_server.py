"""The mail server on screen: sealed, in force at once, tried for good (S07)."""

import socket
from contextlib import closing, contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from domain.enums import MailKind, StaffRole
from domain.mail_server import SERVER_ROW
from models import AuditEvent, OutgoingMail, Setting
from services import mail_server, outbox
from services.transaction import write_transaction
from tests.adapters.test_mail import Mailbox
from tests.views.reading import text

PAGE = "/gestion/reglages/serveur-de-mail"
PASSWORD = "un-secret-de-messagerie"


@pytest.fixture(autouse=True)
def no_folder(app, monkeypatch):
    """Mails go to a real server here."""
    for name, value in (("MAIL_FOLDER", None), ("SMTP_HOST", ""), ("MAIL_SENDER", "")):
        monkeypatch.setitem(app.config, name, value)


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


@contextmanager
def server(password: str = PASSWORD):
    """A mail server on this machine that takes one account; its port and what it accepted."""

    def check(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=data.password.decode() == password, handled=False)

    mailbox = Mailbox()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=check, auth_require_tls=False
    )
    controller.start()
    try:
        yield port, mailbox
    finally:
        controller.stop()


def typed(port: int) -> dict:
    return {
        "host": "127.0.0.1", "port": str(port), "security": "none", "user": "portail@cahors.example",
        "password": PASSWORD, "sender": "",
    }  # fmt: skip


def save(client, port: int, values: dict | None = None):
    return client.submit(PAGE, typed(port) | (values or {}), form=PAGE, follow=True)


def try_it(client, to: str = "marie@cahors.example"):
    return client.submit(PAGE, {"to": to}, form=f"{PAGE}/essai", follow=True)


def said(client, where: str) -> str:
    return client.page.select_one(where).get_text(" ", strip=True).replace("\u00a0", " ")


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_see_the_mail_server(client, world, role):
    client.sign_in(world.staff(role))
    assert client.get(PAGE).status_code == 403


def test_the_password_is_sealed_and_never_shown_again(client, agent, world):
    with server() as (port, _):
        save(client, port)
    stored = next(row.value for row in world.all(Setting) if row.key == SERVER_ROW)
    event = world.one(AuditEvent)
    assert PASSWORD not in stored
    assert PASSWORD not in str(event.after)
    assert (event.action, event.after["password"]) == ("mail_server.updated", "•••")
    assert PASSWORD not in client.get(PAGE).get_data(as_text=True)


def test_a_trial_arrives_and_is_confirmed_by_its_code(client, agent, world):
    with server() as (port, mailbox):
        save(client, port)
        try_it(client)
    (mail,) = mailbox.accepted
    assert mail["To"] == "marie@cahors.example"
    assert mail["From"].addresses[0].addr_spec == "portail@cahors.example"
    assert "Parti, à confirmer" in text(client)
    code = mail["Subject"].rsplit(" ", 1)[-1].replace("\u00a0", "")

    wrong = client.submit(PAGE, {"code": "abc"}, form=f"{PAGE}/code")
    assert wrong.status_code == 422
    assert "Ce n’est pas le code" in said(client, "#code-erreur")
    client.submit(PAGE, {"code": f"{code[:3]} {code[3:]}"}, form=f"{PAGE}/code", follow=True)
    assert "est arrivé : confirmé" in text(client)

    with server() as (port, _):  # another server has to prove itself
        save(client, port)
    assert "Arrivé" not in text(client)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"password": "faux"}, "Le serveur refuse le compte portail@cahors.example ou son mot de passe."),
        ({"host": "smtp.nulle-part.invalid", "security": "tls"}, "est introuvable"),
        ({"port": "1"}, "Rien ne répond à 127.0.0.1, port 1"),
        ({"security": "tls"}, "ne parle pas TLS dès la connexion"),
        ({"security": "starttls"}, "ne propose pas ce qui est demandé"),
    ],
)
def test_a_refusal_is_said_in_french(client, agent, values, sentence):
    with server() as (port, mailbox):
        save(client, port, values)
        answer = try_it(client)
    assert answer.status_code == 422
    assert sentence in said(client, "#erreurs")
    assert mailbox.accepted == []


def test_a_server_in_the_clear_elsewhere_is_refused(client, agent, world):
    save(client, 25, {"host": "smtp.cahors.example"})
    assert "choisissez TLS ou STARTTLS" in said(client, "#security-erreur, #erreurs")
    assert world.all(Setting) == []


def test_an_empty_password_keeps_the_one_of_this_account_only(client, agent, world):
    with server() as (port, mailbox):
        save(client, port)
        save(client, port, {"password": "", "sender": "mairie@cahors.example"})
        try_it(client)
        assert len(mailbox.accepted) == 1
    answer = save(client, port, {"password": "", "host": "localhost"})
    assert answer.status_code == 422
    assert "Indiquez le mot de passe" in said(client, "#password-erreur")


def test_the_worker_uses_it_at_once(app, client, agent, world):
    world.user("claire@example.org")
    transport = mail_server.TownTransport()  # as the worker made it when it started
    with server() as (port, mailbox):
        save(client, port)
        with app.app_context(), write_transaction() as session:
            outbox.queue(
                session, MailKind.PASSWORD_CHANGED, to="claire@example.org", now=world.now,
                first_name="Claire", changed_at=world.now,
            )  # fmt: skip
        with app.app_context():
            assert outbox.deliver_due(world.now, transport).sent == 1
    (mail,) = mailbox.accepted
    assert mail["From"].addresses[0].addr_spec == "portail@cahors.example"
    assert world.one(OutgoingMail).sent_at == world.now


def test_the_machine_wins_and_the_screen_says_so(app, client, agent, world, monkeypatch):
    with server() as (port, mailbox):
        for name, value in (("SMTP_HOST", "127.0.0.1"), ("SMTP_PORT", port), ("SMTP_SECURITY", "none")):
            monkeypatch.setitem(app.config, name, value)
        client.get(PAGE)
        assert "Ils l’emportent sur cet écran" in text(client)
        assert client.page.find(id="host") is None
        try_it(client)
        assert len(mailbox.accepted) == 1
    answer = client.post(PAGE, data=typed(25) | {"csrf_token": client.page.find("input")["value"]})
    assert answer.status_code == 422
