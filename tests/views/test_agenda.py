"""The planning of all the children (S77 to S87)."""

from datetime import UTC, date, datetime

import pytest

from domain.enums import ActivityKind, BookingState, LineAction, LineState
from models import Booking, BookingDraft, BookingRequestLine, HouseholdChild, HouseholdGuardian
from tests.factories import weekdays
from tests.school_family import SchoolFamily, words
from tests.statements import recorded
from tests.swap import assert_swap_equals_reload

THURSDAY, FRIDAY = date(2027, 1, 14), date(2027, 1, 15)
PANEL = "/planning/2027-01/jours/2027-01-14"


@pytest.fixture
def family(world) -> SchoolFamily:
    return SchoolFamily(world)


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


def cell(client, day):
    return client.page.find("time", datetime=day.isoformat()).find_parent("td")


def headings(client):
    return [words(head) for head in client.page.select("table.month th")]


# --- The month ------------------------------------------------------------------------------------


def test_all_the_children_stand_on_one_month(claire, family):
    family.book(family.marie, THURSDAY)
    family.book(family.leo, THURSDAY)
    claire.get("/planning")
    assert claire.page.h2.get_text() == "Janvier 2027"
    assert "Marie : Repas enfant, acceptée" in words(cell(claire, THURSDAY))
    assert "Léo : Repas enfant, acceptée" in words(cell(claire, THURSDAY))


def test_weeks_go_from_monday_with_a_column_only_where_something_opens(claire):
    claire.get("/planning/2021-01")
    assert claire.page.h2.get_text() == "Janvier 2021"
    assert headings(claire) == ["lun.", "mar.", "mer.", "jeu.", "ven."]
    first_week = claire.page.select("table.month tbody tr")[0]
    assert [words(day) for day in first_week.find_all("td")][:4] == ["", "", "", ""]
    assert first_week.find_all("td")[4].time["datetime"] == "2021-01-01"


def test_a_saturday_that_opens_brings_its_column_back(claire, family):
    saturday = date(2027, 1, 16)
    family.world.openings(family.canteen.activity, family.canteen.period, [saturday])
    claire.get("/planning/2027-01")
    assert headings(claire)[-1] == "sam."
    assert cell(claire, saturday).a is not None
    claire.get("/planning/2027-02")
    assert headings(claire)[-1] == "ven."


@pytest.mark.parametrize(
    ("state", "style", "said"),
    [
        (BookingState.ACCEPTED, "accepted", "acceptée"),
        (BookingState.PENDING, "pending", "en cours de validation"),
        (BookingState.WAITING, "waiting", "en liste d’attente, 1er"),
    ],
)
def test_a_state_is_told_by_shape_and_by_words(claire, family, state, style, said):
    family.book(family.leo, THURSDAY, state)
    claire.get("/planning")
    chip = cell(claire, THURSDAY).select_one(".chip")
    assert style in chip["class"]
    assert words(chip.select_one(".sr")) == f"Léo : Repas enfant, {said}"
    assert said.partition(",")[0].removeprefix("en ") in words(claire.page.select_one(".legend"))


def test_the_rank_counts_those_who_waited_before(claire, family):
    other = family.world.household("MARTIN")
    for child in (family.world.child(other), family.leo, family.world.child(other)):
        household = family.household if child is family.leo else other
        family.world.booking(
            household, child, family.opening(THURSDAY), family.canteen.meal, BookingState.WAITING
        )
    claire.get("/planning")
    assert words(cell(claire, THURSDAY).select_one(".rank")) == "2"
    assert "en liste d’attente, 2e" in words(cell(claire, THURSDAY))


def test_a_refused_day_is_told_until_it_is_booked(claire, family):
    family.ask("DEM-1", family.leo, [THURSDAY], LineState.REFUSED, reason="Il n’y a plus de place.")
    claire.get("/planning")
    chip = cell(claire, THURSDAY).select_one(".chip")
    assert "refused" in chip["class"]
    assert "Léo : Repas enfant, refusée" in words(chip)
    family.book(family.leo, THURSDAY)
    claire.get("/planning")
    assert "refusée" not in words(cell(claire, THURSDAY))


def test_a_cancelling_that_waits_is_told(claire, family):
    booking = family.book(family.leo, THURSDAY)
    family.ask("DEM-2", family.leo, [THURSDAY], LineState.PENDING, LineAction.CANCEL, booking_id=booking.id)
    claire.get("/planning")
    assert "annulation en cours de validation" in words(cell(claire, THURSDAY))
    claire.get(PANEL)
    assert "Annulation en cours de validation" in words(claire.page.select_one("#jour"))
    assert claire.page.select_one("#jour form") is None


def test_children_with_one_initial_get_two_letters(claire, family):
    family.world.enrol(louise := family.world.child(family.household, "Louise"), family.canteen.facility)
    for child in (family.leo, louise):
        family.book(child, THURSDAY)
    claire.get("/planning")
    marks = {words(mark) for mark in cell(claire, THURSDAY).select(".initial")}
    assert marks == {"Lé", "Lo"}


def test_several_activities_stand_on_one_day(claire, family):
    evening = family.world.activity(family.canteen.facility, "Garderie", ActivityKind.EVENING, position=1)
    stay = family.world.presence_type(evening, "Garderie soir", 110)
    (opening,) = family.world.openings(evening, family.canteen.period, [FRIDAY])
    for child in (family.marie, family.leo):
        family.world.booking(family.household, child, opening, stay)
        family.book(child, FRIDAY)
    claire.get("/planning")
    said = [words(chip.select_one(".sr")) for chip in cell(claire, FRIDAY).select(".chip")]
    assert said == [
        "Marie : Repas enfant, acceptée",
        "Léo : Repas enfant, acceptée",
        "Marie : Garderie soir, acceptée",
        "Léo : Garderie soir, acceptée",
    ]
    legend = words(claire.page.select_one(".legend"))
    assert "Garderie soir" in legend
    assert "accueil du soir" not in legend


def test_public_and_school_holidays_are_labelled_and_closed(claire, family):
    family.world.public_holiday(date(2027, 1, 1))
    family.world.school_holiday(date(2027, 1, 20), date(2027, 1, 20), "Pont")
    claire.get("/planning/2027-01")
    new_year = cell(claire, date(2027, 1, 1))
    assert words(new_year) == "1 Férié Jour de l’An"
    assert new_year.a is None
    assert words(cell(claire, date(2027, 1, 20))) == "20 Vacances Pont"
    assert "Pont : du mercredi 20 janvier" in words(claire.page.select_one(".legend"))


def test_new_year_2021_is_labelled_and_cannot_be_booked(client, family, clock):
    """S82: the guide's own month, where the school days around the holiday are open."""
    clock.move_to(datetime(2020, 12, 7, 9, 0, tzinfo=UTC))
    family.world.public_holiday(date(2021, 1, 1))
    new_year, eve = date(2021, 1, 1), date(2020, 12, 31)
    open_days = [eve, *weekdays(date(2021, 1, 4), date(2021, 1, 29))]
    canteen = family.world.canteen(open_days, name="École de l’an passé")
    family.world.enrol(family.leo, canteen.facility, first_day=eve, last_day=open_days[-1])
    client.sign_in(family.claire)
    client.get("/planning/2021-01")
    assert words(cell(client, new_year)) == "1 Férié Jour de l’An"
    assert cell(client, new_year).a is None
    assert cell(client, date(2021, 1, 4)).a is not None
    client.get("/planning/2021-01/jours/2021-01-01")
    assert "Réserver ce jour" not in words(client.page.main)


def test_the_holidays_of_another_zone_are_not_ours(claire, family):
    family.world.school_holiday(date(2027, 1, 20), date(2027, 1, 20), "Pont", zone="A")
    claire.get("/planning/2027-01")
    assert "Pont" not in words(claire.page.main)


def test_a_day_without_service_says_so_and_is_no_link(claire):
    claire.get("/planning")
    wednesday = cell(claire, date(2027, 1, 13))
    assert words(wednesday) == "13 rien d’ouvert"
    assert wednesday.a is None


def test_a_closed_day_says_why(claire, family):
    other = family.world.activity(family.canteen.facility, "Étude", ActivityKind.EVENING)
    wednesday = date(2027, 1, 13)
    family.world.openings(other, family.canteen.period, [wednesday], closed_reason="Grève")
    claire.get("/planning")
    assert words(cell(claire, wednesday)) == "13 Fermé Grève"
    claire.get("/planning/2027-01/jours/2027-01-13")
    assert "Fermé : Grève" in words(claire.page.select_one("#jour"))


def test_a_month_with_nothing_open_says_it(claire):
    claire.get("/planning/2027-08")
    assert "Aucune activité n’est ouverte à vos enfants ce mois-ci." in words(claire.page.main)


def test_the_month_is_in_the_address_and_changes_by_links(claire):
    claire.get("/planning/2027-01")
    before, after = claire.page.select(".month-nav a")
    assert (before["href"], words(before)) == ("/planning/2026-12", "Décembre 2026")
    assert (after["href"], words(after)) == ("/planning/2027-02", "Février 2027")
    claire.get(after["href"])
    assert claire.page.h2.get_text() == "Février 2027"


def test_the_title_elides_before_a_vowel(claire):
    claire.get("/planning/2027-08")
    assert words(claire.page.title).startswith("Planning d’août 2027")
    claire.get("/planning/2027-01")
    assert words(claire.page.title).startswith("Planning de janvier 2027")


def test_the_calendar_has_two_ends(claire):
    claire.get("/planning/2000-01")
    assert [link["href"] for link in claire.page.select(".month-nav a")] == ["/planning/2000-02"]
    claire.get("/planning/2100-12")
    assert [link["href"] for link in claire.page.select(".month-nav a")] == ["/planning/2100-11"]


@pytest.mark.parametrize(
    "address",
    [
        "/planning/2027-13",
        "/planning/2027-1",
        "/planning/1999-12",
        "/planning/janvier",
        "/planning/2027-01/jours/2027-01-32",
        "/planning/2027-01/jours/2027-02-01",
        "/planning/2027-01/jours/20270114",
        "/planning/2027-01/jours/hier",
    ],
)
def test_what_is_no_day_of_the_calendar_is_not_found(claire, address):
    assert claire.get(address).status_code == 404


def test_booking_and_cancelling_are_both_offered(claire):
    claire.get("/planning")
    links = {words(link): link["href"] for link in claire.page.main.find_all("a")}
    assert links["Nouvelle réservation"] == "/reservations/nouvelle"
    assert links["Demander une annulation"] == "/planning/2027-01?annuler=1#aide"
    assert links["Historique de mes demandes"] == "/reservations"


def test_asking_for_a_cancelling_shows_what_to_touch(claire, family):
    family.book(family.leo, THURSDAY)
    claire.get("/planning/2027-01")
    assert "Touchez le jour" not in words(claire.page.main)
    claire.get("/planning/2027-01?annuler=1")
    help_text = claire.page.find(string=lambda text: "Touchez le jour à annuler" in text).find_parent(
        "div", class_="alert"
    )
    assert "Touchez le jour à annuler, puis « Annuler »." in words(help_text)
    assert (help_text["id"], help_text["tabindex"]) == ("aide", "-1")
    other_months = [link["href"] for link in claire.page.select(".month-nav a")]
    assert other_months == ["/planning/2026-12?annuler=1#aide", "/planning/2027-02?annuler=1#aide"]
    claire.get("/planning/2027-02?annuler=1")
    assert "Vous n’avez rien à annuler ce mois-ci." in words(claire.page.main)


# --- The day --------------------------------------------------------------------------------------


def test_a_day_opens_with_states_limits_and_prices(claire, family):
    booking = family.book(family.leo, THURSDAY)
    claire.get(PANEL)
    panel = claire.page.select_one("#jour")
    said = words(panel)
    assert panel.h2.get_text() == "Jeudi 14\u00a0janvier"
    assert "Repas enfant · Cantine, Écoles de Cahors" in said
    assert "Acceptée" in said
    assert "3,20 €" in said
    assert "Annulable jusqu’au mercredi 13 janvier, 18 h" in said
    assert panel.form["action"] == f"/reservations/annuler/{booking.id}"
    assert panel.select_one("a.button")["href"] == "/reservations/nouvelle?jour=2027-01-14"


def test_cancelling_from_a_day_leads_to_a_recap_of_that_day(claire, family):
    booking = family.book(family.leo, THURSDAY)
    answer = claire.submit(PANEL, form=f"/reservations/annuler/{booking.id}", follow=True)
    assert answer.status_code == 200
    assert "jeudi 14 janvier" in words(claire.page.main).lower()
    assert family.world.one(Booking).state is BookingState.ACCEPTED


def test_a_day_too_late_to_change_offers_nothing_and_says_the_limit(claire, family):
    family.book(family.leo, date(2027, 1, 12))
    claire.get("/planning/2027-01/jours/2027-01-12")
    panel = claire.page.select_one("#jour")
    assert "Trop tard : c’était annulable jusqu’au lundi 11 janvier, 18 h" in words(panel)
    assert panel.form is None
    assert "Réserver ce jour" not in words(panel)


def test_the_past_is_read_only(claire, family):
    family.book(family.leo, date(2027, 1, 11))
    claire.get("/planning")
    assert "past" in cell(claire, date(2027, 1, 11)).a["class"]
    claire.get("/planning/2027-01/jours/2027-01-11")
    panel = claire.page.select_one("#jour")
    assert "Repas enfant" in words(panel)
    assert "Ce jour est passé : il ne peut plus changer." in words(panel)
    assert words(panel).count("est passé") == 1
    assert panel.form is None
    assert panel.select_one("a.button") is None


def test_a_past_day_is_not_cancelled_by_a_forged_form(claire, family):
    booking = family.book(family.leo, date(2027, 1, 11))
    claire.get("/reservations/nouvelle")
    token = claire.page.select_one("form[action='/reservations/nouvelle'] input")["value"]
    address = f"/reservations/annuler/{booking.id}"
    claire.post(address, data={"csrf_token": token}, follow_redirects=True)
    key = family.world.one(BookingDraft).key
    claire.post(f"/reservations/{key}/valider", data={"csrf_token": token}, follow_redirects=True)
    assert family.world.one(Booking).state is BookingState.ACCEPTED
    assert {line.state for line in family.world.all(BookingRequestLine)} == {LineState.REFUSED}


def test_a_day_says_what_can_still_be_booked(claire, family):
    claire.get(PANEL)
    panel = claire.page.select_one("#jour")
    assert words(panel).count("Cantine Réservable jusqu’au mercredi 13 janvier, 18 h") == 2
    for child in (family.marie, family.leo):
        family.book(child, THURSDAY)
    claire.get(PANEL)
    panel = claire.page.select_one("#jour")
    assert "Réservable" not in words(panel)
    assert panel.select_one("a.button") is None


def test_each_child_has_its_own_part_of_the_day(claire, family):
    family.book(family.leo, THURSDAY)
    claire.get(PANEL)
    parts = {words(part.h3): words(part) for part in claire.page.select("#jour section")}
    assert [name.split()[-1] for name in parts] == ["Marie", "Léo"]
    marie, leo = parts.values()
    assert "Réservable" in marie
    assert "Annulable" not in marie
    assert "Repas enfant · Cantine, Écoles de Cahors Acceptée" in leo
    assert "Réservable" not in leo


def test_a_limit_names_its_structure_when_the_family_has_several(claire, family):
    claire.get(PANEL)
    assert "Écoles de Cahors" not in words(claire.page.select_one("#jour"))
    centre = family.world.canteen([date(2027, 1, 13), THURSDAY], name="Centre de loisirs")
    family.world.enrol(family.leo, centre.facility)
    claire.get(PANEL)
    said = words(claire.page.select_one("#jour"))
    assert "Cantine, Écoles de Cahors Réservable" in said
    assert "Cantine, Centre de loisirs Réservable" in said
    claire.get("/planning/2027-01/jours/2027-01-13")
    assert "Cantine, Centre de loisirs Réservable" in words(claire.page.select_one("#jour"))


def fill_up(family, has_waiting_list):
    """Another family takes the only place of a new activity on Thursday."""
    evening = family.world.activity(
        family.canteen.facility, "Garderie", ActivityKind.EVENING, has_waiting_list=has_waiting_list
    )
    stay = family.world.presence_type(evening, "Garderie soir")
    (opening,) = family.world.openings(evening, family.canteen.period, [THURSDAY], capacity=1)
    other = family.world.household("MARTIN")
    family.world.booking(other, family.world.child(other), opening, stay)
    for child in (family.marie, family.leo):
        family.book(child, THURSDAY)


def test_a_full_day_offers_nothing(claire, family):
    fill_up(family, has_waiting_list=False)
    claire.get(PANEL)
    panel = claire.page.select_one("#jour")
    assert words(panel).count("Garderie Complet") == 2
    assert "liste d’attente" not in words(panel)
    assert "Réservable" not in words(panel)
    assert panel.select_one("a.button") is None


def test_a_full_day_with_a_waiting_list_can_be_asked_for(claire, family):
    fill_up(family, has_waiting_list=True)
    claire.get(PANEL)
    panel = claire.page.select_one("#jour")
    assert "Garderie Complet, liste d’attente ouverte" in words(panel)
    assert panel.select_one("a.button") is not None


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (
            {"opens_at": datetime(2027, 1, 13, 7, tzinfo=UTC)},
            "Les réservations ouvrent le mercredi 13 janvier, 8 h",
        ),
        (
            {"closes_at": datetime(2027, 1, 11, 7, tzinfo=UTC)},
            "Les réservations sont closes depuis le lundi 11 janvier, 8 h",
        ),
    ],
)
def test_days_that_are_not_on_sale_say_when(claire, family, dates, said):
    place = family.canteen.facility
    period = family.world.period(place, THURSDAY, THURSDAY, **dates)
    study = family.world.activity(place, "Étude", ActivityKind.EVENING)
    family.world.presence_type(study, "Étude")
    family.world.openings(study, period, [THURSDAY])
    for child in (family.marie, family.leo):
        family.book(child, THURSDAY)
    claire.get(PANEL)
    panel = claire.page.select_one("#jour")
    assert f"Étude {said}" in words(panel)
    assert "Réservable" not in words(panel)
    assert panel.select_one("a.button") is None


def test_what_the_wizard_does_not_know_is_not_offered(claire, family):
    study = family.world.activity(family.canteen.facility, "Étude", ActivityKind.EVENING)
    family.world.openings(study, family.canteen.period, [THURSDAY])
    claire.get(PANEL)
    assert "Étude" not in words(claire.page.select_one("#jour"))


def test_a_day_that_the_other_household_booked_is_not_offered(client, family):
    other = family.world.household("MARTIN")
    family.world.add(HouseholdChild(household_id=other.id, child_id=family.leo.id))
    family.book(family.leo, THURSDAY)
    client.sign_in(family.world.parent(other, "Karim"))
    client.get(PANEL)
    panel = client.page.select_one("#jour")
    assert "Autre foyer Seul l’autre foyer, ou le service, peut l’annuler" in words(panel)
    assert panel.select_one("a.button") is None


def test_too_late_says_whom_to_call_once(claire, family):
    family.book(family.leo, date(2027, 1, 12))
    claire.get("/planning/2027-01/jours/2027-01-12")
    panel = claire.page.select_one("#jour")
    assert words(panel).count("ontactez le service") == 1
    assert "contactez le service : Écoles de Cahors, 05 65 11 22 33" in words(panel)
    assert panel.select_one('a[href="tel:+33565112233"]') is not None


def test_a_day_when_nothing_opens_says_it(claire):
    claire.get("/planning/2027-01/jours/2027-01-13")
    assert "Rien n’est ouvert à vos enfants ce jour-là." in words(claire.page.select_one("#jour"))


def test_a_refusal_gives_its_reason(claire, family):
    family.ask("DEM-1", family.leo, [THURSDAY], LineState.REFUSED, reason="Il n’y a plus de place.")
    claire.get(PANEL)
    assert "Motif : Il n’y a plus de place." in words(claire.page.select_one("#jour"))


def test_the_panel_in_place_is_the_panel_of_the_page(claire, family):
    family.book(family.leo, THURSDAY)
    assert_swap_equals_reload(claire, "/planning", link=f'a[href="{PANEL}"]')


def test_closing_the_day_gives_the_month_back(claire):
    claire.get(PANEL)
    assert claire.page.select_one("#jour .close")["href"] == "/planning/2027-01"
    assert_swap_equals_reload(claire, PANEL, link="#jour .close")


def test_holidays_over_the_new_year_name_both_years(claire, family):
    family.world.school_holiday(date(2026, 12, 19), date(2027, 1, 3), "Vacances de Noël")
    claire.get("/planning/2027-01")
    assert "Vacances de Noël : du samedi 19 décembre 2026 au dimanche 3 janvier 2027" in words(
        claire.page.select_one(".legend")
    )


# --- Whose planning -------------------------------------------------------------------------------


def test_another_family_sees_nothing_of_it(client, family):
    family.book(family.leo, THURSDAY)
    other = family.world.household("MARTIN")
    client.sign_in(family.world.parent(other, "Nadia"))
    client.get("/planning")
    assert "Léo" not in words(client.page)
    client.get(PANEL)
    assert "Repas" not in words(client.page.main)


def test_a_parent_of_two_households_sees_both(client, family):
    second = family.world.household("SOLIGNAC-ROUX")
    nino = family.world.child(second, "Nino")
    family.world.enrol(nino, family.canteen.facility)
    account = family.world.user()
    first = family.world.guardian(family.household, "Paul", user_id=account.id)
    family.world.add(HouseholdGuardian(household_id=second.id, guardian_id=first.id))
    family.book(family.leo, THURSDAY)
    family.world.booking(second, nino, family.opening(THURSDAY), family.canteen.meal)
    client.sign_in(account)
    client.get("/planning")
    assert "Léo" in words(cell(client, THURSDAY))
    assert "Nino" in words(cell(client, THURSDAY))


def test_a_parent_without_household_gets_a_page(client, world):
    account = world.user()
    client.sign_in(account)
    assert client.get("/planning").status_code == 200
    assert client.get(PANEL).status_code == 200


# --- What it costs --------------------------------------------------------------------------------


def fill(family, children, activities):
    """More children at more activities, booked on every school day of January."""
    for number in range(children):
        child = family.world.child(family.household, f"Enfant{number}")
        family.world.enrol(child, family.canteen.facility)
        for day in weekdays(date(2027, 1, 4), date(2027, 1, 29)):
            family.book(child, day)
    for number in range(activities):
        activity = family.world.activity(family.canteen.facility, f"Atelier {number}", ActivityKind.EVENING)
        family.world.presence_type(activity)
        family.world.openings(activity, family.canteen.period, weekdays(date(2027, 1, 4), date(2027, 1, 29)))


def test_the_agenda_asks_seven_questions_whatever_the_family(claire, family):
    with recorded() as few:
        claire.get("/planning/2027-01")
    fill(family, children=4, activities=11)
    with recorded() as many:
        claire.get("/planning/2027-01")
    assert len(few) == len(many) == 7
