"""Fills the demonstration's database, with dates around today: its state in one transaction, then some acts.

What families declared and sent lately goes through the services themselves, so that it is told, sealed and
filed like any other. A start that is cut before its end begins again from nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from domain.calendar import ONE_DAY, paris_now, school_year
from extensions import db, empty_tables
from services import credentials, file_stores
from services.demo import (
    seed_acts,
    seed_attendance,
    seed_billing,
    seed_bookings,
    seed_closures,
    seed_file,
    seed_kitchens,
    seed_messages,
    seed_people,
    seed_places,
    seed_rules,
    seed_schools,
    seed_town,
    seed_wishes,
)
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Emails:
    """Who signs in with the printed password."""

    parent: str
    second_parent: str
    agent: str
    administrator: str


def refill(now: datetime, password: str, emails: Emails) -> None:
    """Empty the demonstration's database and fill it around `now`."""
    password_hash = credentials.hash_secret(password)
    rng = Random(46)  # noqa: S311  the same invented town at each start
    with write_transaction() as session:
        empty_tables(session.connection(), db.metadata)
        today = paris_now(now).date()
        first_day, last_day = _span(today)
        seed_town.write_town(session, first_day, last_day)
        next_september = school_year(today)[1] + ONE_DAY
        book = seed_rules.write_rulebooks(session, now, first_day, next_september)
        places = seed_town.write_facilities(session)
        seed_town.write_openings(session, places, first_day, last_day, now)
        agent = seed_people.write_staff(
            session, now, places, password_hash, emails.agent, emails.administrator
        )
        households = seed_people.write_families(
            session, now, places, first_day, last_day, password_hash, emails.parent, agent
        )
        seed_rules.write_facts(session, households, first_day)
        seed_people.write_documents(session, households, today, rng)
        seed_schools.write_schools(session, households, first_day)
        seed_schools.write_shared_child(session, households, first_day)
        seed_file.write_files(session, now, households, agent, password_hash, emails.second_parent)
        holidays = seed_wishes.open_wishes(session, places, now)
        wishes = [
            *seed_bookings.wishes_of(households, places, today, rng),
            *seed_wishes.wishes_of(holidays, households, now),
        ]
        prices = seed_bookings.prices_of(households, places, first_day, last_day)
        seed_bookings.write_bookings(session, now, wishes, prices, rng)
        seed_kitchens.write_kitchens(session, places, today)
        session.add_all(seed_bookings.default_weeks_of(households, places))
        seed_schools.share_bookings(session, agent.user.id, now)
        seed_places.write_places(session, households, places, now)
        seed_town.write_resources(session, file_stores.store(file_stores.Place.FILES), book)
        senders = seed_acts.senders_of(households)
        agent_id = agent.user.id
    seed_acts.declare_changes(senders, agent_id, now)
    seed_acts.send_documents(senders, agent_id, now)
    seed_acts.ask_enrolment(senders, now)
    seed_kitchens.take_counts(now)
    seed_closures.close_an_evening(agent_id, now)
    seed_closures.tell_an_absence(senders, now)
    seed_attendance.mark_the_past(agent_id, now)
    seed_billing.bill_the_months(agent_id, now)
    seed_messages.write_messages(senders, agent_id, now)
    seed_messages.publish_news(agent_id, now)


def _span(today: date) -> tuple[date, date]:
    """The school year of today and, near its end, the next one too."""
    return school_year(today)[0], school_year(today + timedelta(days=120))[1]
