"""Marks made on a phone without a network (R31): counted once, never written over another device's."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from domain.enums import BookingState, OfflineState, StaffRole
from domain.errors import NotFound, Refused
from extensions import db
from models import Absence, Attendance, AuditEvent, OfflineMark
from queries import offline_marks as offline_queries
from services import attendance, offline_marks
from services.attendance import Agent
from services.offline_marks import Gesture, Phone
from tests.killed import killed_before
from tests.services.test_attendance import ABSENT, PRESENT, TUESDAY, Yard

LATER = timedelta(minutes=20)
KARIM, OTHER_PHONE = str(uuid4()), str(uuid4())


class Phones(Yard):
    """Karim marks on a phone that lost the network, Agnès at a desk; the clock of the test goes on."""

    def __init__(self, world):
        super().__init__(world)
        self.karim = Agent(world.staff(StaffRole.RECEPTION, first_name="Karim").id, None)
        self.clock = world.now

    def gesture(self, child, wanted, *, ago=LATER, seen=None):
        """A mark made a while ago, on a list that said `seen` (a row of attendance)."""
        stamp = (seen.mark, seen.marked_at) if seen else (None, None)
        return Gesture(str(uuid4()), child.id, wanted, self.clock - ago, *stamp)

    def send(self, *gestures, agent=None, device=KARIM, phone_clock=None, day=TUESDAY):
        with self.world.app.app_context():
            phone = Phone(device, phone_clock or self.clock)
            return offline_marks.receive(agent or self.karim, self.roll(day), phone, gestures, self.clock)

    def states(self, *gestures, **options):
        return [one.state for one in self.send(*gestures, **options)]

    def mark_later(self, child, wanted, minutes=1):
        """Agnès marks at her desk, a moment after what the phone saw."""
        self.clock += timedelta(minutes=minutes)
        with self.world.app.app_context():
            attendance.mark(self.agent, self.roll(), child.id, wanted, self.clock)

    def row(self, child):
        return self.world.one(select(Attendance).where(Attendance.child_id == child.id))

    def to_decide(self):
        with self.world.app.app_context():
            return offline_queries.to_decide(self.canteen.activity.id, TUESDAY)

    def kept(self):
        return self.world.all(select(OfflineMark).order_by(OfflineMark.id))

    def settle(self, kept, agent=None):
        (one,) = self.to_decide()
        with self.world.app.app_context():
            act = agent or self.agent
            if kept is None:
                offline_marks.acknowledge(act, self.roll(), one.offline_id, self.clock)
            else:
                offline_marks.settle(act, self.roll(), one.offline_id, kept, self.clock)


@pytest.fixture
def phones(world):
    phones = Phones(world)
    phones.book(phones.leo, TUESDAY)
    phones.book(phones.marie, TUESDAY)
    return phones


def test_a_mark_counts_once_however_often_it_is_sent(phones):
    leo, marie = phones.gesture(phones.leo, PRESENT), phones.gesture(phones.marie, ABSENT)
    first = phones.send(leo, marie)
    assert phones.send(leo, marie) == first
    assert [one.state for one in first] == [OfflineState.APPLIED] * 2
    assert phones.marks() == {phones.leo.id: PRESENT, phones.marie.id: ABSENT}
    assert phones.world.one(Absence).is_observed
    assert (phones.row(phones.leo).author_name, len(phones.kept())) == ("Karim MARTIN", 2)
    acts = phones.world.all(select(AuditEvent.action).where(AuditEvent.object_type == "offline_mark"))
    assert acts == ["attendance.offline_received"] * 2


def test_the_database_itself_refuses_a_mark_twice(phones, monkeypatch):
    """The control: blind to what came before, the second sending fails on the unique key."""
    leo = phones.gesture(phones.leo, PRESENT)
    phones.send(leo)
    monkeypatch.setattr(offline_marks, "_known", lambda *_: None)
    with pytest.raises(IntegrityError):
        phones.send(leo)
    assert len(phones.kept()) == 1


def test_a_process_killed_before_its_answer_leaves_all_of_a_mark_or_nothing(phones):
    leo = phones.gesture(phones.leo, ABSENT)
    statement = 1

    def is_killed():
        """No connection is shared with the process that dies."""
        with phones.world.app.app_context():
            db.session.remove()
            db.engine.dispose()
        return killed_before(statement, lambda: phones.send(leo))

    while is_killed():
        statement += 4
        assert len(phones.kept()) == len(phones.world.all(Attendance)) == len(phones.world.all(Absence))
    assert statement > 20, "it was killed all along"
    assert phones.states(leo) == [OfflineState.APPLIED]
    assert len(phones.kept()) == len(phones.world.all(Attendance)) == 1


def test_what_another_device_noted_meanwhile_is_never_written_over(phones):
    gesture = phones.gesture(phones.leo, ABSENT, ago=timedelta(minutes=-2))
    phones.mark_later(phones.leo, PRESENT)
    phones.clock += timedelta(minutes=15)

    assert phones.states(gesture) == [OfflineState.CONFLICT]
    assert phones.states(gesture) == [OfflineState.CONFLICT]

    assert phones.marks() == {phones.leo.id: PRESENT}
    (one,) = phones.to_decide()
    assert (one.child, one.is_conflict) == ("SOLIGNAC Léo", True)
    assert one.words.replace("\xa0", " ") == (
        "À 10 h 01 Agnès MARTIN a noté présent ; à 10 h 02, hors ligne, Karim MARTIN a noté absent"
    )


def test_without_what_was_seen_the_other_mark_would_be_lost(phones, monkeypatch):
    """The control of the test above."""
    gesture = phones.gesture(phones.leo, ABSENT)
    phones.mark_later(phones.leo, PRESENT)
    monkeypatch.setattr(offline_marks, "_is_as_seen", lambda *_: True)
    phones.send(gesture)
    assert (phones.marks(), phones.to_decide()) == ({phones.leo.id: ABSENT}, ())


def test_a_mark_that_went_back_to_what_was_seen_is_still_another(phones):
    phones.mark(phones.leo, PRESENT)
    gesture = phones.gesture(phones.leo, ABSENT, seen=phones.row(phones.leo))
    phones.mark_later(phones.leo, ABSENT)
    phones.mark_later(phones.leo, PRESENT)
    assert phones.states(gesture) == [OfflineState.CONFLICT]


def test_a_mark_taken_back_meanwhile_is_a_conflict_too(phones):
    phones.mark(phones.leo, PRESENT)
    gesture = phones.gesture(phones.leo, ABSENT, seen=phones.row(phones.leo))
    phones.unmark(phones.leo)
    assert phones.states(gesture) == [OfflineState.CONFLICT]
    assert phones.to_decide()[0].words.startswith("Le pointage a été retiré entre-temps")


def test_two_agents_who_saw_the_same_have_nothing_to_settle(phones):
    gesture = phones.gesture(phones.leo, PRESENT)
    phones.mark_later(phones.leo, PRESENT)
    assert phones.states(gesture) == [OfflineState.APPLIED]
    assert phones.row(phones.leo).author_name == "Agnès MARTIN"


def test_one_phone_that_changes_its_mind_is_no_conflict_with_itself(phones):
    """Every mark was made on the same list, kept before the network was lost."""
    phones.mark(phones.leo, PRESENT)
    seen = phones.row(phones.leo)
    first, second = (phones.gesture(phones.leo, mark, seen=seen) for mark in (ABSENT, PRESENT))
    assert phones.states(first, second) == [OfflineState.APPLIED] * 2
    assert phones.marks() == {phones.leo.id: PRESENT}

    phones.mark_later(phones.leo, ABSENT)
    assert phones.states(phones.gesture(phones.leo, PRESENT, seen=seen)) == [OfflineState.CONFLICT]
    assert phones.states(phones.gesture(phones.leo, ABSENT, seen=seen)) == [OfflineState.APPLIED]
    assert phones.to_decide() == ()
    assert [one.state for one in phones.kept()][2:] == [OfflineState.SUPERSEDED, OfflineState.APPLIED]


def test_the_marks_of_another_phone_are_another_device(phones):
    mine, other = phones.gesture(phones.leo, PRESENT), phones.gesture(phones.leo, ABSENT)
    assert phones.states(mine) == [OfflineState.APPLIED]
    assert phones.states(other, device=OTHER_PHONE) == [OfflineState.CONFLICT]


@pytest.mark.parametrize("kept", [PRESENT, ABSENT])
def test_an_agent_settles_a_conflict_once(phones, kept):
    gesture = phones.gesture(phones.leo, ABSENT)
    phones.mark_later(phones.leo, PRESENT)
    phones.send(gesture)
    (one,) = phones.to_decide()
    with phones.world.app.app_context(), pytest.raises(Refused) as refused:
        offline_marks.acknowledge(phones.agent, phones.roll(), one.offline_id, phones.clock)
    assert refused.value.code == "choose"

    phones.settle(kept)

    assert (phones.marks(), phones.to_decide()) == ({phones.leo.id: kept}, ())
    assert len(phones.world.all(Absence)) == (kept is ABSENT)
    (row,) = phones.kept()
    assert (row.state, row.settled_by_name) == (OfflineState.SETTLED, "Agnès MARTIN")
    with phones.world.app.app_context():
        offline_marks.settle(
            phones.agent, phones.roll(), row.id, ABSENT if kept is PRESENT else PRESENT, phones.clock
        )
    assert phones.marks() == {phones.leo.id: kept}


def test_a_billed_month_refuses_and_the_refusal_stays_until_it_is_read(phones):
    conflict, late = phones.gesture(phones.leo, ABSENT), phones.gesture(phones.marie, PRESENT)
    phones.mark_later(phones.leo, PRESENT)
    phones.send(conflict)
    phones.close_month()

    (outcome,) = phones.send(late)

    assert (outcome.state, outcome.is_kept) == (OfflineState.REFUSED, True)
    assert "sont émises" in outcome.reason
    assert phones.send(late) == [outcome]
    assert phones.marks() == {phones.leo.id: PRESENT}
    stuck, refused = phones.to_decide()
    assert (stuck.is_conflict, refused.is_conflict, refused.reason) == (True, False, outcome.reason)
    with phones.world.app.app_context():
        with pytest.raises(Refused):
            offline_marks.settle(phones.agent, phones.roll(), stuck.offline_id, ABSENT, phones.clock)
        for one in (stuck, refused):
            offline_marks.acknowledge(phones.agent, phones.roll(), one.offline_id, phones.clock)
    assert phones.to_decide() == ()
    assert {one.state for one in phones.kept()} == {OfflineState.ACKNOWLEDGED}


def test_a_booking_that_ended_meanwhile_is_told_and_kept(phones):
    gone = phones.world.child(phones.household, "Tom")
    phones.book(gone, TUESDAY, BookingState.CANCELLED)
    gone_outcome, leo = phones.send(phones.gesture(gone, PRESENT), phones.gesture(phones.leo, PRESENT))
    assert (gone_outcome.state, leo.state) == (OfflineState.REFUSED, OfflineState.APPLIED)
    assert "n’est plus attendu" in phones.to_decide()[0].reason


def test_a_child_who_never_was_on_the_list_is_told_to_the_phone_alone(phones):
    (outcome,) = phones.send(phones.gesture(phones.world.child(phones.household, "Tom"), PRESENT))
    assert (outcome.state, outcome.is_kept) == (OfflineState.REFUSED, False)
    assert phones.kept() == []


def test_a_list_out_of_sight_takes_nothing(phones):
    elsewhere = phones.world.facility("ALSH")
    stranger = Agent(
        phones.world.staff(StaffRole.DIRECTOR, [elsewhere], email="x@example.org").id, [elsewhere.id]
    )
    gesture = phones.gesture(phones.leo, PRESENT)
    with pytest.raises(NotFound):
        phones.send(gesture, agent=stranger)
    phones.send(gesture)
    with pytest.raises(NotFound):
        phones.send(gesture, agent=phones.agent)
    with pytest.raises(NotFound):
        phones.send(gesture._replace(child_id=phones.marie.id))
    with phones.world.app.app_context():
        assert offline_queries.unsettled([elsewhere.id]) == ()


def test_the_clock_of_the_phone_is_put_right_or_told_unsure(phones):
    """Its clock is three hours slow, then was set in between."""
    slow = phones.clock - timedelta(hours=3)
    steady = phones.gesture(phones.leo, PRESENT)._replace(at=slow - LATER)
    phones.send(steady, phone_clock=slow)
    phones.send(phones.gesture(phones.marie, PRESENT, ago=timedelta(days=30)))
    leo, marie = phones.kept()
    assert (leo.phone_at, leo.made_at, leo.is_clock_sure) == (slow - LATER, phones.clock - LATER, True)
    assert (marie.made_at, marie.is_clock_sure) == (phones.clock, False)
    assert marie.received_at == phones.clock


def test_too_many_at_once_are_refused_whole(phones):
    many = [phones.gesture(phones.leo, PRESENT)] * (offline_marks.MOST_AT_ONCE + 1)
    with pytest.raises(Refused) as refused:
        phones.send(*many)
    assert refused.value.code == "too_many"
    assert phones.kept() == []


def test_what_is_left_to_settle_is_listed_by_day(phones):
    gesture = phones.gesture(phones.leo, ABSENT)
    phones.mark_later(phones.leo, PRESENT)
    phones.send(gesture)
    with phones.world.app.app_context():
        (one,) = offline_queries.unsettled([phones.canteen.facility.id])
    assert (one.activity, one.day, one.count) == ("Cantine", TUESDAY, 1)
