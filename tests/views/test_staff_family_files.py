"""Import and export of families as an administrator meets them (R07)."""

import csv
import io
import json
import zipfile
from datetime import date

import pytest
from python_calamine import CalamineWorkbook

from domain.enums import ChoiceList, DocumentOwner, StaffRole
from domain.family_import import COLUMNS
from models import AuditEvent, Child, DocumentCategory, Household, ListChoice, MedicalRecord, StaffMember
from services.transaction import write_transaction
from tests import family_tables as files
from tests.views.uploads import send_file_form

IMPORT, EXPORT = "/gestion/familles/importer", "/gestion/familles/exporter"
MODEL = f"{IMPORT}/modele"


@pytest.fixture
def town(world):
    world.facility("École Zola")
    world.add(ListChoice(kind=ChoiceList.DIET, label="Sans porc"))
    return world


@pytest.fixture
def administrator(client, town):
    user = town.staff()
    client.sign_in(user)
    return user


def send(client, content: bytes):
    return send_file_form(client, IMPORT, {}, ("familles.csv", content))


def text_of(client) -> str:
    return client.page.get_text(" ", strip=True).replace("\xa0", " ")


# --- Import -----------------------------------------------------------------------------------------------


def test_a_file_is_verified_then_imported(client, administrator, town):
    answer = send(client, files.as_csv([files.line(1), files.line(2, Niveau="CP9")]))
    assert answer.status_code == 303
    client.get(answer.location)
    assert "Ligne 3" in text_of(client)
    assert "Écrivez TPS" in text_of(client)
    assert town.all(Household) == []
    client.submit(answer.location, follow=True)
    assert "1 ligne créée" in text_of(client)
    assert town.one(Child).first_name == "Léo"


def test_the_same_file_again_has_nothing_to_confirm(client, administrator, town):
    content = files.as_csv([files.line(1)])
    client.submit(send(client, content).location)
    client.get(send(client, content).location)
    assert "Sans changement 1" in text_of(client)
    assert client.page.find("button", string="Importer ces familles") is None


def test_differences_are_shown_beside_each_other_and_ticked_to_be_replaced(client, administrator, town):
    client.submit(send(client, files.as_csv([files.line(1)])).location)
    page = send(client, files.as_csv([files.line(1, Ville="Pradines")])).location
    client.get(page)
    assert "Cahors" in text_of(client)
    assert "Pradines" in text_of(client)
    assert client.submit(page).status_code == 422
    assert town.one(Household).city == "Cahors"
    client.submit(page, {"replace": "y"})
    assert town.one(Household).city == "Pradines"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Nom;Age\r\nx;y\r\n", "Il manque la colonne"),
        (files.as_csv([]), "aucune ligne"),
        (b"PK\x03\x04 not a workbook", "ne se lit pas"),
        (b"\x00\x01\x02", "ne se lit pas"),
    ],
    ids=["other columns", "empty", "broken workbook", "not a table"],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(client, administrator, content, said):
    assert send(client, content).status_code == 422
    assert said in text_of(client)


def test_the_page_of_an_unknown_file_does_not_exist(client, administrator):
    assert client.get(f"{IMPORT}/verifier?fichier={'0' * 32}").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_model_is_a_file_that_the_import_takes(client, administrator, town, kind):
    content = client.get(f"{MODEL}.{kind}").data
    answer = send(client, content)
    assert answer.status_code == 303
    client.get(answer.location)
    assert "Créées 1" in text_of(client)


def test_the_workbook_explains_every_column(client, administrator):
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{MODEL}.xlsx").data))
    rows = book.get_sheet_by_name("Explications").to_python()
    assert [row[0] for row in rows[1:]] == [column.title for column in COLUMNS]


# --- Export -----------------------------------------------------------------------------------------------


@pytest.fixture
def family(town):
    household = town.household("=HYPERLINK(1)")
    town.guardian(household, "Claire", mobile_phone="+32 470 12 34 56")
    child = town.child(household)
    town.quotient(household, 622)
    town.add(
        MedicalRecord(
            child_id=child.id, content=json.dumps({"food_allergies": "Arachide"}), updated_at=town.now
        )
    )
    return child


def export(client, kind: str, **data: str) -> bytes:
    answer = client.submit(EXPORT, {"kind": kind, **data})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return answer.data


def test_the_workbook_holds_every_table(client, administrator, family):
    book = CalamineWorkbook.from_filelike(io.BytesIO(export(client, "xlsx")))
    assert book.sheet_names == [
        "Foyers", "Adultes", "Enfants", "Inscriptions", "Scolarités", "Quotients", "Personnes autorisées",
        "Autorisations", "Documents",
    ]  # fmt: skip
    child = book.get_sheet_by_name("Enfants").to_python()[1]
    assert (child[2], child[4]) == ("Léo", date(2019, 5, 4))
    assert book.get_sheet_by_name("Quotients").to_python()[1][1] == 622.0
    assert book.get_sheet_by_name("Foyers").to_python()[1][1] == "=HYPERLINK(1)"


def test_the_csv_opens_in_a_french_spreadsheet_and_runs_nothing(client, administrator, family):
    with zipfile.ZipFile(io.BytesIO(export(client, "csv"))) as archive:
        tables = {name: archive.read(name) for name in archive.namelist()}
    assert all(
        content.startswith(b"\xef\xbb\xbf") and content.endswith(b"\r\n") for content in tables.values()
    )
    quotients = list(csv.reader(io.StringIO(tables["Quotients.csv"].decode("utf-8-sig")), delimiter=";"))
    assert quotients[1][1] == "622,00"
    assert "'=HYPERLINK(1)" in tables["Foyers.csv"].decode("utf-8-sig")
    assert "'+32 470 12 34 56" in tables["Adultes.csv"].decode("utf-8-sig")


def test_an_export_is_in_the_journal(client, administrator, town, family):
    export(client, "xlsx")
    (event,) = town.all(AuditEvent)
    assert (event.action, event.actor_user_id) == ("families.exported", administrator.id)
    assert event.after["rows"]["Enfants"] == 1
    assert "Arachide" not in str(event.after)


def test_health_leaves_only_with_the_right_and_each_child_reads_it(client, administrator, town, family):
    client.get(EXPORT)
    assert client.page.find("input", attrs={"name": "with_health"}) is None
    answer = client.submit(EXPORT, {"kind": "xlsx"}, forged={"with_health": "y"})
    assert "Santé" not in CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).sheet_names

    with town.app.app_context(), write_transaction() as session:
        session.query(StaffMember).filter_by(user_id=administrator.id).one().can_read_medical = True
    book = CalamineWorkbook.from_filelike(io.BytesIO(export(client, "xlsx", with_health="y")))
    assert "Arachide" in str(book.get_sheet_by_name("Santé").to_python())
    readings = [one for one in town.all(AuditEvent) if one.action == "medical.read"]
    assert [one.object_id for one in readings] == [family.id]


def test_a_secret_contact_is_not_exported(client, administrator, town):
    household = town.household(address="9 rue Cachée", city="Figeac")
    town.guardian(household, "Ana", email="ana@exemple.fr", has_secret_contact=True)
    with zipfile.ZipFile(io.BytesIO(export(client, "csv"))) as archive:
        assert b"ana@exemple.fr" not in archive.read("Adultes.csv")
        told = archive.read("Foyers.csv").decode()
    assert "9 rue Cachée" not in told
    assert "Figeac" not in told


def test_a_document_about_health_leaves_without_its_words(client, administrator, town):
    household = town.household()
    child = town.child(household)
    for name, is_medical in (("PAI", True), ("Assurance", False)):
        category = town.add(DocumentCategory(name=name, owner=DocumentOwner.CHILD, is_medical=is_medical))
        town.document(household, category, child, file_name=f"{name}-asthme.pdf", reason=f"{name} incomplet")
    with zipfile.ZipFile(io.BytesIO(export(client, "csv"))) as archive:
        told = archive.read("Documents.csv").decode()
    assert "PAI" not in told
    assert "Assurance-asthme.pdf" in told
    assert "Assurance incomplet" in told


@pytest.mark.parametrize("address", [IMPORT, EXPORT, f"{MODEL}.csv"])
def test_only_an_administrator_imports_and_exports(client, town, address):
    client.sign_in(town.staff(StaffRole.RECEPTION))
    assert client.get(address).status_code == 403
