"""What the portal tells the règlement of a family, and what it leaves to the service."""

from datetime import date
from decimal import Decimal

import pytest

from adapters import rulebook_files
from domain.enums import Residency
from domain.rulebook import rulebook
from domain.rulebook.family_facts import Family, StatedFact, facts_of, fault_of, statable_facts
from domain.rulebook.parts import counts_open_days
from domain.rulebook.rule_names import rule_name
from domain.rulebook.tree import Faults, planted
from tests import rulebook_texts as written

DAY = date(2027, 2, 1)
ELDER, YOUNGER, TWIN = 7, 8, 9
BIRTHS = {YOUNGER: date(2019, 2, 2), TWIN: date(2019, 2, 2), ELDER: date(2015, 5, 4)}
TOLD = Family(Residency.NON_RESIDENT, BIRTHS)


def book(price, limits=written.EVENING_BEFORE, **facts):
    tree = written.empty()
    tree["faits"] |= facts
    tree["activites"]["cantine"] = written.activity("Cantine", [written.ladder("reserver", limits)])
    written.add_price(tree, "cantine", "repas", price)
    faults = Faults()
    found = rulebook.read(planted(tree), rulebook_files, faults)
    assert found is not None, faults.errors
    return found


def everything():
    return book("3.20", rang="nombre", enfants="nombre", age="nombre", naissance="date", formule=["repas"])


def test_the_portal_knows_the_family_the_rank_and_the_age():
    found = facts_of(everything(), TOLD, YOUNGER, DAY, "repas")
    assert found["residence"] == "hors_commune"
    assert (found["rang"], found["enfants"], found["age"]) == (Decimal(2), Decimal(3), Decimal(7))
    assert found["naissance"] == date(2019, 2, 2)
    assert found["formule"] == "repas"


def test_twins_have_each_their_rank_and_a_birthday_counts_from_its_day():
    found = everything()
    ranks = [facts_of(found, TOLD, child, DAY)["rang"] for child in (ELDER, YOUNGER, TWIN)]
    assert ranks == [1, 2, 3]
    assert facts_of(found, TOLD, YOUNGER, date(2027, 2, 2))["age"] == 8


def test_a_fact_declared_with_other_words_is_not_given():
    tree_words = book("3.20", residence=["aigne", "exterieur"], rang=["premier", "autre"])
    found = facts_of(tree_words, TOLD, ELDER, DAY)
    assert "residence" not in found
    assert "rang" not in found


def test_what_the_service_states_comes_first_and_a_childs_own_before_its_familys():
    stated = (
        StatedFact(None, "agent", "oui", date(2026, 9, 1), None),
        StatedFact(YOUNGER, "agent", "non", date(2026, 9, 1), date(2027, 2, 1)),
        StatedFact(None, "residence", "commune", date(2026, 9, 1), None),
        StatedFact(None, "gone", "oui", date(2026, 9, 1), None),
    )
    family = Family(Residency.NON_RESIDENT, BIRTHS, (), stated)
    found = book("3.20", agent="oui_non")
    assert facts_of(found, family, YOUNGER, DAY)["agent"] is False
    assert facts_of(found, family, ELDER, DAY)["agent"] is True
    assert facts_of(found, family, YOUNGER, date(2027, 2, 2))["agent"] is True
    assert facts_of(found, family, ELDER, DAY)["residence"] == "commune"
    assert "gone" not in facts_of(found, family, ELDER, DAY)


def test_a_stated_value_that_no_longer_fits_is_as_if_nobody_said_it():
    family = Family(Residency.RESIDENT, BIRTHS, (), (StatedFact(None, "agent", "peut-être", DAY, None),))
    assert "agent" not in facts_of(book("3.20", agent="oui_non"), family, ELDER, DAY)
    assert fault_of(book("3.20", agent="oui_non").facts["agent"], "peut-être")
    assert fault_of(book("3.20", agent="oui_non").facts["agent"], "oui") == ""


def test_the_service_is_asked_what_rules_read_and_nobody_gives():
    agent = {"type": "oui_non", "nom": "agent de la commune"}
    price = written.table(
        *(
            {"agent": said, "residence": home, "valeur": "3.20"}
            for said in ("oui", "non")
            for home in ("commune", "hors_commune")
        )
    )
    found = statable_facts(book(price, agent=agent, oublie="oui_non"))
    assert [(one.name, one.label) for one in found] == [("agent", "agent de la commune")]


def test_the_service_is_asked_a_residence_that_the_portal_does_not_know():
    price = written.table(
        {"residence": "aigne", "valeur": "3.20"}, {"residence": "exterieur", "valeur": "4.20"}
    )
    assert [one.name for one in statable_facts(book(price, residence=["aigne", "exterieur"]))] == [
        "residence"
    ]


def test_a_rule_that_counts_open_days_is_recognised():
    days = {"base": "ouverture", "sans_feries": "non", "sans_vacances": "non"}
    counting = book("3.20", written.until(written.days_before(2, "09:00", days)))
    assert counts_open_days(counting.activities["cantine"])
    assert not counts_open_days(everything().activities["cantine"])


@pytest.mark.parametrize(
    ("label", "taken", "name"),
    [
        ("Restaurant scolaire", (), "restaurant_scolaire"),
        ("Accueil d’été – 8 h", (), "accueil_d_ete_8_h"),
        ("Étude", ("etude", "etude_2"), "etude_3"),
        ("3-5 ans", (), "activite_3_5_ans"),
        ("Кафе", (), "activite"),
        ("x" * 80, (), "x" * 50),
    ],
)
def test_a_label_gives_a_name_that_a_reglement_takes(label, taken, name):
    assert rule_name(label, taken) == name
