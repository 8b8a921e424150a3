"""Two agents mark the same child at once: one true state, and no error for anybody (R30)."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest
from sqlalchemy import select

from domain.enums import AttendanceMark
from models import Absence, Attendance
from services import attendance
from services.attendance import Agent, Roll
from tests.races.rounds import race

pytestmark = pytest.mark.race

DAYS = [date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 7), date(2027, 1, 8)]
PRESENT, ABSENT = AttendanceMark.PRESENT, AttendanceMark.ABSENT


@dataclass(frozen=True, slots=True)
class Mark:
    agent: Agent
    roll: Roll
    child_id: int
    wanted: AttendanceMark
    now: datetime

    def __call__(self) -> str:
        attendance.mark(self.agent, self.roll, self.child_id, self.wanted, self.now)
        return "marked"


def test_two_agents_mark_one_child_at_once(world):
    canteen, home = world.canteen(DAYS), world.household()
    child = world.child(home)
    for opening in canteen.openings:
        world.booking(home, child, opening, canteen.meal)
    agents = [Agent(world.staff(email=f"agent{number}@example.org").id, None) for number in range(2)]
    wanted = [[PRESENT, ABSENT, PRESENT, ABSENT], [PRESENT, ABSENT, ABSENT, PRESENT]]
    plans = [
        [Mark(agent, Roll(canteen.activity.id, day), child.id, mark, world.now)
         for day, mark in zip(DAYS, marks, strict=True)]
        for agent, marks in zip(agents, wanted, strict=True)
    ]  # fmt: skip
    assert race(world.app, plans) == [["marked"] * len(DAYS)] * 2
    rows = world.all(select(Attendance).order_by(Attendance.day))
    assert [row.day for row in rows] == DAYS
    assert [row.mark for row in rows[:2]] == [PRESENT, ABSENT]
    absent = {row.booking_id for row in rows if row.mark is ABSENT}
    assert {row.booking_id for row in world.all(Absence)} == absent
