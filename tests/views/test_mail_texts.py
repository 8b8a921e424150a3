"""The screen of the texts of mails (S113)."""

from pathlib import Path

import pytest

from blueprints.staff.content.mails import NAMES
from domain.enums import MailKind, StaffRole
from domain.mail_texts import GROUPS
from models import MailText
from tests.school_family import words

TEMPLATES = Path(__file__).parents[2] / "templates" / "mails"
HOME = "/gestion/contenus/mails"
PAGE = f"{HOME}/{NAMES[MailKind.CLOSURE]}"
FORM = "form[data-warn-unsaved]"


@pytest.fixture
def agent(client, world):
    world.settings(name="Cahors", portal_name="Espace famille", service_name="Service Enfance")
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    return client


def said(client) -> str:
    return words(client.page.main)


def test_each_kind_of_mail_stands_once_in_the_list(agent):
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(MailKind)
    agent.get(HOME)
    links = [link["href"] for link in agent.page.select("ul.todo a")]
    assert sorted(links) == sorted(f"{HOME}/{name}" for name in NAMES.values())


def test_the_words_are_looked_at_then_kept_then_given_back(agent, world):
    typed = {"subject": "{commune} ferme", "opening": "Chère famille {prénom},", "closing": "Merci."}
    agent.submit(PAGE, typed, form=FORM, button=("step", "preview"))
    assert "Cahors ferme" in said(agent)
    assert "Chère famille Camille," in said(agent)
    assert "Ces réservations sont annulées" in said(agent)  # the facts stay
    assert agent.page.select(".mail a") == []
    assert world.all(MailText) == []
    agent.submit(PAGE, typed, form=FORM, button=("step", "save"), follow=True)
    assert "Le texte du mail est enregistré." in said(agent)
    assert "Texte de la commune" in said(agent)
    agent.get(PAGE)
    assert agent.page.select_one("#opening").get_text().strip() == "Chère famille {prénom},"
    agent.submit(PAGE, form="form:has(button[value=reset])", button=("step", "reset"), follow=True)
    assert "le texte du portail est remis" in said(agent)
    assert world.all(MailText) == []


@pytest.mark.parametrize("button", ["preview", "save"])
def test_an_unknown_word_is_refused_with_those_that_are_known(agent, world, button):
    response = agent.submit(PAGE, {"opening": "Bonjour {nom},"}, form=FORM, button=("step", button))
    assert response.status_code == 422
    assert "Le mot « {nom} » n’est pas connu ici." in said(agent)
    assert "{prénom}" in said(agent)
    assert world.all(MailText) == []


def test_what_the_town_writes_is_text(agent):
    agent.submit(PAGE, {"opening": "<script>1</script>"}, form=FORM, button=("step", "preview"))
    assert agent.page.select("main script") == []
    assert "<script>1</script>" in said(agent)


@pytest.mark.parametrize("kind", [kind for kind in MailKind if (TEMPLATES / f"{kind}.txt").exists()])
def test_every_preview_is_a_sound_page(agent, kind):
    assert agent.get(f"{HOME}/{NAMES[kind]}").status_code == 200
    assert "Cahors" in said(agent)


def test_reception_does_not_word_mails(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    assert client.get(HOME).status_code == 403
