"""Schools, classes, schoolings and the yearly promotion (R04)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import FacilityKind, SchoolLevel, StaffRole
from models import AuditEvent, Enrolment, SchoolClass, Schooling
from services.transaction import write_transaction
from tests.school_family import words

YEAR = 2026
PASSAGE = "passage"


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


class School:
    """École Zola in 2026-2027: 32 pupils in three classes, and the classes of 2027-2028."""

    LEVELS = (SchoolLevel.CE1,) * 12 + (SchoolLevel.CE2,) * 12 + (SchoolLevel.CM1,) * 8

    def __init__(self, world) -> None:
        self.world = world
        self.facility = world.facility("École Zola")
        self.household = world.household()
        self.classes = {name: self.new_class(name, YEAR) for name in ("CE1", "CE2", "CM1")}
        self.next = {name: self.new_class(name, YEAR + 1) for name in ("CE2 bleue", "CM1 rouge", "CM2")}
        self.pupils = [self.pupil(number, level) for number, level in enumerate(self.LEVELS)]

    def new_class(self, name, year):
        return self.world.add(
            SchoolClass(facility_id=self.facility.id, school_year=year, name=name, teacher="Mme BRUN")
        )

    def pupil(self, number, level):
        child = self.world.child(self.household, f"Élève{number:02d}")
        self.world.enrol(child, self.facility, group_name=level.value)
        self.world.add(
            Schooling(
                child_id=child.id, school_year=YEAR, facility_id=self.facility.id, level=level,
                class_id=self.classes[level.value].id,
            )
        )  # fmt: skip
        return child

    def page(self, what=PASSAGE, year=YEAR):
        return f"/gestion/ecoles/{self.facility.id}/{year}/{what}".rstrip("/")

    def year(self, year):
        rows = self.world.all(select(Schooling).where(Schooling.school_year == year))
        return {row.child_id: row for row in rows}

    def enrolments(self, child):
        rows = self.world.all(select(Enrolment).where(Enrolment.child_id == child.id))
        return sorted((row.first_day, row.last_day, row.group_name) for row in rows)

    def place(self, child):
        """The place of the pupil on the screen: by level, then name."""
        return self.pupils.index(child)


@pytest.fixture
def school(world):
    return School(world)


def said(client, address):
    client.get(address)
    return words(client.page.main)


# --- The promotion ------------------------------------------------------------------------------------------


def test_thirty_pupils_are_promoted_two_held_back_and_history_is_kept(agent, school):
    held = {school.pupils[0], school.pupils[13]}
    typed = {f"pupils-{school.place(one)}-is_held_back": "y" for one in held}
    typed |= {f"pupils-{school.place(one)}-class_id": "" for one in held}
    agent.submit(school.page(), typed, follow=True)
    assert "32 élèves sont inscrits pour 2027-2028, 0 élève quitte l’école." in words(agent.page.main)
    before, after = school.year(YEAR), school.year(YEAR + 1)
    assert len(before) == len(after) == 32
    promoted = [one for one in school.pupils if after[one.id].level is not before[one.id].level]
    assert len(promoted) == 30
    for child in school.pupils:
        was, now = before[child.id], after[child.id]
        assert was.class_id == school.classes[was.level.value].id
        if child in held:
            assert (now.level, now.class_id) == (was.level, None)
    assert after[school.pupils[1].id].level is SchoolLevel.CE2
    assert after[school.pupils[1].id].class_id == school.next["CE2 bleue"].id
    assert school.enrolments(school.pupils[1]) == [
        (date(2026, 9, 1), date(2027, 8, 31), "CE1"),
        (date(2027, 9, 1), date(2028, 8, 31), "CE2 bleue"),
    ]
    assert school.enrolments(school.pupils[0])[1] == (date(2027, 9, 1), date(2028, 8, 31), "CE1")


def test_the_same_promotion_again_changes_nothing(agent, school):
    agent.submit(school.page(), follow=True)
    rows = {child_id: (row.id, row.level, row.class_id) for child_id, row in school.year(YEAR + 1).items()}
    events = len(school.world.all(AuditEvent))
    assert "Déjà passé" in said(agent, school.page())
    agent.submit(school.page(), follow=True)
    assert "Rien n’a changé : le passage était déjà fait" in words(agent.page.main)
    again = {child_id: (row.id, row.level, row.class_id) for child_id, row in school.year(YEAR + 1).items()}
    assert again == rows
    assert len(school.world.all(AuditEvent)) == events
    assert len(school.world.all(Enrolment)) == 64


def test_a_colleague_who_was_faster_is_told(agent, school):
    agent.get(school.page())
    seen = agent.page.select_one("#passage input[name=seen]")["value"]
    agent.submit(school.page(), follow=True)
    answer = agent.submit(school.page(), {"pupils-0-is_held_back": "y"}, forged={"seen": seen})
    assert answer.status_code == 409
    assert "Le passage de classe vient d’être fait ou changé par quelqu’un d’autre." in words(agent.page.main)
    assert school.year(YEAR + 1)[school.pupils[0].id].level is SchoolLevel.CE2


def test_a_pupil_who_leaves_has_no_next_year(agent, school):
    agent.submit(school.page(), {"pupils-3-leaves": "y"}, follow=True)
    assert "31 élèves sont inscrits pour 2027-2028, 1 élève quitte l’école." in words(agent.page.main)
    assert school.pupils[3].id not in school.year(YEAR + 1)
    assert len(school.enrolments(school.pupils[3])) == 1


def test_cm2_leaves_for_the_college_unless_held_back(agent, school):
    first = school.pupil(90, SchoolLevel.CM1)
    school.classes["CM2"] = school.new_class("CM2", YEAR)
    gone, stays = school.pupil(91, SchoolLevel.CM2), school.pupil(92, SchoolLevel.CM2)
    assert "CM2 → sort de l’école" in said(agent, school.page())
    agent.submit(school.page(), {"pupils-34-is_held_back": "y", "pupils-34-class_id": ""}, follow=True)
    after = school.year(YEAR + 1)
    assert gone.id not in after
    assert after[stays.id].level is SchoolLevel.CM2
    assert after[first.id].class_id == school.next["CM2"].id


def test_a_pupil_is_not_held_back_and_gone(agent, school):
    answer = agent.submit(school.page(), {"pupils-0-is_held_back": "y", "pupils-0-leaves": "y"})
    assert answer.status_code == 422
    assert "Choisissez l’un ou l’autre" in words(agent.page.main)
    assert school.year(YEAR + 1) == {}


def test_a_class_of_another_school_takes_the_pupil_there(agent, school):
    college = school.world.facility("École Hugo")
    room = school.world.add(SchoolClass(facility_id=college.id, school_year=YEAR + 1, name="ULIS"))
    agent.submit(school.page(), {"pupils-0-class_id": str(room.id)}, follow=True)
    row = school.year(YEAR + 1)[school.pupils[0].id]
    assert row.facility_id == college.id
    places = {one.facility_id for one in school.world.all(
        select(Enrolment).where(Enrolment.child_id == school.pupils[0].id)
    )}  # fmt: skip
    assert places == {school.facility.id, college.id}


def test_a_long_enrolment_is_cut_so_that_its_group_stays_in_history(agent, school):
    child = school.pupils[0]
    row = school.world.all(select(Enrolment).where(Enrolment.child_id == child.id))[0]
    row.last_day = date(2028, 8, 31)
    with school.world.app.app_context(), write_transaction() as session:
        session.merge(row)
    agent.submit(school.page(), follow=True)
    assert school.enrolments(child) == [
        (date(2026, 9, 1), date(2027, 8, 31), "CE1"),
        (date(2027, 9, 1), date(2028, 8, 31), "CE2 bleue"),
    ]


def test_the_promotion_is_in_the_history_of_the_family(agent, school):
    agent.submit(school.page(), follow=True)
    agent.get(f"/gestion/familles/{school.household.id}")
    history = words(agent.page.select_one("#historique"))
    assert "Scolarité" in history
    assert "Année scolaire après : 2027-2028" in history


# --- Classes ------------------------------------------------------------------------------------------------


def test_the_pupils_are_read_by_class_and_level(agent, school):
    assert "2026-2027 : 3 classes, 32 élèves" in said(agent, "/gestion/ecoles")
    page = said(agent, school.page("", YEAR))
    assert "CE1 Modifier la classe CE1 Mme BRUN · 12 élèves · CE1 : 12" in page
    assert "SOLIGNAC Élève00" in page


def test_a_class_that_is_called_like_its_level_is_said_once(agent, school):
    """Those of School are: « École Zola, CE1 », in the file and on the sheet."""
    family = f"/gestion/familles/{school.household.id}"
    agent.get(family)
    assert "École Zola, CE1 Changer" in words(agent.page.main)
    agent.get(f"{family}/enfants/{school.pupils[0].id}")
    assert "École École Zola, CE1 Changer" in words(agent.page.main)


def test_a_class_is_created_renamed_and_the_group_follows(agent, school):
    agent.submit(school.page("classes/nouvelle"), {"name": "CM2", "teacher": "M. ROY"}, follow=True)
    assert "La classe est créée." in words(agent.page.main)
    answer = agent.submit(school.page("classes/nouvelle"), {"name": "CM2"})
    assert answer.status_code == 422
    assert "existe déjà cette année-là" in words(agent.page.main)
    agent.submit(f"/gestion/ecoles/classes/{school.classes['CE1'].id}", {"name": "CE1 verte"}, follow=True)
    groups = {row.group_name for row in school.world.all(Enrolment)}
    assert groups == {"CE1 verte", "CE2", "CM1"}


def test_a_class_with_pupils_stays_an_empty_one_goes(agent, school):
    empty = school.new_class("Vide", YEAR)
    page = school.page("", YEAR)
    agent.submit(page, form=f'form[action="/gestion/ecoles/classes/{empty.id}/supprimer"]', follow=True)
    assert "La classe Vide est supprimée." in words(agent.page.main)
    token = agent.page.select_one("input[name=csrf_token]")["value"]
    full = f"/gestion/ecoles/classes/{school.classes['CE1'].id}/supprimer"
    assert agent.post(full, data={"csrf_token": token}).status_code == 422
    assert len(school.world.all(SchoolClass)) == 6


def test_the_classes_of_a_year_open_the_next(agent, world):
    facility = world.facility("École Hugo")
    world.add(SchoolClass(facility_id=facility.id, school_year=YEAR, name="CP", teacher="Mme BRUN"))
    page = f"/gestion/ecoles/{facility.id}/{YEAR}"
    agent.submit(page, form=f'form[action="{page}/classes/reprendre"]', follow=True)
    assert "1 classe est créée pour 2027-2028." in words(agent.page.main)
    assert {(row.school_year, row.name, row.teacher) for row in world.all(SchoolClass)} == {
        (YEAR, "CP", "Mme BRUN"),
        (YEAR + 1, "CP", "Mme BRUN"),
    }


def test_what_is_no_school_has_no_classes(agent, world):
    centre = world.facility("Centre", kind=FacilityKind.LEISURE_CENTRE)
    assert agent.get(f"/gestion/ecoles/{centre.id}/2026").status_code == 404
    assert "Centre" not in said(agent, "/gestion/ecoles")


# --- One child ----------------------------------------------------------------------------------------------


def schooling_page(household, child):
    return f"/gestion/familles/{household.id}/enfants/{child.id}/scolarite"


def test_the_agent_who_comes_second_sees_what_the_first_wrote(agent, school):
    """Two agents opened the same child: the second answers on what stands, and nothing is lost silently."""
    nina = school.world.child(school.household, "Nina")
    page = schooling_page(school.household, nina)
    agent.get(page)
    late = {one["name"]: one.get("value", "") for one in agent.page.select("main input[type=hidden]")}
    place = f"{YEAR}:{school.facility.id}:{school.classes['CE1'].id}"
    agent.submit(page, {"place": place, "level": "CE1"}, follow=True)

    other = f"{YEAR}:{school.facility.id}:"
    refused = agent.post(page, data={**late, "place": other, "level": "CM2", "channel": "counter"})

    assert refused.status_code == 409
    assert "vient d’être changée" in words(agent.page.main)
    assert agent.page.select_one("#level option[selected]")["value"] == "CE1"
    assert school.year(YEAR)[nina.id].level is SchoolLevel.CE1


def test_a_new_pupil_is_given_a_school_from_the_family_file(agent, school):
    world = school.world
    nina = world.child(school.household, "Nina")
    page = schooling_page(school.household, nina)
    place = f"{YEAR}:{school.facility.id}:{school.classes['CE1'].id}"
    assert agent.submit(page, {"level": "CE1"}).status_code == 422
    agent.submit(page, {"place": place, "level": "CE1"}, follow=True)
    assert "La scolarité est enregistrée." in words(agent.page.main)
    assert "2026-2027 : École Zola, CE1 Changer" in words(agent.page.main)
    assert school.year(YEAR)[nina.id].class_id == school.classes["CE1"].id
    assert school.enrolments(nina) == [(date(2027, 1, 12), date(2027, 8, 31), "CE1")]


def test_another_class_during_the_year_keeps_the_former_in_history(agent, school):
    child = school.pupils[0]
    page = schooling_page(school.household, child)
    place = f"{YEAR}:{school.facility.id}:{school.classes['CE2'].id}"
    agent.submit(page, {"place": place}, follow=True)
    assert school.enrolments(child) == [
        (date(2026, 9, 1), date(2027, 1, 11), "CE1"),
        (date(2027, 1, 12), date(2027, 8, 31), "CE2"),
    ]
    event = school.world.all(select(AuditEvent).where(AuditEvent.action == "schooling.set"))[-1]
    assert (event.before["class"], event.after["class"]) == ("CE1", "CE2")


def test_the_family_reads_the_class_where_it_read_the_group(client, agent, school):
    agent.submit(school.page(), follow=True)
    claire = school.world.parent(school.household)
    client.sign_in(claire)
    assert "CE2 bleue" in said(client, f"/mes-enfants/{school.pupils[0].id}")
