"""« Transmettre un document », as a family does it (S62 to S76)."""

import io
from datetime import date

import pytest

from domain.enums import AbsenceKind, DocumentEffect, DocumentOwner, DocumentState
from models import (
    Absence,
    Booking,
    Document,
    DocumentCategory,
    DocumentCategoryFacility,
    HouseholdChild,
)
from services import documents
from services.accounts import Author
from tests.booking_bench import TUESDAY, Bench
from tests.document_files import pages, picture, send, written
from tests.school_family import SchoolFamily, words
from tests.statements import at_most
from tests.swap import assert_swap_equals_reload

pytestmark = pytest.mark.files

TODAY = date(2027, 1, 12)


@pytest.fixture
def family(world) -> SchoolFamily:
    return SchoolFamily(world)


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


@pytest.fixture
def home(world) -> DocumentCategory:
    return world.add(
        DocumentCategory(
            name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD, max_age_months=3,
            description="Facture d’énergie ou d’eau, bail ou acte, de moins de trois mois.",
        )
    )  # fmt: skip


@pytest.fixture
def insurance(world) -> DocumentCategory:
    return world.add(DocumentCategory(name="Attestation d’assurance", owner=DocumentOwner.CHILD, position=1))


def branch(client, key):
    return client.page.find("details", id=key)


def form_of(category, household=None, child=None) -> str:
    place = f"foyer/{household.id}" if household else f"enfant/{child.id}"
    return f"/documents/{category.id}/{place}"


def photo(name="photo.jpg"):
    return io.BytesIO(picture()), name


# --- The tree -----------------------------------------------------------------------------------------------


def test_the_tree_has_the_household_then_each_child(claire, family, home, insurance):
    with at_most(6):
        claire.get("/documents")
    titles = [details.h2.get_text() for details in claire.page.select("details.card")]
    assert titles == ["Foyer SOLIGNAC", "Marie", "Léo"]
    household = branch(claire, f"foyer-{family.household.id}")
    assert "1 à transmettre" in words(household.summary)
    assert "Facture d’énergie ou d’eau" in words(household)
    assert "Concerne : le foyer" in words(household)
    assert household.find("a", class_="button")["href"] == form_of(home, family.household)
    assert "Attestation d’assurance" in words(branch(claire, f"enfant-{family.leo.id}"))


def test_each_document_says_where_it_stands(claire, family, home, insurance):
    world = family.world
    world.document(family.household, insurance, family.marie, valid_until=date(2027, 8, 31))
    world.document(family.household, insurance, family.leo, valid_until=date(2026, 8, 31))
    world.document(
        family.household, home, state=DocumentState.REFUSED, reason="La page 2 manque.", file_key="a" * 32
    )
    claire.get("/documents")
    assert "Accepté Reçu jeudi 3 septembre" in words(branch(claire, f"enfant-{family.marie.id}"))
    assert "valable jusqu’au 31/08/2027" in words(branch(claire, f"enfant-{family.marie.id}"))
    assert "Expiré" in words(branch(claire, f"enfant-{family.leo.id}"))
    household = words(branch(claire, f"foyer-{family.household.id}"))
    assert "Refusé" in household
    assert "Motif : La page 2 manque." in household


def test_a_family_book_serves_all_or_one(claire, family, world):
    book = world.add(DocumentCategory(name="Livret de famille", owner=DocumentOwner.EITHER))
    claire.get("/documents")
    assert "à transmettre" in words(branch(claire, f"foyer-{family.household.id}").summary)
    assert "à transmettre" not in words(branch(claire, f"enfant-{family.leo.id}").summary)
    world.document(family.household, book, family.leo)
    world.document(family.household, book, family.marie)
    claire.get("/documents")
    household = branch(claire, f"foyer-{family.household.id}")
    assert "à transmettre" not in words(household.summary)
    assert "Les documents des enfants suffisent." in words(household)
    world.document(family.household, book)
    claire.get("/documents")
    assert "Accepté" in words(branch(claire, f"foyer-{family.household.id}"))


# --- Sending ------------------------------------------------------------------------------------------------


def test_a_document_is_sent_without_javascript(claire, family, home):
    page = form_of(home, family.household)
    claire.get(page)
    assert "12 Mo au plus" in words(claire.page.main)
    control = claire.page.find("input", type="file")
    assert (control["accept"], control.has_attr("multiple")) == ("image/*,application/pdf", True)
    sent = {"files": [photo(), photo("page2.jpg")], "issued_on": "2026-12-20"}
    answer = claire.submit(page, sent, form="form[data-upload]", follow=True)
    assert answer.status_code == 200
    assert "Bien reçu, le service le vérifie" in words(claire.page.main)
    assert "Réponse prévue avant jeudi 14 janvier" in words(claire.page.main)
    document = family.world.one(Document)
    assert (document.page_count, document.issued_on) == (2, date(2026, 12, 20))


def test_the_status_arrives_in_place(claire, family, home):
    page = form_of(home, family.household)
    claire.get(page)
    answer = claire.submit(page, {"files": [photo()]}, form="form[data-upload]", htmx=True)
    address = answer.headers["HX-Push-Url"]
    assert "Bien reçu" in words(claire.page)
    assert address == f"/documents/transmis/{family.world.one(Document).id}"


def test_the_swapped_status_is_the_page_of_the_document(claire, family, home):
    page = form_of(home, family.household)
    number = 1 + max((row.id for row in family.world.all(Document)), default=0)
    assert_swap_equals_reload(
        claire, page, {"files": [photo()]}, form="form[data-upload]", reload=f"/documents/transmis/{number}"
    )


def test_sent_twice_it_is_one_document(claire, family, home):
    page = form_of(home, family.household)
    claire.get(page)
    key = claire.page.find("input", attrs={"name": "upload_key"})["value"]
    for _ in range(2):
        claire.submit(
            page, {"files": [photo()]}, form="form[data-upload]", forged={"upload_key": key}, follow=True
        )
    assert len(family.world.all(Document)) == 1


# Werkzeug leaves the closing of what it had begun to receive to the interpreter.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_sending_cut_in_the_middle_keeps_nothing(claire, family, home):
    page = form_of(home, family.household)
    claire.get(page)
    hidden = {one["name"]: one["value"] for one in claire.page.select("form[data-upload] input[type=hidden]")}
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in hidden.items()]
    parts.append('name="files"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n')
    start = "--b\r\nContent-Disposition: form-data; "
    body = start + f"\r\n{start}".join(parts)
    answer = claire.post(
        page, data=body.encode() + picture("JPEG", (400, 400))[:900],
        content_type="multipart/form-data; boundary=b", headers={"Referer": f"http://localhost{page}"},
    )  # fmt: skip
    assert answer.status_code in (400, 422)
    assert family.world.all(Document) == []


def test_an_old_document_is_sent_with_a_warning(claire, family, home):
    page = form_of(home, family.household)
    claire.submit(
        page, {"files": [photo()], "issued_on": "2026-09-01"}, form="form[data-upload]", follow=True
    )
    assert "date de plus de 3 mois" in words(claire.page.main)


def test_a_refused_file_says_what_to_do(claire, family, home):
    page = form_of(home, family.household)
    answer = claire.submit(
        page,
        {"files": [(io.BytesIO(b"MZ\x90"), "facture.pdf")], "comment": "Bonjour"},
        form="form[data-upload]",
    )
    assert answer.status_code == 422
    assert "n’est ni une photo" in words(claire.page.find(id="erreurs"))
    assert claire.page.find("textarea").get_text().strip() == "Bonjour"
    assert family.world.all(Document) == []


def test_without_file_and_with_a_day_to_come(claire, family, home):
    page = form_of(home, family.household)
    claire.submit(page, {"files": [photo()], "issued_on": "2027-01-13"}, form="form[data-upload]")
    assert "ne peut pas être à venir" in words(claire.page.find(id="erreurs"))
    claire.submit(page, form="form[data-upload]")
    assert "Choisissez le fichier" in words(claire.page.find(id="erreurs"))


@pytest.fixture
def absence(world) -> DocumentCategory:
    return world.add(
        DocumentCategory(
            name="Justificatif d’absence", owner=DocumentOwner.CHILD, effect=DocumentEffect.ABSENCE
        )
    )


def test_an_absence_offers_the_booked_days_only(claire, family, absence):
    page = form_of(absence, child=family.leo)
    claire.get(page)
    assert "Aucun jour n’est réservé pour Léo" in words(claire.page.main)
    assert claire.page.find("form", attrs={"data-upload": True}) is None
    family.book(family.leo, date(2027, 1, 14))
    family.book(family.marie, date(2027, 1, 15))
    claire.get(page)
    days = [box["value"] for box in claire.page.select('input[name="absence_days"]')]
    kinds = [box["value"] for box in claire.page.select('input[name="absence_kind"]')]
    assert days == ["2027-01-14"]
    assert kinds == [kind.value for kind in AbsenceKind]
    claire.submit(page, {"files": [photo()]}, form="form[data-upload]")
    assert "Choisissez la nature du justificatif." in words(claire.page.find(id="erreurs"))
    sent = {"files": [photo()], "absence_kind": "medical", "absence_days": ["2027-01-14"]}
    claire.submit(page, sent, form="form[data-upload]", follow=True)
    assert family.world.one(Absence).document_id == family.world.one(Document).id


def test_an_absence_is_nobodys_duty(claire, family, absence):
    claire.get("/documents")
    assert "à transmettre" not in words(branch(claire, f"enfant-{family.leo.id}").summary)


# --- What became of it --------------------------------------------------------------------------------------


def test_ones_own_document_is_downloaded_as_an_attachment(claire, family, home):
    document_id = send(
        family.world, family.household, home, user=family.claire,
    )  # fmt: skip
    answer = claire.get(f"/documents/transmis/{document_id}/fichier")
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == "attachment; filename=photo.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    small = claire.get(f"/documents/transmis/{document_id}/apercu")
    assert (small.mimetype, small.data[:3]) == ("image/jpeg", b"\xff\xd8\xff")


def test_what_waits_can_be_taken_back(claire, family, home):
    document_id = send(family.world, family.household, home, user=family.claire)
    page = f"/documents/transmis/{document_id}"
    claire.submit(page, form=f"{page}/retirer", follow=True)
    assert "Le document est retiré." in words(claire.page.main)
    assert claire.get(page).status_code == 404


def other_home_of(family, **columns):
    """Léo's other household, and its adult."""
    other = family.world.household("MARTIN")
    family.world.add(HouseholdChild(household_id=other.id, child_id=family.leo.id, **columns))
    return family.world.parent(other, "Paul")


@pytest.mark.parametrize(("is_private", "status"), [(False, 200), (True, 404)])
def test_the_other_home_reads_what_is_not_private(client, family, insurance, is_private, status):
    document_id = send(
        family.world, family.household, insurance, family.leo, user=family.claire, is_private=is_private
    )
    client.sign_in(other_home_of(family))
    for end in ("", "/fichier", "/apercu"):
        assert client.get(f"/documents/transmis/{document_id}{end}").status_code == status
    client.get("/documents")
    assert ("Transmis" in words(client.page.main)) is not is_private
    assert "Retirer" not in words(client.page.main)


def test_a_restricted_home_reads_nothing(client, family, insurance):
    document_id = send(family.world, family.household, insurance, family.leo, user=family.claire)
    client.sign_in(other_home_of(family, is_restricted=True))
    assert client.get(f"/documents/transmis/{document_id}").status_code == 404
    assert client.get(form_of(insurance, child=family.leo)).status_code == 404


def test_the_other_home_never_reads_the_households_own(client, family, home):
    document_id = send(family.world, family.household, home, user=family.claire)
    client.sign_in(other_home_of(family))
    assert client.get(f"/documents/transmis/{document_id}").status_code == 404


def test_privacy_is_asked_only_where_there_is_another_home(claire, family, insurance):
    page = form_of(insurance, child=family.leo)
    claire.get(page)
    assert claire.page.find("input", attrs={"name": "is_private"}) is None
    other_home_of(family)
    claire.submit(page, {"files": [photo()], "is_private": "y"}, form="form[data-upload]", follow=True)
    assert family.world.one(Document).is_private
    assert "ne voit pas ce document" in words(claire.page.main)


def test_a_pdf_of_several_pages_is_counted(claire, family, home):
    page = form_of(home, family.household)
    sent = {"files": [(io.BytesIO(written(pages(3))), "bail.pdf")]}
    claire.submit(page, sent, form="form[data-upload]", follow=True)
    assert "3 pages" in words(claire.page.main)


# --- What stops a booking -----------------------------------------------------------------------------------


def test_a_missing_document_holds_the_booking_back_and_says_where_to_send_it(client, world):
    bench = Bench(world)
    client.sign_in(bench.claire)
    insurance = world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD, gates_booking=True))
    elsewhere = world.facility("ALSH Saint-Géry")
    vaccines = world.add(DocumentCategory(name="Vaccination", owner=DocumentOwner.CHILD, gates_booking=True))
    world.add(DocumentCategoryFacility(category_id=vaccines.id, facility_id=elsewhere.id))
    key = bench.start()
    bench.touch(key, TUESDAY)
    recap = f"/reservations/{key}/recapitulatif"
    client.get(recap)
    told = client.page.find("a", href=form_of(insurance, child=bench.leo)).parent
    assert "Transmettez d’abord le document « Assurance » pour Léo" in words(told)
    assert "Vaccination" not in words(client.page.main)
    client.submit(form_of(insurance, child=bench.leo), {"files": [photo()]}, form="form[data-upload]")
    client.submit(recap, form=f"/reservations/{key}/valider", follow=True)
    assert world.one(Booking).child_id == bench.leo.id


# --- The day and its proof ----------------------------------------------------------------------------------


def test_a_justified_day_and_its_proof_lead_to_each_other(claire, family, absence):
    day = date(2027, 1, 14)
    family.book(family.leo, day)
    document_id = send(
        family.world, family.household, absence, family.leo, user=family.claire,
        absence_kind=AbsenceKind.MEDICAL, absence_days=(day,),
    )  # fmt: skip
    panel = f"/planning/2027-01/jours/{day.isoformat()}"
    claire.get(panel)
    assert "Absence signalée" in words(claire.page.find(id="jour"))
    agent = Author(family.world.staff().id)
    with family.world.app.app_context():
        documents.accept(
            document_id, documents.Acceptance(justified_days=(day,)), author=agent, now=family.world.now
        )
    claire.get(panel)
    assert "Absence justifiée" in words(claire.page.find(id="jour"))
    claire.get(claire.page.find("a", string="Voir le justificatif")["href"])
    link = claire.page.find("a", string=lambda text: text and "14" in text)
    assert link["href"] == panel
    assert "absence justifiée" in words(link.parent)
