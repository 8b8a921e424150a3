"""The town's own words around the mails of the portal (S113)."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.enums import MailKind, MailState, StaffRole
from domain.errors import Refused
from domain.mail_texts import IMPERSONAL, TownWords, words_of
from models import AuditEvent, MailText, OutgoingMail
from services import mail_texts, outbox
from services.accounts import Author
from services.transaction import write_transaction
from tests.statements import recorded

TEMPLATES = Path(__file__).parents[2] / "templates" / "mails"
OWN = TownWords(
    "{commune} : {objet}", "Bonjour {prénom},\n\nC’est {service}.", "À bientôt & merci.\n{téléphone}"
)


@pytest.fixture
def town(world):
    world.settings(name="Cahors", service_name="Service Enfance", phone="05 65 11 22 33")
    return world


def save(world, kind, words):
    author = Author(world.staff(StaffRole.ADMINISTRATOR).id)
    with world.app.app_context():
        return mail_texts.save(kind, words, author=author, now=world.now)


def example(world, kind, words=None):
    with world.app.app_context():
        return mail_texts.example(kind, words or TownWords(), world.now)


# A kind that nothing sends yet has no template.
WRITTEN = [kind for kind in MailKind if (TEMPLATES / f"{kind}.txt").exists()]


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_kind_of_mail_can_be_looked_at_with_the_words_of_the_town(town, kind):
    plain = example(town, kind)
    words = TownWords(*(text.replace("{prénom}", "vous") for text in (OWN.subject, OWN.opening, OWN.closing)))
    own = example(town, kind, words)
    assert own.subject == f"Cahors : {plain.subject}"[:200]
    for part in (own.text, own.html):
        assert part.index("C’est Service Enfance.") < part.index("05 65 11 22 33")
    assert "À bientôt & merci.\n05 65 11 22 33" in own.text
    assert "<p>À bientôt &amp; merci.<br>05 65 11 22 33</p>" in own.html
    facts = plain.text.split("\n\n", 1)[1].splitlines()
    assert set(facts) <= set(own.text.splitlines())  # links and secrets too


@pytest.mark.parametrize("kind", WRITTEN)
def test_without_words_of_the_town_the_portal_greets(town, kind):
    mail = example(town, kind)
    assert mail.text.startswith("Bonjour")
    assert "<p>Bonjour" in mail.html
    assert "{" not in mail.text
    assert "\ue000" not in mail.subject + mail.text + mail.html


def test_a_mail_that_leaves_holds_the_words_and_the_name_of_its_reader(town):
    save(town, MailKind.MESSAGE_RECEIVED, OWN)
    household = town.household()
    readers = [town.parent(household, "Claire"), town.parent(household, "<b>Paul")]
    with town.app.app_context(), write_transaction() as session:
        outbox.queue_household(
            session, MailKind.MESSAGE_RECEIVED, household.id, now=town.now, reference="R-7K3M-2QWD"
        )
    mails = {mail.user_id: mail for mail in town.all(OutgoingMail)}
    claire, paul = (mails[reader.id] for reader in readers)
    assert claire.subject.startswith("Cahors : ")
    assert claire.text.startswith("Bonjour Claire,\n\nC’est Service Enfance.")
    assert "<p>Bonjour &lt;b&gt;Paul,</p>" in paul.html
    assert "R-7K3M-2QWD" in claire.text


def test_the_same_words_for_many_families_are_made_once_and_greet_each(town):
    save(town, MailKind.CLOSURE, OWN)
    homes = [town.household(name) for name in ("A", "B")]
    for home, name in zip(homes, ("Claire", "Karim"), strict=True):
        town.parent(home, name)
    context = {"facility": "École", "reason": "neige", "is_lifted": True, "parts": (), "credit_cents": 0}
    with town.app.app_context(), write_transaction() as session, recorded() as sent:
        outbox.queue_for_households(
            session, MailKind.CLOSURE, dict.fromkeys((home.id for home in homes), context), town.now
        )
    assert sorted(mail.text.split(",")[0] for mail in town.all(OutgoingMail)) == [
        "Bonjour Claire", "Bonjour Karim"
    ]  # fmt: skip
    assert len(sent) <= 3


def test_a_secret_stays_whatever_the_town_writes(town):
    save(town, MailKind.PROVISIONAL_PASSWORD, OWN)
    user = town.parent(town.household(), "Claire")
    taken = []

    class Server:
        def send(self, message):
            taken.append(message)

    with town.app.app_context():
        with write_transaction() as session:
            outbox.queue_secret(
                session, MailKind.PROVISIONAL_PASSWORD, to=user.email, user_id=user.id, now=town.now
            )
        outbox.deliver_due(town.now, Server())
    (mail,) = town.all(OutgoingMail)
    text = taken[0].get_body(("plain",)).get_content()
    assert mail.state is MailState.SENT
    assert text.startswith("Bonjour Claire,")
    assert "C’est Service Enfance." in text
    assert re.search(r"\n {4}\S+\n", text)  # the provisional password
    assert "À bientôt & merci." in text


def test_the_words_are_kept_changed_and_given_back(town):
    assert save(town, MailKind.CLOSURE, OWN)
    assert not save(town, MailKind.CLOSURE, OWN)
    assert town.one(MailText).opening == OWN.opening
    assert save(town, MailKind.CLOSURE, TownWords())
    assert town.all(MailText) == []
    events = town.all(select(AuditEvent).order_by(AuditEvent.id))
    assert [event.action for event in events] == ["mail_text.updated"] * 2
    assert events[1].before["kind"] == "closure"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (TownWords(subject="{prenon}"), "subject", "n’est pas connu ici"),
        (TownWords(opening="Bonjour {objet}"), "opening", "n’est pas connu ici"),
        (TownWords(closing="{commune"), "closing", "Une accolade n’est pas fermée"),
        (TownWords(closing="x" * 2001), "closing", "Raccourcissez"),
        (TownWords(subject="x" * 161), "subject", "Raccourcissez"),
    ],
)
def test_a_slip_is_told(town, words, code, sentence):
    with pytest.raises(Refused, match=sentence) as refusal:
        save(town, MailKind.CLOSURE, words)
    assert refusal.value.code == code
    assert town.all(MailText) == []


def test_accents_and_capitals_of_a_word_are_forgiven(town):
    mail = example(town, MailKind.CLOSURE, TownWords(opening="Bonjour {Prenom}, ici {COMMUNE}."))
    assert mail.text.startswith("Bonjour Camille, ici Cahors.")


@pytest.mark.parametrize("kind", sorted(IMPERSONAL))
def test_a_mail_to_the_service_names_nobody(town, kind):
    assert "prénom" not in words_of(kind)
    with pytest.raises(Refused):
        save(town, kind, TownWords(opening="Bonjour {prénom},"))
