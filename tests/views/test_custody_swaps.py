"""A swap of days between two households: proposed by one, accepted by the other, followed by the bookings
(R02)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import BookingState, MailKind, StaffRole, SwapState
from models import Booking, CustodyException, CustodySwap, HouseholdChild, OutgoingMail
from queries.custody import household_on
from services.transaction import write_transaction
from tests import statements
from tests.entangled import PRIVATE, Entangled
from tests.school_family import words

# Week 4 of 2027 (25 January) is even: at the SOLIGNAC. Week 5 (1 February) is odd: at the MARTIN.
EVEN, ODD = date(2027, 1, 25), date(2027, 2, 1)


@pytest.fixture
def two(world) -> Entangled:
    family = Entangled(world)
    world.custody(family.leo, family.solignac, family.martin)
    return family


def address(two):
    return f"/mes-enfants/{two.leo.id}/echanges/nouveau"


def propose(client, two, given=("2027-01-25", "2027-01-26"), taken=("2027-02-01", "2027-02-01"), who=None):
    client.sign_in(who or two.claire)
    typed = dict(
        zip(("given_first", "given_last", "taken_first", "taken_last"), (*given, *taken), strict=True)
    )
    return client.submit(address(two), typed, follow=True)


def reply(client, two, verb, who=None):
    client.sign_in(who or two.karim)
    swap = two.world.all(CustodySwap)[-1]
    client.get(f"/mes-enfants/echanges/{swap.id}")
    form = client.page.select_one(f"form[action$='/{verb}']")
    token = form.select_one("input")["value"] if form else client.page.select_one("input")["value"]
    return client.post(f"/mes-enfants/echanges/{swap.id}/{verb}", data={"csrf_token": token})


def state(two):
    return two.world.all(select(CustodySwap).order_by(CustodySwap.id))[-1].state


def homes(two, *days):
    with two.world.app.app_context():
        return list(household_on(two.leo.id, days).values())


def test_a_proposal_is_told_and_is_a_thing_to_do(client, two):
    propose(client, two)
    page = words(client.page.main)
    assert "Votre proposition est partie" in page
    assert "Du lundi 25 janvier au mardi 26 janvier : chez l’autre parent" in page
    assert "Le lundi 1er février : chez vous" in page
    mail = two.world.one(OutgoingMail)
    assert (mail.kind, mail.to_address) == (MailKind.CUSTODY_SWAP, two.karim.email)
    assert "Claire SOLIGNAC vous propose un échange" in mail.text
    client.sign_in(two.karim)
    client.get("/accueil")
    assert "Claire SOLIGNAC attend votre réponse avant le lundi 25 janvier." in words(client.page.main)
    client.sign_in(two.claire)
    client.get("/accueil")
    assert "attend votre réponse" not in words(client.page.main)


def test_once_accepted_the_days_the_bookings_and_their_price_change_house(client, two):
    two.world.quotient(two.solignac, 300)
    given = two.book(two.solignac, two.leo, EVEN)
    taken = two.book(two.martin, two.leo, ODD, BookingState.PENDING)
    propose(client, two)
    assert reply(client, two, "accepter").status_code == 303
    assert state(two) is SwapState.ACCEPTED
    rows = two.world.all(select(Booking).order_by(Booking.day))
    assert [(one.id, one.household_id, one.state) for one in rows] == [
        (given.id, two.martin.id, BookingState.ACCEPTED),
        (taken.id, two.solignac.id, BookingState.PENDING),
    ]
    assert homes(two, EVEN, ODD) == [two.martin.id, two.solignac.id]
    swap = two.world.one(CustodySwap)
    assert {one.swap_id for one in two.world.all(CustodyException)} == {swap.id}
    mails = two.world.all(select(OutgoingMail).order_by(OutgoingMail.id))[1:]
    said = {mail.household_id: mail.text.replace("\xa0", " ") for mail in mails}
    assert "ne paie plus : lun. 25 janvier" in said[two.solignac.id]
    assert "à votre tarif : lun. 1er février" in said[two.solignac.id]
    assert not any(word in said[two.solignac.id] for word in PRIVATE)


def test_neither_reads_anything_of_the_other_on_the_pages_of_a_swap(client, two):
    two.book(two.martin, two.leo, ODD)
    propose(client, two)
    swap = two.world.one(CustodySwap)
    for page in (f"/mes-enfants/echanges/{swap.id}", f"/mes-enfants/{two.leo.id}", "/planning/2027-02"):
        client.get(page)
        assert not [word for word in PRIVATE if word in client.page.text]


def test_a_refusal_and_a_withdrawal_change_nothing(client, two):
    two.book(two.solignac, two.leo, EVEN)
    propose(client, two)
    reply(client, two, "refuser")
    assert state(two) is SwapState.REFUSED
    propose(client, two)
    assert reply(client, two, "accepter", two.claire).status_code == 404  # nobody accepts for the other
    assert reply(client, two, "retirer", two.karim).status_code == 404
    assert reply(client, two, "retirer", two.claire).status_code == 303
    assert state(two) is SwapState.WITHDRAWN
    assert homes(two, EVEN, ODD) == [two.solignac.id, two.martin.id]
    assert two.world.one(Booking).household_id == two.solignac.id


def test_an_answer_counts_once(client, two):
    propose(client, two)
    reply(client, two, "retirer", two.claire)
    assert reply(client, two, "accepter").status_code == 409
    assert state(two) is SwapState.WITHDRAWN
    assert not two.world.all(CustodyException)


def test_a_calendar_that_moved_meanwhile_is_told(client, two):
    propose(client, two)
    two.world.add(
        CustodyException(child_id=two.leo.id, household_id=two.martin.id, first_day=EVEN, last_day=EVEN)
    )
    assert reply(client, two, "accepter").status_code == 409
    assert "a changé depuis cette proposition" in words(client.page.main)
    assert state(two) is SwapState.PENDING


@pytest.mark.parametrize(
    ("given", "taken", "said"),
    [
        (("2027-01-12", "2027-01-12"), ("", ""), "commence au plus tôt demain"),
        (("2027-02-01", "2027-02-02"), ("", ""), "L’enfant n’est pas chez vous tous ces jours-là"),
        (("2027-01-25", "2027-01-25"), ("2027-01-26", "2027-01-26"), "n’est pas dans son autre foyer"),
        (("2027-01-26", "2027-01-25"), ("", ""), "Indiquez un dernier jour qui suit le premier."),
        (("2027-01-25", "2027-01-25"), ("2027-02-01", ""), "Indiquez le premier et le dernier jour"),
    ],
)
def test_what_cannot_be_proposed_is_said(client, two, given, taken, said):
    assert propose(client, two, given, taken).status_code == 422
    assert said in words(client.page.main)
    assert not two.world.all(CustodySwap)


def test_the_same_days_wait_once(client, two):
    propose(client, two)
    assert propose(client, two, ("2027-01-26", "2027-01-27"), ("", "")).status_code == 422
    assert "attend déjà une réponse" in words(client.page.main)


def test_the_sending_of_somebody_else_is_not_found(client, two):
    propose(client, two, taken=("", ""))
    client.sign_in(two.karim)
    key = two.world.one(CustodySwap).submission_key
    typed = {"given_first": "2027-02-01", "given_last": "2027-02-01"}
    assert client.submit(address(two), typed, forged={"sending": key}).status_code == 404
    assert two.world.one(CustodySwap).household_id == two.solignac.id


def test_days_can_be_swapped_back(client, two):
    propose(client, two, taken=("", ""))
    reply(client, two, "accepter")
    propose(client, two, ("2027-01-26", "2027-01-26"), ("", ""), two.karim)
    reply(client, two, "accepter", two.claire)
    assert homes(two, EVEN, date(2027, 1, 26)) == [two.martin.id, two.solignac.id]


def test_a_household_that_reads_the_name_alone_swaps_nothing(client, two):
    propose(client, two)
    swap = two.world.one(CustodySwap)
    with two.world.app.app_context(), write_transaction() as session:
        session.get_one(HouseholdChild, (two.martin.id, two.leo.id)).is_restricted = True
    client.sign_in(two.karim)
    assert client.get(f"/mes-enfants/echanges/{swap.id}").status_code == 404
    assert client.get(address(two)).status_code == 404
    client.get("/accueil")
    token = client.page.select_one("input[name=csrf_token]")["value"]
    refused = client.post(f"/mes-enfants/echanges/{swap.id}/accepter", data={"csrf_token": token})
    assert refused.status_code == 404
    assert state(two) is SwapState.PENDING


def test_days_are_not_given_to_a_household_restricted_since_it_proposed(client, two):
    """The calendar would say that the child lives where a decision keeps it from living."""
    propose(client, two)
    with two.world.app.app_context(), write_transaction() as session:
        session.get_one(HouseholdChild, (two.solignac.id, two.leo.id)).is_restricted = True
    assert reply(client, two, "accepter").status_code == 409
    assert state(two) is SwapState.PENDING
    assert homes(two, date(2027, 2, 1)) == [two.martin.id]


def test_the_service_sees_the_swaps_of_a_child(client, two):
    propose(client, two)
    client.sign_in(two.world.staff(StaffRole.RECEPTION))
    client.get(f"/gestion/familles/{two.solignac.id}/enfants/{two.leo.id}/garde")
    page = words(client.page.main)
    assert "Échanges entre les foyers" in page
    assert "Proposé par Claire SOLIGNAC" in page


def test_the_home_of_an_ordinary_family_asks_nothing_of_swaps(client, two):
    family = two.world.household("SEUL")
    parent = two.world.parent(family, "Anne")
    two.world.child(family, "Tom")
    client.sign_in(parent)
    client.get("/accueil")
    with statements.recorded() as sent:
        client.get("/accueil")
    assert not [one for one in sent if "custody_swap" in one]
