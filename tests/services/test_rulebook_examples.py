"""Règlements of other communes, taken activity by activity as the draft of a town (R15)."""

from datetime import date

import pytest
from sqlalchemy import delete

from domain.enums import ActivityKind
from domain.errors import NotFound, Refused
from domain.rulebook.price_grid import price_grid
from domain.rulebook.wording.legal_text import legal_text
from models import RulebookVersion
from queries import rulebook_pages, rulebooks
from services import rulebook_examples
from services import rulebooks as rulebook_service
from services.accounts import Author
from services.rulebook_examples import EXAMPLES
from services.transaction import write_transaction

KEYS = [one.key for one in EXAMPLES]


@pytest.mark.parametrize("key", KEYS)
def test_an_example_is_a_whole_reglement(app, key):
    tree = rulebook_examples.tree_of(key)
    book = rulebook_pages.book_of(tree)
    assert set(rulebook_examples.example(key).activities) == set(book.activities)
    for name in book.activities:
        grid = price_grid(book, name)
        assert all(row.amount is not None for row in grid.rows if not row.missing), name
        assert grid.rows
    assert legal_text(book)


@pytest.mark.parametrize("key", KEYS)
def test_an_example_leaves_no_fact_aside(key):
    path = rulebook_examples._FOLDER / f"{key}.yaml"
    assert rulebook_service.check(path.read_text(encoding="utf-8")).warnings == ()


@pytest.fixture
def bare(world):
    """A town with activities and without a règlement."""
    school = world.facility("École Pergaud")
    meal = world.activity(school, "Cantine", kind=ActivityKind.MEAL)
    world.presence_type(meal, "Repas")
    centre = world.facility("Le Moulin")
    day = world.activity(centre, "Mercredis", kind=ActivityKind.DAY)
    for name in ("Journée avec repas", "Demi-journée du matin"):
        world.presence_type(day, name)
    with world.app.app_context(), write_transaction() as session:
        session.execute(delete(RulebookVersion))
    return meal, day


def draft_with(world, choices) -> RulebookVersion:
    author = Author(world.staff().id)
    with world.app.app_context():
        rulebook_examples.draft(choices, author=author, author_name="Marie", now=world.now)
    return next(one for one in world.all(RulebookVersion) if one.is_draft)


def test_a_town_from_nothing_has_a_reglement_that_can_be_published(world, bare):
    meal, day = bare
    draft = draft_with(
        world, {meal.id: ("trois-tranches", "cantine"), day.id: ("centre-a-la-journee", "mercredis")}
    )
    rules = draft.tree["activites"]
    assert (rules[meal.rule_name]["nom"], rules[day.rule_name]["nom"]) == ("Cantine", "Mercredis")
    assert set(rules) == {meal.rule_name, day.rule_name}

    author = Author(world.staff().id)
    with world.app.app_context():
        rulebook_service.publish_draft(date(2027, 1, 13), draft.fingerprint, author=author, now=world.now)
        assert all(one.is_complete for one in rulebooks.ruled().values())


def test_prices_by_column_are_named_after_the_presence_types(world, bare):
    _, day = bare
    draft = draft_with(world, {day.id: ("centre-a-la-journee", "mercredis")})
    rules = draft.tree["activites"][day.rule_name]
    first = rules["tarif"]["prix"]["table"]["lignes"][0]
    assert first["valeur"] == {"journee_avec_repas": "7.20", "demi_journee_du_matin": "6.35"}
    assert draft.tree["faits"]["formule"] == ["journee_avec_repas", "demi_journee_du_matin"]


def test_a_cap_counts_the_activities_that_were_taken(world, bare):
    _, day = bare
    draft = draft_with(world, {day.id: ("ecole-et-garderies", "garderie_soir")})
    (total,) = draft.tree["cumuls"]
    assert total["activites"] == [day.rule_name]
    assert "cumuls" not in draft_with(world, {day.id: ("prix-unique", "cantine")}).tree


def test_the_rest_of_the_reglement_in_force_stays(world):
    canteen = world.canteen([date(2027, 1, 18)])
    other = world.activity(canteen.facility, "Garderie", kind=ActivityKind.EVENING)
    world.presence_type(other, "Soir")
    (before,) = world.all(RulebookVersion)
    draft = draft_with(world, {other.id: ("ecole-et-garderies", "garderie_soir")})
    kept = canteen.activity.rule_name
    assert draft.tree["activites"][kept] == before.tree["activites"][kept]


@pytest.mark.parametrize(
    ("choices", "refusal"),
    [({}, Refused), ({987654: ("prix-unique", "cantine")}, NotFound)],
)
def test_nothing_and_nobody_are_refused(world, choices, refusal):
    with pytest.raises(refusal):
        draft_with(world, choices)


@pytest.mark.parametrize("choice", [("autre", "cantine"), ("prix-unique", "autre")])
def test_an_unknown_example_is_not_found(world, bare, choice):
    with pytest.raises(NotFound):
        draft_with(world, {bare[0].id: choice})
