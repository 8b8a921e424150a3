"""PayFiP as it is spoken: the real SOAP messages of eopayment against the stand-in (R45)."""

import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import cli
import config
from adapters import payfip
from adapters.payfip import PayFip
from adapters.payment_gateway import GatewayRefused, GatewaySilent, Order
from domain.enums import OnlineMode
from domain.online_payments import Outcome
from simulator.payfip.server import Server
from simulator.payfip.service import LABELS, Service

ORDER = Order(
    client="012345",
    mode=OnlineMode.TEST,
    year=2027,
    refdet="CANT2027000123ABCD",
    amount_cents=4320,
    email="claire@example.org",
    subject="Facture CANT-2027-000123 – été",
    notify_url="http://127.0.0.1:9/avis",
    return_url="http://127.0.0.1:9/retour",
)


class Clock:
    def __init__(self):
        self.moment = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)

    def __call__(self):
        return self.moment


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def server(clock):
    with Server(Service(clock, lambda *_: None)) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(server):
    return PayFip(server.base)


def test_an_order_arrives_as_it_was_given(gateway, server):
    operation = gateway.begin(ORDER)
    assert server.service.operations[operation].order == {
        "exer": "2027",
        "mel": "claire@example.org",
        "montant": "4320",
        "numcli": "012345",
        "objet": "Facture CANT 2027 000123 ete",
        "refdet": "CANT2027000123ABCD",
        "saisie": "T",
        "urlnotif": "http://127.0.0.1:9/avis",
        "urlredirect": "http://127.0.0.1:9/retour",
    }
    assert gateway.page_of(operation) == f"{server.base}/paiementws.web?idop={operation}"


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("P", Outcome.CARD),
        ("V", Outcome.DEBIT),
        ("R", Outcome.REFUSED),
        ("Z", Outcome.REFUSED),
        ("A", Outcome.CANCELLED),
        ("Q", Outcome.ODD),
        ("P5", Outcome.ODD),  # a result is one letter: this is no fault
    ],
)
def test_every_result_is_read(gateway, server, result, outcome):
    operation = gateway.begin(ORDER)
    server.service.decide(operation, result, notices=0)
    answer = gateway.ask(operation)
    assert (answer.outcome, answer.code) == (outcome, result)
    assert (answer.refdet, answer.amount_cents, answer.client) == (ORDER.refdet, 4320, "012345")
    assert answer.mode is OnlineMode.TEST
    assert answer.at == datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
    assert answer.raw["idOp"] == operation
    assert bool(answer.authorisation) == (result in ("P", "V"))


def test_faults_say_what_is_not_known_yet_and_what_never_will_be(gateway, server, clock):
    operation = gateway.begin(ORDER)
    assert gateway.ask(operation).outcome is Outcome.PENDING
    server.service.decide(operation, "P", delay=60, notices=0)
    assert gateway.ask(operation).outcome is Outcome.PENDING
    clock.moment += timedelta(seconds=60)
    assert gateway.ask(operation).outcome is Outcome.CARD
    assert gateway.ask("nobody").outcome is Outcome.UNKNOWN
    unused = gateway.begin(ORDER)
    clock.moment += timedelta(days=2)
    assert gateway.ask(unused).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("code", "outcome"), [("P3", Outcome.PENDING), ("P4", Outcome.PENDING), ("X9", Outcome.ODD)]
)
def test_the_other_faults_are_neither_a_refusal_nor_the_end(gateway, server, monkeypatch, code, outcome):
    from simulator.payfip.service import Fault

    def fail(_name):
        raise Fault(code, "Dit autrement")

    monkeypatch.setattr(server.service, "detail", fail)
    answer = gateway.ask("whatever")
    assert (answer.outcome, answer.code) == (outcome, code)


def test_an_answer_with_an_element_more_is_read(gateway, server):
    operation = gateway.begin(ORDER)
    server.service.decide(operation, "P", notices=0).changes = {"nouveau": "champ", "heurtrans": ""}
    answer = gateway.ask(operation)
    assert (answer.outcome, answer.at) == (Outcome.CARD, None)


@pytest.mark.parametrize("amount", ["", "12,50", "quarante"])
def test_an_amount_that_cannot_be_read_is_no_amount(gateway, server, amount):
    operation = gateway.begin(ORDER)
    server.service.decide(operation, "P", notices=0).changes = {"montant": amount}
    assert gateway.ask(operation).amount_cents is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client": "12345"}, "T2"),
        ({"amount_cents": 99}, "M3"),
        ({"amount_cents": 10_000_001}, "M3"),
        ({"refdet": "COURT"}, "R3"),
        ({"refdet": "AVEC-TIRET"}, "R3"),
        ({"email": "a@b.c"}, "A2"),
        ({"email": "a" * 70 + "@example.org"}, "A2"),
        ({"notify_url": "https://portail.test/" + "a" * 250}, "N1"),
        ({"mode": OnlineMode.PRODUCTION}, "W"),
    ],
)
def test_what_the_service_would_not_take_is_not_sent(gateway, server, changes, code):
    before = len(server.service.operations)
    with pytest.raises(GatewayRefused) as refusal:
        gateway.begin(replace(ORDER, **changes))
    assert refusal.value.code == code
    assert len(server.service.operations) == before


def test_a_fault_at_the_beginning_is_a_refusal_with_its_words(gateway):
    with pytest.raises(GatewayRefused, match="inconnu") as refusal:
        gateway.begin(replace(ORDER, client="000000"))
    assert refusal.value.code == "T4"


def test_the_labels_of_a_client(gateway):
    assert gateway.labels("012345") == LABELS
    with pytest.raises(GatewayRefused):
        gateway.labels("000000")


def test_a_service_that_is_down_is_silent(gateway, server):
    server.service.is_down = True
    try:
        for act in (lambda: gateway.begin(ORDER), lambda: gateway.ask("x"), lambda: gateway.labels("012345")):
            with pytest.raises(GatewaySilent):
                act()
    finally:
        server.service.is_down = False


def test_a_service_that_hangs_is_silent(monkeypatch):
    monkeypatch.setattr(payfip, "ASK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hung = PayFip(f"http://127.0.0.1:{listener.getsockname()[1]}/tpa")
        with pytest.raises(GatewaySilent):
            hung.ask("x")


def test_each_thread_speaks_on_its_own(gateway):
    found = []
    threads = [threading.Thread(target=lambda: found.append(gateway.labels("012345"))) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [LABELS] * 3


# --- Where it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, config.TREASURY),
        ({"PORTAIL_PAYFIP_URL": "http://127.0.0.1:9001/tpa"}, "http://127.0.0.1:9001/tpa"),
        ({"PORTAIL_PAYFIP_URL": "https://essai.example.org/tpa"}, "https://essai.example.org/tpa"),
        ({"PORTAIL_DEMO": "1"}, config.STAND_IN),
        ({"PORTAIL_DEMO": "1", "PORTAIL_PAYFIP_URL": config.TREASURY}, config.STAND_IN),
    ],
)
def test_a_town_asks_the_treasury_and_a_demonstration_never_does(tmp_path, environment, address):
    assert config.load({"PORTAIL_INSTANCE": str(tmp_path)} | environment)["PAYFIP_URL"] == address


def test_no_payment_crosses_a_network_without_encryption(tmp_path):
    with pytest.raises(ValueError, match="https"):
        config.load({"PORTAIL_INSTANCE": str(tmp_path), "PORTAIL_PAYFIP_URL": "http://payfip.example.org"})


def test_the_stand_in_is_a_program_of_its_own():
    port = cli.free_port_from(20_000)
    command = [sys.executable, "-m", "simulator.payfip", "--port", str(port)]
    with subprocess.Popen(command, cwd=config.ROOT) as program:
        try:
            until = time.monotonic() + 30
            while True:
                try:
                    assert PayFip(f"http://127.0.0.1:{port}/tpa").labels("012345") == LABELS
                    break
                except GatewaySilent:
                    assert time.monotonic() < until
                    time.sleep(0.05)
        finally:
            program.terminate()
    assert program.returncode == 0
