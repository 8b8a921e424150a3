"""A message that is sent several times at once is one message; an announcement too (R52)."""

from datetime import date

import pytest

from domain.enums import StaffRole
from models import Announcement, Conversation, Message, OutgoingMail
from queries import announcements as announcement_queries
from queries.announcements import Audience
from services import announcements, conversations
from services.accounts import Author
from services.conversations import Letter, Subject
from tests.races.test_places import all_at_once

pytestmark = pytest.mark.race


def test_four_taps_at_once_make_one_message(world):
    world.settings(email="periscolaire@example.org")
    household = world.household()
    parent = world.parent(household)

    def tap() -> str:
        return conversations.begin_as_family(
            Subject(household.id, None, "Le goûter"),
            Letter("Bonjour", "k" * 32),
            household_ids=[household.id],
            author=Author(parent.id),
            network="192.0.2.1",
            now=world.now,
        )

    outcomes = all_at_once(world.app, [tap] * 4)

    assert outcomes == [world.one(Conversation).reference] * 4
    assert len(world.all(Message)) == len(world.all(OutgoingMail)) == 1


def test_an_announcement_sent_four_times_at_once_is_one(world):
    household = world.household()
    parent, child = world.parent(household), world.child(household)
    canteen = world.canteen([date(2027, 1, 14)])
    world.enrol(child, canteen.facility)
    author = Author(world.staff(StaffRole.RECEPTION).id)
    with world.app.app_context():
        whole = announcement_queries.targets(None, date(2027, 1, 12))[0]
    announcing = announcements.Announcing("La fête", "Samedi", Audience(whole), False, "k" * 32)

    def tap() -> int:
        return announcements.send(announcing, facility_ids=None, author=author, now=world.now)

    outcomes = all_at_once(world.app, [tap] * 4)

    assert outcomes == [world.one(Announcement).id] * 4
    assert [mail.to_address for mail in world.all(OutgoingMail)] == [parent.email]
