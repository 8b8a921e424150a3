"""Messages between a family and the service, from both sides (R52)."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.clock import FixedClock
from domain.enums import ConversationState, MailKind, StaffRole
from domain.merging import MergeKind
from models import AuditEvent, Conversation, ConversationReading, Message, MessageFile, OutgoingMail
from queries import merges as merge_queries
from services import conversations, documents, merges
from services.accounts import Author
from tests import statements
from tests.document_files import picture
from tests.school_family import SchoolFamily, words
from tests.swap import assert_swap_equals_reload

SECRET = "Léo ne digère pas le lait."
QUEUE = "/gestion/a-traiter"


@pytest.fixture
def family(world) -> SchoolFamily:
    world.settings(email="periscolaire@example.org")
    return SchoolFamily(world)


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


def write(client, text=SECRET, **typed):
    data = {"facility": "0", "subject": "Le goûter de Léo", "text": text} | typed
    return client.submit("/messages/nouveau", data, form="main form", follow=True)


def said(client) -> str:
    return words(client.page.main)


def photo(name="photo.jpg"):
    return io.BytesIO(picture()), name


# --- The family ---------------------------------------------------------------------------------------------


def test_a_family_writes_to_the_service(claire, world, family):
    claire.get("/messages")
    assert "Posez votre question" in said(claire)
    assert write(claire).status_code == 200
    assert "Votre message est envoyé au service." in said(claire)
    assert SECRET in said(claire)
    assert "Le service va vous répondre" in said(claire)
    conversation = world.one(Conversation)
    assert (conversation.household_id, conversation.facility_id) == (family.household.id, None)
    assert conversation.waits_since == world.now
    mail = world.one(OutgoingMail)
    assert (mail.kind, mail.to_address) == (MailKind.SERVICE_MESSAGE, "periscolaire@example.org")
    assert world.one(AuditEvent).action == "conversation.opened"


def test_a_mail_says_nothing_of_what_was_written(claire, world, family):
    paul = world.parent(family.household, "Paul")
    write(claire)
    answer(world, "Du lait de soja lui convient.")
    mails = world.all(OutgoingMail)
    told = [mail.to_address for mail in mails if mail.kind is MailKind.MESSAGE_RECEIVED]
    assert sorted(told) == sorted([family.claire.email, paul.email])
    for mail in mails:
        for part in (mail.subject, mail.text, mail.html):
            assert "lait" not in part
            assert "goûter" not in part
    journal = [str((event.before, event.after)) for event in world.all(AuditEvent)]
    assert not any("lait" in event or "goûter" in event for event in journal)


def test_a_text_rests_sealed(claire, world):
    write(claire)
    with world.app.app_context():
        from extensions import db

        raw = db.session.execute(db.text("SELECT text FROM message")).scalar_one()
    assert "lait" not in raw


def test_the_mail_goes_to_the_structure_that_is_written_to(claire, world, family):
    facility = world.facility("Crèche des Lilas", email="lilas@example.org")
    write(claire, facility=str(facility.id))
    assert world.one(OutgoingMail).to_address == "lilas@example.org"
    assert world.one(Conversation).facility_id == facility.id


def test_a_sending_made_twice_is_one_message(claire, world):
    claire.get("/messages/nouveau")
    form = claire.page.select_one("main form")
    typed = {one["name"]: one.get("value", "") for one in form.select("input[type=hidden]")}
    typed |= {"facility": "0", "subject": "Le goûter", "text": SECRET}
    answers = [claire.post("/messages/nouveau", data=typed) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(world.all(Message)) == len(world.all(OutgoingMail)) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text": " "}, "Écrivez votre message."),
        ({"text": "x" * 5001}, "Raccourcissez le message"),
        ({"subject": ""}, "Indiquez l’objet du message"),
        ({"files": [(io.BytesIO(b"MZ"), "jeu.exe")]}, "ni une photo"),
        ({"files": [(io.BytesIO(b"%PDF"), f"{n}.pdf") for n in range(4)]}, "Joignez 3 fichiers au plus"),
    ],
)
def test_what_is_missing_is_told(claire, world, typed, sentence):
    data = {"facility": "0", "subject": "Le goûter", "text": SECRET} | typed
    response = claire.submit("/messages/nouveau", data, form="main form")
    assert response.status_code == 422
    assert sentence in said(claire)
    assert world.all(Conversation) == []


def test_a_family_that_writes_without_end_is_asked_to_wait(claire, world, family):
    conversation = world.conversation(family.household, "Bonjour")
    page = f"/messages/{conversation.reference}"
    for _ in range(20):
        assert claire.submit(page, {"text": "Encore."}, form="form[data-upload]").status_code == 303
    assert claire.submit(page, {"text": "Encore."}, form="form[data-upload]").status_code == 422
    assert "réessayez plus tard" in said(claire)
    assert len(world.all(Message)) == 21


def test_a_photo_is_joined_and_read_by_both(client, claire, world, family):
    assert write(claire, files=[photo(), photo("ordonnance.png")]).status_code == 200
    joined = world.all(MessageFile)
    assert [one.file_name for one in joined] == ["photo.pdf", "ordonnance.pdf"]
    link = claire.page.select_one(".thread a")["href"]
    assert claire.get(link).data.startswith(b"%PDF")
    assert claire.get(link).headers["Content-Disposition"].startswith("attachment")
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(f"{QUEUE}/messages/{world.one(Conversation).reference}")
    assert client.get(client.page.select_one(".thread a")["href"]).data.startswith(b"%PDF")


def test_the_housekeeping_leaves_joined_files(world, family):
    joined = world.joined_file(world.conversation(family.household, "Bonjour"))
    world.app.config["CLOCK"] = FixedClock(world.now + timedelta(days=3))
    with world.app.app_context():
        documents.sweep(world.now + timedelta(days=3))
        from services import document_store

        assert document_store.read(joined.file_key) == b"%PDF-1.7"


def test_what_the_service_wrote_is_to_be_read_until_it_is(claire, world, family):
    conversation = world.conversation(family.household, "Bonjour", "Voici la réponse.")
    claire.get("/accueil")
    assert "1 message à lire" in said(claire)
    assert "Messages (1 à lire)" in words(claire.page.header)
    page = f"/messages/{conversation.reference}"
    claire.get(page)
    assert world.all(ConversationReading) == []  # looking writes nothing by itself
    assert_swap_equals_reload(claire, page, form="#lecture form")
    reading = world.one(ConversationReading)
    assert (reading.user_id, reading.read_at) == (family.claire.id, world.now)
    claire.get("/accueil")
    assert "à lire" not in words(claire.page)


def test_it_is_marked_as_read_without_scripts(claire, world, family):
    conversation = world.conversation(family.household, "Bonjour", "Voici la réponse.")
    claire.submit(f"/messages/{conversation.reference}", form="#lecture form", follow=True)
    assert "J’ai lu ce message" not in said(claire)
    assert world.one(AuditEvent).action == "conversation.read"


def test_a_message_that_came_meanwhile_stays_to_be_read(claire, world, family):
    conversation = world.conversation(family.household, "Bonjour", "Voici la réponse.")
    page = f"/messages/{conversation.reference}"
    claire.get(page)
    form = claire.page.select_one("#lecture form")
    typed = {one["name"]: one.get("value", "") for one in form.select("input[type=hidden]")}
    answer(world, "Une précision.")
    claire.post(form["action"], data=typed)
    assert world.all(ConversationReading) == []


def test_each_adult_reads_for_itself(client, world, family):
    """Paul reads: it stays new for Claire, who is told so at home and in the list until she reads too."""
    paul = world.parent(family.household, "Paul")
    conversation = world.conversation(family.household, "Bonjour", "Voici la réponse.")
    page = f"/messages/{conversation.reference}"
    for adult, others in ((paul, family.claire), (family.claire, paul)):
        client.sign_in(adult)
        client.get("/messages")
        assert "À lire" in said(client)
        client.submit(page, form="#lecture form", follow=True)
        client.get("/accueil")
        assert "à lire" not in words(client.page)
        client.sign_in(others)
        client.get("/accueil")
        assert ("1 message à lire" in said(client)) is (others is family.claire)
    assert {one.user_id for one in world.all(ConversationReading)} == {paul.id, family.claire.id}


def test_what_one_parent_writes_is_nothing_to_read_for_the_other(client, claire, world, family):
    write(claire)
    client.sign_in(world.parent(family.household, "Paul"))
    client.get("/messages")
    assert "À lire" not in said(client)
    answer(world, "Du soja.")
    client.get("/messages")
    assert "À lire" in said(client)


def test_the_service_sees_who_has_read(client, world, family):
    world.parent(family.household, "Paul")
    conversation = world.conversation(family.household, "Bonjour", "Voici la réponse.")
    client.sign_in(family.claire)
    client.submit(f"/messages/{conversation.reference}", form="#lecture form", follow=True)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    with statements.recorded() as sent:
        client.get(f"{QUEUE}/messages/{conversation.reference}")
    assert "Lu par Claire SOLIGNAC" in said(client)
    assert sum("conversation_reading" in one for one in sent) == 3  # who is there, the lines, who read
    client.get("/gestion/messages?etat=en-cours")
    assert "Lu" in [words(one) for one in client.page.select(".badge")]


def test_the_list_of_a_family_takes_as_many_statements_whatever_it_holds(claire, world, family):
    def sent() -> int:
        with statements.recorded() as found:
            claire.get("/messages")
        return len(found)

    world.conversation(family.household, "Bonjour", "Voici la réponse.")
    one = sent()
    for _ in range(5):
        world.conversation(family.household, "Bonjour", "Voici la réponse.")
    assert sent() == one


def test_the_other_adult_reads_and_answers(client, world, family):
    conversation = world.conversation(family.household, SECRET, "Du soja lui va.")
    client.sign_in(world.parent(family.household, "Paul"))
    client.submit(
        f"/messages/{conversation.reference}", {"text": "Oui."}, form="form[data-upload]", follow=True
    )
    authors = [words(one) for one in client.page.select(".thread > li > p strong")]
    assert authors[-1] == "Paul SOLIGNAC"
    row = world.one(Conversation)
    assert row.waits_since == world.now
    assert world.one(ConversationReading).message_id == max(one.id for one in world.all(Message))


def test_another_familys_conversation_does_not_exist(client, world, family):
    conversation = world.conversation(family.household, SECRET)
    joined = world.joined_file(conversation)
    client.sign_in(world.parent(world.household("MARTIN"), "Karim"))
    page = f"/messages/{conversation.reference}"
    assert client.get(page).status_code == 404
    assert client.get(f"{page}/fichiers/{joined.id}").status_code == 404
    assert client.get("/messages").status_code == 200
    assert "goûter" not in said(client)


def test_a_file_is_found_in_its_own_conversation_only(claire, world, family):
    first, second = (world.conversation(family.household, text) for text in ("Un", "Deux"))
    joined = world.joined_file(first)
    assert claire.get(f"/messages/{second.reference}/fichiers/{joined.id}").status_code == 404


# --- The service --------------------------------------------------------------------------------------------


def answer(world, text, **options):
    author = Author(world.staff(StaffRole.RECEPTION).id)
    with world.app.app_context():
        conversations.answer_as_service(
            world.one(Conversation).reference,
            conversations.Letter(text, f"answer-{text[:12]}-{len(text)}-key"),
            closes=False,
            facility_ids=None,
            author=author,
            now=world.now,
            **options,
        )


def test_a_message_waits_with_the_other_cases_and_is_answered(client, world, family):
    world.conversation(family.household, SECRET)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get("/gestion")
    assert "1 message à lire" in said(client)
    client.get(QUEUE)
    assert "Question sur le goûter" in said(client)
    assert "message au service" in said(client)
    address = client.page.select_one(".queue a")["href"]
    response = client.submit(
        address, {"text": "Du soja."}, form=".case > form", button=("decision", "repondre"), follow=True
    )
    assert response.status_code == 200
    assert "La réponse est envoyée." in said(client)
    assert "Rien n’attend de réponse." in said(client)
    row = world.one(Conversation)
    assert (row.state, row.waits_since) == (ConversationState.OPEN, None)
    client.get(address)
    assert "Pas encore lu par la famille" in said(client)


def test_the_oldest_question_comes_first_even_when_the_family_insists(client, world, family):
    days = world.now - timedelta(days=2)
    old = world.conversation(family.household, "Un", subject="Ancienne", waits_since=days)
    world.conversation(family.household, "Deux", subject="Récente")
    client.sign_in(family.claire)
    client.submit(f"/messages/{old.reference}", {"text": "Et alors."}, form="form[data-upload]")
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(QUEUE)
    assert [link.get_text() for link in client.page.select(".queue td:first-child a")] == [
        "Ancienne",
        "Récente",
    ]


def test_a_director_reads_what_was_written_to_its_structure(client, world, family):
    facility = family.canteen.facility
    own = world.conversation(family.household, SECRET, facility_id=facility.id, subject="Pour l’école")
    other = world.conversation(family.household, SECRET, subject="Pour le service")
    client.sign_in(world.staff(StaffRole.DIRECTOR, [facility]))
    client.get(QUEUE)
    assert "Pour l’école" in said(client)
    assert "Pour le service" not in said(client)
    assert client.get(f"{QUEUE}/messages/{own.reference}").status_code == 200
    assert client.get(f"{QUEUE}/messages/{other.reference}").status_code == 404
    client.get("/gestion/messages?etat=toutes")
    assert "Pour le service" not in said(client)
    client.get(f"/gestion/familles/{family.household.id}")
    assert "Pour l’école" in said(client)
    assert "Pour le service" not in said(client)


def test_a_conversation_is_handed_over_to_a_structure(client, world, family):
    facility = world.facility("Crèche des Lilas", email="lilas@example.org")
    conversation = world.conversation(family.household, SECRET)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    page = f"{QUEUE}/messages/{conversation.reference}"
    action = f'form[action*="{conversation.reference}/confier"]'
    assert client.submit(page, {"facility": "0"}, form=action).status_code == 422
    assert "choisissez une autre structure" in said(client)
    client.submit(page, {"facility": str(facility.id)}, form=action, follow=True)
    assert world.one(Conversation).facility_id == facility.id
    assert world.one(OutgoingMail).to_address == "lilas@example.org"


def test_a_conversation_is_closed_and_opens_again_when_the_family_writes(client, world, family):
    conversation = world.conversation(family.household, "Merci beaucoup.")
    client.sign_in(world.staff(StaffRole.RECEPTION))
    page = f"{QUEUE}/messages/{conversation.reference}"
    action = f'form[action*="{conversation.reference}/terminer"]'
    client.get(page)
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    client.submit(page, form=action, follow=True)
    assert world.one(Conversation).state is ConversationState.CLOSED
    assert client.post(f"{page}/terminer", data={"csrf_token": token}).status_code == 409
    client.sign_in(family.claire)
    client.get(f"/messages/{conversation.reference}")
    assert "Échange terminé" in said(client)
    client.submit(f"/messages/{conversation.reference}", {"text": "Encore."}, form="form[data-upload]")
    row = world.one(Conversation)
    assert (row.state, row.waits_since) == (ConversationState.OPEN, world.now)


def test_an_agent_writes_first_from_the_family_file(client, world, family):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(f"/gestion/familles/{family.household.id}")
    page = client.page.select_one('a[href*="/gestion/messages/famille/"]')["href"]
    typed = {"facility": "0", "subject": "Une pièce manque", "text": "Envoyez l’assurance."}
    client.submit(page, typed, form="main form", follow=True)
    assert "Le message est envoyé à la famille." in said(client)
    client.sign_in(family.claire)
    client.get("/messages")
    assert "Une pièce manque" in said(client)
    assert "À lire" in said(client)
    assert world.one(OutgoingMail).kind is MailKind.MESSAGE_RECEIVED


def test_a_director_speaks_for_its_own_structure_alone(client, world, family):
    other = world.facility("Crèche des Lilas")
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility]))
    page = f"/gestion/messages/famille/{family.household.id}"
    client.get(page)
    offered = [option["value"] for option in client.page.select("#facility option")]
    assert offered == [str(family.canteen.facility.id)]
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    key = client.page.find("input", attrs={"name": "submission_key"})["value"]
    typed = {"csrf_token": token, "submission_key": key, "subject": "S", "text": "T"}
    assert client.post(page, data=typed | {"facility": str(other.id)}).status_code == 422
    assert world.all(Conversation) == []


def test_who_looks_as_the_family_reads_and_writes_nothing(client, world, family):
    from blueprints.shared.sessions import OBSERVED
    from models import Guardian

    conversation = world.conversation(family.household, "Bonjour", "Voici.")
    joined = world.joined_file(conversation)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    guardian = world.one(select(Guardian).where(Guardian.user_id == family.claire.id))
    with client.session_transaction() as cookie:
        cookie[OBSERVED] = guardian.id
    page = f"/messages/{conversation.reference}"
    client.get(page)
    assert "Voici." in said(client)
    assert client.page.select("#lecture") == []
    assert client.get(f"{page}/fichiers/{joined.id}").status_code == 403
    assert client.submit(page, {"text": "Oui."}, form="form[data-upload]").status_code == 403
    assert len(world.all(Message)) == 2


def test_two_merged_households_keep_their_conversations(client, world, family):
    other = world.household("SOLIGNAC-BIS")
    conversation = world.conversation(other, SECRET, "Du soja lui va.")
    agent = Author(world.staff(StaffRole.ADMINISTRATOR).id)
    with world.app.app_context():
        found = merge_queries.compare(MergeKind.HOUSEHOLD, family.household.id, other.id)
        merges.merge(
            MergeKind.HOUSEHOLD, family.household.id, other.id, {},
            seen=merges.fingerprint(found), author=agent, now=world.now,
        )  # fmt: skip
    assert world.one(Conversation).household_id == family.household.id
    client.sign_in(family.claire)
    client.get(f"/messages/{conversation.reference}")
    assert SECRET in said(client)
