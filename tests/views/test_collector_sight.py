"""What the régie reads of a family: its household and what is due, no sheet of a child (S108, S114)."""

import pytest

from domain.enums import DocumentEffect, DocumentOwner, StaffRole
from models import DocumentCategory
from tests.school_family import SchoolFamily
from tests.views.reading import text


@pytest.fixture
def family(world, client):
    """The régie is signed in."""
    client.sign_in(world.staff(StaffRole.COLLECTOR))
    return SchoolFamily(world)


def sent(family, name: str, effect: DocumentEffect):
    owner = DocumentOwner.HOUSEHOLD
    return family.world.sent_document(
        family.household, family.world.add(DocumentCategory(name=name, owner=owner, effect=effect))
    )


def file_of(family) -> str:
    return f"/gestion/familles/{family.household.id}"


def test_the_file_tells_the_household_and_its_quotient(client, world, family):
    world.quotient(family.household, 622)
    sent(family, "Attestation de ressources", DocumentEffect.QUOTIENT)
    sent(family, "Certificat de scolarité", DocumentEffect.NONE)

    client.get(file_of(family))

    said = text(client)
    assert "SOLIGNAC, dossier" in said
    assert "622" in said
    assert "Justificatifs du quotient Attestation de ressources" in said
    assert "Noter un quotient" not in said
    assert "Certificat de scolarité" not in said
    assert "école non renseignée" not in said
    assert "2026-2027" not in said


def test_a_child_leads_to_its_days_and_not_to_its_sheet(client, family):
    client.get(file_of(family))
    links = [link["href"] for link in client.page.find(id="enfants").select("h3 a")]
    assert all(link.endswith("/jours") for link in links)
    assert len(links) == 2

    client.get(links[0])
    assert "Historique du" in text(client)
    sheets = {link["href"] for link in client.page.find_all("a", href=True) if "/enfants/" in link["href"]}
    assert not [link for link in sheets if "/jours" not in link]


@pytest.mark.parametrize("page", ["", "/garde"])
def test_the_sheet_of_a_child_and_its_custody_stay_closed(client, family, page):
    assert client.get(f"{file_of(family)}/enfants/{family.leo.id}{page}").status_code == 403


@pytest.fixture
def without_tokens(world, monkeypatch):
    monkeypatch.setitem(world.app.config, "WTF_CSRF_ENABLED", False)


def test_a_proof_of_quotient_opens_and_is_not_decided(client, family, without_tokens):
    proof = sent(family, "Attestation de ressources", DocumentEffect.QUOTIENT)
    address = f"/gestion/a-traiter/documents/{proof.id}"

    client.get(address)
    assert "Attestation de ressources · SOLIGNAC" in text(client)
    assert client.page.find(attrs={"name": "decision"}) is None
    client.submit(address, form="#pages form", follow=True)
    assert client.get(f"{address}/pages/1").mimetype == "image/jpeg"
    assert client.post(address, data={"decision": "accepter"}).status_code == 403


def test_any_other_document_is_not_there(client, family, without_tokens):
    paper = sent(family, "Certificat de scolarité", DocumentEffect.NONE)
    case = f"/gestion/a-traiter/documents/{paper.id}"
    for address in (case, f"{case}/pages/1"):
        assert client.get(address).status_code == 404
    for address in (f"{case}/pages", f"{file_of(family)}/documents/{paper.id}/telecharger"):
        assert client.post(address).status_code == 404
