"""A cleaned household leaves no personal datum in any table or file, accounting kept (R54, goal G29)."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

import models
from domain import retention as rules
from domain.calendar import paris_now
from domain.enums import Channel, ConversationState, InvoiceState, MailKind, MailState
from domain.errors import Refused, Stale
from domain.retention import Retained, Retention
from extensions import db
from queries import retention as retention_queries
from queries.retention import Subjects
from services import audit_seals, document_store, erasures
from services.accounts import Author
from services.erasures import steps
from services.transaction import write_transaction
from tests.canaries import Canaries
from tests.factories import World

YEARS_LATER = timedelta(days=366 * 3)
# What the law keeps for ten years, and nothing else.
KEPT_BY_LAW = {
    "invoice.recipient_name", "invoice.recipient_address", "invoice_line.label", "invoice_line.explanation",
    "payment.reference", "payment.cancel_reason", "refund.reason", "refund.reference", "refund.cancel_reason",
}  # fmt: skip


def holders(world: World) -> dict[str, set[str]]:
    """Every text of the database and of the files, by the columns (or files) that hold it."""
    found = defaultdict(set)
    with world.app.app_context():
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(sa.select(table)).mappings():
                for column, value in row.items():
                    if value is not None:
                        found[repr(value)].add(f"{table.name}.{column}")
        store = document_store.store()
        for path in (world.app.config["INSTANCE"] / "documents").glob("*"):
            found[repr(store.read(path.name))].add("a file")
        db.session.remove()
    return found


def places_of(world: World, tokens) -> dict[str, set[str]]:
    texts = holders(world)
    return {
        token: places
        for token in tokens
        if (places := {place for text, columns in texts.items() if token in text for place in columns})
    }


def settle(world: World) -> None:
    """No family owes or is owed anything."""
    with world.app.app_context(), write_transaction() as session:
        for bill in session.scalars(sa.select(models.Invoice)):
            bill.settled_cents, bill.state = bill.total_cents, InvoiceState.SETTLED
        for payment in session.scalars(sa.select(models.Payment).where(models.Payment.state == "valid")):
            payment.allocated_cents = payment.amount_cents - payment.refunded_cents


def talk(town: Canaries) -> None:
    """Messages with a file, and events that repeat what was typed, one for each family."""
    world = town.world
    for letter, household in (("A", town.a), ("B", town.b), ("C", town.c)):
        conversation = world.add(
            models.Conversation(
                reference=f"M-{letter}", household_id=household.id, subject=f"sujet-{letter}",
                state=ConversationState.OPEN, created_at=world.now, last_message_at=world.now,
                waits_since=world.now,
            )
        )  # fmt: skip
        message = world.add(
            models.Message(
                conversation_id=conversation.id, is_from_family=True, author_name=f"auteur-{letter}",
                author_user_id=next(iter(town.users.values())).id, text=f"texte-{letter}",
                sent_at=world.now, submission_key=letter,
            )
        )  # fmt: skip
        with world.app.app_context():
            (key,) = document_store.save_all([f"fichier-{letter}".encode()])
        world.add(
            models.MessageFile(message_id=message.id, file_key=key, file_name=f"nom-{letter}", size_bytes=1),
            models.AuditEvent(
                at=world.now, channel=Channel.PORTAL, action="household.updated", object_type="household",
                object_id=household.id, household_id=household.id, before={"city": f"avant-{letter}"},
                after={"city": f"apres-{letter}"},
            ),
        )  # fmt: skip


def said(letter: str) -> list[str]:
    return [f"{word}-{letter}" for word in ("sujet", "auteur", "texte", "fichier", "nom", "avant", "apres")]


@pytest.fixture
def town(world) -> Canaries:
    town = Canaries(world)
    settle(world)
    talk(town)
    return town


def tell(world: World, moment) -> None:
    """Each family that is due at that moment was told 30 days before, as far as the database knows."""
    with world.app.app_context():
        due = [one for one in retention_queries.due(paris_now(moment).date()) if one.told_at is None]
        db.session.remove()
    told_at = moment - timedelta(days=30)
    for one in due:
        world.add(models.ErasureNotice(household_id=one.household_id, last_day=one.last_day, told_at=told_at))


def erase(world: World, *households, after=YEARS_LATER) -> list[bool]:
    tell(world, world.now + after)
    with world.app.app_context():
        audit_seals.seal(world.now)
        done = [erasures.erase_family(one.id, author=None, now=world.now + after) for one in households]
        db.session.remove()
    return done


def tokens_of(town: Canaries, owners: set[str]) -> dict[str, str]:
    """What is a family's; a class and its teacher are the school's."""
    return {
        token: one.column
        for token, one in town.known.items()
        if one.owner in owners and not one.column.startswith("school_class.")
    }


def test_no_token_of_an_erased_family_is_left_but_where_the_law_says(world, town):
    own = tokens_of(town, {"C", "zoe", "tom"})
    assert len(own) > 60
    assert set(places_of(world, own)) == set(own), "each is somewhere before"
    assert erase(world, town.c) == [True]
    left = places_of(world, [*own, *said("C")])
    assert {place for places in left.values() for place in places} <= KEPT_BY_LAW, left
    assert left, "accounting is kept"


def test_every_table_about_a_family_is_erased_or_stays_for_a_reason(world):
    people = {"household", "guardian", "child"}
    about = {
        table.name
        for table in db.metadata.sorted_tables
        if table.name in people or any(key.column.table.name in people for key in table.foreign_keys)
    }
    nobody = Subjects((), (), (), (), ())
    erased = {step.table.__tablename__ for step in steps.of_families(nobody, world.now)}
    stays = {
        "booking": "days and states, of nobody once the child has no name",
        "audit_event": "its contents go, see the journal",
        "booking_draft_line": "goes with its draft",
        "invoice": "accounting",
        "invoice_line": "accounting",
        "payment": "accounting",
    }
    assert about - erased == set(stays)


def test_other_families_keep_every_token(world, town):
    others = tokens_of(town, {"A", "claire", "paul", "marie", "B", "karim", "nino", "leo"})
    before = places_of(world, [*others, *said("A"), *said("B")])
    erase(world, town.c)
    assert places_of(world, [*others, *said("A"), *said("B")]) == before


def test_a_child_who_lives_elsewhere_too_stays_with_that_home(world, town):
    leo = tokens_of(town, {"leo"})
    erase(world, town.a)
    own = places_of(world, [*tokens_of(town, {"A", "claire", "paul", "marie"}), *said("A")])
    assert {place for places in own.values() for place in places} <= KEPT_BY_LAW, own
    stays = {column.split(".")[0] for token, column in leo.items() if token in places_of(world, [token])}
    assert {"child", "medical_record", "authorised_person", "enrolment"} <= stays
    assert world.one(sa.select(models.Child).where(models.Child.id == town.leo.id)).erased_at is None
    erase(world, town.b)
    rest = places_of(world, leo)
    assert {place for places in rest.values() for place in places} <= KEPT_BY_LAW, rest


def test_the_chain_of_the_journal_still_holds(world, town):
    erase(world, town.c)
    with world.app.app_context():
        audit_seals.seal(world.now + YEARS_LATER)
        assert audit_seals.problems() == []
        db.session.remove()


def test_the_names_go_from_accounts_after_ten_years_and_amounts_stay(world, town):
    erase(world, town.c)
    with world.app.app_context():
        erasures.erase_overdue(author=None, now=world.now + timedelta(days=3_640))
        db.session.remove()
    own = tokens_of(town, {"C", "zoe", "tom"})
    assert places_of(world, own), "not before the end of the tenth year"
    totals = [one.total_cents for one in world.all(models.Invoice)]
    with world.app.app_context():
        erasures.erase_overdue(author=None, now=world.now + timedelta(days=3_720))
        db.session.remove()
    assert places_of(world, own) == {}
    assert [one.total_cents for one in world.all(models.Invoice)] == totals


def test_a_family_that_came_back_or_owes_is_not_erased(world, town):
    assert erase(world, town.c, after=timedelta(days=300)) == [False]
    with world.app.app_context(), write_transaction() as session:
        bill = session.scalars(
            sa.select(models.Invoice).where(models.Invoice.household_id == town.c.id)
        ).first()
        bill.state, bill.settled_cents = InvoiceState.UNSETTLED, 0
    assert erase(world, town.c) == [False]
    assert places_of(world, tokens_of(town, {"C"}))


def test_the_preview_counts_what_the_erasure_does_and_does_nothing(world, town):
    later = world.now + YEARS_LATER
    tell(world, later)
    with world.app.app_context():
        audit_seals.seal(world.now)
        before = holders(world)
        shown = erasures.preview(later)
        db.session.remove()
    assert holders(world) == before
    assert {one.name for one in shown.families} == {one.name for one in world.all(models.Household)}
    rows = dict(shown.rows)
    assert rows["Foyers"] == 3
    assert rows["Enfants"] == 4
    assert rows["Santé"] == 4
    assert dict(shown.overdue)[Retained.MAILS]
    with world.app.app_context():
        erasures.ask(shown.fingerprint, author=Author(town.users[next(iter(town.users))].id), now=later)
        assert erasures.is_asked()
        erasures.work(later)
        assert not erasures.is_asked()
        assert erasures.preview(later).is_empty
        db.session.remove()
    told = [one for one in world.all(models.AuditEvent) if one.action == "erasure.family"]
    assert sum(one.after["rows"]["Foyers"] for one in told) == 3


def test_what_was_confirmed_must_be_what_was_shown(world, town):
    with world.app.app_context():
        with pytest.raises(Stale):
            erasures.ask("4-5-6", author=Author(1), now=world.now + YEARS_LATER)
        db.session.remove()


def test_nights_erase_only_where_the_town_wants_it(world, town):
    agent = town.users[next(iter(town.users))].id
    night = (world.now + YEARS_LATER).replace(hour=4)
    tell(world, night)
    with world.app.app_context():
        erasures.work(night)
        assert not world.one(sa.select(models.Household).where(models.Household.id == town.c.id)).erased_at
        erasures.save(Retention(is_nightly=True), author=Author(agent), now=world.now)
        erasures.work(night.replace(hour=0))
        assert erasures.preview(night).families
        erasures.work(night)
        assert erasures.preview(night).is_empty
        db.session.remove()


@pytest.mark.parametrize(("kind", "months"), [(Retained.ACCOUNTING, 60), (Retained.JOURNAL, 40)])
def test_a_duration_outside_the_law_is_refused(world, kind, months):
    wanted = Retention({**Retention().months, kind: months})
    with world.app.app_context(), pytest.raises(Refused, match="mois") as refusal:
        erasures.save(wanted, author=Author(1), now=world.now)
    assert refusal.value.code == kind


def test_every_duration_has_its_source_and_a_first_value_inside_its_bounds():
    rules.check(Retention())
    assert set(rules.DURATIONS) == set(Retained)
    assert all(one.source and one.since for one in rules.DURATIONS.values())
    assert Retention().before(Retained.FAMILY, date(2028, 2, 29)) == date(2026, 2, 28)


def test_old_mails_lose_their_text_and_recent_ones_keep_it(world):
    household = world.household()
    for name, days in (("vieux", 200), ("recent", 10)):
        sent = world.now - timedelta(days=days)
        world.add(
            models.OutgoingMail(
                kind=MailKind.BOOKING_RECEIPT, state=MailState.SENT, message_id=f"<{name}@x>",
                to_address="a@example.org", household_id=household.id, subject="x", text=name, html=name,
                created_at=sent, next_attempt_at=sent,
            )
        )  # fmt: skip
    with world.app.app_context():
        erasures.erase_overdue(author=None, now=world.now)
        db.session.remove()
    assert sorted(one.text for one in world.all(models.OutgoingMail)) == ["", "recent"]


def test_a_family_that_just_came_is_due_to_nobody(world):
    world.household()
    with world.app.app_context():
        assert retention_queries.due(paris_now(world.now).date()) == []
