"""An agent tells the absence of a child for the family on the telephone, as the family would (R23, S116)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import BookingState, Channel, StaffRole
from models import Absence, AuditEvent, Booking, BookingEvent, OutgoingMail
from tests.school_family import SchoolFamily, words

TUESDAY, THURSDAY = date(2027, 1, 12), date(2027, 1, 14)


@pytest.fixture
def family(world):
    return SchoolFamily(world)


@pytest.fixture
def agent(client, world, family):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


def day_of(family, day):
    return f"/gestion/familles/{family.household.id}/enfants/{family.leo.id}/jours?jour={day}"


def page_of(family, day, child=None):
    return f"/gestion/familles/{family.household.id}/absences/{(child or family.leo).id}/{day}"


def main(client):
    return words(client.page.main)


def test_the_day_of_the_child_leads_to_the_absence_with_its_channel_mail_and_journal(agent, family):
    family.book(family.leo, TUESDAY)
    agent.get(f"/gestion/familles/{family.household.id}/enfants/{family.leo.id}")
    assert "Absence ou historique d’un jour" in main(agent)
    agent.get(day_of(family, TUESDAY))
    (link,) = (one for one in agent.page.select("main a") if words(one) == "Signaler l’absence de Léo")
    agent.get(link["href"])
    assert "3,20 € restent dus" in main(agent)
    assert "La famille recevra un mail." in main(agent)
    answer = agent.submit(link["href"], {"channel": Channel.COUNTER.value})
    assert (answer.status_code, answer.location) == (303, day_of(family, TUESDAY))
    agent.get(answer.location)
    assert "Absence signalée : 3,20 € restent dus." in words(agent.page)
    assert "par Agnès MARTIN, au guichet" in main(agent)

    world = family.world
    assert world.one(Absence).author_name == "Agnès MARTIN"
    event = world.one(select(AuditEvent).where(AuditEvent.action == "absence.declared"))
    assert (event.channel, event.household_id) == (Channel.COUNTER, family.household.id)
    assert world.all(select(BookingEvent.channel).order_by(BookingEvent.id))[-1] is Channel.COUNTER
    assert [mail.to_address for mail in world.all(OutgoingMail)] == [family.claire.email]


def test_what_is_still_free_is_cancelled_by_a_request_of_the_agent(agent, family):
    family.book(family.leo, THURSDAY)
    agent.get(page_of(family, THURSDAY))
    assert "Annulation gratuite 3,20 € ne sont plus dus." in main(agent)
    answer = agent.submit(page_of(family, THURSDAY), {"channel": Channel.PHONE.value})
    agent.get(answer.location)
    assert "1 réservation annulée sans frais." in words(agent.page)
    assert "par Agnès MARTIN, par téléphone" in main(agent)
    assert family.world.one(Booking).state is BookingState.CANCELLED


def test_the_absence_is_taken_back_from_the_day(agent, family):
    family.book(family.leo, TUESDAY)
    agent.submit(page_of(family, TUESDAY))
    agent.get(day_of(family, TUESDAY))
    assert "Signaler l’absence" not in main(agent)
    answer = agent.submit(day_of(family, TUESDAY), form=f"form[action='{page_of(family, TUESDAY)}/retirer']")
    agent.get(answer.location)
    assert "L’absence du mardi 12 janvier est retirée." in words(agent.page)
    assert family.world.all(Absence) == []


def test_several_days_keep_their_last_day_when_the_channel_is_missing(agent, family):
    family.book(family.leo, TUESDAY)
    family.book(family.leo, THURSDAY)
    page = f"{page_of(family, TUESDAY)}?jusqu_au={THURSDAY}"
    assert agent.submit(page, {"channel": None}).status_code == 422
    assert "Choisissez comment la famille vous l’a dit." in main(agent)
    assert "Du mardi 12 janvier au jeudi 14 janvier" in main(agent)


def test_a_day_without_booking_or_over_offers_no_absence(agent, family):
    family.book(family.leo, date(2027, 1, 11))
    for day in (TUESDAY, date(2027, 1, 11)):
        agent.get(day_of(family, day))
        assert "Signaler l’absence" not in main(agent)


def test_a_child_of_another_family_is_not_found(agent, family):
    stranger = family.world.child(family.world.household("MARTIN"), "Nino")
    assert agent.get(page_of(family, TUESDAY, stranger)).status_code == 404
