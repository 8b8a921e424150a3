"""Nobody reads what is somebody else's: a crawl as each role over every page it can reach (security 4.2)."""

import io
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pypdfium2
import pytest
import sqlalchemy as sa
from lxml import html

from domain.enums import ChangeState, Channel, MailKind
from models import ChangeLine, OutgoingMail
from queries import family
from services import calendar_feeds
from services.accounts import Author
from services.change_requests import decide
from tests.canaries import BY_HAND, EXCUSED, SVG, TABLE, Canaries, Canary, Reader, text_columns
from tests.strict_client import StrictClient

TOKEN = re.compile(r"qx[0-9]{4}z")
FILES = ("application/pdf", "text/csv")  # what they print or hold is not markup
SPACES = re.compile(r"\s|&nbsp;|&#160;")
LINKS = (("a", "href"), ("img", "src"), ("iframe", "src"), ("object", "data"), ("link", "href"))
SAME_KIND = 6  # pages that differ by their numbers alone, of which so many are read
MOST_PAGES = 400


@pytest.fixture
def canaries(world) -> Canaries:
    return Canaries(world)


# --- The table ----------------------------------------------------------------------------------


def test_every_text_of_the_models_has_its_readers_or_a_reason():
    """A new column fails here until somebody says who may read it."""
    listed = [*TABLE, *BY_HAND, *EXCUSED]
    assert sorted(listed) == sorted(set(listed)), "a column stands twice"
    assert set(listed) == text_columns()


# --- The crawl ----------------------------------------------------------------------------------


def crawl(client: StrictClient, start: str) -> Iterator[tuple[str, str, str, int]]:
    """(address, everything that the answer says, its type, its status) of each page that links lead to."""
    seen, waiting, kinds = {start}, deque([start]), {}
    while waiting and len(seen) < MOST_PAGES * 10:
        address = waiting.popleft()
        kind = re.sub(r"[0-9]+", "N", address)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] > SAME_KIND:
            continue
        with client.get(address) as answer:
            body, kind_of_file = answer.data, answer.mimetype
            location, status = answer.location, answer.status_code
        yield address, said(body, kind_of_file), kind_of_file, status
        links = [location] if location else found_links(body) if kind_of_file == "text/html" else []
        for link in links:
            if link.startswith("/") and not link.startswith(("//", "/static")) and link not in seen:
                seen.add(link)
                waiting.append(link)


def found_links(page: bytes) -> list[str]:
    tree = html.document_fromstring(page.decode())
    links = [link for element, name in LINKS for link in tree.xpath(f"//{element}/@{name}")]
    links += tree.xpath("//@hx-get")
    links += [form.get("action", "") for form in tree.iter("form") if form.get("method", "get") == "get"]
    parts = [urlsplit(link) for link in links]
    return [
        part.path + (f"?{part.query}" if part.query else "")
        for part in parts
        if part.netloc in ("", "localhost") and part.scheme in ("", "http")
    ]


def said(body: bytes, kind: str) -> str:
    """The text of an answer; of an archive (XLSX, ZIP) that of all its files, of a PDF what it prints."""
    if kind == "application/pdf":
        with suppress(pypdfium2.PdfiumError):  # what a family sent is no real PDF here
            pages = pypdfium2.PdfDocument(body)
            return " ".join(page.get_textpage().get_text_bounded() for page in pages)
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return " ".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return body.decode("utf-8", "replace")


def start_of(reader: Reader) -> str:
    families = (Reader.CLAIRE, Reader.PAUL, Reader.KARIM, Reader.ZOE, Reader.OBSERVER)
    return "/accueil" if reader in families else "/espace"


def leaks(client: StrictClient, canaries: Canaries, reader: Reader, met: set[Canary]) -> list[str]:
    """What this reader met and must not, and where it was led in vain; what it met is added to `met`."""
    client.reads_pages = False
    canaries.sign_in(client, reader)
    found = []
    for address, text, _kind, status in crawl(client, start_of(reader)):
        if status in (403, 404) and reader is not Reader.OBSERVER:  # to whom files and some pages stay closed
            found.append(f"{reader}: led to {address}, which answers {status}")
        squeezed = SPACES.sub("", text)
        here = {canary for number, canary in canaries.numbers.items() if number in squeezed}
        for token in set(TOKEN.findall(text.lower())):
            here.add(canaries.known[token])
        met |= here
        found += [
            f"{reader}: {canary.column} of {canary.owner} at {address}"
            for canary in here
            if reader not in canary.readers
        ]
    return found


# Of these no page says the token itself: nothing to prove, and nothing to leak.
READ_BY_NOBODY = {
    "document.file_name": "the portal names a file by its category",
    "guardian.iban": "its last four characters alone are shown",
    "mandate.iban": "the same; whole, in groups of four, on the paper of who signed it alone",
    "outgoing_mail.subject": "the page of mails tells their kind",
    "rule_fact.value": "a word that the règlement knows, not this one",
    **dict.fromkeys(
        (f"former_address.{name}" for name in ("address", "address_extra", "postcode", "city")),
        "told in the history, on no page of its own yet",
    ),
}


def test_nobody_meets_what_is_somebody_elses(client, canaries):
    """Each reader in turn. What nobody meets at all would prove nothing: each column is met by somebody."""
    met: set[Canary] = set()
    found = [leak for reader in Reader for leak in leaks(client, canaries, reader, met)]
    assert not found, "\n".join(sorted(set(found)))
    every = [*canaries.known.values(), *canaries.numbers.values()]
    columns = {canary.column for canary in every if canary.readers}
    unread = columns - {canary.column for canary in met} - set(READ_BY_NOBODY)
    assert not unread, ", ".join(sorted(unread))


@pytest.mark.parametrize("reader", [Reader.CLAIRE, Reader.KARIM])
def test_a_calendar_tells_first_names_and_activities_alone(client, world, canaries, reader):
    """Its address is no link of a page: the feed is a reader of its own (R25)."""
    with world.app.app_context():
        token = calendar_feeds.make(canaries.users[reader].id, world.now)
    text = re.sub(r"\r\n ", "", client.get(f"/agenda/{token}.ics").text)
    met = {canaries.known[token] for token in set(TOKEN.findall(text.lower()))}
    assert {canary.column for canary in met} <= {"child.first_name", "activity.name"}
    assert text.count("BEGIN:VEVENT")
    assert not [canary for canary in met if reader not in canary.readers]


@pytest.mark.parametrize(
    "reader",
    [
        Reader.CLAIRE,
        *(pytest.param(one, marks=pytest.mark.wide) for one in (Reader.MEDICAL, Reader.ADMINISTRATOR)),
    ],
)
def test_what_families_type_is_text_on_every_page(client, world, reader):
    canaries = Canaries(world, hostile=True)
    client.reads_pages = False
    canaries.sign_in(client, reader)
    read = crawl(client, start_of(reader))
    pages = {address: page for address, page, kind, _status in read if kind not in FILES}
    assert [address for address, page in pages.items() if SVG in page or "<svg onload" in page] == []
    assert any("&lt;svg onload" in page for page in pages.values()), "no hostile text was met"


# --- The crawl itself ---------------------------------------------------------------------------


def test_a_planted_leak_is_noticed(client, canaries, monkeypatch):
    """« Mes enfants » forgets whose children it is asked for: the crawl of Zoé names them and the page."""
    every = (canaries.a.id, canaries.b.id, canaries.c.id)
    children_of = family.children_with_enrolments
    monkeypatch.setattr(family, "children_with_enrolments", lambda _ids, today: children_of(every, today))

    found = leaks(client, canaries, Reader.ZOE, set())

    assert any("child.first_name of marie at /mes-enfants" in leak for leak in found)


def test_a_new_column_is_noticed():
    copy = sa.MetaData()
    sa.Table("child", copy, sa.Column("secret_note", sa.Text), sa.Column("first_name", sa.String(80)))

    assert text_columns(copy) - {*TABLE, *BY_HAND, *EXCUSED} == {"child.secret_note"}


def test_the_words_of_an_archive_are_read():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/sharedStrings.xml", "<t>qx0001z</t>")

    assert "qx0001z" in said(file.getvalue(), "application/zip")


# --- Mails --------------------------------------------------------------------------------------


def test_a_mail_holds_nothing_that_its_reader_may_not_read(client, canaries, world):
    """Every waiting change is refused: the mails go to who declared, and health goes nowhere."""
    agent = Author(canaries.users[Reader.ADMINISTRATOR].id, Channel.COUNTER)
    for line in world.all(sa.select(ChangeLine).where(ChangeLine.state == ChangeState.PENDING)):
        with world.app.app_context():
            decide(
                line.request_id,
                {line.id: ChangeState.REFUSED},
                {line.id: "Illisible"},
                current={},
                author=agent,
                now=world.now,
                may_read_medical=True,
            )
    addresses = {user.email: reader for reader, user in canaries.users.items()}
    mails = [mail for mail in world.all(OutgoingMail) if mail.kind is MailKind.CHANGE_DECISION]
    assert mails
    for mail in mails:
        reader = addresses[mail.to_address]
        for token in set(TOKEN.findall(" ".join((mail.subject, mail.text, mail.html)).lower())):
            canary = canaries.known[token]
            assert reader in canary.readers, f"{canary.column} of {canary.owner} in a mail to {reader}"
            assert canary.column not in ("medical_record.content", "guardian.iban"), canary.column
