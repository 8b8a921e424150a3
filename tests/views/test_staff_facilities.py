"""Structures on screen: from an empty town to days that families can book, without a line of code (S107)."""

from datetime import UTC, date, datetime

import pytest

from domain.enums import BookingState, FacilityKind, LineAction, StaffRole, ValidationMode
from models import Activity, AuditEvent, BookingPeriod, DeadlineRule, Facility, Opening, PresenceType, Tariff
from tests.factories import weekdays
from tests.views.reading import text

HOME = "/gestion/structures"
JANUARY = weekdays(date(2027, 1, 18), date(2027, 1, 29))


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


@pytest.fixture
def school(world, agent):
    """A school with a canteen and everything that families need, on JANUARY, 10 places a day."""
    return world.canteen(JANUARY, capacity=10)


# --- Who may come in ----------------------------------------------------------------------------


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
@pytest.mark.parametrize("address", [HOME, f"{HOME}/nouvelle"])
def test_only_administrators_change_structures(client, world, role, address):
    client.sign_in(world.staff(role, [world.facility()]))

    assert client.get(address).status_code == 403


def test_a_family_does_not_know_these_pages(client, world):
    client.sign_in(world.parent(world.household()))

    assert client.get(HOME).status_code == 404


# --- From nothing to a whole structure ----------------------------------------------------------


def test_an_empty_town_offers_its_first_structure(client, agent):
    client.get(HOME)

    assert "Aucune structure pour l’instant" in text(client)
    assert client.page.find("a", href=f"{HOME}/nouvelle")


def test_a_secretary_enters_a_school_with_its_canteen(client, agent, world):
    world.public_holiday(date(2027, 1, 1))
    world.school_holiday(date(2026, 12, 19), date(2027, 1, 3), "Vacances de Noël")

    client.submit(
        f"{HOME}/nouvelle",
        {
            "name": "Écoles de Cahors",
            "kind": "school",
            "phone": "05 36 49 01 10",
            "validation_mode": "automatic",
        },
        follow=True,
    )
    facility = world.one(Facility)
    assert facility.kind is FacilityKind.SCHOOL
    page = f"{HOME}/{facility.id}"
    assert "La structure est créée" in text(client)

    client.submit(f"{page}/activites/nouvelle", {"name": "Restaurant scolaire", "kind": "meal"}, follow=True)
    activity = world.one(Activity)
    assert (
        "Il manque un type de présence, le délai de réservation, le délai d’annulation "
        "et des jours d’ouverture." in text(client)
    )

    client.submit(
        f"{page}/periodes/nouvelle",
        {
            "name": "Année 2026-2027",
            "first_day": "2026-12-14",
            "last_day": "2027-01-15",
            "opens_on": "2026-06-01",
            "opens_time": "8 h",
        },
        follow=True,
    )
    period = world.one(BookingPeriod)
    assert period.opens_at == datetime(2026, 6, 1, 6, tzinfo=UTC)

    client.submit(
        f"{HOME}/activites/{activity.id}/types/nouveau", {"name": "Repas enfant", "short_name": "Repas"}
    )
    meal = world.one(PresenceType)
    client.submit(
        f"{HOME}/types/{meal.id}/tarifs/nouveau",
        {
            "version": "Tarif 2026-2027",
            "valid_from": "2026-09-01",
            "resident-0-upper": "700",
            "resident-0-cents": "2,50",
            "resident-1-cents": "3,20",
            "resident_unknown": "4,90",
            "non_resident-0-cents": "6,50",
            "non_resident_unknown": "6,50",
        },
        button=("step", "preview"),
    )
    assert "699,99 2,50 € 6,50 € 700,00 2,50 € 6,50 € 700,01 3,20 € 6,50 € non connu 4,90 € 6,50 €" in text(
        client
    )
    assert world.all(Tariff) == []
    press(client, "save")
    assert world.one(Tariff).table["rows"]["resident"]["brackets"][1]["cents"] == 320

    for slug in ("reservation", "annulation"):
        client.submit(
            f"{HOME}/activites/{activity.id}/delais/{slug}/nouveau/tableau",
            {
                "mon-day": "fri", "mon-time": "9 h", "tue-day": "fri", "tue-time": "09:00",
                "thu-day": "tue", "thu-weeks_before": "0", "thu-time": "9h",
                "fri-day": "tue", "fri-weeks_before": "0", "fri-time": "09:00",
                "compare": "before", "late": "refuse",
            },
            button=("step", "preview"),
        )  # fmt: skip
        press(client, "save")
    sentence = (
        "jusqu’au vendredi de la semaine précédente, avant 9 h ; "
        "pour le jeudi et le vendredi, jusqu’au mardi de la même semaine, avant 9 h."
    )
    client.get(f"{HOME}/activites/{activity.id}")
    assert f"Réservation pour le lundi et le mardi, {sentence}" in text(client)
    assert f"Annulation pour le lundi et le mardi, {sentence}" in text(client)

    client.submit(
        f"{HOME}/activites/{activity.id}/ouvertures/nouvelles",
        {"weekdays": ["0", "1", "3", "4"], "school_time": "outside", "capacity": "120"},
        button=("step", "preview"),
    )
    assert client.page.h1.get_text().replace("\u00a0", " ") == "Ouvrir 12 jours"
    assert world.all(Opening) == []
    press(client, "save")
    openings = world.all(Opening)
    assert len(openings) == 12
    assert {one.capacity for one in openings} == {120}
    assert not [one.day for one in openings if date(2026, 12, 19) <= one.day <= date(2027, 1, 3)]

    client.get(f"{HOME}/{facility.id}")
    assert "Complète" in text(client)


def press(client, step: str):
    """Press a button of the page of a preview, which carries what was typed."""
    (form,) = client.page.select('main form[method="post"]')
    values = {}
    for field in form.find_all("input"):
        values.setdefault(field["name"], []).append(field.get("value", ""))
    return client.post(form["action"], data=values | {"step": step}, headers={"Referer": "http://localhost/"})


def test_a_structure_keeps_what_was_typed_when_something_is_missing(client, agent, world):
    answer = client.submit(f"{HOME}/nouvelle", {"address": "Place des Écoles", "email": "pas une adresse"})

    assert answer.status_code == 422
    assert "Indiquez le nom de la structure." in text(client)
    assert "Choisissez qui accepte les demandes." in text(client)
    assert "Indiquez une adresse complète" in text(client)
    assert client.page.find("input", attrs={"name": "address"})["value"] == "Place des Écoles"
    assert world.all(Facility) == []


def test_two_structures_do_not_share_a_name(client, agent, world):
    world.facility("ALSH Saint-Géry")
    typed = {"name": "ALSH Saint-Géry", "kind": "leisure_centre", "validation_mode": "manual"}

    answer = client.submit(f"{HOME}/nouvelle", typed)

    assert answer.status_code == 422
    error = client.page.find(id="name-erreur").get_text()
    assert error == "Une autre structure porte déjà ce nom. Choisissez un autre nom."
    assert len(world.all(Facility)) == 1


def test_an_edit_is_in_the_journal_with_its_former_value(client, agent, school, world):
    client.submit(f"{HOME}/{school.facility.id}/modifier", {"opening_hours": "7 h 30 – 18 h 30"})

    event = world.one(AuditEvent)
    assert (event.action, event.actor_user_id) == ("facility.updated", agent.id)
    assert (event.before, event.after) == (
        {"opening_hours": ""},
        {"opening_hours": "7\u00a0h\u00a030 – 18\u00a0h\u00a030"},
    )


def test_switching_the_validation_says_that_only_the_next_requests_change(client, agent, school, world):
    client.get(f"{HOME}/{school.facility.id}")
    assert "Le changement ne vaut que pour les prochaines demandes" in text(client)

    client.submit(f"{HOME}/{school.facility.id}", {"validation_mode": "manual"}, follow=True)

    assert "Celles déjà reçues gardent leur état" in text(client)
    assert world.one(Facility).validation_mode is ValidationMode.MANUAL


def test_a_period_cannot_leave_its_openings_outside(client, agent, school, world):
    answer = client.submit(
        f"{HOME}/periodes/{school.period.id}/modifier",
        {"last_day": "2027-01-20"},
        form=".form.narrow:not(details *)",
    )

    assert answer.status_code == 422
    assert "a des ouvertures du lundi 18 janvier 2027 au vendredi 29 janvier 2027" in text(client)
    assert world.one(BookingPeriod).last_day == date(2027, 1, 29)


def test_a_period_that_ends_before_it_begins_is_refused(client, agent, school):
    typed = {
        "name": "À l’envers",
        "first_day": "2027-03-01",
        "last_day": "2027-02-01",
        "opens_on": "2027-01-01",
    }

    assert client.submit(f"{HOME}/{school.facility.id}/periodes/nouvelle", typed).status_code == 422
    assert "Le dernier jour est avant le premier" in client.page.find(id="last_day-erreur").get_text()


@pytest.mark.parametrize(
    "address",
    ["/99", "/activites/99", "/types/99/modifier", "/periodes/99/modifier", "/ouvertures/99",
     "/types/99/tarifs", "/activites/99/ouvertures", "/activites/99/delais/reservation",
     "/activites/99/delais/reservation/nouveau/semaine"],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(client, agent, address):
    assert client.get(HOME + address).status_code == 404


def test_unknown_actions_shapes_and_months_are_not_found(client, agent, school):
    page = f"{HOME}/activites/{school.activity.id}"

    for address in ("/delais/autre", "/delais/reservation/nouveau/autre", "/ouvertures/2027-13"):
        assert client.get(page + address).status_code == 404


# --- Openings -----------------------------------------------------------------------------------


def test_the_month_shows_places_taken_and_waiting(client, agent, school, world):
    household = world.household()
    child = world.child(household)
    world.booking(household, child, school.openings[0], school.meal)

    client.get(f"{HOME}/activites/{school.activity.id}/ouvertures")

    assert "8 jours · 1 place prise" in text(client)
    assert "lundi 18 janvier 1 sur 10 Ouvert" in text(client)


@pytest.mark.parametrize(
    ("school_time", "public", "school_holidays", "sentence"),
    [
        ("outside", False, False, "il ne contient aucun jour férié ni aucunes vacances scolaires"),
        ("outside", True, False, "il ne contient aucunes vacances scolaires"),
        ("always", False, True, "il ne contient aucun jour férié"),
        ("only", True, False, "il ne contient aucunes vacances scolaires"),
    ],
)
@pytest.mark.parametrize("button", ["preview", "save"])
def test_an_empty_calendar_opens_no_day(
    client, agent, school, world, school_time, public, school_holidays, sentence, button
):
    if public:
        world.public_holiday(date(2026, 11, 11))
    if school_holidays:
        world.school_holiday(date(2026, 12, 19), date(2027, 1, 3))
    world.public_holiday(date(2025, 11, 11))  # another school year says nothing of this one
    address = f"{HOME}/activites/{school.activity.id}/ouvertures/nouvelles"
    typed = {
        "period_id": str(school.period.id), "weekdays": ["2"], "skip_public_holidays": "y",
        "school_time": school_time,
    }  # fmt: skip

    answer = client.submit(address, typed, button=("step", "preview"), forged={"step": button})

    assert answer.status_code == 422
    assert sentence in text(client)
    assert "2026-2027" in text(client)
    assert client.page.main.find("a", href="/gestion/calendrier")
    assert len(world.all(Opening)) == len(JANUARY)


def test_each_school_year_of_the_period_needs_its_holidays(client, agent, school, world):
    two_years = world.period(school.facility, date(2026, 9, 1), date(2028, 7, 1))
    world.public_holiday(date(2026, 11, 11))
    address = f"{HOME}/activites/{school.activity.id}/ouvertures/nouvelles"
    typed = {"period_id": str(two_years.id), "weekdays": ["2"], "school_time": "always"}

    client.submit(address, typed, button=("step", "preview"))

    assert "aucun jour férié pour l’année scolaire 2027-2028" in text(client)


def test_openings_made_twice_leave_the_first_ones_alone(client, agent, school, world):
    world.public_holiday(date(2027, 1, 1))
    address = f"{HOME}/activites/{school.activity.id}/ouvertures/nouvelles"
    typed = {"weekdays": ["0", "2"], "school_time": "always", "capacity": ""}

    client.submit(address, typed, button=("step", "preview"))
    assert "2 jours déjà ouverts ne changent pas" in text(client)
    press(client, "save")

    capacities = {one.day: one.capacity for one in world.all(Opening)}
    assert capacities[date(2027, 1, 18)] == 10
    assert capacities[date(2027, 1, 20)] is None
    assert len(capacities) == 10


def test_going_back_from_the_count_keeps_what_was_typed(client, agent, school, world):
    world.public_holiday(date(2027, 1, 1))
    world.school_holiday(date(2027, 2, 6), date(2027, 2, 21))
    address = f"{HOME}/activites/{school.activity.id}/ouvertures/nouvelles"
    client.submit(
        address, {"weekdays": ["2"], "school_time": "only", "capacity": "7"}, button=("step", "preview")
    )

    answer = press(client, "edit")

    assert answer.status_code == 200
    assert client.page.find("input", attrs={"name": "capacity"})["value"] == "7"
    checked = [one["value"] for one in client.page.select("input[name=weekdays]") if one.has_attr("checked")]
    assert checked == ["2"]


def test_fewer_places_than_children_is_refused_with_the_number(client, agent, school, world):
    household = world.household()
    for name in ("Léo", "Mia"):
        world.booking(household, world.child(household, name), school.openings[0], school.meal)

    answer = client.submit(
        f"{HOME}/activites/{school.activity.id}/ouvertures/places",
        {"first": "2027-01-18", "last": "2027-01-29", "capacity": "1"},
    )

    assert answer.status_code == 422
    error = client.page.find(id="capacity-erreur").get_text().replace("\u00a0", " ")
    assert error == (
        "Plus de places sont déjà prises : lun. 18 janv. (2 places prises). Indiquez au moins 2 places."
    )
    assert {one.capacity for one in world.all(Opening)} == {10}


def test_places_change_on_the_chosen_weekdays_of_a_stretch(client, agent, school, world):
    client.submit(
        f"{HOME}/activites/{school.activity.id}/ouvertures/places",
        {"first": "2027-01-18", "last": "2027-01-24", "weekdays": ["0", "1"], "capacity": "25"},
    )

    changed = [one.day for one in world.all(Opening) if one.capacity == 25]
    assert sorted(changed) == [date(2027, 1, 18), date(2027, 1, 19)]


def test_a_day_with_children_does_not_close(client, agent, school, world):
    household = world.household()
    world.booking(household, world.child(household), school.openings[0], school.meal)
    world.booking(
        household, world.child(household, "Mia"), school.openings[0], school.meal, BookingState.WAITING
    )
    page = f"{HOME}/ouvertures/{school.openings[0].id}"

    answer = client.submit(page, {"reason": "Grève"}, form=f"{page}/fermer")

    assert answer.status_code == 422
    assert (
        "Le lundi 18 janvier compte 1 enfant inscrit et 1 enfant en liste d’attente. "
        "Appelez les familles : elles annulent depuis leur planning" in text(client)
    )
    assert client.page.find("input", attrs={"name": "reason"})["value"] == "Grève"
    assert all(one.closed_reason is None for one in world.all(Opening))


def test_a_day_with_children_names_the_families_to_call(client, agent, school, world):
    day = school.openings[0]
    durand, solignac, elsewhere = (world.household(name) for name in ("DURAND", "SOLIGNAC", "VIDAL"))
    world.guardian(solignac, "Paul", mobile_phone="06 00 00 00 01", work_phone="05 00 00 00 02")
    world.guardian(solignac, "Claire")
    for household, child, state in (
        (solignac, "Marie", BookingState.ACCEPTED),
        (solignac, "Léo", BookingState.PENDING),
        (durand, "Zoé", BookingState.WAITING),
        (elsewhere, "Ana", BookingState.CANCELLED),
    ):
        world.booking(household, world.child(household, child), day, school.meal, state)

    client.get(f"{HOME}/ouvertures/{day.id}")

    families = client.page.select_one("section[aria-labelledby=fermeture] ul")
    assert " ".join(families.get_text(" ").replace("\u00a0", " ").split()) == (
        "DURAND : Zoé SOLIGNAC : Léo, Marie "
        "Paul SOLIGNAC, 06 00 00 00 01 , 05 00 00 00 02 Claire SOLIGNAC, téléphone inconnu"
    )
    assert [link["href"] for link in families.find_all("a")] == [
        f"/gestion/familles/{durand.id}", f"/gestion/familles/{solignac.id}",
        "tel:+33600000001", "tel:+33500000002",
    ]  # fmt: skip


def test_an_empty_day_closes_with_its_reason_and_opens_again(client, agent, school, world):
    page = f"{HOME}/ouvertures/{school.openings[0].id}"

    client.submit(page, {"reason": "Grève"}, form=f"{page}/fermer", follow=True)
    assert "Ce jour est fermé Motif : Grève" in text(client)
    client.submit(page, form=f"{page}/rouvrir", follow=True)

    assert "Ce jour est de nouveau ouvert." in text(client)
    assert [one.action for one in world.all(AuditEvent)] == ["opening.closed", "opening.reopened"]


def test_withdrawing_keeps_the_days_that_a_family_asked_for(client, agent, school, world):
    household = world.household()
    booking = world.booking(household, world.child(household), school.openings[0], school.meal)

    client.submit(
        f"{HOME}/activites/{school.activity.id}/ouvertures/retirer",
        {"first": "2027-01-18", "last": "2027-01-29"},
        follow=True,
    )

    assert "7 jours retirés. 1 jour reste, car une famille l’a demandé." in text(client)
    assert world.one(Opening).id == booking.opening_id


# --- Deadlines ----------------------------------------------------------------------------------

BEFORE = {
    "n": "2", "base": "mon_fri", "minus_public_holidays": "0", "minus_school_holidays": "0", "time": "12:00",
    "compare": "until", "late": "on_request",
}  # fmt: skip


def deadline_page(school, shape="jours-avant", slug="reservation"):
    return f"{HOME}/activites/{school.activity.id}/delais/{slug}/nouveau/{shape}"


def test_a_deadline_is_previewed_in_words_and_day_by_day_before_it_is_saved(client, agent, school, world):
    answer = client.submit(deadline_page(school), BEFORE, button=("step", "preview"))

    assert answer.status_code == 200
    assert (
        "Réservation jusqu’à 2 jours avant (du lundi au vendredi, jours fériés compris), 12 h ; "
        "ensuite sur demande, soumise à la structure." in text(client)
    )
    assert "lundi 18 janvier 2027 Réservable jusqu’au jeudi 14 janvier, 12 h" in text(client)
    assert len(client.page.select("tbody tr")) == 8
    assert len(world.all(DeadlineRule)) == 2


def test_a_published_version_closes_the_former_one_the_day_before(client, agent, school, world):
    client.submit(deadline_page(school), BEFORE | {"valid_from": "2027-02-01"}, button=("step", "preview"))
    press(client, "save")

    versions = [one for one in world.all(DeadlineRule) if one.action is LineAction.BOOK]
    assert sorted((one.valid_from, one.valid_to) for one in versions) == [
        (date(2025, 9, 1), date(2027, 1, 31)),
        (date(2027, 2, 1), None),
    ]
    client.get(f"{HOME}/activites/{school.activity.id}/delais/reservation")
    assert "À venir Depuis le lundi 1er février 2027" in text(client)
    assert "En vigueur Du lundi 1er septembre 2025 au dimanche 31 janvier 2027" in text(client)


def test_the_past_is_not_rewritten(client, agent, school, world):
    client.submit(deadline_page(school), BEFORE | {"valid_from": "2027-01-11"}, button=("step", "preview"))

    answer = press(client, "save")

    assert answer.status_code == 422
    assert (
        "la nouvelle commence aujourd’hui au plus tôt" in client.page.find(id="valid_from-erreur").get_text()
    )
    assert len(world.all(DeadlineRule)) == 2


def test_a_version_to_come_may_be_withdrawn(client, agent, school, world):
    client.submit(deadline_page(school), BEFORE | {"valid_from": "2027-02-01"}, button=("step", "preview"))
    press(client, "save")
    rule = next(one for one in world.all(DeadlineRule) if one.valid_from == date(2027, 2, 1))

    client.submit(
        f"{HOME}/activites/{school.activity.id}/delais/reservation", form=f"{HOME}/delais/{rule.id}/retirer"
    )

    assert [one.valid_to for one in world.all(DeadlineRule)] == [None, None]


@pytest.mark.parametrize(
    ("shape", "typed", "sentence"),
    [
        ("semaine", {"day": "thu", "time": "12:00", "compare": "until", "late": "refuse"},
         "Réservation jusqu’au jeudi de la semaine précédente, 12 h."),
        ("toujours", {}, "Réservation à tout moment."),
        ("jamais", {"late": "on_request"}, "Réservation sur demande, soumise à la structure."),
        ("jours-avant",
         BEFORE | {"n": "15", "clear_days": "1", "base": "all", "time": "24:00", "late": "refuse"},
         "Réservation jusqu’à 15 jours francs avant (tous les jours, jours fériés compris), "
         "minuit (fin du jour)."),
    ],
)  # fmt: skip
def test_each_form_of_limit_is_said_in_words(client, agent, school, shape, typed, sentence):
    client.submit(deadline_page(school, shape), typed, button=("step", "preview"))

    assert sentence in text(client)


@pytest.mark.parametrize(
    ("shape", "typed", "field", "message"),
    [
        ("jours-avant", {"n": "300"}, "n", "Indiquez un nombre entier entre 0 et 200."),
        ("jours-avant", {"time": "25 h"}, "time",
         "Indiquez une heure entre 00:00 et 24:00, par exemple 08:30."),
        ("jours-avant", {"minus_school_holidays": None}, "minus_school_holidays",
         "Choisissez si les vacances scolaires comptent."),
        ("jours-avant", {"n": "0", "clear_days": "1"}, "n",
         "Un délai en jours francs compte au moins un jour."),
        ("jours-avant", {"valid_from": "31/02/2027"}, "valid_from", "Indiquez une date qui existe"),
        ("semaine", {"n": None, "base": None, "minus_public_holidays": None, "minus_school_holidays": None,
                     "day": "fri", "weeks_before": "0"}, "day", "viendrait après le service du lundi"),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_field(client, agent, school, shape, typed, field, message):
    filled = {
        name: value for name, value in (BEFORE | typed).items() if shape == "jours-avant" or value is not None
    }

    answer = client.submit(deadline_page(school, shape), filled, button=("step", "preview"))

    assert answer.status_code == 422
    assert message in client.page.find(id=f"{field}-erreur").get_text()


def test_the_table_names_the_row_that_comes_after_its_service(client, agent, school):
    typed = {
        "tue-day": "fri",
        "tue-weeks_before": "0",
        "tue-time": "09:00",
        "compare": "until",
        "late": "refuse",
    }

    answer = client.submit(deadline_page(school, "tableau"), typed, button=("step", "preview"))

    assert answer.status_code == 422
    assert "viendrait après le service du mardi" in client.page.find(id="tue-day-erreur").get_text()


def test_an_empty_table_asks_for_a_day(client, agent, school):
    answer = client.submit(
        deadline_page(school, "tableau"), {"compare": "until", "late": "refuse"}, button=("step", "preview")
    )

    assert answer.status_code == 422
    assert "Indiquez au moins un jour et sa limite." in client.page.find(id="mon-day-erreur").get_text()


def test_a_new_version_starts_from_the_rule_it_replaces(client, agent, school, world):
    rule = world.all(DeadlineRule)[0]

    client.get(
        f"{HOME}/activites/{school.activity.id}/delais/annulation/depuis/{rule.id}", follow_redirects=True
    )

    assert client.page.find("input", attrs={"name": "n"})["value"] == "1"
    assert client.page.find("input", attrs={"name": "time"})["value"] == "18:00"
    assert client.page.select_one("input[name=late][value=refuse]").has_attr("checked")


def before(**changes):
    day_set = {"base": "open", "minus_public_holidays": True, "minus_school_holidays": False}
    cutoff = {
        "form": "before", "n": 2, "time": "10:00", "clear_days": False, "compare": "until", "set": day_set,
    }  # fmt: skip
    return {"until": cutoff | changes, "outcome": "free"}


EXTRA_CLOSED = {
    "base": "open", "minus_public_holidays": True, "minus_school_holidays": False,
    "extra_closed": ["2027-05-07"],
}  # fmt: skip
ON_REQUEST = before(n=1) | {"outcome": "on_request"}
TOO_RICH = "Ce formulaire ne peut pas contenir toute la règle de départ"


@pytest.mark.parametrize(
    "stages", [[before(), ON_REQUEST], [before(set=EXTRA_CLOSED)], [before() | {"outcome": "on_request"}]]
)
def test_a_rule_that_the_form_cannot_hold_starts_empty_and_says_so(client, agent, school, world, stages):
    rule = world.add(
        DeadlineRule(
            activity_id=school.activity.id, action=LineAction.CANCEL, valid_from=date(2027, 3, 1),
            ladder={"stages": stages, "otherwise": "refuse"},
        )
    )  # fmt: skip

    address = f"{HOME}/activites/{school.activity.id}/delais/annulation/depuis/{rule.id}"
    client.get(address, follow_redirects=True)

    assert TOO_RICH in text(client)
    assert not client.page.find("input", attrs={"name": "n"}).get("value")


@pytest.mark.parametrize(
    "ladder",
    [
        {"stages": [before()], "otherwise": "on_request"},
        {"stages": [before(set=EXTRA_CLOSED | {"extra_closed": []})], "otherwise": "refuse"},
        {"stages": [], "otherwise": "free"},
        {"stages": [], "otherwise": "refuse"},
        {"stages": [{"until": {"form": "week_cutoff", "day": "thu", "weeks_before": 1, "time": "12:00",
                               "compare": "until"}, "outcome": "free"}], "otherwise": "refuse"},
        {"stages": [{"until": {"form": "weekday_map", "compare": "until", "entries": [
            {"for": ["mon"], "day": "fri", "weeks_before": 1, "time": "09:00"},
            {"for": ["thu", "fri"], "day": "tue", "weeks_before": 0, "time": "09:00"},
            {"for": ["tue"], "day": "fri", "weeks_before": 1, "time": "09:00"}]},
            "outcome": "free"}], "otherwise": "refuse"},
    ],
)  # fmt: skip
def test_a_rule_that_the_form_can_hold_starts_from_it(client, agent, school, world, ladder):
    rule = world.add(
        DeadlineRule(
            activity_id=school.activity.id, action=LineAction.CANCEL, valid_from=date(2027, 3, 1),
            ladder=ladder,
        )
    )  # fmt: skip

    address = f"{HOME}/activites/{school.activity.id}/delais/annulation/depuis/{rule.id}"
    assert client.get(address, follow_redirects=True).status_code == 200
    assert TOO_RICH not in text(client)


# --- Prices -------------------------------------------------------------------------------------


def tariff_page(school):
    return f"{HOME}/types/{school.meal.id}/tarifs/nouveau"


PRICES = {
    "version": "Tarif 2027", "valid_from": "2027-02-01", "resident-0-cents": "3,20",
    "resident_unknown": "3,20", "same_prices": "y",
}  # fmt: skip


def test_one_price_for_everybody_takes_one_row(client, agent, school, world):
    client.submit(tariff_page(school), PRICES, button=("step", "preview"))
    assert "Tarif unique 3,20 €" in text(client)
    press(client, "save")

    newest = max(world.all(Tariff), key=lambda one: one.valid_from)
    assert newest.table["rows"]["non_resident"]["brackets"][0]["cents"] == 320
    assert sorted((one.valid_from, one.valid_to) for one in world.all(Tariff)) == [
        (date(2025, 9, 1), date(2027, 1, 31)),
        (date(2027, 2, 1), None),
    ]


@pytest.mark.parametrize(
    ("typed", "place", "message"),
    [
        ({"resident-0-cents": "trois"}, "resident-0-cents-erreur",
         "Indiquez un montant en euros, par exemple 3,20."),
        ({"resident-0-upper": "700", "resident-0-cents": ""}, "resident-0-cents-erreur", "Indiquez le prix"),
        ({"resident-1-cents": "4"}, "resident-0-upper-erreur", "seule la dernière reste sans borne"),
        ({"resident-0-cents": ""}, "resident-0-cents-erreur", "Indiquez au moins un prix."),
        ({"resident_unknown": ""}, "resident_unknown-erreur", "quand le quotient n’est pas connu"),
        ({"same_prices": None}, "non_resident-0-cents-erreur", "Indiquez au moins un prix."),
        ({"resident-0-upper": "700"}, "erreurs", "les quotients au-dessus de la tranche A (jusqu’à 700)"),
        ({"resident-0-upper": "700", "resident-1-upper": "500", "resident-1-cents": "4",
          "resident-2-cents": "5"}, "erreurs", "ne contient aucun quotient"),
    ],
)  # fmt: skip
def test_a_faulty_grid_is_refused_with_what_to_write(client, agent, school, world, typed, place, message):
    answer = client.submit(tariff_page(school), PRICES | typed, button=("step", "preview"))

    assert answer.status_code == 422
    assert message in client.page.find(id=place).get_text().replace("\u00a0", " ")
    assert len(world.all(Tariff)) == 1


def test_the_summary_counts_every_answer_to_correct(client, agent, school):
    faulty = {"resident-0-cents": "trois", "resident-1-cents": "quatre", "resident-2-upper": "cher"}
    client.submit(tariff_page(school), PRICES | faulty, button=("step", "preview"))

    summary = client.page.find(id="erreurs")
    assert summary.h2.get_text() == f"{len(summary.find_all('li'))} réponses sont à corriger"
    assert len(summary.find_all("li")) > 3


def test_rows_are_added_without_losing_what_was_typed(client, agent, school):
    answer = client.submit(tariff_page(school), PRICES, button=("step", "rows"))

    assert answer.status_code == 200
    assert len(client.page.select("input[name^=resident-][name$=-upper]")) == 8
    assert client.page.find(id="resident-0-cents")["value"] == "3,20"


def test_a_new_tariff_starts_from_the_former_one(client, agent, school, world):
    client.get(f"{tariff_page(school)}?depuis={world.one(Tariff).id}")

    assert client.page.find(id="resident-0-cents")["value"] == "3,20"
    assert client.page.find(id="resident_unknown")["value"] == "3,20"
    assert client.page.find(id="same_prices").has_attr("checked")
