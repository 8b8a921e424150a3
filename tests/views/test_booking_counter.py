"""An agent books for the family before it, by the steps that the family knows (S116)."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from domain.enums import BookingState, Channel, LineState, StaffRole
from models import (
    AuditEvent,
    Booking,
    BookingDraft,
    BookingEvent,
    BookingPeriod,
    BookingRequest,
    BookingRequestLine,
    Opening,
    OutgoingMail,
)
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, THURSDAY, TUESDAY, Bench
from tests.swap import assert_swap_equals_reload
from tests.views.reading import text

REASON = "hospitalisation de la mère"
SUNDAY_EVENING = datetime(2027, 1, 31, 20, 0, tzinfo=UTC)  # too late for Monday


@pytest.fixture
def bench(world):
    return Bench(world)


@pytest.fixture
def agent(world, client):
    user = world.staff(StaffRole.RECEPTION)
    client.sign_in(user)
    return user


def counter(bench, page: str) -> str:
    return f"/gestion/familles/{bench.home.id}/reservations/{page}"


def start(client, bench, channel: Channel = Channel.PHONE) -> str:
    """The agent chooses the child and how the family asked; the key of its draft."""
    client.submit(counter(bench, "nouvelle"), {"enfant": str(bench.leo.id), "channel": channel.value})
    return bench.world.all(select(BookingDraft).order_by(BookingDraft.id.desc()))[0].key


def touch(client, bench, key: str, day, wanted: str = "book"):
    page = counter(bench, f"{key}/planning?mois={day.isoformat()[:7]}")
    return client.submit(page, form="#jours", button=("jour", f"{day.isoformat()}:{wanted}"), follow=True)


def give_reason(client, bench, key: str, reason: str = REASON):
    page = counter(bench, f"{key}/recapitulatif")
    return client.submit(page, {"override_reason": reason}, form="#guichet form", follow=True)


def validate(client, bench, key: str) -> BookingRequest:
    client.submit(counter(bench, f"{key}/recapitulatif"), form="form.recap", follow=True)
    return bench.world.all(select(BookingRequest).order_by(BookingRequest.id.desc()))[0]


def lines_of(bench, request: BookingRequest) -> list[BookingRequestLine]:
    return bench.world.all(
        select(BookingRequestLine)
        .where(BookingRequestLine.request_id == request.id)
        .order_by(BookingRequestLine.day)
    )


def test_the_family_file_leads_to_a_booking_by_telephone(client, bench, agent):
    client.get(f"/gestion/familles/{bench.home.id}")
    (link,) = [one for one in client.page.select("a") if "Réserver pour cette famille" in one.get_text()]
    client.get(link["href"])
    assert "Pour la famille SOLIGNAC" in text(client)

    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    client.get(counter(bench, f"{key}/recapitulatif"))
    assert "demande faite par téléphone" in text(client)
    assert "La famille recevra un mail" in text(client)
    request = validate(client, bench, key)

    assert (request.author_user_id, request.author_name) == (agent.id, "Agnès MARTIN")
    assert (request.household_id, request.channel, request.override_reason) == (
        bench.home.id,
        Channel.PHONE,
        "",
    )
    assert "Agnès MARTIN, par téléphone" in text(client)
    assert bench.world.one(Booking).state is BookingState.ACCEPTED
    step = bench.world.one(BookingEvent)
    assert (step.actor_user_id, step.actor_name, step.channel) == (agent.id, "Agnès MARTIN", Channel.PHONE)
    event = bench.world.one(select(AuditEvent).where(AuditEvent.action == "booking_request.submitted"))
    assert (event.actor_user_id, event.channel) == (agent.id, Channel.PHONE)
    assert [mail.to_address for mail in bench.world.all(OutgoingMail)] == [bench.claire.email]
    client.sign_in(bench.claire)
    client.get("/reservations")
    assert "par Agnès MARTIN, par téléphone" in text(client)


def test_a_touched_day_swaps_to_what_a_reload_shows(client, bench, agent):
    key = start(client, bench)
    page = counter(bench, f"{key}/planning?mois=2027-02")
    client.get(page)
    assert client.page.select_one(f"#j-{MONDAY}")["hx-post"] == counter(bench, f"{key}/jours")
    assert_swap_equals_reload(client, page, form="#jours", button=("jour", f"{MONDAY}:book"))


def test_both_adults_are_told_and_a_family_without_access_by_nobody(client, bench, agent):
    paul = bench.world.parent(bench.home, "Paul")
    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    validate(client, bench, key)
    assert {mail.to_address for mail in bench.world.all(OutgoingMail)} == {bench.claire.email, paul.email}

    alone = bench.world.household("SANSMAIL")
    bench.world.guardian(alone)
    bench.home, bench.leo = alone, bench.world.child(alone)
    bench.world.enrol(bench.leo, bench.canteen.facility)
    key = start(client, bench, Channel.PAPER)
    touch(client, bench, key, MONDAY)
    request = validate(client, bench, key)
    assert request.channel is Channel.PAPER
    assert len(bench.world.all(OutgoingMail)) == 2


def test_a_late_day_needs_a_reason_which_is_kept_everywhere(client, bench, agent, clock):
    clock.move_to(SUNDAY_EVENING)
    client.sign_in(agent)
    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    assert "motif à écrire" in text(client)
    touch(client, bench, key, TUESDAY)
    client.get(counter(bench, f"{key}/recapitulatif"))
    assert "Une règle s’oppose à cette demande." in text(client)

    give_reason(client, bench, key)
    assert f"Motif : {REASON}" in text(client)
    assert "Le service passe outre." in text(client)
    request = validate(client, bench, key)

    late, in_time = lines_of(bench, request)
    assert (late.state, in_time.state) == (LineState.ACCEPTED, LineState.ACCEPTED)
    assert late.reason.startswith("Trop tard")
    assert late.reason.endswith("Le service passe outre.")
    assert f"Une règle est passée outre par le service. Motif : {REASON}" in text(client)
    assert in_time.reason == ""
    assert request.override_reason == REASON
    reasons = {step.booking_id: step.reason for step in bench.world.all(BookingEvent)}
    assert reasons == {late.booking_id: REASON, in_time.booking_id: ""}
    event = bench.world.one(select(AuditEvent).where(AuditEvent.action == "booking_request.submitted"))
    assert event.after["override_reason"] == REASON
    assert REASON in bench.world.one(OutgoingMail).text


def test_without_a_reason_a_late_day_is_refused(client, bench, agent, clock):
    clock.move_to(SUNDAY_EVENING)
    client.sign_in(agent)
    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    (line,) = lines_of(bench, validate(client, bench, key))
    assert (line.state, line.booking_id) == (LineState.REFUSED, None)


def test_a_reason_that_passed_nothing_is_not_kept(client, bench, agent):
    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    give_reason(client, bench, key)
    assert "Aucune règle ne s’y oppose" in text(client)
    assert validate(client, bench, key).override_reason == ""


def test_a_full_day_is_never_passed(client, bench, agent, clock):
    with bench.app.app_context(), write_transaction() as session:
        row = session.get_one(Opening, bench.opening(MONDAY).id)
        row.capacity, row.booked = 1, 1
    clock.move_to(SUNDAY_EVENING)
    client.sign_in(agent)
    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    give_reason(client, bench, key)
    assert "Il n’y a plus de place ce jour-là" in text(client)
    (line,) = lines_of(bench, validate(client, bench, key))
    assert line.state is LineState.REFUSED
    assert bench.counts(MONDAY) == (1, 0)


def test_a_period_that_is_not_open_yet_is_passed_with_a_reason(client, bench, agent):
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(BookingPeriod, bench.canteen.period.id).opens_at = datetime(2027, 1, 25, tzinfo=UTC)
    key = start(client, bench)
    touch(client, bench, key, THURSDAY)
    give_reason(client, bench, key, "arrivée en cours d’année")
    (line,) = lines_of(bench, validate(client, bench, key))
    assert line.state is LineState.ACCEPTED
    assert "Les réservations ouvrent le" in line.reason


def test_what_the_town_wants_first_is_told_and_passed_with_a_reason(client, bench, agent):
    bench.world.settings(certification_gates="oui")
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.home).created_at = datetime(2025, 3, 1, tzinfo=UTC)
    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    client.get(counter(bench, f"{key}/recapitulatif"))
    assert "La famille n’a pas encore fait ceci" in text(client)
    assert client.page.select_one("form.recap") is None

    give_reason(client, bench, key, "dossier vu au guichet")
    request = validate(client, bench, key)
    assert request.override_reason == "dossier vu au guichet"
    assert lines_of(bench, request)[0].state is LineState.ACCEPTED


def test_a_booking_is_given_up_late_for_the_family(client, bench, agent, clock):
    bench.ask(MONDAY)
    clock.move_to(SUNDAY_EVENING)
    client.sign_in(agent)
    key = start(client, bench, Channel.COUNTER)
    touch(client, bench, key, MONDAY, "cancel")
    give_reason(client, bench, key)
    request = validate(client, bench, key)
    assert lines_of(bench, request)[0].state is LineState.ACCEPTED
    booking = bench.world.one(Booking)
    assert (booking.state, booking.due_cents) == (BookingState.CANCELLED, 0)
    assert bench.counts(MONDAY) == (0, 0)


def test_drafts_of_two_families_are_kept_apart(client, bench, agent):
    key = start(client, bench)
    touch(client, bench, key, MONDAY)
    other = Bench.__new__(Bench)
    other.world, other.app, other.canteen = bench.world, bench.app, bench.canteen
    other.home = bench.world.household("MARTIN")
    other.leo = bench.world.child(other.home, "Nino")
    bench.world.enrol(other.leo, bench.canteen.facility)
    client.get(counter(other, "nouvelle"))
    assert "Une demande est restée en cours" not in text(client)
    touch(client, other, start(client, other), MONDAY)
    client.get(counter(bench, "nouvelle"))
    assert "Une demande est restée en cours" in text(client)
    assert client.get(counter(other, f"{key}/recapitulatif")).status_code == 404
    client.sign_in(bench.claire)
    assert client.get(f"/reservations/{key}/recapitulatif").status_code == 404
