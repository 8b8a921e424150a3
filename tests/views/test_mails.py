"""The service sees what became of its mails, and never a secret (S118)."""

import pytest

from adapters.mail import MailDelayed, MailRefused
from domain.enums import MailKind, MailState, StaffRole
from models import OutgoingMail
from services import outbox
from services.transaction import write_transaction
from tests.accesses import KeepingTransport, activation_token, deliver, open_access, parent_with_password

PAGE = "/gestion/mails"


def queue_code(world, user):
    with world.app.app_context(), write_transaction() as session:
        outbox.queue_secret(
            session, MailKind.PROVISIONAL_PASSWORD, to=user.email, user_id=user.id, now=world.now
        )


@pytest.fixture
def agent(client, world):
    user = world.staff()
    client.sign_in(user)
    return user


def listed(client, address=PAGE):
    client.get(address)
    return [row.get_text(" ", strip=True) for row in client.page.main.select("tbody tr")]


def test_each_mail_shows_its_state_and_what_the_server_said(client, world, agent, clock):
    queue_code(world, world.parent(world.household("DURAND"), email="a@example.org"))
    deliver(world)
    queue_code(world, world.parent(world.household(), email="b@example.org"))
    deliver(world, KeepingTransport(MailRefused("Adresse refusée")))
    queue_code(world, world.parent(world.household(), email="c@example.org"))
    deliver(world, KeepingTransport(MailDelayed("Serveur injoignable")))
    rows = "\n".join(listed(client))
    for part in (
        "a@example.org",
        "Envoyé",
        "Refusé par la messagerie",
        "Adresse refusée",
        "En retard",
        "Serveur injoignable",
    ):
        assert part in rows
    assert "prochain mardi 12\u00a0janvier, 10\u00a0h\u00a001" in rows
    filters = {"attente": 1, "envoyes": 1, "refuses": 1, "non-remis": 0, "nimporte": 3}
    assert {name: len(listed(client, f"{PAGE}?etat={name}")) for name in filters} == filters


def test_a_secret_is_never_shown(client, world, agent, app):
    open_access(world, app)
    token = activation_token(deliver(world))
    assert token not in client.get(PAGE).text


def test_a_late_mail_can_be_sent_again(client, world, agent):
    queue_code(world, parent_with_password(world))
    deliver(world, KeepingTransport(MailDelayed("Serveur injoignable")))
    answer = client.submit(f"{PAGE}?etat=attente", {}, follow=True)
    assert "repart dans quelques secondes" in answer.text
    assert len(deliver(world).sent) == 1
    assert world.one(OutgoingMail).state is MailState.SENT


def test_a_mail_that_left_meanwhile_is_not_sent_twice(client, world, agent):
    queue_code(world, parent_with_password(world))
    deliver(world, KeepingTransport(MailDelayed("Serveur injoignable")))
    client.get(PAGE)
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    mail_id = world.one(OutgoingMail).id
    with world.app.app_context():
        outbox.retry(mail_id, actor_user_id=agent.id, now=world.now)
    deliver(world)
    answer = client.post(f"{PAGE}/{mail_id}/relancer", data={"csrf_token": token})
    assert answer.status_code == 422
    assert deliver(world).sent == []


def test_a_long_list_is_cut_in_pages(client, world, agent):
    mail = {
        "kind": MailKind.PASSWORD_CHANGED,
        "state": MailState.SENT,
        "to_address": "a@b.fr",
        "subject": "x",
    }
    instants = {"created_at": world.now, "next_attempt_at": world.now}
    world.add(*(OutgoingMail(message_id=f"<{number}@x>", **mail, **instants) for number in range(55)))
    assert len(listed(client)) == 50
    assert len(listed(client, f"{PAGE}?page=2")) == 5
    assert len(listed(client, f"{PAGE}?page=99")) == 5


def test_a_director_does_not_read_the_mails(client, world):
    client.sign_in(world.staff(StaffRole.DIRECTOR))
    assert client.get(PAGE).status_code == 403
