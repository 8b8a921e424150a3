"""The custody calendar: the service keeps it, both parents read their own days (R02)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.enums import Channel, StaffRole
from models import AuditEvent, CustodyCalendar, CustodyException
from queries.custody import household_on
from tests.entangled import Entangled
from tests.school_family import words


@pytest.fixture
def two(world) -> Entangled:
    return Entangled(world)


@pytest.fixture
def agent(client, two):
    client.sign_in(two.world.staff(StaffRole.RECEPTION))
    return client


def garde(two, what=""):
    return f"/gestion/familles/{two.solignac.id}/enfants/{two.leo.id}/garde{what}"


def said(client, address):
    client.get(address)
    return words(client.page.main)


def create(agent, two, day="2027-01-18", **changes):
    """Fridays, even weeks at the SOLIGNAC, small holidays by halves, summer by fortnights."""
    typed = {
        "valid_from": day,
        "even_household_id": str(two.solignac.id),
        "handover_weekday": "4",
        "holiday_split": "halves",
        "summer_split": "fortnights",
    }
    return agent.submit(garde(two, "/calendrier"), typed | changes, follow=True)


def homes(two, *days):
    with two.world.app.app_context():
        return list(household_on(two.leo.id, days).values())


def test_the_service_gives_a_child_its_calendar(agent, two):
    assert "Le calendrier de garde est enregistré." in words(create(agent, two) and agent.page.main)
    page = words(agent.page.main)
    assert "Depuis le 18/01/2027" in page
    assert "Semaines paires SOLIGNAC (Claire)" in page
    assert "Semaines impaires MARTIN (Karim, Nadia)" in page
    assert "Changement de foyer Vendredi" in page
    assert "Du lundi 18 janvier au jeudi 21 janvier : SOLIGNAC (Claire) semaine 2, paire" in page
    row = two.world.one(CustodyCalendar)
    assert (row.even_household_id, row.odd_household_id) == (two.solignac.id, two.martin.id)
    event = two.world.one(select(AuditEvent).where(AuditEvent.object_type == "custody_calendar"))
    assert event.action == "custody_calendar.set"
    assert event.channel is Channel.PHONE
    assert event.before is None
    assert event.after["even_household_id"] == two.solignac.id


def test_the_preview_tells_each_day_by_a_letter(agent, two):
    create(agent, two)
    rows = agent.page.select("table.custody tbody tr")
    assert len(rows) == 8
    first, second = (words(row) for row in rows[:2])
    assert first == "11/01 – – – – – – –"
    assert second == "18/01 A A A A B B B"


def test_a_change_ends_the_former_calendar_on_the_eve_and_keeps_it(agent, two):
    create(agent, two)
    create(agent, two, "2027-03-01", even_household_id=str(two.martin.id))
    former, new = sorted(two.world.all(CustodyCalendar), key=lambda row: row.valid_from)
    assert former.valid_to == date(2027, 2, 28)
    assert new.valid_to is None
    assert homes(two, date(2027, 2, 28), date(2027, 3, 1)) == [two.solignac.id, two.martin.id]


def test_a_calendar_put_before_another_ends_on_its_eve(agent, two):
    create(agent, two, "2027-03-01")
    create(agent, two, "2027-02-01")
    earlier, _later = sorted(two.world.all(CustodyCalendar), key=lambda row: row.valid_from)
    assert earlier.valid_to == date(2027, 2, 28)


def test_the_same_day_again_replaces_it(agent, two):
    create(agent, two)
    create(agent, two, handover_weekday="0")
    row = two.world.one(CustodyCalendar)
    assert row.handover_weekday == 0
    last = two.world.all(select(AuditEvent).where(AuditEvent.object_type == "custody_calendar"))[-1]
    assert last.before["handover_weekday"] == 4


def test_a_colleagues_change_in_between_is_told(agent, two):
    agent.get(garde(two, "/calendrier"))
    seen = agent.page.select_one("input[name=seen]")["value"]
    create(agent, two)
    answer = agent.submit(
        garde(two, "/calendrier"),
        {"handover_weekday": "0"},
        forged={"seen": seen},
    )
    assert answer.status_code == 409
    assert "vient d’être modifié" in words(agent.page.main)
    assert two.world.one(CustodyCalendar).handover_weekday == 4


def test_what_is_missing_is_asked(agent, two):
    answer = agent.submit(garde(two, "/calendrier"), {"valid_from": "2027-01-18"})
    assert answer.status_code == 422
    assert "Choisissez le foyer qui a les semaines paires." in words(agent.page.main)


def test_a_child_of_one_household_has_nothing_to_share(agent, two):
    marie = f"/gestion/familles/{two.solignac.id}/enfants/{two.marie.id}/garde"
    assert "n’est rattaché qu’à un foyer" in said(agent, marie)
    assert agent.get(f"{marie}/calendrier").status_code == 404


def test_an_exception_wins_is_taken_back_and_never_overlaps(agent, two):
    create(agent, two)
    typed = {
        "household_id": str(two.martin.id),
        "first_day": "2027-01-19",
        "last_day": "2027-01-20",
        "reason": "Anniversaire",
    }
    agent.submit(garde(two, "/exceptions/nouvelle"), typed, follow=True)
    page = words(agent.page.main)
    assert "Du 19/01/2027 au 20/01/2027 , chez MARTIN (Karim, Nadia) Anniversaire" in page
    monday = date(2027, 1, 18)
    assert homes(two, *(monday + timedelta(days=n) for n in range(4))) == [
        two.solignac.id, two.martin.id, two.martin.id, two.solignac.id,
    ]  # fmt: skip
    answer = agent.submit(garde(two, "/exceptions/nouvelle"), typed | {"first_day": "2027-01-20"})
    assert answer.status_code == 422
    assert "Des jours à part existent déjà du 19/01/2027" in words(agent.page.main)
    exception = two.world.one(CustodyException)
    retirer = f"/gestion/familles/{two.solignac.id}/garde/exceptions/{exception.id}/retirer"
    agent.submit(garde(two), form=f'form[action="{retirer}"]', follow=True)
    assert two.world.all(CustodyException) == []
    actions = [row.action for row in two.world.all(AuditEvent)]
    assert actions[-2:] == ["custody_exception.added", "custody_exception.removed"]


def test_a_calendar_ends_and_those_of_later_go(agent, two):
    create(agent, two, "2027-01-04")
    create(agent, two, "2027-03-01")
    agent.submit(garde(two, "/arreter"), {"last_day": "2027-01-31"}, follow=True)
    row = two.world.one(CustodyCalendar)
    assert (row.valid_from, row.valid_to) == (date(2027, 1, 4), date(2027, 1, 31))
    assert homes(two, date(2027, 2, 1), date(2027, 3, 1)) == [None, None]
    answer = agent.submit(garde(two, "/arreter"), {"last_day": "2027-06-01"})
    assert answer.status_code == 422


def test_the_calendar_is_in_the_history_of_the_file(agent, two):
    create(agent, two)
    agent.get(f"/gestion/familles/{two.solignac.id}")
    history = words(agent.page.select_one("#historique"))
    assert "Calendrier de garde" in history
    assert "Semaines paires après : SOLIGNAC" in history
    assert "Vacances d’été après : Par quinzaines" in history


def test_each_parent_reads_its_own_days_and_no_name_of_the_other(client, agent, two):
    create(agent, two)
    client.sign_in(two.claire)
    sheet = said(client, f"/mes-enfants/{two.leo.id}")
    assert "Calendrier de garde" in sheet
    assert "Du lundi 18 janvier au jeudi 21 janvier : chez vous semaine 2, paire" in sheet
    assert "Du vendredi 22 janvier au jeudi 28 janvier : chez l’autre parent semaine 3, impaire" in sheet
    assert "MARTIN (" not in sheet
    client.sign_in(two.karim)
    sheet = said(client, f"/mes-enfants/{two.leo.id}")
    assert "Du lundi 18 janvier au jeudi 21 janvier : chez l’autre parent" in sheet


def test_a_child_without_calendar_shows_none(client, two):
    client.sign_in(two.claire)
    assert "Calendrier de garde" not in said(client, f"/mes-enfants/{two.leo.id}")


def test_an_adult_of_both_households_reads_their_names(client, agent, two):
    create(agent, two)
    account = two.world.user()
    sacha = two.world.guardian(two.solignac, "Sacha", user_id=account.id)
    two.world.join(two.martin, sacha)
    client.sign_in(account)
    sheet = said(client, f"/mes-enfants/{two.leo.id}")
    assert "au jeudi 21 janvier : famille SOLIGNAC" in sheet
    assert "au jeudi 28 janvier : famille MARTIN" in sheet


def test_nothing_is_read_for_no_day(two):
    assert homes(two) == []
    assert homes(two, date(2027, 1, 18)) == [None]
