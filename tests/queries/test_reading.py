"""A list of numbers that travels as one parameter."""

import pytest
from sqlalchemy import select

from models import Child
from queries.reading import among, read
from tests import statements

CHOSEN = select(Child.id).where(among(Child.id, "children")).order_by(Child.id)


@pytest.fixture
def children(world):
    household = world.household()
    return [world.child(household, name).id for name in ("Léo", "Marie", "Zoé")]


@pytest.mark.parametrize("wanted", [(), (0,), (2, 0), (2, 2)])
def test_only_the_rows_that_the_list_names(app, children, wanted):
    ids = [children[position] for position in wanted]
    with app.app_context():
        assert read(CHOSEN, {"children": ids}).scalars().all() == sorted(set(ids))


def test_the_statement_is_the_same_for_every_length(app, children):
    with app.app_context(), statements.recorded() as sent:
        read(CHOSEN, {"children": children[:1]})
        read(CHOSEN, {"children": children})
    assert len(sent) == 2
    assert len(set(sent)) == 1
