"""A phone sends the marks that it made without a network, and an agent settles what differs (R31)."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.enums import AttendanceMark, OfflineState, StaffRole
from domain.offline_marks import microseconds
from models import Attendance, OfflineMark
from tests import statements
from tests.school_family import SchoolFamily, words
from tests.views.reading import text
from tests.views.test_attendance import MOST_STATEMENTS, THURSDAY, TUESDAY, address, tap

LATER = timedelta(minutes=20)


@pytest.fixture
def family(world):
    family = SchoolFamily(world)
    family.book(family.leo, TUESDAY)
    family.book(family.marie, TUESDAY)
    return family


@pytest.fixture
def agent(client, world, family):
    user = world.staff(StaffRole.DIRECTOR, [family.canteen.facility], first_name="Karim")
    client.sign_in(user)
    return user


def milliseconds(moment):
    return microseconds(moment) // 1000


def told(world, child, mark, seen=""):
    """A mark as pointage.js keeps it."""
    made = milliseconds(world.now - LATER)
    return {"cle": str(uuid4()), "enfant": child.id, "marque": mark, "heure": made, "vu": seen}


def send(client, world, family, *marks, **replaced):
    """As the script does: what a form must hold is asked first."""
    token = client.get("/gestion/pointage/reprise").json["jeton"]
    data = {
        "csrf_token": token,
        "appareil": str(uuid4()),
        "heure": milliseconds(world.now),
        "pointages": json.dumps(marks),
    }
    return client.post(f"{address(family)}/hors-ligne", data=data | replaced)


def test_marks_are_answered_one_by_one(client, world, family, agent):
    leo, marie = told(world, family.leo, "present"), told(world, family.marie, "absent")
    tom = told(world, world.child(family.household, "Tom"), "present")

    answer = send(client, world, family, leo, marie, tom)

    assert [(one["cle"], one["enfant"], one["etat"], one["garde"]) for one in answer.json] == [
        (leo["cle"], "SOLIGNAC Léo", "enregistre", True),
        (marie["cle"], "SOLIGNAC Marie", "enregistre", True),
        (tom["cle"], "", "refuse", False),
    ]
    assert "n’est pas sur la liste" in answer.json[2]["raison"]
    assert {row.child_id: row.mark for row in world.all(Attendance)} == {
        family.leo.id: AttendanceMark.PRESENT, family.marie.id: AttendanceMark.ABSENT,
    }  # fmt: skip
    client.get("/gestion/pointage/reprise")
    assert client.get("/gestion/pointage/reprise").json["agent"] == str(agent.id)


@pytest.mark.usefixtures("agent")
def test_the_list_says_what_a_phone_must_tell_of_it(client, world, family):
    """The stamp of each row, as the page writes it, is what makes a mark no conflict."""
    tap(client, family, family.leo, "present", follow=True)
    row = client.page.find(id=f"enfant-{family.leo.id}")
    assert "data-seen" not in client.page.find(id=f"enfant-{family.marie.id}").attrs
    answer = send(client, world, family, told(world, family.leo, "absent", row["data-seen"]))
    assert answer.json[0]["etat"] == "enregistre"


@pytest.mark.parametrize(("button", "mark"), [("Il était présent", "present"), ("Il était absent", "absent")])
@pytest.mark.usefixtures("agent")
def test_a_conflict_is_shown_and_settled_without_scripts(client, world, family, button, mark):
    tap(client, family, family.leo, "present")
    assert send(client, world, family, told(world, family.leo, "absent")).json[0]["etat"] == "a-regler"

    client.get("/gestion/pointage")
    assert "mardi 12 janvier, Cantine" in words(client.page.find("section", {"aria-labelledby": "ecarts"}))
    with statements.at_most(MOST_STATEMENTS):
        client.get(address(family))
    assert words(client.page.find(id="a-regler")).startswith(
        "1 pointage à régler SOLIGNAC Léo À 10 h Karim MARTIN a noté présent ; "
        "à 9 h 40, hors ligne, Karim MARTIN a noté absent."
    )
    client.submit(address(family), form="#a-regler form", button=("garder", mark), follow=True)

    assert "Le pointage est réglé." in text(client)
    assert client.page.find(id="a-regler") is None
    assert [row.mark.value for row in world.all(Attendance)] == [mark]


@pytest.mark.usefixtures("agent")
def test_a_refusal_stays_until_it_is_read(client, world, family):
    world.offline_mark(family.leo, family.opening(TUESDAY), is_clock_sure=False)
    client.get(address(family))
    shown = words(client.page.find(id="a-regler"))
    assert "Hors ligne, à une heure inconnue, reçu à 10 h, Agnès MARTIN a noté absent" in shown
    assert "ce n’est pas enregistré. Cet enfant n’est plus attendu ce jour-là." in shown
    client.submit(address(family), form="#a-regler form", follow=True)
    assert client.page.find(id="a-regler") is None
    assert world.one(OfflineMark).state is OfflineState.ACKNOWLEDGED


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize(
    "wrong",
    [
        {"pointages": "{}"},
        {"pointages": "pas du tout"},
        {"pointages": '[{"cle": "x"}]'},
        {"heure": "demain"},
        {"heure": "9" * 30},
        {"appareil": "moi"},
    ],
)
def test_what_no_phone_of_ours_says_is_refused(client, world, family, wrong):
    answer = send(client, world, family, told(world, family.leo, "present"), **wrong)
    assert answer.status_code in {400, 200}
    assert (answer.status_code == 200) == (wrong == {"pointages": "{}"})
    assert world.all(OfflineMark) == []


def test_whoever_is_signed_out_is_sent_to_sign_in_and_nothing_is_taken(client, world, family):
    """The phone keeps its marks: no answer, nothing to forget."""
    assert client.get("/gestion/pointage/reprise").status_code == 303
    data = {"pointages": json.dumps([told(world, family.leo, "present")])}
    assert client.post(f"{address(family)}/hors-ligne", data=data).status_code == 303
    client.sign_in(world.staff())
    assert client.post(f"{address(family)}/hors-ligne", data=data).status_code == 400
    assert world.all(OfflineMark) == []


@pytest.mark.usefixtures("agent")
def test_only_the_list_of_the_day_is_kept_by_phones(client, family):
    family.book(family.leo, THURSDAY)
    assert client.get(address(family)).headers["Portail-Garder"] == "1"
    assert "Portail-Garder" not in client.get(address(family, THURSDAY)).headers
    assert "Portail-Garder" not in client.get("/gestion/pointage").headers
    assert client.get(address(family)).headers["Cache-Control"] == "no-store"
