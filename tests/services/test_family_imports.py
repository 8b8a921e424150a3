"""Families taken from a spreadsheet: dry run, one transaction, nothing overwritten, nothing twice (R07)."""

from datetime import date

import pytest

from domain.enums import ChoiceList, Residency, SchoolLevel
from domain.errors import NotFound, Refused
from models import (
    AuditEvent,
    Child,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    ListChoice,
    QuotientFamilial,
    SchoolClass,
    Schooling,
)
from services import family_imports
from services.accounts import Author
from services.file_stores import Place
from tests import family_tables as files
from tests import stored_files

TODAY = date(2027, 1, 12)


@pytest.fixture
def town(world):
    world.facility("École Zola")
    world.add(ListChoice(kind=ChoiceList.DIET, label="Sans porc"))
    return world


@pytest.fixture
def agent(town):
    return Author(town.staff().id)


@pytest.fixture
def examine(town, agent):
    def run(content: bytes):
        with town.app.app_context():
            key = family_imports.keep(content, owner_id=agent.user_id, now=town.now)
            return key, family_imports.examine(key, owner_id=agent.user_id, today=TODAY)

    return run


@pytest.fixture
def bring(town, agent, examine):
    """Examine a file and confirm it."""

    def run(lines, *, with_differences: bool = False):
        key, shown = examine(files.as_csv(lines))
        replacing = family_imports.fingerprint(shown.plan) if with_differences else None
        with town.app.app_context():
            return family_imports.apply(key, replacing=replacing, author=agent, now=town.now)

    return run


COUNTED = (Household, Guardian, Child, QuotientFamilial, Schooling, SchoolClass, AuditEvent)


def test_five_hundred_lines_with_twenty_faults(town, examine, bring):
    lines = files.five_hundred()
    _, shown = examine(files.as_csv(lines))
    assert (shown.plan.created, shown.plan.updated, shown.plan.unchanged) == (480, 0, 0)
    assert [one.line for one in shown.plan.anomalies] == [25 * number + 1 for number in range(1, 21)]
    assert town.all(Household) == []

    bring(lines)
    assert len(town.all(Child)) == len(town.all(HouseholdChild)) == 480
    counts = [len(town.all(table)) for table in COUNTED]
    _, again = examine(files.as_csv(lines))
    assert (again.plan.created, again.plan.updated, again.plan.unchanged) == (0, 0, 480)
    assert len(again.plan.anomalies) == 20
    with pytest.raises(Refused, match="ne change rien"):
        bring(lines)
    assert [len(town.all(table)) for table in COUNTED] == counts


def test_everything_of_a_line_is_written(town, bring):
    second = {"Adulte 2 prénom": "Marc", "Caisse d’allocations": "caf", "Numéro d’allocataire": "1234567"}
    bring([files.line(7, **second)])
    household = town.one(Household)
    assert (household.number, household.name, household.import_key) == (1001, "FAMILLE 7", "F0007")
    assert (household.residency, household.beneficiary_number) == (Residency.RESIDENT, "1234567")
    assert household.search_text == "famille 7 claire marc leo"
    adults = town.all(Guardian)
    assert [(one.first_name, one.last_name) for one in adults] == [
        ("Claire", "FAMILLE 7"),
        ("Marc", "FAMILLE 7"),
    ]
    assert sorted(one.position for one in town.all(HouseholdGuardian)) == [1, 2]
    child, schooling = town.one(Child), town.one(Schooling)
    assert (child.last_name, child.birth_date, child.diet) == ("FAMILLE 7", date(2019, 5, 4), "Sans porc")
    assert (schooling.level, schooling.school_year) == (SchoolLevel.CP, 2026)
    assert town.one(SchoolClass).name == "CP A"
    assert town.one(QuotientFamilial).value_hundredths == 62250


def test_each_file_has_its_own_history(town, agent, bring):
    bring([files.line(1)])
    household = town.one(Household)
    events = [one for one in town.all(AuditEvent) if one.household_id == household.id]
    assert {one.action for one in events} == {
        "household.created",
        "guardian.added",
        "child.added",
        "quotient_familial.added",
        "schooling.added",
    }
    assert {one.actor_user_id for one in events} == {agent.user_id}


def test_a_gap_is_filled_and_what_differs_is_left(town, bring, examine):
    bring([files.line(1, **{"Adresse": "", "Code postal": "", "Ville": ""})])
    made = bring([files.line(1, **{"Ville": "Pradines", "Régime alimentaire": ""})])
    assert (made.created, made.updated) == (0, 1)
    assert town.one(Household).city == "Pradines"
    _, shown = examine(files.as_csv([files.line(1, Ville="Cahors")]))
    (difference,) = shown.plan.differences
    assert (difference.line, difference.column) == (2, "Ville")
    assert (difference.former_words, difference.words) == ("Pradines", "Cahors")
    assert shown.plan.unchanged == 1


def test_differences_are_replaced_only_when_asked(town, bring):
    bring([files.line(1)])
    with pytest.raises(Refused, match="ne change rien"):
        bring([files.line(1, Adresse="2 rue Neuve")])
    assert town.one(Household).address == "1 rue Nationale"
    bring([files.line(1, Adresse="2 rue Neuve")], with_differences=True)
    assert town.one(Household).address == "2 rue Neuve"
    assert town.one(FormerAddress).address == "1 rue Nationale"
    event = [one for one in town.all(AuditEvent) if one.action == "household.updated"][-1]
    assert (event.before, event.after) == ({"address": "1 rue Nationale"}, {"address": "2 rue Neuve"})


def test_what_changed_since_the_dry_run_is_not_replaced_unseen(town, agent, examine, bring):
    bring([files.line(1)])
    key, shown = examine(files.as_csv([files.line(1, Adresse="2 rue Neuve")]))
    with town.app.app_context(), family_imports.write_transaction() as session:
        session.get_one(Household, town.one(Household).id).address = "3 rue de la Famille"
    replacing = family_imports.fingerprint(shown.plan)
    with town.app.app_context(), pytest.raises(Refused) as refusal:
        family_imports.apply(key, replacing=replacing, author=agent, now=town.now)
    assert refusal.value.code == "import_changed"
    assert town.one(Household).address == "3 rue de la Famille"


def test_an_address_that_signs_in_is_never_replaced(town, bring):
    bring([files.line(1)])
    adult = town.one(Guardian)
    user = town.user(email=adult.email)
    with town.app.app_context(), family_imports.write_transaction() as session:
        session.get_one(Guardian, adult.id).user_id = user.id
    with pytest.raises(Refused, match="ne change rien"):
        bring([files.line(1, **{"Adulte 1 mail": "autre@exemple.fr"})], with_differences=True)
    assert town.one(Guardian).email == adult.email


def test_a_family_typed_by_hand_is_recognised(town, bring):
    household = town.household("FAMILLE 1", address="1 rue Nationale")
    town.guardian(household, "CLAIRE")
    town.child(household, "Leo", birth_date=date(2019, 5, 4))
    made = bring([files.line(1)])
    assert (made.created, made.updated) == (0, 1)
    assert town.one(Household).import_key == "F0001"
    assert len(town.all(Child)) == 1


def test_a_doubtful_child_is_left_to_the_agent(town, examine):
    household = town.household("DURAND")
    town.guardian(household, "Paul")
    town.child(household, "Léo", last_name="FAMILLE 1", birth_date=date(2019, 5, 4))
    _, shown = examine(files.as_csv([files.line(1)]))
    (anomaly,) = shown.plan.anomalies
    assert f"{household.number}" in anomaly.message
    assert shown.plan.created == 0


def test_an_address_of_somebody_else_is_told(town, examine):
    household = town.household("DURAND")
    town.guardian(household, "Paul", email="claire1@exemple.fr")
    _, shown = examine(files.as_csv([files.line(1)]))
    (anomaly,) = shown.plan.anomalies
    assert anomaly.column == "Adulte 1 mail"
    assert "Paul DURAND" in anomaly.message


def test_a_colleague_does_not_open_the_file(town, agent, examine):
    key, _ = examine(files.as_csv([files.line(1)]))
    with town.app.app_context(), pytest.raises(NotFound):
        family_imports.examine(key, owner_id=agent.user_id + 1, today=TODAY)


@pytest.mark.files
def test_the_kept_file_is_sealed(town, examine):
    key, _ = examine(files.as_csv([files.line(1)]))
    assert key
    (stored,) = stored_files.contents(town.app, Place.IMPORTS)
    assert b"FAMILLE" not in stored


@pytest.mark.parametrize(
    "content",
    [
        files.as_csv([files.line(1)], ",", "utf-8"),
        files.as_csv([files.line(1)], "\t", "cp1252"),
        files.as_xlsx([files.line(1)]),
    ],
    ids=["commas", "tabs, Windows", "XLSX"],
)
def test_every_way_of_writing_the_file(examine, content):
    _, shown = examine(content)
    assert shown.plan.anomalies == ()
    assert shown.plan.created == 1
