"""Structures on screen: from an empty town to days that families can book, without a line of code (S107)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from domain.enums import BookingState, FacilityKind, Outcome, StaffRole, ValidationMode
from domain.rulebook.guided_limits import limit_of
from domain.rulebook.guided_prices import prices_of
from models import Activity, AuditEvent, BookingPeriod, Facility, Opening, PresenceType, RulebookVersion
from services.transaction import write_transaction
from tests import rulebook_texts as written
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
            "valid_from": "2026-09-01",
            "resident-0-upper": "1200",
            "resident-0-cents": "2,50",
            "resident-1-cents": "3,20",
            "resident_unknown": "4,90",
            "non_resident-0-cents": "6,50",
            "non_resident_unknown": "6,50",
        },
        button=("step", "preview"),
    )
    assert (
        "1 199,99 2,50 € 6,50 € 1 200,00 2,50 € 6,50 € 1 200,01 3,20 € 6,50 € non connu 4,90 € 6,50 €"
        in text(client)
    )
    assert world.all(RulebookVersion) == []
    press(client, "save")
    version = world.one(RulebookVersion)
    assert (version.valid_from, version.author_name) == (date(2026, 9, 1), "Agnès MARTIN")
    prices = prices_of(version.tree["activites"]["restaurant_scolaire"], "repas_enfant")
    assert [one.cents for one in prices.resident.brackets] == [250, 320]

    for slug in ("reservation", "annulation"):
        client.submit(
            f"{HOME}/activites/{activity.id}/delais/{slug}/nouveau/tableau",
            {
                "etape1-lundi-jour": "vendredi", "etape1-lundi-heure": "9 h",
                "etape1-mardi-jour": "vendredi", "etape1-mardi-heure": "09:00",
                "etape1-jeudi-jour": "mardi", "etape1-jeudi-semaines_avant": "0", "etape1-jeudi-heure": "9h",
                "etape1-vendredi-jour": "mardi", "etape1-vendredi-semaines_avant": "0",
                "etape1-vendredi-heure": "09:00", "etape1-limite": "exclue", "etape1-effet": "libre",
                "ensuite": "refus",
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

    for address in (
        "/delais/autre", "/ouvertures/2027-13", "/delais/reservation/nouveau/autre",
        "/delais/reservation/nouveau/toujours,semaine",
        "/delais/reservation/nouveau/semaine,semaine,semaine,semaine,semaine",
        "/delais/reservation/nouveau/semaine?depuis=2027-02-30",
        "/delais/reservation/nouveau/semaine?depuis=2027-02-01",
        "/delais/reservation/nouveau/semaine?de=autre",
    ):  # fmt: skip
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


def test_a_day_that_no_closure_holds_opens_again(client, agent, school, world):
    """Closed before there were closures, or when its activity was imported."""
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Opening, school.openings[0].id).closed_reason = "Grève"
    page = f"{HOME}/ouvertures/{school.openings[0].id}"
    client.get(page)
    assert "Ce jour est fermé Motif : Grève" in text(client)

    client.submit(page, form=f"{page}/rouvrir", follow=True)

    assert "Ce jour est de nouveau ouvert." in text(client)
    assert [one.action for one in world.all(AuditEvent)] == ["opening.reopened"]


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


# --- Limits -------------------------------------------------------------------------------------

BEFORE = {
    "etape1-jours": "2", "etape1-base": "lundi_vendredi", "etape1-sans_feries": "0",
    "etape1-sans_vacances": "0", "etape1-heure": "12:00", "etape1-limite": "incluse",
    "etape1-effet": "libre", "ensuite": "sur_demande",
}  # fmt: skip
WEEK = {"etape1-jour": "jeudi", "etape1-heure": "12:00", "etape1-limite": "incluse", "etape1-effet": "libre"}
STARTED = date(2025, 9, 1)
IN_TWO_DAYS = written.days_before(2, "12:00")
THURSDAY = {
    "forme": "semaine", "jour": "jeudi", "semaines_avant": "1", "heure": "12:00", "limite": "incluse",
}  # fmt: skip


def deadlines_page(school, slug="reservation"):
    return f"{HOME}/activites/{school.activity.id}/delais/{slug}"


def deadline_page(school, shape="jours-avant", slug="reservation"):
    return f"{deadlines_page(school, slug)}/nouveau/{shape}"


def versions(world):
    return sorted(world.all(RulebookVersion), key=lambda one: one.valid_from)


def days(world):
    return [(one.valid_from, one.valid_to) for one in versions(world)]


def limit_on(world, day, action="reserver"):
    (tree,) = [one.tree for one in versions(world) if one.valid_from == day]
    return limit_of(tree["activites"]["cantine"], action)


def publish(client, page, typed):
    assert client.submit(page, typed, button=("step", "preview")).status_code == 200, text(client)
    return press(client, "save")


def test_a_deadline_is_previewed_in_words_and_day_by_day_before_it_is_saved(client, agent, school, world):
    answer = client.submit(deadline_page(school), BEFORE, button=("step", "preview"))

    assert answer.status_code == 200
    assert (
        "Réservation jusqu’à deux jours avant le jour réservé (seuls comptent les jours du lundi au "
        "vendredi, jours fériés et vacances scolaires compris), à 12 h au plus tard ; ensuite sur demande à "
        "tout moment." in text(client).replace("\u202f", " ")
    )
    assert "lundi 18 janvier 2027 Réservable jusqu’au jeudi 14 janvier, 12 h" in text(client)
    assert len(client.page.select("tbody tr")) == 8
    assert days(world) == [(STARTED, None)]


def test_an_activity_without_openings_is_previewed_on_ordinary_weekdays(client, agent, world):
    activity = world.activity(world.facility())

    client.submit(
        f"{HOME}/activites/{activity.id}/delais/annulation/nouveau/semaine",
        WEEK | {"ensuite": "refus", "valid_from": "2027-02-01"}, button=("step", "preview"),
    )  # fmt: skip

    assert "l’aperçu prend des jours de semaine ordinaires" in text(client)
    assert "lundi 1er février 2027 Annulable jusqu’au jeudi 28 janvier, 12 h" in text(client)
    assert len(client.page.select("tbody tr")) == 10


def test_a_limit_after_the_service_is_pointed_out_before_it_is_saved(client, agent, school):
    typed = WEEK | {"etape1-semaines_avant": "0", "ensuite": "refus"}

    client.submit(deadline_page(school, "semaine"), typed, button=("step", "preview"))

    assert "Après le service" in text(client)
    marked = [
        row.th.get_text() for row in client.page.select("tbody tr") if "Après le service" in row.get_text()
    ]
    assert [one.split()[0] for one in marked] == ["lundi", "mardi", "lundi", "mardi"]


def test_a_published_version_closes_the_former_one_the_day_before(client, agent, school, world):
    publish(client, deadline_page(school), BEFORE | {"valid_from": "2027-02-01"})

    assert days(world) == [(STARTED, date(2027, 1, 31)), (date(2027, 2, 1), None)]
    assert limit_on(world, date(2027, 2, 1)).otherwise is Outcome.ON_REQUEST
    client.get(deadlines_page(school))
    assert "À venir Depuis le lundi 1er février 2027" in text(client)
    assert "En vigueur Du lundi 1er septembre 2025 au dimanche 31 janvier 2027" in text(client)


def test_a_page_shows_the_versions_of_its_own_act_alone(client, agent, school, world):
    publish(client, deadline_page(school), BEFORE | {"valid_from": "2027-02-01"})

    client.get(deadlines_page(school, "annulation"))

    assert "En vigueur Depuis le lundi 1er septembre 2025" in text(client)
    assert "À venir" not in text(client)


def test_the_past_is_not_rewritten(client, agent, school, world):
    answer = publish(client, deadline_page(school), BEFORE | {"valid_from": "2027-01-11"})

    assert answer.status_code == 422
    assert (
        "la nouvelle commence aujourd’hui au plus tôt" in client.page.find(id="valid_from-erreur").get_text()
    )
    assert client.page.find(id="etape1-jours")["value"] == "2"
    assert days(world) == [(STARTED, None)]


def test_the_same_rule_again_is_no_version(client, agent, school, world):
    client.get(deadline_page(school))
    answer = publish(client, deadline_page(school), {"valid_from": "2027-02-01"})

    assert answer.status_code == 422
    assert "Cette version dirait la même chose" in text(client)
    assert days(world) == [(STARTED, None)]


def test_a_version_to_come_may_be_withdrawn(client, agent, school, world):
    publish(client, deadline_page(school), BEFORE | {"valid_from": "2027-02-01"})
    page = deadlines_page(school)

    client.submit(page, form=f"{page}/retirer/2027-02-01", follow=True)

    assert "La version à venir est retirée." in text(client)
    assert days(world) == [(STARTED, None)]


@pytest.mark.parametrize(
    ("shape", "typed", "sentence"),
    [
        ("semaine", WEEK | {"ensuite": "refus"},
         "Réservation jusqu’au jeudi de la semaine précédente, à 12 h au plus tard."),
        ("toujours", {}, "Réservation à tout moment."),
        ("jamais", {"ensuite": "sur_demande"}, "Réservation sur demande à tout moment."),
        ("jamais", {"ensuite": "refus"}, "Réservation fermée sur le portail."),
        ("jours-avant",
         BEFORE | {"etape1-jours": "15", "etape1-francs": "1", "etape1-base": "tous",
                   "etape1-heure": "24:00", "ensuite": "refus"},
         "Réservation jusqu’à 15 jours francs avant le jour réservé"),
    ],
)  # fmt: skip
def test_each_form_of_limit_is_said_in_words(client, agent, school, shape, typed, sentence):
    client.submit(deadline_page(school, shape), typed, button=("step", "preview"))

    assert sentence in text(client)


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"etape1-jours": "300"}, "etape1-jours",
         "Indiquez un nombre entier entre 0 et 200."),
        ({"etape1-heure": "25 h"}, "etape1-heure",
         "Indiquez une heure entre 00:00 et 24:00, par exemple 08:30."),
        ({"etape1-sans_vacances": None}, "etape1-sans_vacances",
         "Choisissez si les vacances scolaires comptent."),
        ({"etape1-jours": "0", "etape1-francs": "1"}, "etape1-jours", "jours francs"),
        ({"valid_from": "31/02/2027"}, "valid_from", "Indiquez une date qui existe"),
        ({"etape1-effet": "supplement"}, "etape1-supplement",
         "Indiquez le montant du supplément"),
        ({"ensuite": "supplement"}, "supplement_ensuite", "Indiquez le montant du supplément"),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_field(client, agent, school, typed, field, message):
    answer = client.submit(deadline_page(school), BEFORE | typed, button=("step", "preview"))

    assert answer.status_code == 422
    assert message in client.page.find(id=f"{field}-erreur").get_text()


def test_the_table_names_the_row_that_comes_after_its_service(client, agent, school):
    typed = {
        "etape1-mardi-jour": "vendredi",
        "etape1-mardi-semaines_avant": "0",
        "etape1-mardi-heure": "09:00",
        "etape1-limite": "incluse",
        "etape1-effet": "libre",
        "ensuite": "refus",
    }

    answer = client.submit(deadline_page(school, "tableau"), typed, button=("step", "preview"))

    assert answer.status_code == 422
    assert "après le service" in client.page.find(id="etape1-mardi-jour-erreur").get_text()


def test_an_empty_table_asks_for_a_day(client, agent, school):
    typed = {"etape1-limite": "incluse", "etape1-effet": "libre", "ensuite": "refus"}

    answer = client.submit(deadline_page(school, "tableau"), typed, button=("step", "preview"))

    assert answer.status_code == 422
    assert client.page.find(id="etape1-lundi-jour-erreur")


def test_a_limit_is_added_and_taken_away_without_losing_what_was_typed(client, agent, school):
    client.submit(deadline_page(school, "semaine"), WEEK, button=("step", "more:jours-avant"))

    form = client.page.select_one("main form.form")
    assert form["action"] == deadline_page(school, "semaine,jours-avant")
    assert client.page.find(id="etape1-heure")["value"] == "12:00"
    assert client.page.find(id="etape2-jours")
    assert not client.page.find(id="erreurs")

    client.submit(form["action"], WEEK, button=("step", "less"))

    assert client.page.select_one("main form.form")["action"] == deadline_page(school, "semaine")
    assert client.page.find(id="etape1-heure")["value"] == "12:00"
    assert not client.page.find(id="etape2-jours")


def test_a_limit_in_stages_is_published_with_its_extra(client, agent, school, world):
    second = {name.replace("etape1", "etape2"): value for name, value in BEFORE.items()}
    typed = WEEK | second | {
        "etape2-effet": "supplement", "etape2-supplement": "2,50", "valid_from": "2027-02-01",
    }  # fmt: skip

    page = deadline_page(school, "semaine,jours-avant")
    client.submit(page, typed | {"valid_from": "2027-01-13"}, button=("step", "preview"))
    assert (
        "mardi 19 janvier 2027 Réservable jusqu’au jeudi 14 janvier, 12 h "
        "Hors délai depuis le jeudi 14 janvier, 12 h : réservable avec supplément jusqu’au vendredi 15 "
        "janvier, 12 h Hors délai depuis le jeudi 14 janvier, 12 h : la demande sera soumise à la structure "
        "jeudi 21 janvier 2027" in text(client)
    )
    assert text(client).count("Supplément : 2,50 €.") == 1
    publish(client, page, typed)
    client.get(f"{HOME}/activites/{school.activity.id}/delais/reservation")
    assert text(client).count("Supplément : 2,50 €.") == 1

    assert days(world) == [(STARTED, date(2027, 1, 31)), (date(2027, 2, 1), None)]
    limit = limit_on(world, date(2027, 2, 1))
    assert [(one.outcome, one.extra_cents) for one in limit.stages] == [
        (Outcome.FREE, None), (Outcome.EXTRA, 250),
    ]  # fmt: skip
    assert limit.otherwise is Outcome.ON_REQUEST
    (newest,) = [one.tree for one in versions(world) if one.valid_from == date(2027, 2, 1)]
    assert [one["valeur"] for one in newest["activites"]["cantine"]["tarif"]["ajustements"]] == ["2.50"]


def test_an_extra_needs_a_price_first(client, agent, world):
    activity = world.activity(world.facility())
    page = f"{HOME}/activites/{activity.id}/delais/reservation/nouveau/jamais"

    answer = client.submit(
        page, {"ensuite": "supplement", "supplement_ensuite": "2", "valid_from": "2027-02-01"},
        button=("step", "preview"),
    )  # fmt: skip

    assert answer.status_code == 422
    assert "publiez d’abord son tarif" in client.page.find(id="supplement_ensuite-erreur").get_text()


def test_a_new_version_starts_from_the_rule_it_replaces(client, agent, school):
    client.get(deadlines_page(school, "annulation"))
    client.get(client.page.select_one("main a[href*=depuis]")["href"])

    assert client.page.find(id="etape1-jours")["value"] == "1"
    assert client.page.find(id="etape1-heure")["value"] == "18:00"
    assert client.page.select_one("input[name=ensuite][value=refus]").has_attr("checked")
    assert client.page.find(id="valid_from")["value"] == "2027-01-13"


def test_the_limit_of_the_other_act_may_be_taken_over(client, agent, school, world):
    publish(client, deadline_page(school, "semaine"), WEEK | {"ensuite": "refus", "valid_from": "2027-01-12"})

    client.get(deadlines_page(school, "annulation"))
    client.get(client.page.select_one("a[href*='de=reservation']")["href"])

    assert client.page.select_one("#etape1-jour option[selected]")["value"] == "jeudi"
    assert client.page.select_one("main form.form")["action"] == deadline_page(
        school, "semaine", "annulation"
    )


TOO_RICH = "Ce formulaire ne peut pas contenir toute la règle en vigueur"
RICH = {
    "a document": written.until(IN_TWO_DAYS) | {"ensuite": {"effet": "sur_demande", "exige": ["certificat"]}},
    "counted weekdays": written.until({**IN_TWO_DAYS, "compte": {**written.EVERY_DAY, "jours": ["lundi"]}}),
    "too many limits": {"etapes": [{"jusqu_a": written.days_before(number, "12:00"), "effet": "sur_demande"}
                                   for number in (9, 8, 7, 6, 5)], "ensuite": "refus"},
    "too many weeks": written.until({**THURSDAY, "semaines_avant": "20"}),
}  # fmt: skip


@pytest.mark.parametrize("what", RICH)
def test_a_rule_that_the_form_cannot_hold_is_said_in_words_and_left_to_the_text(
    client, agent, school, world, what
):
    world.limits(school.activity, "annuler", RICH[what])

    client.get(deadlines_page(school, "annulation"))
    assert "dit plus que ces formulaires ne peuvent contenir" in text(client)
    assert client.page.main.find("a", href="/gestion/reglement/brouillon")
    assert not client.page.select("a[href*=depuis]:not([href*='de='])")
    client.get(deadline_page(school, "jours-avant", "annulation"))
    assert TOO_RICH in text(client)
    assert not client.page.find(id="etape1-jours").get("value")


@pytest.mark.parametrize(
    ("shape", "limit"),
    [
        ("jours-avant", written.until(IN_TWO_DAYS, then="sur_demande")),
        ("jours-avant", written.until(IN_TWO_DAYS, "sur_demande")),
        ("jours-avant,jours-avant", {"etapes": [
            {"jusqu_a": IN_TWO_DAYS, "effet": "libre"},
            {"jusqu_a": written.days_before(1, "12:00"), "effet": "sur_demande"}], "ensuite": "refus"}),
        ("toujours", written.ALWAYS),
        ("jamais", written.NEVER),
        ("semaine", written.until(THURSDAY)),
        ("tableau", written.until({"forme": "selon_le_jour", "limite": "incluse", "entrees": [
            {"pour": ["lundi"], "jour": "vendredi", "semaines_avant": "1", "heure": "09:00"},
            {"pour": ["mardi"], "jour": "vendredi", "semaines_avant": "1", "heure": "10:00"},
            {"pour": ["jeudi", "vendredi"], "jour": "mardi", "semaines_avant": "0", "heure": "09:00"}]})),
    ],
)  # fmt: skip
def test_a_rule_that_the_form_can_hold_comes_back_the_same(client, agent, school, world, shape, limit):
    world.limits(school.activity, "annuler", limit)
    page = deadline_page(school, shape, "annulation")
    client.get(page)
    assert TOO_RICH not in text(client)

    answer = publish(client, page, {"valid_from": "2027-02-01"})

    assert answer.status_code == 422
    assert "Cette version dirait la même chose" in text(client)


def test_limits_with_their_own_dates_are_changed_in_the_text(client, agent, school, world):
    rules = world.rulebook["activites"]["cantine"]
    rules["delais"] = {"versions": [
        {"nom": "2025-2026", "a_partir_du": "2025-09-01", "regle": rules["delais"]}]}  # fmt: skip
    world.write_rulebook()

    answer = client.submit(deadline_page(school), BEFORE, button=("step", "preview"))

    assert answer.status_code == 422
    assert "changez-les dans ce texte" in text(client)
    assert client.page.find(id="etape1-jours")["value"] == "2"


# --- Prices -------------------------------------------------------------------------------------


def tariffs_page(school):
    return f"{HOME}/types/{school.meal.id}/tarifs"


def tariff_page(school):
    return f"{tariffs_page(school)}/nouveau"


def prices_on(world, day, formula="repas_enfant"):
    (tree,) = [one.tree for one in versions(world) if one.valid_from == day]
    return prices_of(tree["activites"]["cantine"], formula)


PRICES = {
    "valid_from": "2027-02-01", "resident-0-cents": "3,50", "resident_unknown": "3,50", "same_prices": "y",
}  # fmt: skip


def test_one_price_for_everybody_takes_one_row(client, agent, school, world):
    client.submit(tariff_page(school), PRICES, button=("step", "preview"))
    assert "Tarif unique 3,50 €" in text(client)
    press(client, "save")

    assert prices_on(world, date(2027, 2, 1)).non_resident.brackets[0].cents == 350
    assert days(world) == [(STARTED, date(2027, 1, 31)), (date(2027, 2, 1), None)]
    client.get(tariffs_page(school))
    assert "Depuis le lundi 1er février 2027 À venir" in text(client)
    assert "Du lundi 1er septembre 2025 au dimanche 31 janvier 2027 En vigueur" in text(client)


def test_a_tariff_to_come_may_be_withdrawn(client, agent, school, world):
    publish(client, tariff_page(school), PRICES)

    client.submit(tariffs_page(school), form=f"{tariffs_page(school)}/retirer/2027-02-01", follow=True)

    assert "La version à venir est retirée." in text(client)
    assert days(world) == [(STARTED, None)]


def test_each_formula_has_its_own_versions(client, agent, school, world):
    other = world.presence_type(school.activity, "Repas adulte", cents=610)
    publish(client, tariff_page(school), PRICES)

    assert prices_on(world, date(2027, 2, 1), "repas_adulte").resident.brackets[0].cents == 610
    client.get(f"{HOME}/types/{other.id}/tarifs")
    assert "6,10 €" in text(client)
    assert "À venir" not in text(client)


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
        ({"resident-0-upper": "700"}, "resident-0-upper-erreur", "elle va aux plus hauts"),
        ({"resident-0-upper": "700", "resident-1-upper": "500", "resident-1-cents": "4",
          "resident-2-cents": "5"}, "resident-1-upper-erreur", "plus haute que celle de la tranche"),
    ],
)  # fmt: skip
def test_a_faulty_grid_is_refused_with_what_to_write(client, agent, school, world, typed, place, message):
    answer = client.submit(tariff_page(school), PRICES | typed, button=("step", "preview"))

    assert answer.status_code == 422
    assert message in client.page.find(id=place).get_text().replace("\u00a0", " ")
    assert days(world) == [(STARTED, None)]


def test_the_summary_counts_every_answer_to_correct(client, agent, school):
    faulty = {"resident-0-cents": "trois", "resident-1-cents": "quatre", "resident-2-upper": "cher"}
    client.submit(tariff_page(school), PRICES | faulty, button=("step", "preview"))

    summary = client.page.find(id="erreurs")
    assert summary.h2.get_text() == f"{len(summary.find_all('li'))} réponses sont à corriger"
    assert len(summary.find_all("li")) > 3


def test_rows_are_added_without_losing_what_was_typed(client, agent, school):
    answer = client.submit(tariff_page(school), PRICES, button=("step", "rows"))

    assert answer.status_code == 200
    assert len(client.page.select("input[name^=resident-][name$=-upper]")) == 9
    assert client.page.find(id="resident-0-cents")["value"] == "3,50"


@pytest.mark.parametrize("query", ["", "?depuis=2025-09-01"])
def test_a_new_tariff_starts_from_the_former_one(client, agent, school, query):
    client.get(tariff_page(school) + query)

    assert client.page.find(id="resident-0-cents")["value"] == "3,20"
    assert client.page.find(id="resident_unknown")["value"] == "3,20"
    assert client.page.find(id="same_prices").has_attr("checked")


def test_a_grid_comes_back_the_same(client, agent, school, world):
    grid = {
        "valid_from": "2027-02-01", "resident-0-upper": "400", "resident-0-upper_included": None,
        "resident-0-cents": "1,50", "resident-1-upper": "640,5", "resident-1-cents": "2,50",
        "resident-2-cents": "3,50", "resident_unknown": "4,90", "same_prices": None,
        "non_resident-0-cents": "6,50", "non_resident_unknown": "6,50",
    }  # fmt: skip
    publish(client, tariff_page(school), grid)
    page = f"{tariff_page(school)}?depuis=2027-02-01"

    client.get(page)
    assert client.page.find(id="resident-1-upper")["value"] == "640,5"
    answer = publish(client, page, {"valid_from": "2027-03-01"})

    assert answer.status_code == 422
    assert "Cette version dirait la même chose" in text(client)


def test_a_tariff_that_the_form_cannot_hold_is_said_in_words_and_left_to_the_text(
    client, agent, school, world
):
    world.rulebook["faits"]["enfants"] = "nombre"
    world.rulebook["activites"]["cantine"]["tarif"]["prix"] = {
        "table": {"selon": "enfants", "trous": "refuser", "lignes": [
            {"enfants": {"a": "2"}, "valeur": "3.20"}, {"enfants": {"plus_de": "2"}, "valeur": "2.90"}]}
    }  # fmt: skip
    world.write_rulebook()

    client.get(tariffs_page(school))

    assert "dit plus que le formulaire des prix ne peut contenir" in text(client)
    assert "2,90 €" in text(client)
    assert client.page.main.find("a", href="/gestion/reglement/brouillon")
    assert not client.page.select(f"main a[href^='{tariff_page(school)}']")


def test_prices_that_the_reglement_then_changes_say_so(client, agent, school, world):
    tariff = world.rulebook["activites"]["cantine"]["tarif"]
    world.rulebook["faits"]["rang"] = "nombre"
    tariff["ajustements"] = [{
        "nom": "fratrie", "si": {"rang": {"de": "2"}}, "operation": "multiplier", "valeur": "0.90",
        "portee": "unite",
    }]  # fmt: skip
    world.write_rulebook()

    client.get(tariffs_page(school))
    assert "Le règlement change ensuite ce prix" in text(client)
    client.submit(tariff_page(school), PRICES, button=("step", "preview"))
    assert "avant les réductions et les majorations" in text(client)


def test_the_reglement_may_say_itself_what_an_unknown_quotient_costs(client, agent, school, world):
    world.rulebook["quotient"]["inconnu"] = "tranche_la_plus_haute"
    world.write_rulebook()
    grid = PRICES | {"resident-0-upper": "700", "resident-1-cents": "4", "resident_unknown": ""}

    publish(client, tariff_page(school), grid)

    assert prices_on(world, date(2027, 2, 1)).resident.unknown_cents is None


def test_an_activity_counts_for_the_tax_credit_unless_it_is_a_meal(client, agent, world):
    page = f"{HOME}/{world.facility().id}/activites/nouvelle"
    for name, kind in (("Cantine", "meal"), ("Garderie", "evening")):
        client.submit(page, {"name": name, "kind": kind}, follow=True)
    assert "compte comme garde d’enfants" in text(client)
    cared = {activity.name: activity.is_care for activity in world.all(Activity)}
    assert cared == {"Cantine": False, "Garderie": True}
    evening = world.one(select(Activity).where(Activity.name == "Garderie"))
    client.submit(f"{HOME}/activites/{evening.id}/modifier", {"is_care": []}, follow=True)
    assert "ne compte pas" in text(client)


def test_the_hours_of_a_presence_type_are_typed_both_or_not_at_all(client, world):
    client.sign_in(world.staff())
    evening = world.presence_type(world.activity(world.facility(), "Garderie"), "Soir", starts_minute=990,
                                  ends_minute=1110)  # fmt: skip
    page = f"/gestion/structures/types/{evening.id}/modifier"
    client.get(page)
    assert client.page.find(id="starts_at")["value"] == "16:30"
    assert client.submit(page, {"ends_at": "16 h"}).status_code == 422
    assert "Indiquez une fin qui suit le début." in client.page.main.get_text()
    assert client.submit(page, {"starts_at": ""}).status_code == 422
    assert "Indiquez les deux heures, ou aucune." in client.page.main.get_text()
    client.submit(page, {"starts_at": "16 h 45", "ends_at": "24 h"}, follow=True)
    assert "de 16 h 45 à 24 h" in client.page.main.get_text().replace("\u00a0", " ")
    kept = world.one(PresenceType)
    assert (kept.starts_minute, kept.ends_minute) == (1005, 1440)
