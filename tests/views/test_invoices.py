"""The bills of a family: the list, one bill, its PDF, a contested line (S54 to S56, S58, S61, R43)."""

import re
from datetime import date
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
import segno
from PIL import Image
from sqlalchemy import select

from domain.enums import (
    DisputeState,
    InvoiceKind,
    InvoiceLineKind,
    InvoiceState,
    MailKind,
    PaymentState,
    StaffRole,
)
from domain.french import format_day, format_euros
from models import AuditEvent, Invoice, LineDispute, OutgoingMail, PaymentAllocation, Regie
from services.file_stores import Place
from services.transaction import write_transaction
from tests import stored_files
from tests.school_family import words
from tests.statements import at_most, recorded

DECEMBER = date(2026, 12, 1)
STAFF = "/gestion/facturation/contestations"
TARIFF = ["Quotient 480 : tranche B.", f"Repas : {format_euros(320)}."]


@pytest.fixture
def home(world):
    return world.household()


@pytest.fixture
def claire(client, world, home):
    client.sign_in(world.parent(home))
    return client


@pytest.fixture
def regie(world):
    return world.regie(
        payment_terms="Par chèque à l’ordre du Trésor public,\nou par virement.",
        iban="FR7630001007941234567890185",
        bic="BDFEFRPPCCT",
        address="1 place Mitterrand, 46000 Cahors",
    )


def meal(day: int, **columns: object) -> dict:
    on = date(2026, 12, day)
    label = f"Cantine, repas, {format_day(on)}"
    return {"label": label, "amount_cents": 320, "day": on, "explanation": TARIFF} | columns


@pytest.fixture
def leo(world, home):
    return world.child(home, "Léo")


@pytest.fixture
def bill(world, home, regie, leo):
    canteen = world.activity(world.facility("École du Centre"), "Cantine")
    of_leo = {"child_id": leo.id, "activity_id": canteen.id}
    lines = [
        meal(3, **of_leo),
        meal(4, **of_leo),
        meal(7, **of_leo, kind=InvoiceLineKind.ABSENCE, explanation=["Absence non justifiée : repas dû."]),
        {"label": "Remise fratrie", "amount_cents": -100, "kind": InvoiceLineKind.ADJUSTMENT},
    ]
    return world.invoice(regie, home, DECEMBER, lines)


def pay(world, bill, payment, cents, state):
    """What the cash desk writes."""
    with world.app.app_context(), write_transaction() as session:
        session.add(PaymentAllocation(payment_id=payment.id, invoice_id=bill.id, amount_cents=cents))
        row = session.get_one(Invoice, bill.id)
        row.settled_cents, row.state = cents, state
        row.settled_on = payment.received_on if state is InvoiceState.SETTLED else None


def text_of(response) -> str:
    pdf = pypdfium2.PdfDocument(BytesIO(response.data))
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pdf).split())


def said(client) -> str:
    return words(client.page.main)


# --- The list -------------------------------------------------------------------------------------


def test_every_bill_is_listed_the_newest_first(claire, world, home, regie, bill):
    world.invoice(regie, home, date(2025, 3, 1), [meal(3)], InvoiceState.SETTLED, settled_cents=320)
    claire.get("/factures")
    assert "Reste à payer 8,60 €" in said(claire)
    rows = [words(row) for row in claire.page.select(".todo li")]
    assert [row.split(" n°")[0] for row in rows] == [
        "Mars 2025 : facture RP-2027-000002",
        "Décembre 2026 : facture RP-2027-000001",
    ]
    assert "À payer avant le jeudi 11 février 2027" in rows[1]
    assert "Non soldée – en attente de confirmation du Trésor public" in rows[1]
    assert rows[1].endswith("8,60 €")


def test_several_years_have_a_heading_each(claire, world, home, regie):
    with world.app.app_context(), write_transaction() as session:
        for year in (2025, 2026):
            session.add(
                Invoice(
                    regie_id=regie.id, household_id=home.id, kind=InvoiceKind.INVOICE, month=date(year, 3, 1),
                    state=InvoiceState.SETTLED, year=year, number=1, reference=f"RP-{year}-000001",
                    recipient_name="Claire", recipient_address="", issue_day=date(year, 4, 2),
                    due_day=date(year, 5, 2), total_cents=0, created_at=world.now,
                )
            )  # fmt: skip
    claire.get("/factures")
    assert [words(title) for title in claire.page.select("main h3")] == ["Émises en 2026", "Émises en 2025"]


def test_a_late_bill_is_told_in_words(claire, world, home, regie):
    world.invoice(regie, home, DECEMBER, [meal(3)], due_day=date(2027, 1, 11))
    claire.get("/factures")
    assert "En retard" in said(claire)


def test_a_bill_due_today_is_not_late(claire, world, home, regie):
    world.invoice(regie, home, DECEMBER, [meal(3)], due_day=date(2027, 1, 12))
    claire.get("/factures")
    assert "En retard" not in said(claire)


@pytest.mark.parametrize("state", [InvoiceState.DRAFT, InvoiceState.CARRIED])
def test_what_was_not_issued_is_the_service_s_own(claire, world, home, regie, state):
    hidden = world.invoice(regie, home, DECEMBER, [meal(3)], state)
    claire.get("/factures")
    assert "Aucune facture n’a encore été émise." in said(claire)
    for address in ("", "/pdf"):
        assert claire.get(f"/factures/{hidden.id}{address}").status_code == 404


def test_an_adult_of_two_households_reads_them_apart(client, world, home, regie, bill):
    other = world.household("MARTIN")
    claire = world.guardian(home)
    world.join(other, claire)
    world.invoice(regie, other, DECEMBER, [meal(3)])
    user = world.user()
    with world.app.app_context(), write_transaction() as session:
        session.get_one(type(claire), claire.id).user_id = user.id
    client.sign_in(user)
    client.get("/factures")
    assert "Reste à payer 11,80 €" in said(client)
    assert [words(title) for title in client.page.select("main > h2")] == [
        "Famille SOLIGNAC",
        "Famille MARTIN",
    ]


def test_the_list_asks_eight_questions_at_most(claire, world, home, regie, bill):
    with at_most(8), recorded() as few:
        claire.get("/factures")
    for number in range(1, 6):
        world.invoice(regie, home, date(2026, number, 1), [meal(3)])
    with recorded() as many:
        claire.get("/factures")
    assert len(few) == len(many)


# --- One bill -------------------------------------------------------------------------------------


def test_a_bill_is_worked_out_by_hand_from_its_page(claire, bill, leo):
    claire.get(f"/factures/{bill.id}")
    page = said(claire)
    assert "Facture de décembre 2026" in page
    assert "Léo 9,60 €" in page
    assert "Cantine, École du Centre 9,60 €" in page
    assert "Toute la facture −1,00 €" in page
    assert "Reste à payer 8,60 € À payer avant le jeudi 11 février 2027." in page
    assert "Absence due Absence non justifiée : repas dû." in page
    lines = [words(line) for line in claire.page.select("main summary")]
    assert lines == [
        "Repas : 2 × 3,20 € 6,40 €",
        "Repas, jeudi 3 décembre 3,20 €",
        "Repas, vendredi 4 décembre 3,20 €",
        "Repas, lundi 7 décembre 3,20 €",
        "Remise fratrie −1,00 €",
    ]
    assert "Les 3 et 4 décembre. Quotient 480 : tranche B." in page
    assert "Quotient 480 : tranche B. Repas : 3,20 €." in words(claire.page.select_one("main details"))


def test_who_bills_whom_and_how_to_pay_is_said(claire, bill):
    claire.get(f"/factures/{bill.id}")
    page = said(claire)
    assert "Régie périscolaire Votre commune 1 place Mitterrand, 46000 Cahors" in page
    assert "Adressée à Famille SOLIGNAC 12 rue Nationale" in page
    assert "Par chèque à l’ordre du Trésor public, ou par virement." in page
    assert "FR7630001007941234567890185" in page


def test_money_received_is_told_with_its_day(claire, world, home, regie, bill):
    pay(world, bill, world.payment(regie, home, 500, allocated_cents=500), 500, InvoiceState.PARTIAL)
    claire.get(f"/factures/{bill.id}")
    assert "Chèque reçu le mardi 12 janvier 2027 −5,00 €" in said(claire)
    assert "Reste à payer 3,60 €" in said(claire)
    assert "Réglée en partie" in said(claire)


def test_a_settled_bill_says_when_and_no_longer_how_to_pay(claire, world, home, regie, bill):
    pay(world, bill, world.payment(regie, home, 860, allocated_cents=860), 860, InvoiceState.SETTLED)
    claire.get(f"/factures/{bill.id}")
    assert "Soldée le mardi 12 janvier 2027" in said(claire)
    assert "Comment payer" not in said(claire)


def test_a_cancelled_payment_is_not_told(claire, world, home, regie, bill):
    values = {"cancelled_at": world.now, "cancelled_by_name": "Agnès", "cancel_reason": "Erreur"}
    world.payment(regie, home, 500, state=PaymentState.CANCELLED, **values)
    claire.get(f"/factures/{bill.id}")
    assert "Aucun règlement reçu pour cette facture." in said(claire)


def test_a_credit_note_and_its_bill_lead_to_each_other(claire, world, home, regie, bill):
    credit = {"kind": InvoiceKind.CREDIT_NOTE, "corrects_id": bill.id}
    line = {"label": "Repas du 7 décembre", "amount_cents": -320, "kind": InvoiceLineKind.CORRECTION}
    note = world.invoice(regie, home, DECEMBER, [line], InvoiceState.SETTLED, **credit)
    claire.get(f"/factures/{note.id}")
    assert "Avoir de décembre 2026" in said(claire)
    assert f"Cet avoir corrige la facture {bill.reference}" in said(claire)
    claire.get(f"/factures/{bill.id}")
    assert f"Avoir {note.reference} du mardi 12 janvier 2027 −3,20 €" in said(claire)


@pytest.mark.parametrize("address", ["", "/pdf", "/lignes/{line}/contester"])
def test_somebody_else_s_bill_is_not_found(client, world, bill, address):
    client.sign_in(world.parent(world.household("MARTIN"), "Nadia"))
    line = world.dispute(bill, world.user()).line_id
    assert client.get(f"/factures/{bill.id}{address.format(line=line)}").status_code == 404


def test_a_bill_asks_as_much_whatever_its_lines(claire, world, home, regie, bill):
    with at_most(8), recorded() as few:
        claire.get(f"/factures/{bill.id}")
    long = world.invoice(regie, home, DECEMBER, [meal(day) for day in range(1, 29)])
    with recorded() as many:
        claire.get(f"/factures/{long.id}")
    assert len(few) == len(many)


# --- The PDF --------------------------------------------------------------------------------------


def test_the_pdf_says_what_the_page_says_to_the_cent(claire, world, home, regie, bill):
    pay(world, bill, world.payment(regie, home, 500, allocated_cents=500), 500, InvoiceState.PARTIAL)
    claire.get(f"/factures/{bill.id}")
    page = said(claire)
    response = claire.get(f"/factures/{bill.id}/pdf")
    assert response.mimetype == "application/pdf"
    text = text_of(response)
    amounts = set(re.findall(r"−?\d+,\d\d €", text))
    assert {"8,60 €", "3,60 €", "−5,00 €", "−1,00 €", "9,60 €"} <= amounts
    assert amounts - {"6,40 €"} <= set(re.findall(r"−?\d+,\d\d €", page))  # two meals told together
    assert text.count(format_euros(860).replace("\u00a0", " ")) == 1
    for known in (
        bill.reference,
        "Famille SOLIGNAC",
        "12 rue Nationale",
        "Régie périscolaire",
        "jeudi 11 février 2027",
    ):
        assert known in text
    assert "Repas : 2 × 3,20 €" in text
    assert "Les 3 et 4 décembre. Quotient 480 : tranche B. Repas : 3,20 €." in text
    assert "IBAN FR7630001007941234567890185" in text


def test_accents_and_ligatures_are_printed(claire, world, home, regie):
    line = {"label": "Goûter à l’œuf, Noëlle Çelik", "amount_cents": 12345678}
    bill = world.invoice(regie, home, DECEMBER, [line], recipient_name="Cœur ÉLOÏSE")
    text = text_of(claire.get(f"/factures/{bill.id}/pdf"))
    assert "Goûter à l’œuf, Noëlle Çelik" in text
    assert "Cœur ÉLOÏSE" in text
    assert "123 456,78 €" in text


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("NGUYỄN Ștefan", "NGUYÊN Stefan"),  # the nearest sign that the font has
        ("ZOE\u0308 Noe\u0308l", "ZOË Noël"),  # typed letter by accent
        ("Иван 😀", "???? ?"),
        ("Léa\u200b\tROY", "Léa ROY"),
    ],
)
def test_no_letter_of_a_name_vanishes_from_the_paper(claire, world, home, regie, name, printed):
    bill = world.invoice(regie, home, DECEMBER, [meal(3)], recipient_name=name)
    assert printed in text_of(claire.get(f"/factures/{bill.id}/pdf"))


def test_a_long_bill_prints_on_several_pages_with_its_total(claire, world, home, regie):
    lines = [{"label": f"Stage numéro {number}", "amount_cents": 100 + number} for number in range(60)]
    bill = world.invoice(regie, home, DECEMBER, lines)
    response = claire.get(f"/factures/{bill.id}/pdf")
    assert len(pypdfium2.PdfDocument(BytesIO(response.data))) > 1
    text = text_of(response)
    assert "Stage numéro 59" in text
    assert "Reste à payer 77,70 €" in text


def test_an_ordinary_month_prints_on_one_page(claire, world, home, regie, leo):
    """66 days of two children and four activities, each with its arithmetic, as the règlement tells it."""
    lines = []
    for child in (leo, world.child(home, "Marie")):
        for name, days in (("Cantine", range(1, 18)), ("Garderie", range(1, 17))):
            activity = world.activity(world.facility(f"{name} {child.first_name}"), name)
            for day in days:
                on = date(2026, 12, day)
                said = [
                    f"Repas du {format_day(on)}, commune, quotient familial 845, tranche C.",
                    "Règlement.",
                ]
                lines.append(meal(day, child_id=child.id, activity_id=activity.id, explanation=said))
    bill = world.invoice(regie, home, DECEMBER, lines)
    response = claire.get(f"/factures/{bill.id}/pdf")
    assert len(lines) == 66
    assert len(pypdfium2.PdfDocument(BytesIO(response.data))) == 1
    assert text_of(response).count("Règlement.") == 1
    assert "Reste à payer 211,20 €" in text_of(response)


def signed_by(world, mode: str = "RGBA", size: tuple[int, int] = (400, 96)) -> bytes:
    """The town has a logo that is transparent but for a plum square in its middle; the picture kept."""
    drawn = Image.new("RGBA", size, (0, 0, 0, 0))
    drawn.paste("#7a1f5c", (size[0] // 2 - 10, size[1] // 2 - 10, size[0] // 2 + 10, size[1] // 2 + 10))
    out = BytesIO()
    drawn.convert(mode).save(out, "PNG")
    kept = stored_files.keep(world.app, Place.FILES, out.getvalue(), ".png")
    world.settings(logo=f"{kept.key} {size[0]} {size[1]}")
    return out.getvalue()


@pytest.mark.parametrize("logo", ["", "RGBA", "P"])
def test_the_pdf_is_made_to_be_kept(claire, world, bill, logo):
    """PDF/A-2b as far as its structure tells: identity, colours, fonts, nothing that acts, is locked or lets
    another thing through."""
    if logo:
        signed_by(world, logo)
    data = claire.get(f"/factures/{bill.id}/pdf").data
    assert re.match(rb"%PDF-1\.7\n%[\x80-\xff]{4}", data)  # the second line says that it is no text
    assert data.rstrip().endswith(b"%%EOF")
    with pikepdf.open(BytesIO(data)) as pdf:
        with pdf.open_metadata() as told:
            assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("2", "B")
            assert told["dc:title"] == f"Facture {bill.reference}"
            assert told["dc:creator"] == ["Votre commune"]
        (intent,) = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.N == 3
        assert intent.DestOutputProfile.read_bytes()[16:20] == b"RGB "
        assert "/Filter" not in pdf.Root.Metadata
        assert str(pdf.Root.Lang) == "fr"
        assert not pdf.is_encrypted
        assert len(pdf.trailer.ID) == 2
        assert not {"/JavaScript", "/EmbeddedFiles"} & set(pdf.Root.get("/Names", {}))
        assert not {"/AA", "/AcroForm", "/OCProperties"} & set(pdf.Root)
        assert isinstance(pdf.Root.OpenAction, pikepdf.Array)  # where to look, nothing to run
        for page in pdf.pages:
            assert not {"/Annots", "/AA"} & set(page.keys())
            for font in page.Resources.Font.values():
                (drawn,) = font.DescendantFonts
                assert "/FontFile2" in drawn.FontDescriptor
                assert "+" in str(drawn.BaseFont)  # a subset
                assert "/ToUnicode" in font
            for state in page.Resources.get("/ExtGState", {}).values():
                assert {state.get("/CA", 1), state.get("/ca", 1)} == {1}
                assert state.get("/SMask", "/None") == "/None"
        objects = [one for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        assert not any("/SMask" in one or "/F" in one for one in objects)
        assert not any(one.get("/Filter") == "/LZWDecode" for one in objects)
        pictures = [one for one in objects if one.get("/Subtype") == "/Image"]
        assert [str(one.ColorSpace) for one in pictures] == ["/DeviceRGB"] * bool(logo)
        assert not any(one.get("/Interpolate", False) for one in pictures)


def test_the_logo_of_the_town_is_at_the_top_of_its_papers(claire, world, home, bill, leo):
    """On the first page alone, in its proportions, white where it is transparent."""
    addresses = (
        f"/factures/{bill.id}/pdf", f"/factures/releve/{home.id}/pdf",
        f"/factures/attestations/fiscale/2026/{home.id}/pdf",
        f"/factures/attestations/presence/{leo.id}/pdf?du=2026-12-01&au=2026-12-31",
    )  # fmt: skip
    before = [claire.get(address).data for address in addresses]
    signed_by(world, size=(150, 96))
    for address, former in zip(addresses, before, strict=True):
        assert b"/Subtype /Image" not in former
        document = pypdfium2.PdfDocument(BytesIO(claire.get(address).data))
        (logo,) = document[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
        left, bottom, right, top = (side * 25.4 / 72 for side in logo.get_bounds())
        assert 5 < 297 - top < 15
        assert left < 15
        assert top - bottom == pytest.approx(18, abs=0.1)
        assert (right - left) / (top - bottom) == pytest.approx(150 / 96, abs=0.01)
        seen = logo.get_bitmap().to_pil().convert("RGB")
        assert seen.getpixel((2, 2)) == (255, 255, 255)
        assert seen.getpixel((75, 48)) == (122, 31, 92)


def test_the_same_bill_is_the_same_paper(claire, world, bill):
    """But for the moment at which the file is made, and its name that follows from it."""
    signed_by(world)
    moments = re.compile(
        rb"(?:/CreationDate|/ID) ?[(\[][^)\]]*[)\]]|<xmp:[^>]*>|(?:Create|Modify|Metadata)Date=\"[^\"]*\""
    )
    one, other = (moments.sub(b"", claire.get(f"/factures/{bill.id}/pdf").data) for _ in range(2))
    assert one == other
    assert one.count(b"/Subtype /Image") == 1


def test_a_bill_whose_logo_is_lost_is_still_a_bill(claire, world, bill):
    signed_by(world)
    stored_files.lose(world.app, Place.FILES)
    response = claire.get(f"/factures/{bill.id}/pdf")
    assert b"/Subtype /Image" not in response.data
    assert bill.reference in text_of(response)


def test_a_damaged_logo_is_left_out(claire, world, bill):
    damaged = stored_files.keep(world.app, Place.FILES, b"\x89PNG\r\n\x1a\nnothing", ".png")
    world.settings(logo=f"{damaged.key} 60 80")
    assert bill.reference in text_of(claire.get(f"/factures/{bill.id}/pdf"))


PAYLOAD = "BCD\n002\n1\nSCT\nBDFEFRPPCCT\nRégie périscolaire\nFR7630001007941234567890185\nEUR3.6\n\n\n{}"


def test_a_transfer_is_prepared_for_what_is_left(claire, world, home, regie, bill):
    pay(world, bill, world.payment(regie, home, 500, allocated_cents=500), 500, InvoiceState.PARTIAL)
    pdf = pypdfium2.PdfDocument(BytesIO(claire.get(f"/factures/{bill.id}/pdf").data))
    wanted = segno.make_qr(PAYLOAD.format(bill.reference).encode(), error="m", boost_error=False)
    assert drawn_code(pdf[0], len(wanted.matrix)) == [bytes(row) for row in wanted.matrix]


def drawn_code(page, side: int) -> list[bytes]:
    """The modules of the code, from the rectangles of the page: nothing else of a bill is a surface."""
    found = [shape.get_bounds() for shape in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH])]
    boxes = [box for box in found if box[3] - box[1] > 1.5]
    left, top = min(box[0] for box in boxes), max(box[3] for box in boxes)
    module = (max(box[2] for box in boxes) - left) / side

    def is_dark(column: int, row: int) -> bool:
        x, y = left + (column + 0.5) * module, top - (row + 0.5) * module
        return any(box[0] < x < box[2] and box[1] < y < box[3] for box in boxes)

    return [bytes(is_dark(column, row) for column in range(side)) for row in range(side)]


@pytest.mark.parametrize("case", ["settled", "no account"])
def test_no_transfer_is_prepared_where_none_is_wanted(claire, world, home, regie, bill, case):
    if case == "settled":
        pay(world, bill, world.payment(regie, home, 860, allocated_cents=860), 860, InvoiceState.SETTLED)
    else:
        with world.app.app_context(), write_transaction() as session:
            session.get_one(Regie, regie.id).iban = ""
    assert "À scanner" not in text_of(claire.get(f"/factures/{bill.id}/pdf"))


# --- A contested line -----------------------------------------------------------------------------


def contest(claire, bill, message="Léo était malade."):
    claire.get(f"/factures/{bill.id}")
    link = claire.page.find("a", string=re.compile("Contester cette ligne")) or claire.page.select_one(
        "main details a.button"
    )
    return claire.submit(link["href"], {"message": message}, follow=True)


def test_a_line_is_contested_and_the_answer_is_read_on_the_bill(claire, world, home, bill):
    assert contest(claire, bill).status_code == 200
    assert "Votre contestation est transmise au service." in words(claire.page)
    assert "Contestée" in words(claire.page.select_one("main details"))
    assert "Léo était malade." in said(claire)

    claire.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    claire.get(STAFF)
    assert "Cantine, repas, jeudi 3 décembre" in said(claire)
    address = claire.page.select_one("main td a")["href"]
    claire.get(address)
    assert "Quotient 480 : tranche B." in said(claire)
    assert "Léo était malade." in said(claire)
    claire.submit(address, {"decision": "accepted", "words": "Un avoir va suivre."}, follow=True)
    assert "Réponse du service Un avoir va suivre." in said(claire)
    assert [mail.kind for mail in world.all(OutgoingMail)] == [MailKind.DISPUTE_DECISION]
    mail = world.one(OutgoingMail)
    assert f"/factures/{bill.id}" in mail.text
    assert "Le service a accepté votre contestation" in mail.text
    assert "Un avoir va suivre." in mail.html
    actions = [event.action for event in world.all(select(AuditEvent).order_by(AuditEvent.id))]
    assert actions == ["line_dispute.opened", "line_dispute.answered"]


def test_the_family_reads_a_refusal(claire, world, bill):
    world.dispute(
        bill,
        world.user(),
        state=DisputeState.REFUSED,
        answer="Le délai est passé.",
        answered_at=world.now,
        answered_by_name="Agnès",
    )
    claire.get(f"/factures/{bill.id}")
    line = words(claire.page.select_one("main details details"))
    assert "Refusée Réponse du service (mardi 12 janvier 2027, 10 h) Le délai est passé." in line
    assert "Contester cette ligne" not in line


def test_a_line_is_contested_once(claire, world, bill):
    contest(claire, bill)
    again = f"/factures/{bill.id}/lignes/{world.one(LineDispute).line_id}/contester"
    claire.submit(again, {"message": "Encore."}, follow=True)
    assert world.one(LineDispute).message == "Léo était malade."


def test_an_answered_line_is_not_contested_again(claire, world, bill):
    done = {"state": DisputeState.REFUSED, "answered_at": world.now, "answer": "Non."}
    line_id = world.dispute(bill, world.user(), **done).line_id
    response = claire.submit(f"/factures/{bill.id}/lignes/{line_id}/contester", {"message": "Encore."})
    assert response.status_code == 422
    assert "Le service a déjà répondu pour cette ligne." in said(claire)
    assert len(world.all(LineDispute)) == 1


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("", "Dites ce qui ne va pas"),
        ("   ", "Dites ce qui ne va pas"),
        ("x" * 1001, "1000 caractères"),
    ],
)
def test_a_contest_needs_words(claire, world, bill, message, sentence):
    assert contest(claire, bill, message).status_code == 422
    assert sentence in said(claire)
    assert world.all(LineDispute) == []


def test_a_line_of_another_bill_is_not_found(claire, world, home, regie, bill):
    other = world.invoice(regie, home, DECEMBER, [meal(3)])
    line_id = world.dispute(other, world.user()).line_id
    assert claire.get(f"/factures/{bill.id}/lignes/{line_id}/contester").status_code == 404


def test_two_agents_do_not_answer_one_line_twice(client, world, bill):
    dispute = world.dispute(bill, world.user())
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    client.get(f"{STAFF}/{dispute.id}")
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    typed = {"csrf_token": token, "decision": "refused", "words": "Non."}
    answers = [client.post(f"{STAFF}/{dispute.id}", data=typed).status_code for _ in range(2)]
    assert answers == [303, 409]
    assert world.one(LineDispute).state is DisputeState.REFUSED


@pytest.mark.parametrize("typed", [{"words": "Non."}, {"decision": "refused", "words": " "}])
def test_an_answer_needs_a_decision_and_words(client, world, bill, typed):
    dispute = world.dispute(bill, world.user())
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    assert client.submit(f"{STAFF}/{dispute.id}", typed).status_code == 422
    assert world.one(LineDispute).state is DisputeState.OPEN
