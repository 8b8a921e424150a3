"""The receipt of a request says the same on the page, by mail and on paper, whatever became of it (R26)."""

import re
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy import select

from domain.enums import BookingState, LineState, StaffRole, ValidationMode
from models import Booking, BookingRequestLine, Opening, OutgoingMail
from queries import receipts
from services.booking_drafts import Wanted
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, TUESDAY, Bench
from tests.views.reading import text


def plain(words: str) -> str:
    return re.sub(r"\s+", " ", words.replace("\u00a0", " ").replace("\u202f", " "))


def on_paper(client, reference: str) -> str:
    response = client.get(f"/reservations/demandes/{reference}/imprimer")
    assert response.mimetype == "application/pdf"
    pages = pypdfium2.PdfDocument(response.data)
    return plain(" ".join(page.get_textpage().get_text_range() for page in pages))


def waiting_bench(world) -> Bench:
    bench = Bench(world, capacity=1)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True
    other = world.household("MARTIN")
    for first_name in ("Nino", "Ana"):
        child = world.child(other, first_name)
        world.enrol(child, bench.canteen.facility)
        state = BookingState.ACCEPTED if first_name == "Nino" else BookingState.WAITING
        world.booking(other, child, bench.opening(MONDAY), bench.canteen.meal, state)
    return bench


def put(bench: Bench, **columns: object) -> None:
    """Bring the booking of the family where a test of another part brings it by its own acts."""
    with bench.app.app_context(), write_transaction() as session:
        row = session.scalar(select(Booking).where(Booking.household_id == bench.home.id))
        for name, value in columns.items():
            setattr(row, name, value)


def accepted(world):
    bench = Bench(world)
    return bench, bench.ask(MONDAY, TUESDAY), "Acceptée"


def pending(world):
    bench = Bench(world, validation_mode=ValidationMode.MANUAL)
    return bench, bench.ask(MONDAY), "En cours de validation"


def waiting(world):
    bench = waiting_bench(world)
    return bench, bench.ask(MONDAY), "2e sur la liste d’attente"


def offered(world):
    bench = waiting_bench(world)
    reference = bench.ask(MONDAY)
    put(bench, state=BookingState.OFFERED, offer_expires_at=world.now + timedelta(hours=24))
    return bench, reference, "Place proposée"


def wish(world):
    bench = Bench(world, validation_mode=ValidationMode.MANUAL)
    reference = bench.ask(MONDAY)
    put(bench, state=BookingState.REQUESTED)
    return bench, reference, "Vœu, en attente d’attribution"


def refused(world):
    bench = Bench(world)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Opening, bench.opening(MONDAY).id).closed_reason = "Grève"
    key = bench.start()
    bench.touch(key, TUESDAY)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Opening, bench.opening(TUESDAY).id).closed_reason = "Grève"
    return bench, bench.submit(key), "Fermé ce jour-là (Grève)."


def given_up(world):
    bench = Bench(world)
    bench.ask(MONDAY)
    return bench, bench.ask(MONDAY, wanted=Wanted.CANCEL), "Annulation · Repas enfant"


def cancelled_since(world):
    bench = Bench(world)
    reference = bench.ask(MONDAY)
    bench.ask(MONDAY, wanted=Wanted.CANCEL)
    return bench, reference, "Acceptée, annulée depuis"


CASES = (accepted, pending, waiting, offered, wish, refused, given_up, cancelled_since)


@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
def test_page_mail_and_paper_say_the_same_of_each_line(world, client, case):
    bench, reference, said = case(world)
    client.sign_in(bench.claire)
    client.get(f"/reservations/demandes/{reference}")
    page, paper = plain(text(client)), on_paper(client, reference)
    with bench.app.app_context(), write_transaction() as session:  # the mail as it would leave now
        mail = session.scalar(
            select(OutgoingMail).where(OutgoingMail.text.contains(reference)).order_by(OutgoingMail.id.desc())
        )
        session.expunge(mail)
    receipt = bench.read(lambda: receipts.receipt(reference, [bench.home.id], world.now))
    is_as_mailed = case in (accepted, pending, waiting, refused, given_up)
    places = [page, paper, *((plain(mail.text), plain(mail.html)) if is_as_mailed else ())]

    for child in receipt.children:
        for part in child.parts:
            lines = (part.title, part.days_text, part.facility, part.words, part.reason, part.undo)
            price = "" if part.price == "–" else part.price
            for place in places:
                for line in (*lines, price):
                    assert plain(line) in place, line
    for place in places:
        assert plain(said) in place
        assert reference in place
    assert "Pour annuler un jour" in paper
    assert "Imprimé le mardi 12 janvier 2027" in paper


def test_a_confirmation_is_handed_to_a_family_without_mail(world, client):
    bench = Bench(world)
    home = world.household("SANSMAIL")
    child = world.child(home, "Tom")
    world.enrol(child, bench.canteen.facility)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    start = f"/gestion/familles/{home.id}/reservations"
    client.submit(f"{start}/nouvelle", {"enfant": str(child.id), "channel": "counter"}, follow=True)
    address = client.page.select_one("#jours")["action"].removesuffix("/jours")
    button = ("jour", f"{MONDAY}:book")
    client.submit(f"{address}/planning?mois=2027-02", form="#jours", button=button)
    client.submit(f"{address}/recapitulatif", form="form.recap", follow=True)

    assert "Aucun adulte du foyer ne reçoit de mail : imprimez la confirmation" in plain(text(client))
    (link,) = [one for one in client.page.select("a.button") if "Imprimer" in one.get_text()]
    pages = pypdfium2.PdfDocument(client.get(link["href"]).data)
    paper = plain(pages[0].get_textpage().get_text_range())
    assert "par Agnès MARTIN, au guichet." in paper
    assert "Repas enfant · " in paper
    assert "Acceptée, 3,20 €" in paper
    assert world.one(BookingRequestLine).state is LineState.ACCEPTED
    assert world.all(OutgoingMail) == []


def test_another_familys_receipt_is_not_printed(world, client):
    bench = Bench(world)
    reference = bench.ask(MONDAY)
    client.sign_in(world.parent(world.household("MARTIN")))
    assert client.get(f"/reservations/demandes/{reference}/imprimer").status_code == 404
