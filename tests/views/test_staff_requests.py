"""The queue of requests and the staff's home: read, decide, next (S103, S106, S108)."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from domain.enums import (
    AccountStatus,
    BookingState,
    Channel,
    LineAction,
    LineState,
    MailKind,
    MailState,
    StaffRole,
    ValidationMode,
)
from models import Booking, BookingRequest, BookingRequestLine, Opening, OutgoingMail
from services.transaction import write_transaction
from tests import statements
from tests.factories import Canteen, World

THURSDAY, FRIDAY = date(2027, 1, 14), date(2027, 1, 15)
DAYS = [THURSDAY, FRIDAY]
QUEUE = "/gestion/demandes"


class Requests:
    """A school and a leisure centre that validate by hand, and families that ask."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.school = world.canteen(DAYS, capacity=20, validation_mode=ValidationMode.MANUAL)
        self.centre = world.canteen(
            DAYS, capacity=20, name="ALSH Saint-Géry", validation_mode=ValidationMode.MANUAL
        )
        self.families: dict[str, tuple] = {}

    def family(self, name: str, *children: str) -> tuple:
        if name not in self.families:
            household = self.world.household(name, search_text=name.lower())
            parent = self.world.parent(household)
            made = [self.world.child(household, child) for child in children or ("Léo",)]
            for child in made:
                for place in (self.school, self.centre):
                    self.world.enrol(child, place.facility, group_name="CE1")
            self.families[name] = (household, parent, made)
        return self.families[name]

    def ask(
        self,
        name: str = "SOLIGNAC",
        *,
        reference: str = "R-AAAA-AAAA",
        places: Sequence[Canteen] = (),
        days: Sequence[date] = (THURSDAY,),
        state: LineState = LineState.PENDING,
        action: LineAction = LineAction.BOOK,
        hours_ago: int = 1,
        child: int = 0,
    ) -> BookingRequest:
        """A request with a line for each place and day, its bookings in the matching state."""
        household, parent, children = self.family(name)
        request = self.world.add(
            BookingRequest(
                reference=reference,
                household_id=household.id,
                author_user_id=parent.id,
                author_name=f"Claire {name}",
                channel=Channel.PORTAL,
                created_at=self.world.now - timedelta(hours=hours_ago),
            )
        )
        for place in places or (self.school,):
            for day in days:
                self._line(request, household, children[child], place, day, state, action)
        return request

    def _line(self, request, household, child, place, day, state, action) -> None:
        opening = place.openings[DAYS.index(day)]
        booked = BookingState.ACCEPTED if action is LineAction.CANCEL else BookingState(state.value)
        booking = self.world.booking(household, child, opening, place.meal, booked)
        self.world.add(
            BookingRequestLine(
                request_id=request.id,
                booking_id=booking.id,
                child_id=child.id,
                facility_id=place.facility.id,
                opening_id=opening.id,
                presence_type_id=place.meal.id,
                day=day,
                action=action,
                state=state,
                price_cents=320,
            )
        )


@pytest.fixture
def requests(world):
    return Requests(world)


@pytest.fixture
def agent(world, client):
    user = world.staff(StaffRole.RECEPTION)
    client.sign_in(user)
    return user


def words(tag) -> str:
    return " ".join(tag.get_text(" ").replace("\u202f", " ").split())


def lines_of(world) -> list[BookingRequestLine]:
    return world.all(select(BookingRequestLine).order_by(BookingRequestLine.id))


def queue(client) -> list[str]:
    return [words(row) for row in client.page.select(".queue tbody tr")]


def case_page(reference: str = "R-AAAA-AAAA") -> str:
    return f"{QUEUE}/{reference}"


def case(client) -> str:
    return words(client.page.select_one(".case"))


# --- The queue --------------------------------------------------------------------------------------------


def test_the_queue_holds_one_case_for_each_request_and_facility_the_oldest_first(client, agent, requests):
    requests.ask("ROUX", reference="R-RRRR-RRRR", hours_ago=3)
    requests.ask(
        "FABRE", reference="R-FFFF-FFFF", hours_ago=52, places=(requests.school, requests.centre), days=DAYS
    )
    requests.ask("DURAND", reference="R-DDDD-DDDD", state=LineState.ACCEPTED)
    client.get(QUEUE)
    rows = queue(client)
    assert len(rows) == 3
    assert rows[0].startswith("FABRE Léo Écoles de Cahors 2 jours à réserver 52 h")
    assert rows[1].startswith("FABRE Léo ALSH Saint-Géry 2 jours à réserver")
    assert rows[2].startswith("ROUX Léo")
    links = [link.get_text() for link in client.page.select(".queue tbody a")]
    assert links == ["FABRE", "FABRE", "ROUX"]
    assert "2 dépassent 48 h" in words(client.page.main)
    assert "FABRE · Écoles de Cahors" in case(client)


def test_waiting_lists_come_after_what_can_be_decided(client, agent, requests):
    requests.ask("ROUX", reference="R-RRRR-RRRR", hours_ago=90, state=LineState.WAITING)
    requests.ask("FABRE", reference="R-FFFF-FFFF", hours_ago=1)
    client.get(QUEUE)
    assert "FABRE" in queue(client)[0]
    assert "liste d’attente" in queue(client)[1]


def test_an_empty_queue_says_so(client, agent, requests):
    client.get(QUEUE)
    assert "Rien n’attend de réponse." in words(client.page.main)


def test_the_queue_can_be_limited_to_a_facility(client, agent, requests):
    requests.ask("ROUX", reference="R-RRRR-RRRR")
    requests.ask("FABRE", reference="R-FFFF-FFFF", places=(requests.centre,))
    client.get(QUEUE, query_string={"etablissement": requests.centre.facility.id})
    assert len(queue(client)) == 1
    assert "FABRE" in queue(client)[0]


def test_a_director_sees_and_decides_only_its_own_facility(client, world, requests):
    requests.ask(places=(requests.school, requests.centre))
    requests.ask("ROUX", reference="R-RRRR-RRRR", places=(requests.centre,))
    client.sign_in(world.staff(StaffRole.DIRECTOR, [requests.school.facility]))
    client.get(QUEUE, query_string={"etablissement": requests.centre.facility.id})
    assert len(queue(client)) == 1
    assert "ALSH" not in words(client.page.main)
    other = {"structure": requests.centre.facility.id}
    assert client.get(case_page(), query_string=other).status_code == 404
    assert client.get(case_page("R-RRRR-RRRR")).status_code == 404
    foreign = lines_of(world)[-1].id
    forged = {"lines": [str(foreign)]}
    answer = client.submit(
        case_page(), {"lines": None}, form=".case form", button=("decision", "accepter"), forged=forged
    )
    assert answer.status_code == 404
    assert {line.state for line in lines_of(world)} == {LineState.PENDING}


# --- One case ---------------------------------------------------------------------------------------------


def test_a_case_shows_what_helps_to_decide(client, agent, requests, world):
    household, _, (leo, nina) = requests.family("SOLIGNAC", "Léo", "Nina")
    requests.ask(days=DAYS)
    world.booking(household, nina, requests.school.openings[0], requests.school.meal)
    client.get(case_page("r aaaa aaaa"))
    text = case(client)
    assert "SOLIGNAC · Écoles de Cahors" in text
    assert "par Claire SOLIGNAC, sur le portail. Résident." in text
    first, second = (words(line) for line in client.page.select(".case li"))
    assert "jeudi 14 janvier · Léo 7 ans, CE1 · Cantine, Repas enfant · 3,20 €" in first
    assert "sa place est retenue, 18 autres libres · ce jour-là aussi : Nina" in first
    assert "19 autres libres" in second
    assert "Nina" not in second
    assert client.page.find("a", href=f"/gestion/familles/{household.id}") is not None


def test_a_case_opened_by_its_link_takes_the_focus(client, agent, requests):
    requests.ask()
    client.get(case_page())
    assert client.page.find(id="cas").has_attr("autofocus")
    client.get(QUEUE)
    assert not client.page.find(id="cas").has_attr("autofocus")


def test_accepting_answers_every_ticked_line_and_shows_the_next_case(client, agent, requests, world):
    first = requests.ask(days=DAYS, hours_ago=5)
    requests.ask("ROUX", reference="R-RRRR-RRRR", hours_ago=2)
    client.submit(case_page(), form=".case form", button=("decision", "accepter"), follow=True)
    assert client.page.h1.get_text() == "Demande R-RRRR-RRRR"
    assert "2 lignes acceptées. La famille est prévenue." in words(client.page.main)
    states = {line.day: line.state for line in lines_of(world) if line.request_id == first.id}
    assert states == {THURSDAY: LineState.ACCEPTED, FRIDAY: LineState.ACCEPTED}
    mail = world.one(OutgoingMail)
    assert mail.kind is MailKind.BOOKING_DECISION
    line = lines_of(world)[0]
    assert (line.decided_by_user_id, line.decided_at) == (agent.id, world.now)


def test_the_next_case_is_the_one_after_not_the_one_that_was_passed_over(client, agent, requests):
    requests.ask("PREMIER", reference="R-1111-1111", hours_ago=9)
    requests.ask("DEUXIEME", reference="R-2222-2222", hours_ago=8)
    requests.ask("TROISIEME", reference="R-3333-3333", hours_ago=7)
    client.submit(case_page("R-2222-2222"), form=".case form", button=("decision", "accepter"), follow=True)
    assert client.page.h1.get_text() == "Demande R-3333-3333"
    client.submit(case_page("R-3333-3333"), form=".case form", button=("decision", "accepter"), follow=True)
    assert client.page.h1.get_text() == "Demande R-1111-1111"
    client.submit(case_page("R-1111-1111"), form=".case form", button=("decision", "accepter"), follow=True)
    assert "Rien n’attend de réponse." in words(client.page.main)


def test_a_case_with_something_left_stays_in_front(client, agent, requests, world):
    requests.ask(days=DAYS, hours_ago=1)
    requests.ask("ROUX", reference="R-RRRR-RRRR", hours_ago=2)
    first = lines_of(world)[0].id
    client.submit(
        case_page(), {"lines": [str(first)]}, form=".case form", button=("decision", "accepter"), follow=True
    )
    assert client.page.h1.get_text() == "Demande R-AAAA-AAAA"
    assert len(client.page.select('.case input[type="checkbox"]')) == 1
    assert "Acceptée" in case(client)
    assert "Agnès MARTIN" in case(client)


def test_a_refusal_needs_a_reason_and_keeps_what_was_ticked(client, agent, requests, world):
    requests.ask(days=DAYS)
    first = lines_of(world)[0].id
    answer = client.submit(
        case_page(), {"lines": [str(first)]}, form=".case form", button=("decision", "refuser")
    )
    assert answer.status_code == 422
    assert "Indiquez le motif du refus" in client.page.find(id="reason-erreur").get_text()
    ticked = [box["value"] for box in client.page.select(".case input[checked]")]
    assert ticked == [str(first)]
    assert {line.state for line in lines_of(world)} == {LineState.PENDING}


def test_a_refusal_gives_the_place_back_and_its_reason_to_the_family(client, agent, requests, world):
    requests.ask()
    client.submit(
        case_page(),
        {"reason": "Effectif complet\r\nce jour-là."},
        form=".case form",
        button=("decision", "refuser"),
        follow=True,
    )
    line = world.one(BookingRequestLine)
    assert (line.state, line.reason) == (LineState.REFUSED, "Effectif complet ce jour-là.")
    assert world.one(Booking).state is BookingState.REFUSED
    assert [opening.booked for opening in world.all(Opening)] == [0, 0, 0, 0]
    assert "Effectif complet ce jour-là." in world.one(OutgoingMail).text


def test_nothing_ticked_is_told(client, agent, requests):
    requests.ask(days=DAYS)
    client.get(f"{case_page()}?cocher=aucune")
    assert client.page.select(".case input[checked]") == []
    answer = client.submit(case_page(), {"lines": None}, form=".case form", button=("decision", "accepter"))
    assert answer.status_code == 422
    assert "Cochez au moins une ligne." in client.page.find(id="erreurs").get_text()


def test_a_colleague_was_faster(client, agent, requests, world, app):
    requests.ask()
    client.get(case_page())
    form = client.page.select_one(".case form")
    fields = {tag["name"]: tag["value"] for tag in form.select("input")}
    with app.app_context(), write_transaction() as session:
        session.execute(
            update(BookingRequestLine).values(
                state=LineState.REFUSED, reason="Déjà complet.", decided_at=world.now
            )
        )
    answer = client.post(form["action"], data=fields | {"decision": "accepter"})
    assert answer.status_code == 409
    assert "a déjà reçu une réponse" in case(client)
    assert "Déjà complet." in case(client)
    assert client.page.select(".case form") == []


def test_a_child_on_the_waiting_list_is_not_ticked_without_a_place(client, agent, requests, world, app):
    requests.ask(state=LineState.WAITING)
    with app.app_context(), write_transaction() as session:
        session.execute(update(Opening).values(capacity=0))
    client.get(case_page())
    assert client.page.select(".case input[checked]") == []
    assert "rang 1 sur la liste d’attente, aucune place libre" in case(client)
    line = world.one(BookingRequestLine).id
    answer = client.submit(
        case_page(), {"lines": [str(line)]}, form=".case form", button=("decision", "accepter")
    )
    assert answer.status_code == 422
    assert "Il n’y a plus de place" in client.page.find(id="erreurs").get_text()


def test_a_cancelling_is_told_and_accepted(client, agent, requests, world):
    requests.ask(action=LineAction.CANCEL)
    client.get(QUEUE)
    assert "1 jour à annuler" in queue(client)[0]
    assert "Annulation · Cantine" in case(client)
    client.submit(case_page(), form=".case form", button=("decision", "accepter"))
    assert world.one(Booking).state is BookingState.CANCELLED


def test_the_filter_is_kept_from_case_to_case(client, agent, requests):
    requests.ask(hours_ago=9, places=(requests.centre,))
    requests.ask("ROUX", reference="R-RRRR-RRRR", hours_ago=8)
    requests.ask("FABRE", reference="R-FFFF-FFFF", hours_ago=7, places=(requests.centre,))
    page = f"{case_page()}?etablissement={requests.centre.facility.id}"
    client.submit(page, form=".case form", button=("decision", "accepter"), follow=True)
    assert client.page.h1.get_text() == "Demande R-FFFF-FFFF"
    assert len(queue(client)) == 1


# --- Search -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["R-AAAA-AAAA", "raaaaaaaa", "aaaa aaaa", "Solignac"])
def test_a_decided_request_is_found_however_it_is_typed(client, agent, requests, typed):
    requests.ask(state=LineState.ACCEPTED)
    requests.ask("ROUX", reference="R-RRRR-RRRR")
    client.get(f"{QUEUE}/toutes", query_string={"q": typed})
    assert [words(cell) for cell in client.page.select("tbody th")] == ["R-AAAA-AAAA"]
    client.get(client.page.select_one("tbody th a")["href"])
    assert "Acceptée" in case(client)


def test_requests_are_found_by_state_and_facility(client, agent, requests):
    requests.ask(state=LineState.REFUSED)
    requests.ask("ROUX", reference="R-RRRR-RRRR", state=LineState.REFUSED, places=(requests.centre,))
    requests.ask("FABRE", reference="R-FFFF-FFFF")
    wanted = {"etat": "refused", "etablissement": requests.centre.facility.id}
    client.get(f"{QUEUE}/toutes", query_string=wanted)
    assert [words(cell) for cell in client.page.select("tbody th")] == ["R-RRRR-RRRR"]
    client.get(f"{QUEUE}/toutes", query_string={"q": "inconnu"})
    assert "Aucune demande ne correspond." in words(client.page.main)


def test_a_director_finds_only_its_own(client, world, requests):
    requests.ask(places=(requests.centre,))
    client.sign_in(world.staff(StaffRole.DIRECTOR, [requests.school.facility]))
    client.get(f"{QUEUE}/toutes", query_string={"q": "SOLIGNAC"})
    assert client.page.select("tbody th") == []


# --- The staff's home -------------------------------------------------------------------------------------


def mail(world, state, **columns):
    values = {
        "kind": MailKind.BOOKING_RECEIPT,
        "message_id": f"<{state}@portail.test>",
        "to_address": "x@example.org",
        "subject": "Votre demande",
        "created_at": world.now,
        "next_attempt_at": world.now,
    }
    return world.add(OutgoingMail(state=state, **values | columns))


def test_the_home_tells_what_waits(client, agent, requests, world):
    requests.ask(hours_ago=52)
    requests.ask("ROUX", reference="R-RRRR-RRRR", hours_ago=2)
    requests.ask("FABRE", reference="R-FFFF-FFFF", state=LineState.WAITING, places=(requests.centre,))
    world.parent(world.household("DURAND"), status=AccountStatus.INVITED)
    mail(world, MailState.QUEUED, last_error="421 busy")
    mail(world, MailState.BOUNCED)
    client.get("/gestion")
    text = words(client.page.main)
    assert "Écoles de Cahors 2 demandes à traiter, la plus ancienne attend depuis 52 h" in text
    assert "ALSH Saint-Géry 1 jour en liste d’attente" in text
    assert "1 famille n’a pas activé son accès" in text
    assert "1 mail en retard" in text
    assert "1 mail jamais arrivé" in text
    assert "Des demandes dépassent 48 h" in text


def test_the_home_of_a_director_is_about_its_facility(client, requests, world):
    requests.ask(places=(requests.centre,))
    requests.ask("ROUX", reference="R-RRRR-RRRR")
    mail(world, MailState.BOUNCED)
    client.sign_in(world.staff(StaffRole.DIRECTOR, [requests.school.facility]))
    client.get("/gestion")
    text = words(client.page.main)
    assert "Écoles de Cahors" in text
    assert "ALSH" not in text
    assert "mail jamais" not in text
    assert "Créer un dossier" not in text


def test_a_quiet_day_says_so(client, agent):
    client.get("/gestion")
    assert "Rien n’attend." in words(client.page.main)


def test_the_home_costs_the_same_whatever_waits(client, agent, requests):
    for number in range(12):
        requests.ask(f"FAMILLE {number}", reference=f"R-AAAA-AA{number:02d}")
    with statements.at_most(9):
        client.get("/gestion")
    with statements.at_most(14):
        client.get(QUEUE)


def test_families_have_no_queue(client, requests):
    _, parent, _ = requests.family("SOLIGNAC")
    requests.ask()
    client.sign_in(parent)
    for page in ("/gestion", QUEUE, case_page(), f"{QUEUE}/toutes"):
        assert client.get(page).status_code == 404
