"""« Ma semaine type »: ticked, previewed with reasons, confirmed, validated, proposed again (R20, R21)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import ActivityKind, BookingState, LineAction, WeekParity
from models import Booking, BookingDraft, BookingDraftLine, DefaultWeekDay, Opening
from services import booking_life, places
from services.booking_life import Actor
from services.transaction import write_transaction
from tests import statements
from tests.booking_bench import FRIDAY, MONDAY, SCHOOL_DAYS, THURSDAY, TUESDAY, Bench
from tests.factories import weekdays
from tests.school_family import words

PAGE = "/reservations/semaine-type"


@pytest.fixture
def bench(world, client):
    bench = Bench(world)
    client.sign_in(bench.claire)
    return bench


def ticks(bench, child, *weekdays_, parity="all", type_id=None):
    return [f"{child.id}:{type_id or bench.meal_id}:{weekday}:{parity}" for weekday in weekdays_]


def everybody(bench, *weekdays_, parity="all"):
    return [f"{bench.meal_id}:{weekday}:{parity}" for weekday in weekdays_]


def preview(client, boxes, page=PAGE, **fields):
    """Send the grid; the page is then the preview."""
    response = client.submit(page, {"jour": boxes} | fields, form="#semaine", follow=True)
    assert response.status_code == 200, words(client.page.main)
    return words(client.page.main)


def confirm(client, **fields):
    page = client.page.select_one("#apercu")["action"].replace("confirmer", "apercu")
    return client.submit(page, fields, form="#apercu", follow=True)


def validate(client):
    key = client.page.select_one("form.recap")["action"].split("/")[2]
    client.submit(f"/reservations/{key}/recapitulatif", form=f"/reservations/{key}/valider", follow=True)


def apply(client, boxes, **ticked):
    preview(client, boxes)
    confirm(client, **ticked)
    validate(client)


def draft_days(bench, child):
    return sorted(
        (line.day, line.action) for line in bench.world.all(BookingDraftLine) if line.child_id == child.id
    )


def booked_days(bench, child):
    rows = bench.world.all(
        select(Booking).where(Booking.child_id == child.id, Booking.state == BookingState.ACCEPTED)
    )
    return sorted(row.day for row in rows)


def cancel(bench, booking, closure_id=None):
    with bench.app.app_context(), write_transaction() as session:
        places.lock(session, [booking.opening_id])
        row = session.get_one(Booking, booking.id)
        actor = Actor(bench.claire.id, "Claire", "portal")
        booking_life.move(session, row, BookingState.CANCELLED, actor, bench.world.now, closure_id=closure_id)


def change_opening(bench, day, **columns):
    with bench.app.app_context(), write_transaction() as session:
        row = session.get_one(Opening, bench.opening(day).id)
        for name, value in columns.items():
            setattr(row, name, value)


# --- The grid -----------------------------------------------------------------------------------------------


def test_the_agenda_and_the_wizard_lead_to_the_default_week(bench, client):
    for page in ("/planning", "/reservations/nouvelle"):
        client.get(page)
        assert client.page.select(f'main a[href="{PAGE}"]'), page


def test_reading_the_grid_writes_nothing(bench, client):
    client.get(PAGE)
    assert bench.world.all(BookingDraft) == []


def test_every_presence_type_of_every_structure_of_the_children_is_there(bench, client):
    marie = bench.other_child()
    camp = bench.world.canteen([date(2027, 2, 3)], name="ALSH Saint-Géry")
    bench.world.enrol(marie, camp.facility)
    evening = bench.world.activity(bench.canteen.facility, "Garderie", kind=ActivityKind.EVENING)
    stay = bench.world.presence_type(evening, "Soir")
    bench.world.openings(evening, bench.canteen.period, [MONDAY])
    client.get(PAGE)
    values = {box["value"] for box in client.page.select('input[name="jour"]')}
    assert f"{bench.leo.id}:{bench.meal_id}:0:all" in values
    assert f"{bench.leo.id}:{stay.id}:0:odd" in values
    assert f"{marie.id}:{camp.meal.id}:2:all" in values
    assert f"{bench.leo.id}:{camp.meal.id}:2:all" not in values  # Léo is not enrolled there
    assert f"{bench.leo.id}:{bench.meal_id}:2:all" not in values  # no canteen on Wednesdays
    labels = [words(one) for one in client.page.select("#toutes ~ .patterns fieldset")][0]
    assert "lundi, tous les enfants" in labels
    assert "lundi, Léo" in labels


def test_the_last_day_is_chosen_in_words_from_the_calendar(bench, client):
    bench.world.school_holiday(date(2027, 2, 13), date(2027, 2, 28), "Vacances d’hiver")
    bench.world.school_holiday(date(2027, 3, 31), date(2027, 8, 31), "Vacances d’été")
    client.get(PAGE)
    options = {radio["value"]: words(radio.parent) for radio in client.page.select('input[name="jusqu"]')}
    assert options["2027-02-12"].startswith("Jusqu’aux vacances d’hiver (vendredi 12 février")
    assert options["2027-03-30"].startswith("Jusqu’aux vacances d’été (mardi 30 mars")
    chosen = client.page.select_one('input[name="jusqu"][checked]')
    assert chosen["value"] == "2027-03-30"  # the end of the open periods


def test_nothing_ticked_is_an_instruction(bench, client):
    assert client.submit(PAGE, form="#semaine").status_code == 422
    assert "Cochez au moins un jour de la semaine." in words(client.page.select_one("#erreurs"))


def test_two_presences_of_one_activity_are_refused_and_stay_ticked(bench, client):
    basket = bench.world.presence_type(bench.canteen.activity, "Panier")
    boxes = ticks(bench, bench.leo, 0) + ticks(bench, bench.leo, 0, parity="even", type_id=basket.id)
    assert client.submit(PAGE, {"jour": boxes}, form="#semaine").status_code == 422
    assert "Le lundi, deux présences sont cochées" in words(client.page.select_one("#erreurs"))
    assert sorted(box["value"] for box in client.page.select('[name="jour"][checked]')) == sorted(boxes)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"jusqu": None}, "Choisissez jusqu’à quand, ou indiquez une date."),
        ({"autre": "2027-01-02"}, "Choisissez un dernier jour après le"),
        ({"autre": "2029-01-02"}, "Choisissez un dernier jour avant le"),
        ({"du": ""}, "Indiquez à partir de quel jour."),
    ],
)
def test_an_impossible_span_is_refused(bench, client, fields, sentence):
    response = client.submit(PAGE, {"jour": ticks(bench, bench.leo, 0)} | fields, form="#semaine")
    assert response.status_code == 422
    assert sentence in words(client.page.main)
    assert bench.world.all(BookingDraft) == []


def test_boxes_that_were_never_there_count_for_nothing(bench, client):
    zoe = bench.world.child(bench.world.household("MARTY"), "Zoé")
    forged = {"jour": [*ticks(bench, zoe, 0), f"{bench.leo.id}:999:0:all", "x"]}
    assert client.submit(PAGE, form="#semaine", forged=forged).status_code == 422


def test_another_household_is_not_found(bench, client):
    other = bench.world.household("MARTY")
    assert client.get(f"{PAGE}?foyer={other.id}").status_code == 404
    assert client.get(f"{PAGE}?foyer={bench.home.id}").status_code == 200


# --- The preview --------------------------------------------------------------------------------------------


def test_monday_and_thursday_for_two_children(bench, client):
    """R20: the names of the weekdays tick every child."""
    marie = bench.other_child()
    text = preview(client, [], tous=everybody(bench, 0, 3))
    days = [day for day in SCHOOL_DAYS if day.weekday() in (0, 3) and day > date(2027, 1, 11)]
    assert f"{2 * len(days)} jours ajoutés" in text
    assert f"Repas enfant · {len(days)} jours, les lundis et jeudis, du jeu. 14 janv." in text
    assert bench.world.all(BookingDraftLine) == []
    confirm(client)
    assert draft_days(bench, bench.leo) == draft_days(bench, marie) == [(d, LineAction.BOOK) for d in days]
    assert "Étape 4 sur 4" in client.page.get_text()


def test_even_and_odd_weeks(bench, client):
    apply(client, ticks(bench, bench.leo, 0, parity="even") + ticks(bench, bench.leo, 1, parity="odd"))
    days = booked_days(bench, bench.leo)
    assert {(day.weekday(), day.isocalendar().week % 2) for day in days} == {(0, 0), (1, 1)}
    kept = bench.world.all(DefaultWeekDay)
    assert {(row.weekday, row.parity) for row in kept} == {(0, WeekParity.EVEN), (1, WeekParity.ODD)}


def test_what_cannot_be_is_listed_with_its_reason(world, client):
    bench = Bench(world, capacity=1)
    client.sign_in(bench.claire)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True
    mondays = [day for day in SCHOOL_DAYS if day.weekday() == 0]
    full, closed = mondays[3], mondays[4]
    change_opening(bench, full, booked=1, waiting=1)
    change_opening(bench, closed, closed_reason="grève")
    basket = world.presence_type(bench.canteen.activity, "Panier")
    world.booking(bench.home, bench.leo, bench.opening(mondays[5]), basket)
    world.booking(bench.home, bench.leo, bench.opening(mondays[6]), bench.canteen.meal)
    text = preview(client, ticks(bench, bench.leo, 0, 1))
    assert "2e sur la liste d’attente" in text
    assert "Fermé ce jour-là (grève)." in text
    assert "réservable jusqu’au lundi 11 janvier, 18 h" in text  # today is too late
    assert "Panier est réservé à la place : lun. 15 février. Ces jours restent ainsi." in text
    assert "Déjà réservé ou demandé : 1 jour (Repas enfant)." in text
    (box,) = client.page.select('input[name="attente"]')
    assert box.has_attr("checked")
    confirm(client, attente=[])
    days = [day for day, _ in draft_days(bench, bench.leo)]
    assert not {full, closed, date(2027, 1, 12), mondays[5], mondays[6]} & set(days)


def test_the_weeks_at_the_other_home_are_left_out_with_the_reason(bench, client):
    """R02: of a child of two households, each books the days on which it lives there."""
    other = bench.world.household("MARTIN")
    bench.world.share(bench.leo, other)
    bench.world.custody(bench.leo, bench.home, other)
    text = preview(client, ticks(bench, bench.leo, 0))
    assert "Ce jour-là, Léo est chez son autre foyer." in text
    confirm(client)
    days = [day for day, _ in draft_days(bench, bench.leo)]
    assert days
    assert not [day for day in days if day.isocalendar().week % 2]


def test_a_waiting_list_that_stays_ticked_is_asked_for(world, client):
    bench = Bench(world, capacity=1)
    client.sign_in(bench.claire)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True
    change_opening(bench, MONDAY, booked=1)
    apply(client, ticks(bench, bench.leo, 0))
    (waiting,) = [row for row in world.all(Booking) if row.state is BookingState.WAITING]
    assert waiting.day == MONDAY


def test_nothing_outside_the_week_goes_without_a_tick(bench, client):
    apply(client, ticks(bench, bench.leo, 0, 1))
    text = preview(client, ticks(bench, bench.leo, 0))
    boxes = client.page.select('input[name="retirer"]')
    tuesdays = [day for day in booked_days(bench, bench.leo) if day.weekday() == 1]
    assert len(boxes) == len(tuesdays)
    assert not any(box.has_attr("checked") for box in boxes)
    assert "Ils restent réservés. Cochez ceux que vous voulez annuler." in text
    confirm(client)
    assert "Votre semaine type est enregistrée." in words(client.page)
    assert {day.weekday() for day in booked_days(bench, bench.leo)} == {0, 1}


def test_days_outside_the_week_go_one_by_one_when_asked(bench, client):
    apply(client, ticks(bench, bench.leo, 0, 1))
    before = booked_days(bench, bench.leo)
    preview(client, ticks(bench, bench.leo, 0), retirer="y")
    boxes = client.page.select('input[name="retirer"]')
    assert boxes
    assert all(box.has_attr("checked") for box in boxes)
    kept = boxes[0]["value"]
    confirm(client, retirer=[box["value"] for box in boxes[1:]])
    assert "Annulation · Repas enfant" in words(client.page.main)
    validate(client)
    after = booked_days(bench, bench.leo)
    spared = [day for day in after if day.weekday() == 1]
    assert [f"{bench.leo.id}:{bench.opening(day).id}" for day in spared] == [kept]
    assert [day for day in after if day.weekday() == 0] == [day for day in before if day.weekday() == 0]


def test_what_the_week_never_spoke_of_is_not_proposed_to_go(bench, client):
    marie = bench.other_child()
    bench.world.booking(bench.home, marie, bench.opening(MONDAY), bench.canteen.meal)
    preview(client, ticks(bench, bench.leo, 1), retirer="y")
    assert client.page.select('input[name="retirer"]') == []


def test_a_day_that_the_family_gave_up_is_not_booked_again_silently(bench, client):
    apply(client, ticks(bench, bench.leo, 0))
    cancel(bench, next(row for row in bench.world.all(Booking) if row.day == MONDAY))
    preview(client, ticks(bench, bench.leo, 0))
    (box,) = client.page.select('input[name="reprendre"]')
    assert not box.has_attr("checked")
    assert "lundi 1er février, Repas enfant" in words(box.parent)
    confirm(client)
    assert MONDAY not in booked_days(bench, bench.leo)
    preview(client, ticks(bench, bench.leo, 0))
    confirm(client, reprendre=[box["value"]])
    validate(client)
    assert MONDAY in booked_days(bench, bench.leo)


def test_applying_twice_adds_nothing_and_is_told(bench, client):
    boxes = ticks(bench, bench.leo, 0)
    apply(client, boxes)
    before = booked_days(bench, bench.leo)
    text = preview(client, boxes)
    assert "Rien ne change dans vos réservations." in text
    confirm(client)
    assert "Votre semaine type est enregistrée. Vos réservations n’ont pas changé." in words(client.page)
    assert booked_days(bench, bench.leo) == before
    assert [draft.submitted_at is None for draft in bench.world.all(BookingDraft)] == [False]


def test_confirming_twice_adds_nothing(bench, client):
    preview(client, ticks(bench, bench.leo, 0))
    page = client.page
    confirm(client)
    days = draft_days(bench, bench.leo)
    client.page = page
    confirm(client)
    assert draft_days(bench, bench.leo) == days


def test_a_forged_box_of_the_preview_counts_for_nothing(bench, client):
    zoe_home = bench.world.household("MARTY")
    zoe = bench.world.child(zoe_home, "Zoé")
    bench.world.booking(zoe_home, zoe, bench.opening(TUESDAY), bench.canteen.meal)
    preview(client, ticks(bench, bench.leo, 0))
    forged = f"{zoe.id}:{bench.opening(TUESDAY).id}"
    key = bench.world.one(BookingDraft).key
    client.submit(
        f"/reservations/{key}/semaine-type/apercu",
        form="#apercu",
        forged={"retirer": [forged], "reprendre": [forged], "attente": ["x"]},
        follow=True,
    )
    assert {line.child_id for line in bench.world.all(BookingDraftLine)} == {bench.leo.id}


# --- Kept ---------------------------------------------------------------------------------------------------


def test_the_week_is_kept_once_validated_and_proposed_again(bench, client):
    boxes = ticks(bench, bench.leo, 0, 3)
    preview(client, boxes)
    confirm(client)
    assert bench.world.all(DefaultWeekDay) == []
    validate(client)
    assert {row.weekday for row in bench.world.all(DefaultWeekDay)} == {0, 3}
    client.get(PAGE)
    assert sorted(box["value"] for box in client.page.select('[name="jour"][checked]')) == sorted(boxes)


def test_days_changed_afterwards_stay_exceptions(bench, client):
    apply(client, ticks(bench, bench.leo, 0))
    bench.ask(FRIDAY)
    text = preview(client, ticks(bench, bench.leo, 0, 3))
    (box,) = client.page.select('input[name="retirer"]')
    assert "vendredi 5 février" in words(box.parent)
    assert not box.has_attr("checked")
    assert f"{len([d for d in SCHOOL_DAYS if d.weekday() == 3])} jours ajoutés" in text
    confirm(client)
    validate(client)
    assert {FRIDAY, THURSDAY, MONDAY} <= set(booked_days(bench, bench.leo))


def test_another_persons_week_is_not_found(bench, client):
    preview(client, ticks(bench, bench.leo, 0))
    key = bench.world.one(BookingDraft).key
    client.sign_in(bench.world.parent(bench.world.household("MARTY"), "Ana"))
    for page in ("semaine-type", "semaine-type/apercu"):
        assert client.get(f"/reservations/{key}/{page}").status_code == 404


def test_the_week_goes_back_and_forth(bench, client):
    boxes = ticks(bench, bench.leo, 0)
    preview(client, boxes)
    key = bench.world.one(BookingDraft).key
    client.get(f"/reservations/{key}/semaine-type")
    assert [box["value"] for box in client.page.select('[name="jour"][checked]')] == boxes
    preview(client, ticks(bench, bench.leo, 1), page=f"/reservations/{key}/semaine-type")
    assert bench.world.one(BookingDraft).key == key
    assert "les mardis" in words(client.page.main)


# --- Growth -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3])
def test_statements_do_not_grow_with_children_activities_and_days(world, client, size):
    bench = Bench(world, weekdays(date(2027, 1, 11), date(2027, 2, 28) if size == 1 else date(2027, 7, 2)))
    client.sign_in(bench.claire)
    for number in range(1, size):
        bench.other_child(f"Enfant {number}")
        activity = world.activity(bench.canteen.facility, f"Atelier {number}", kind=ActivityKind.EVENING)
        world.presence_type(activity, f"Atelier {number}")
        world.openings(activity, bench.canteen.period, [row.day for row in bench.canteen.openings])
    client.get(PAGE)
    boxes = [box["value"] for box in client.page.select('#toutes ~ .patterns fieldset input[name="jour"]')]
    preview(client, boxes)
    key = bench.world.one(BookingDraft).key
    for page, most in ((PAGE, 12), (f"/reservations/{key}/semaine-type/apercu", 9)):
        client.get(page)
        with statements.at_most(most):
            client.get(page)
    with statements.at_most(18):  # the page is read, then sent
        client.submit(f"/reservations/{key}/semaine-type/apercu", form="#apercu")
    expected = size * size * len([row for row in bench.canteen.openings if row.day > date(2027, 1, 12)])
    assert len(bench.world.all(BookingDraftLine)) == expected
