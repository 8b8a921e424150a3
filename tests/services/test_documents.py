"""A document from the family to the decision, with its effects (S64 to S74)."""

import os
import resource
from datetime import date, timedelta
from pathlib import Path

import pikepdf
import pytest

from adapters.object_store import Bucket, StoreAway
from domain import documents as rules
from domain.enums import (
    AbsenceKind,
    AbsenceState,
    Channel,
    DocumentEffect,
    DocumentOwner,
    DocumentState,
    MailKind,
)
from domain.errors import NotFound, Refused, Stale
from models import (
    Absence,
    AuditEvent,
    Document,
    DocumentCategory,
    DocumentPage,
    OutgoingMail,
    QuotientFamilial,
)
from services import document_store, documents
from services.accounts import Author
from services.file_stores import Place
from tests import stored_files
from tests.document_files import heic, pages, picture, send, written
from tests.factories import World

pytestmark = pytest.mark.files

DAY = date(2027, 1, 14)


@pytest.fixture
def household(world: World):
    return world.household()


@pytest.fixture
def parent(world: World, household):
    return world.parent(household)


@pytest.fixture
def agent(world: World) -> Author:
    return Author(world.staff().id, Channel.PORTAL)


@pytest.fixture
def home(world: World) -> DocumentCategory:
    return world.add(DocumentCategory(name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD))


@pytest.fixture
def files(app) -> Path:
    """The folder of the store, empty at the start."""
    folder = Path(app.config["INSTANCE"]) / "documents"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


@pytest.fixture
def stored(app):
    """What is kept now."""
    return lambda: stored_files.contents(app, Place.DOCUMENTS)


def test_photos_and_pdfs_become_one_sealed_document(world, household, parent, home, stored):
    sent = tuple(
        documents.Upload(content, name)
        for content, name in (
            (picture("JPEG"), "page 1.jpg"),
            (picture("PNG"), "page2.png"),
            (picture("WEBP"), "3.webp"),
            (heic(), "IMG_0004.HEIC"),
            (written(pages(2)), "fin.pdf"),
        )
    )
    document_id = send(world, household, home, files=sent, user=parent, issued_on=date(2026, 12, 20))

    document = world.one(Document)
    assert (document.id, document.state, document.page_count) == (document_id, DocumentState.SUBMITTED, 6)
    assert (document.file_name, document.due_at - document.submitted_at) == (
        "page 1.pdf",
        timedelta(hours=48),
    )
    with world.app.app_context():
        assert document_store.read(document.file_key).startswith(b"%PDF-")
        numbers = {page.number: document_store.read(page.file_key)[:3] for page in world.all(DocumentPage)}
    assert numbers == dict.fromkeys(range(7), b"\xff\xd8\xff")
    assert len(stored()) == 8
    assert not any(b"%PDF" in content or content[:3] == b"\xff\xd8\xff" for content in stored())


def test_a_sending_that_is_repeated_is_one_document(world, household, parent, home, stored):
    first = send(world, household, home, user=parent)
    second = send(world, household, home, user=parent)

    assert first == second == world.one(Document).id
    assert len(stored()) == 3


def test_two_sendings_at_once_are_one_document(world, household, parent, home, stored, monkeypatch):
    """The second one starts before the first is written, and finds its key taken at the end."""
    made_safe, sent = documents.made_safe, []

    def while_another_is_sent(contents):
        monkeypatch.setattr(documents, "made_safe", made_safe)
        sent.append(send(world, household, home, user=parent))
        return made_safe(contents)

    monkeypatch.setattr(documents, "made_safe", while_another_is_sent)
    assert send(world, household, home, user=parent) == sent[0] == world.one(Document).id
    assert len(stored()) == 3


def test_the_key_of_another_family_opens_nothing(world, household, parent, home, files):
    send(world, household, home, user=parent)
    with pytest.raises(NotFound):
        send(world, world.household("MARTIN"), home)


REFUSED = {
    "no_file": (),
    "empty": (b"",),
    "unknown_kind": (b"hello",),
    "unreadable": (picture("PNG", (200, 200))[:-40],),
    "protected": (written(pages(), encryption=pikepdf.Encryption(user="a", owner="b")),),
    "too_many_pages": (written(pages(31)),),
    "too_many_files": (b"x",) * 11,
    "file_too_big": (b"x" * (rules.FILE_BYTES + 1),),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_refused_leaves_nothing(world, household, parent, home, stored, code):
    sent = tuple(documents.Upload(content, "x") for content in REFUSED[code])
    with pytest.raises(Refused) as refusal:
        send(world, household, home, user=parent, files=sent)
    assert refusal.value.code == code
    assert (world.all(Document), stored()) == ([], [])


@pytest.mark.folder
def test_a_full_disk_is_said_and_nothing_is_half_stored(world, stored):
    """The system itself refuses to write more than a few bytes a file."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, former[1]))
    try:
        with pytest.raises(Refused) as refusal, world.app.app_context():
            document_store.save_all([b"small", picture("PNG", (1500, 1500))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert refusal.value.code == "disk_full"
    assert "Rien n’a été enregistré" in refusal.value.message
    assert stored() == []


def test_a_bucket_that_is_away_keeps_nothing_and_is_no_lack_of_room(
    world, household, parent, home, monkeypatch
):
    nobody = Bucket("s3://town", "http://127.0.0.1:9", "us-east-1", "portail", "secret")
    monkeypatch.setitem(world.app.config, "BUCKET", nobody)
    with pytest.raises(StoreAway):
        send(world, household, home, user=parent)
    assert world.all(Document) == []


@pytest.mark.folder
def test_the_last_room_is_left_to_the_database(world, household, parent, home, stored, monkeypatch):
    monkeypatch.setattr(document_store, "FREE_BYTES_FLOOR", 10**18)
    with pytest.raises(Refused) as refusal:
        send(world, household, home, user=parent)
    assert refusal.value.code == "disk_full"
    assert (world.all(Document), stored()) == ([], [])


def test_a_family_cannot_fill_the_disk(world, household, parent, home, files):
    world.document(household, home, file_key="a" * 32, size_bytes=rules.HOUSEHOLD_BYTES)
    with pytest.raises(Refused) as refusal:
        send(world, household, home, user=parent)
    assert refusal.value.code == "quota"


def test_twenty_sendings_an_hour(world, household, parent, home, files, clock):
    for number in range(20):
        with pytest.raises(Refused, match="vide"):
            send(world, household, home, user=parent, files=(documents.Upload(b"", "x"),), key=str(number))
    with pytest.raises(Refused) as refusal:
        send(world, household, home, user=parent)
    assert refusal.value.code == "too_often"
    clock.move_to(world.now + timedelta(hours=1))
    send(world, household, home, user=parent)


@pytest.mark.folder
def test_files_without_row_are_swept_a_day_later(world, household, parent, home, files, clock):
    send(world, household, home, user=parent)
    kept = set(files.iterdir())
    for name in ("0" * 32, ".incoming-abc"):
        (files / name).write_bytes(b"cut")
        os.utime(files / name, (0, 0))
    for path in kept:
        os.utime(path, (0, 0))
    with world.app.app_context():
        documents.sweep(world.now)
    assert set(files.iterdir()) == kept


@pytest.mark.folder
def test_nothing_is_swept_from_the_folder_of_another_database(world, files):
    path = files / ("0" * 32)
    path.write_bytes(b"a document of a database that was lost")
    os.utime(path, (0, 0))
    with world.app.app_context():
        documents.sweep(world.now)
    assert path.exists()


# --- Whose, and about whom ----------------------------------------------------------------------------------


def test_nobody_sends_for_another_familys_child(world, household, parent, files):
    insurance = world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD))
    stranger = world.child(world.household("MARTIN"))
    with pytest.raises(NotFound):
        send(world, household, insurance, stranger, user=parent)
    with pytest.raises(NotFound):
        send(world, household, insurance, user=parent)


def test_a_sent_document_is_taken_back_until_it_is_decided(world, household, parent, home, agent, stored):
    document_id = send(world, household, home, user=parent)
    author = Author(parent.id)
    with world.app.app_context():
        with pytest.raises(NotFound):
            documents.withdraw(document_id, [household.id + 1], author=author, now=world.now)
        documents.withdraw(document_id, [household.id], author=author, now=world.now)
        with pytest.raises(Stale):
            documents.accept(document_id, documents.Acceptance(), author=agent, now=world.now)
    assert world.one(Document).state is DocumentState.WITHDRAWN
    assert (stored(), world.all(DocumentPage)) == ([], [])


# --- The decision -------------------------------------------------------------------------------------------


def test_one_agent_decides_and_the_other_is_told(world, household, parent, home, agent, files):
    document_id = send(world, household, home, user=parent)
    until = date(2027, 4, 12)
    with world.app.app_context():
        documents.accept(document_id, documents.Acceptance(until), author=agent, now=world.now)
        with pytest.raises(Stale):
            documents.refuse(document_id, "Illisible.", author=agent, now=world.now)
    document, mail = world.one(Document), world.one(OutgoingMail)
    assert (document.state, document.valid_until, document.reason) == (DocumentState.ACCEPTED, until, "")
    assert (mail.kind, mail.to_address) == (MailKind.DOCUMENT_DECISION, parent.email)
    assert "Il est valable jusqu’au lundi 12" in mail.text
    assert [event.action for event in world.all(AuditEvent)] == ["document.submitted", "document.accepted"]


def test_a_refusal_has_a_reason_that_the_family_reads(world, household, parent, home, agent, files):
    document_id = send(world, household, home, user=parent)
    with world.app.app_context():
        with pytest.raises(Refused):
            documents.refuse(document_id, "  ", author=agent, now=world.now)
        documents.refuse(document_id, "La page 2 manque.", author=agent, now=world.now)
    assert world.one(Document).reason == "La page 2 manque."
    assert "Motif : La page 2 manque." in world.one(OutgoingMail).text


def test_who_may_not_read_health_decides_no_document_about_it(world, household, parent, agent, files):
    """Whatever page the act comes from: the service asks the database for the right of the agent."""
    child = world.child(household)
    vaccines = world.add(DocumentCategory(name="Vaccination", owner=DocumentOwner.CHILD, is_medical=True))
    document_id = send(world, household, vaccines, child, user=parent)
    with world.app.app_context():
        for decide in (
            lambda: documents.accept(document_id, documents.Acceptance(), author=agent, now=world.now),
            lambda: documents.refuse(document_id, "Illisible.", author=agent, now=world.now),
        ):
            with pytest.raises(Refused) as refusal:
                decide()
            assert refusal.value.code == "medical_right"
    assert world.one(Document).state is DocumentState.SUBMITTED
    assert world.all(OutgoingMail) == []


def test_a_reason_about_health_stays_on_the_portal(world, household, parent, agent, files):
    child = world.child(household)
    vaccines = world.add(DocumentCategory(name="Vaccination", owner=DocumentOwner.CHILD, is_medical=True))
    document_id = send(world, household, vaccines, child, user=parent)
    reader = Author(world.staff(can_read_medical=True).id)
    with world.app.app_context():
        documents.refuse(document_id, "Le rappel manque.", author=reader, now=world.now)
    mail = world.one(OutgoingMail)
    assert "rappel" not in mail.text + mail.html
    assert "Le motif est sur le portail." in mail.text
    assert "rappel" not in str([event.after for event in world.all(AuditEvent)])


def test_an_accepted_proof_of_income_opens_a_dated_quotient(world, household, parent, agent, files):
    world.quotient(household, 900)
    income = world.add(
        DocumentCategory(name="Ressources", owner=DocumentOwner.HOUSEHOLD, effect=DocumentEffect.QUOTIENT)
    )
    document_id = send(world, household, income, user=parent)
    with world.app.app_context():
        for code, acceptance in (
            ("quotient", documents.Acceptance()),
            ("quotient_from", documents.Acceptance(quotient_hundredths=62250)),
        ):
            with pytest.raises(Refused) as refusal:
                documents.accept(document_id, acceptance, author=agent, now=world.now)
            assert refusal.value.code == code
        assert world.one(Document).state is DocumentState.SUBMITTED
        documents.accept(
            document_id,
            documents.Acceptance(date(2027, 12, 31), 62250, date(2027, 1, 1)),
            author=agent,
            now=world.now,
        )
    former, opened = sorted(world.all(QuotientFamilial), key=lambda row: row.id)
    assert former.valid_to == date(2026, 12, 31)
    assert (opened.value_hundredths, opened.valid_from, opened.valid_to, opened.document_id) == (
        62250, date(2027, 1, 1), date(2027, 12, 31), document_id,
    )  # fmt: skip


@pytest.fixture
def absence(world) -> DocumentCategory:
    return world.add(
        DocumentCategory(name="Absence", owner=DocumentOwner.CHILD, effect=DocumentEffect.ABSENCE)
    )


def test_an_accepted_proof_of_absence_justifies_the_chosen_days(
    world, household, parent, agent, absence, files
):
    child = world.child(household)
    canteen = world.canteen([DAY, date(2027, 1, 15), date(2027, 1, 18)])
    for opening in canteen.openings:
        world.booking(household, child, opening, canteen.meal)
    sick = {"absence_kind": AbsenceKind.MEDICAL, "absence_days": (DAY, date(2027, 1, 15))}
    document_id = send(world, household, absence, child, user=parent, **sick)
    assert {row.state for row in world.all(Absence)} == {AbsenceState.DECLARED}
    with world.app.app_context():
        with pytest.raises(Refused):
            documents.accept(
                document_id,
                documents.Acceptance(justified_days=(date(2027, 1, 18),)),
                author=agent,
                now=world.now,
            )
        documents.accept(
            document_id, documents.Acceptance(justified_days=(DAY,)), author=agent, now=world.now
        )
    assert [(row.state, row.document_id) for row in sorted(world.all(Absence), key=lambda row: row.id)] == [
        (AbsenceState.JUSTIFIED, document_id),
        (AbsenceState.UNJUSTIFIED, document_id),
    ]


def test_a_day_waits_for_one_proof_at_a_time(world, household, parent, agent, absence, files):
    child, canteen = world.child(household), world.canteen([DAY])
    world.booking(household, child, canteen.openings[0], canteen.meal)
    sick = {"absence_kind": AbsenceKind.MEDICAL, "absence_days": (DAY,)}
    first = send(world, household, absence, child, user=parent, **sick)
    with pytest.raises(Refused) as refusal:
        send(world, household, absence, child, user=parent, key="k2", **sick)
    assert refusal.value.code == "absence_days"
    with world.app.app_context():
        documents.refuse(first, "Illisible", author=agent, now=world.now)
    second = send(world, household, absence, child, user=parent, key="k3", **sick)
    assert (world.one(Absence).document_id, world.one(Absence).state) == (second, AbsenceState.DECLARED)


def test_only_booked_days_can_be_justified(world, household, parent, absence, files):
    child = world.child(household)
    canteen = world.canteen([DAY])
    with pytest.raises(Refused) as refusal:
        send(
            world, household, absence, child, user=parent,
            absence_kind=AbsenceKind.MEDICAL, absence_days=(canteen.openings[0].day,),
        )  # fmt: skip
    assert refusal.value.code == "absence_days"
    for code, wrong in (
        ("absence_kind", {"absence_days": (DAY,)}),
        ("absence_days", {"absence_kind": AbsenceKind.CIVIL_ACT}),
    ):
        with pytest.raises(Refused) as refusal:
            send(world, household, absence, child, user=parent, **wrong)
        assert refusal.value.code == code


# --- The end ------------------------------------------------------------------------------------------------


def test_the_end_is_announced_once_then_it_expires(world, household, parent, home, files, clock):
    document = world.document(household, home, valid_until=date(2027, 2, 12))

    def a_day_of_work(day: int) -> list[OutgoingMail]:
        clock.move_to(world.now + timedelta(days=day))
        with world.app.app_context():
            documents.expire(world.now)
            documents.expire(world.now)
        return world.all(OutgoingMail)

    assert a_day_of_work(0) == []
    assert [mail.kind for mail in a_day_of_work(1)] == [MailKind.DOCUMENT_EXPIRY]
    assert len(a_day_of_work(30)) == 1
    assert world.one(Document).state is DocumentState.ACCEPTED
    assert len(a_day_of_work(1)) == 1
    assert (world.one(Document).id, world.one(Document).state) == (document.id, DocumentState.EXPIRED)


def test_nothing_is_announced_of_what_is_replaced(world, household, parent, home, files):
    world.document(household, home, valid_until=date(2027, 1, 20))
    send(world, household, home, user=parent)
    with world.app.app_context():
        documents.expire(world.now)
    assert world.all(OutgoingMail) == []


@pytest.mark.parametrize("is_restricted", [False, True])
def test_a_household_that_reads_the_name_alone_is_told_no_end(world, household, parent, is_restricted, files):
    category = world.add(DocumentCategory(name="PAI", owner=DocumentOwner.CHILD))
    child = world.child(world.household("MARTIN"), "Léo")
    world.share(child, household, is_restricted=is_restricted)
    world.document(household, category, child, valid_until=date(2027, 1, 20))
    with world.app.app_context():
        documents.expire(world.now)
    assert len(world.all(OutgoingMail)) == (0 if is_restricted else 1)
