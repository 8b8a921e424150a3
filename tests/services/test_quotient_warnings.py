"""A family whose quotient is not proven is told three times before it pays the price without one (R41)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain.enums import AccountStatus, BookingState, DocumentEffect, DocumentState, FindingKind, MailKind
from domain.quotient_warnings import Warned
from models import AuditEvent, DocumentCategory, OutgoingMail, QuotientWarning
from queries import quotient_warnings as queries
from queries.charges import month_bills
from services import outbox, quotient_warnings
from tests import rulebook_texts as written
from tests.booking_bench import FEBRUARY, MONDAY, Bench

PARIS = ZoneInfo("Europe/Paris")
MORNING = datetime(2027, 1, 20, 9, tzinfo=PARIS)
DAYS = [date(2027, 1, 21), MONDAY, date(2027, 3, 1)]
SEASON = date(2026, 9, 1)


@pytest.fixture
def bench(world) -> Bench:
    return unproven(world)


def unproven(world) -> Bench:
    """Léo eats on a Monday of February; his price depends on the quotient."""
    bench = Bench(world, DAYS)
    prices = written.table(
        {"quotient": {"de": "0"}, "valeur": "2.00"}, {"quotient": "inconnu", "valeur": "5.00"}
    )
    world.rulebook["activites"]["cantine"]["tarif"]["prix"]["cas"][0]["valeur"] = prices
    world.write_rulebook()
    world.regie("Régie périscolaire", bench.canteen.activity)
    book(bench, MONDAY)
    return bench


def book(bench, day):
    bench.world.booking(bench.home, bench.leo, bench.opening(day), bench.canteen.meal, BookingState.ACCEPTED)


def warn(bench, now=MORNING):
    with bench.app.app_context():
        return quotient_warnings.warn(now)


def mails(bench):
    ours = select(OutgoingMail).where(OutgoingMail.kind == MailKind.QUOTIENT_WARNING)
    return bench.world.all(ours.order_by(OutgoingMail.id))


def finding(bench, month=FEBRUARY):
    with bench.app.app_context():
        (bill,) = month_bills(month, MORNING)
    return next(one.sentence for one in bill.findings if one.kind is FindingKind.QUOTIENT)


def test_three_warnings_a_school_year_and_the_draft_says_how_many(bench):
    assert finding(bench).endswith("aucun rappel envoyé.")
    assert warn(bench) == 1
    assert warn(bench, MORNING + timedelta(hours=6)) == 0
    assert warn(bench, MORNING + timedelta(days=14)) == 0
    assert finding(bench).endswith("rappel 1 sur 3 envoyé le mercredi 20\xa0janvier.")
    assert warn(bench, MORNING + timedelta(days=15)) == 1
    assert warn(bench, MORNING + timedelta(days=30)) == 1
    assert warn(bench, MORNING + timedelta(days=36)) == 0
    assert finding(bench).endswith("après 3 rappels.")
    assert [one.number for one in bench.world.all(QuotientWarning)] == [1, 2, 3]
    first, _, last = mails(bench)
    assert first.to_address == bench.claire.email
    assert "rappel 1 sur 3" in first.subject
    assert "/documents" in first.text
    assert "dernier rappel" in last.text
    events = bench.world.all(select(AuditEvent).where(AuditEvent.action == "quotient_warning.sent"))
    assert [one.household_id for one in events] == [bench.home.id] * 3


def test_nothing_at_night_nor_where_the_town_wants_none(bench):
    assert warn(bench, MORNING.replace(hour=7)) == 0
    bench.world.settings(quotient_warning_days="0")
    assert warn(bench) == 0


def test_a_proven_quotient_needs_no_warning(bench):
    bench.world.quotient(bench.home, 600)
    assert warn(bench) == 0


def test_a_quotient_whose_proof_is_over_does(bench):
    bench.world.quotient(bench.home, 600, valid_to=date(2027, 1, 19))
    assert warn(bench) == 1


def test_a_proof_that_waits_for_the_service_is_waited_for(bench):
    category = bench.world.add(
        DocumentCategory(name="Quotient familial", owner="household", effect=DocumentEffect.QUOTIENT)
    )
    bench.world.document(bench.home, category, state=DocumentState.SUBMITTED)
    assert warn(bench) == 0


def test_a_reglement_that_refuses_a_price_without_quotient_warns_too(bench):
    bench.world.rulebook["quotient"]["inconnu"] = "refuser"
    bench.world.write_rulebook()
    assert "1\xa0jour sans prix, aucun rappel envoyé" in finding(bench)
    assert warn(bench) == 1


def test_a_price_that_asks_no_quotient_warns_nobody(bench):
    bench.world.rulebook["activites"]["cantine"]["tarif"]["prix"]["cas"][0]["valeur"] = "3.00"
    bench.world.write_rulebook()
    assert warn(bench) == 0


def test_a_family_that_books_nothing_is_left_in_peace(bench):
    idle = bench.neighbour()
    assert warn(bench) == 1
    assert {one.household_id for one in mails(bench)} == {bench.home.id}
    assert idle.home.id != bench.home.id


def test_who_reads_no_mail_is_not_said_to_be_warned(bench):
    other = bench.world.household("FAURE")
    bench.world.parent(other, "Paul", status=AccountStatus.SUSPENDED)
    child = bench.world.child(other, "Ana")
    bench.world.booking(other, child, bench.opening(MONDAY), bench.canteen.meal, BookingState.ACCEPTED)
    assert warn(bench) == 1
    assert {one.household_id for one in bench.world.all(QuotientWarning)} == {bench.home.id}


def test_warnings_of_another_school_year_do_not_count(bench):
    for number in (1, 2, 3):
        bench.world.add(
            QuotientWarning(
                household_id=bench.home.id, season=date(2025, 9, 1), number=number, sent_at=bench.world.now
            )
        )
    assert finding(bench).endswith("aucun rappel envoyé.")
    assert warn(bench) == 1
    with bench.app.app_context():
        assert queries.warned(SEASON) == {bench.home.id: Warned(1, MORNING.date())}


def test_a_worker_that_falls_writes_all_or_nothing(bench, monkeypatch):
    def fall(*_arguments, **_context):
        raise OSError("killed")

    real = outbox.queue_household
    monkeypatch.setattr(outbox, "queue_household", fall)
    with pytest.raises(OSError, match="killed"):
        warn(bench)
    assert bench.world.all(QuotientWarning) == []
    monkeypatch.setattr(outbox, "queue_household", real)
    assert warn(bench) == 1
