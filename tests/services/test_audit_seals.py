"""The journal is a chain: what is rewritten, removed or added afterwards is seen and named (S115)."""

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from domain.audit_chain import GENESIS, Act, BreakKind, Link, breaks, chain_hash, content_hash
from domain.enums import Channel
from extensions import db
from guards import rewriting
from models import AuditEvent, AuditSeal
from queries import audit_chain
from services import audit_seals, backups, self_check
from services.self_check import Gravity
from services.transaction import write_transaction


def add_events(world, count, *, at=None):
    """Events as services write them, all at once."""
    rows = [
        {
            "at": at or world.now,
            "channel": Channel.PORTAL,
            "action": "household.updated",
            "object_type": "household",
            "object_id": number,
            "before": {"city": "Cahors"},
            "after": {"city": f"Ville {number}", "n": number / 3},
        }
        for number in range(count)
    ]
    with world.app.app_context(), write_transaction() as session:
        session.execute(insert(AuditEvent), rows)


def seal(world, **later):
    with world.app.app_context():
        done = audit_seals.seal(world.now + timedelta(**later))
        db.session.remove()
    return done


def problems(world, *kept):
    with world.app.app_context():
        found = audit_seals.problems(*kept)
        db.session.remove()
    return found


def tamper(world, *statements, number=None):
    """As somebody who holds the database itself."""
    with world.app.app_context(), write_transaction() as session:
        connection = session.connection()
        with rewriting(connection, db.metadata.tables):
            for statement in statements:
                query = text(statement)
                connection.execute(query, {"id": number} if ":id" in statement else {})


@pytest.fixture
def journal(world):
    add_events(world, 7)
    assert seal(world) == 7
    return [event.id for event in world.all(select(AuditEvent).order_by(AuditEvent.id))]


def test_an_intact_journal_has_nothing_to_say(world, journal):
    add_events(world, 3)
    assert seal(world) == 3
    assert seal(world) == 0
    assert problems(world) == []
    assert len({one.salt for one in world.all(AuditSeal)}) == 10


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ('UPDATE audit_event SET after = \'{"city": "Nice"}\' WHERE id = :id', "contenu de l’acte"),
        ("UPDATE audit_event SET before = NULL, after = NULL WHERE id = :id", "contenu de l’acte"),
        ("UPDATE audit_event SET action = 'household.read' WHERE id = :id", "a été réécrit"),
        ("UPDATE audit_event SET channel = 'counter' WHERE id = :id", "a été réécrit"),
        ("UPDATE audit_event SET object_id = 99 WHERE id = :id", "a été réécrit"),
        ("UPDATE audit_event SET at = '2027-01-01 08:00:00' WHERE id = :id", "a été réécrit"),
    ],
    ids=["content", "content removed", "action", "channel", "object", "instant"],
)
def test_a_rewritten_event_is_named(world, journal, statement, said):
    tamper(world, statement, number=journal[3])
    first, *_rest, advice = problems(world)
    assert said in first
    assert f"n°\u00a0{journal[3]}" in first
    assert "12/01/2027" in first or "01/01/2027" in first
    assert "sauvegarde" in advice


def test_an_event_removed_with_its_seal_is_seen(world, journal):
    tamper(
        world,
        "DELETE FROM audit_seal WHERE event_id = :id",
        "DELETE FROM audit_event WHERE id = :id",
        number=journal[2],
    )
    assert "ce qui le précédait a été retiré" in problems(world)[0]


def test_a_content_emptied_without_an_erasure_is_seen(world, journal):
    tamper(
        world,
        "UPDATE audit_event SET before = 'null', after = 'null' WHERE id = :id",
        "UPDATE audit_seal SET salt = NULL WHERE event_id = :id",
        number=journal[2],
    )
    assert "retiré à la main" in problems(world)[0]


def test_an_event_slipped_among_older_ones_is_seen(world, journal):
    add_events(world, 1, at=world.now - timedelta(days=3))
    seal(world, minutes=1)
    assert "ajouté après coup" in problems(world)[0]


def test_an_event_under_an_old_number_never_gets_a_seal(world, journal, monkeypatch):
    monkeypatch.setattr(audit_chain, "IN_FLIGHT", 0)
    tamper(
        world,
        "INSERT INTO audit_event (id, at, channel, action, object_type, object_id) "
        "VALUES (-5, '2027-01-12 09:00:00', 'portal', 'household.read', 'household', 1)",
    )
    assert seal(world) == 0
    assert "ajouté après coup" in problems(world)[0]


def test_a_shortened_chain_is_seen_against_the_link_kept_elsewhere(world, journal):
    with world.app.app_context():
        kept = audit_seals.head()
    for number in journal[4:]:
        tamper(
            world,
            "DELETE FROM audit_seal WHERE event_id = :id",
            "DELETE FROM audit_event WHERE id = :id",
            number=number,
        )
    assert problems(world) == [], "nothing inside the database tells"
    assert "n’y est plus" in problems(world, kept, world.now)[0]


def test_what_a_restored_backup_did_not_hold_is_no_fault(world, journal):
    world.add(
        AuditEvent(
            at=world.now + timedelta(hours=1), channel=Channel.SYSTEM, action="town.restored",
            object_type="town", object_id=0,
        )
    )  # fmt: skip
    assert problems(world, f"4000:{GENESIS}", world.now) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_seal",
        "UPDATE audit_seal SET salt = 'x'",
        "UPDATE audit_seal SET chain_hash = 'x', salt = NULL",
        "UPDATE audit_seal SET sealed_at = '2020-01-01 00:00:00'",
    ],
)
def test_a_seal_is_not_rewritten(world, journal, statement):
    with (
        pytest.raises(DBAPIError, match="append-only"),
        world.app.app_context(),
        write_transaction() as session,
    ):
        session.execute(text(statement))


def test_batches_cost_the_same_statements_and_many_events_are_checked(world, monkeypatch):
    add_events(world, 5_000)
    assert seal(world) == 5_000
    monkeypatch.setattr(audit_chain, "PAGE", 700)
    assert problems(world) == []
    number = world.one(select(func.max(AuditEvent.id))) - 2_345
    tamper(world, "UPDATE audit_event SET object_id = 77777 WHERE id = :id", number=number)
    (first, _advice) = problems(world)
    assert f"n°\u00a0{number}" in first


def test_the_night_checks_it_and_the_administrator_is_told(world, journal, app):
    with app.app_context():
        backups.tell({"journal": backups._journal_checked(world.now)})
        assert backups.state()["journal"].file == audit_seals.head()
        assert self_check.journal().gravity is Gravity.FINE
        db.session.remove()
    tamper(world, "UPDATE audit_event SET action = 'x.y' WHERE id = :id", number=journal[0])
    with app.app_context():
        kept = backups.state()["journal"].file
        backups.tell({"journal": backups._journal_checked(world.now)})
        outcome = backups.state()["journal"]
        assert outcome.file == kept, "the link of the last good night stays"
        assert "réécrit" in outcome.problem
        assert any("réécrit" in one for one in self_check.condition(world.now).problems)
        assert self_check.journal().gravity is Gravity.WARNING
        db.session.remove()
    (backups_state := app.config["BACKUPS"] / backups.STATE).unlink()
    assert not backups_state.exists()


# --- The chain alone ------------------------------------------------------------------------------------


def chain(now, count):
    previous, links = GENESIS, []
    for number in range(1, count + 1):
        act = Act(number, now, 4, "portal", "household.updated", "household", number, 2)
        before, after = {"city": "Cahors"}, {"city": str(number)}
        content = content_hash("salt", before, after)
        previous = chain_hash(previous, act, content)
        links.append(Link(number, number, "salt", content, previous, now, act, before, after))
    return links


def test_each_of_many_random_tamperings_is_located(world, sized):
    """Goal G26: every one detected, at the link that was touched or the one after a removed link."""
    dice, links = random.Random(7), chain(world.now, 60)  # noqa: S311  faults, not secrets
    assert list(breaks(links)) == []
    for _ in range(sized(ordinary=300, full=1_000)):
        place = dice.randrange(59)
        touched, one = list(links), links[place]
        act = one.act
        forged = dice.choice(
            [
                replace(one, after=json.loads(json.dumps({"city": "Nice"}))),
                replace(one, act=replace(act, actor_user_id=5)),
                replace(one, act=replace(act, household_id=None)),
                replace(one, act=replace(act, at=act.at + timedelta(seconds=1))),
                replace(one, act=None),
                None,
            ]
        )
        if forged is None:
            del touched[place]
        else:
            touched[place] = forged
        first = next(breaks(touched))
        assert first.event_id == (one.event_id + 1 if forged is None else one.event_id)
        assert (first.kind is BreakKind.GONE) == (forged is not None and forged.act is None)


def test_two_links_swapped_are_seen(world):
    links = chain(world.now, 5)
    links[1], links[2] = links[2], links[1]
    assert next(breaks(links)).kind is BreakKind.CHAIN
