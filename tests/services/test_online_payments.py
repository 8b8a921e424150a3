"""Bills paid online against the stand-in of PayFiP: nothing paid without its word, nothing paid twice (S57,
S59, S60, R45)."""

import secrets
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.payment_gateway import GatewaySilent
from domain.enums import (
    InvoiceState,
    MailKind,
    OnlineMode,
    OnlineState,
    PaymentMethod,
    PaymentState,
)
from domain.errors import NotFound, Refused, Stale
from models import AuditEvent, OnlinePayment, OutgoingMail, Payment, Regie
from services import ledger, online_payments, payments
from services.accounts import Author
from services.online_payments import Source
from services.transaction import write_transaction
from tests.payfip_bench import Till, stand_in, till

__all__ = ["stand_in", "till"]


def receipts(till):
    return till.world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.PAYMENT_RECEIPT))


@pytest.mark.parametrize(
    ("result", "method"), [("P", PaymentMethod.ONLINE_CARD), ("V", PaymentMethod.ONLINE_DEBIT)]
)
def test_what_the_service_took_pays_the_bill_once_and_sends_a_receipt(till, result, method):
    bill = till.bill()
    attempt = till.begin(bill)
    assert till.state(bill) == (InvoiceState.PAYING, 0)
    assert (attempt.state, attempt.amount_cents, attempt.client) == (OnlineState.PENDING, 4320, "012345")
    till.choose(attempt, result)
    for source in (Source.RETURN, Source.WORKER, Source.RETURN):
        assert till.resolve(attempt, source) is OnlineState.PAID
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)
    (payment,) = till.payments
    assert (payment.method, payment.amount_cents, payment.allocated_cents) == (method, 4320, 4320)
    assert payment.reference.startswith(attempt.refdet)
    (mail,) = receipts(till)
    assert "43,20" in mail.text
    assert attempt.key in mail.text
    actions = [event.action for event in till.world.all(AuditEvent)]
    assert [one for one in actions if one.startswith("online_payment")] == [
        "online_payment.begun",
        "online_payment.sent",
        "online_payment.paid",
    ]


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ("R", OnlineState.REFUSED),
        ("Z", OnlineState.REFUSED),
        ("A", OnlineState.CANCELLED),
    ],
)
def test_what_was_not_paid_is_to_be_paid_again(till, result, state):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, result)
    assert till.resolve(attempt) is state
    assert till.state(bill) == (InvoiceState.UNSETTLED, 0)
    assert till.payments == receipts(till) == []
    assert till.begin(bill).state is OnlineState.PENDING


def test_no_result_yet_changes_nothing(till):
    bill = till.bill()
    attempt = till.begin(bill)
    assert till.resolve(attempt) is OnlineState.PENDING
    assert till.state(bill) == (InvoiceState.PAYING, 0)


def test_an_operation_that_the_service_forgot_is_over(till):
    bill = till.bill()
    attempt = till.begin(bill)
    till.service.forget(attempt.operation)
    assert till.resolve(attempt) is OnlineState.EXPIRED
    assert till.again(attempt).next_check_at is None
    assert till.state(bill) == (InvoiceState.UNSETTLED, 0)


def test_a_code_that_nobody_knows_is_no_refusal(till):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, "Q")
    assert till.resolve(attempt) is OnlineState.TO_CHECK
    assert "code inconnu" in till.again(attempt).problem
    assert till.state(bill) == (InvoiceState.PAYING, 0)
    with pytest.raises(Refused):
        till.begin(bill)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"montant": "4319"}, "Le montant ne correspond pas"),
        ({"montant": ""}, "Le montant ne correspond pas"),
        ({"refdet": "UNEAUTRE"}, "La référence ne correspond pas"),
        ({"numcli": "999999"}, "Le numéro de client ne correspond pas"),
        ({"saisie": "W"}, "Le mode ne correspond pas"),
        ({"saisie": ""}, "Le mode ne correspond pas"),
    ],
)
@pytest.mark.parametrize("result", ["P", "V"])
def test_money_for_something_else_is_looked_at_by_somebody(till, changes, said, result):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, result, **changes)
    assert till.resolve(attempt) is OnlineState.TO_CHECK
    assert said in till.again(attempt).problem
    assert till.payments == []
    assert till.state(bill) == (InvoiceState.PAYING, 0)


def test_a_trial_pays_nothing_once_the_regie_is_in_service(till):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, "P")
    set_mode(till, OnlineMode.PRODUCTION)
    assert till.resolve(attempt) is OnlineState.TO_CHECK
    assert till.payments == []


def set_mode(till, mode):
    with till.app.app_context(), write_transaction() as session:
        session.get_one(Regie, till.regie.id).online_mode = mode


# --- Late, repeated, forged, missing ------------------------------------------------------------


@pytest.mark.parametrize("first", ["A", "R", "P1"])
def test_money_that_comes_after_the_end_settles(till, first):
    bill = till.bill()
    attempt = till.begin(bill)
    operation = till.service.operations[attempt.operation]
    if first == "P1":
        till.service.forget(attempt.operation)
    else:
        till.choose(attempt, first)
    till.resolve(attempt)
    till.service.operations[attempt.operation] = operation
    operation.result, operation.known_at = "P", till.world.now
    assert till.hear(attempt.operation)
    assert till.work() == 1
    assert till.again(attempt).state is OnlineState.PAID
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)


def test_what_a_second_attempt_paid_leaves_the_late_money_as_an_advance(till):
    bill = till.bill()
    first = till.begin(bill)
    till.choose(first, "A")
    till.resolve(first)
    second = till.begin(bill)
    till.choose(second, "P")
    till.resolve(second)
    till.service.operations[first.operation].result = "P"
    till.resolve(first)
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)
    assert sorted(one.allocated_cents for one in till.payments) == [0, 4320]
    assert "paieront la prochaine" in receipts(till)[-1].text


def test_a_given_up_page_may_still_be_paid_so_it_is_asked_about_once_more(till, clock):
    attempt = till.begin(till.bill())
    till.choose(attempt, "A")
    till.resolve(attempt)
    assert till.again(attempt).next_check_at == till.world.now + timedelta(minutes=20)
    clock.advance(minutes=20)
    assert till.work() == 1
    assert till.again(attempt).next_check_at is None


def test_a_notification_decides_nothing_and_the_worker_asks(till):
    bill = till.bill()
    attempt = till.begin(bill)
    assert till.work() == 0
    for _ in range(3):
        assert till.hear(attempt.operation)
    assert till.state(bill) == (InvoiceState.PAYING, 0)
    till.work()
    assert till.state(bill) == (InvoiceState.PAYING, 0), "forged: the service knows of no money"
    till.choose(attempt, "P")
    till.hear(attempt.operation)
    till.work()
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)
    assert till.hear(attempt.operation), "told again"
    assert till.work() == 0
    assert not till.hear("nobody")


def test_a_closed_tab_without_notification_is_found_by_the_worker(till, clock):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, "P")
    clock.advance(minutes=4)
    assert till.work() == 0
    clock.advance(minutes=1)
    assert till.work() == 1
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)


def test_the_worker_asks_after_five_minutes_then_every_half_hour_for_a_week(till, clock):
    attempt = till.begin(till.bill())
    clock.advance(minutes=5)
    till.work()
    assert till.again(attempt).next_check_at == till.world.now + timedelta(minutes=5)
    clock.advance(minutes=5)
    till.work()
    assert till.again(attempt).next_check_at == till.world.now + timedelta(minutes=30)
    till.service.operations[attempt.operation].is_used = True  # on the page, without an end
    clock.advance(days=7)
    till.work()
    assert till.again(attempt).state is OnlineState.TO_CHECK
    assert "Sept jours" in till.again(attempt).problem
    till.service.operations[attempt.operation].result = "P"
    till.service.operations[attempt.operation].known_at = till.world.now
    assert till.resolve(attempt, Source.AGENT) is OnlineState.PAID


def test_a_service_that_is_down_is_asked_again_later(till, clock):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, "P")
    till.service.is_down = True
    with pytest.raises(Refused) as refusal:
        till.resolve(attempt)
    assert refusal.value.code == "silent"
    assert till.again(attempt).next_check_at == till.world.now + timedelta(minutes=30)
    till.service.is_down = False
    clock.advance(minutes=30)
    till.work()
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)


def test_one_that_fails_keeps_none_of_the_others_back(till, clock, monkeypatch):
    first, second = till.begin(till.bill()), till.begin(till.bill(1000))
    for one in (first, second):
        till.choose(one, "P")
    asked = type(online_payments_gateway(till)).ask

    def ask(gateway, operation):
        if operation == first.operation:
            raise RuntimeError("an answer that breaks us")
        return asked(gateway, operation)

    monkeypatch.setattr("adapters.payfip.PayFip.ask", ask)
    clock.advance(minutes=5)
    assert till.work() == 2
    assert till.again(first).state is OnlineState.PENDING
    assert till.again(second).state is OnlineState.PAID
    assert till.work() == 0, "the one that fails waits half an hour"


def online_payments_gateway(till):
    return till.app.extensions["payment_gateway"]


def test_three_silences_are_enough_for_one_turn(till, clock, monkeypatch):
    for _ in range(5):
        till.begin(till.bill())
    calls = []

    def ask(_gateway, operation):
        calls.append(operation)
        raise GatewaySilent("down")

    monkeypatch.setattr("adapters.payfip.PayFip.ask", ask)
    clock.advance(minutes=5)
    till.work()
    assert len(calls) == 3


# --- Beginning ----------------------------------------------------------------------------------


def test_one_form_sent_twice_is_one_attempt(till):
    bill, key = till.bill(), secrets.token_urlsafe(24)
    assert till.begin(bill, key=key).id == till.begin(bill, key=key).id
    assert len(till.service.operations) == 1


def test_a_second_tab_is_refused_while_the_first_one_pays(till):
    bill = till.bill()
    till.begin(bill)
    with pytest.raises(Refused, match="déjà en cours") as refusal:
        till.begin(bill)
    assert refusal.value.code == "running"
    with pytest.raises(Refused):
        till.begin(bill, till.bill(1000))
    assert len(till.service.operations) == 1


def test_two_tabs_at_the_same_instant_make_one_attempt(till):
    bill, start, made = till.bill(), threading.Barrier(2), []

    def click():
        start.wait()
        try:
            made.append(till.begin(bill))
        except Refused:
            made.append(None)

    tabs = [threading.Thread(target=click) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert made.count(None) == 1
    assert len(till.world.all(OnlinePayment)) == 1


def test_several_bills_of_one_regie_are_paid_together(till):
    bills = [till.bill(1000), till.bill(2000), till.bill(50)]
    attempt = till.begin(*bills)
    assert attempt.amount_cents == 3050
    till.choose(attempt, "P")
    till.resolve(attempt)
    assert {till.state(bill)[0] for bill in bills} == {InvoiceState.PAID_ONLINE}
    (payment,) = till.payments
    assert payment.allocated_cents == 3050


def test_what_is_left_of_a_bill_is_asked_for(till):
    bill = till.bill(5000)
    receive(till, 2000)
    attempt = till.begin(bill)
    assert attempt.amount_cents == 3000
    receive(till, 500)  # at the desk, meanwhile
    till.choose(attempt, "P")
    till.resolve(attempt)
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 5000)
    online = next(one for one in till.payments if one.method is PaymentMethod.ONLINE_CARD)
    assert (online.amount_cents, online.allocated_cents) == (3000, 2500)


def receive(till, cents):
    payment = till.world.payment(till.regie, till.household, cents)
    with till.app.app_context(), write_transaction() as session:
        ledger.hold(session, till.household.id)
        ledger.spend_advances(session, till.regie.id, till.household.id)
    return payment


def test_bills_of_two_regies_are_not_paid_together(till):
    one = till.bill()
    till.regie = till.world.regie("Autre régie", payfip_client="543210", online_mode=OnlineMode.TEST)
    with pytest.raises(Refused) as refusal:
        till.begin(one, till.bill())
    assert refusal.value.code == "several"


def test_a_bill_of_another_family_is_unknown(till):
    other = Till.__new__(Till)
    other.__dict__ |= till.__dict__ | {"household": till.world.household("MARTY")}
    theirs = other.bill()
    for wanted in ((theirs,), (theirs, till.bill())):
        with pytest.raises(NotFound):
            till.begin(*wanted)
    with pytest.raises(NotFound):
        till.begin()


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"online_mode": OnlineMode.OFF}, "off"), ({"payfip_client": ""}, "off")],
)
def test_a_regie_that_takes_nothing_online_says_so(till, columns, code):
    till.regie = till.world.regie("Autre régie", **{"payfip_client": "1", "online_mode": "test"} | columns)
    with pytest.raises(Refused) as refusal:
        till.begin(till.bill())
    assert refusal.value.code == code


def test_less_than_one_euro_is_not_paid_online(till):
    with pytest.raises(Refused) as refusal:
        till.begin(till.bill(99))
    assert refusal.value.code == "amount"
    assert till.world.all(OnlinePayment) == []


def test_a_paid_bill_is_not_paid_again(till):
    bill = till.bill()
    receive(till, 4320)
    with pytest.raises(Stale):
        till.begin(bill)


@pytest.mark.parametrize("fault", ["down", "unknown client", "production without encryption"])
def test_a_demand_that_does_not_pass_leaves_the_bill_to_be_paid(till, fault):
    if fault == "unknown client":
        till.regie = till.world.regie("Autre régie", payfip_client="000000", online_mode=OnlineMode.TEST)
    elif fault == "down":
        till.service.is_down = True
    else:
        set_mode(till, OnlineMode.PRODUCTION)
    bill = till.bill()
    with pytest.raises(Refused) as refusal:
        till.begin(bill)
    assert refusal.value.code == "service"
    (attempt,) = till.world.all(OnlinePayment)
    assert (attempt.state, attempt.operation) == (OnlineState.EXPIRED, None)
    assert till.state(bill) == (InvoiceState.UNSETTLED, 0)


def test_a_demand_cut_before_it_left_is_given_up_by_the_worker(till, clock, monkeypatch):
    bill = till.bill()

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("adapters.payfip.PayFip.begin", die)
        with pytest.raises(KeyboardInterrupt):
            till.begin(bill)
    assert till.state(bill) == (InvoiceState.PAYING, 0)
    clock.advance(minutes=10)
    assert till.work() == 1
    assert till.state(bill) == (InvoiceState.UNSETTLED, 0)
    assert till.begin(bill).state is OnlineState.PENDING


# --- By hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "cents", "state"),
    [
        (PaymentMethod.ONLINE_CARD, 4320, InvoiceState.PAID_ONLINE),
        (PaymentMethod.ONLINE_DEBIT, 4000, InvoiceState.PARTIAL),
        (None, 0, InvoiceState.UNSETTLED),
    ],
)
def test_an_agent_says_what_became_of_an_attempt(till, method, cents, state):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, "Q")
    till.resolve(attempt)
    agent = Author(till.world.staff().id)

    def decide(reason="Relevé du 14 janvier"):
        with till.app.app_context():
            online_payments.decide(attempt.id, method, cents, reason, agent, till.world.now)

    with pytest.raises(Refused):
        decide(" ")
    decide()
    assert till.state(bill)[0] is state
    assert "Relevé du 14 janvier" in till.again(attempt).problem
    assert sum(one.amount_cents for one in till.payments) == cents
    with pytest.raises(Stale):
        decide()


def test_a_debit_that_bounces_opens_the_bill_and_it_can_be_paid_again(till):
    bill = till.bill()
    attempt = till.begin(bill)
    till.choose(attempt, "V")
    till.resolve(attempt)
    agent = Author(till.world.staff().id)
    with till.app.app_context():
        payments.bounce(till.payments[0].id, "Compte clôturé", agent, till.world.now)
    assert till.state(bill) == (InvoiceState.UNSETTLED, 0)
    assert till.resolve(attempt) is OnlineState.PAID, "the same answer does not pay it again"
    assert till.state(bill) == (InvoiceState.UNSETTLED, 0)
    second = till.begin(bill)
    till.choose(second, "P")
    till.resolve(second)
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)
    states = sorted(one.state for one in till.world.all(Payment))
    assert states == sorted([PaymentState.BOUNCED, PaymentState.VALID])
