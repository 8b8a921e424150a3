"""The history of a child's day, for its families and for the service (R26, security 1.3)."""

import pytest
from sqlalchemy import select

from domain.enums import Channel, StaffRole, ValidationMode
from models import Booking, BookingRequest, BookingRequestLine
from services import audit, booking_life, booking_requests
from services.booking_drafts import Wanted
from services.booking_life import Actor
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, TUESDAY, Bench
from tests.school_family import words
from tests.views.reading import text


@pytest.fixture
def bench(world, client):
    bench = Bench(world, validation_mode=ValidationMode.MANUAL)
    client.sign_in(bench.claire)
    return bench


def family_page(bench, day=MONDAY) -> str:
    return f"/planning/{day:%Y-%m}/jours/{day}/enfants/{bench.leo.id}"


def staff_page(bench, day=MONDAY) -> str:
    return f"/gestion/familles/{bench.home.id}/enfants/{bench.leo.id}/jours?jour={day}"


def decide(bench, agent, *, accept: bool, reason: str = "") -> None:
    """Answer the newest line."""
    line = bench.world.all(select(BookingRequestLine).order_by(BookingRequestLine.id.desc()))[0]
    with bench.app.app_context():
        booking_requests.decide_lines(
            [line.id],
            accept=accept,
            reason=reason,
            actor_user_id=agent.id,
            facility_ids=None,
            now=bench.world.now,
        )


def steps(client) -> list[str]:
    return [words(one) for one in client.page.select(".history li")]


def test_each_step_says_who_when_what_and_why(bench, client, clock):
    agent = bench.world.staff()
    reference = bench.ask(MONDAY)
    clock.move_to(clock.now().replace(hour=10))
    decide(bench, agent, accept=True)
    clock.move_to(clock.now().replace(hour=11))
    bench.ask(MONDAY, wanted=Wanted.CANCEL)
    clock.move_to(clock.now().replace(hour=12))
    decide(bench, agent, accept=False, reason="Le repas est commandé.")

    client.sign_in(bench.claire)
    client.get(f"/planning/{MONDAY:%Y-%m}/jours/{MONDAY}")
    (link,) = [one for one in client.page.select("#jour a") if "Historique de ce jour" in one.get_text()]
    client.get(link["href"])

    asked, accepted, giving_up, refused = steps(client)
    assert asked == (
        "En cours de validation · Repas enfant mardi 12 janvier 2027, 10 h · par Claire SOLIGNAC, "
        f"sur le portail Demande {reference}"
    )
    assert accepted.startswith("Acceptée · Repas enfant mardi 12 janvier 2027, 11 h · par Agnès MARTIN")
    assert giving_up.startswith("Annulation à décider")
    assert "par Claire SOLIGNAC" in giving_up
    assert refused.startswith("Annulation refusée")
    assert "par Agnès MARTIN" in refused
    assert "Motif : Le repas est commandé." in refused


def test_what_was_refused_at_once_is_told_too(bench, client, clock):
    key = bench.start()
    bench.touch(key, TUESDAY)
    clock.move_to(clock.now().replace(month=2, day=1, hour=20))
    bench.submit(key)
    client.sign_in(bench.claire)
    client.get(family_page(bench, TUESDAY))
    (refused,) = steps(client)
    assert refused.startswith("Demande refusée · Repas enfant")
    assert "Motif : Trop tard" in refused


def test_a_day_without_anything_says_so(bench, client):
    client.get(family_page(bench))
    assert "Rien n’a été demandé pour Léo ce jour-là." in text(client)
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    client.get(staff_page(bench))
    assert "Rien n’a été demandé pour Léo ce jour-là." in text(client)


def test_of_the_other_household_a_family_reads_the_state_alone(bench, client):
    bench.ask(MONDAY)
    other = bench.world.household("MARTIN")
    bench.world.share(bench.leo, other)
    client.sign_in(bench.world.parent(other, "Karim"))
    client.get(family_page(bench))
    assert "Autre foyer" in text(client)
    assert "En cours de validation" in text(client)
    assert steps(client) == []
    assert "Claire" not in text(client)
    assert bench.world.one(BookingRequest).reference not in text(client)


def test_a_booking_that_passed_to_the_other_home_leaves_each_its_own_steps(bench, client):
    bench.ask(MONDAY)
    other = bench.world.household("MARTIN")
    karim = bench.world.parent(other, "Karim")
    bench.world.share(bench.leo, other)
    with bench.app.app_context(), write_transaction() as session:
        booking = session.scalar(select(Booking))
        actor = Actor(karim.id, "Karim MARTIN", Channel.PORTAL)
        booking_life.change_home(session, booking, other.id, 320, actor, bench.world.now, "Calendrier.")
        audit.record(
            session, at=bench.world.now, actor_user_id=karim.id, channel=Channel.PORTAL,
            action="booking.moved", object_type="booking", object_id=booking.id,
        )  # fmt: skip

    client.get(family_page(bench))
    asked, left = steps(client)
    assert asked.startswith("En cours de validation")
    assert left.startswith("Passée à l’autre foyer de l’enfant")
    assert "Karim" not in text(client)
    client.sign_in(karim)
    client.get(family_page(bench))
    (came,) = steps(client)
    assert came.startswith("Reprise de l’autre foyer de l’enfant")
    assert "Claire" not in text(client)


def test_somebody_elses_child_is_not_found(bench, client):
    client.sign_in(bench.world.parent(bench.world.household("MARTIN")))
    assert client.get(family_page(bench)).status_code == 404


def test_the_service_reads_everybodys_steps_and_cancels_from_there(bench, client):
    bench.ask(MONDAY)
    bench.world.share(bench.leo, bench.world.household("MARTIN"))
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    sheet = f"/gestion/familles/{bench.home.id}/enfants/{bench.leo.id}"
    client.get(sheet)
    assert [one for one in client.page.select("a") if "istorique d’un jour" in one.get_text()]
    client.get(staff_page(bench))
    (step,) = steps(client)
    assert "par Claire SOLIGNAC, sur le portail" in step

    booking = bench.world.one(Booking)
    client.submit(
        staff_page(bench),
        form=f"/gestion/familles/{bench.home.id}/reservations/annuler/{booking.id}",
        follow=True,
    )
    assert "Annulation · Repas enfant" in text(client)


def test_a_director_reads_its_own_structure_alone(bench, client):
    bench.ask(MONDAY)
    camp = bench.world.canteen([MONDAY], name="ALSH Saint-Géry")
    bench.world.enrol(bench.leo, camp.facility)
    client.sign_in(bench.world.staff(StaffRole.DIRECTOR, [camp.facility]))
    client.get(staff_page(bench))
    assert steps(client) == []
    assert "Réserver pour cette famille" not in text(client)
    client.sign_in(bench.world.staff(StaffRole.DIRECTOR, [bench.canteen.facility]))
    client.get(staff_page(bench))
    assert len(steps(client)) == 1
