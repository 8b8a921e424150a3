"""The wizard as a parent sees it: four steps, nothing lost, nothing forged (S88 to S98, S102, S104, S105)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.enums import ActivityKind, BookingState, LineState, ValidationMode
from models import (
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingRequest,
    Opening,
    OutgoingMail,
    UserSession,
)
from services.booking_drafts import Wanted
from services.transaction import write_transaction
from tests import rulebook_texts as written
from tests.booking_bench import FRIDAY, MONDAY, THURSDAY, TUESDAY, Bench
from tests.school_family import words
from tests.swap import assert_swap_equals_reload


@pytest.fixture
def bench(world, client):
    bench = Bench(world)
    client.sign_in(bench.claire)
    return bench


STAY = ("suite", "planning")


def planning(key, query=""):
    return f"/reservations/{key}/planning{query}"


def place(key):
    return f"/reservations/{key}/etablissement"


def recap(key):
    return f"/reservations/{key}/recapitulatif"


def cell(client, day):
    return client.page.find(id=f"j-{day.isoformat()}")


def other_place(bench, *days):
    """A second establishment for Léo, open on these days."""
    camp = bench.world.canteen(days, name="ALSH Saint-Géry")
    bench.world.enrol(bench.leo, camp.facility)
    return camp


def change_opening(bench, day, **columns):
    with bench.app.app_context(), write_transaction() as session:
        row = session.get_one(Opening, bench.opening(day).id)
        for name, value in columns.items():
            setattr(row, name, value)


# --- Step 1 -------------------------------------------------------------------------------------------------


def test_the_four_steps_are_shown_and_the_current_one_is_announced(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    for number, step in enumerate(("enfant", "etablissement", "planning", "recapitulatif"), start=1):
        client.get(f"/reservations/{key}/{step}")
        assert len(client.page.select(".steps > li")) == 4
        current = client.page.select('.steps > li[aria-current="step"]')
        assert [words(one).split()[0] for one in current] == [str(number)]
        assert f"Étape {number} sur 4" in client.page.get_text()


def test_reading_the_first_step_writes_nothing(bench, client):
    assert client.get("/reservations/nouvelle").status_code == 200
    assert bench.world.all(BookingDraft) == []


def test_a_child_must_be_chosen(bench, client):
    bench.other_child()
    response = client.submit("/reservations/nouvelle", {})
    assert response.status_code == 422
    group = client.page.select_one("fieldset.bad")
    error = client.page.find(id=group["aria-describedby"])
    assert words(error) == "Choisissez l’enfant à inscrire."
    summary = client.page.select_one("#erreurs")
    assert summary.has_attr("autofocus")
    assert summary.a["href"] == f"#{client.page.select('input[type=radio]')[0]['id']}"
    assert bench.world.all(BookingDraft) == []


def test_the_only_child_is_ticked_and_one_of_several_is_not(bench, client):
    client.get("/reservations/nouvelle")
    assert [radio.has_attr("checked") for radio in client.page.select("input[type=radio]")] == [True]
    bench.other_child()
    client.get("/reservations/nouvelle")
    assert [radio.has_attr("checked") for radio in client.page.select("input[type=radio]")] == [False, False]


def test_a_forged_child_is_as_good_as_none(bench, client):
    zoe = bench.world.child(bench.world.household("MARTY"), "Zoé")
    response = client.submit("/reservations/nouvelle", forged={"enfant": str(zoe.id)})
    assert response.status_code == 422
    assert bench.world.all(BookingDraft) == []


def test_a_draft_without_days_is_not_worth_taking_up(bench, client):
    bench.start()
    client.get("/reservations/nouvelle")
    assert "en cours" not in words(client.page.main)


def test_an_unfinished_draft_can_be_taken_up_or_forgotten(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    client.get("/reservations/nouvelle")
    link = client.page.find("a", string="Reprendre cette demande")
    client.get(link["href"], follow_redirects=True)
    assert "1 repas" in words(client.page.main)
    client.submit("/reservations/nouvelle", form=f"/reservations/{key}/abandonner", follow=True)
    assert "effacée" in words(client.page.main)
    assert bench.world.all(BookingDraft) == []


def test_the_month_of_a_day_touched_on_the_agenda_is_kept(bench, client):
    client.submit("/reservations/nouvelle?jour=2027-03-04", {}, follow=True)
    assert words(client.page.find(id="mois")) == "Mars 2027"


def test_the_month_wished_is_ticked_where_it_can_be_had(bench, client):
    camp = other_place(bench, date(2027, 4, 12))
    client.submit("/reservations/nouvelle?jour=2027-04-12", {}, follow=True)
    assert client.page.select_one("input[checked]")["value"] == f"{camp.facility.id}:2027-04"


def test_a_child_of_one_establishment_goes_straight_to_the_planning(bench, client):
    """R20: step 2 has nothing to ask, and stays one link away."""
    client.submit("/reservations/nouvelle", {}, follow=True)
    assert "Étape 3 sur 4" in client.page.get_text()
    assert words(client.page.find(id="mois")) == "Janvier 2027"
    assert client.page.select(f'#planning a[href="{place(bench.world.one(BookingDraft).key)}"]')


# --- Step 2 -------------------------------------------------------------------------------------------------


def test_establishments_are_the_childs_and_months_those_of_open_periods(bench, client):
    bench.world.canteen([MONDAY], name="ALSH Saint-Géry")  # not the child's
    client.get(place(bench.start()))
    assert [words(one) for one in client.page.select("details.card > summary")] == ["Écoles de Cahors"]
    labels = [words(one) for one in client.page.select(".choice label")]
    assert labels == ["Janvier 2027", "Février 2027", "Mars 2027"]
    assert client.page.select_one("details.card").has_attr("open")
    assert len(client.page.select("input[checked]")) == 1


def test_a_period_that_is_not_open_says_when_it_opens(bench, client):
    camp = bench.world.period(
        bench.canteen.facility,
        date(2027, 4, 12),
        date(2027, 4, 16),
        name="Vacances de printemps",
        opens_at=bench.world.now + timedelta(days=20),
    )
    bench.world.openings(bench.canteen.activity, camp, [date(2027, 4, 12)])
    client.get(place(bench.start()))
    text = words(client.page.main)
    assert "Les réservations ouvrent le lundi 1er février 2027, 10 h." in text
    assert "Avril" not in text


def test_a_month_of_two_periods_is_one_choice_that_names_both(bench, client):
    """December has school days and holidays: two choices of one value could not be told apart."""
    camp = bench.world.period(
        bench.canteen.facility, date(2027, 2, 8), date(2027, 3, 5), name="Vacances d’hiver"
    )
    bench.world.openings(
        bench.world.activity(bench.canteen.facility, "Centre"), camp, [date(2027, 2, 8), date(2027, 3, 1)]
    )
    client.get(place(bench.start()))
    values = [radio["value"] for radio in client.page.select("input[type=radio]")]
    assert len(values) == len(set(values)) == 3
    year = words(client.page.select_one("details h2"))
    labels = [words(one) for one in client.page.select(".choice label")]
    both = f"{year}, Vacances d’hiver"
    assert labels == [f"Janvier 2027 {year}", f"Février 2027 {both}", f"Mars 2027 {both}"]


def test_two_establishments_ask_for_a_choice(bench, client):
    camp = other_place(bench, MONDAY)
    client.submit("/reservations/nouvelle", {}, follow=True)
    assert "Étape 2 sur 4" in client.page.get_text()
    assert len(client.page.select("input[checked]")) == 1
    step = place(bench.world.one(BookingDraft).key)
    assert client.submit(step, forged={"accueil": "999:2027-02"}).status_code == 422
    assert words(client.page.find(id="accueil-erreur")) == "Choisissez un établissement et un mois d’accueil."
    client.submit(step, {"accueil": f"{camp.facility.id}:2027-02"}, follow=True)
    assert "ALSH Saint-Géry" in words(client.page.main)


def test_a_child_enrolled_nowhere_is_told_what_to_do(bench, client):
    tom = bench.other_child("Tom", enrolled=False)
    client.submit("/reservations/nouvelle", {"enfant": str(tom.id)}, follow=True)
    assert "Aucune inscription pour Tom" in words(client.page.main)
    assert "Demandez d’abord une inscription" in words(client.page.main)
    assert client.page.main.find("a", href=f"/mes-enfants/{tom.id}/inscription")


# --- Step 3 -------------------------------------------------------------------------------------------------


def test_a_month_has_a_column_for_the_days_that_open(bench, client):
    key = bench.start()
    client.get(planning(key))
    assert [words(head) for head in client.page.select(".head")] == ["lun.", "mar.", "mer.", "jeu.", "ven."]
    saturday = date(2027, 2, 6)
    bench.world.openings(bench.canteen.activity, bench.canteen.period, [saturday])
    client.get(planning(key))
    assert [words(head) for head in client.page.select(".head")][-1] == "sam."


def test_each_state_of_a_day_has_its_shape_and_its_words(world, client):
    bench = Bench(world, capacity=20)
    client.sign_in(bench.claire)
    days = {
        name: date(2027, 2, number)
        for name, number in {
            "last": 1,
            "full": 2,
            "closed": 4,
            "accepted": 5,
            "pending": 8,
            "waiting": 9,
            "free": 11,
        }.items()
    }
    change_opening(bench, days["last"], booked=18)
    change_opening(bench, days["full"], booked=20)
    change_opening(bench, days["closed"], closed_reason="grève")
    states = (
        (days["accepted"], BookingState.ACCEPTED),
        (days["pending"], BookingState.PENDING),
        (days["waiting"], BookingState.WAITING),
    )
    for day, state in states:
        world.booking(bench.home, bench.leo, bench.opening(day), bench.canteen.meal, state)
    world.public_holiday(date(2027, 2, 3), "Fête de la ville")
    world.school_holiday(date(2027, 2, 20), date(2027, 2, 28))
    key = bench.start()
    client.get(planning(key))
    seen = {
        name: (" ".join(cell(client, day)["class"]), cell(client, day)["aria-label"].replace("\xa0", " "))
        for name, day in days.items()
    }
    assert seen == {
        "last": ("day open last", "lundi 1er février : dernières places (2 places), 3,20 €"),
        "full": (
            "day full",
            "mardi 2 février : complet. Il n’y a plus de place ce jour-là. Choisissez un autre jour.",
        ),
        "closed": ("day off", "jeudi 4 février : Fermé ce jour-là (grève)."),
        "accepted": ("day booked", "vendredi 5 février : réservé"),
        "pending": ("day pending", "lundi 8 février : en cours de validation"),
        "waiting": ("day waiting", "mardi 9 février : en liste d’attente, rang 1"),
        "free": ("day open", "jeudi 11 février : disponible, 3,20 €"),
    }  # fmt: skip
    assert words(cell(client, days["waiting"]).select_one(".rank")) == "1"
    assert "férié, Fête de la ville" in words(cell(client, date(2027, 2, 3)))
    assert words(cell(client, date(2027, 2, 24))).startswith("24 Vacances")
    late = client.get(planning(key, "?mois=2027-01"))
    assert late.status_code == 200
    today = cell(client, date(2027, 1, 12))
    assert "late" in today["class"]
    assert "réservable jusqu’au lundi 11 janvier, 18 h" in today["aria-label"].replace("\xa0", " ")
    assert cell(client, date(2027, 1, 11)).name == "span"  # the past is read only


def test_each_kind_of_day_has_its_own_pictogram_or_none(world, client):
    """S92: open days show the drawing of the activity; full, closed and late days look otherwise."""
    bench = Bench(world, capacity=20)
    client.sign_in(bench.claire)
    last, full, closed, free = (date(2027, 2, number) for number in (1, 2, 4, 5))
    change_opening(bench, last, booked=18)
    change_opening(bench, full, booked=20)
    change_opening(bench, closed, closed_reason="grève")
    client.get(planning(key := bench.start()))
    looks = {day: look(client, day) for day in (last, full, closed, free)}
    client.get(planning(key, "?mois=2027-01"))
    looks["late"] = look(client, date(2027, 1, 12))
    assert len(set(looks.values())) == len(looks)
    assert looks[free][1] == looks[last][1] == "utensils"


def look(client, day):
    """What is seen of a day: its shape, its drawing and its word, without the number."""
    found = cell(client, day)
    drawing = found.select_one("use")
    note = found.select_one(".note")
    shape = " ".join(name for name in found["class"] if name != "today")
    return shape, drawing["href"].rpartition("#")[2] if drawing else "", words(note) if note else ""


@pytest.mark.parametrize("mode", ValidationMode)
def test_a_touched_day_swaps_to_what_a_reload_shows(world, client, mode):
    bench = Bench(world, validation_mode=mode)
    client.sign_in(bench.claire)
    world.booking(bench.home, bench.leo, bench.opening(TUESDAY), bench.canteen.meal)
    key = bench.start()
    for value in (f"{MONDAY}:book", f"{TUESDAY}:cancel", f"{TUESDAY}:uncancel", f"{MONDAY}:unbook"):
        assert_swap_equals_reload(
            client, planning(key, "?mois=2027-02"), form="#jours", button=("jour", value)
        )


def test_a_waiting_wish_swaps_to_what_a_reload_shows(world, client):
    bench = Bench(world, capacity=1)
    client.sign_in(bench.claire)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True
    change_opening(bench, MONDAY, booked=1, waiting=2)
    key = bench.start()
    assert_swap_equals_reload(client, planning(key), form="#jours", button=("jour", f"{MONDAY}:book"))
    assert words(cell(client, MONDAY).select_one(".rank")) == "3"


def test_the_bar_says_how_many_how_much_and_what_comes_next(world, client):
    bench = Bench(world)
    client.sign_in(bench.claire)
    world.booking(bench.home, bench.leo, bench.opening(FRIDAY), bench.canteen.meal)
    key = bench.start()
    for day in (MONDAY, TUESDAY, THURSDAY):
        bench.touch(key, day)
    bench.touch(key, FRIDAY, Wanted.CANCEL)
    client.get(planning(key))
    assert words(client.page.find(id="total")).startswith(
        "3 repas et 1 annulation · 6,40 € 4 acceptés tout de suite"
    )


def test_without_scripts_a_touched_day_comes_back_to_its_month(bench, client):
    key = bench.start()
    response = client.submit(planning(key), form="#jours", button=("jour", f"{MONDAY}:book"))
    assert response.status_code == 303
    assert response.location == f"{planning(key)}?mois=2027-02&type={bench.meal_id}#j-2027-02-01"
    assert bench.world.one(BookingDraftLine).day == MONDAY


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("2027-01-11:book", 422),
        ("2027-01-12:book", 422),
        ("2027-02-03:book", 422),
        ("2027-02-01:cancel", 422),
        ("2027-02-01:accepted", 404),
        ("2027-02-30:book", 404),
        ("n’importe quoi", 404),
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_a_forged_day_or_state_has_no_effect(bench, client, value, status, htmx):
    key = bench.start()
    form = {"form": "#jours", "button": ("jour", f"{MONDAY}:book")}
    response = client.submit(planning(key), **form, forged={"jour": value}, htmx=htmx)
    assert response.status_code == status
    assert bench.world.all(BookingDraftLine) == []


def test_a_forged_presence_type_is_not_found(bench, client):
    elsewhere = bench.world.canteen([MONDAY], name="ALSH Saint-Géry")
    key = bench.start()
    form = {"form": "#jours", "button": ("jour", f"{MONDAY}:book")}
    for forged in (str(elsewhere.meal.id), "999", "x", "", "9" * 30, "-" + "9" * 30, str(2**31)):
        assert client.submit(planning(key), **form, forged={"type": forged}).status_code == 404
        assert client.get(planning(key, f"?type={forged}")).status_code in (200, 404)
    assert bench.world.all(BookingDraftLine) == []


def test_what_a_form_says_of_price_and_state_is_not_read(bench, client):
    key = bench.start()
    forged = {"price_cents": "1", "state": "accepted", "child_id": "999", "enfant": "999", "facility_id": "1"}
    client.submit(planning(key), form="#jours", button=("jour", f"{MONDAY}:book"), forged=forged)
    client.submit(recap(key), form=f"/reservations/{key}/valider", forged=forged)
    booking = bench.world.one(Booking)
    assert (booking.price_cents, booking.child_id) == (320, bench.leo.id)


def test_a_refused_day_says_the_rule_in_place(bench, client):
    key = bench.start()
    response = client.submit(
        planning(key, "?mois=2027-01"), form="#jours", button=("jour", "2027-01-12:book"), htmx=True
    )
    assert response.status_code == 422
    assert response.headers["HX-Retarget"] == "#alertes"
    assert "réservable jusqu’au lundi 11 janvier, 18 h" in words(client.page)
    assert "05 65 11 22 33" in words(client.page)


def test_without_scripts_a_refused_day_brings_its_month_back_with_the_rule(bench, client):
    key = bench.start()
    form = {"form": "#jours", "button": ("jour", "2027-01-12:book")}
    assert client.submit(planning(key, "?mois=2027-01"), **form).status_code == 422
    assert words(client.page.find(id="mois")) == "Janvier 2027"
    assert "réservable jusqu’au lundi 11 janvier, 18 h" in words(client.page.select_one(".alert.stop"))


def test_presence_types_are_asked_only_when_there_are_several(bench, client):
    key = bench.start()
    client.get(planning(key))
    assert client.page.select("nav.choice") == []
    evening = bench.world.activity(bench.canteen.facility, "Garderie", kind=ActivityKind.EVENING)
    stay = bench.world.presence_type(evening, "Soir")
    bench.world.openings(evening, bench.canteen.period, [MONDAY])
    client.get(planning(key))
    assert [words(link) for link in client.page.select("nav.choice a")] == ["Repas", "Soir"]
    assert_swap_equals_reload(client, planning(key), link="nav.choice a:not([aria-current])")
    assert words(client.page.select_one("nav.choice [aria-current]")) == "Soir"
    client.submit(planning(key, f"?type={stay.id}"), form="#jours", button=("jour", f"{MONDAY}:book"))
    client.get(planning(key))  # the type touched last is kept
    assert words(client.page.select_one("nav.choice [aria-current]")) == "Soir"


def test_moving_from_month_to_month_keeps_the_draft_and_swaps_like_a_reload(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    assert_swap_equals_reload(client, planning(key), link='.month-nav a[rel="next"]')
    assert words(client.page.find(id="mois")) == "Mars 2027"
    assert client.page.select('.month-nav a[rel="next"]') == []
    assert "1 repas" in words(client.page.find(id="total"))
    for strange in ("2027-13", "x", "2031-01", ""):
        assert client.get(planning(key, f"?mois={strange}")).status_code == 200


def test_a_sibling_is_offered_only_when_eligible(bench, client):
    marie, tom = bench.other_child(), bench.other_child("Tom", enrolled=False)
    key = bench.start()
    client.get(planning(key))
    boxes = client.page.select('#recopier input[name="enfant"]')
    assert [box["value"] for box in boxes] == [str(marie.id)]
    assert "Tom : pas d’inscription dans cette structure" in words(client.page.find(id="recopier"))
    client.submit(planning(key), form="#jours", button=("jour", f"{MONDAY}:book"))
    client.submit(planning(key), form="#recopier", button=STAY, forged={"enfant": str(tom.id)})
    assert {line.child_id for line in bench.world.all(BookingDraftLine)} == {bench.leo.id}


def test_siblings_are_not_ticked_once_the_month_holds_a_cancelling(bench, client):
    bench.other_child()
    bench.world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal)
    key = bench.start()
    for wanted, ticked in ((Wanted.UNCANCEL, True), (Wanted.CANCEL, False)):
        bench.touch(key, MONDAY, wanted)
        client.get(planning(key))
        assert client.page.select_one('#recopier input[name="enfant"]').has_attr("checked") is ticked
    client.get(planning(key, "?mois=2027-03"))
    assert client.page.select_one('#recopier input[name="enfant"]').has_attr("checked")


def test_an_only_child_is_offered_no_sibling(bench, client):
    client.get(planning(bench.start()))
    assert client.page.select('#recopier input[name="enfant"]') == []
    assert "Aussi pour" not in words(client.page.find(id="recopier"))


def test_copying_lists_what_was_done_and_what_was_left(bench, client):
    marie = bench.other_child()
    change_opening(bench, date(2027, 2, 8), closed_reason="grève")
    key = bench.start()
    bench.touch(key, MONDAY)
    client.submit(planning(key), form="#recopier", button=STAY, htmx=True)
    text = words(client.page)
    assert "7 jours ajoutés pour Léo." in text
    assert "8 jours ajoutés pour Marie." in text
    assert "1 jour laissé de côté pour Léo : lun. 8 février. Fermé ce jour-là (grève)." in text
    assert "aria-pressed" in str(cell(client, date(2027, 2, 15)))
    assert {line.child_id for line in bench.world.all(BookingDraftLine)} == {bench.leo.id, marie.id}


def test_copying_without_scripts_tells_the_same(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    client.submit(planning(key), form="#recopier", button=STAY, follow=True)
    assert "8 jours ajoutés pour Léo." in words(client.page.main)


def test_copying_may_lead_straight_to_the_recap(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    answer = client.submit(planning(key), form="#recopier", button=("suite", "recapitulatif"), htmx=True)
    assert answer.headers["HX-Redirect"] == recap(key)
    client.get(recap(key))
    assert "8 jours ajoutés pour Léo." in words(client.page)
    client.submit(planning(key), form="#recopier", button=("suite", "recapitulatif"), follow=True)
    assert "Étape 4 sur 4" in client.page.get_text()


def test_copies_go_by_default_to_the_last_day_that_opens(bench, client):
    """A period ends with the school year, its last day of canteen comes before."""
    client.get(planning(bench.start()))
    assert client.page.select_one('#recopier input[name="jusqu"]')["value"] == "2027-03-30"


@pytest.mark.parametrize(
    "forged", [{"jusqu": "demain"}, {"jusqu": ""}, {"date": "2027-02-30"}, {"mois": "x"}]
)
def test_an_impossible_date_to_copy_to_is_refused(bench, client, forged):
    key = bench.start()
    bench.touch(key, MONDAY)
    assert client.submit(planning(key), form="#recopier", button=STAY, forged=forged).status_code in (
        404,
        422,
    )
    assert len(bench.world.all(BookingDraftLine)) == 1


# --- Step 4 -------------------------------------------------------------------------------------------------


def test_the_recap_groups_by_child_and_says_what_comes_of_each_line(world, client):
    bench = Bench(world)
    marie = bench.other_child()
    client.sign_in(bench.claire)
    world.booking(bench.home, bench.leo, bench.opening(FRIDAY), bench.canteen.meal)
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, THURSDAY)
    bench.touch(key, FRIDAY, Wanted.CANCEL)
    client.submit(
        planning(key), {"semaines": None, "enfant": str(marie.id)}, form="#recopier", button=STAY, htmx=True
    )
    client.get(recap(key))
    cards = client.page.select("section.card")
    assert [words(card.h2) for card in cards[:2]] == ["M Marie", "L Léo"]
    leo = words(cards[1])
    assert "Repas enfant · lun. 1er et jeu. 4 février Écoles de Cahors" in leo
    assert "accepté dès validation" in leo
    assert "2 × 3,20 € = 6,40 €" in leo
    assert "Annulation · Repas enfant · ven. 5 février" in leo
    assert "−3,20 €" in leo
    total = words(cards[-1])
    assert "facturé fin février" in total
    assert "9,60 €" in total


def by_quotient(bench):
    """A presence type at 2,50 € up to a quotient of 900, 4 € above, 5 € when it is not known."""
    price = written.table(
        {"quotient": {"a": "900"}, "valeur": "2.50"},
        {"quotient": {"plus_de": "900"}, "valeur": "4.00"},
        {"quotient": "inconnu", "valeur": "5.00"},
    )
    return bench.world.presence_type(bench.canteen.activity, "Panier", price=price)


def test_a_provisional_price_says_what_to_send(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY, type_id=by_quotient(bench).id)
    client.get(recap(key))
    assert (
        "Quotient familial non connu, prix provisoire : transmettez votre attestation CAF ou MSA au service."
        in words(client.page.main)
    )


def test_the_recap_names_the_quotient_and_its_bracket(bench, client):
    diet = by_quotient(bench)
    bench.world.quotient(bench.home, 845, valid_to=date(2027, 12, 31))
    key = bench.start()
    bench.touch(key, MONDAY, type_id=diet.id)
    client.get(recap(key))
    text = words(client.page.main)
    assert (
        "Quotient familial 845, tranche A (900 ou moins), valable jusqu’au vendredi 31 décembre 2027." in text
    )
    assert "2,50 €" in text


def test_a_line_can_be_removed(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, TUESDAY)
    line = next(line for line in bench.world.all(BookingDraftLine) if line.day == MONDAY)
    client.submit(recap(key), form="#retirer", button=("ligne", str(line.id)), follow=True)
    assert bench.world.one(BookingDraftLine).day == TUESDAY
    last = bench.world.one(BookingDraftLine)
    client.submit(recap(key), form="#retirer", button=("ligne", str(last.id)), follow=True)
    assert "Étape 3 sur 4" in client.page.get_text()  # an empty recap leads back to the planning


def test_a_childs_days_can_be_changed_from_the_recap(bench, client):
    marie = bench.other_child()
    key = bench.start()
    bench.touch(key, date(2027, 3, 1))
    client.submit(f"/reservations/{key}/enfant", {"enfant": str(marie.id)}, follow=True)
    client.submit(recap(key), form=f"/reservations/{key}/modifier", follow=True)
    assert "Étape 3 sur 4" in client.page.get_text()
    assert "Léo" in words(client.page.find(id="planning"))
    assert words(client.page.find(id="mois")) == "Mars 2027"


def test_validating_leads_to_the_receipt_and_twice_to_the_same(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    client.get(recap(key))
    token = client.page.select_one("form.recap input")["value"]
    address = f"/reservations/{key}/valider"
    first = client.post(address, data={"csrf_token": token})
    second = client.post(address, data={"csrf_token": token})
    request = bench.world.one(BookingRequest)
    assert first.status_code == 303
    assert first.location == second.location == f"/reservations/demandes/{request.reference}"
    for step in ("enfant", "etablissement", "planning", "recapitulatif"):
        assert client.get(f"/reservations/{key}/{step}").location == first.location


def test_the_receipt_shows_each_line_and_how_to_undo_it(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, FRIDAY)
    change_opening(bench, FRIDAY, closed_reason="grève")
    client.submit(recap(key), form=f"/reservations/{key}/valider", follow=True)
    text = words(client.page.main)
    reference = bench.world.one(BookingRequest).reference
    assert words(client.page.h1) == f"Demande {reference}"
    assert "Acceptée" in text
    assert "Refusée" in text
    assert "grève" in text
    assert "annulable jusqu’au dimanche 31 janvier, 18 h" in text
    assert bench.states() == [LineState.ACCEPTED, LineState.REFUSED]
    booking = bench.world.one(Booking)
    client.submit(
        f"/reservations/demandes/{reference}", form=f"/reservations/annuler/{booking.id}", follow=True
    )
    assert "Étape 4 sur 4" in client.page.get_text()
    assert "Annulation · Repas enfant · lun. 1er février" in words(client.page.main)


def test_each_line_of_a_mixed_request_gets_its_own_state_on_screen_and_by_mail(bench, client):
    """S99: the school accepts at once, the centre decides each request, the closed day is refused."""
    centre = bench.world.canteen([MONDAY], name="ALSH Saint-Géry", validation_mode=ValidationMode.MANUAL)
    bench.world.enrol(bench.leo, centre.facility)
    key = bench.start()
    bench.touch(key, TUESDAY)
    bench.touch(key, FRIDAY)
    place = f"/reservations/{key}/etablissement"
    client.submit(place, {"accueil": f"{centre.facility.id}:2027-02"}, follow=True)
    client.submit(planning(key), form="#jours", button=("jour", f"{MONDAY}:book"))
    change_opening(bench, FRIDAY, closed_reason="grève")
    client.submit(recap(key), form=f"/reservations/{key}/valider", follow=True)
    assert sorted(bench.states()) == [LineState.ACCEPTED, LineState.PENDING, LineState.REFUSED]
    told = [words(part) for part in client.page.select("section.card dl > div")]
    (mail,) = bench.world.all(OutgoingMail)
    lines = " ".join(mail.text.split()).split(" - ")
    for day, state in (("mar. 2", "Acceptée"), ("lun. 1er", "En cours de validation"), ("ven. 5", "Refusée")):
        for said in (told, lines):
            (line,) = [one for one in said if f"{day} février" in one]
            assert state in line, said
            assert state == "Refusée" or "3,20 €" in line, said


def test_a_day_booked_meanwhile_is_told_without_alarm(bench, client):
    """Another tab, or the other parent: what was wanted is there."""
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.ask(MONDAY)
    client.get(recap(key))
    assert "déjà réservé" in words(client.page.select_one("section.card"))
    assert "refusé" not in words(client.page.main)
    assert "1 déjà réservé" in words(client.page.select_one("form.recap"))
    client.submit(recap(key), form=f"/reservations/{key}/valider", follow=True)
    text = words(client.page.main)
    assert "Ce jour était déjà réservé : rien n’a changé." in words(client.page.select_one(".alert.info"))
    assert "Déjà réservé" in words(client.page.select_one(".badge"))
    mail = bench.world.all(OutgoingMail)[-1]
    for told in (text, mail.text, mail.html):
        assert "Déjà réservé" in told
        assert "Refusée" not in told
        assert "Rien n’a été réservé" not in told
        assert "Total estimé" not in told


def test_a_request_of_refusals_only_has_no_total(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    change_opening(bench, MONDAY, closed_reason="grève")
    client.submit(recap(key), form=f"/reservations/{key}/valider", follow=True)
    mail = bench.world.one(OutgoingMail)
    for told in (words(client.page.main), mail.text, mail.html):
        assert "Refusée" in told
        assert "Total estimé" not in told


def test_a_change_of_presence_type_costs_the_difference(bench, client):
    """The price of the day before is no longer due: recap, bar, receipt and mail count what changes."""
    dear = bench.world.presence_type(bench.canteen.activity, "Repas bio", cents=470)
    for day in (MONDAY, TUESDAY):
        bench.world.booking(bench.home, bench.leo, bench.opening(day), bench.canteen.meal)
    key = bench.start()
    for day in (MONDAY, TUESDAY):
        bench.touch(key, day, type_id=dear.id)
    client.get(planning(key))
    assert words(client.page.find(id="total")).startswith("2 changements · 3,00 €")
    client.get(recap(key))
    card = words(client.page.select_one("section.card"))
    assert "remplace Repas enfant, 3,20 €" in card
    assert "2 × +1,50 € = +3,00 €" in card
    assert "3,00 €" in words(client.page.select("section.card")[-1].select_one("dd"))
    client.submit(recap(key), form=f"/reservations/{key}/valider", follow=True)
    mail = bench.world.one(OutgoingMail)
    for told in (words(client.page.main), mail.text.replace("\xa0", " "), mail.html):
        told = " ".join(told.replace("&nbsp;", " ").split())
        assert "remplace Repas enfant, 3,20 €" in told
        assert "2 × +1,50 € = +3,00 €" in told
        assert "Total estimé : 3,00 €" in told or "comptés. 3,00 €" in told
    assert [line.price_cents for line in bench.lines()] == [470, 470]


def test_a_draft_that_only_cancels_says_so(bench, client):
    bench.world.booking(bench.home, bench.leo, bench.opening(FRIDAY), bench.canteen.meal)
    key = bench.start()
    bench.touch(key, FRIDAY, Wanted.CANCEL)
    client.get(recap(key))
    assert words(client.page.h1) == "Annulation"
    assert client.page.title.get_text().startswith("Annulation, étape 4")
    assert "Rien n’est annulé avant « Valider »" in words(client.page.main)
    bench.touch(key, MONDAY)
    client.get(recap(key))
    assert words(client.page.h1) == "Nouvelle réservation"


def test_the_days_of_a_child_are_named_as_one_says_it(bench, client):
    anne = bench.other_child("Anne")
    key = bench.start(anne)
    bench.touch(key, MONDAY)
    client.get(recap(key))
    assert words(client.page.select_one('form[action$="/modifier"] button')) == "Modifier les jours d’Anne"


def test_a_receipt_is_its_familys(bench, client):
    reference = bench.ask(MONDAY)
    client.sign_in(bench.world.parent(bench.world.household("MARTY"), "Ana"))
    assert client.get(f"/reservations/demandes/{reference}").status_code == 404
    client.sign_in(bench.world.parent(bench.home, "Paul"))
    assert client.get(f"/reservations/demandes/{reference}").status_code == 200


# --- Nothing is lost, nothing is another's ------------------------------------------------------------------


def test_a_step_leads_back_to_the_first_one_that_is_not_right(bench, client):
    other_place(bench, MONDAY)
    client.submit("/reservations/nouvelle", {})
    key = bench.world.one(BookingDraft).key
    for step in ("planning", "recapitulatif"):
        assert client.get(f"/reservations/{key}/{step}").location == place(key)
    ready = bench.start()
    assert client.get(recap(ready)).location == planning(ready)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.facility).is_active = False
    assert client.get(planning(ready)).location == f"/reservations/{ready}/etablissement"


def test_going_back_and_forth_loses_nothing(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    client.get(f"/reservations/{key}/enfant")
    assert client.page.select_one("input[checked]")["value"] == str(bench.leo.id)
    client.submit(f"/reservations/{key}/enfant", {}, follow=True)
    assert cell(client, MONDAY)["value"] == f"{MONDAY}:unbook"
    client.get(place(key))
    assert client.page.select_one("input[checked]")["value"].endswith(":2027-02")
    client.submit(place(key), {}, follow=True)
    assert cell(client, MONDAY)["value"] == f"{MONDAY}:unbook"


@pytest.mark.parametrize("htmx", [True, False])
def test_a_session_that_ends_loses_nothing(bench, client, htmx):
    key = bench.start()
    bench.touch(key, MONDAY)
    client.get(planning(key))
    token = client.page.select_one("#jours input")["value"]
    with bench.app.app_context(), write_transaction() as session:
        for row in session.scalars(select(UserSession)):
            session.delete(row)
    headers = {"Referer": f"http://localhost{planning(key)}"} | ({"HX-Request": "true"} if htmx else {})
    response = client.post(
        f"/reservations/{key}/jours",
        data={"csrf_token": token, "jour": f"{TUESDAY}:book", "type": bench.meal_id},
        headers=headers,
    )
    destination = response.headers["HX-Redirect"] if htmx else response.location
    assert response.status_code == (401 if htmx else 303)
    assert f"suite=/reservations/{key}/planning" in destination.replace("%2F", "/")
    client.sign_in(bench.claire)
    client.get(planning(key))
    assert cell(client, MONDAY)["value"] == f"{MONDAY}:unbook"


def test_another_persons_draft_is_not_found(bench, client):
    key = bench.start()
    bench.touch(key, MONDAY)
    client.sign_in(bench.world.parent(bench.home, "Paul"))
    for step in ("enfant", "etablissement", "planning", "recapitulatif"):
        assert client.get(f"/reservations/{key}/{step}").status_code == 404
    client.get("/reservations/nouvelle")
    token = client.page.select_one("form[action='/reservations/nouvelle'] input")["value"]
    for act in ("jours", "recopier", "retirer", "modifier", "valider", "abandonner"):
        data = {"csrf_token": token, "jour": f"{MONDAY}:book", "type": bench.meal_id, "mois": "2027-02"}
        assert client.post(f"/reservations/{key}/{act}", data=data).status_code == 404
    assert bench.world.one(BookingDraft).submitted_at is None


def test_another_households_booking_is_not_found(bench, client):
    zoe_home = bench.world.household("MARTY")
    zoe = bench.world.child(zoe_home, "Zoé")
    booking = bench.world.booking(zoe_home, zoe, bench.opening(MONDAY), bench.canteen.meal)
    client.get("/reservations/nouvelle")
    token = client.page.select_one("form[action='/reservations/nouvelle'] input")["value"]
    assert client.post(f"/reservations/annuler/{booking.id}", data={"csrf_token": token}).status_code == 404
