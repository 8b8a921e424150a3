"""A family takes its data away: all that is its own, nothing that is the other household's (R54)."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

import models
from domain.errors import NotFound
from extensions import db
from queries import medical
from services import family_data
from services.accounts import Author
from services.family_data import ByAgent
from services.transaction import write_transaction
from tests.canaries import Canaries, Reader

# What is an adult's own and that the table of readers keeps to the service: a mail that it received.
RECEIVED = {"outgoing_mail.subject"}


@pytest.fixture
def town(world) -> Canaries:
    return Canaries(world)


def taken(world, guardian, *, user_id=None, by_agent=None) -> dict[str, bytes]:
    """The files of the archive, by name."""
    with world.app.app_context():
        pieces = family_data.archive(
            guardian.id, author=Author(user_id or guardian.user_id), now=world.now, by_agent=by_agent
        )
        bundle = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
        db.session.remove()
    assert bundle.testzip() is None
    return {name: bundle.read(name) for name in bundle.namelist()}


@pytest.mark.parametrize("name", ["claire", "karim", "zoe"])
def test_a_parent_takes_what_it_may_read_and_nothing_else(world, town, name):
    reader = {"claire": Reader.CLAIRE, "karim": Reader.KARIM, "zoe": Reader.ZOE}[name]
    content = b"".join(taken(world, getattr(town, name)).values()).decode(errors="replace")
    met = {token: one for token, one in town.known.items() if token in content}
    foreign = {one.column for one in met.values() if reader not in one.readers and one.column not in RECEIVED}
    assert foreign == set()
    assert len(met) > 60


def test_nothing_of_its_own_sheets_is_missing(world, town):
    found = taken(world, town.claire)
    content = b"".join(found.values()).decode(errors="replace") + " ".join(found)
    own = {
        one.column
        for token, one in town.known.items()
        if one.owner in ("A", "claire", "marie") and Reader.CLAIRE in one.readers and token not in content
    }
    said_otherwise = {
        "change_line.reason", "change_line.seen_value", "change_line.wanted_value",  # what others declared
        "change_request.author_name", "custody_swap.author_name", "custody_swap.answered_by_name",
        "invoice_line.explanation", "payment.cancel_reason", "refund.cancel_reason",
        "booking_request.override_reason", "document.sender_name", "email_change.new_email",
        "online_payment.email", "household_guardian.relationship",
    }  # fmt: skip
    assert own <= said_otherwise, own - said_otherwise


def test_it_reads_as_a_page_and_as_data_with_the_files(world, town):
    found = taken(world, town.claire)
    page = found["mes-donnees.html"].decode()
    assert page.startswith("<!doctype html>")
    assert "http" not in page.split("<body>")[0]
    data = json.loads(found["mes-donnees.json"])
    assert {"Foyer", "Moi", "Enfants", "Santé", "Réservations", "Factures", "Documents"} <= set(data)
    assert any(name.startswith("documents/") for name in found)


def test_a_restricted_child_is_there_by_its_name_only(world, town):
    with world.app.app_context(), write_transaction() as session:
        session.execute(
            sa.update(models.HouseholdChild)
            .where(
                models.HouseholdChild.child_id == town.leo.id, models.HouseholdChild.household_id == town.b.id
            )
            .values(is_restricted=True)
        )
    data = json.loads(taken(world, town.karim)["mes-donnees.json"])
    assert len(data["Enfants dont la fiche est réservée"]) == 1
    assert len(data["Enfants"]) == 1
    assert {one["Enfant"] for one in data["Santé"]} == {data["Enfants"][0]["Enfant"]}


def test_an_agent_hands_it_over_without_bank_nor_health_unless_it_may_read_it(world, town):
    agent = town.users[Reader.ADMINISTRATOR]
    data = json.loads(taken(world, town.zoe, user_id=agent.id, by_agent=ByAgent(False))["mes-donnees.json"])
    assert "Santé" not in data
    assert "IBAN" not in {one["Information"] for one in data["Moi"]}
    assert readings(world) == 0
    data = json.loads(taken(world, town.zoe, user_id=agent.id, by_agent=ByAgent(True))["mes-donnees.json"])
    assert data["Santé"]
    assert readings(world) == 1


def test_the_account_of_a_mandate_is_whole_for_who_signed_it_alone(world, town):
    agent = town.users[Reader.ADMINISTRATOR]
    other = world.guardian(town.a, "Paul")
    signed = data_of(taken(world, town.claire))
    seen = data_of(taken(world, other, user_id=town.claire.user_id))
    handed = data_of(taken(world, town.claire, user_id=agent.id, by_agent=ByAgent(False)))
    assert [one["IBAN"][:1] for data in (seen, handed) for one in data] == ["…", "…"]
    assert signed[0]["IBAN"] in town.known


def data_of(found):
    return json.loads(found["mes-donnees.json"])["Mandats de prélèvement"]


def readings(world) -> int:
    return len([one for one in world.all(models.AuditEvent) if one.action == medical.READ])


def test_taking_it_is_in_the_journal(world, town):
    taken(world, town.claire)
    told = world.one(sa.select(models.AuditEvent).where(models.AuditEvent.action == "family_data.exported"))
    assert told.actor_user_id == town.claire.user_id
    assert told.household_id == town.a.id
    assert told.after["rows"] > 20


def test_it_is_written_piece_by_piece(world, town):
    with world.app.app_context():
        pieces = family_data.archive(town.claire.id, author=Author(town.claire.user_id), now=world.now)
        first = next(pieces)
        assert first.startswith(b"PK")
        assert next(pieces)
        db.session.remove()


def test_an_erased_adult_has_nothing_to_take(world, town):
    with world.app.app_context(), write_transaction() as session:
        session.get_one(models.Guardian, town.zoe.id).erased_at = world.now + timedelta(1)
    with pytest.raises(NotFound):
        taken(world, town.zoe)
