"""Another sign-in address is proven before it replaces the former one, and both are told (S38)."""

import re

import pytest

from adapters.mail import MailRefused
from domain.enums import AccountStatus, MailKind, MailState
from models import (
    AuditEvent,
    EmailChange,
    Guardian,
    Household,
    OutgoingMail,
    ProvisionalPassword,
    User,
    UserSession,
)
from services import outbox
from services.transaction import write_transaction
from tests.accesses import ANOTHER_PASSWORD, KeepingTransport, deliver, parent_with_password
from tests.factories import PASSWORD
from tests.school_family import words

PAGE = "/mon-compte/adresse-de-connexion"
OLD, NEW = "claire@example.org", "nouvelle@example.org"


@pytest.fixture
def claire(world):
    return parent_with_password(world, OLD)


@pytest.fixture
def browser(client, claire):
    client.sign_in(claire)
    return client


def ask(browser, email=NEW, password=PASSWORD):
    return browser.submit(PAGE, {"email": email, "current": password}, form=PAGE)


def link(mailbox: KeepingTransport) -> str:
    (mail,) = (mail for mail in mailbox.sent if mail["To"] == NEW)
    text = mail.get_body(("plain",)).get_content()
    return re.search(r"https://portail\.test(/nouvelle-adresse/[A-Z0-9]{50})\b", text)[1]


def use(browser, address):
    """Send the form of a page that was opened before the link died."""
    page = "/mon-compte" if browser.is_signed_in() else "/"
    browser.get(page)
    token = browser.page.find("input", attrs={"name": "csrf_token"})["value"]
    return browser.post(address, data={"csrf_token": token})


def test_the_new_address_works_once_proven_and_both_are_told(app, browser, world):
    elsewhere = app.test_client()
    elsewhere.sign_in(world.one(User))
    assert ask(browser).status_code == 303
    mailbox = deliver(world)
    assert sorted(mail["To"] for mail in mailbox.sent) == [OLD, NEW]
    assert world.one(User).email == OLD  # the old one keeps working
    address = link(mailbox)
    browser.get(address)
    assert NEW in browser.page.main.get_text()
    assert world.one(User).email == OLD  # looking burns nothing

    answer = browser.submit(address, {}, form=address, follow=True)
    assert answer.status_code == 200
    assert "Votre nouvelle adresse e-mail est confirmée." in answer.text
    assert world.one(User).email == NEW
    assert world.one(Guardian).email == NEW
    assert elsewhere.get("/mon-compte").status_code == 303
    assert len(world.all(UserSession)) == 1
    told = [mail for mail in world.all(OutgoingMail) if mail.kind is MailKind.EMAIL_CHANGED]
    assert sorted(mail.to_address for mail in told) == [OLD, NEW]
    event = world.all(AuditEvent)[-1]
    assert (event.action, event.before, event.after) == (
        "email_change.confirmed",
        {"email": OLD},
        {"email": NEW},
    )


def test_the_service_reads_in_the_file_what_became_of_it(app, browser, world):
    ask(browser)
    browser.submit(link(deliver(world)), {})
    service = app.test_client()
    service.sign_in(world.staff())
    service.get(f"/gestion/familles/{world.one(Household).id}")
    history = words(service.page.find(id="historique"))
    assert "Nouvelle adresse de connexion demandée" in history
    assert "Nouvelle adresse de connexion confirmée" in history
    assert "Autre acte" not in history


def test_the_link_works_once(browser, world):
    ask(browser)
    address = link(deliver(world))
    browser.submit(address, {}, form=address)
    assert browser.get(address).status_code == 404
    assert use(browser, address).status_code == 410


def test_the_link_works_on_a_device_that_is_not_signed_in(app, browser, world):
    ask(browser)
    address = link(deliver(world))
    phone = app.test_client()
    phone.get(address)
    phone.submit(address, {}, form=address, follow=True)
    assert "Connectez-vous avec elle." in phone.page.get_text()
    assert world.all(UserSession) == []


def test_the_link_dies_after_a_day(browser, world, clock):
    ask(browser)
    address = link(deliver(world))
    browser.get(address)
    clock.advance(hours=24)
    browser.sign_in(world.one(User))
    assert use(browser, address).status_code == 410
    assert browser.get(address).status_code == 404
    assert world.one(User).email == OLD
    browser.get("/mon-compte")
    assert "n’est plus valable" in words(browser.page.main)


def test_no_secret_rests_in_the_database(browser, world):
    ask(browser)
    address = link(deliver(world))
    change = world.one(EmailChange)
    assert change.token_hash not in address
    assert all(address not in mail.text + mail.html + mail.subject for mail in world.all(OutgoingMail))


def test_it_can_be_given_up_and_then_nothing_leaves_nor_works(browser, world):
    ask(browser)
    address = link(deliver(world))
    browser.get("/mon-compte")
    assert NEW in words(browser.page.main)
    browser.submit("/mon-compte", {}, form=f"{PAGE}/annuler", follow=True)
    assert NEW not in words(browser.page.main)
    assert browser.get(address).status_code == 404
    assert use(browser, address).status_code == 410


def test_given_up_before_the_mail_leaves_no_link_is_made(browser, world):
    ask(browser)
    browser.submit("/mon-compte", {}, form=f"{PAGE}/annuler")
    mailbox = deliver(world)
    assert [mail["To"] for mail in mailbox.sent] == [OLD]
    states = {mail.to_address: mail.state for mail in world.all(OutgoingMail)}
    assert states == {OLD: MailState.SENT, NEW: MailState.ABANDONED}


def test_a_mail_that_no_server_takes_is_told(browser, world):
    ask(browser, "faute@example.org")
    deliver(world, KeepingTransport(MailRefused("Adresse inconnue"), MailRefused("Adresse inconnue")))
    browser.get("/mon-compte")
    assert "Le mail n’a pas pu être remis à faute@example.org" in words(browser.page.main)
    ask(browser)
    browser.get("/mon-compte")
    assert "attend votre confirmation" in words(browser.page.main)


def test_a_second_request_replaces_the_first(browser, world):
    ask(browser)
    first = link(deliver(world))
    ask(browser, "autre@example.org")
    mailbox = deliver(world)
    assert "autre@example.org" in [mail["To"] for mail in mailbox.sent]
    assert browser.get(first).status_code == 404
    assert world.one(EmailChange).new_email == "autre@example.org"


def test_a_new_password_or_a_suspension_kills_the_request(browser, world):
    ask(browser)
    address = link(deliver(world))
    form = "/mon-compte/mot-de-passe"
    browser.submit(form, {"current": PASSWORD, "password": ANOTHER_PASSWORD}, form=form)
    assert world.all(EmailChange) == []
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize(
    ("email", "password", "field", "sentence"),
    [
        (NEW, "pas celui-ci", "current", "Ce n’est pas votre mot de passe actuel : tapez-le de nouveau."),
        (NEW, "", "current", "Indiquez votre mot de passe actuel."),
        ("pas une adresse", PASSWORD, "email", "Indiquez une adresse e-mail complète"),
        ("Claire@Example.org", PASSWORD, "email", "C’est déjà votre adresse"),
        ("paul@example.org", PASSWORD, "email", "Cette adresse ne peut pas servir ici"),
        ("grand-mere@example.org", PASSWORD, "email", "Cette adresse ne peut pas servir ici"),
    ],
)
def test_what_is_refused_says_what_to_do(browser, world, email, password, field, sentence):
    other = world.household("MARTIN")
    world.parent(other, "Paul", email="paul@example.org")
    world.guardian(other, "Jeanne", email="grand-mere@example.org")
    answer = ask(browser, email, password)
    assert answer.status_code == 422
    assert words(browser.page.select_one(f"#{field}-erreur")).startswith(sentence)
    assert world.all(EmailChange) == []
    assert world.all(OutgoingMail) == []


def test_the_address_of_a_merged_duplicate_is_free(browser, world):
    home, claire = world.one(Household), world.one(Guardian)
    world.guardian(home, "Claire", email=NEW, merged_into_id=claire.id)
    assert ask(browser).status_code == 303


def test_an_address_taken_meanwhile_is_refused_at_the_link(browser, world):
    ask(browser)
    address = link(deliver(world))
    browser.get(address)
    world.user(NEW)
    answer = use(browser, address)
    assert answer.status_code == 410
    assert "Cette adresse ne peut pas servir ici" in answer.text
    assert OLD in [user.email for user in world.all(User)]


def test_wrong_passwords_and_many_requests_are_slowed(browser, world):
    for number in range(3):
        assert ask(browser, f"n{number}@example.org").status_code == 303
    assert ask(browser).status_code == 422
    assert "Trop d’essais" in words(browser.page.main)
    assert world.one(EmailChange).new_email == "n2@example.org"


def test_wrong_passwords_are_counted_as_at_the_door(browser):
    for _ in range(5):
        ask(browser, NEW, "pas celui-ci")
    assert ask(browser).status_code == 422
    assert "Trop d’essais" in words(browser.page.main)


def test_a_provisional_password_of_the_old_address_dies(browser, world, claire):
    with world.app.app_context(), write_transaction() as session:
        outbox.queue_secret(session, MailKind.PROVISIONAL_PASSWORD, to=OLD, user_id=claire.id, now=world.now)
    deliver(world)
    assert len(world.all(ProvisionalPassword)) == 1
    ask(browser)
    address = link(deliver(world))
    browser.submit(address, {}, form=address)
    assert world.all(ProvisionalPassword) == []


def test_a_suspended_access_confirms_nothing(app, browser, world):
    ask(browser)
    address = link(deliver(world))
    with app.app_context(), write_transaction() as session:
        session.get_one(User, world.one(User).id).status = AccountStatus.SUSPENDED
    stranger = app.test_client()
    assert stranger.get(address).status_code == 404
    assert use(stranger, address).status_code == 410
    assert world.one(User).email == OLD
