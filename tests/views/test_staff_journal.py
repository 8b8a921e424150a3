"""The journal as administrators search it and take it away; every act has French words (S115)."""

import ast
import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.enums import Channel, StaffRole
from domain.journal import ACTIONS, OBJECTS, OTHER, action_words
from models import AuditEvent
from tests.views.reading import text

JOURNAL = "/gestion/journal"
SERVICES = Path(__file__).parent.parent.parent / "services"
_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
# Words of the same shape that are no act: names of files, of columns, of routes.
NO_ACTION = re.compile(
    r".*\.(pdf|json|toml|yaml|invalid|alive|household_id|merged_into_id|index|sheet|account|sign_in|payment_\w+|refuse_announcements)"
)


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


@pytest.fixture
def acts(world):
    """Two families, two authors, two days."""
    homes = [world.household("SOLIGNAC"), world.household("MARTIN")]
    parent = world.parent(homes[0], "Élodie")
    other = world.staff()
    for home, user, action, days, city in (
        (homes[0], parent, "change.declared", 0, "Pradines"),
        (homes[0], other, "household.updated", 3, "=2+3"),
        (homes[1], other, "household.created", 3, "Figeac"),
    ):
        world.add(
            AuditEvent(
                at=world.now - timedelta(days=days), actor_user_id=user.id, channel=Channel.PORTAL,
                action=action, object_type="household", object_id=home.id, household_id=home.id,
                before={"city": "Cahors"}, after={"city": city},
            )
        )  # fmt: skip
    return homes


def titles(client, **asked) -> list[str]:
    client.get(JOURNAL, query_string=asked)
    return [one.get_text() for one in client.page.select("td strong")]


def test_acts_are_read_newest_first_with_who_family_and_what_changed(client, agent, acts):
    client.get(JOURNAL)
    shown = text(client)
    assert titles(client) == [
        "Modification déclarée par la famille", "Dossier créé", "Informations du foyer modifiées",
    ]  # fmt: skip
    assert "Élodie SOLIGNAC" in shown
    assert "Ville : Cahors → Pradines" in shown
    assert f"MARTIN (dossier {acts[1].number})" in shown


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"person": "elodie"}, 1),
        ({"person": "solignac élo"}, 1),
        ({"action": "household.created"}, 1),
        ({"last_day": "2027-01-09"}, 2),
        ({"first_day": "2027-01-10"}, 1),
        ({"first_day": "2027-01-01", "last_day": "2027-01-02"}, 0),
        ({"action": "household.updated", "person": "elodie"}, 0),
    ],
)
def test_each_criterion_narrows(client, agent, acts, asked, count):
    assert len(titles(client, **asked)) == count


def test_one_family_by_its_number(client, agent, acts):
    assert titles(client, number=acts[1].number) == ["Dossier créé"]


def test_a_day_that_cannot_be_read_is_said_and_asks_for_nothing(client, agent, acts):
    assert client.get(JOURNAL, query_string={"first_day": "hier"}).status_code == 422
    assert len(client.page.select("td strong")) == 3


def test_the_export_holds_what_was_looked_for_and_is_an_act_itself(client, agent, acts, world):
    client.get(JOURNAL, query_string={"last_day": "2027-01-09"})
    answer = client.post(f"{JOURNAL}/exporter", data={**hidden(client), "kind": "csv"})
    rows = answer.data.decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    assert "Informations du foyer modifiées" in rows[2]
    told = world.one(select(AuditEvent).where(AuditEvent.action == "journal.exported"))
    assert told.after["rows"] == 2
    assert told.actor_user_id == agent.id


def hidden(client) -> dict[str, str]:
    form = client.page.select_one("form[action$=exporter]")
    return {one["name"]: one["value"] for one in form.select("input[type=hidden]")}


def test_no_cell_of_the_workbook_starts_a_formula(client, agent, acts):
    client.get(JOURNAL)
    answer = client.post(f"{JOURNAL}/exporter", data={**hidden(client), "kind": "xlsx"})
    sheet = zipfile.ZipFile(io.BytesIO(answer.data)).read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 4
    assert "<f>" not in sheet


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_read_it(client, world, role):
    client.sign_in(world.staff(role))
    assert client.get(JOURNAL).status_code == 403


# --- Words ----------------------------------------------------------------------------------------------


def literals() -> set[str]:
    """Every text of the services that looks like an act."""
    return {
        node.value
        for path in SERVICES.rglob("*.py")
        if "demo" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _ACTION.fullmatch(node.value)
        and not NO_ACTION.fullmatch(node.value)
    }


def test_every_act_of_the_services_has_its_words():
    """A new act gets its French words in `domain.journal`."""
    assert len(literals()) > 100
    assert {one for one in literals() if action_words(one) == OTHER} == set()


def test_an_act_without_words_is_seen():
    assert action_words("household.eaten") == OTHER
    assert action_words("facility.created") == "Création\u00a0: structure"
    assert all(OBJECTS.values())
    assert all(ACTIONS.values())
