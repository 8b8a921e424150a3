"""One document, several people at the same moment: one sending, one decision (S71, S110)."""

from datetime import date

import pytest

from adapters.document_files import make_safe
from domain.enums import AbsenceKind, DocumentEffect, DocumentOwner, DocumentState
from domain.errors import Refused, Stale
from models import Document, DocumentCategory, OutgoingMail
from services import documents
from services.accounts import Author
from tests.document_files import picture, send
from tests.races.test_places import all_at_once

pytestmark = pytest.mark.race


@pytest.fixture
def home(world) -> DocumentCategory:
    return world.add(DocumentCategory(name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD))


def test_two_agents_at_once_make_one_decision(world, home):
    household = world.household()
    document_id = send(world, household, home)
    first, second = Author(world.staff().id), Author(world.staff().id)

    outcomes = all_at_once(
        world.app,
        [
            lambda: documents.accept(document_id, documents.Acceptance(), author=first, now=world.now),
            lambda: documents.refuse(document_id, "Illisible.", author=second, now=world.now),
        ],
    )

    assert [type(one) for one in outcomes if one is not None] == [Stale]
    document = world.one(Document)
    won = DocumentState.ACCEPTED if outcomes[0] is None else DocumentState.REFUSED
    assert (document.state, document.reason) == (won, "" if outcomes[0] is None else "Illisible.")
    assert len(world.all(OutgoingMail)) == 1


def test_four_taps_at_once_make_one_document(world, home):
    household = world.household()
    parent = world.parent(household)

    outcomes = all_at_once(world.app, [lambda: send(world, household, home, user=parent) for _ in range(4)])

    document = world.one(Document)
    assert outcomes == [document.id] * 4


def test_proofs_for_one_day_at_once_are_one_proof_and_one_sentence(world, monkeypatch):
    safe = make_safe([picture()])  # made beforehand: all reach the transaction together
    monkeypatch.setattr(documents, "made_safe", lambda _files: safe)
    day = date(2027, 1, 14)
    canteen, household = world.canteen([day]), world.household()
    parent, child = world.parent(household), world.child(household)
    world.booking(household, child, canteen.openings[0], canteen.meal)
    proof = world.add(
        DocumentCategory(
            name="Justificatif d’absence", owner=DocumentOwner.CHILD, effect=DocumentEffect.ABSENCE
        )
    )
    sick = {"absence_kind": AbsenceKind.MEDICAL, "absence_days": (day,)}

    outcomes = all_at_once(
        world.app,
        [
            lambda key=key: send(world, household, proof, child, user=parent, key=key, **sick)
            for key in ("k1", "k2", "k3")
        ],
    )

    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert [one.code for one in refused] == ["absence_days"] * 2
    assert len(world.all(Document)) == 1
