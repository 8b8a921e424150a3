"""The calendar on screen: filled from the official one, edited, imported; openings it concerns (R10)."""

from datetime import date
from io import BytesIO

import pytest

from domain.enums import SchoolZone, StaffRole
from models import AuditEvent, Opening, PublicHoliday, SchoolHoliday
from tests.factories import weekdays
from tests.views.reading import text
from tests.views.uploads import send_file_form

HOME = "/gestion/calendrier"
WINTER = (date(2027, 2, 6), date(2027, 2, 21))


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


def ics(*events: tuple[str, str, str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//FR"]
    for number, (first, back, label) in enumerate(events):
        lines += [
            "BEGIN:VEVENT", f"UID:{number}@test", f"DTSTART;VALUE=DATE:{first}", f"DTEND;VALUE=DATE:{back}",
            f"SUMMARY:{label}", "END:VEVENT",
        ]  # fmt: skip
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def upload(client, content: bytes, name: str = "zone.ics"):
    return send_file_form(client, f"{HOME}/import", {}, (name, content))


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_change_the_calendar(client, world, role):
    client.sign_in(world.staff(role))

    assert client.get(HOME).status_code == 403


def test_a_family_does_not_know_the_page(client, world):
    client.sign_in(world.parent(world.household()))

    assert client.get(HOME).status_code == 404


def test_an_empty_town_is_filled_with_three_school_years(client, agent, world):
    client.submit(HOME, form=f"{HOME}/remplir", follow=True)

    days = {row.day: row.label for row in world.all(PublicHoliday)}
    assert days[date(2027, 7, 14)] == "Fête nationale"
    assert min(days) >= date(2025, 9, 1)
    assert max(days) <= date(2028, 8, 31)
    winter = [row for row in world.all(SchoolHoliday) if row.first_day == WINTER[0]]
    assert [(row.zone, row.last_day) for row in winter] == [(SchoolZone.C, WINTER[1])]
    assert "Les jours d’ouverture déjà créés ne changent pas" in text(client)


def test_filling_twice_adds_nothing_and_keeps_the_town_s_own_rows(client, agent, world):
    world.public_holiday(date(2027, 7, 14), "Fête de la ville")
    world.school_holiday(date(2027, 2, 8), date(2027, 2, 20), "Vacances d’hiver")
    client.submit(HOME, form=f"{HOME}/remplir", follow=True)
    kept = "Vos dates sont gardées : « Vacances d’hiver », du lundi 8 février 2027 au samedi 20 février 2027"
    assert kept in text(client)
    count = len(world.all(PublicHoliday)), len(world.all(SchoolHoliday))

    client.submit(HOME, form=f"{HOME}/remplir", follow=True)

    assert "Rien à ajouter : le calendrier officiel y est déjà." in text(client)
    assert (len(world.all(PublicHoliday)), len(world.all(SchoolHoliday))) == count
    labels = {row.day: row.label for row in world.all(PublicHoliday)}
    assert labels[date(2027, 7, 14)] == "Fête de la ville"


def test_a_zone_without_official_calendar_asks_for_a_file(client, agent, world):
    world.settings(school_zone="corsica", holiday_variant="57")

    client.submit(HOME, form=f"{HOME}/remplir", follow=True)

    assert "importez le fichier ICS" in text(client)
    assert "Saint Étienne" in " ".join(row.label for row in world.all(PublicHoliday)).replace("-", " ")
    assert world.all(SchoolHoliday) == []


def test_a_row_is_added_corrected_and_removed(client, agent, world):
    client.submit(f"{HOME}/jours-feries/nouveau", {"day": "2027-06-24", "label": "Fête votive"}, follow=True)
    row = world.one(PublicHoliday)
    page = f"{HOME}/jours-feries/{row.id}"
    client.submit(page, {"day": "2027-06-25"}, form=page, follow=True)
    assert world.one(PublicHoliday).day == date(2027, 6, 25)

    client.submit(page, form=f"{page}/supprimer", follow=True)

    assert world.all(PublicHoliday) == []
    assert [event.action for event in world.all(AuditEvent)] == [
        "public_holiday.created", "public_holiday.updated", "public_holiday.deleted",
    ]  # fmt: skip


def test_one_day_is_not_a_holiday_twice(client, agent, world):
    world.public_holiday(date(2027, 7, 14), "Fête nationale")

    answer = client.submit(f"{HOME}/jours-feries/nouveau", {"day": "14/07/2027", "label": "Encore"})

    assert answer.status_code == 422
    assert "figure déjà parmi les jours fériés" in client.page.find(id="day-erreur").get_text()


@pytest.mark.parametrize(
    ("first", "last", "place", "message"),
    [
        ("2027-03-10", "2027-03-01", "last_day", "Le dernier jour est avant le premier"),
        ("2027-02-20", "2027-03-07", "first_day", "Ces jours touchent « Vacances d’hiver »"),
        ("2027-03-01", "2027-09-01", "last_day", "durent plus de cent jours"),
        ("", "2027-03-01", "first_day", "Indiquez le premier jour sans école."),
    ],
)
def test_impossible_holidays_are_refused_at_their_field(client, agent, world, first, last, place, message):
    world.school_holiday(*WINTER)
    typed = {"label": "Congés", "first_day": first, "last_day": last}

    assert client.submit(f"{HOME}/vacances/nouvelles", typed).status_code == 422
    assert message in client.page.find(id=f"{place}-erreur").get_text().replace("\u00a0", " ")
    assert len(world.all(SchoolHoliday)) == 1


def test_openings_that_fall_on_a_holiday_are_listed_and_not_touched(client, agent, world):
    canteen = world.canteen(weekdays(date(2027, 2, 1), date(2027, 2, 12)))
    world.booking(household := world.household(), world.child(household), canteen.openings[0], canteen.meal)
    client.submit(f"{HOME}/jours-feries/nouveau", {"day": "2027-02-01", "label": "Fête votive"}, follow=True)
    client.submit(
        f"{HOME}/vacances/nouvelles",
        {"label": "Vacances d’hiver", "first_day": "2027-02-06", "last_day": "2027-02-21"},
        follow=True,
    )

    assert "lundi 1er février 2027 Fête votive Cantine, Écoles de Cahors 1" in text(client)
    assert "à partir du samedi 6 février 2027 Cantine, Écoles de Cahors 4 0" in text(client)
    assert len(world.all(Opening)) == 8


# --- Import -------------------------------------------------------------------------------------


def test_a_file_is_read_first_and_added_once_confirmed(client, agent, world):
    world.school_holiday(*WINTER)
    upload(
        client,
        ics(("20270206", "20270222", "Vacances d'Hiver"), ("20270403", "20270419", "Vacances de Printemps")),
    )
    assert "Vacances d’Hiver" in text(client)
    assert "Déjà dans le calendrier" in text(client)
    assert "À ajouter" in text(client)
    assert len(world.all(SchoolHoliday)) == 1

    (form,) = client.page.select('main form[method="post"]')
    carried = {field["name"]: field["value"] for field in form.find_all("input")}
    client.post(form["action"], data=carried, follow_redirects=True)

    assert "1 période de vacances ajoutée" in text(client)
    spring = next(row for row in world.all(SchoolHoliday) if row.first_day == date(2027, 4, 3))
    assert (spring.last_day, spring.label) == (date(2027, 4, 18), "Vacances de Printemps")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"ceci n'est pas un calendrier", "n’est pas un calendrier ICS lisible"),
        (ics(("20270206", "20270222", "Carnaval")), "ne contient aucune période de vacances"),
        (b"x" * (600 * 1024), "dépasse 512 ko"),
    ],
)
def test_a_bad_file_is_told_at_its_field(client, agent, world, content, message):
    assert upload(client, content).status_code == 422
    assert message in client.page.find(id="file-erreur").get_text().replace("\u00a0", " ")


def test_no_file_is_told_too(client, agent):
    assert client.submit(f"{HOME}/import").status_code == 422
    assert client.page.find(id="file-erreur").get_text() == "Choisissez le fichier ICS à importer."


def test_forged_periods_are_refused(client, agent, world):
    upload(client, ics(("20270403", "20270419", "Vacances de Printemps")))
    (form,) = client.page.select('main form[method="post"]')
    token = form.find("input", attrs={"name": "csrf_token"})["value"]

    for forged in ("n’importe quoi", "2027-04-03 2027-04-18 ", "2027-04-18 2027-04-03 À l’envers"):
        answer = client.post(form["action"], data={"csrf_token": token, "period": forged})
        assert answer.status_code in (400, 422)
    assert world.all(SchoolHoliday) == []


def test_a_large_body_is_for_administrators_only(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))

    answer = client.post(f"{HOME}/import", data={"file": (BytesIO(b"x" * 400_000), "zone.ics")})

    assert answer.status_code == 413
