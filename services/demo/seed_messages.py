"""Messages of the demonstration, answered or not, and its news: real acts (R52)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.calendar import paris_now
from domain.french import NBSP
from extensions import db
from models import Facility
from services import content, conversations
from services.accounts import Author
from services.content import NewsData
from services.conversations import Letter, Subject
from services.demo import families
from services.demo.seed_acts import Sender

_NETWORK = "demo"
_WAITING_FAMILY = "BOUSQUET"


def write_messages(senders: Mapping[str, Sender], agent_id: int, now: datetime) -> None:
    """A question that was answered and is not read yet, and one to a structure that waits."""
    sender = senders[families.MAIN_FAMILY]
    asked = f"Bonjour,\n\nLéo peut-il apporter son goûter le mercredi{NBSP}?\n\nMerci beaucoup."
    answer = f"Bonjour,\n\nOui, dans une boîte à son nom. Le goûter est pris à 16{NBSP}h{NBSP}30."
    at = now - timedelta(days=2, hours=3)
    reference = _ask(sender, Subject(sender.household_id, None, "Goûter du mercredi"), asked, at)
    conversations.answer_as_service(
        reference,
        Letter(answer, "demo-message-answer-of-service"),
        closes=False,
        facility_ids=None,
        author=Author(agent_id),
        now=at + timedelta(hours=20),
    )
    other = senders[_WAITING_FAMILY]
    facility_id = db.session.scalars(
        select(Facility.id).where(Facility.name.startswith("ALSH")).order_by(Facility.position)
    ).first()
    subject = Subject(other.household_id, facility_id, "Sortie à la piscine")
    words = f"Bonjour,\n\nFaut-il un brevet de natation pour la sortie des vacances{NBSP}?"
    _ask(other, subject, words, now - timedelta(hours=2))


def publish_news(agent_id: int, now: datetime) -> None:
    """One that everybody reads for a month."""
    today = paris_now(now).date()
    text = (
        "Les inscriptions aux prochaines vacances se font sur le portail. Les places sont données dans "
        "l’ordre des demandes."
    )
    news = NewsData("Prochaines vacances", text, today - timedelta(days=3), today + timedelta(days=30))
    content.save_news(None, news, author=Author(agent_id), now=now)


def _ask(sender: Sender, subject: Subject, words: str, at: datetime) -> str:
    return conversations.begin_as_family(
        subject,
        Letter(words, f"demo-message-of-family-{sender.household_id}"),
        household_ids=[sender.household_id],
        author=sender.author,
        network=_NETWORK,
        now=at,
    )
