"""One document, several people at the same moment: one sending, one decision (S71, S110)."""

import pytest

from domain.enums import DocumentOwner, DocumentState
from domain.errors import Stale
from models import Document, DocumentCategory, OutgoingMail
from services import documents
from services.accounts import Author
from tests.document_files import send
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
