"""A phone sends the same marks twice at once, and another device marks the same child (R31)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

import pytest

from domain.enums import AttendanceMark
from models import Attendance, OfflineMark
from services import offline_marks
from services.attendance import Agent, Roll
from services.offline_marks import Gesture, Phone
from tests.races.rounds import race

pytestmark = pytest.mark.race

DAYS = [date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 7), date(2027, 1, 8)]


@dataclass(frozen=True, slots=True)
class Send:
    agent: Agent
    roll: Roll
    gestures: tuple[Gesture, ...]
    device: str
    now: datetime

    def __call__(self) -> str:
        phone = Phone(self.device, self.now)
        told = offline_marks.receive(self.agent, self.roll, phone, self.gestures, self.now)
        return " ".join(one.state for one in told)


def test_the_same_marks_sent_twice_at_once_count_once(world):
    canteen, home = world.canteen(DAYS), world.household()
    children = [world.child(home, name) for name in ("Léo", "Marie", "Tom")]
    for opening in canteen.openings:
        for child in children:
            world.booking(home, child, opening, canteen.meal)
    agent, device = Agent(world.staff().id, None), str(uuid4())
    plan = [
        Send(
            agent,
            Roll(canteen.activity.id, day),
            tuple(Gesture(str(uuid4()), one.id, AttendanceMark.ABSENT, world.now) for one in children),
            device,
            world.now,
        )
        for day in DAYS
    ]
    assert race(world.app, [plan] * 4) == [["applied applied applied"] * len(DAYS)] * 4
    assert len(world.all(Attendance)) == len(world.all(OfflineMark)) == len(DAYS) * len(children)
